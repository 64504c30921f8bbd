//! F14: containers are killed for their memory.

use jiff::{SignedDuration, Timestamp};

use super::finding::confirmed;
use super::pod::{self, End, LOOP_RESTARTS, LOOP_WINDOW};
use super::survey::{RECENT, Survey};
use super::words::{bytes, clock, count, mins};
use super::workload::Workload;
use super::{Confidence, Detector, Evidence, Finding, Severity, revision};
use crate::situation::object::{Container, Pod, Termination};
use crate::situation::{Kind, Source, Usage};

pub(super) const DETECTOR: Detector = Detector {
    id: "F14",
    title: "pods run out of memory",
    explanation: "The kernel kills a container that wants more memory than its limit, or than its node has; the kubelet \
reports reason OOMKilled (exit 137) and starts it again, each time after a longer wait.

Found by: the containers' last ends and restarts (a history is kept while watching, because the API tells only the \
last end), the node's SystemOOM events, and the memory in use against the limit. One kill in 10 minutes is worth \
knowing, two pods in 15 minutes is a warning, two of three in a crash loop is critical. More than 90 % of the limit for \
5 minutes is told beforehand.

Told from: exit 137 with reason Error and a failed probe (the kubelet killed it: workload-unready); phase Failed with \
reason Evicted (the node's disk); a SystemOOM event (the whole node is short of memory: look for its biggest consumer, \
the limit is not the cause); exit 2 (F15).

First: is it one pod or all, and did it begin with a new revision? New revision: look at the difference, and think \
of going back. No new revision: does memory grow with the pod's age (a leak) or with traffic? Then raise the limit if \
the nodes have room.",
    find,
};

/// How long memory use must have been high to be told beforehand.
const HIGH_FOR: SignedDuration = mins(5);
/// High, in percent of the limit.
const HIGH: u64 = 90;

struct Kill<'a> {
    pod: &'a Pod,
    container: &'a Container,
    end: &'a Termination,
}

fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = survey.workloads.iter().filter_map(|w| killed(survey, w)).collect();
    found.extend(predicted(survey, &found));
    found.extend(node_only(survey, &found));
    found
}

fn killed(survey: &Survey<'_>, workload: &Workload<'_>) -> Option<Finding> {
    let mut kills: Vec<Kill<'_>> = Vec::new();
    for pod in &workload.pods {
        let ends = pod::ends_within(survey, pod, RECENT).into_iter().filter(|(_, _, how)| *how == End::OutOfMemory);
        kills.extend(ends.map(|(container, end, _)| Kill { pod, container, end }));
    }
    kills.sort_by_key(|k| std::cmp::Reverse(k.end.finished));
    let now: Vec<&Kill<'_>> = kills.iter().filter(|k| survey.within(k.end.finished, LOOP_WINDOW)).collect();
    let newest = now.first()?;
    let mut pods: Vec<&Pod> = now.iter().map(|k| k.pod).collect();
    pods.sort_by_key(|p| &p.meta.key);
    pods.dedup_by_key(|p| &p.meta.key);
    let looping = pods.iter().filter(|p| loops_for_memory(survey, p)).count();
    let restarts: u32 = pods.iter().map(|p| oom_restarts(survey, p)).sum();
    let severity = severity(workload, pods.len(), looping, now.len());
    let sure = pods.len() > 1 || now.len() > 1 || restarts >= LOOP_RESTARTS;
    let node = node_short(survey, &now);
    let title = match &node {
        Some((name, _)) => format!("{} is killed because node {name} is out of memory", workload.name()),
        None => format!("{} runs out of memory", workload.name()),
    };
    let mut finding = Finding::new("F14", severity, confirmed(sure), title);
    finding.since = pod::began(survey, kills.last().and_then(|k| k.end.finished), &pods);
    finding.subjects = workload.subjects(pods.iter().copied());
    let times = u32::try_from(now.len()).unwrap_or(u32::MAX).max(restarts);
    finding.evidence.push(Evidence::of(
        Kind::Pod,
        format!(
            "{} of {} {} OOMKilled, {} in {}, {}",
            pods.len(),
            workload.desired.max(1),
            if workload.desired > 1 { "pods" } else { "pod" },
            count(times as usize, "kill"),
            "15 min",
            workload.counts()
        ),
        newest.end.finished,
    ));
    finding.evidence.extend(node.map(|(_, evidence)| evidence));
    finding.evidence.extend(revision::evidence(survey, workload, finding.since, &pods));
    finding.evidence.extend(now.iter().take(3).map(|k| kill_evidence(k)));
    finding.evidence.extend(pods.iter().filter_map(|p| usage_evidence(survey, p)).take(2));
    finish(survey, &mut finding);
    Some(finding)
}

