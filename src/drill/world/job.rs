//! Jobs: pods that run until enough of them have succeeded, or too many have failed.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::garbage::leaving;
use super::indexes::{index_of, told_indexes};
use super::informer::Work;
use super::json::{Id, condition, int, is, list, put, set_condition, text, time, uid};
use super::pods::{add_variable, finished, new_pod};
use super::recorder::{Note, Reporter};
use super::{Due, World};
use crate::drill::store::{Deletion, Propagation, stamp};

const REPORTER: Reporter<'_> = Reporter::Controller("job-controller");
/// The wait after the first failure; it doubles with each further one.
const FIRST_WAIT: i64 = 10;
const LONGEST_WAIT: i64 = 600;
const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// The pods of a Job, as one look finds them.
pub(super) struct Tally {
    pub(super) active: Vec<Arc<Value>>,
    pub(super) succeeded: Vec<Arc<Value>>,
    failed: i64,
    /// Restarts of the containers that are still at it.
    restarts: i64,
    terminating: usize,
    last_failure: Option<Timestamp>,
}

impl World {
    pub(super) fn reconcile_job(&mut self, id: &Id) {
        let Some(job) = self.store.get(self.res.jobs, &id.namespace, &id.name) else { return };
        if leaving(&job) {
            return;
        }
        if let Some((_, at)) = ended(&job) {
            self.expire_job(id, &job, at);
            return;
        }
        self.claim(self.res.pods, &job);
        if job.pointer("/spec/suspend") == Some(&true.into()) {
            self.suspend_job(&job);
            return;
        }
        self.resume_job(&job);
        let tally = self.tally(&job);
        match self.verdict(&job, &tally) {
            Some(Err((reason, message))) => self.fail_job(&job, &tally, reason, message),
            Some(Ok(())) => self.complete_job(&job, &tally),
            None => {
                self.staff_job(&job, &tally);
                let tally = self.tally(&job);
                self.write_job_status(&job, &tally, |_| {});
            }
        }
    }

    fn tally(&self, job: &Value) -> Tally {
        let pods = self.pods_of(job);
        let phase = |name: &'static str| pods.iter().filter(move |p| text(p, "/status/phase") == name);
        let going = |p: &&Arc<Value>| !finished(p) && !leaving(p);
        let restarts = |p: &Arc<Value>| -> i64 {
            list(p, "/status/containerStatuses").iter().map(|c| int(c, "/restartCount")).sum()
        };
        Tally {
            active: pods.iter().filter(going).cloned().collect(),
            succeeded: phase("Succeeded").cloned().collect(),
            // Somebody may have deleted those that failed before.
            failed: (phase("Failed").count() as i64).max(int(job, "/status/failed")),
            restarts: pods.iter().filter(going).map(restarts).sum(),
            terminating: pods.iter().filter(|p| leaving(p) && !finished(p)).count(),
            last_failure: phase("Failed").filter_map(|p| ended_at(p)).max(),
        }
    }

    /// Whether a Job has done what it should, or why it will not.
    fn verdict(&mut self, job: &Value, tally: &Tally) -> Option<Result<(), (&'static str, &'static str)>> {
        if let Some(target) = condition(job, "FailureTarget") {
            let reason = if target["reason"] == "DeadlineExceeded" { DEADLINE } else { LIMIT };
            return Some(Err(reason));
        }
        let limit = job.pointer("/spec/backoffLimit").and_then(Value::as_i64).unwrap_or(6);
        let in_place = text(job, "/spec/template/spec/restartPolicy") == "OnFailure";
        if tally.failed > limit || (in_place && tally.restarts > 0 && tally.restarts >= limit) {
            return Some(Err(LIMIT));
        }
        if let (Some(most), Some(started)) =
            (job.pointer("/spec/activeDeadlineSeconds").and_then(Value::as_i64), time(job, "/status/startTime"))
        {
            let left = SignedDuration::from_secs(most) - self.now.duration_since(started);
            if !left.is_positive() {
                return Some(Err(DEADLINE));
            }
            self.plan(left, Due::Work(Work::Job(Id::of(job))));
        }
        let done = tally.done(job) as i64;
        let enough = match job.pointer("/spec/completions").and_then(Value::as_i64) {
            Some(wanted) => done >= wanted,
            None => done > 0 && tally.active.is_empty(),
        };
        enough.then_some(Ok(()))
    }

