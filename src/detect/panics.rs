//! F15: the program panics, mostly in a crash loop.

use jiff::Timestamp;

use super::finding::confirmed;
use super::pod::{self, End, LOOP_RESTARTS, LOOP_WINDOW};
use super::survey::{RECENT, Survey};
use super::words::{clock, count};
use super::workload::Workload;
use super::{Detector, Evidence, Finding, Severity, revision, trouble};
use crate::situation::Kind;
use crate::situation::object::{Container, Pod, Status, Termination};

pub(super) const DETECTOR: Detector = Detector {
    id: "F15",
    title: "pods panic and crash loop",
    explanation: "A program ends itself with exit code 2, which is what a Go panic or fatal error leaves, and is \
started again after 10 s, 20 s, 40 s and so on up to 5 minutes.

Found by: exit code 2 with reason Error in the containers' last ends, restarts, CrashLoopBackOff, and the Deployment's \
condition Progressing. Three such ends in 15 minutes confirm it. It is critical when two of three pods that serve users \
are lost. While pods of the former revision still serve, a half-done rollout is a warning until it misses its deadline; \
then its controller has given up, nothing mends itself any more, and it is critical.

Told from: OOMKilled (F14); exit 1, a failed start (its log names the dependency); 143, an ordinary stop; 137, a kill; \
CreateContainerConfigError and image pulls (workload-unready).

First: did it begin with a rollout? Then going back is the candidate, after asking whether that release changed the \
database. All pods at once and no rollout: look for a changed configuration, a shared dependency, a poisonous input. \
Read the log of the run before (previous) for `panic:` and the goroutine that follows.",
    find,
};

struct Crash<'a> {
    pod: &'a Pod,
    container: &'a Container,
    end: &'a Termination,
}

fn find(survey: &Survey<'_>) -> Vec<Finding> {
    survey.workloads.iter().filter(|w| !w.is_batch()).filter_map(|w| crashes(survey, w)).collect()
}

fn crashes(survey: &Survey<'_>, workload: &Workload<'_>) -> Option<Finding> {
    let mut all: Vec<Crash<'_>> = Vec::new();
    for pod in &workload.pods {
        let ends = pod::ends_within(survey, pod, RECENT).into_iter().filter(|(_, _, how)| *how == End::Panic);
        all.extend(ends.map(|(container, end, _)| Crash { pod, container, end }));
    }
    all.sort_by_key(|c| std::cmp::Reverse(c.end.finished));
    let now: Vec<&Crash<'_>> = all.iter().filter(|c| survey.within(c.end.finished, LOOP_WINDOW)).collect();
    let newest = now.first()?;
    let mut pods: Vec<&Pod> = now.iter().map(|c| c.pod).collect();
    pods.sort_by_key(|p| &p.meta.key);
    pods.dedup_by_key(|p| &p.meta.key);
    let loops: Vec<&&Pod> = pods.iter().filter(|p| loops(survey, p)).collect();
    let looping = loops.len();
    let flicker = loops.iter().filter(|p| p.ready()).count();
    let restarts: u32 = pods.iter().map(|p| restarts(survey, p)).sum();
    let times = u32::try_from(now.len()).unwrap_or(u32::MAX).max(restarts);
    let title = if looping > 0 {
        format!("{} panics in a crash loop", workload.name())
    } else {
        format!("{} panicked", workload.name())
    };
    let sure = times >= LOOP_RESTARTS;
    let mut finding = Finding::new("F15", severity(workload, pods.len(), looping, flicker), confirmed(sure), title);
    finding.since = pod::began(survey, all.last().and_then(|c| c.end.finished), &pods);
    finding.subjects = workload.subjects(pods.iter().copied());
    finding.evidence.push(Evidence::of(
        Kind::Pod,
        format!(
            "{} ended with exit 2, {} in 15 min, {}",
            count(pods.len(), "pod"),
            count(times as usize, "time"),
            workload.counts()
        ),
        newest.end.finished,
    ));
    finding.evidence.extend(revision::evidence(survey, workload, finding.since, &pods));
    finding.evidence.extend(still_serving(survey, workload, finding.since, &pods));
    finding.evidence.extend(stuck_rollout(workload));
    finding.evidence.extend(now.iter().take(3).map(|c| crash_evidence(c)));
    finding.runbook = Some("F15");
    finding.refuted_by = vec![
        "the log of the last run ends with a failed connection: then the dependency is the cause".to_owned(),
        "no further exit 2 within 10 minutes with all pods ready".to_owned(),
    ];
    finding.unseen = survey.unseen(&[Kind::Pod, Kind::ReplicaSet]);
    finding.unseen.push("the log of the last run (`panic:` and its goroutine): read it with previous".to_owned());
    Some(finding)
}

