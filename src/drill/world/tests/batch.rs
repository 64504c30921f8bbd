//! Jobs, CronJobs and autoscalers.

use super::super::program::Course;
use super::*;

fn job(name: &str, spec: &str) -> String {
    format!(
        "{{apiVersion: batch/v1, kind: Job, metadata: {{name: {name}}}, spec: {{{spec}template: {{spec: {{restartPolicy: Never, \
         containers: [{{name: cleanup, image: 'task:1'}}]}}}}}}}}"
    )
}

fn conditions(object: &Value) -> Vec<(String, String)> {
    let conditions = list(object, "/status/conditions").iter().filter(|c| c["status"] == "True");
    conditions.map(|c| (text(c, "/type").to_owned(), text(c, "/reason").to_owned())).collect()
}

#[test]
fn a_job_runs_so_many_pods_at_a_time_until_so_many_have_succeeded() {
    let mut world = quiet();
    world.make(&job("sum", "completions: 5, parallelism: 2, completionMode: Indexed, "));
    for _ in 0..90 {
        world.after(SignedDuration::from_secs(1));
        assert!(int(&world.the(world.res.jobs, "sum"), "/status/active") <= 2);
    }
    let sum = world.the(world.res.jobs, "sum");
    assert_eq!((int(&sum, "/status/succeeded"), text(&sum, "/status/completedIndexes")), (5, "0-4"));
    let kinds: Vec<_> = conditions(&sum).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["SuccessCriteriaMet", "Complete"]);
    assert!(time(&sum, "/status/completionTime") > time(&sum, "/status/startTime"));
    let names = world.pod_names();
    assert!((0..5).all(|n| names.iter().any(|name| name.starts_with(&format!("sum-{n}-")))), "{names:?}");
    assert_eq!(world.reasons_about("sum").last().map(String::as_str), Some("Completed"));
}

#[test]
fn a_job_that_fails_waits_longer_each_time_and_gives_up() {
    let mut world = quiet();
    world.programs.spoil("task:1", Course::Fails(2.0));
    world.make(&job("bad", "backoffLimit: 2, "));
    let mut starts = Vec::new();
    for _ in 0..120 {
        world.after(SignedDuration::from_secs(1));
        let pods = world.store.list(world.res.pods, Some("default"));
        starts = pods.iter().filter_map(|p| time(p, "/metadata/creationTimestamp")).collect();
    }
    starts.sort();
    let gaps: Vec<_> = starts.windows(2).map(|w| w[1].duration_since(w[0]).as_secs()).collect();
    assert!(gaps.len() == 2 && (12..=17).contains(&gaps[0]) && (22..=27).contains(&gaps[1]), "{gaps:?}");
    let bad = world.the(world.res.jobs, "bad");
    let reason = "BackoffLimitExceeded".to_owned();
    assert_eq!(conditions(&bad), [("FailureTarget".to_owned(), reason.clone()), ("Failed".to_owned(), reason.clone())]);
    assert_eq!(int(&bad, "/status/failed"), 3);
    assert_eq!(world.reasons_about("bad").last(), Some(&reason));
}

#[test]
fn a_job_ends_at_its_deadline_and_goes_when_its_time_is_over() {
    let mut world = quiet();
    world.programs.spoil("task:1", Course::Runs);
    world.make(&job("slow", "activeDeadlineSeconds: 30, ttlSecondsAfterFinished: 60, "));
    world.after(SignedDuration::from_secs(29));
    assert!(conditions(&world.the(world.res.jobs, "slow")).is_empty());
    world.after(SignedDuration::from_secs(10));
    let slow = world.the(world.res.jobs, "slow");
    assert_eq!(conditions(&slow).last().map(|(_, reason)| reason.as_str()), Some("DeadlineExceeded"));
    assert!(world.pod_names().is_empty(), "its pod was stopped");
    world.after(SignedDuration::from_secs(70));
    assert!(world.find(world.res.jobs, "slow").is_none());
}

#[test]
fn a_suspended_job_rests_until_it_is_resumed() {
    let mut world = quiet();
    world.make(&job("later", "suspend: true, "));
    world.after(minutes(2));
    assert!(world.pod_names().is_empty());
    assert_eq!(conditions(&world.the(world.res.jobs, "later")), [("Suspended".to_owned(), "JobSuspended".to_owned())]);
    world.change(world.res.jobs, "later", |job| job["spec"]["suspend"] = false.into());
    world.after(minutes(1));
    let later = world.the(world.res.jobs, "later");
    assert_eq!(conditions(&later).len(), 2, "{}", later["status"]);
    assert_eq!(world.reasons_about("later"), ["Suspended", "Resumed", "SuccessfulCreate", "Completed"]);
}

fn cron(name: &str, spec: &str) -> String {
    format!(
        "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: {name}}}, spec: {{{spec}, jobTemplate: {{spec: {{template: {{spec: \
         {{restartPolicy: Never, containers: [{{name: cleanup, image: 'task:1'}}]}}}}}}}}}}}}"
    )
}

