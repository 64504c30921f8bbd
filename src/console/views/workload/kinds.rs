//! The kinds of workload behind one face.

use crate::config::theme::Tone;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::views::detail::Link;
use crate::console::views::detail::parts::{marked, moment, padded};
use crate::console::views::verdict;
use crate::console::widgets::Piece;
use crate::detect::Mark;
use crate::situation::object::{
    Condition, CronJob, DaemonSet, Deployment, Job, Labels, Meta, ReplicaSet, StatefulSet, Status, TemplateContainer,
};
use crate::situation::time::{age, since};
use crate::situation::{Kind, Ref, Situation};

/// A workload of any kind.
#[derive(Debug, Clone)]
pub enum Object {
    /// A Deployment.
    Deployment(Deployment),
    /// A ReplicaSet that belongs to no Deployment, or one revision by itself.
    ReplicaSet(ReplicaSet),
    /// A DaemonSet.
    DaemonSet(DaemonSet),
    /// A StatefulSet.
    StatefulSet(StatefulSet),
    /// A Job.
    Job(Job),
    /// A CronJob.
    CronJob(CronJob),
}

/// A label, what it says, how that looks.
type Figure = (&'static str, String, Tone);

impl Object {
    /// The workload that bears the reference's name.
    pub fn named(target: &Ref, situation: &Situation) -> Option<Self> {
        let key = &target.key;
        match target.kind {
            Kind::Deployment => situation.deployments.get(key).cloned().map(Self::Deployment),
            Kind::ReplicaSet => situation.replica_sets.get(key).cloned().map(Self::ReplicaSet),
            Kind::DaemonSet => situation.daemon_sets.get(key).cloned().map(Self::DaemonSet),
            Kind::StatefulSet => situation.stateful_sets.get(key).cloned().map(Self::StatefulSet),
            Kind::Job => situation.jobs.get(key).cloned().map(Self::Job),
            Kind::CronJob => situation.cron_jobs.get(key).cloned().map(Self::CronJob),
            _ => None,
        }
    }

    /// What every object has.
    pub fn common(&self) -> &Meta {
        match self {
            Self::Deployment(o) => &o.meta,
            Self::ReplicaSet(o) => &o.meta,
            Self::DaemonSet(o) => &o.meta,
            Self::StatefulSet(o) => &o.meta,
            Self::Job(o) => &o.meta,
            Self::CronJob(o) => &o.meta,
        }
    }

    /// Its conditions; not all kinds have any.
    pub fn conditions(&self) -> &[Condition] {
        match self {
            Self::Deployment(o) => &o.conditions,
            Self::ReplicaSet(o) => &o.conditions,
            Self::Job(o) => &o.conditions,
            Self::DaemonSet(_) | Self::StatefulSet(_) | Self::CronJob(_) => &[],
        }
    }

    /// Which pods it means.
    pub fn selector(&self) -> Option<&Labels> {
        match self {
            Self::Deployment(o) => Some(&o.selector),
            Self::ReplicaSet(o) => Some(&o.selector),
            Self::DaemonSet(o) => Some(&o.selector),
            Self::StatefulSet(o) => Some(&o.selector),
            Self::Job(_) | Self::CronJob(_) => None,
        }
    }

    /// The containers of its pods.
    pub fn containers(&self) -> &[TemplateContainer] {
        match self {
            Self::Deployment(o) => &o.containers,
            Self::ReplicaSet(o) => &o.containers,
            Self::DaemonSet(o) => &o.containers,
            Self::StatefulSet(o) => &o.containers,
            Self::Job(_) | Self::CronJob(_) => &[],
        }
    }

    /// Whether it makes Jobs and not pods.
    pub fn makes_jobs(&self) -> bool {
        matches!(self, Self::CronJob(_))
    }

    /// The Jobs it made, newest first.
    pub fn jobs<'a>(&self, situation: &'a Situation) -> Vec<&'a Job> {
        let Self::CronJob(cron) = self else { return Vec::new() };
        let owned = |job: &&Job| job.meta.owner.as_ref().is_some_and(|owner| owner.uid == cron.meta.uid);
        let mut jobs: Vec<&Job> = situation.jobs.values().filter(owned).collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.meta.created));
        jobs
    }

    /// The verdict on it by itself, in a few words.
    pub fn verdict(&self) -> (Mark, String) {
        let counted = |ready: i32, wanted: i32| {
            let mark = match (ready, wanted) {
                (_, 0) => Mark::Unknown,
                (0, _) => Mark::Bad,
                (ready, wanted) if ready < wanted => Mark::Warning,
                _ => Mark::Good,
            };
            (mark, if wanted == 0 { "scaled to none".to_owned() } else { format!("{ready}/{wanted} ready") })
        };
        match self {
            Self::Deployment(o) => counted(o.ready, o.replicas),
            Self::ReplicaSet(o) => counted(o.ready, o.replicas),
            Self::StatefulSet(o) => counted(o.ready, o.replicas),
            Self::DaemonSet(o) if o.desired == 0 => (Mark::Unknown, "no node wants it".to_owned()),
            Self::DaemonSet(o) => counted(o.ready, o.desired),
            Self::Job(o) => job_verdict(o),
            Self::CronJob(o) if o.suspended => (Mark::Unknown, "suspended".to_owned()),
            Self::CronJob(o) if o.active > 0 => (Mark::Good, format!("{} running", o.active)),
            Self::CronJob(_) => (Mark::Good, "waiting for its hour".to_owned()),
        }
    }

    /// What stands behind the verdict on the first line.
    pub fn note(&self) -> String {
        match self {
            Self::Deployment(o) => {
                let revision = o.revision.map_or_else(String::new, |n| format!("revision {n}  "));
                format!("{revision}{}", o.strategy)
            }
            Self::ReplicaSet(o) => o.revision.map_or_else(String::new, |n| format!("revision {n}")),
            Self::DaemonSet(_) => "on every node that takes it".to_owned(),
            Self::StatefulSet(o) if o.current_revision != o.update_revision => "a rollout is under way".to_owned(),
            Self::CronJob(o) => o.schedule.to_string(),
            Self::StatefulSet(_) | Self::Job(_) => String::new(),
        }
    }

    /// Figures with their labels.
    pub fn figures(&self, cx: &Context<'_>) -> Vec<Figure> {
        match self {
            Self::Deployment(o) => deployment_figures(o),
            Self::ReplicaSet(o) => vec![plain("replicas", format!("{} wanted, {} there", o.replicas, o.current))],
            Self::DaemonSet(o) => {
                let mut figures = vec![rollout(o.desired, o.updated, o.available)];
                figures.extend(unobserved(&o.meta, o.observed_generation));
                if o.misscheduled > 0 {
                    let words = format!("{} on nodes that should not have it", o.misscheduled);
                    figures.push(("misplaced", words, Tone::Warning));
                }
                figures
            }
            Self::StatefulSet(o) => {
                let mut figures = vec![rollout(o.replicas, o.updated, o.available)];
                figures.extend(unobserved(&o.meta, o.observed_generation));
                figures
            }
            Self::Job(o) => job_figures(o, cx),
            Self::CronJob(o) => {
                let moments = [("last run", o.last_scheduled), ("last success", o.last_successful)];
                let say = |(label, at): (&'static str, Option<_>)| {
                    plain(label, at.map_or_else(|| "never".to_owned(), |at| moment(at, cx.now)))
                };
                moments.into_iter().map(say).collect()
            }
        }
    }
}

