//! The health column: one row an area, from the edge to the outside.

use jiff::SignedDuration;
use serde::Serialize;

use super::survey::Survey;
use super::words::mins;
use super::workload::Workload;
use super::{Finding, Severity};
use crate::situation::object::{Condition, Status};
use crate::situation::{Kind, Source, SourceState, Text, time};

/// An area of the deployment, in the order in which a request passes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Area {
    Edge,
    Dns,
    Nodes,
    Control,
    Network,
    Apps,
    Outside,
}

impl Area {
    /// What it is called on screens and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Dns => "dns",
            Self::Nodes => "nodes",
            Self::Control => "control",
            Self::Network => "network",
            Self::Apps => "apps",
            Self::Outside => "outside",
        }
    }
}

/// A verdict. Unknown is a value of its own, never green.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Mark {
    Good,
    Unknown,
    Warning,
    Bad,
}

/// One row of the health column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthRow {
    /// Which area.
    pub area: Area,
    /// The verdict.
    pub mark: Mark,
    /// A few words with figures: `3/3 ready`, `not configured`.
    pub text: String,
}

/// The latency of the API from which on it is slow, and from which on it is bad (catalogue 1.4).
const SLOW: SignedDuration = SignedDuration::from_millis(500);
const TOO_SLOW: SignedDuration = SignedDuration::from_secs(2);
/// A voter that has not been confirmed for so long is not known to be one.
const VOTER_STALE: SignedDuration = mins(11);

/// All rows, in the order of [`Area`].
pub(super) fn column(survey: &Survey<'_>, findings: &[Finding]) -> Vec<HealthRow> {
    vec![
        outside_row(survey, Area::Edge, |kind| kind == "edge"),
        outside_row(survey, Area::Dns, |kind| kind == "dns"),
        nodes(survey),
        control(survey),
        network(survey),
        apps(survey, findings),
        outside_row(survey, Area::Outside, |kind| kind != "edge" && kind != "dns"),
    ]
}

fn row(area: Area, mark: Mark, text: impl Into<String>) -> HealthRow {
    HealthRow { area, mark, text: text.into() }
}

/// The row of facts from these kinds: unknown where none is known, never good where one is aged.
fn from_kinds(survey: &Survey<'_>, area: Area, kinds: &[Kind], facts: impl FnOnce() -> (Mark, String)) -> HealthRow {
    let status = |kind: &Kind| survey.situation.source(&Source::Watch(*kind));
    if let Some(blind) = kinds.iter().find(|k| !status(k).known()) {
        let state = in_short(&status(blind).state);
        let text = if kinds.len() == 1 { state.to_owned() } else { format!("{}: {state}", blind.resource().plural) };
        return row(area, Mark::Unknown, text);
    }
    let (mark, text) = facts();
    let aged = kinds.iter().filter(|k| !status(k).live());
    let age = aged.filter_map(|k| survey.situation.age_of(&Source::Watch(*k))).max();
    match age {
        None if kinds.iter().all(|k| status(k).live()) => row(area, mark, text),
        age => {
            let mark = if mark == Mark::Good { Mark::Unknown } else { mark };
            let age = age.map_or_else(|| "aged".to_owned(), |a| format!("{} old", time::age(a)));
            row(area, mark, format!("{text} · {age}"))
        }
    }
}

/// A state in a word or two.
fn in_short(state: &SourceState) -> &'static str {
    match state {
        SourceState::Waiting | SourceState::Listing(_) => "waiting",
        SourceState::Live => "live",
        SourceState::Lost(_) => "lost",
        SourceState::Failed(_) => "no answer",
        SourceState::Forbidden(_) => "forbidden",
        SourceState::Missing => "not served",
        SourceState::NotConfigured => "not configured",
    }
}

