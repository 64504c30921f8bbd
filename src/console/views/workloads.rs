//! Everything that makes pods, those in trouble first.

pub mod facts;

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::Timestamp;

use super::cells::{self, seconds};
use super::list::{Cell, Heading, List, Rank, Rows};
use super::{Pods, open, verdict};
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::labels;
use crate::console::screen::{Context, Effect};
use crate::detect::{Mark, role_of};
use crate::situation::object::Pod;
use crate::situation::time::since;
use crate::situation::{Kind, Ref, Source, Text};
use facts::Facts;

/// The list of all workloads.
pub type Workloads = List<WorkloadRows>;

impl Workloads {
    /// The screen.
    pub fn new() -> Self {
        Self::of(WorkloadRows::default())
    }
}

impl Default for Workloads {
    fn default() -> Self {
        Self::new()
    }
}

/// Workloads as rows.
#[derive(Debug, Default)]
pub struct WorkloadRows {
    rows: Vec<Row>,
}

/// A workload with what its pods tell.
#[derive(Debug)]
pub struct Row {
    facts: Facts,
    mark: Mark,
    words: String,
    kind: &'static str,
    restarts: u32,
    restarted: Option<Timestamp>,
    role: String,
}

const HEADINGS: &[Heading] = &[
    Heading::new("", 1, 0).unsorted(),
    Heading::new("namespace", 11, 3).growing(24),
    Heading::new("kind", 8, 4),
    Heading::new("name", 20, 0).growing(50),
    Heading::new("ready", 5, 0),
    Heading::new("status", 16, 0).wanting(28).down(),
    Heading::new("new", 3, 6).right().unsorted(),
    Heading::new("rev", 3, 5).wanting(4).right().down(),
    Heading::new("rst 15m", 8, 2).wanting(11).down(),
    Heading::new("age", 4, 1).right(),
    Heading::new("role", 7, 7).wanting(12),
    Heading::new("image", 16, 8).wanting(60).unsorted(),
];

const NAMESPACE: usize = 1;
const KIND: usize = 2;
const NAME: usize = 3;
const READY: usize = 4;
const STATUS: usize = 5;
const REVISION: usize = 7;
const RESTARTS: usize = 8;
const AGE: usize = 9;
const ROLE: usize = 10;
const IMAGE: usize = 11;

/// What the pods of one owner tell.
#[derive(Debug, Default, Clone)]
struct PodSum {
    /// Ends within the last quarter of an hour.
    restarts: u32,
    restarted: Option<Timestamp>,
    /// The word of the worst pod.
    word: Option<(Mark, Text)>,
}

impl PodSum {
    fn join(&mut self, more: &Self) {
        self.restarts += more.restarts;
        self.restarted = self.restarted.max(more.restarted);
        if more.word.as_ref().is_some_and(|(mark, _)| self.word.as_ref().is_none_or(|(worst, _)| mark > worst)) {
            self.word.clone_from(&more.word);
        }
    }
}

/// How often containers of a pod ended of late, and when last.
pub fn recent_ends(pod: &Pod, now: Timestamp) -> u32 {
    let recent = |at: Option<Timestamp>| at.is_some_and(|at| since(at, now) <= verdict::RECENT);
    let ends = pod.containers.iter().filter(|c| c.restarts > 0).map(|c| {
        let seen = c.history.iter().filter(|end| recent(end.finished)).count() as u32;
        // A console that was just opened has seen only the last one.
        seen.max(u32::from(recent(c.last.as_ref().and_then(|end| end.finished))))
    });
    ends.sum()
}

fn pods_by_owner<'a>(cx: &Context<'a>) -> HashMap<&'a Text, PodSum> {
    let mut owners: HashMap<&Text, PodSum> = HashMap::new();
    for pod in cx.situation.pods.values() {
        let Some(owner) = &pod.meta.owner else { continue };
        let mark = verdict::of_pod(pod, cx.now);
        let one = PodSum {
            restarts: recent_ends(pod, cx.now),
            restarted: pod.last_restart(),
            word: (mark > Mark::Unknown).then(|| (mark, pod.status())),
        };
        owners.entry(&owner.uid).or_default().join(&one);
    }
    owners
}

/// A kind in a word that fits its column.
const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::DaemonSet => "daemon",
        Kind::StatefulSet => "stateful",
        Kind::CronJob => "cron",
        Kind::Job => "job",
        _ => "deploy",
    }
}

