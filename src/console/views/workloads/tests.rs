//! Workloads as they are listed.

use crate::config::profile::Role;
use crate::console::testing::{
    Console, NOW, SIZES, api_lost, at, condition, crashing, days, deployment, ended, forbidden, hostile, listed, meta,
    panicking, pod, profile, revision, seen, theme,
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
fn restarts_that_nobody_saw_are_not_denied() {
    let set = revision(&deployment("api", 1, 0, 1), 1, days(4), 1, 0);
    let crashed =
        |created, restarts| crashing(pod(&set, "x", "node-1", created), restarts, &ended(1, "Error", "04:11"));
    let ends = |pod: crate::situation::object::Pod| super::recent_ends(&pod, at(NOW));
    assert_eq!(ends(crashed(at("04:01"), 7)), (7, true), "all within the life of a young pod");
    assert_eq!(ends(crashed(days(4), 1)), (1, true), "the only one there ever was");
    assert_eq!(ends(crashed(days(4), 7)), (1, false), "the API tells only the last");
    let mut watched = crashed(days(4), 7);
    watched.containers[0].history = ["03:40", "04:05", "04:11"].map(|t| ended(1, "Error", t)).into();
    assert_eq!(ends(watched), (2, true), "seen since before the window");
}

#[test]
fn the_jobs_of_a_cron_job_are_not_listed_by_themselves() {
    let mut console = console([panicking(), jobs()].concat());
    let screen = console.keys("w").screen();
    assert!(screen.contains("digest") && !screen.contains("digest-29381"));
    assert!(screen.contains("migrate") && screen.contains("failed"));
}
