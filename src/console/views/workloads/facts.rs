//! What the kinds of workload have in common, so that one list and one page show them all.

use jiff::Timestamp;

use crate::console::screen::Context;
use crate::detect::Mark;
use crate::situation::object::{
    Condition, CronJob, DaemonSet, Deployment, Job, Meta, ReplicaSet, StatefulSet, Status, TemplateContainer,
};
use crate::situation::{Key, Kind, Ref, Text, time};

/// The kinds of workload, in the order in which they are listed.
pub const KINDS: [Kind; 5] = [Kind::Deployment, Kind::DaemonSet, Kind::StatefulSet, Kind::CronJob, Kind::Job];

/// One workload of any kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// What it is.
    pub object: Ref,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Its labels.
    pub labels: crate::situation::object::Labels,
    /// Ready and wanted pods; `None` for what runs to an end.
    pub ready: Option<(i32, i32)>,
    /// Pods of the newest template; `None` where the kind does not tell.
    pub updated: Option<i32>,
    /// The revision of its template.
    pub revision: Option<u64>,
    /// Its containers with their images.
    pub containers: Vec<TemplateContainer>,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// The verdict by its own counts.
    pub mark: Mark,
    /// How it is, in a few words.
    pub words: String,
    /// What else its kind tells, by name.
    pub more: Vec<(&'static str, String)>,
}

fn base(kind: Kind, meta: &Meta, containers: &[TemplateContainer]) -> Facts {
    Facts {
        object: meta.reference(kind),
        created: meta.created,
        labels: meta.labels.clone(),
        ready: None,
        updated: None,
        revision: None,
        containers: containers.to_vec(),
        conditions: Vec::new(),
        mark: Mark::Good,
        words: String::new(),
        more: Vec::new(),
    }
}

/// The verdict on pods that should run all the time, and how they are in words.
fn running(ready: i32, desired: i32, updated: i32, seen: bool) -> (Mark, String) {
    match (ready, desired) {
        (_, 0) => (Mark::Unknown, "scaled to none".to_owned()),
        (0, _) => (Mark::Bad, "none ready".to_owned()),
        (ready, desired) if ready < desired => (Mark::Bad, format!("{} of {desired} not ready", desired - ready)),
        (_, desired) if updated < desired => (Mark::Unknown, format!("rolling out, {updated} of {desired} new")),
        _ if !seen => (Mark::Unknown, "change not taken up yet".to_owned()),
        _ => (Mark::Good, "all ready".to_owned()),
    }
}

fn deployment(d: &Deployment) -> Facts {
    let (mut mark, mut words) = running(d.ready, d.replicas, d.updated, d.observed_generation >= d.meta.generation);
    let stuck = d.condition("Progressing").is_some_and(|c| c.status == Status::False);
    if stuck && mark != Mark::Bad {
        (mark, words) = (Mark::Warning, "rollout stuck".to_owned());
    } else if d.paused {
        words.push_str(", paused");
    }
    let mut more = vec![("strategy", d.strategy.to_string()), ("available", d.available.to_string())];
    if !d.change_cause.is_empty() {
        more.push(("change cause", d.change_cause.to_string()));
    }
    if d.paused {
        more.push(("paused", "a change of the template starts no rollout".to_owned()));
    }
    Facts {
        ready: Some((d.ready, d.replicas)),
        updated: Some(d.updated),
        revision: d.revision,
        conditions: d.conditions.clone(),
        mark,
        words,
        more,
        ..base(Kind::Deployment, &d.meta, &d.containers)
    }
}

fn daemon_set(d: &DaemonSet) -> Facts {
    let (mark, words) = running(d.ready, d.desired, d.updated, d.observed_generation >= d.meta.generation);
    let mut more = vec![("available", d.available.to_string())];
    if d.misscheduled > 0 {
        more.push(("misscheduled", format!("{} on nodes that should have none", d.misscheduled)));
    }
    Facts {
        ready: Some((d.ready, d.desired)),
        updated: Some(d.updated),
        mark,
        words,
        more,
        ..base(Kind::DaemonSet, &d.meta, &d.containers)
    }
}

fn stateful_set(s: &StatefulSet) -> Facts {
    let (mark, words) = running(s.ready, s.replicas, s.updated, s.observed_generation >= s.meta.generation);
    let mut more = vec![("available", s.available.to_string()), ("revision now", s.current_revision.to_string())];
    if s.current_revision != s.update_revision {
        more.push(("revision wanted", s.update_revision.to_string()));
    }
    Facts {
        ready: Some((s.ready, s.replicas)),
        updated: Some(s.updated),
        mark,
        words,
        more,
        ..base(Kind::StatefulSet, &s.meta, &s.containers)
    }
}

