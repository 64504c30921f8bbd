//! CronJobs: Jobs when their time has come.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::World;
use super::garbage::leaving;
use super::informer::Work;
use super::job::{ended, label_job};
use super::json::{Id, int, list, owned_by, put, text, time, uid};
use super::recorder::{Note, Reporter};
use super::schedule::Schedule;
use crate::drill::store::{Deletion, Propagation, stamp};

const REPORTER: Reporter<'_> = Reporter::Controller("cronjob-controller");

impl World {
    /// A new minute: something may be due.
    pub(super) fn start_cron_jobs(&mut self) {
        for cron in self.store.list(self.res.cron_jobs, None) {
            self.work.insert(Work::CronJob(Id::of(&cron)));
        }
    }

    pub(super) fn reconcile_cron_job(&mut self, id: &Id) {
        let Some(cron) = self.store.get(self.res.cron_jobs, &id.namespace, &id.name) else { return };
        if leaving(&cron) {
            return;
        }
        let jobs = self.controlled(self.res.jobs, &cron);
        self.see_what_ended(&cron, &jobs);
        self.forget_jobs(&cron, &jobs);
        if cron.pointer("/spec/suspend") != Some(&true.into())
            && let Some(at) = self.due(&cron)
        {
            self.begin_job(&cron, at);
        }
    }

    /// The Jobs that run stand in the status until they have ended.
    fn see_what_ended(&mut self, cron: &Value, jobs: &[Arc<Value>]) {
        let mut active = list(cron, "/status/active").to_vec();
        let mut success = None;
        active.retain(|reference| {
            let name = text(reference, "/name");
            let Some(job) = jobs.iter().find(|job| uid(job) == text(reference, "/uid")) else {
                self.record(cron, REPORTER, Note::normal("MissingJob", &format!("Active job went missing: {name}")));
                return false;
            };
            let Some((how, at)) = ended(job) else { return true };
            let message = format!("Saw completed job: {name}, condition: {how}");
            self.record(cron, REPORTER, Note::normal("SawCompletedJob", &message));
            success = success.max((how == "Complete").then_some(at));
            false
        });
        for job in jobs.iter().filter(|job| ended(job).is_none() && !leaving(job)) {
            if !active.iter().any(|reference| text(reference, "/uid") == uid(job)) {
                let name = text(job, "/metadata/name");
                let message = format!("Saw a job that the controller did not create or forgot: {name}");
                self.record(cron, REPORTER, Note::warning("UnexpectedJob", &message));
            }
        }
        let id = Id::of(cron);
        self.store.modify(self.res.cron_jobs, &id.namespace, &id.name, |cron| {
            put(cron, &["status", "active"], if active.is_empty() { Value::Null } else { active.into() });
            if let Some(at) = success {
                put(cron, &["status", "lastSuccessfulTime"], stamp(at).into());
            }
        });
    }

    /// Only so many Jobs that have ended are kept.
    fn forget_jobs(&mut self, cron: &Value, jobs: &[Arc<Value>]) {
        for (how, field) in [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")] {
            let Some(limit) = cron["spec"][field].as_u64() else { continue };
            let mut old: Vec<_> = jobs.iter().filter(|job| ended(job).is_some_and(|(end, _)| end == how)).collect();
            old.sort_by_key(|job| text(job, "/status/startTime").to_owned());
            let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
            for job in old.iter().take(surplus) {
                self.delete_job(cron, &Id::of(job));
            }
        }
    }

    fn delete_job(&mut self, cron: &Value, id: &Id) {
        let wish = Deletion { propagation: Some(Propagation::Background), ..Deletion::default() };
        self.store.delete(self.res.jobs, &id.namespace, &id.name, wish, self.now);
        self.record(cron, REPORTER, Note::normal("SuccessfulDelete", &format!("Deleted job {}", id.name)));
    }

    /// The time that has come and for which there was no Job yet.
    fn due(&mut self, cron: &Value) -> Option<Timestamp> {
        let written = text(cron, "/spec/schedule");
        let schedule = match Schedule::parse(written) {
            Ok(schedule) => schedule,
            Err(why) => {
                let message = format!("unparseable schedule: {written:?} : {why}");
                self.record(cron, REPORTER, Note::warning("UnparseableSchedule", &message));
                return None;
            }
        };
        let zone = match text(cron, "/spec/timeZone") {
            "" | "UTC" | "Etc/UTC" => TimeZone::UTC,
            name => match TimeZone::get(name) {
                Ok(zone) => zone,
                Err(_) => {
                    let message = format!("invalid timeZone: {name:?}: unknown time zone {name}");
                    self.record(cron, REPORTER, Note::warning("UnknownTimeZone", &message));
                    return None;
                }
            },
        };
        let mut after = time(cron, "/status/lastScheduleTime").or_else(|| time(cron, "/metadata/creationTimestamp"))?;
        if cron.pointer("/spec/startingDeadlineSeconds").is_some() {
            after = after.max(self.now - SignedDuration::from_secs(int(cron, "/spec/startingDeadlineSeconds")));
        }
        schedule.latest(after, self.now, &zone)
    }

    fn begin_job(&mut self, cron: &Value, at: Timestamp) {
        let id = Id::of(cron);
        let Some(cron) = self.store.get(self.res.cron_jobs, &id.namespace, &id.name) else { return };
        let active = list(&cron, "/status/active");
        match text(&cron, "/spec/concurrencyPolicy") {
            "Forbid" if !active.is_empty() => {
                let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
                self.record(&cron, REPORTER, Note::normal("JobAlreadyActive", message));
                return;
            }
            "Replace" => {
                for reference in active {
                    self.delete_job(&cron, &Id::new(&id.namespace, text(reference, "/name")));
                }
            }
            _ => {}
        }
        let job = self.make_job(&cron, at);
        self.store.modify(self.res.cron_jobs, &id.namespace, &id.name, |cron| {
            put(cron, &["status", "lastScheduleTime"], stamp(at).into());
            let Some(job) = job else { return };
            let reference = json!({ "apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"],
                "namespace": id.namespace, "uid": uid(&job), "resourceVersion": job["metadata"]["resourceVersion"] });
            let mut active = if text(cron, "/spec/concurrencyPolicy") == "Replace" {
                Vec::new()
            } else {
                list(cron, "/status/active").to_vec()
            };
            active.push(reference);
            put(cron, &["status", "active"], active.into());
        });
    }

    fn make_job(&mut self, cron: &Value, at: Timestamp) -> Option<Arc<Value>> {
        let id = Id::of(cron);
        let name = format!("{}-{}", id.name, at.as_second() / 60);
        let template = &cron["spec"]["jobTemplate"];
        let mut annotations = template["metadata"]["annotations"].clone();
        put(&mut annotations, &["batch.kubernetes.io/cronjob-scheduled-timestamp"], stamp(at).into());
        let mut job = json!({
            "metadata": { "name": name, "namespace": id.namespace, "ownerReferences": owned_by(cron),
                "annotations": annotations },
            "spec": template["spec"], "status": {},
        });
        if let Some(labels) = template.pointer("/metadata/labels") {
            job["metadata"]["labels"] = labels.clone();
        }
        super::admission::default_job(&mut job["spec"]);
        let job = self.store.create(self.res.jobs, job, self.now).ok()?;
        let job = self.store.modify(self.res.jobs, &id.namespace, text(&job, "/metadata/name"), label_job)?;
        self.record(cron, REPORTER, Note::normal("SuccessfulCreate", &format!("Created job {name}")));
        Some(job)
    }
}