    /// As many pods as are wanted at a time; after a failure the next one waits.
    fn staff_job(&mut self, job: &Value, tally: &Tally) {
        let parallelism = job.pointer("/spec/parallelism").and_then(Value::as_i64).unwrap_or(1);
        let active = tally.active.len() as i64;
        let wanted = match job.pointer("/spec/completions").and_then(Value::as_i64) {
            Some(completions) => parallelism.min(completions - tally.done(job) as i64),
            None if tally.succeeded.is_empty() => parallelism,
            None => active,
        };
        for pod in tally.active.iter().rev().take(usize::try_from(active - wanted).unwrap_or_default()) {
            self.dismiss_pod(job, pod, REPORTER);
        }
        if active >= wanted {
            return;
        }
        let wait = self.wait_after_failure(tally);
        if wait.is_positive() {
            self.plan(wait, Due::Work(Work::Job(Id::of(job))));
            return;
        }
        let mut indexes = tally.open_indexes(job);
        for _ in active..wanted {
            if self.create_task(job, indexes.next()).is_err() {
                self.plan(SignedDuration::from_secs(FIRST_WAIT), Due::Work(Work::Job(Id::of(job))));
                return;
            }
        }
    }

    fn wait_after_failure(&self, tally: &Tally) -> SignedDuration {
        let Some(last) = tally.last_failure else { return SignedDuration::ZERO };
        let doublings = u32::try_from(tally.failed - 1).unwrap_or_default().min(10);
        let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
        SignedDuration::from_secs(wait) - self.now.duration_since(last)
    }

    fn create_task(&mut self, job: &Value, index: Option<i64>) -> Result<(), String> {
        let mut pod = new_pod(job, &job["spec"]["template"]);
        if let Some(index) = index {
            let name = format!("{}-{index}", text(job, "/metadata/name"));
            pod["metadata"]["generateName"] = format!("{name}-").into();
            put(&mut pod, &["metadata", "annotations", INDEX], index.to_string().into());
            put(&mut pod, &["metadata", "labels", INDEX], index.to_string().into());
            put(&mut pod, &["spec", "hostname"], name.into());
            let path = format!("metadata.labels['{INDEX}']");
            add_variable(
                &mut pod,
                &json!({ "name": "JOB_COMPLETION_INDEX",
                "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": path } } }),
            );
        }
        let pod = self.store_pod(job, pod, REPORTER)?;
        let message = format!("Created pod: {}", text(&pod, "/metadata/name"));
        self.record(job, REPORTER, Note::normal("SuccessfulCreate", &message));
        Ok(())
    }

    /// A Job that is to rest has no pods.
    fn suspend_job(&mut self, job: &Value) {
        for pod in self.tally(job).active {
            self.dismiss_pod(job, &pod, REPORTER);
        }
        let tally = self.tally(job);
        let told = is(job, "Suspended");
        self.write_job_status(job, &tally, |status| {
            put(status, &["startTime"], Value::Null);
            set(status, "Suspended", "True", "JobSuspended", "Job suspended");
        });
        if !told {
            self.record(job, REPORTER, Note::normal("Suspended", "Job suspended"));
        }
    }

    fn resume_job(&mut self, job: &Value) {
        if !is(job, "Suspended") {
            return;
        }
        let tally = self.tally(job);
        self.write_job_status(job, &tally, |status| set(status, "Suspended", "False", "JobResumed", "Job resumed"));
        self.record(job, REPORTER, Note::normal("Resumed", "Job resumed"));
    }

    fn complete_job(&mut self, job: &Arc<Value>, tally: &Tally) {
        for pod in &tally.active {
            self.dismiss_pod(job, pod, REPORTER);
        }
        let now = stamp(self.now);
        let tally = self.tally(job);
        self.write_job_status(job, &tally, |status| {
            let message = "Reached expected number of succeeded pods";
            for kind in ["SuccessCriteriaMet", "Complete"] {
                set(status, kind, "True", "CompletionsReached", message);
            }
            status["completionTime"] = now.into();
        });
        self.record(job, REPORTER, Note::normal("Completed", "Job completed"));
    }

    /// A Job that has failed is over when the last of its pods is.
    fn fail_job(&mut self, job: &Value, tally: &Tally, reason: &str, message: &str) {
        for pod in &tally.active {
            self.dismiss_pod(job, pod, REPORTER);
        }
        let tally = self.tally(job);
        let over = tally.terminating == 0;
        self.write_job_status(job, &tally, |status| {
            set(status, "FailureTarget", "True", reason, message);
            if over {
                set(status, "Failed", "True", reason, message);
            }
        });
        if over {
            self.record(job, REPORTER, Note::warning(reason, message));
        }
    }

    fn write_job_status(&mut self, job: &Value, tally: &Tally, finish: impl FnOnce(&mut Value)) {
        let (id, now) = (Id::of(job), self.now);
        let indexed = text(job, "/spec/completionMode") == "Indexed";
        self.store.modify(self.res.jobs, &id.namespace, &id.name, |job| {
            let mut status = json!({ "terminating": tally.terminating, "uncountedTerminatedPods": {},
                "ready": tally.active.iter().filter(|p| is(p, "Ready")).count() });
            for field in ["startTime", "conditions", "completionTime"] {
                put(&mut status, &[field], job["status"][field].clone());
            }
            if status.get("startTime").is_none() {
                status["startTime"] = stamp(now).into();
            }
            let done = tally.done(job);
            let failed = usize::try_from(tally.failed).unwrap_or_default();
            let counts = [("active", tally.active.len()), ("succeeded", done), ("failed", failed)];
            for (field, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                status[field] = count.into();
            }
            if indexed && done > 0 {
                status["completedIndexes"] = told_indexes(&tally.succeeded).into();
            }
            finish(&mut status);
            stamp_conditions(&mut status, now);
            job["status"] = status;
        });
    }

    /// A Job that has ended goes when its time to live is over.
    fn expire_job(&mut self, id: &Id, job: &Value, at: Timestamp) {
        let Some(life) = job.pointer("/spec/ttlSecondsAfterFinished").and_then(Value::as_i64) else { return };
        let left = SignedDuration::from_secs(life) - self.now.duration_since(at);
        if left.is_positive() {
            self.plan(left, Due::Work(Work::Job(id.clone())));
        } else {
            let wish = Deletion { propagation: Some(Propagation::Background), ..Deletion::default() };
            self.store.delete(self.res.jobs, &id.namespace, &id.name, wish, self.now);
        }
    }
}