fn row(facts: Facts, pods: &PodSum, cx: &Context<'_>) -> Row {
    let (mut mark, mut words) = (facts.mark, facts.words.clone());
    if let Some((_, word)) = &pods.word
        && facts.object.kind != Kind::CronJob
    {
        let plain = *word == "Running" || *word == "Completed";
        mark = mark.max(Mark::Warning);
        words = match (facts.ready, plain) {
            (Some((ready, desired)), true) if ready >= desired => "restarted".to_owned(),
            (_, true) => words,
            (_, false) => word.to_string(),
        };
    }
    let role = role_of(cx.profile, &facts.object, [&facts.labels; 2]);
    Row {
        kind: kind_word(facts.object.kind),
        mark,
        words,
        restarts: pods.restarts,
        restarted: pods.restarted,
        role: role.map(|(name, _)| name.to_owned()).unwrap_or_default(),
        facts,
    }
}

impl Rows for WorkloadRows {
    type Id = Ref;
    type Item<'a> = &'a Row;

    fn title(&self) -> String {
        "Workloads".to_owned()
    }

    fn sources(&self) -> Vec<Source> {
        facts::KINDS.into_iter().map(Source::Watch).collect()
    }

    fn none(&self) -> String {
        "no workloads".to_owned()
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn first_order(&self) -> usize {
        STATUS
    }

    fn hints(&self) -> &'static [Command] {
        &[
            Command::Open,
            Command::Pods,
            Command::Logs,
            Command::Events,
            Command::Filter,
            Command::NextSort,
            Command::ReverseSort,
        ]
    }

    fn gather(&mut self, cx: &Context<'_>) {
        let pods = pods_by_owner(cx);
        let mut above: HashMap<&Text, PodSum> = HashMap::new();
        let between =
            cx.situation.replica_sets.values().map(|r| &r.meta).chain(cx.situation.jobs.values().map(|j| &j.meta));
        for meta in between {
            if let (Some(owner), Some(own)) = (&meta.owner, pods.get(&meta.uid)) {
                above.entry(&owner.uid).or_default().join(own);
            }
        }
        let rows = facts::all(cx).into_iter().map(|facts| {
            let mut own = pods.get(&facts.object.uid).cloned().unwrap_or_default();
            if let Some(above) = above.get(&facts.object.uid) {
                own.join(above);
            }
            row(facts, &own, cx)
        });
        self.rows = rows.collect();
        self.rows.sort_by(|a, b| a.facts.object.cmp(&b.facts.object));
    }

    fn items<'a>(&'a self, _cx: &'a Context<'a>) -> Vec<&'a Row> {
        self.rows.iter().collect()
    }

    fn find<'a>(&'a self, id: &Ref, _cx: &'a Context<'a>) -> Option<&'a Row> {
        let at = self.rows.binary_search_by(|row| row.facts.object.cmp(id)).ok()?;
        self.rows.get(at)
    }

    fn id(item: &&Row) -> Ref {
        item.facts.object.clone()
    }

    fn succeeds(old: &Ref, new: &Ref) -> bool {
        old.kind == new.kind && old.key == new.key
    }

    fn name(id: &Ref) -> String {
        format!("{} {}", labels::kind(id.kind), id.key)
    }

    fn rank(&self, row: &&Row, column: usize, _cx: &Context<'_>) -> Rank {
        let key = &row.facts.object.key;
        match column {
            NAMESPACE => (&key.namespace).into(),
            KIND => Rank(row.facts.object.kind as i64, key.name.clone()),
            NAME => (&key.name).into(),
            READY => row.facts.ready.map_or(i64::MAX, |(ready, desired)| i64::from(ready - desired)).into(),
            REVISION => row.facts.revision.map_or(1, |r| -(r as i64)).into(),
            RESTARTS => (-i64::from(row.restarts)).into(),
            AGE => (-seconds(row.facts.created)).into(),
            // What plays a role comes before what plays none.
            ROLE => Rank(i64::from(row.role.is_empty()), Text::new(&row.role)),
            _ => (verdict::rank(row.mark) * 2 + i64::from(row.role.is_empty())).into(),
        }
    }

    fn text<'a>(&self, row: &'a &Row, column: usize) -> &'a str {
        let key = &row.facts.object.key;
        if column == NAMESPACE { &key.namespace } else { &key.name }
    }

    fn searched<'a>(&self, row: &'a &Row) -> Vec<(usize, Cow<'a, str>)> {
        let key = &row.facts.object.key;
        vec![
            (NAMESPACE, Cow::Borrowed(&*key.namespace)),
            (KIND, Cow::Borrowed(row.kind)),
            (NAME, Cow::Borrowed(&*key.name)),
            (STATUS, Cow::Borrowed(&*row.words)),
            (ROLE, Cow::Borrowed(&*row.role)),
            (IMAGE, Cow::Owned(images(&row.facts))),
        ]
    }

    fn cells<'a>(&self, row: &'a &Row, cx: &Context<'_>) -> Vec<Cell<'a>> {
        let facts = &row.facts;
        let mark = verdict::as_known(row.mark, &Source::Watch(facts.object.kind), cx);
        let tone = verdict::tone(mark);
        let number = |n: Option<String>| Cell::new(n.unwrap_or_default(), Tone::Dim);
        let ready = facts.ready.map(|(ready, desired)| format!("{ready}/{desired}"));
        vec![
            cells::mark(mark, cx),
            Cell::new(&*facts.object.key.namespace, Tone::Dim),
            Cell::new(row.kind, Tone::Dim),
            Cell::new(&*facts.object.key.name, Tone::Text),
            Cell::new(ready.unwrap_or_default(), tone),
            Cell::new(&*row.words, tone),
            number(facts.updated.map(|n| n.to_string())),
            number(facts.revision.map(|n| n.to_string())),
            cells::restarts(row.restarts, row.restarted, cx.now),
            facts.created.map_or_else(Cell::unknown, |at| Cell::new(cells::short(at, cx.now), Tone::Dim)),
            Cell::new(&*row.role, Tone::Accent),
            Cell::new(images(facts), Tone::Dim),
        ]
    }

    fn act(&self, command: Command, row: &&Row, cx: &Context<'_>) -> Effect {
        if command == Command::Pods {
            return Effect::Push(Box::new(Pods::of_workload(row.facts.object.clone())));
        }
        open::act_on(command, &row.facts.object, cx)
    }
}

