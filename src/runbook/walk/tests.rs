//! The walker on a small tree and small worlds.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{ActResult, Taken, Walk};
use crate::action::Action;
use crate::config::source::SourceFile;
use crate::detect::Scene;
use crate::detect::testing::*;
use crate::runbook::check::Logs;
use crate::runbook::{Book, Ending, View, WayVerdict, read};
use crate::situation::{Key, Kind, Ref, Source, SourceState};

const TREE: &str = r#"
id: small-tree
title: A small tree
kind: symptom
layer: workload
said: ["it is small"]
subject: { role: web }
start: look
steps:
  look:
    title: "Look at {{ result.name }}"
    why: "{{ result.desired }} are wanted"
    check: workload-pods
    with: { workload: subject }
    branches:
      - { when: "result.ready == 0", say: "none of {{ result.desired }} is ready", go: call }
      - { when: "size(result.unready) > 0", say: "{{ result.unready[0].name }} is not ready", go: mend }
      - { when: "result.ready < result.desired", say: "{{ result.ready }} of {{ result.desired }}", go: call }
      - { otherwise: true, say: "all is well", go: done }
  call:
    title: "What now?"
    ask: operator
    answers:
      - { say: "look again", go: look }
      - { say: "mend it", go: mend, suggested: true }
      - { say: "it mended itself", go: done, when: "look.ready > 0" }
  mend:
    title: "Delete {{ look.unready[0].name }}"
    act: delete-pod
    with: { pod: look.unready }
    verify: { check: workload-pods, with: { workload: subject }, until: "size(result.unready) == 0", within: 3m }
    then: { worked: stay, failed: tell }
  stay:
    title: "Does it stay?"
    until: workload-pods
    with: { workload: subject }
    holds: "size(result.unready) == 0"
    for: 10m
    within: 15m
    then: { worked: done, failed: look }
  tell:
    title: "Tell somebody"
    note: "Call the developers of {{ subject }}"
    go: done
  done:
    title: "It is over"
    end: escalate
    say: "{{ subject.name }} is done"
    to: developers
    attach: ["{{ look.unready[0].name }}"]
"#;

fn book() -> Arc<Book> {
    let file = SourceFile { path: "runbooks/small-tree.yaml".into(), text: TREE.to_owned() };
    Arc::new(read(&file).unwrap_or_else(|all| panic!("{}", all.iter().map(|p| format!("{p}\n")).collect::<String>())))
}

/// A walk with its world.
struct Trip {
    world: World,
    walk: Walk,
}

impl Trip {
    fn new(world: World) -> Self {
        Self { world, walk: Walk::open(book(), None, now()) }
    }

    /// Three pods, so many of them not ready for ten minutes.
    fn with_unready(unready_pods: i32) -> Self {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        for i in 1..=unready_pods {
            world.change_pod(NS, &format!("web-rs1-{i}"), |p| unready(p, 600));
        }
        world.set_ready(NS, "web", 3 - unready_pods, 600);
        Self::new(world)
    }

    fn view(&self) -> View {
        let scene = Scene { situation: &self.world.situation, profile: &self.world.profile };
        self.walk.view(scene, &self.world.assess().findings, &Logs::default())
    }

    fn at(&self) -> jiff::Timestamp {
        self.world.situation.now
    }

    /// Takes the way to a step.
    fn go(&mut self, to: &str) -> Taken {
        let view = self.view();
        let way = view.ways.iter().position(|w| w.to.0 == to).unwrap_or_else(|| panic!("no way to {to}: {view:#?}"));
        self.walk.take(way, &view, self.at())
    }

    /// Lets time pass and looks.
    fn pass(&mut self, seconds: i64) -> View {
        self.world.situation.now += SignedDuration::from_secs(seconds);
        let view = self.view();
        let at = self.at();
        self.walk.observe(&view, at);
        self.view()
    }

    fn mend(&mut self) {
        for i in 1..=3 {
            self.world.put(mk_pod(NS, "web", 1, i));
        }
        self.world.set_ready(NS, "web", 3, 0);
    }
}

fn verdicts(view: &View) -> Vec<(&str, &WayVerdict)> {
    view.ways.iter().map(|w| (w.to.0.as_str(), &w.verdict)).collect()
}

