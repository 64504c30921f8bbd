//! G7: no pod is replaced while what the new one needs is known to be down: the database (F20) of what serves users, the
//! registry (F23) of whatever has to pull its image.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Answer, Case, Class, Deed};
use crate::action::Action;
use crate::action::deeds::words::{clean, list};
use crate::situation::Text;
use crate::situation::object::{Node, Status};

pub(super) fn ask(case: &Case<'_>, deed: &Deed<'_>) -> Answer {
    let down = |id: &str| case.standing.confirmed.contains(id);
    let database = if down("F20") { database(case, deed) } else { None };
    let registry = if down("F23") { registry(case, deed) } else { None };
    database.or(registry).unwrap_or_else(|| {
        let says = match (down("F20"), down("F23")) {
            (false, false) => "no outage of the database or the registry is confirmed",
            (true, _) => "the database is down (F20); this starts no pod that waits for it",
            (_, true) => "the registry is down (F23); this needs no image from it",
        };
        Answer::Pass(says.to_owned())
    })
}

/// Pods that serve users wait for the database before they are ready: one that is ready now would be lost.
fn database(case: &Case<'_>, deed: &Deed<'_>) -> Option<Answer> {
    let crew = deed.crew.as_ref().filter(|c| c.serves && !c.is_infrastructure())?;
    let name = crew.name();
    let refuse = || {
        let says =
            format!("the database is down (F20): new pods of {name} will not become ready; wait until it answers");
        Some(Answer::Refuse(says))
    };
    match case.action {
        Action::RolloutRestart { .. } | Action::RollBack { .. } => refuse(),
        Action::DeletePod { .. } if deed.touched.iter().any(|p| p.ready()) => refuse(),
        Action::DeletePod { .. } => {
            let says = format!("the database is down (F20): the new pod of {name} will not become ready either");
            Some(Answer::Raise(Class::R2, says))
        }
        Action::Scale { .. } if deed.makes.is_some() => {
            let says = format!("the database is down (F20): more pods of {name} will not become ready");
            Some(Answer::Raise(Class::R2, says))
        }
        Action::Scale { .. } | Action::Cordon { .. } | Action::Uncordon { .. } => None,
    }
}

/// New pods start only where their image is already, and not at all if it is pulled each time.
fn registry(case: &Case<'_>, deed: &Deed<'_>) -> Option<Answer> {
    let makes = deed.makes.as_ref()?;
    let containers: Vec<&Value> = ["/spec/initContainers", "/spec/containers"]
        .into_iter()
        .filter_map(|path| makes.pointer(path)?.as_array())
        .flatten()
        .collect();
    let images: BTreeSet<Text> = containers.iter().map(|c| clean(c.get("image"))).collect();
    let pulled = |c: &&Value| c.get("imagePullPolicy").and_then(Value::as_str) == Some("Always");
    if let Some(container) = containers.into_iter().find(pulled) {
        let says = format!("the registry is down (F23) and {} is pulled at each start", clean(container.get("image")));
        return Some(Answer::Refuse(says));
    }
    let missing = nodes_without(case, &images);
    if missing.is_empty() {
        return None;
    }
    let images: Vec<Text> = images.into_iter().collect();
    Some(Answer::Unsure(format!(
        "the registry is down (F23): whether {} has {} is not known; see `sudo k3s crictl images` there",
        list(&missing),
        list(&images)
    )))
}

/// The nodes that take new pods and run none of which it is known that its image is one of these, each of them.
fn nodes_without(case: &Case<'_>, images: &BTreeSet<Text>) -> Vec<Text> {
    let situation = case.situation();
    let has = |node: &Text, image: &Text| {
        let there = situation.pods.values().filter(|p| p.node == *node);
        there.flat_map(|p| p.containers.iter().chain(&p.init)).any(|c| c.image == *image && !c.image_id.is_empty())
    };
    let takes = |n: &&Node| n.ready() == Status::True && !n.unschedulable;
    let names = situation.nodes.values().filter(takes).map(|n| &n.meta.key.name);
    names.filter(|node| !images.iter().all(|image| has(node, image))).cloned().collect()
}
