//! One pod: how it is and why, its containers and how they ended, what it belongs to.

mod containers;

use super::detail::parts::{self, head, link_pair, pair};
use super::detail::{Detail, Link, Section, Shown};
use super::verdict;
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::{Piece, bytes};
use crate::detect::Mark;
use crate::situation::object::{ContainerState, Meta, Pod as Object, Status};
use crate::situation::{Key, Kind, Ref, Source};

/// The detail of a pod.
pub type Pod = Detail<Object>;

impl Shown for Object {
    fn find(target: &Ref, cx: &Context<'_>) -> Option<Self> {
        cx.situation.pods.get(&target.key).cloned()
    }

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn sections(&self, target: &Ref, cx: &Context<'_>) -> Vec<Section> {
        vec![
            Section::new("", state(self, cx)),
            Section::new("Containers", containers::lines(self, &self.containers, cx)),
            Section::new("Init containers", containers::lines(self, &self.init, cx)),
            parts::events(target, cx),
            parts::conditions(&self.conditions, cx),
            Section::aside("Volumes", volumes(self, cx)),
            parts::labels_section("Node selector", &self.node_selector),
            parts::labels_section("Labels", &self.meta.labels),
            parts::identity(&self.meta),
        ]
    }

    fn hints() -> &'static [Command] {
        &[Command::Logs, Command::Previous, Command::Open, Command::Events, Command::NextPane, Command::Copy]
    }

    fn log_of(&self, target: &Ref, _cx: &Context<'_>) -> Option<Ref> {
        Some(target.clone())
    }
}

fn state(pod: &Object, cx: &Context<'_>) -> Vec<Line<Link>> {
    let mark = verdict::as_known(verdict::of_pod(pod, cx.now), &Source::Watch(Kind::Pod), cx);
    let (ready, all) = super::pods::readiness(pod);
    let restarts = match pod.restarts() {
        0 => "no restarts".to_owned(),
        1 => "1 restart".to_owned(),
        n => format!("{n} restarts"),
    };
    let mut lines = vec![head(mark, &pod.status(), &format!("{ready}/{all} ready  {restarts}"), &pod.meta, cx)];
    lines.extend(reasons(pod).into_iter().map(|why| Line::of(format!("  {why}"), Tone::Text).indented(2)));
    lines.extend(parts::deleting(&pod.meta, cx));
    lines.push(workload(pod, cx));
    lines.push(node(pod, cx));
    lines.extend(address(pod));
    lines.extend(services(pod, cx));
    lines.extend(pod.started.map(|at| pair("started", vec![Piece::new(parts::moment(at, cx.now), Tone::Text)])));
    lines
}

/// Why it is as it is, in the cluster's own sentences, each once.
fn reasons(pod: &Object) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    if !pod.message.is_empty() {
        reasons.push(pod.message.to_string());
    }
    let unscheduled = pod.condition("PodScheduled").filter(|c| c.status == Status::False);
    reasons.extend(unscheduled.map(|c| c.message.to_string()));
    for container in pod.init.iter().chain(&pod.containers) {
        if let ContainerState::Waiting { message, .. } = &container.state
            && !message.is_empty()
        {
            reasons.push(format!("{}: {message}", container.name));
        }
    }
    reasons.dedup();
    reasons.retain(|r| !r.is_empty());
    reasons
}

fn workload(pod: &Object, cx: &Context<'_>) -> Line<Link> {
    let Some(workload) = cx.situation.workload_of(pod) else {
        let owner = pod.meta.owner.as_ref().map_or("none: nobody will replace it", |o| &*o.kind);
        return pair("workload", vec![Piece::new(owner, Tone::Text)]);
    };
    let (words, tone) = super::workload::state_words(&workload, cx);
    link_pair("workload", &workload, Piece::new(words, tone))
}

fn node(pod: &Object, cx: &Context<'_>) -> Line<Link> {
    if pod.node.is_empty() {
        return pair("node", vec![Piece::new("none yet: it is not scheduled", Tone::Warning)]);
    }
    let key = Key::new("", pod.node.clone());
    let word = cx.situation.nodes.get(&key).map_or_else(
        || Piece::new("not known", Tone::Unknown),
        |node| {
            let (mark, words) = verdict::of_node(node);
            let mark = verdict::as_known(mark, &Source::Watch(Kind::Node), cx);
            Piece::new(if words.is_empty() { "ready".to_owned() } else { words }, verdict::tone(mark))
        },
    );
    let uid = cx.situation.nodes.get(&key).map(|n| n.meta.uid.clone()).unwrap_or_default();
    link_pair("node", &Ref { kind: Kind::Node, key, uid }, word)
}

fn address(pod: &Object) -> Option<Line<Link>> {
    let host = if pod.host_network { " (the node's own network)" } else { "" };
    (!pod.ip.is_empty()).then(|| pair("address", vec![Piece::new(format!("{}{host}", pod.ip), Tone::Text)]))
}

/// Whether Services send requests to it.
fn services(pod: &Object, cx: &Context<'_>) -> Vec<Line<Link>> {
    let key = &pod.meta.key;
    let slices = cx.situation.endpoint_slices.values().filter(|s| s.meta.key.namespace == key.namespace);
    let mut found: Vec<(&str, bool)> = slices
        .flat_map(|s| s.endpoints.iter().map(move |e| (&*s.service, e)))
        .filter(|(_, endpoint)| endpoint.pod == key.name)
        .map(|(service, endpoint)| (service, endpoint.ready && !endpoint.terminating))
        .collect();
    found.sort_unstable();
    found.dedup();
    let line = |(service, serving): (&str, bool)| {
        let (words, mark) =
            if serving { ("receives requests", Mark::Good) } else { ("gets no requests: not ready", Mark::Warning) };
        let pieces = vec![
            Piece::new(format!("{service}  "), Tone::Text),
            parts::marked(mark, cx),
            Piece::new(words, verdict::tone(mark)),
        ];
        pair("service", pieces)
    };
    found.into_iter().map(line).collect()
}

fn volumes(pod: &Object, cx: &Context<'_>) -> Vec<Line<Link>> {
    let line = |name: &crate::situation::Text| {
        let key = Key { namespace: pod.meta.key.namespace.clone(), name: name.clone() };
        let (words, tone) = match cx.situation.claims.get(&key) {
            Some(claim) => {
                let size = claim.size.map_or_else(String::new, |n| format!(", {}", bytes(n)));
                let volume = if claim.volume.is_empty() { String::new() } else { format!(" to {}", claim.volume) };
                let bound = claim.phase == "Bound";
                (format!("{}{volume}{size}", claim.phase), if bound { Tone::Dim } else { Tone::Warning })
            }
            None if cx.situation.knows(Kind::PersistentVolumeClaim) => ("no such claim".to_owned(), Tone::Warning),
            None => ("not known".to_owned(), Tone::Unknown),
        };
        Line::new(vec![Piece::new(format!("  claim {name}  "), Tone::Text), Piece::new(words, tone)]).indented(4)
    };
    pod.claims.iter().map(line).collect()
}