/// Pods that are ready only between two crashes (`flicker`) are no pods to count on.
fn severity(workload: &Workload<'_>, pods: usize, looping: usize, flicker: usize) -> Severity {
    let sound = workload.ready.saturating_sub(i32::try_from(flicker).unwrap_or(i32::MAX));
    let whole = sound >= workload.desired;
    if looping == 0 && whole {
        return if pods > 1 { Severity::Warning } else { Severity::Info };
    }
    let lost = usize::try_from(workload.desired.saturating_sub(sound)).unwrap_or_default();
    let gone = lost >= workload.most() || looping >= workload.most();
    // A rollout that missed its deadline was given up by its controller: from here on nothing mends itself.
    let given_up = looping > 0 && trouble::missed_deadline(workload).is_some();
    if workload.serves && ((!whole && gone) || given_up) { Severity::Critical } else { Severity::Warning }
}

fn loops(survey: &Survey<'_>, pod: &Pod) -> bool {
    pod.containers.iter().any(|c| pod::loops(survey, pod, c) && panicked(survey, pod, c))
}

fn restarts(survey: &Survey<'_>, pod: &Pod) -> u32 {
    let panicked = pod.containers.iter().filter(|c| panicked(survey, pod, c));
    panicked.map(|c| pod::restarts_within(survey, pod, c)).sum()
}

fn panicked(survey: &Survey<'_>, pod: &Pod, container: &Container) -> bool {
    container.newest_end().is_some_and(|e| pod::how(survey, pod, container, e) == End::Panic)
}

/// Pods of the former revision that still do the work.
fn still_serving(
    survey: &Survey<'_>,
    workload: &Workload<'_>,
    since: Option<Timestamp>,
    pods: &[&Pod],
) -> Option<Evidence> {
    let rollout = revision::aligned(survey, workload, since, pods)?;
    let former = rollout.former.filter(|f| f.ready > 0)?;
    let name = former.revision.map_or_else(|| "the former revision".to_owned(), |r| format!("revision {r}"));
    let text = format!("{} of {name} still ready", count(usize::try_from(former.ready).unwrap_or_default(), "pod"));
    Some(Evidence::of(Kind::ReplicaSet, text, None))
}

fn stuck_rollout(workload: &Workload<'_>) -> Option<Evidence> {
    let progressing = workload.deployment?.condition("Progressing")?;
    let stuck = progressing.status == Status::False;
    stuck.then(|| {
        let text = format!("the rollout does not progress: {}", progressing.reason);
        Evidence::of(Kind::Deployment, text, progressing.since)
    })
}

