use crate::action::Action;
use crate::console::desk::Draft;
use crate::console::testing::{Console, SIZES, forbidden, healthy, hostile, panicking};

/// What a plan was asked for.
fn planned(console: &mut Console) -> Option<Action> {
    let planning = console.app().known.desk.planning.as_ref()?;
    assert!(matches!(planning.state, Draft::Making(_)));
    Some(planning.action.clone())
}

#[test]
fn the_menu_at_every_size() {
    for (columns, rows) in SIZES {
        let mut console = Console::new(panicking());
        console.sized(columns, rows).keys("pa");
        insta::assert_snapshot!(format!("pod_{columns}x{rows}"), console.screen());
        let mut console = Console::new(panicking());
        console.sized(columns, rows).keys("na");
        insta::assert_snapshot!(format!("node_{columns}x{rows}"), console.screen());
    }
}

#[test]
fn an_action_that_wants_nothing_becomes_a_plan_for_the_object_that_was_chosen() {
    let mut console = Console::new(panicking());
    console.keys("pa<enter>");
    let Some(Action::DeletePod { pod }) = planned(&mut console) else { panic!("{}", console.screen()) };
    assert!(!pod.uid.is_empty(), "{pod:?}");
    assert!(console.requests().is_empty(), "a menu asks nothing of the loop");
}

#[test]
fn a_number_is_typed_and_nothing_else() {
    let mut console = Console::new(healthy());
    console.keys("w/api<enter>aG<enter>");
    insta::assert_snapshot!("scale", console.screen());
    console.keys("<bs>y1q2x");
    assert!(console.screen().contains("How many pods?  12"), "{}", console.screen());
    console.keys("<up><up><down>");
    assert!(console.screen().contains("How many pods?  13"), "{}", console.screen());
    console.keys("99999<bs><bs>");
    console.keys("<c-u><enter>");
    assert!(console.screen().contains("type a number first") && planned(&mut console).is_none());
    console.keys("5<enter>");
    assert!(matches!(planned(&mut console), Some(Action::Scale { replicas: 5, .. })), "{}", console.screen());
}

#[test]
fn a_revision_is_chosen_from_those_there_are() {
    for (columns, rows) in SIZES {
        let mut console = Console::new(panicking());
        console.sized(columns, rows).keys("w/api<enter>a<down><enter>");
        insta::assert_snapshot!(format!("revisions_{columns}x{rows}"), console.screen());
        console.keys("<enter>");
        assert!(matches!(planned(&mut console), Some(Action::RollBack { to: Some(41), .. })), "{}", console.screen());
    }
}

#[test]
fn the_way_back_leads_through_the_menu() {
    let mut console = Console::new(panicking());
    console.keys("w/api<enter>a<down><enter><esc>");
    assert!(console.screen().contains("What can be done"), "{}", console.screen());
    console.keys("<esc>");
    assert!(console.screen().contains("Workloads"), "{}", console.screen());
}

#[test]
fn every_list_and_detail_leads_here() {
    for keys in ["a", "pa", "na", "wa", "p<enter>a", "n<enter>a", "w<enter>a", "<enter>a", "ea"] {
        let mut console = Console::new(panicking());
        console.keys(keys);
        assert!(console.screen().contains("What can be done"), "{keys}: {}", console.screen());
    }
}

#[test]
fn what_cannot_be_acted_on_says_why() {
    let mut console = Console::new(healthy());
    console.keys("w/ingress<enter>a");
    assert!(console.screen().contains("nothing is offered for a daemonset"), "{}", console.screen());
    let mut console = Console::new(forbidden());
    console.keys("n");
    assert!(!console.keys("a").screen().contains("A01"), "{}", console.screen());
}

#[test]
fn hostile_names_keep_the_menu_whole() {
    for keys in ["pa", "wa", "na", "wa<down><enter>", "waG<enter>"] {
        let mut console = Console::new(hostile());
        console.keys(keys);
        for line in console.screen().lines().skip(1).take(22) {
            assert!(line.starts_with(['┃', '┏', '┗']) && line.ends_with(['┃', '┓', '┛']), "{keys}: {line:?}");
        }
    }
}