fn job(j: &Job) -> Facts {
    let holds = |kind: &str| j.conditions.iter().find(|c| c.kind == kind && c.status == Status::True);
    let (mark, words) = if let Some(failed) = holds("Failed") {
        let why = if failed.reason.is_empty() { String::new() } else { format!(": {}", failed.reason) };
        (Mark::Bad, format!("failed{why}"))
    } else if holds("Complete").is_some() || j.completed.is_some() {
        (Mark::Good, "complete".to_owned())
    } else if j.suspended {
        (Mark::Unknown, "suspended".to_owned())
    } else if j.failed > 0 {
        (Mark::Warning, format!("running, {} failed", j.failed))
    } else {
        (Mark::Good, if j.active > 0 { "running".to_owned() } else { "waiting".to_owned() })
    };
    let more = vec![
        ("active", j.active.to_string()),
        ("succeeded", j.succeeded.to_string()),
        ("failed", j.failed.to_string()),
        ("started", moment(j.started)),
        ("completed", moment(j.completed)),
    ];
    Facts { conditions: j.conditions.clone(), mark, words, more, ..base(Kind::Job, &j.meta, &[]) }
}

fn cron_job(c: &CronJob, cx: &Context<'_>) -> Facts {
    let (mark, words) = match (c.last_scheduled, c.last_successful) {
        _ if c.suspended => (Mark::Unknown, "suspended".to_owned()),
        (None, _) => (Mark::Unknown, "never ran".to_owned()),
        _ if c.active > 0 => (Mark::Good, "running".to_owned()),
        (Some(ran), Some(succeeded)) if succeeded >= ran => {
            (Mark::Good, format!("succeeded {} ago", time::age(time::since(succeeded, cx.now))))
        }
        (Some(ran), _) => (Mark::Warning, format!("last run failed, {} ago", time::age(time::since(ran, cx.now)))),
    };
    let more = vec![
        ("schedule", c.schedule.to_string()),
        ("active", c.active.to_string()),
        ("last run", moment(c.last_scheduled)),
        ("last success", moment(c.last_successful)),
    ];
    Facts { mark, words, more, ..base(Kind::CronJob, &c.meta, &[]) }
}

fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| at.strftime("%F %H:%M:%S").to_string())
}

/// One workload, if it is there.
pub fn facts(kind: Kind, key: &Key, cx: &Context<'_>) -> Option<Facts> {
    let s = cx.situation;
    match kind {
        Kind::Deployment => s.deployments.get(key).map(deployment),
        Kind::DaemonSet => s.daemon_sets.get(key).map(daemon_set),
        Kind::StatefulSet => s.stateful_sets.get(key).map(stateful_set),
        Kind::Job => s.jobs.get(key).map(job),
        Kind::CronJob => s.cron_jobs.get(key).map(|c| cron_job(c, cx)),
        _ => None,
    }
}

/// All workloads; the Jobs of a CronJob are told by it.
pub fn all(cx: &Context<'_>) -> Vec<Facts> {
    let s = cx.situation;
    let own = |j: &&Job| j.meta.owner.as_ref().is_none_or(|o| o.kind != "CronJob");
    let deployments = s.deployments.values().map(deployment);
    let sets = s.daemon_sets.values().map(daemon_set).chain(s.stateful_sets.values().map(stateful_set));
    let crons = s.cron_jobs.values().map(|c| cron_job(c, cx));
    deployments.chain(sets).chain(crons).chain(s.jobs.values().filter(own).map(job)).collect()
}

/// The UIDs of what owns the pods of a workload: itself, or what stands between.
pub fn owners(object: &Ref, cx: &Context<'_>) -> Vec<Text> {
    let of = |meta: &Meta| meta.owner.as_ref().is_some_and(|o| o.uid == object.uid).then(|| meta.uid.clone());
    let mut owners = vec![object.uid.clone()];
    match object.kind {
        Kind::Deployment => owners.extend(cx.situation.replica_sets.values().filter_map(|r: &ReplicaSet| of(&r.meta))),
        Kind::CronJob => owners.extend(cx.situation.jobs.values().filter_map(|j| of(&j.meta))),
        _ => {}
    }
    owners
}