fn outside_row(survey: &Survey<'_>, area: Area, wanted: impl Fn(&str) -> bool) -> HealthRow {
    let mine: Vec<&String> = survey.profile.outside.iter().filter(|(_, o)| wanted(&o.kind)).map(|(n, _)| n).collect();
    if mine.is_empty() {
        return row(area, Mark::Unknown, "not configured");
    }
    let states: Vec<SourceState> =
        mine.iter().map(|n| survey.situation.source(&Source::Outside(Text::new(n))).state).collect();
    let live = states.iter().filter(|s| **s == SourceState::Live).count();
    let failed = states.iter().filter(|s| matches!(s, SourceState::Failed(_) | SourceState::Lost(_))).count();
    let mark = match (failed, live == states.len()) {
        (0, true) => Mark::Good,
        (0, false) => Mark::Unknown,
        (n, _) if n == states.len() => Mark::Bad,
        _ => Mark::Warning,
    };
    if live == 0 && failed == 0 {
        return row(area, mark, "not probed");
    }
    row(area, mark, format!("{live}/{} answer", states.len()))
}

fn nodes(survey: &Survey<'_>) -> HealthRow {
    from_kinds(survey, Area::Nodes, &[Kind::Node], || {
        let all = &survey.situation.nodes;
        let ready = all.values().filter(|n| n.ready() == Status::True).count();
        let cordoned = all.values().filter(|n| n.unschedulable).count();
        let aside = if cordoned > 0 { format!(" · {cordoned} cordoned") } else { String::new() };
        let text = format!("{ready}/{} ready{aside}", all.len());
        let mark = match all.len() {
            0 => Mark::Unknown,
            n if ready < n => Mark::Bad,
            _ if cordoned > 0 => Mark::Warning,
            _ => Mark::Good,
        };
        (mark, text)
    })
}

fn control(survey: &Survey<'_>) -> HealthRow {
    let situation = survey.situation;
    match situation.source(&Source::Api).state {
        SourceState::Live => {}
        SourceState::Waiting | SourceState::Listing(_) => return row(Area::Control, Mark::Unknown, "api: waiting"),
        SourceState::Lost(_) => {
            let age = situation.age_of(&Source::Api).map(|a| format!(" {}", time::age(a))).unwrap_or_default();
            return row(Area::Control, Mark::Bad, format!("api lost{age}"));
        }
        state => return row(Area::Control, Mark::Bad, format!("api: {}", in_short(&state))),
    }
    let parts = [etcd(survey), endpoints(survey), latency(survey)];
    let mark = parts.iter().flatten().map(|(mark, _)| *mark).max().unwrap_or(Mark::Unknown);
    let text: Vec<String> = parts.into_iter().flatten().map(|(_, text)| text).collect();
    row(Area::Control, mark, if text.is_empty() { "api answers".to_owned() } else { text.join(" · ") })
}

/// etcd's voters as k3s' condition on the nodes tells them; `None` where no node has it.
fn etcd(survey: &Survey<'_>) -> Option<(Mark, String)> {
    let voters: Vec<_> = survey.situation.nodes.values().filter_map(|n| n.condition("EtcdIsVoter")).collect();
    voters.first()?;
    let fresh = |c: &&&Condition| c.heard.is_none_or(|at| survey.ago(at) <= VOTER_STALE);
    let good = voters.iter().filter(|c| c.status == Status::True).filter(fresh).count();
    let stale = voters.iter().filter(|c| !fresh(c)).count();
    let text = format!("etcd {good}/{}", voters.len());
    // With half or fewer the next fault, or this one, costs the quorum.
    let mark = match good {
        n if n == voters.len() => Mark::Good,
        n if n + stale == voters.len() => Mark::Unknown,
        n if 2 * n <= voters.len() => Mark::Bad,
        _ => Mark::Warning,
    };
    Some((mark, text))
}

/// Endpoints, where the profile names more than one or one is not ready.
fn endpoints(survey: &Survey<'_>) -> Option<(Mark, String)> {
    let all = &survey.situation.endpoints;
    let ready = all.values().filter(|e| e.ready()).count();
    if all.is_empty() || (ready == all.len() && all.len() == 1) {
        return None;
    }
    let mark = match ready {
        n if n == all.len() => return Some((Mark::Good, format!("{n} endpoints"))),
        0 => Mark::Bad,
        _ => Mark::Warning,
    };
    Some((mark, format!("{ready}/{} endpoints", all.len())))
}