fn severity(workload: &Workload<'_>, pods: usize, looping: usize, kills: usize) -> Severity {
    if workload.is_batch() {
        return Severity::Info;
    }
    if looping >= workload.most() && (workload.serves || workload.role.is_some_and(|(_, r)| r.serves)) {
        return Severity::Critical;
    }
    if looping > 0 || pods > 1 || kills > 1 { Severity::Warning } else { Severity::Info }
}

fn loops_for_memory(survey: &Survey<'_>, pod: &Pod) -> bool {
    pod.containers.iter().any(|c| pod::loops(survey, pod, c) && ended_for_memory(survey, pod, c))
}

fn oom_restarts(survey: &Survey<'_>, pod: &Pod) -> u32 {
    let memory = pod.containers.iter().filter(|c| ended_for_memory(survey, pod, c));
    memory.map(|c| pod::restarts_within(survey, pod, c)).sum()
}

fn ended_for_memory(survey: &Survey<'_>, pod: &Pod, container: &Container) -> bool {
    container.newest_end().is_some_and(|e| pod::how(survey, pod, container, e) == End::OutOfMemory)
}

fn kill_evidence(kill: &Kill<'_>) -> Evidence {
    let limit = kill.container.limits.memory.map_or_else(|| "no limit".to_owned(), |l| format!("limit {}", bytes(l)));
    let at = kill.end.finished.map(clock).unwrap_or_default();
    Evidence::of(
        Kind::Pod,
        format!(
            "{}: container {} {} at {at} (exit {}), {limit}, {}",
            kill.pod.meta.key.name,
            kill.container.name,
            kill.end.reason,
            kill.end.exit_code,
            count(kill.container.restarts as usize, "restart")
        ),
        kill.end.finished,
    )
}

/// A SystemOOM event on the node of a kill, within two minutes of it: the node was short, not the container.
fn node_short(survey: &Survey<'_>, kills: &[&Kill<'_>]) -> Option<(String, Evidence)> {
    kills.iter().find_map(|kill| {
        let (at, message) = system_oom(survey, &kill.pod.node)?;
        let near = kill.end.finished.is_some_and(|f| f.duration_since(at).abs() <= mins(2));
        near.then(|| (kill.pod.node.to_string(), system_oom_evidence(&kill.pod.node, at, &message)))
    })
}

fn system_oom(survey: &Survey<'_>, node: &str) -> Option<(Timestamp, String)> {
    let about = survey.node(node)?.meta.reference(Kind::Node);
    let event = survey.events_about(&about).find(|e| e.reason == "SystemOOM")?;
    Some((event.last?, event.message.to_string()))
}

fn system_oom_evidence(node: &str, at: Timestamp, message: &str) -> Evidence {
    Evidence::of(Kind::Event, format!("node {node}: SystemOOM, {message}"), Some(at))
}

