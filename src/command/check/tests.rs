use jiff::Timestamp;

use super::json::Report;
use super::{rbac, text, verdict};
use crate::command::paper::Ink;
use crate::config::Profile;
use crate::config::profile::Role;
use crate::detect::{Assessment, Scene, assess};
use crate::situation::object::{
    Condition, Container, ContainerState, Deployment, Labels, Meta, Owner, Phase, Pod, ReplicaSet, Status,
    TemplateContainer, Termination,
};
use crate::situation::{ClusterId, EndpointHealth, Key, Kind, Observation, Situation, Source, SourceState, Trouble};

fn at(text: &str) -> Timestamp {
    format!("2026-11-22T{text}Z").parse().unwrap()
}

fn quiet() -> Situation {
    let mut s = Situation::new();
    (s.now, s.wall) = (at("04:12:00"), at("04:12:00"));
    for kind in Kind::ALL {
        s.apply(Observation::Listing(kind));
        s.apply(Observation::Listed(kind));
    }
    s.apply(Observation::Heard(Source::Api, at("04:12:00")));
    s.apply(Observation::Source(Source::NodeMetrics, SourceState::Missing));
    s.apply(Observation::Source(Source::PodMetrics, SourceState::Missing));
    s.apply(Observation::Version("v1.34.6+k3s1".into()));
    s.apply(Observation::Cluster(ClusterId {
        context: "prod".into(),
        server: "https://203.0.113.11:6443".into(),
        uid: "b6b9aeef".into(),
        user: "me".into(),
        namespace: "default".into(),
    }));
    s
}

fn profile() -> Profile {
    let role = Role { name: "web".into(), serves: true, ..Role::default() };
    Profile { roles: [("web".to_owned(), role)].into(), ..Profile::default() }
}

fn meta(name: &str, uid: &str, owner: Option<(&str, &str, &str)>) -> Meta {
    let owner = owner.map(|(kind, name, uid)| Owner { kind: kind.into(), name: name.into(), uid: uid.into() });
    let labels = Labels(Box::new([("app".into(), "web".into())]));
    Meta { key: Key::new("shop", name), uid: uid.into(), owner, labels, ..Meta::default() }
}

fn ready(status: Status, since: &str) -> Condition {
    Condition { kind: "Ready".into(), status, since: Some(at(since)), ..Condition::default() }
}

/// Revision 42 of web panics on two of three pods since 04:03.
fn panicking() -> Situation {
    let mut s = quiet();
    let mut put = |o: crate::situation::object::Object| s.apply(Observation::Seen(Box::new(o)));
    let unavailable = Condition {
        kind: "Available".into(),
        status: Status::False,
        since: Some(at("04:03:10")),
        ..Condition::default()
    };
    put(Deployment {
        meta: meta("web", "d", None),
        replicas: 3,
        ready: 1,
        current: 3,
        selector: Labels(Box::new([("app".into(), "web".into())])),
        conditions: vec![unavailable],
        ..Deployment::default()
    }
    .into());
    for (revision, created) in [(41_u64, "01:00:00"), (42, "04:01:00")] {
        let mut set = ReplicaSet {
            meta: meta(&format!("web-{revision}"), &format!("r{revision}"), Some(("Deployment", "web", "d"))),
            ..ReplicaSet::default()
        };
        set.meta.created = Some(at(created));
        set.revision = Some(revision);
        set.containers = vec![TemplateContainer {
            name: "main".into(),
            image: format!("registry.example.com/web:1.{revision}").into(),
        }];
        put(set.into());
    }
    for i in 1..=3 {
        let crashed = i < 3;
        let end = Termination {
            exit_code: 2,
            reason: "Error".into(),
            finished: Some(at("04:11:00")),
            ..Termination::default()
        };
        let waiting = ContainerState::Waiting {
            reason: "CrashLoopBackOff".into(),
            message: "back-off 2m40s restarting failed container".into(),
        };
        let main = Container {
            name: "main".into(),
            ready: !crashed,
            restarts: if crashed { 5 } else { 0 },
            last: crashed.then_some(end),
            state: if crashed { waiting } else { ContainerState::Running(None) },
            ..Container::default()
        };
        let mut pod = Pod {
            meta: meta(&format!("web-42-{i}"), &format!("p{i}"), Some(("ReplicaSet", "web-42", "r42"))),
            ..Pod::default()
        };
        pod.phase = Phase::Running;
        pod.conditions = vec![ready(if crashed { Status::False } else { Status::True }, "04:03:10")];
        pod.containers = vec![main];
        put(pod.into());
    }
    s
}

fn assessed(situation: &Situation) -> Assessment {
    assess(Scene { situation, profile: &profile() })
}

fn lost(situation: &mut Situation, source: Source) {
    let trouble = Trouble { what: "connection reset".into(), remedy: "".into(), retry_at: None };
    situation.apply(Observation::Source(source, SourceState::Failed(trouble)));
}

fn code(situation: &Situation) -> u8 {
    verdict(situation, &assessed(situation))
}

