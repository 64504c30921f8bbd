//! Which actions fit an object.

use crate::action::{ACTIONS, Action, Argument, Arguments, ParamKind, ParamSpec, Spec};
use crate::console::screen::Context;
use crate::situation::{Key, Kind, Ref, Situation};

/// An action that a plan can be made for.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The action.
    pub spec: &'static Spec,
    /// What it would be done to.
    pub target: Ref,
}

/// What an action still wants to know.
#[derive(Debug, Clone, Copy)]
pub enum Wants {
    /// Nothing.
    Nothing,
    /// A number.
    Number(ParamSpec),
    /// A revision of its Deployment.
    Revision(ParamSpec),
}

/// The objects that can be acted on from these: each that still is the one it was, and the Deployment behind it.
pub fn targets(objects: &[Ref], cx: &Context<'_>) -> Vec<Ref> {
    let mut all = Vec::new();
    for object in objects {
        let Some(present) = present(object, cx.situation) else { continue };
        let behind = deployment_of(&present, cx.situation);
        for target in std::iter::once(present).chain(behind) {
            if fits(&target).next().is_some() && !all.contains(&target) {
                all.push(target);
            }
        }
    }
    all
}

/// The actions whose first parameter takes this object, in the catalogue's order.
pub fn fits(target: &Ref) -> impl Iterator<Item = Offer> {
    let takes = |spec: &&Spec| match spec.params.first().map(|p| p.kind) {
        Some(ParamKind::Reference(kinds)) => kinds.contains(&target.kind),
        Some(ParamKind::Number) | None => false,
    };
    ACTIONS.iter().filter(takes).map(|spec| Offer { spec, target: target.clone() })
}

/// The object with its UID, as long as no other one has taken its name.
fn present(object: &Ref, s: &Situation) -> Option<Ref> {
    let key = &object.key;
    let meta = match object.kind {
        Kind::Node => &s.nodes.get(key)?.meta,
        Kind::Pod => &s.pods.get(key)?.meta,
        Kind::ReplicaSet => &s.replica_sets.get(key)?.meta,
        Kind::Deployment => &s.deployments.get(key)?.meta,
        _ => return None,
    };
    let same = object.uid.is_empty() || meta.uid == object.uid;
    same.then(|| meta.reference(object.kind))
}

/// The Deployment that made a pod or a revision, if one did and it still is there.
fn deployment_of(object: &Ref, s: &Situation) -> Option<Ref> {
    let up = match object.kind {
        Kind::Pod => s.workload_of(s.pods.get(&object.key)?)?,
        Kind::ReplicaSet => {
            let owner = s.replica_sets.get(&object.key)?.meta.owner.as_ref()?;
            let key = Key::new(object.key.namespace.clone(), owner.name.clone());
            Ref { kind: Kind::named(&owner.kind)?, key, uid: owner.uid.clone() }
        }
        _ => return None,
    };
    if up.kind == Kind::Deployment { present(&up, s) } else { None }
}

impl Offer {
    /// What has to be asked before there is a plan.
    pub fn wants(&self) -> Wants {
        match self.spec.params.get(1) {
            None => Wants::Nothing,
            Some(param) if self.target.kind == Kind::Deployment && param.name == "to" => Wants::Revision(*param),
            Some(param) => Wants::Number(*param),
        }
    }

    /// The action, with the answer to what it wanted to know.
    ///
    /// # Errors
    /// Which argument does not fit.
    pub fn action(&self, answer: Option<(ParamSpec, u64)>) -> Result<Action, String> {
        let mut arguments = Arguments::new();
        if let Some(first) = self.spec.params.first() {
            arguments.insert(first.name.to_owned(), Argument::Reference(self.target.clone()));
        }
        if let Some((param, number)) = answer {
            arguments.insert(param.name.to_owned(), Argument::Number(number));
        }
        (self.spec.build)(&arguments)
    }

    /// How it will have to be confirmed, as far as that is known before there is a plan (catalogue 2.2).
    pub fn class(&self) -> &'static str {
        match self.spec.name {
            "cordon" | "uncordon" => "R1",
            "rollout-restart" | "delete-pod" => "R1 or R2",
            "scale" => "up R1, down R2",
            "roll-back" => "R2",
            _ => "",
        }
    }

    /// Why it would change nothing, as it looks from here.
    pub fn idle(&self, cx: &Context<'_>) -> Option<&'static str> {
        let node = cx.situation.nodes.get(&self.target.key);
        match self.spec.name {
            "cordon" if node.is_some_and(|n| n.unschedulable) => Some("it is cordoned already"),
            "uncordon" if node.is_some_and(|n| !n.unschedulable) => Some("it is not cordoned"),
            "roll-back" if cx.situation.knows(Kind::ReplicaSet) => {
                let former = cx.situation.revisions(&self.target.key).len() > 1;
                (!former).then_some("there is no other revision")
            }
            _ => None,
        }
    }
}