fn latency(survey: &Survey<'_>) -> Option<(Mark, String)> {
    let mut last: Vec<SignedDuration> = survey.situation.latencies.iter().rev().take(12).copied().collect();
    last.sort();
    let median = *last.get(last.len() / 2)?;
    let mark = match median {
        m if m > TOO_SLOW => Mark::Bad,
        m if m > SLOW => Mark::Warning,
        _ => Mark::Good,
    };
    Some((mark, format!("api {}ms", median.as_millis())))
}

fn network(survey: &Survey<'_>) -> HealthRow {
    let of = |role: &'static str| survey.workloads.iter().filter(move |w| w.plays(role));
    let parts: Vec<_> = of("dns").chain(of("ingress")).collect();
    let kinds: &[Kind] = &[Kind::Deployment, Kind::DaemonSet];
    from_kinds(survey, Area::Network, kinds, || {
        if of("dns").next().is_none() {
            return (Mark::Unknown, "no workload plays dns".to_owned());
        }
        let mark = parts.iter().map(|w| whole(w)).max().unwrap_or(Mark::Unknown);
        let words = |w: &&&Workload<'_>| format!("{} {}/{}", w.reference.key.name, w.ready, w.desired);
        // What is well is told in as few words as will do.
        let shown: Vec<_> = parts.iter().filter(|w| mark == Mark::Good || whole(w) != Mark::Good).take(2).collect();
        (mark, shown.iter().map(words).collect::<Vec<_>>().join(" · "))
    })
}

fn whole(workload: &Workload<'_>) -> Mark {
    match (workload.ready, workload.desired) {
        (ready, desired) if desired > 0 && ready >= desired => Mark::Good,
        (_, 0) => Mark::Unknown,
        (0, _) => Mark::Bad,
        _ => Mark::Warning,
    }
}

fn apps(survey: &Survey<'_>, findings: &[Finding]) -> HealthRow {
    let kinds = [Kind::Deployment, Kind::DaemonSet, Kind::StatefulSet, Kind::Pod];
    let known: Vec<Kind> = kinds.into_iter().filter(|k| k.resource().needed || survey.situation.knows(*k)).collect();
    from_kinds(survey, Area::Apps, &known, || {
        let named = survey.workloads.iter().any(|w| w.role.is_some() && !w.is_infrastructure());
        let is_app = |w: &&Workload<'_>| match w.role {
            Some(_) => !w.is_infrastructure(),
            None => !named && w.selector.is_some() && *w.reference.key.namespace != *"kube-system",
        };
        let apps: Vec<_> = survey.workloads.iter().filter(is_app).filter(|w| w.desired > 0).collect();
        if apps.is_empty() {
            return (Mark::Unknown, "no workloads".to_owned());
        }
        // Findings come ranked, so the first that is about one of them is the one to name.
        for finding in findings.iter().filter(|f| f.severity > Severity::Info) {
            let about = |w: &&&Workload<'_>| finding.subjects.contains(&w.reference.clone().into());
            if let Some(app) = apps.iter().find(about) {
                let mark = if finding.severity == Severity::Critical { Mark::Bad } else { Mark::Warning };
                return (mark, format!("{} {}/{}{}", app.name(), app.ready, app.desired, tag(finding)));
            }
        }
        let ready = apps.iter().filter(|w| whole(w) == Mark::Good).count();
        // Fewer than all and no finding: a rollout, or not for long enough.
        let mark = if ready == apps.len() { Mark::Good } else { Mark::Unknown };
        (mark, format!("{ready}/{} ready", apps.len()))
    })
}