fn crash_evidence(crash: &Crash<'_>) -> Evidence {
    let at = crash.end.finished.map(clock).unwrap_or_default();
    let message = super::words::short(&crash.end.message);
    let last_words = if message.is_empty() { message } else { format!("; its last words: {message}") };
    let text = format!(
        "{}: container {} exit {} {} at {at}, {}{last_words}",
        crash.pod.meta.key.name,
        crash.container.name,
        crash.end.exit_code,
        crash.end.reason,
        count(crash.container.restarts as usize, "restart")
    );
    Evidence::of(Kind::Pod, text, crash.end.finished)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Confidence, Severity};
    use crate::situation::object::Status;

    /// Revision 2 was rolled out so many seconds ago and its one pod crash loops; the three of revision 1 serve.
    fn half_done(rolled_out: i64) -> World {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world.put(mk_set(NS, "web", 2, rolled_out, 0));
        let mut pod = mk_pod(NS, "web", 2, 1);
        crash_loops(&mut pod, 2, "Error", 4, 60);
        world.put(pod);
        world
    }

    #[test]
    fn a_half_done_rollout_is_a_warning_and_names_the_revision() {
        let world = half_done(600);
        let finding = world.finding("F15");
        assert_eq!((finding.severity, finding.confidence), (Severity::Warning, Confidence::Confirmed));
        let text = evidence(&finding);
        assert!(text.contains("after revision 2 was rolled out"), "{text}");
        assert!(text.contains("image 1 → 2"), "{text}");
        assert!(text.contains("3 pods of revision 1 still ready"), "{text}");
        assert_eq!(world.ids(), ["F15"], "all that are wanted are ready");
    }

    #[test]
    fn all_pods_in_a_loop_are_critical() {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        for i in 1..=3 {
            world.change_pod(NS, &format!("web-rs1-{i}"), |p| crash_loops(p, 2, "Error", 6, 30));
        }
        world.set_ready(NS, "web", 0, 300);
        let finding = world.finding("F15");
        assert_eq!((finding.severity, finding.confidence), (Severity::Critical, Confidence::Confirmed));
        assert!(evidence(&finding).contains("not aligned with a rollout"), "{}", evidence(&finding));
    }

    #[test]
    fn the_first_crash_is_suspect_and_mild() {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world.change_pod(NS, "web-rs1-1", |p| restarted(p, 2, "Error", 60));
        let finding = world.finding("F15");
        assert_eq!((finding.severity, finding.confidence), (Severity::Info, Confidence::Suspect));
        assert_eq!(finding.title, "web panicked");
    }

    #[test]
    fn pods_that_are_ready_only_between_crashes_do_not_count() {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        for i in 1..=3 {
            for seconds in [200, 100] {
                world.change_pod(NS, &format!("web-rs1-{i}"), |p| {
                    restarted(p, 2, "Error", seconds);
                    p.conditions.retain(|c| c.kind != "Ready");
                    p.conditions.push(mk_condition("Ready", Status::True, "", seconds - 5));
                });
            }
        }
        assert_eq!(world.finding("F15").severity, Severity::Critical);
    }

    #[test]
    fn other_ends_are_told_apart() {
        for (code, reason, id, words) in [
            (1, "Error", "workload-unready", "exit 1"),
            (143, "Error", "workload-unready", "exit 143"),
            (137, "Error", "workload-unready", "exit 137"),
            (137, "OOMKilled", "F14", "OOMKilled"),
        ] {
            let mut world = World::new();
            world.deploy(NS, "web", 3);
            world.change_pod(NS, "web-rs1-1", |p| crash_loops(p, code, reason, 5, 60));
            world.set_ready(NS, "web", 2, 60);
            assert_eq!(world.findings("F15"), [], "{code}");
            assert!(evidence(&world.finding(id)).contains(words), "{code} {reason}");
        }
        for reason in ["CreateContainerConfigError", "ImagePullBackOff"] {
            let mut world = World::new();
            world.deploy(NS, "web", 3);
            world.change_pod(NS, "web-rs1-1", |p| waits(p, reason, "it lacks something", 400));
            world.set_ready(NS, "web", 2, 400);
            assert_eq!(world.ids(), ["workload-unready"]);
        }
    }

    #[test]
    fn a_revision_of_yesterday_is_not_to_blame() {
        let mut world = half_done(7200);
        world.change_deployment(NS, "web", |d| d.revision = Some(2));
        assert!(evidence(&world.finding("F15")).contains("not aligned"), "{}", evidence(&world.finding("F15")));
    }

    #[test]
    fn a_crash_of_an_old_pod_is_not_the_new_revisions() {
        let mut world = half_done(600);
        world.change_pod(NS, "web-rs1-1", |p| restarted(p, 2, "Error", 30));
        assert!(evidence(&world.finding("F15")).contains("not aligned"));
    }

    #[test]
    fn a_rollout_that_missed_its_deadline_is_critical() {
        let mut world = half_done(900);
        world.change_deployment(NS, "web", |d| {
            d.conditions.push(mk_condition("Progressing", Status::False, "ProgressDeadlineExceeded", 20));
        });
        let finding = world.finding("F15");
        assert!(evidence(&finding).contains("ProgressDeadlineExceeded"));
        assert_eq!(finding.severity, Severity::Critical, "nothing mends itself any more");
    }

    #[test]
    fn the_kubelets_first_back_off_dates_it_when_the_first_end_is_forgotten() {
        let mut world = half_done(1200);
        world.pod_event("web-rs2-1", "BackOff", "Back-off restarting failed container main in pod", 1100);
        assert_eq!(world.finding("F15").since, Some(ago(1100)));
    }
}