#[test]
fn exit_codes_in_their_precedence() {
    assert_eq!(code(&quiet()), 0);
    assert_eq!(code(&panicking()), 2);
    assert_eq!(code(&Situation::new()), 3);
    let mut s = quiet();
    lost(&mut s, Source::Watch(Kind::Pod));
    assert_eq!(code(&s), 3, "a kind that is needed was lost");
    let mut s = panicking();
    lost(&mut s, Source::Watch(Kind::Pod));
    assert_eq!(code(&s), 2, "critical goes before what could not be told");
    let mut s = quiet();
    lost(&mut s, Source::Watch(Kind::Ingress));
    assert_eq!(code(&s), 0, "an optional kind changes nothing");
}

#[test]
fn warnings_are_1_and_could_not_tell_goes_before_them() {
    let warning = || {
        let mut s = quiet();
        let since = Some(at("03:00:00"));
        let unavailable = Condition { kind: "Available".into(), status: Status::False, since, ..Condition::default() };
        let toy = Deployment {
            meta: meta("toy", "t", None),
            replicas: 2,
            current: 1,
            ready: 1,
            conditions: vec![unavailable],
            ..Deployment::default()
        };
        s.apply(Observation::Seen(Box::new(toy.into())));
        s
    };
    assert_eq!(code(&warning()), 1);
    let mut s = warning();
    lost(&mut s, Source::Api);
    assert_eq!(code(&s), 3);
}

#[test]
fn forbidden_missing_and_not_configured_are_listed_and_change_no_code() {
    let mut s = quiet();
    s.apply(Observation::Source(Source::Watch(Kind::Pod), SourceState::Forbidden("list pods".into())));
    s.apply(Observation::Source(Source::Watch(Kind::Lease), SourceState::Missing));
    assert_eq!(code(&s), 0);
    let unknown: Vec<String> = assessed(&s).unknown.iter().map(|(s, why)| format!("{s}: {why}")).collect();
    assert!(unknown.contains(&"pods: forbidden, needs list pods".to_owned()), "{unknown:?}");
    assert!(unknown.contains(&"leases: not served by this cluster".to_owned()), "{unknown:?}");
}

#[test]
fn the_report_for_people() {
    let s = panicking();
    let report = text::report(&s, &assessed(&s), 2, Ink::default());
    assert!(report.lines().all(|l| unicode_width::UnicodeWidthStr::width(l) <= 80), "{report}");
    assert!(!report.contains('\x1b'));
    insta::assert_snapshot!(report);
}

#[test]
fn the_report_in_ascii_and_in_colour() {
    let s = panicking();
    let report = text::report(&s, &assessed(&s), 2, Ink { ascii: true, colour: false });
    assert!(report.is_ascii(), "{report}");
    let report = text::report(&s, &assessed(&s), 2, Ink { ascii: false, colour: true });
    assert!(report.contains("\x1b[31m✖ critical\x1b[0m"));
}

#[test]
fn a_dead_api_is_said_once() {
    let mut s = Situation::new();
    s.now = at("04:12:00");
    for source in std::iter::once(Source::Api).chain(Kind::ALL.map(Source::Watch)) {
        let what = match &source {
            Source::Api => "the API server: https://203.0.113.11:6443 refuses the connection".to_owned(),
            other => format!("list {other}: https://203.0.113.11:6443 refuses the connection"),
        };
        let trouble = Trouble { what: what.into(), remedy: "".into(), retry_at: None };
        s.apply(Observation::Source(source, SourceState::Failed(trouble)));
    }
    let report = text::report(&s, &assessed(&s), 3, Ink::default());
    assert_eq!(report.matches("refuses").count(), 1, "{report}");
    assert!(report.contains("exit code 3"));
}

#[test]
fn field_names_are_the_contract_s() {
    let s = panicking();
    let value = serde_json::to_value(Report::of(&s, &assessed(&s))).unwrap();
    let keys = |v: &serde_json::Value| v.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&value), ["at", "cluster", "findings", "unknown"]);
    assert_eq!(keys(&value["cluster"]), ["context", "server", "uid", "version"]);
    let finding = &value["findings"][0];
    let names =
        ["confidence", "evidence", "id", "refutedBy", "runbook", "severity", "since", "subjects", "title", "unseen"];
    assert_eq!(keys(finding), names);
    assert_eq!(keys(&finding["evidence"][0]), ["at", "source", "text"]);
    assert_eq!(keys(&value["unknown"][0]), ["reason", "source"]);
    assert_eq!(finding["id"], "F15");
    assert_eq!(finding["severity"], "critical");
    assert_eq!(finding["confidence"], "confirmed");
    assert_eq!(finding["subjects"][0], "Deployment/shop/web");
    assert_eq!(value["at"], "2026-11-22T04:12:00Z");
}

#[test]
fn access_names_the_missing_rule() {
    let mut s = quiet();
    s.apply(Observation::Source(Source::Watch(Kind::Node), SourceState::Forbidden("list nodes".into())));
    lost(&mut s, Source::Watch(Kind::Event));
    let table = rbac::text(&s, Ink::default());
    assert!(table.contains("NO       nodes"), "{table}");
    assert!(table.contains("needs list nodes"));
    assert!(table.contains("yes      events"), "it was read before it was lost: {table}");
    assert!(table.contains("Actions: none."));
}

#[test]
fn health_of_an_endpoint_is_no_reason_to_say_that_nothing_is_known() {
    let mut s = quiet();
    s.apply(Observation::Health(EndpointHealth {
        endpoint: "https://203.0.113.11:6443".into(),
        answered: true,
        ..EndpointHealth::default()
    }));
    assert_eq!(code(&s), 0);
}