/// Nodes that were short of memory and killed something that is no pod's.
fn node_only(survey: &Survey<'_>, found: &[Finding]) -> Vec<Finding> {
    let mut more = Vec::new();
    for node in survey.situation.nodes.values() {
        let name = &node.meta.key.name;
        let Some((at, message)) = system_oom(survey, name).filter(|(at, _)| survey.ago(*at) <= LOOP_WINDOW) else {
            continue;
        };
        let told = format!("node {name}: SystemOOM");
        if found.iter().any(|f| f.evidence.iter().any(|e| e.text.starts_with(&told))) {
            continue;
        }
        let title = format!("node {name} ran out of memory");
        let mut finding = Finding::new("F14", Severity::Warning, Confidence::Suspect, title);
        finding.subjects.push(node.meta.reference(Kind::Node).into());
        finding.since = Some(at);
        finding.evidence.push(system_oom_evidence(name, at, &message));
        finish(survey, &mut finding);
        more.push(finding);
    }
    more
}

/// Workloads whose memory has been near the limit for long enough, and that were not killed yet.
fn predicted(survey: &Survey<'_>, found: &[Finding]) -> Vec<Finding> {
    let mut near: Vec<(&Pod, u64, Timestamp)> = Vec::new();
    for ((key, container), samples) in &survey.situation.pod_usage {
        let Some(pod) = survey.situation.pods.get(key).filter(|p| !p.finished()) else { continue };
        let limit = pod.containers.iter().find(|c| c.name == *container).and_then(|c| c.limits.memory);
        if let Some((percent, since)) =
            limit.and_then(|l| high(samples.iter(), l)).filter(|_| pod.meta.deleting.is_none())
        {
            near.push((pod, percent, since));
        }
    }
    let mut more: Vec<Finding> = Vec::new();
    for (pod, percent, since) in near {
        let owner = survey.situation.workload_of(pod).unwrap_or_else(|| pod.meta.reference(Kind::Pod));
        let subject = owner.into();
        if found.iter().any(|f| f.subject() == Some(&subject)) {
            continue;
        }
        let text = format!("{}: memory at {percent} % of its limit for 5 min", pod.meta.key.name);
        let evidence = Evidence { text, source: Source::PodMetrics, at: Some(since) };
        if let Some(known) = more.iter_mut().find(|f| f.subject() == Some(&subject)) {
            known.evidence.push(evidence);
            known.since = known.since.min(Some(since));
            continue;
        }
        let name = survey.workloads.iter().find(|w| subject == w.reference.clone().into());
        let name = name.map_or_else(|| subject.name().to_string(), |w| w.name().to_owned());
        let title = format!("{name} is near its memory limit");
        let mut finding = Finding::new("F14", Severity::Info, Confidence::Suspect, title);
        finding.subjects = vec![subject, pod.meta.reference(Kind::Pod).into()];
        finding.since = Some(since);
        finding.evidence.push(evidence);
        finish(survey, &mut finding);
        more.push(finding);
    }
    more
}

/// The last percentage of the limit, and since when all samples are high, if that is long enough.
fn high<'a>(samples: impl DoubleEndedIterator<Item = &'a Usage>, limit: u64) -> Option<(u64, Timestamp)> {
    let percent = |u: &Usage| u.amounts.memory.and_then(|m| m.checked_mul(100)?.checked_div(limit));
    let above: Vec<(u64, Timestamp)> =
        samples.rev().map_while(|u| Some((percent(u).filter(|p| *p > HIGH)?, u.at?))).collect();
    let (newest, oldest) = (above.first()?, above.last()?);
    (newest.1.duration_since(oldest.1) >= HIGH_FOR).then_some((newest.0, oldest.1))
}

fn usage_evidence(survey: &Survey<'_>, pod: &Pod) -> Option<Evidence> {
    pod.containers.iter().find_map(|c| {
        let usage = survey.situation.pod_usage.get(&(pod.meta.key.clone(), c.name.clone()))?.back()?;
        let (used, limit) = (usage.amounts.memory?, c.limits.memory?);
        let text = format!("{}: {} of {} in use", pod.meta.key.name, bytes(used), bytes(limit));
        Some(Evidence { text, source: Source::PodMetrics, at: usage.at })
    })
}

