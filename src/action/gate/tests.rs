use super::*;
use crate::action::testing::plan;
use crate::action::{DryRun, Guard, Verdict};

/// A gate on a screen, and a clock in milliseconds.
struct Desk {
    plan: Plan,
    gate: Gate,
}

impl Desk {
    /// The whole plan is shown at 0.
    fn of(class: Class) -> Self {
        Self::with(plan(class))
    }

    fn with(plan: Plan) -> Self {
        let mut gate = Gate::new(&plan);
        gate.shown(true, at(0));
        Self { plan, gate }
    }

    fn key(&mut self, key: KeyEvent, ms: i64) -> Pressed {
        self.gate.key(&key, at(ms), &self.plan)
    }

    fn char(&mut self, c: char, ms: i64) -> Pressed {
        self.key(char(c), ms)
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + ms).expect("a time")
}

fn char(c: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)
}

fn enter() -> KeyEvent {
    KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)
}

fn confirms(pressed: &Pressed) -> bool {
    matches!(pressed, Pressed::Confirmed(_))
}

#[test]
fn each_class_has_its_key_and_its_wait() {
    for (class, key, wait, by) in [
        (Class::R0, enter(), 0, "key Enter"),
        (Class::R1, char('y'), 500, "key y"),
        (Class::R2, KeyEvent::new(KeyCode::Char('Y'), KeyModifiers::SHIFT), 1000, "key Y"),
    ] {
        let mut desk = Desk::of(class);
        if wait > 0 {
            let early = desk.key(key, wait - 400);
            assert!(matches!(early, Pressed::Early(left) if left == SignedDuration::from_millis(400)), "{class:?}");
        }
        let Pressed::Confirmed(confirmed) = desk.key(key, wait) else { panic!("{class:?} is not confirmed") };
        assert_eq!((confirmed.by(), confirmed.plan()), (by, &desk.plan));
        assert!(
            matches!(desk.key(key, wait + 5000), Pressed::Ignored),
            "{class:?}: a gate lets one plan through, once"
        );
    }
}

#[test]
fn keys_of_other_classes_and_with_modifiers_mean_nothing() {
    for (class, wrong) in [(Class::R1, 'Y'), (Class::R1, 'n'), (Class::R2, 'y'), (Class::R0, 'y')] {
        assert!(matches!(Desk::of(class).char(wrong, 5000), Pressed::Ignored), "{class:?} {wrong}");
    }
    for class in [Class::R1, Class::R2] {
        assert!(matches!(Desk::of(class).key(enter(), 5000), Pressed::Ignored), "Enter never confirms {class:?}");
    }
    for modifiers in [KeyModifiers::CONTROL, KeyModifiers::ALT, KeyModifiers::SUPER] {
        let pressed = Desk::of(Class::R1).key(KeyEvent::new(KeyCode::Char('y'), modifiers), 5000);
        assert!(matches!(pressed, Pressed::Ignored), "{modifiers:?}");
    }
    let release = KeyEvent::new_with_kind(KeyCode::Char('y'), KeyModifiers::NONE, KeyEventKind::Release);
    assert!(matches!(Desk::of(Class::R1).key(release, 5000), Pressed::Ignored));
}

#[test]
fn nothing_counts_before_the_whole_plan_was_shown_and_a_disturbance_begins_anew() {
    let plan = plan(Class::R1);
    let mut gate = Gate::new(&plan);
    gate.shown(false, at(0));
    assert!(matches!(gate.key(&char('y'), at(5000), &plan), Pressed::Early(_)));
    gate.shown(true, at(6000));
    assert!(gate.wait(at(6499)).is_some() && gate.wait(at(6500)).is_none());
    gate.disturbed();
    assert!(matches!(gate.key(&char('y'), at(7000), &plan), Pressed::Early(_)));
    gate.shown(true, at(8000));
    assert!(matches!(gate.key(&char('y'), at(8400), &plan), Pressed::Early(_)));
    assert!(confirms(&gate.key(&char('y'), at(8800), &plan)));
}

#[test]
fn a_held_key_closes_the_plan_whether_the_terminal_says_so_or_not() {
    let repeat = KeyEvent::new_with_kind(KeyCode::Char('y'), KeyModifiers::NONE, KeyEventKind::Repeat);
    let mut desk = Desk::of(Class::R1);
    assert!(matches!(desk.key(repeat, 5000), Pressed::Close(_)));
    assert!(matches!(desk.char('y', 9000), Pressed::Ignored), "a closed plan stays closed");
    // Thirty a second, from before the plan was there: the first that is not early must not count.
    let mut desk = Desk::of(Class::R1);
    let pressed: Vec<Pressed> = (0..30).map(|n| desk.char('y', n * 33)).collect();
    assert!(!pressed.iter().any(confirms));
    assert!(pressed.iter().any(|p| matches!(p, Pressed::Close(_))));
}

#[test]
fn a_paste_closes_the_plan() {
    let mut desk = Desk::of(Class::R2);
    assert!(matches!(desk.gate.pasted(), Pressed::Close(_)));
    assert!(matches!(desk.char('Y', 5000), Pressed::Ignored));
    // A terminal that cannot say that it pastes sends all characters at once.
    let mut desk = Desk::of(Class::R3);
    "api".chars().for_each(|c| _ = desk.char(c, 5000));
    assert!(matches!(desk.key(enter(), 5001), Pressed::Close(_)), "a name with its line end");
    let mut desk = Desk::of(Class::R3);
    assert!("production".chars().any(|c| matches!(desk.char(c, 5000), Pressed::Close(_))));
}

#[test]
fn what_cannot_be_undone_wants_the_name_and_nothing_less() {
    let mut desk = Desk::of(Class::R3);
    assert!(matches!(desk.char('a', 500), Pressed::Early(_)));
    assert!(desk.gate.typed().is_empty(), "an early character is swallowed");
    for (n, c) in "apx".chars().enumerate() {
        assert!(matches!(desk.char(c, 2000 + 100 * n as i64), Pressed::Typed));
    }
    assert!(matches!(desk.key(enter(), 3000), Pressed::Ignored), "{}", desk.gate.typed());
    desk.key(KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE), 3500);
    desk.char('i', 4000);
    assert_eq!(desk.gate.typed(), "api");
    let Pressed::Confirmed(confirmed) = desk.key(enter(), 5000) else { panic!("it is not confirmed") };
    assert_eq!(confirmed.by(), "its name");
}

#[test]
fn a_plan_that_was_looked_at_for_long_is_made_anew() {
    let mut desk = Desk::of(Class::R1);
    desk.gate.disturbed();
    desk.gate.shown(true, at(60_000));
    assert!(matches!(desk.char('y', 60_600), Pressed::Stale), "a disturbance does not make the facts younger");
}

#[test]
fn a_plan_that_must_not_be_executed_or_is_another_never_passes() {
    let mut refused = plan(Class::R1);
    refused.guards.push(Guard { id: "G7", verdict: Verdict::Refused, says: "the database is down".into() });
    assert!(matches!(Desk::with(refused).char('y', 5000), Pressed::Ignored));
    let mut refused = plan(Class::R1);
    refused.dry_run = DryRun::Refused("no".into());
    assert!(matches!(Desk::with(refused).char('y', 5000), Pressed::Ignored));
    let mut desk = Desk::of(Class::R1);
    desk.plan.requests.clear();
    assert!(matches!(desk.char('y', 5000), Pressed::Ignored), "the gate was made for another plan");
}
