//! One workload: what is wanted and what there is, its pods, its revisions.

mod object;
mod revisions;

pub(super) use self::revisions::pieces as revision_pieces;

use self::object::Object;
use super::detail::parts::{self, head, pair};
use super::detail::{Detail, Link, Section, Shown};
use super::workloads::facts::{facts, owners};
use super::{exits, verdict};
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::freshness::missing;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::Piece;
use crate::detect::{Mark, role_of};
use crate::situation::object::{Job, Meta, Pod};
use crate::situation::time::{age, since};
use crate::situation::{Kind, Ref, Source};

/// The detail of a Deployment, DaemonSet, StatefulSet, Job or CronJob.
pub type Workload = Detail<Object>;

const POD: Source = Source::Watch(Kind::Pod);

impl Shown for Object {
    fn find(target: &Ref, cx: &Context<'_>) -> Option<Self> {
        Self::named(target, cx)
    }

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn sections(&self, target: &Ref, cx: &Context<'_>) -> Vec<Section> {
        let pods = pods(self, target, cx);
        vec![
            Section::new("", state(self, target, &pods, cx)),
            Section::new(format!("Pods ({})", pods.len()), pod_lines(target, &pods, cx)),
            Section::new("Jobs, newest first", jobs(target, cx)),
            Section::new("Revisions, newest first", revisions::lines(target, self.facts.revision, cx)),
            parts::events(target, cx),
            parts::conditions(&self.facts.conditions, cx),
            Section::aside("What limits it", limits(self, target, cx)),
            Section::aside("Images", images(self)),
            parts::labels_section("Selector", &self.selector),
            parts::labels_section("Labels", &self.meta.labels),
            parts::identity(&self.meta),
        ]
    }

    fn hints() -> &'static [Command] {
        &[Command::Open, Command::Logs, Command::Events, Command::NextPane, Command::Copy]
    }

    /// The pod that is worst off.
    fn log_of(&self, target: &Ref, cx: &Context<'_>) -> Option<Ref> {
        let pods = pods(self, target, cx).into_iter();
        let worst =
            pods.min_by_key(|pod| (verdict::rank(verdict::of_pod(pod, cx.now)), std::cmp::Reverse(pod.restarts())));
        worst.map(|pod| pod.meta.reference(Kind::Pod))
    }
}

/// The pods of a workload: by their owners, and by the selector where what stands between is not known.
fn pods<'a>(object: &Object, target: &Ref, cx: &Context<'a>) -> Vec<&'a Pod> {
    let namespace = &target.key.namespace;
    if target.kind == Kind::Deployment && !cx.situation.knows(Kind::ReplicaSet) {
        let selected = |pod: &&Pod| object.selector.selects(&pod.meta.labels);
        return cx.situation.pods.values().filter(|p| p.meta.key.namespace == *namespace).filter(selected).collect();
    }
    let owners = owners(target, cx);
    let owned = |pod: &&Pod| pod.meta.owner.as_ref().is_some_and(|owner| owners.contains(&owner.uid));
    cx.situation.pods.values().filter(|p| p.meta.key.namespace == *namespace).filter(owned).collect()
}

/// How a workload is, in a few words.
pub fn state_words(workload: &Ref, cx: &Context<'_>) -> (String, Tone) {
    match facts(workload.kind, &workload.key, cx) {
        Some(facts) => {
            let ready = facts.ready.map_or_else(String::new, |(ready, wanted)| format!("{ready}/{wanted} · "));
            let mark = verdict::as_known(facts.mark, &Source::Watch(workload.kind), cx);
            (format!("{ready}{}", facts.words), verdict::tone(mark))
        }
        None => ("not known".to_owned(), Tone::Unknown),
    }
}

fn state(object: &Object, target: &Ref, pods: &[&Pod], cx: &Context<'_>) -> Vec<Line<Link>> {
    let facts = &object.facts;
    let mark = verdict::as_known(facts.mark, &Source::Watch(target.kind), cx);
    let ready = facts.ready.map(|(ready, wanted)| format!("{ready}/{wanted} ready"));
    let updated = facts.updated.map(|n| format!("{n} updated"));
    let revision = facts.revision.map(|n| format!("revision {n}"));
    let more = [ready, updated, revision].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let mut lines = vec![head(mark, &facts.words, &more, &object.meta, cx)];
    lines.extend(parts::deleting(&object.meta, cx));
    if let Some((name, role)) = role_of(cx.profile, target, [&object.meta.labels, &object.selector]) {
        let alone = if role.singleton { ", never two at work" } else { "" };
        let serves = if role.serves { ", users' requests pass through it" } else { "" };
        lines.push(pair("role", vec![Piece::new(format!("{name}{alone}{serves}"), Tone::Text)]));
    }
    lines.extend(facts.more.iter().filter_map(|(label, words)| parts::text_pair(label, words)));
    lines.extend(restarts(pods, cx));
    lines
}

