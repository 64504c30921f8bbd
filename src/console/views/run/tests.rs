use crate::action::{Outcome, Standing, Verification};
use crate::config::Profile;
use crate::config::paths::Folders;
use crate::config::theme::{Depth, Glyphs, Theme};
use crate::console::desk::{Draft, Running, Stage};
use crate::console::testing::{Console, SIZES, at, delete_pod, panicking, roll_back};

fn running(stage: Stage) -> Running {
    let log = [
        ("04:11:52", "confirmed by key Y"),
        ("04:11:52", "reading again what the plan rests on"),
        ("04:11:52", "request 1 of 2 goes out"),
        ("04:11:53", "request 1: 200 OK"),
        ("04:11:53", "request 2 of 2 goes out"),
        ("04:11:53", "request 2: 201 Created"),
    ];
    let log = log.map(|(time, says)| (at(time), says.to_owned())).into();
    Running {
        plan: Box::new(roll_back()),
        tree: None,
        standing: Standing::default(),
        by: "key Y".into(),
        began: at("04:11:52"),
        log,
        stage,
    }
}

fn verifying(how: Verification) -> Stage {
    Stage::Verifying(Outcome { at: at("04:08:53"), generation: Some(43), says: "200 OK".into() }, how)
}

fn waiting() -> Stage {
    verifying(Verification::Waiting("2 of 3 pods updated and available".into()))
}

fn console(stage: Stage) -> Console {
    let mut console = Console::new(panicking());
    console.running(running(stage));
    console
}

#[test]
fn every_stage() {
    let stages = [
        ("sending", Stage::Sending { cancelling: false }),
        ("stopping", Stage::Sending { cancelling: true }),
        ("verifying", waiting()),
        ("cannot_tell", verifying(Verification::Unknown("the watch of pods is lost".into()))),
        ("worked", Stage::Worked("3 of 3 pods available, all of them of revision 41".into())),
        ("failed", Stage::Failed("not proved within 15m: 2 of 3 pods available".into())),
        (
            "unknown",
            Stage::Unknown(
                "outcome unknown: the connection broke; look at the object before anything else is done".into(),
            ),
        ),
        ("stopped", Stage::Stopped("it was asked to stop".into())),
    ];
    for (name, stage) in stages {
        insta::assert_snapshot!(name, console(stage).screen());
    }
}

#[test]
fn an_execution_at_every_size() {
    for (columns, rows) in SIZES {
        let mut console = console(waiting());
        insta::assert_snapshot!(format!("verifying_{columns}x{rows}"), console.sized(columns, rows).screen());
    }
    let ascii = Theme::load("dark", Depth::True, Glyphs::ASCII, &Folders::default()).0;
    let mut console = Console::with(Profile::default(), ascii, panicking());
    console.running(running(waiting()));
    assert!(console.screen().is_ascii());
    insta::assert_snapshot!("verifying_ascii", console.screen());
}

#[test]
fn it_goes_on_when_it_is_left_and_the_top_line_says_so() {
    let mut console = console(waiting());
    console.sized(120, 36).keys("<esc>");
    assert!(console.screen().contains(" VERIFYING roll back api "), "{}", console.screen());
    console.sized(80, 24);
    let top = console.screen().lines().next().unwrap_or_default().to_owned();
    assert!(top.contains(" VERIFYING ") && top.contains("READ-ONLY"), "{top}");
}

#[test]
fn an_undo_is_a_plan() {
    let mut console = console(Stage::Worked("3 of 3".into()));
    console.keys("u");
    let planning = console.app().known.desk.planning.as_ref().expect("a plan");
    assert!(matches!(planning.state, Draft::Making(_)));
    assert_eq!(Some(&planning.action), roll_back().undo.action.as_ref());
    let mut without = running(Stage::Worked("gone".into()));
    without.plan = Box::new(delete_pod());
    let mut console = Console::new(panicking());
    console.running(without).keys("u");
    assert!(console.app().known.desk.planning.is_none(), "{}", console.screen());
    assert!(console.screen().contains("does not come back"), "{}", console.screen());
}

#[test]
fn a_stop_is_asked_for_while_requests_go_out() {
    let mut console = console(Stage::Sending { cancelling: false });
    console.keys("x");
    assert!(console.screen().contains("STOPPING"), "{}", console.screen());
    let mut console = self::console(Stage::Worked("3 of 3".into()));
    console.keys("x");
    assert!(console.screen().contains("undo it instead"), "{}", console.screen());
}