/// The finding in a word.
fn tag(finding: &Finding) -> &'static str {
    match finding.id {
        "F14" => " · oom",
        "F15" => " · panic",
        "F17" => " · down",
        "F26" => " · partly",
        _ => " · unready",
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::{Area, Mark};
    use crate::config::profile::Outside;
    use crate::situation::object::Status;
    use crate::situation::{EndpointHealth, Kind, Observation, Source, SourceState, Trouble};

    fn shop() -> World {
        let mut world = World::new();
        world.deploy("kube-system", "dns", 1);
        world.deploy(NS, "web", 3);
        let latency = Some(jiff::SignedDuration::from_millis(18));
        let health = EndpointHealth { endpoint: "https://one".into(), answered: true, latency, ..Default::default() };
        world.situation.apply(Observation::Health(health));
        world
    }

    fn row(world: &World, area: Area) -> (Mark, String) {
        let row = world.assess().health.into_iter().find(|r| r.area == area).unwrap();
        (row.mark, row.text)
    }

    fn lost() -> SourceState {
        SourceState::Lost(Trouble { what: "connection reset".into(), remedy: "".into(), retry_at: None })
    }

    #[test]
    fn what_is_well_is_said_in_few_words() {
        let world = shop();
        assert_eq!(row(&world, Area::Nodes), (Mark::Good, "3/3 ready".into()));
        assert_eq!(row(&world, Area::Control), (Mark::Good, "etcd 3/3 · api 18ms".into()));
        assert_eq!(row(&world, Area::Network), (Mark::Good, "dns 1/1".into()));
        assert_eq!(row(&world, Area::Apps), (Mark::Good, "1/1 ready".into()));
    }

    #[test]
    fn the_order_is_the_way_of_a_request() {
        let areas: Vec<Area> = shop().assess().health.into_iter().map(|r| r.area).collect();
        assert!(areas.is_sorted() && areas.len() == 7);
    }

    #[test]
    fn nothing_known_is_never_good() {
        let world = World { situation: crate::situation::Situation::new(), profile: crate::config::Profile::default() };
        assert!(world.assess().health.iter().all(|r| r.mark == Mark::Unknown), "{:#?}", world.assess().health);
    }

    #[test]
    fn aged_facts_are_not_good_and_bad_ones_stay_bad() {
        let mut world = shop();
        world.source(Source::Watch(Kind::Node), lost());
        world.situation.apply(Observation::Source(Source::Watch(Kind::Node), lost()));
        assert_eq!(row(&world, Area::Nodes), (Mark::Unknown, "3/3 ready · 0s old".into()));
        let mut node = mk_node("node-1");
        node.conditions = vec![mk_condition("Ready", Status::Unknown, "", 100)];
        world.put(node);
        assert_eq!(row(&world, Area::Nodes).0, Mark::Bad);
    }

    #[test]
    fn forbidden_and_waiting_are_unknown_with_the_kind() {
        let mut world = shop();
        world.source(Source::Watch(Kind::Node), SourceState::Forbidden("list nodes".into()));
        assert_eq!(row(&world, Area::Nodes), (Mark::Unknown, "forbidden".into()));
    }

    #[test]
    fn the_worst_app_is_named() {
        let mut world = shop();
        for i in 1..=2 {
            world.change_pod(NS, &format!("web-rs1-{i}"), |p| crash_loops(p, 137, "OOMKilled", 5, 60));
        }
        world.set_ready(NS, "web", 1, 60);
        assert_eq!(row(&world, Area::Apps), (Mark::Bad, "web 1/3 · oom".into()));
    }

    #[test]
    fn a_lost_voter_is_a_warning_and_two_are_bad() {
        let mut world = shop();
        for (name, mark) in [("node-1", Mark::Warning), ("node-2", Mark::Bad)] {
            let mut node = mk_node(name);
            node.conditions[1] = mk_condition("EtcdIsVoter", Status::False, "Unhealthy", 300);
            world.put(node);
            assert_eq!(row(&world, Area::Control).0, mark);
        }
        assert_eq!(row(&world, Area::Control).1, "etcd 1/3 · api 18ms");
    }

    #[test]
    fn a_lost_api_is_bad_and_an_unprobed_outside_is_unknown() {
        let mut world = shop();
        world.situation.apply(Observation::Heard(Source::Api, ago(42)));
        world.source(Source::Api, lost());
        assert_eq!(row(&world, Area::Control), (Mark::Bad, "api lost 42s".into()));
        assert_eq!(row(&world, Area::Outside), (Mark::Unknown, "not configured".into()));
        let postgres = Outside { kind: "postgres".into(), ..Outside::default() };
        world.profile.outside.insert("db".into(), postgres);
        assert_eq!(row(&world, Area::Outside), (Mark::Unknown, "not probed".into()));
    }
}
