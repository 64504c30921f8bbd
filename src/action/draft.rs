//! From what was read to a plan, without its rights and dry run: pure, one file an action in `deeds/`.

use jiff::Timestamp;
use serde_json::Value;

use super::deeds::{self, Case, Deed, request};
use super::guard::{self, Answer};
use super::plan::{Class, Difference, Fact, Guard, Proof, Request, Right, Standing, Undo, Verdict};
use super::{Action, Refused};
use crate::config::Profile;
use crate::situation::{Kind, Ref, Situation, Text};

/// A list that a plan rests on, read from the server and not from the watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// The kind.
    pub(super) kind: Kind,
    /// Only of this namespace.
    pub(super) namespace: Option<Text>,
}

/// What was read for one plan.
#[derive(Debug)]
pub(super) struct Ground {
    /// The lists, as a situation of their own: what is not in [`looks`] is not in it. `now` is cluster time.
    pub(super) situation: Situation,
    /// The target, as the server sent it.
    pub(super) target: Value,
    /// For a roll back: the ReplicaSets of the target's namespace, as the server sent them; else empty.
    pub(super) sets: Vec<Value>,
    /// Optional lists that could not be read, with the reason (budgets, autoscalers).
    pub(super) unseen: Vec<(Kind, String)>,
}

/// A plan without cluster, rights' answers and dry run; its fields are those of the plan.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    pub(super) title: String,
    pub(super) class: Class,
    pub(super) objects: Vec<Ref>,
    pub(super) requests: Vec<Request>,
    pub(super) command: String,
    pub(super) guards: Vec<Guard>,
    pub(super) warnings: Vec<String>,
    /// `allowed` is `None` in all of them.
    pub(super) rights: Vec<Right>,
    pub(super) differences: Vec<Difference>,
    pub(super) blast_radius: Vec<String>,
    pub(super) undo: Undo,
    pub(super) proof: Proof,
    pub(super) basis: Vec<Fact>,
}

/// The lists that a plan for this action rests on.
pub(super) fn looks(action: &Action) -> Vec<Look> {
    // Pods stand on nodes in any namespace; everything else that matters to a workload is in its own.
    let namespace = Some(action.target().key.namespace.clone()).filter(|n| !n.is_empty());
    let look = |kind: Kind| Look { kind, namespace: namespace.clone().filter(|_| kind.resource().namespaced) };
    let of_pods = [Kind::Node, Kind::Pod, Kind::Deployment, Kind::ReplicaSet, Kind::DaemonSet, Kind::StatefulSet];
    let around = [Kind::Service, Kind::EndpointSlice, Kind::Ingress, Kind::PodDisruptionBudget];
    let sizes = [Kind::HorizontalPodAutoscaler, Kind::ResourceQuota];
    let kinds: Vec<Kind> = match action {
        Action::Cordon { .. } | Action::Uncordon { .. } => of_pods.to_vec(),
        Action::DeletePod { .. } => [&of_pods[..], &around[..]].concat(),
        Action::RolloutRestart { .. } | Action::RollBack { .. } => {
            let without = |k: &Kind| !matches!(k, Kind::DaemonSet | Kind::StatefulSet);
            of_pods.into_iter().filter(without).chain(around).collect()
        }
        Action::Scale { .. } => [&of_pods[..4], &around[..], &sizes[..]].concat(),
    };
    kinds.into_iter().map(look).collect()
}

/// The plan for an action on what was read. `made` stamps its requests.
///
/// # Errors
/// When there is nothing to do or nothing to do it to: the object is gone or another of the same name, there is no such
/// revision, it has that size already.
pub(super) fn draft(
    action: &Action,
    ground: &Ground,
    profile: &Profile,
    standing: &Standing,
    made: Timestamp,
) -> Result<Draft, Refused> {
    let case = Case { action, ground, profile, standing, made };
    let deed = deeds::of(&case)?;
    let own = deed.own.iter().map(|answer| (action.spec().id, answer.clone()));
    let answers: Vec<(&'static str, Answer)> = own.chain(guard::ask(&case, &deed)).collect();
    Ok(assemble(&case, deed, answers))
}

/// Puts together what the deed says, what the guards say, and what every plan has.
fn assemble(case: &Case<'_>, deed: Deed<'_>, answers: Vec<(&'static str, Answer)>) -> Draft {
    let (announcement, announcing) = request::announcement(case, &deed);
    let mut class = deed.class;
    let mut warnings = deed.warnings;
    let mut guards = Vec::new();
    for (id, answer) in answers {
        let (verdict, says) = match answer {
            Answer::Pass(says) => (Verdict::Passed, says),
            Answer::Refuse(says) => (Verdict::Refused, says),
            Answer::Unsure(says) => (Verdict::CannotTell, says),
            Answer::Raise(to, says) => {
                class = class.max(to);
                (Verdict::Raised, says)
            }
            Answer::Tell(says) => {
                warnings.push(format!("{id}: {says}"));
                continue;
            }
        };
        guards.push(Guard { id, verdict, says });
    }
    Draft {
        title: deed.title,
        class,
        objects: vec![deed.object],
        requests: vec![deed.change, announcement],
        command: deed.command,
        guards,
        warnings,
        rights: vec![deed.right, announcing],
        differences: deed.differences,
        blast_radius: deed.blast_radius,
        undo: deed.undo,
        proof: deed.proof,
        basis: deed.basis,
    }
}
