//! From an action to its plan: reads what it rests on from the server, drafts, asks for rights and for a dry run. Changes
//! nothing, and works while read-only.

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use super::draft::{Draft, Ground, Look, draft, looks};
use super::wire::Wire;
use super::{Action, DryRun, Event, Executor, Plan, Refused, Request, Right, Standing, Write};
use crate::situation::{Kind, Text, Trouble};
use crate::watch::{Pinned, Unread};

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        Self { what: trouble.what.to_string(), remedy: trouble.remedy.to_string() }
    }
}

impl Executor {
    /// Reads what the action rests on from the server, asks for rights and a dry run, and makes the plan. Changes nothing;
    /// works while read-only.
    ///
    /// # Errors
    /// When there is no plan to make: no connection, no such object, nothing to roll back to.
    pub async fn plan(&self, action: Action, standing: Standing) -> Result<Plan, Refused> {
        self.plan_made(action, standing, None).await
    }

    /// The same as if it were made at that cluster time; to make a plan again whose digest is known.
    ///
    /// # Errors
    /// See [`Executor::plan`].
    pub async fn plan_at(&self, action: Action, standing: Standing, made: Timestamp) -> Result<Plan, Refused> {
        self.plan_made(action, standing, Some(made)).await
    }

    async fn plan_made(&self, action: Action, standing: Standing, made: Option<Timestamp>) -> Result<Plan, Refused> {
        let this = self.clone();
        let made = self.reader.runtime().spawn(async move {
            let pinned = this.reader.pin().await?;
            let made = made.unwrap_or_else(|| whole_second(pinned.now()));
            this.plan_on(&pinned, action, &standing, made).await
        });
        made.await.unwrap_or_else(|_| {
            let remedy = "start crashcart again with --log FILE and report it".to_owned();
            Err(Refused { what: "a fault in crashcart: the planner stopped".into(), remedy })
        })
    }

    /// The plan on a pinned endpoint.
    pub(super) async fn plan_on(
        &self,
        pinned: &Pinned,
        action: Action,
        standing: &Standing,
        made: Timestamp,
    ) -> Result<Plan, Refused> {
        let (action, draft) = self.sketch(pinned, action, standing, made).await?;
        let wire = Wire::new(pinned);
        let (rights, dry_run) = tokio::join!(ask_rights(&wire, &draft.rights), rehearse(&wire, &draft.requests));
        let plan = whole(pinned, action, draft, rights, dry_run, made);
        self.recorder.record(Event::Planned { execution: plan.digest(), plan: Box::new(plan.clone()) });
        Ok(plan)
    }

    /// What can be said without asking for rights and a dry run; the action's target gets the UID that it has.
    pub(super) async fn sketch(
        &self,
        pinned: &Pinned,
        action: Action,
        standing: &Standing,
        made: Timestamp,
    ) -> Result<(Action, Draft), Refused> {
        let (action, ground) = ground(pinned, action).await?;
        let draft = draft(&action, &ground, &self.profile, standing, made)?;
        Ok((action, draft))
    }
}

/// Plans are told apart by their second, which their digest holds.
pub(super) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Reads what a plan rests on.
async fn ground(pinned: &Pinned, action: Action) -> Result<(Action, Ground), Refused> {
    let lists: Vec<(Kind, Option<Text>)> =
        looks(&action).into_iter().map(|Look { kind, namespace }| (kind, namespace)).collect();
    let sets = async {
        let Action::RollBack { deployment, .. } = &action else { return Ok(Vec::new()) };
        pinned.raw_list(Kind::ReplicaSet, Some(&deployment.key.namespace)).await
    };
    let (target, (situation, unread), sets) = tokio::join!(pinned.object(action.target()), pinned.read(&lists), sets);
    let target = target.map_err(|why| if why.missing() { gone(&action) } else { refused(why) })?;
    let sets = sets.map_err(refused)?;
    let mut unseen = Vec::new();
    for (kind, why) in unread {
        if !optional(kind) || !(why.forbidden() || why.missing()) {
            return Err(refused(why));
        }
        unseen.push((kind, why.trouble.what.to_string()));
    }
    let uid = target.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    let action = if action.target().uid.is_empty() { action.with_uid(Text::new(uid)) } else { action };
    Ok((action, Ground { situation, target, sets, unseen }))
}

/// Whether a plan can be made without having seen any of a kind.
const fn optional(kind: Kind) -> bool {
    !kind.resource().needed
}

fn gone(action: &Action) -> Refused {
    let target = action.target();
    Refused {
        what: format!("there is no {} {} in the cluster", target.kind, target.key),
        remedy: "check its namespace and name; it may have been deleted".into(),
    }
}

fn refused(why: Unread) -> Refused {
    let mut refused = Refused::from(why.trouble.clone());
    if refused.remedy.is_empty() {
        let remedy = match why.code {
            Some(403) => "ask for this right; `crashcart check --rbac` lists what this account may do",
            Some(404) => "the server does not serve this kind; check its version",
            _ => "try again",
        };
        remedy.clone_into(&mut refused.remedy);
    }
    refused
}

async fn ask_rights(wire: &Wire<'_>, rights: &[Right]) -> Vec<Right> {
    let asked = rights.iter().map(|right| async { Right { allowed: wire.allowed(right).await, ..right.clone() } });
    join_all(asked).await
}

/// The server's word on all changes of a plan: the first that it would refuse, else the first it said nothing of.
async fn rehearse(wire: &Wire<'_>, requests: &[Request]) -> DryRun {
    let mut all = DryRun::Accepted;
    for request in requests.iter().filter(|request| request.write == Write::Change) {
        match wire.dry_run(request).await {
            DryRun::Refused(why) => return DryRun::Refused(why),
            DryRun::Unknown(why) if all == DryRun::Accepted => all = DryRun::Unknown(why),
            DryRun::Unknown(_) | DryRun::Accepted => {}
        }
    }
    all
}

fn whole(pinned: &Pinned, action: Action, draft: Draft, rights: Vec<Right>, dry_run: DryRun, made: Timestamp) -> Plan {
    Plan {
        action,
        title: draft.title,
        class: draft.class,
        cluster: pinned.cluster().clone(),
        endpoint: pinned.endpoint().clone(),
        objects: draft.objects,
        requests: draft.requests,
        command: draft.command,
        guards: draft.guards,
        warnings: draft.warnings,
        rights,
        dry_run,
        differences: draft.differences,
        blast_radius: draft.blast_radius,
        undo: draft.undo,
        proof: draft.proof,
        basis: draft.basis,
        made,
    }
}
