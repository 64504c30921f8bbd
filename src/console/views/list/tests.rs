//! Lists as they are used, on the list of pods.

use crate::config::theme::Tone;
use crate::console::testing::{
    Console, api_down, at, crashing, days, deployment, ended, listed, pod, revision, seen, theme,
};
use crate::situation::object::Pod;
use crate::situation::{Kind, Observation, Source, SourceState, Text};

/// `count` pods of an api, named `api-1f9c-0000`…
fn pods(count: usize) -> Vec<Pod> {
    let set = revision(&deployment("api", 3, 3, 1), 1, days(2), 3, 3);
    (0..count).map(|i| pod(&set, &format!("{i:04}"), &format!("node-{}", i % 3), days(1 + (i % 50) as i64))).collect()
}

fn world(pods: &[Pod]) -> Vec<Observation> {
    listed(pods.iter().cloned().map(seen).collect())
}

fn console(count: usize) -> Console {
    let mut console = Console::new(world(&pods(count)));
    console.keys("p");
    console
}

fn gone(pod: &Pod) -> Observation {
    Observation::Gone(Kind::Pod, pod.meta.key.clone())
}

/// The selected row.
fn selected(console: &mut Console) -> String {
    let screen = console.screen();
    let rows: Vec<&str> = screen.lines().filter(|line| line.contains('▌')).collect();
    assert_eq!(rows.len(), 1, "one row is selected in\n{screen}");
    rows[0].to_owned()
}

/// The rows of the list, by the number in their name.
fn shown(console: &mut Console) -> Vec<usize> {
    let number = |line: &str| line.split("api-1f9c-").nth(1)?.get(..4)?.parse().ok();
    console.screen().lines().filter_map(number).collect()
}

#[test]
fn the_selection_follows_its_pod_through_refresh_sort_and_filter() {
    let all = pods(40);
    let mut console = Console::new(world(&all));
    console.keys("pjjj");
    assert!(selected(&mut console).contains("0003"));
    // One that crashes comes first and moves every other down.
    console.see([seen(crashing(all[30].clone(), 3, &ended(1, "Error", "04:11")))]);
    assert_eq!(shown(&mut console)[0], 30);
    assert!(selected(&mut console).contains("0003"));
    console.keys("S");
    assert!(selected(&mut console).contains("0003"));
    console.keys("s/0003<enter>");
    assert_eq!(shown(&mut console), [3]);
    console.keys("<esc>");
    assert!(selected(&mut console).contains("0003"));
}

#[test]
fn a_pod_that_is_gone_hands_the_selection_to_its_neighbour_and_says_so() {
    let all = pods(5);
    let mut console = Console::new(world(&all));
    console.keys("pjj");
    console.see([gone(&all[2])]);
    assert!(selected(&mut console).contains("0003"));
    assert!(console.screen().contains("pod shop/api-1f9c-0002 is gone"));
    // Once the selection is moved, that is read.
    console.keys("j");
    assert!(!console.screen().contains("is gone"));
}

#[test]
fn a_successor_of_the_same_name_is_not_taken_for_the_same_pod() {
    let all = pods(3);
    let mut console = Console::new(world(&all));
    console.keys("pj");
    let mut heir = all[1].clone();
    heir.meta.uid = Text::new("another");
    console.see([seen(heir)]);
    assert!(selected(&mut console).contains("0001"));
    assert!(console.screen().contains("pod shop/api-1f9c-0001 was replaced by another of its name"));
}

#[test]
fn what_the_filter_hides_is_not_gone() {
    let mut console = console(30);
    console.keys("/0007");
    assert_eq!(shown(&mut console), [7]);
    assert!(!console.screen().contains("is gone"));
}

#[test]
fn the_filter_is_live_counts_and_goes_with_escape() {
    let mut console = console(340);
    console.keys("/01");
    assert!(console.screen().contains(" of 340"), "{}", console.screen());
    console.keys("23");
    assert_eq!(shown(&mut console), [123]);
    assert!(console.screen().contains("1 of 340"));
    console.keys("<bs>");
    assert!(shown(&mut console).contains(&129));
    console.keys("<esc>");
    assert!(console.screen().contains("-125 of 340"), "{}", console.screen());
    assert!(console.screen().contains("Pods"), "escape left the filter, not the list");
    console.keys("<esc>");
    assert!(!console.screen().contains("› Pods"));
}

