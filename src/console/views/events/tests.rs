//! The list of events as it is used.

use crate::console::testing::{Console, SIZES, at, forbidden, healthy, listed, meta, panicking, seen};
use crate::situation::object::Event;
use crate::situation::{EVENTS, Key, Kind, Observation, Source, SourceState};

fn event(number: usize, warning: bool, reason: &str, last: &str) -> Event {
    Event {
        meta: meta(Kind::Event, "shop", &format!("e{number}"), at(last)),
        about_kind: "Pod".into(),
        about: Key::new("shop", format!("web-{number}")),
        about_uid: format!("uid-{number}").into(),
        warning,
        reason: reason.into(),
        message: format!("message {number}").into(),
        count: 1,
        first: Some(at(last)),
        last: Some(at(last)),
        ..Event::default()
    }
}

fn mixed() -> Vec<Observation> {
    let mut world = panicking();
    world.extend([
        seen(event(1, false, "Pulled", "04:12")),
        seen(event(2, true, "FailedScheduling", "03:59")),
        seen(event(3, false, "Scheduled", "04:11")),
        seen(Event { about_kind: "Widget".into(), ..event(4, true, "Odd", "04:00") }),
    ]);
    world
}

#[test]
fn events_at_every_size() {
    for (columns, rows) in SIZES {
        let mut console = Console::new(mixed());
        console.sized(columns, rows).keys("e");
        insta::assert_snapshot!(format!("events_{columns}x{rows}"), console.screen());
    }
}

#[test]
fn only_warnings_can_be_shown_and_what_is_hidden_is_counted() {
    let mut console = Console::new(mixed());
    console.keys("eW");
    let screen = console.screen();
    assert!(!screen.contains("Pulled") && screen.contains("only warnings, 2 others hidden"), "{screen}");
    console.keys("W/sched");
    let screen = console.screen();
    assert!(screen.contains("FailedSch") && screen.contains("Scheduled") && !screen.contains("Pulled"), "{screen}");
}

#[test]
fn enter_opens_the_object_or_says_why_not() {
    let mut console = Console::new(mixed());
    console.keys("e<enter>");
    assert!(console.screen().contains("› Pod shop/api-42f9c"), "{}", console.screen());
    console.keys("<esc>G<up><up><up><enter>");
    assert!(console.screen().contains("widget/web-4 is of a kind that is not shown here"), "{}", console.screen());
}

#[test]
fn none_and_unknown_are_not_the_same() {
    let mut console = Console::new(healthy());
    console.keys("e");
    assert!(console.screen().contains("no events; the cluster forgets events"), "{}", console.screen());
    let mut world = forbidden();
    world.push(Observation::Source(Source::Watch(Kind::Event), SourceState::Forbidden("list events".into())));
    let mut console = Console::new(world);
    console.keys("e");
    assert!(console.screen().contains("events: forbidden, needs list events"), "{}", console.screen());
}

#[test]
fn what_no_longer_fits_is_counted() {
    let events = (0..EVENTS + 5).map(|i| seen(event(i, false, "Pulled", "04:00"))).collect();
    let mut console = Console::new(listed(events));
    console.keys("e");
    assert!(console.screen().contains(" older not kept"), "{}", console.screen());
}