fn suggested(view: &View) -> &str {
    let mut all = view.ways.iter().filter(|w| w.verdict == WayVerdict::Suggested);
    let first = all.next().map_or("none", |w| &w.to.0);
    assert_eq!(all.next(), None, "at most one is suggested");
    first
}

#[test]
fn the_first_branch_that_holds_is_suggested_and_others_say_so_too() {
    use WayVerdict::{Holds, RuledOut, Suggested};
    let trip = Trip::with_unready(2);
    let view = trip.view();
    assert_eq!((view.title.as_str(), view.why.as_str()), ("Look at web", "3 are wanted"));
    assert_eq!(verdicts(&view), [("call", &RuledOut), ("mend", &Suggested), ("call", &Holds), ("done", &RuledOut)]);
    assert_eq!(view.ways[1].say, "web-rs1-1 is not ready");
    assert_eq!(view.ways[2].to.1, "What now?");
    assert_eq!(view.unknown, None);
    assert_eq!(view.subject.unwrap().key.name, "web");
    assert_eq!(suggested(&Trip::with_unready(0).view()), "done");
}

#[test]
fn what_cannot_be_told_is_never_taken_for_false() {
    let mut trip = Trip::with_unready(1);
    trip.world.source(Source::Watch(Kind::Pod), SourceState::Forbidden("list pods".into()));
    let view = trip.view();
    assert_eq!(view.unknown.as_deref(), Some("pods: forbidden, needs list pods"));
    assert_eq!(view.ways[0].verdict, WayVerdict::RuledOut);
    assert_eq!(view.ways[1].verdict, WayVerdict::CannotTell("unready is not known".to_owned()));
    assert_eq!(view.ways[2].verdict, WayVerdict::Suggested);
    assert_eq!(view.ways[2].say, "2 of 3 (one above it cannot be told: unready is not known)");
    assert_eq!(view.ways[3].verdict, WayVerdict::RuledOut);
    // With nothing that holds, otherwise cannot be told either.
    trip.world.set_ready(NS, "web", 3, 0);
    let view = trip.view();
    assert_eq!(suggested(&view), "none");
    assert_eq!(view.ways[3].verdict, WayVerdict::CannotTell("of one above it: unready is not known".to_owned()));
}

#[test]
fn a_check_without_a_result_suggests_nothing() {
    let mut trip = Trip::new(World::new());
    let view = trip.view();
    assert_eq!(
        view.unknown.as_deref(),
        Some("workload: nothing in this cluster plays the role \"web\", as the profile describes it")
    );
    assert!(view.ways.iter().all(|w| matches!(w.verdict, WayVerdict::CannotTell(_))), "{view:#?}");
    // A person may still go on.
    assert_eq!(trip.go("call"), Taken::Moved);
}

#[test]
fn steps_are_taken_with_their_results_and_walked_back() {
    let mut trip = Trip::with_unready(3);
    assert_eq!(suggested(&trip.view()), "call");
    trip.pass(30);
    assert_eq!(trip.go("call"), Taken::Moved);
    let first = &trip.walk.path()[0];
    assert_eq!(first.took, Some(("none of 3 is ready".to_owned(), true)));
    assert_eq!(first.result.as_ref().unwrap()["ready"], 0);
    assert_eq!(first.left, Some(trip.at()));
    trip.pass(5);
    assert_eq!(trip.view().spent, SignedDuration::from_secs(5));
    // A condition over an earlier step's result, and the answer that is suggested where it does not hold.
    assert_eq!(suggested(&trip.view()), "mend");
    assert_eq!(trip.go("look"), Taken::Again(now()));
    assert_eq!(trip.view().before, Some(now()));
    assert!(trip.walk.back(trip.at()));
    assert_eq!((trip.view().step.as_str(), trip.view().before), ("call", None));
    assert_eq!(trip.walk.path()[1].left, None, "its time runs on");
    assert_eq!(trip.view().spent, SignedDuration::from_secs(5));
    assert!(trip.walk.jump(0, trip.at()));
    assert!(!trip.walk.jump(0, trip.at()) && !trip.walk.jump(7, trip.at()) && !trip.walk.back(trip.at()));
    assert_eq!((trip.walk.path().len(), trip.view().spent), (1, SignedDuration::from_secs(35)));
}