#[test]
fn a_cron_job_starts_on_time_and_keeps_only_so_much_history() {
    let mut world = quiet();
    world.make(&cron("tick", "schedule: '*/2 * * * *', successfulJobsHistoryLimit: 2"));
    world.after(minutes(11));
    let jobs = world.store.list(world.res.jobs, Some("default"));
    assert_eq!(jobs.len(), 2, "{:?}", jobs.iter().map(|j| text(j, "/metadata/name")).collect::<Vec<_>>());
    let tick = world.the(world.res.cron_jobs, "tick");
    assert_eq!(text(&tick, "/status/lastScheduleTime"), "2026-11-22T08:10:00Z");
    assert!(list(&tick, "/status/active").is_empty());
    let minute = world.now.as_second() / 60 / 2 * 2;
    assert!(world.find(world.res.jobs, &format!("tick-{minute}")).is_some());
    world.change(world.res.cron_jobs, "tick", |cron| cron["spec"]["suspend"] = true.into());
    world.after(minutes(10));
    assert_eq!(text(&world.the(world.res.cron_jobs, "tick"), "/status/lastScheduleTime"), "2026-11-22T08:10:00Z");
}

#[test]
fn what_still_runs_is_waited_for_replaced_or_joined() {
    for (policy, active) in [("Allow", 5), ("Forbid", 1), ("Replace", 1)] {
        let mut world = quiet();
        world.programs.spoil("task:1", Course::Runs);
        world.make(&cron("slow", &format!("schedule: '* * * * *', concurrencyPolicy: {policy}")));
        world.after(SignedDuration::from_secs(330));
        let slow = world.the(world.res.cron_jobs, "slow");
        assert_eq!(list(&slow, "/status/active").len(), active, "{policy}");
        let jobs = world.store.list(world.res.jobs, Some("default"));
        assert_eq!(jobs.len(), active, "{policy}");
        let first = jobs.iter().any(|job| text(job, "/metadata/creationTimestamp") == "2026-11-22T08:01:00Z");
        assert_eq!(first, policy != "Replace", "{policy}");
    }
}

#[test]
fn a_schedule_that_is_none_is_told() {
    let mut world = quiet();
    world.make(&cron("odd", "schedule: 'every day'"));
    world.after(minutes(3));
    assert_eq!(world.reasons_about("odd"), ["UnparseableSchedule"]);
    assert!(world.store.list(world.res.jobs, Some("default")).is_empty());
}

const LOADED: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: api, image: 'web:1', resources: {requests: {cpu: 20m}}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 6
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
";

#[test]
fn an_autoscaler_grows_its_target_to_the_bound_and_shrinks_it_after_five_minutes() {
    let mut world = quiet();
    world.make(LOADED);
    let replicas = |world: &World| int(&world.the(world.res.deployments, "web"), "/spec/replicas");
    let verdict = |world: &World, kind: &str| {
        let web = world.the(world.res.autoscalers, "web");
        condition(&web, kind).map(|c| text(c, "/reason").to_owned()).unwrap_or_default()
    };
    world.after(minutes(4));
    assert_eq!((replicas(&world), verdict(&world, "ScalingLimited")), (6, "TooManyReplicas".to_owned()));
    let status = world.the(world.res.autoscalers, "web")["status"].clone();
    assert!(status["currentMetrics"][0]["resource"]["current"]["averageUtilization"].as_i64() > Some(100), "{status}");
    assert!(world.reasons_about("web").iter().any(|reason| reason == "SuccessfulRescale"));

    world.change(world.res.deployments, "web", |web| {
        web["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "1".into();
    });
    world.after(minutes(3));
    assert_eq!((replicas(&world), verdict(&world, "AbleToScale")), (6, "ScaleDownStabilized".to_owned()));
    world.after(minutes(6));
    assert_eq!(replicas(&world), 1);
    assert_eq!(verdict(&world, "ScalingActive"), "ValidMetricFound");
}

#[test]
fn an_autoscaler_without_metrics_or_target_scales_nothing() {
    let (mut world, scenario, _) = broken("F10");
    world.after(scenario.warm_up);
    world.make(LOADED);
    world.after(minutes(3));
    assert_eq!(int(&world.the(world.res.deployments, "web"), "/spec/replicas"), 2);
    let web = world.the(world.res.autoscalers, "web");
    assert_eq!(condition(&web, "ScalingActive").map(|c| text(c, "/reason")), Some("FailedGetResourceMetric"));
    world.delete(world.res.deployments, "web");
    world.after(minutes(1));
    let web = world.the(world.res.autoscalers, "web");
    assert_eq!(condition(&web, "AbleToScale").map(|c| text(c, "/reason")), Some("FailedGetScale"));
}
