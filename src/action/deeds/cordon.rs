//! A01: no new pods on a node, and the other way.

use serde_json::{Value, json};

use super::request::{self, STRATEGIC};
use super::words::{count, kubectl, quoted};
use super::{Case, Class, Deed, Ref, Refused, facts, refused};
use crate::action::plan::{Fact, Proof, Undo};
use crate::action::{Action, LEFT_BEHIND};
use crate::situation::Text;
use crate::situation::object::{Node, Pod, Status};

/// How long the controller may take to set or clear the taint.
const WITHIN: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);

pub(super) fn deed<'a>(case: &Case<'a>, object: Ref, on: bool) -> Result<Deed<'a>, Refused> {
    let name = object.key.name.clone();
    let cordoned = case.target().pointer("/spec/unschedulable").and_then(Value::as_bool).unwrap_or_default();
    if cordoned == on {
        let what = if on { "is cordoned already" } else { "takes new pods: it is not cordoned" };
        return Err(refused(format!("node {name} {what}"), ""));
    }
    let touched = if on { pods_on(case, &name) } else { Vec::new() };
    let word = if on { "cordon" } else { "uncordon" };
    let verb = if on { "Cordon" } else { "Uncordon" };
    let (class, last) = weigh(case, &name, on);
    Ok(Deed {
        title: format!("{verb} node {name}"),
        class,
        change: request::patch(&object, "", STRATEGIC, body(case, on)),
        right: request::right("patch", &object, None),
        command: kubectl(&object, &format!("{word} {}", quoted(&name))),
        reason: if on { "CrashcartCordon" } else { "CrashcartUncordon" },
        blast_radius: blast_radius(case, &name, on, touched.len()),
        warnings: last.into_iter().chain(if on { None } else { note(case) }).collect(),
        undo: undo(&object, on),
        proof: proof(on),
        basis: basis(case, &object, cordoned),
        crew: None,
        touched,
        makes: None,
        own: Vec::new(),
        differences: Vec::new(),
        object,
    })
}

/// The note of what is left behind goes with the cordon, and away with it.
fn body(case: &Case<'_>, on: bool) -> Value {
    let incident = Some(case.standing.incident.as_str()).filter(|i| !i.is_empty()).unwrap_or("-");
    let note = format!("A01 {incident} {}", case.made.strftime("%Y-%m-%dT%H:%M:%SZ"));
    let (note, unschedulable) = if on { (json!(note), json!(true)) } else { (Value::Null, Value::Null) };
    json!({ "metadata": { "annotations": { LEFT_BEHIND: note } }, "spec": { "unschedulable": unschedulable } })
}

fn pods_on<'a>(case: &Case<'a>, node: &str) -> Vec<&'a Pod> {
    case.situation().pods.values().filter(|p| p.node == *node && super::crew::is_active(p)).collect()
}

/// Whether a node takes new pods.
fn takes(node: &Node) -> bool {
    node.ready() == Status::True && !node.unschedulable
}

fn others_that_take(case: &Case<'_>, name: &str) -> usize {
    case.situation().nodes.values().filter(|n| n.meta.key.name != *name && takes(n)).count()
}

/// The last node that takes pods is no local matter.
fn weigh(case: &Case<'_>, name: &str, on: bool) -> (Class, Option<String>) {
    if on && others_that_take(case, name) == 0 {
        return (Class::R2, Some("confirmed as R2, not R1: no other node takes new pods".to_owned()));
    }
    (Class::R1, None)
}

fn blast_radius(case: &Case<'_>, name: &Text, on: bool, pods: usize) -> Vec<String> {
    let others = others_that_take(case, name);
    let all = count(case.situation().nodes.len(), "node");
    if on {
        return vec![
            format!("no new pods go to {name}; the {} there stay and work on", count(pods, "pod")),
            format!("{others} of {all} take new pods afterwards"),
            "what ends on it meanwhile starts elsewhere, or waits if it is bound to this node".to_owned(),
        ];
    }
    let here =
        usize::from(case.situation().nodes.values().any(|n| n.meta.key.name == *name && n.ready() == Status::True));
    vec![
        format!("new pods may go to {name} again; none moves by itself, pods that wait for a place may start there"),
        format!("{} of {all} take new pods afterwards", others + here),
    ]
}

/// Whose cordon it is that would be lifted.
fn note(case: &Case<'_>) -> Option<String> {
    let path = format!("/metadata/annotations/{}", LEFT_BEHIND.replace('/', "~1"));
    let note = Text::new(case.target().pointer(&path).and_then(Value::as_str).unwrap_or_default());
    let own = !case.standing.incident.is_empty() && note.split_whitespace().nth(1) == Some(&case.standing.incident);
    match &*note {
        "" => Some("somebody else cordoned it and left no note: ask whether their work on it is done".to_owned()),
        _ if own => None,
        note => Some(format!("it was cordoned for another reason than this incident: {note}")),
    }
}

fn undo(object: &Ref, on: bool) -> Undo {
    let node = object.clone();
    let (says, action) = if on {
        ("uncordon it; until then it is listed as left behind", Action::Uncordon { node })
    } else {
        ("cordon it again", Action::Cordon { node })
    };
    Undo { says: says.to_owned(), action: Some(action) }
}

fn proof(on: bool) -> Proof {
    let word = if on { "appears" } else { "is gone" };
    let says = format!("taint node.kubernetes.io/unschedulable {word}");
    Proof { says, within: WITHIN, workload: None }
}

fn basis(case: &Case<'_>, object: &Ref, cordoned: bool) -> Vec<Fact> {
    let mut basis = vec![
        facts::identity(object),
        facts::fact(format!("{} is cordoned", object.key.name), if cordoned { "yes" } else { "no" }),
    ];
    basis.extend(facts::nodes(case));
    basis
}