fn restarts(pods: &[&Pod], cx: &Context<'_>) -> Option<Line<Link>> {
    let all: u32 = pods.iter().map(|pod| pod.restarts()).sum();
    let ends = pods.iter().flat_map(|pod| &pod.containers).filter_map(|c| c.last.as_ref());
    let last = ends.max_by_key(|end| end.finished)?;
    let at = last.finished?;
    let words = format!("{all} of these pods, the last {} ago: {}", age(since(at, cx.now)), exits::words(last));
    let recent = since(at, cx.now) <= verdict::RECENT;
    Some(pair("restarts", vec![Piece::new(words, if recent { Tone::Warning } else { Tone::Text })]))
}

fn pod_lines(target: &Ref, pods: &[&Pod], cx: &Context<'_>) -> Vec<Line<Link>> {
    match missing(cx, &POD) {
        Some((words, tone)) if pods.is_empty() => vec![Line::of(format!("  {words}"), tone)],
        _ if pods.is_empty() && target.kind == Kind::CronJob => Vec::new(),
        _ if pods.is_empty() => vec![Line::of("  none", Tone::Dim)],
        _ => parts::pods(pods.iter().copied(), true, cx),
    }
}

/// The Jobs of a CronJob as links, newest first.
fn jobs(target: &Ref, cx: &Context<'_>) -> Vec<Line<Link>> {
    let owned = |job: &&Job| job.meta.owner.as_ref().is_some_and(|owner| owner.uid == target.uid);
    let mut jobs: Vec<&Job> = cx.situation.jobs.values().filter(owned).collect();
    jobs.sort_by_key(|job| std::cmp::Reverse(job.meta.created));
    let line = |job: &Job| {
        let facts = facts(Kind::Job, &job.meta.key, cx)?;
        let pieces = vec![
            parts::indented_mark(facts.mark, cx),
            Piece::new(parts::padded(&job.meta.key.name, 40, &cx.theme.glyphs), Tone::Accent),
            Piece::new(facts.words, verdict::tone(facts.mark)),
        ];
        let line = Line::new(pieces).indented(4).leading(Some(Link::Object(facts.object)));
        Some(parts::with_age(line, job.meta.created, cx))
    };
    jobs.into_iter().filter_map(line).collect()
}

fn images(object: &Object) -> Vec<Line<Link>> {
    object.facts.containers.iter().filter_map(|c| parts::text_pair(&c.name, &c.image)).collect()
}

/// Budgets and autoscalers that limit what can be done with it.
fn limits(object: &Object, target: &Ref, cx: &Context<'_>) -> Vec<Line<Link>> {
    let namespace = &target.key.namespace;
    let budgets = cx.situation.budgets.values().filter(|b| b.meta.key.namespace == *namespace);
    let budgets = budgets.filter(|b| b.selector.selects(&object.selector)).map(|budget| {
        let mark = if budget.allowed > 0 { Mark::Good } else { Mark::Warning };
        let name = &budget.meta.key.name;
        let words =
            format!("{name}: {} may go now, {} healthy, {} needed", budget.allowed, budget.healthy, budget.desired);
        pair("budget", vec![parts::marked(mark, cx), Piece::new(words, verdict::tone(mark))])
    });
    let scalers = cx.situation.autoscalers.values().filter(|a| a.meta.key.namespace == *namespace);
    let of_it = scalers.filter(|a| a.target.0 == target.kind.resource().kind && a.target.1 == target.key.name);
    let scalers = of_it.map(|scaler| {
        let pinned = scaler.current >= scaler.max;
        let at_most = if pinned { ", at its most" } else { "" };
        let words =
            format!("{} of {} to {}, wants {}{at_most}", scaler.current, scaler.min, scaler.max, scaler.desired);
        pair("autoscaler", vec![Piece::new(words, if pinned { Tone::Warning } else { Tone::Text })])
    });
    budgets.chain(scalers).collect()
}
