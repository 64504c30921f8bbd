//! The closed list of actions (catalogue 2.2), with their names and parameters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::situation::{Kind, Ref, Text};

/// Something to do, to exactly this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum Action {
    /// A01: no new pods on a node.
    Cordon {
        /// The node.
        node: Ref,
    },
    /// A01, the other way.
    Uncordon {
        /// The node.
        node: Ref,
    },
    /// A03: replace all pods of a Deployment, one after the other.
    RolloutRestart {
        /// The Deployment.
        deployment: Ref,
    },
    /// A04: delete one pod; its controller makes another.
    DeletePod {
        /// The pod.
        pod: Ref,
    },
    /// A05: go back to a former revision.
    RollBack {
        /// The Deployment.
        deployment: Ref,
        /// The revision; `None`: the one before the present.
        to: Option<u64>,
    },
    /// A06: more or fewer pods.
    Scale {
        /// The Deployment.
        deployment: Ref,
        /// How many.
        replicas: u32,
    },
}

/// What an action is called and what it wants to know.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The catalogue's id: `A05`.
    pub id: &'static str,
    /// The name in runbooks and on the command line: `roll-back`.
    pub name: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// Its parameters; the first is its target.
    pub params: &'static [ParamSpec],
    /// Makes the action out of arguments that fit [`Spec::params`].
    ///
    /// # Errors
    /// Which argument is missing or does not fit.
    pub build: fn(&Arguments) -> Result<Action, String>,
}

/// One parameter of an action.
#[derive(Debug, Clone, Copy)]
pub struct ParamSpec {
    /// Its name: `pod`, `to`.
    pub name: &'static str,
    /// What it takes.
    pub kind: ParamKind,
    /// Whether there is no default.
    pub required: bool,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// A reference to an object of one of these kinds.
    Reference(&'static [Kind]),
    /// A number that is not negative.
    Number,
}

/// An argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// For [`ParamKind::Reference`].
    Reference(Ref),
    /// For [`ParamKind::Number`].
    Number(u64),
}

/// Arguments by the names of their parameters.
pub type Arguments = BTreeMap<String, Argument>;

const DEPLOYMENT: ParamSpec =
    ParamSpec { name: "deployment", kind: ParamKind::Reference(&[Kind::Deployment]), required: true };
const NODE: ParamSpec = ParamSpec { name: "node", kind: ParamKind::Reference(&[Kind::Node]), required: true };
const POD: ParamSpec = ParamSpec { name: "pod", kind: ParamKind::Reference(&[Kind::Pod]), required: true };
const TO: ParamSpec = ParamSpec { name: "to", kind: ParamKind::Number, required: false };
const REPLICAS: ParamSpec = ParamSpec { name: "replicas", kind: ParamKind::Number, required: true };

/// Every action there is.
pub const ACTIONS: &[Spec] = &[
    Spec {
        id: "A01",
        name: "cordon",
        summary: "let no new pods onto a node",
        params: &[NODE],
        build: |args| Ok(Action::Cordon { node: reference(args, NODE)? }),
    },
    Spec {
        id: "A01",
        name: "uncordon",
        summary: "let pods onto a node again",
        params: &[NODE],
        build: |args| Ok(Action::Uncordon { node: reference(args, NODE)? }),
    },
    Spec {
        id: "A03",
        name: "rollout-restart",
        summary: "replace all pods of a Deployment, one after the other",
        params: &[DEPLOYMENT],
        build: |args| Ok(Action::RolloutRestart { deployment: reference(args, DEPLOYMENT)? }),
    },
    Spec {
        id: "A04",
        name: "delete-pod",
        summary: "delete one pod; its controller makes another",
        params: &[POD],
        build: |args| Ok(Action::DeletePod { pod: reference(args, POD)? }),
    },
    Spec {
        id: "A05",
        name: "roll-back",
        summary: "bring a Deployment back to a former revision",
        params: &[DEPLOYMENT, TO],
        build: |args| Ok(Action::RollBack { deployment: reference(args, DEPLOYMENT)?, to: number(args, TO)? }),
    },
    Spec {
        id: "A06",
        name: "scale",
        summary: "run more or fewer pods of a Deployment",
        params: &[DEPLOYMENT, REPLICAS],
        build: |args| {
            let replicas = number(args, REPLICAS)?.and_then(|n| u32::try_from(n).ok());
            let replicas = replicas.ok_or("replicas: a number of pods is needed")?;
            Ok(Action::Scale { deployment: reference(args, DEPLOYMENT)?, replicas })
        },
    },
];

/// The action of that name (`roll-back`) or id (`A05`, the first of it).
pub fn by_name(name: &str) -> Option<&'static Spec> {
    ACTIONS.iter().find(|s| s.name == name).or_else(|| ACTIONS.iter().find(|s| s.id.eq_ignore_ascii_case(name)))
}

impl Action {
    /// Its entry in [`ACTIONS`].
    pub fn spec(&self) -> &'static Spec {
        let name = match self {
            Self::Cordon { .. } => "cordon",
            Self::Uncordon { .. } => "uncordon",
            Self::RolloutRestart { .. } => "rollout-restart",
            Self::DeletePod { .. } => "delete-pod",
            Self::RollBack { .. } => "roll-back",
            Self::Scale { .. } => "scale",
        };
        by_name(name).unwrap_or(&ACTIONS[0])
    }

    /// The same, done to the object with this UID.
    #[must_use]
    pub fn with_uid(mut self, uid: Text) -> Self {
        let target = match &mut self {
            Self::Cordon { node } | Self::Uncordon { node } => node,
            Self::DeletePod { pod } => pod,
            Self::RolloutRestart { deployment }
            | Self::RollBack { deployment, .. }
            | Self::Scale { deployment, .. } => deployment,
        };
        target.uid = uid;
        self
    }

    /// What it is done to.
    pub fn target(&self) -> &Ref {
        match self {
            Self::Cordon { node } | Self::Uncordon { node } => node,
            Self::DeletePod { pod } => pod,
            Self::RolloutRestart { deployment }
            | Self::RollBack { deployment, .. }
            | Self::Scale { deployment, .. } => deployment,
        }
    }
}

fn reference(args: &Arguments, param: ParamSpec) -> Result<Ref, String> {
    let ParamKind::Reference(kinds) = param.kind else { return Err(format!("{}: not a reference", param.name)) };
    match args.get(param.name) {
        Some(Argument::Reference(r)) if kinds.contains(&r.kind) => Ok(r.clone()),
        Some(Argument::Reference(r)) => Err(format!("{}: {r} is not a {}", param.name, kinds[0])),
        Some(Argument::Number(n)) => Err(format!("{}: {n} is not an object", param.name)),
        None => Err(format!("{}: say which {}", param.name, kinds[0])),
    }
}

fn number(args: &Arguments, param: ParamSpec) -> Result<Option<u64>, String> {
    match args.get(param.name) {
        Some(Argument::Number(n)) => Ok(Some(*n)),
        Some(Argument::Reference(r)) => Err(format!("{}: {r} is not a number", param.name)),
        None if param.required => Err(format!("{}: a number is needed", param.name)),
        None => Ok(None),
    }
}