/// The images, without what all images of a registry begin with.
fn images(facts: &Facts) -> String {
    let short = |image: &str| image.rsplit('/').next().unwrap_or(image).to_owned();
    facts.containers.iter().map(|c| short(&c.image)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use crate::config::profile::Role;
    use crate::console::testing::{
        Console, SIZES, api_lost, at, condition, days, forbidden, hostile, listed, meta, panicking, profile, seen,
        theme,
    };
    use crate::situation::object::{CronJob, Job, Owner, Status};
    use crate::situation::{Kind, Observation, Source, SourceState};

    /// A CronJob that runs each night with the Job of its last run, and a Job of somebody's own that failed.
    fn jobs() -> Vec<Observation> {
        let cron = CronJob {
            meta: meta(Kind::CronJob, "shop", "digest", days(30)),
            schedule: "0 2 * * *".into(),
            last_scheduled: Some(at("02:00")),
            last_successful: Some(at("02:01")),
            ..CronJob::default()
        };
        let owner = Owner { kind: "CronJob".into(), name: "digest".into(), uid: cron.meta.uid.clone() };
        let run = Job {
            meta: crate::situation::object::Meta {
                owner: Some(owner),
                ..meta(Kind::Job, "shop", "digest-29381", at("02:00"))
            },
            succeeded: 1,
            ..Job::default()
        };
        let failed = Job {
            meta: meta(Kind::Job, "shop", "migrate", at("03:58")),
            failed: 4,
            conditions: vec![condition("Failed", Status::True, at("04:05"))],
            ..Job::default()
        };
        vec![seen(cron), seen(run), seen(failed)]
    }

    fn console(world: Vec<Observation>) -> Console {
        let mut profile = profile();
        let role = |name: &str| Role { name: name.to_owned(), ..Role::default() };
        profile.roles = [("web", "api"), ("queue", "worker")].map(|(r, n)| (r.to_owned(), role(n))).into();
        Console::with(profile, theme(), world)
    }

    #[test]
    fn workloads_at_every_size() {
        for (columns, rows) in SIZES {
            let mut console = console([panicking(), jobs()].concat());
            console.sized(columns, rows).keys("w");
            insta::assert_snapshot!(format!("workloads_{columns}x{rows}"), console.screen());
        }
    }

    #[test]
    fn workloads_in_trouble() {
        for (name, world) in
            [("lost", api_lost()), ("forbidden", forbidden()), ("hostile", hostile()), ("none", listed(Vec::new()))]
        {
            let mut console = console(world);
            console.keys("w");
            insta::assert_snapshot!(format!("workloads_{name}"), console.screen());
        }
    }

    #[test]
    fn a_kind_that_is_forbidden_is_named_beside_those_that_are_not() {
        let mut console = console(panicking());
        console.see([Observation::Source(
            Source::Watch(Kind::StatefulSet),
            SourceState::Forbidden("list statefulsets".into()),
        )]);
        console.keys("w");
        let screen = console.screen();
        assert!(screen.contains("statefulsets: forbidden, needs list statefulsets"), "{screen}");
        assert!(screen.contains("CrashLoopBackOff"));
    }

    #[test]
    fn the_jobs_of_a_cron_job_are_not_listed_by_themselves() {
        let mut console = console([panicking(), jobs()].concat());
        let screen = console.keys("w").screen();
        assert!(screen.contains("digest") && !screen.contains("digest-29381"));
        assert!(screen.contains("migrate") && screen.contains("failed"));
    }
}
