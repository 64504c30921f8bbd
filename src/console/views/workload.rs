//! One workload: what is wanted and what there is, its pods, its revisions.

mod kinds;
mod revisions;

use self::kinds::Object;
use super::detail::parts::{self, head, pair};
use super::detail::{Detail, Facts, Link, Section};
use super::verdict;
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::freshness::missing;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::Piece;
use crate::detect::Mark;
use crate::situation::object::{Labels, Meta, Pod};
use crate::situation::{Kind, Ref, Situation, Source};

/// The detail of a Deployment, ReplicaSet, DaemonSet, StatefulSet, Job or CronJob.
pub type Workload = Detail<Object>;

const POD: Source = Source::Watch(Kind::Pod);

impl Facts for Object {
    fn find(target: &Ref, situation: &Situation) -> Option<Self> {
        Self::named(target, situation)
    }

    fn meta(&self) -> &Meta {
        self.common()
    }

    fn sections(&self, target: &Ref, cx: &Context<'_>) -> Vec<Section> {
        let pods = pods(target, cx.situation);
        let jobs = self.jobs(cx.situation);
        vec![
            Section::new("", state(self, target, &pods, cx)),
            Section::new(format!("Pods ({})", pods.len()), pod_lines(self, &pods, cx)),
            Section::new("Jobs, newest first", kinds::job_lines(&jobs, cx)),
            Section::new("Revisions, newest first", revisions::lines(self, cx)),
            parts::events(target, cx),
            parts::conditions(self.conditions(), cx),
            Section::aside("What holds it", guards(self, target, cx)),
            Section::aside("Images", images(self)),
            parts::labels_section("Selector", self.selector().unwrap_or(&Labels::default())),
            parts::labels_section("Labels", &self.common().labels),
            parts::identity(self.common()),
        ]
    }

    fn hints() -> &'static [Command] {
        &[Command::Open, Command::Logs, Command::Events, Command::NextPane, Command::Copy]
    }

    /// The pod that is worst off.
    fn log_of(&self, target: &Ref, cx: &Context<'_>) -> Option<Ref> {
        let pods = pods(target, cx.situation);
        let worst = pods.into_iter().min_by_key(|pod| verdict::rank(verdict::of_pod(pod, cx.now)));
        worst.map(|pod| pod.meta.reference(Kind::Pod))
    }
}

/// The pods of a workload: by their owners, and by the selector where the owners between them are not known.
fn pods<'a>(target: &Ref, situation: &'a Situation) -> Vec<&'a Pod> {
    let ours = |pod: &&Pod| {
        let owner = pod.meta.owner.as_ref();
        owner.is_some_and(|o| o.uid == target.uid || (o.name == target.key.name && o.kind == target.kind.resource().kind))
            || situation.workload_of(pod).is_some_and(|w| w.kind == target.kind && w.key == target.key)
    };
    let owned: Vec<&Pod> = situation.pods_in(&target.key.namespace).filter(ours).collect();
    if !owned.is_empty() || target.kind != Kind::Deployment || situation.knows(Kind::ReplicaSet) {
        return owned;
    }
    match situation.deployments.get(&target.key) {
        Some(deployment) => situation.pods_selected(&target.key.namespace, &deployment.selector).collect(),
        None => owned,
    }
}

/// How a workload stands in a word: `2/3 ready`.
pub fn readiness_words(workload: &Ref, cx: &Context<'_>) -> (String, Tone) {
    match Object::named(workload, cx.situation) {
        Some(object) => {
            let (mark, words) = object.verdict();
            (words, verdict::tone(verdict::as_known(mark, &Source::Watch(workload.kind), cx)))
        }
        None => ("not known".to_owned(), Tone::Unknown),
    }
}

fn state(object: &Object, target: &Ref, pods: &[&Pod], cx: &Context<'_>) -> Vec<Line<Link>> {
    let (mark, words) = object.verdict();
    let mark = verdict::as_known(mark, &Source::Watch(target.kind), cx);
    let mut lines = vec![head(mark, &words, &object.note(), object.common(), cx)];
    lines.extend(parts::deleting(object.common(), cx));
    for (label, words, tone) in object.figures(cx) {
        lines.push(pair(label, vec![Piece::new(words, tone)]));
    }
    lines.extend(restarts(pods, cx));
    lines
}

fn restarts(pods: &[&Pod], cx: &Context<'_>) -> Option<Line<Link>> {
    let all: u32 = pods.iter().map(|pod| pod.restarts()).sum();
    let last = pods.iter().filter_map(|pod| pod.last_restart()).max()?;
    let words = format!("{all} of its present pods, last {}", parts::moment(last, cx.now));
    let recent = crate::situation::time::since(last, cx.now) <= verdict::RECENT;
    Some(pair("restarts", vec![Piece::new(words, if recent { Tone::Warning } else { Tone::Text })]))
}

fn pod_lines(object: &Object, pods: &[&Pod], cx: &Context<'_>) -> Vec<Line<Link>> {
    match missing(cx, &POD) {
        Some((words, tone)) if pods.is_empty() => vec![Line::of(format!("  {words}"), tone)],
        _ if pods.is_empty() && object.makes_jobs() => Vec::new(),
        _ if pods.is_empty() => vec![Line::of("  none", Tone::Dim)],
        _ => parts::pods(pods.iter().copied(), true, cx),
    }
}

fn images(object: &Object) -> Vec<Line<Link>> {
    object.containers().iter().filter_map(|c| parts::text_pair(&c.name, &c.image)).collect()
}

/// Budgets and autoscalers that limit what can be done with it.
fn guards(object: &Object, target: &Ref, cx: &Context<'_>) -> Vec<Line<Link>> {
    let mut lines = Vec::new();
    let namespace = &target.key.namespace;
    let nothing = Labels::default();
    let selector = object.selector().unwrap_or(&nothing);
    for budget in cx.situation.budgets.values().filter(|b| b.meta.key.namespace == *namespace) {
        if budget.selector.selects(selector) {
            let mark = if budget.allowed > 0 { Mark::Good } else { Mark::Warning };
            let words = format!(
                "{}: {} may go now ({} of {} needed are healthy)",
                budget.meta.key.name, budget.allowed, budget.healthy, budget.desired
            );
            lines.push(pair("budget", vec![parts::marked(mark, cx), Piece::new(words, verdict::tone(mark))]));
        }
    }
    for scaler in cx.situation.autoscalers.values().filter(|a| a.meta.key.namespace == *namespace) {
        if scaler.target.0 == target.kind.resource().kind && scaler.target.1 == target.key.name {
            let pinned = scaler.current >= scaler.max;
            let at_max = if pinned { ", at its most" } else { "" };
            let words = format!("{} of {} to {}, wants {}{at_max}", scaler.current, scaler.min, scaler.max, scaler.desired);
            lines.push(pair("autoscaler", vec![Piece::new(words, if pinned { Tone::Warning } else { Tone::Text })]));
        }
    }
    lines
}