fn plain(label: &'static str, words: String) -> Figure {
    (label, words, Tone::Text)
}

fn rollout(wanted: i32, updated: i32, available: i32) -> Figure {
    let tone = if updated < wanted || available < wanted { Tone::Warning } else { Tone::Text };
    ("replicas", format!("{wanted} wanted, {updated} up to date, {available} available"), tone)
}

/// A controller that has not yet looked at the newest specification: counts are of the one before.
fn unobserved(meta: &Meta, observed: i64) -> Option<Figure> {
    let words = "the controller has not looked at the newest change yet: the counts are older than it";
    (observed < meta.generation).then(|| ("behind", words.to_owned(), Tone::Warning))
}

fn deployment_figures(o: &Deployment) -> Vec<Figure> {
    let mut figures = vec![rollout(o.replicas, o.updated, o.available)];
    if o.current > o.replicas {
        figures.push(("surplus", format!("{} pods more than wanted: a rollout is under way", o.current - o.replicas), Tone::Warning));
    }
    figures.extend(unobserved(&o.meta, o.observed_generation));
    if o.paused {
        figures.push(("paused", "changes are not rolled out until it is resumed".to_owned(), Tone::Warning));
    }
    if !o.change_cause.is_empty() {
        figures.push(plain("cause", o.change_cause.to_string()));
    }
    figures
}

fn job_verdict(job: &Job) -> (Mark, String) {
    let holds = |kind: &str| job.conditions.iter().any(|c| c.kind == kind && c.status == Status::True);
    if holds("Failed") {
        (Mark::Bad, "failed".to_owned())
    } else if holds("Complete") || job.completed.is_some() {
        (Mark::Good, "complete".to_owned())
    } else if job.suspended {
        (Mark::Unknown, "suspended".to_owned())
    } else if job.failed > 0 {
        (Mark::Warning, format!("running, {} attempts failed", job.failed))
    } else {
        (Mark::Good, "running".to_owned())
    }
}

fn job_figures(job: &Job, cx: &Context<'_>) -> Vec<Figure> {
    let counts = format!("{} running, {} succeeded, {} failed", job.active, job.succeeded, job.failed);
    let mut figures = vec![("pods", counts, if job.failed > 0 { Tone::Warning } else { Tone::Text })];
    figures.extend(job.started.map(|at| plain("started", moment(at, cx.now))));
    if let (Some(started), Some(completed)) = (job.started, job.completed) {
        let words = format!("{} after {}", moment(completed, cx.now), age(since(started, completed)));
        figures.push(plain("completed", words));
    }
    figures
}

/// Jobs as links.
pub fn job_lines(jobs: &[&Job], cx: &Context<'_>) -> Vec<Line<Link>> {
    let line = |job: &&Job| {
        let (mark, words) = job_verdict(job);
        let mut lead = marked(mark, cx);
        lead.text.insert_str(0, "  ");
        let pieces = vec![
            lead,
            Piece::new(padded(&job.meta.key.name, 40, &cx.theme.glyphs), Tone::Accent),
            Piece::new(words, verdict::tone(mark)),
        ];
        let line = Line::new(pieces).indented(4).leading(Some(Link::Object(job.meta.reference(Kind::Job))));
        match job.meta.created {
            Some(at) => line.with_right(age(since(at, cx.now)), Tone::Dim),
            None => line,
        }
    };
    jobs.iter().map(line).collect()
}