#[test]
fn ways_that_are_not_there_are_refused() {
    let mut trip = Trip::with_unready(1);
    let old = trip.view();
    assert_eq!(trip.walk.take(9, &old, now()), Taken::Refused("there is no way 10".to_owned()));
    trip.go("mend");
    assert!(matches!(trip.walk.take(0, &old, now()), Taken::Refused(_)), "the view is of another step");
    let mut view = trip.view();
    view.ways[0].to.0 = "nowhere".to_owned();
    assert!(matches!(trip.walk.take(0, &view, now()), Taken::Refused(why) if why.contains("no step \"nowhere\"")));
    assert_eq!(trip.walk.path().len(), 2);
}

#[test]
fn another_way_than_the_suggested_one_is_remembered_as_such() {
    let mut trip = Trip::with_unready(1);
    trip.go("done");
    assert_eq!(trip.walk.path()[0].took, Some(("all is well".to_owned(), false)));
}

#[test]
fn an_action_has_one_choice_for_each_object_that_is_still_there() {
    let mut trip = Trip::with_unready(2);
    trip.go("mend");
    let act = trip.view().act.unwrap();
    let pods: Vec<String> = act.choices.iter().map(|a| a.target().to_string()).collect();
    assert_eq!(pods, ["Pod/shop/web-rs1-1", "Pod/shop/web-rs1-2"]);
    assert_eq!(trip.view().command, "kubectl -n shop delete pod web-rs1-1");
    assert_eq!(trip.view().title, "Delete web-rs1-1");
    // The first one was replaced meanwhile by another of the same name, the second is gone.
    trip.world.change_pod(NS, "web-rs1-1", |p| p.meta.uid = "new".into());
    trip.world.situation.pods.remove(&Key::new(NS, "web-rs1-2"));
    let act = trip.view().act.unwrap();
    assert_eq!((act.choices, act.none.as_str()), (vec![], "there is nothing (left) to do it to; go back a step"));
}

#[test]
fn an_action_is_proved_by_its_verify() {
    let mut trip = Trip::with_unready(1);
    trip.go("mend");
    assert_eq!(suggested(&trip.view()), "none", "nothing is decided before");
    trip.walk.acted(ActResult::Worked("deleted".to_owned()), trip.at());
    let view = trip.pass(60);
    assert_eq!(suggested(&view), "none");
    assert_eq!(view.progress, "done (deleted); not seen to help yet, 2m00s left");
    trip.mend();
    let view = trip.pass(60);
    assert_eq!((suggested(&view), view.progress.as_str()), ("stay", "done (deleted), and it helped"));
    // What is seen of old is no proof.
    trip.world.source(Source::Watch(Kind::Pod), SourceState::Waiting);
    assert_eq!(suggested(&trip.pass(1)), "none");
    assert_eq!(suggested(&trip.pass(60)), "tell", "the time is up");
}

#[test]
fn an_action_that_does_not_help_fails_or_is_declined() {
    let mut trip = Trip::with_unready(1);
    trip.go("mend");
    trip.walk.acted(ActResult::Worked("deleted".to_owned()), trip.at());
    assert_eq!(suggested(&trip.pass(180)), "tell");
    trip.walk.acted(ActResult::Failed("forbidden".to_owned()), trip.at());
    assert_eq!((suggested(&trip.view()), trip.view().progress.as_str()), ("tell", "failed: forbidden"));
    trip.walk.acted(ActResult::Declined, trip.at());
    assert_eq!(suggested(&trip.view()), "look", "the step before, where the file names none");
    trip.go("look");
    trip.walk.acted(ActResult::Declined, trip.at());
    assert_eq!(suggested(&trip.view()), "mend", "at a check there is nothing to decline");
}

