//! CronJobs and their Jobs.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::garbage::leaving;
use super::informer::Work;
use super::json::{Id, int, is, owned_by, put, text, time, uid};
use super::recorder::{Note, Reporter};
use super::{Due, World};
use crate::drill::store::stamp;

const JOBS: Reporter<'_> = Reporter::Controller("job-controller");
const CRON: Reporter<'_> = Reporter::Controller("cronjob-controller");

impl World {
    /// A new minute: starts what is due.
    pub(super) fn start_cron_jobs(&mut self) {
        for cron in self.store.list(self.res.cron_jobs, None) {
            if cron.pointer("/spec/suspend") != Some(&true.into()) && due(text(&cron, "/spec/schedule"), self.now) {
                self.start_job(&cron);
            }
        }
    }

    fn start_job(&mut self, cron: &Value) {
        let id = Id::of(cron);
        let name = format!("{}-{}", id.name, self.now.as_second() / 60);
        let mut spec = cron["spec"]["jobTemplate"]["spec"].clone();
        let labels = json!({ "batch.kubernetes.io/job-name": name, "job-name": name });
        for (key, value) in labels.as_object().into_iter().flatten() {
            put(&mut spec, &["template", "metadata", "labels", key], value.clone());
        }
        for (field, value) in [("parallelism", 1), ("completions", 1)] {
            spec[field] = value.into();
        }
        spec["completionMode"] = "NonIndexed".into();
        spec["suspend"] = false.into();
        let job = json!({
            "metadata": {
                "name": name, "namespace": id.namespace, "ownerReferences": owned_by(cron),
                "labels": spec["template"]["metadata"]["labels"],
                "annotations": { "batch.kubernetes.io/cronjob-scheduled-timestamp": stamp(self.now) },
            },
            "spec": spec,
            "status": {},
        });
        let Ok(job) = self.store.create(self.res.jobs, job, self.now) else { return };
        self.record(cron, CRON, Note::normal("SuccessfulCreate", &format!("Created job {name}")));
        let reference = json!({ "apiVersion": "batch/v1", "kind": "Job", "name": name, "namespace": id.namespace,
            "uid": uid(&job) });
        let now = stamp(self.now);
        self.store.modify(self.res.cron_jobs, &id.namespace, &id.name, |cron| {
            put(cron, &["status", "lastScheduleTime"], now.into());
            put(cron, &["status", "active"], json!([reference]));
        });
    }

    pub(super) fn reconcile_job(&mut self, id: &Id) {
        let Some(job) = self.store.get(self.res.jobs, &id.namespace, &id.name) else { return };
        if leaving(&job) {
            return;
        }
        if is(&job, "Complete") {
            self.expire_job(id, &job);
            return;
        }
        let pods = self.pods_of(&job);
        let done = pods.iter().filter(|p| text(p, "/status/phase") == "Succeeded").count();
        if pods.is_empty() {
            self.create_pod(&job, JOBS);
        }
        let now = stamp(self.now);
        self.store.modify(self.res.jobs, &id.namespace, &id.name, |job| {
            let started = match text(job, "/status/startTime") {
                "" => now.clone(),
                started => started.to_owned(),
            };
            let ready = pods.iter().filter(|p| is(p, "Ready")).count();
            job["status"] = json!({ "startTime": started, "ready": ready, "terminating": 0,
                "uncountedTerminatedPods": {} });
            if done == 0 {
                job["status"]["active"] = 1.into();
                return;
            }
            job["status"]["succeeded"] = done.into();
            job["status"]["completionTime"] = now.as_str().into();
            let condition = |kind: &str| {
                json!({ "type": kind, "status": "True", "reason": "CompletionsReached",
                    "message": "Reached expected number of succeeded pods", "lastProbeTime": now, "lastTransitionTime": now })
            };
            job["status"]["conditions"] = json!([condition("SuccessCriteriaMet"), condition("Complete")]);
        });
        if done > 0 {
            self.complete_job(&job);
        }
    }

    fn complete_job(&mut self, job: &Arc<Value>) {
        self.record(job, JOBS, Note::normal("Completed", "Job completed"));
        let namespace = text(job, "/metadata/namespace");
        let owner = text(job, "/metadata/ownerReferences/0/name");
        let Some(cron) = self.store.get(self.res.cron_jobs, namespace, owner) else { return };
        let message = format!("Saw completed job: {}, condition: Complete", text(job, "/metadata/name"));
        self.record(&cron, CRON, Note::normal("SawCompletedJob", &message));
        let now = stamp(self.now);
        self.store.modify(self.res.cron_jobs, namespace, owner, |cron| {
            put(cron, &["status", "lastSuccessfulTime"], now.into());
            put(cron, &["status", "active"], Value::Null);
        });
    }

    /// A finished Job goes when its time to live is over.
    fn expire_job(&mut self, id: &Id, job: &Value) {
        if job.pointer("/spec/ttlSecondsAfterFinished").is_none() {
            return;
        }
        let Some(done) = time(job, "/status/completionTime") else { return };
        let left = SignedDuration::from_secs(int(job, "/spec/ttlSecondsAfterFinished")) - self.now.duration_since(done);
        if left > SignedDuration::ZERO {
            self.plan(left, Due::Work(Work::Job(id.clone())));
        } else {
            self.store.remove(self.res.jobs, &id.namespace, &id.name);
        }
    }
}

/// Whether a schedule of numbers, `*` and `*/n` in its first two fields holds in this minute.
fn due(schedule: &str, now: Timestamp) -> bool {
    let now = now.to_zoned(TimeZone::UTC);
    let mut fields = schedule.split_whitespace();
    let mut holds = |value: i8| {
        let field = fields.next().unwrap_or_default();
        match field.strip_prefix("*/") {
            Some(step) => step.parse::<i8>().is_ok_and(|step| step > 0 && value % step == 0),
            None => field == "*" || field.parse() == Ok(value),
        }
    };
    holds(now.minute()) && holds(now.hour())
}