const LIMIT: (&str, &str) = ("BackoffLimitExceeded", "Job has reached the specified backoff limit");
const DEADLINE: (&str, &str) = ("DeadlineExceeded", "Job was active longer than specified deadline");

impl Tally {
    /// How many completions there are: of an indexed Job each index counts once.
    fn done(&self, job: &Value) -> usize {
        if text(job, "/spec/completionMode") == "Indexed" {
            let indexes: std::collections::BTreeSet<_> = self.succeeded.iter().filter_map(|p| index_of(p)).collect();
            return indexes.len();
        }
        self.succeeded.len().max(usize::try_from(int(job, "/status/succeeded")).unwrap_or_default())
    }

    /// The indexes that still need a pod, lowest first; none of a Job that has none.
    fn open_indexes(&self, job: &Value) -> impl Iterator<Item = i64> + use<> {
        let indexed = text(job, "/spec/completionMode") == "Indexed";
        let last = if indexed { int(job, "/spec/completions") } else { 0 };
        let taken: Vec<_> = self.active.iter().chain(&self.succeeded).filter_map(|p| index_of(p)).collect();
        (0..last).filter(move |index| !taken.contains(index))
    }
}

/// How a Job has ended, and when.
pub(super) fn ended(job: &Value) -> Option<(&'static str, Timestamp)> {
    let end = ["Complete", "Failed"].into_iter().find(|kind| is(job, kind))?;
    Some((end, time(condition(job, end)?, "/lastTransitionTime")?))
}

/// Gives a Job the labels by which it finds its pods.
pub(super) fn label_job(job: &mut Value) {
    let (name, own) = (text(job, "/metadata/name").to_owned(), uid(job).to_owned());
    for prefix in ["", "batch.kubernetes.io/"] {
        for (label, value) in [("job-name", &name), ("controller-uid", &own)] {
            let label = format!("{prefix}{label}");
            put(job, &["spec", "template", "metadata", "labels", &label], value.as_str().into());
        }
    }
    if !job["spec"]["selector"].is_object() {
        job["spec"]["selector"] = json!({ "matchLabels": { "batch.kubernetes.io/controller-uid": own } });
    }
}

/// When a pod ended.
fn ended_at(pod: &Value) -> Option<Timestamp> {
    let ends = list(pod, "/status/containerStatuses").iter().filter_map(|c| time(c, "/state/terminated/finishedAt"));
    ends.max().or_else(|| condition(pod, "Ready").and_then(|c| time(c, "/lastTransitionTime")))
}

/// Puts a condition into a status, to be stamped.
fn set(status: &mut Value, kind: &str, holds: &str, reason: &str, message: &str) {
    let mut conditions = list(status, "/conditions").to_vec();
    let same = conditions.iter().any(|c| c["type"] == kind && c["status"] == holds && c["reason"] == reason);
    if !same {
        conditions.retain(|c| c["type"] != kind);
        conditions.push(json!({ "type": kind, "status": holds, "reason": reason, "message": message }));
    }
    status["conditions"] = conditions.into();
}

/// Gives new conditions their times.
fn stamp_conditions(status: &mut Value, now: Timestamp) {
    let mut conditions = list(status, "/conditions").to_vec();
    for condition in conditions.clone().into_iter().filter(|c| c.get("lastTransitionTime").is_none()) {
        conditions.retain(|c| c["type"] != condition["type"]);
        let mut new = condition;
        new["lastProbeTime"] = stamp(now).into();
        set_condition(&mut conditions, new, now);
    }
    if !conditions.is_empty() {
        status["conditions"] = conditions.into();
    }
}