#[test]
fn a_watch_needs_its_time_without_a_break() {
    let mut trip = Trip::with_unready(1);
    trip.go("mend");
    trip.go("stay");
    let view = trip.pass(60);
    assert_eq!((suggested(&view), view.progress.as_str()), ("none", "does not hold yet, needs 10m; 14m left"));
    trip.mend();
    trip.pass(0);
    let view = trip.pass(120);
    assert_eq!(view.progress, "holds since 2m00s, needs 10m; 12m left");
    // One break, and it begins anew.
    trip.world.change_pod(NS, "web-rs1-1", |p| unready(p, 0));
    trip.pass(10);
    trip.mend();
    trip.pass(0);
    assert_eq!(trip.pass(30).progress, "holds since 30s, needs 10m; 11m left");
    let view = trip.pass(570);
    assert_eq!((suggested(&view), view.progress.as_str()), ("done", "held for 10m"));
}

#[test]
fn a_watch_gives_up_and_takes_nothing_on_trust() {
    let mut trip = Trip::with_unready(1);
    trip.go("mend");
    trip.go("stay");
    trip.mend();
    trip.pass(0);
    trip.world.source(Source::Watch(Kind::Pod), SourceState::Waiting);
    let view = trip.pass(300);
    assert_eq!(suggested(&view), "none");
    assert!(
        view.progress.starts_with("cannot tell: pods: waiting for the first answer; 10m left"),
        "{}",
        view.progress
    );
    trip.world.source(Source::Watch(Kind::Pod), SourceState::Live);
    trip.pass(0);
    assert_eq!(trip.pass(300).progress, "holds since 5m00s, needs 10m; 5m00s left", "what was not seen does not count");
    trip.world.source(Source::Watch(Kind::Pod), SourceState::Waiting);
    assert_eq!(suggested(&trip.pass(400)), "look", "the time is up");
}

#[test]
fn notes_are_ticked_and_ends_say_what_is_left() {
    let mut trip = Trip::with_unready(1);
    trip.go("mend");
    trip.go("tell");
    let view = trip.view();
    assert_eq!((view.note.as_str(), suggested(&view)), ("Call the developers of web", "done"));
    trip.go("done");
    let view = trip.view();
    assert_eq!(view.end, Some((Ending::Escalate, "developers".to_owned(), vec!["web-rs1-1".to_owned()])));
    assert_eq!((view.note.as_str(), view.ways.len()), ("web is done", 0));
}

#[test]
fn a_tree_that_was_opened_on_a_pod_outlives_it() {
    let mut trip = Trip::with_unready(1);
    let pod = trip.world.situation.pods[&Key::new(NS, "web-rs1-1")].meta.reference(Kind::Pod);
    trip.walk = Walk::open(book(), Some(pod), now());
    trip.pass(1);
    trip.world.situation.pods.remove(&Key::new(NS, "web-rs1-1"));
    trip.pass(1);
    assert_eq!(trip.walk.subject().unwrap().to_string(), "Deployment/shop/web");
    assert_eq!(trip.view().unknown, None);
}

#[test]
fn a_subject_that_is_gone_or_another_is_said_and_does_not_stop_the_walk() {
    let mut trip = Trip::with_unready(1);
    let subject = Ref { kind: Kind::Deployment, key: Key::new(NS, "web"), uid: "former".into() };
    trip.walk = Walk::open(book(), Some(subject), now());
    let view = trip.view();
    assert!(view.unknown.unwrap().starts_with("Deployment/shop/web was deleted and made anew; close this tree"));
    assert!(view.ways.iter().any(|w| w.verdict == WayVerdict::Suggested), "the evidence stands");
    let subject = Ref { kind: Kind::Deployment, key: Key::new(NS, "gone"), uid: "x".into() };
    trip.walk = Walk::open(book(), Some(subject), now());
    assert!(trip.view().unknown.unwrap().starts_with("Deployment/shop/gone is not there any more; close this tree"));
    assert_eq!(trip.go("call"), Taken::Moved);
}

#[test]
fn walks_are_independent_of_each_other() {
    let mut one = Trip::with_unready(1);
    let two = Walk::open(one.walk.book().clone(), None, now());
    one.go("mend");
    one.walk.acted(ActResult::Declined, now());
    assert_eq!((two.path().len(), two.path()[0].step.as_str()), (1, "look"));
    let kept = one.walk.clone();
    assert_eq!(kept.path(), one.walk.path(), "a walk that was left can be taken up again");
    assert!(matches!(one.view().act.unwrap().choices[..], [Action::DeletePod { .. }]));
}