fn finish(survey: &Survey<'_>, finding: &mut Finding) {
    finding.runbook = Some("F14");
    finding.refuted_by = vec![
        "the containers end with reason Error after a failed probe: then the kubelet kills them".to_owned(),
        "no further OOMKilled within 15 minutes".to_owned(),
    ];
    finding.unseen = survey.unseen(&[Kind::Pod, Kind::Event]);
    if let Some(blind) = survey.blind(&Source::PodMetrics) {
        finding.unseen.push(format!("memory in use ({blind})"));
    }
    finding.unseen.push("the kernel log of the node, which names the process".to_owned());
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Confidence, Severity};
    use crate::situation::object::{Amounts, Event, Phase};
    use crate::situation::{Key, Observation, Source, SourceState, Usage};

    fn shop() -> World {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world
    }

    #[test]
    fn one_kill_is_info_and_suspect() {
        let mut world = shop();
        world.change_pod(NS, "web-rs1-1", |p| restarted(p, 137, "OOMKilled", 300));
        let finding = world.finding("F14");
        assert_eq!((finding.severity, finding.confidence), (Severity::Info, Confidence::Suspect));
        assert_eq!(finding.since, Some(ago(300)));
        assert_eq!(finding.subjects[0].to_string(), "Deployment/shop/web");
        assert_eq!(finding.subjects[1].to_string(), "Pod/shop/web-rs1-1");
        assert!(evidence(&finding).contains("limit 256Mi, 1 restart"), "{}", evidence(&finding));
    }

    #[test]
    fn two_pods_in_fifteen_minutes_are_a_warning_and_confirmed() {
        let mut world = shop();
        world.change_pod(NS, "web-rs1-1", |p| restarted(p, 137, "OOMKilled", 800));
        world.change_pod(NS, "web-rs1-2", |p| restarted(p, 137, "OOMKilled", 60));
        let finding = world.finding("F14");
        assert_eq!((finding.severity, finding.confidence), (Severity::Warning, Confidence::Confirmed));
        assert_eq!(finding.evidence[0].text, "2 of 3 pods OOMKilled, 2 kills in 15 min, 3 of 3 ready");
        assert_eq!(finding.since, Some(ago(800)));
    }

    #[test]
    fn two_of_three_in_a_crash_loop_are_critical_and_explain_what_is_not_ready() {
        let mut world = shop();
        for pod in ["web-rs1-1", "web-rs1-2"] {
            world.change_pod(NS, pod, |p| crash_loops(p, 137, "OOMKilled", 5, 90));
        }
        world.set_ready(NS, "web", 1, 600);
        assert_eq!(world.ids(), ["F14", "workload-unready"]);
        let found = world.assess().findings;
        assert_eq!((found[0].severity, found[0].confidence), (Severity::Critical, Confidence::Confirmed));
        assert_eq!(found[1].consequence_of, Some("F14"));
    }

    #[test]
    fn a_loop_of_what_no_user_passes_is_a_warning() {
        let mut world = World::new();
        world.deploy(NS, "office", 1);
        world.change_pod(NS, "office-rs1-1", |p| crash_loops(p, 137, "OOMKilled", 5, 90));
        world.set_ready(NS, "office", 0, 20);
        assert_eq!(world.finding("F14").severity, Severity::Warning);
    }

    #[test]
    fn ends_of_former_runs_are_kept_while_watching() {
        let mut world = shop();
        for seconds in [700, 400, 100] {
            world.change_pod(NS, "web-rs1-1", |p| restarted(p, 137, "OOMKilled", seconds));
        }
        let finding = world.finding("F14");
        assert!(finding.evidence[0].text.starts_with("1 of 3 pods OOMKilled, 3 kills"), "{}", finding.evidence[0].text);
        assert_eq!(finding.since, Some(ago(700)));
    }

    #[test]
    fn old_kills_are_over() {
        let mut world = shop();
        world.change_pod(NS, "web-rs1-1", |p| restarted(p, 137, "OOMKilled", 1000));
        assert_eq!(world.ids(), [""; 0]);
    }

    #[test]
    fn a_kill_by_a_probe_is_not_for_memory() {
        let mut world = shop();
        world.change_pod(NS, "web-rs1-1", |p| restarted(p, 137, "Error", 60));
        world.pod_event("web-rs1-1", "Killing", "Container main failed liveness probe, will be restarted", 90);
        assert_eq!(world.findings("F14"), []);
    }

    #[test]
    fn an_evicted_pod_and_a_job_s_pod_are_not_a_workload_out_of_memory() {
        let mut world = shop();
        world.change_pod(NS, "web-rs1-1", |p| {
            restarted(p, 137, "OOMKilled", 60);
            p.phase = Phase::Failed;
            p.reason = "Evicted".into();
        });
        assert_eq!(world.findings("F14"), []);
        let mut job = mk_pod(NS, "import", 1, 1);
        job.meta.owner.as_mut().unwrap().kind = "Job".into();
        crash_loops(&mut job, 137, "OOMKilled", 5, 60);
        world.put(job);
        assert_eq!(world.finding("F14").severity, Severity::Info);
    }

    fn system_oom(world: &mut World, node: &str, seconds_ago: i64) {
        world.put(Event {
            meta: mk_meta("default", "oom", 60),
            about_kind: "Node".into(),
            about: Key::new("", node),
            about_uid: node.into(),
            warning: true,
            reason: "SystemOOM".into(),
            message: "System OOM encountered, victim process: import".into(),
            last: Some(ago(seconds_ago)),
            ..Event::default()
        });
    }

    #[test]
    fn a_node_short_of_memory_is_named_as_the_cause() {
        let mut world = shop();
        world.change_pod(NS, "web-rs1-1", |p| restarted(p, 137, "OOMKilled", 300));
        system_oom(&mut world, "node-1", 310);
        let finding = world.finding("F14");
        assert!(finding.title.contains("node node-1 is out of memory"), "{}", finding.title);
    }

    #[test]
    fn a_node_that_killed_something_else_is_a_finding_of_its_own() {
        let mut world = shop();
        system_oom(&mut world, "node-2", 310);
        assert_eq!(world.finding("F14").subjects[0].to_string(), "Node//node-2");
    }

    fn use_memory(world: &mut World, percent: u64, samples: i64) {
        for i in (0..samples).rev() {
            let memory = Some(((256_u64 << 20) * percent).div_ceil(100));
            let usage = Usage { amounts: Amounts { memory, ..Amounts::default() }, at: Some(ago(i * 15)) };
            let list = vec![("web-rs1-1".into(), "main".into(), usage)];
            world.situation.apply(Observation::PodMetrics(NS.into(), list));
        }
    }

    #[test]
    fn five_minutes_near_the_limit_are_told_beforehand() {
        let mut world = shop();
        use_memory(&mut world, 94, 22);
        let finding = world.finding("F14");
        assert_eq!((finding.severity, finding.confidence), (Severity::Info, Confidence::Suspect));
        assert_eq!(finding.title, "web is near its memory limit");
        assert!(finding.evidence[0].text.contains("94 %"));
    }

    #[test]
    fn less_or_shorter_is_not() {
        for (percent, samples) in [(89, 22), (94, 20)] {
            let mut world = shop();
            use_memory(&mut world, percent, samples);
            assert_eq!(world.findings("F14"), [], "{percent} {samples}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_said() {
        let mut world = shop();
        world.change_pod(NS, "web-rs1-1", |p| restarted(p, 137, "OOMKilled", 300));
        world.source(Source::PodMetrics, SourceState::Missing);
        world.source(Source::Watch(crate::situation::Kind::Event), SourceState::Forbidden("list events".into()));
        let unseen = world.finding("F14").unseen.join("\n");
        assert!(unseen.contains("events: forbidden, needs list events"), "{unseen}");
        assert!(unseen.contains("memory in use"), "{unseen}");
    }
}