#[test]
fn a_kept_filter_goes_with_escape_before_the_list_does() {
    let mut console = console(20);
    console.keys("/0003<enter>j<esc>");
    assert_eq!(shown(&mut console).len(), 19);
    assert!(console.screen().contains("› Pods"));
}

#[test]
fn keys_are_text_while_a_filter_is_typed() {
    let mut console = console(20);
    console.keys("/qnp?");
    assert!(console.screen().contains("/qnp?"));
    assert!(console.screen().contains("none of 20 matches qnp?"));
    assert!(console.requests().is_empty());
    console.keys("<esc>").keys("/").paste("00\n05");
    assert!(console.screen().contains("/00 05"));
    assert_eq!(shown(&mut console)[0], 5);
}

#[test]
fn what_matched_is_marked() {
    let mut console = console(3);
    console.keys("/0002<enter>");
    let frame = console.frame();
    let marked = theme().style(Tone::Match);
    let marks = frame.content.iter().filter(|cell| {
        let style = cell.style();
        cell.symbol().chars().all(|c| c.is_ascii_digit())
            && style.add_modifier.contains(marked.add_modifier)
            && marked.fg.is_none_or(|fg| style.fg == Some(fg))
            && marked.bg.is_none_or(|bg| style.bg == Some(bg))
    });
    assert!(marks.count() >= 4);
}

#[test]
fn every_column_sorts_both_ways() {
    let mut console = console(60);
    let first = |console: &mut Console| shown(console)[0];
    // From the status on: restarts, age.
    console.keys("ss<home>");
    assert_eq!(first(&mut console) % 50, 0, "the youngest first");
    console.keys("S<home>");
    assert_eq!(first(&mut console) % 50, 49, "the oldest first");
    for _ in 0..12 {
        console.keys("s");
        assert_eq!(shown(&mut console).len(), 19);
    }
}

#[test]
fn ten_thousand_pods_page_sort_and_filter() {
    let mut console = console(10_000);
    assert_eq!(shown(&mut console), (0..19).collect::<Vec<_>>());
    console.keys("<pgdn>");
    assert!(selected(&mut console).contains("0018"));
    console.keys("G");
    assert_eq!(shown(&mut console).last(), Some(&9999));
    console.keys("/'9876 node-0<enter>");
    assert_eq!(shown(&mut console), [9876]);
    assert!(console.screen().contains("1 of 10000"));
    console.keys("<esc>gS");
    assert!(selected(&mut console).contains("0000"));
}

#[test]
fn nothing_is_selected_where_nothing_is() {
    let mut console = Console::new(api_down());
    console.keys("pjGs<enter>l/x<enter>");
    assert!(console.screen().contains("pods: waiting for the first answer"));
}

#[test]
fn rows_that_come_after_the_screen_was_opened_are_selected_from_the_top() {
    let mut console = Console::new(listed(Vec::new()));
    console.keys("p");
    assert!(console.screen().contains("no pods"));
    console.clock("04:13");
    let late = pods(4).into_iter().map(|mut pod| {
        pod.meta.created = Some(at("04:12:30"));
        seen(pod)
    });
    console.see(late);
    assert!(selected(&mut console).contains("0000"));
}

#[test]
fn what_cannot_be_seen_of_the_rest_is_said_below_the_rows() {
    let notice = |observation: Observation| {
        let mut console = console(3);
        console.see([observation]);
        let screen = console.screen();
        assert_eq!(shown(&mut console), [0, 1, 2]);
        screen.lines().nth(21).unwrap_or_default().to_owned()
    };
    let pods = Source::Watch(Kind::Pod);
    let limited = Observation::Limited(pods, "only in shop; elsewhere needs list pods".into());
    assert!(notice(limited).contains("pods: only in shop; elsewhere needs list pods"));
    let skipped = Observation::Skipped(Kind::Pod, "broken-1".into(), "status: not a map".into());
    assert!(notice(skipped).contains("pods: could not be read: broken-1"));
    let metrics = Observation::Source(Source::PodMetrics, SourceState::Forbidden("list pods.metrics.k8s.io".into()));
    assert!(notice(metrics).contains("metrics of pods: forbidden, needs list pods.metrics.k8s.io"));
}
