//! A01: the node is marked, and the controller has drawn its conclusion.

use crate::action::Verification;
use crate::situation::{Ref, Situation};

/// The taint that a controller puts on a cordoned node.
const TAINT: &str = "node.kubernetes.io/unschedulable";

pub(super) fn verify(object: &Ref, cordoned: bool, situation: &Situation) -> Verification {
    let name = &object.key.name;
    let Some(node) = situation.nodes.get(&object.key).filter(|n| n.meta.uid == object.uid) else {
        return Verification::Failed(format!("node {name} is gone"));
    };
    let tainted = node.taints.iter().any(|t| t.key == TAINT);
    let word = if cordoned { "cordoned" } else { "open for new pods" };
    match (node.unschedulable == cordoned, tainted == cordoned) {
        (true, true) => Verification::Worked(format!("{name} is {word}, its taint says the same")),
        (true, false) => Verification::Waiting(format!("{name} is {word}; its taint is not up to date yet")),
        (false, _) => Verification::Waiting(format!("{name} is not {word} yet")),
    }
}
