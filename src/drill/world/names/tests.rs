//! What name servers say, and when resolvers notice that it has changed.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::drill::outside::Mood;
use crate::drill::world::{Kind, Outside, Record};

const RESOLVERS: [Site; 3] = [Site::ResolverOne, Site::ResolverTwo, Site::ResolverThree];

fn start() -> Timestamp {
    "2026-03-01T04:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    start() + SignedDuration::from_secs(seconds)
}

fn outside() -> Outside {
    let mut outside = Outside::new(1);
    outside.remember(start());
    outside
}

fn texts(said: &Said) -> Vec<&str> {
    said.answers.iter().map(|line| line.text.as_str()).collect()
}

fn ask(outside: &Outside, resolver: Site, name: &str, kind: Type, now: Timestamp) -> Said {
    outside.names.resolve(resolver, name, Some(kind), false, now)
}

fn authority(outside: &Outside, site: Site, name: &str, kind: Type) -> Said {
    outside.names.last().unwrap().says(site, name, Some(kind)).unwrap()
}

fn lie(site: Site, name: &str, kind: Type, says: Says) -> Lie {
    Lie { site, name: name.to_owned(), kind, says }
}

#[test]
fn proxied_names_lead_to_the_edge_and_grey_ones_to_their_content() {
    let mut outside = outside();
    let said = authority(&outside, Site::NameserverOne, "API.example.com", Type::A);
    assert_eq!(texts(&said), ["203.0.113.201", "203.0.113.202"]);
    assert!(said.authoritative && said.answers.iter().all(|line| line.ttl == 300));
    outside.zone.records.iter_mut().filter(|r| r.name.starts_with("api.")).skip(1).for_each(|r| r.proxied = false);
    outside.remember(after(1));
    let said = authority(&outside, Site::NameserverOne, "api.example.com", Type::A);
    assert_eq!(texts(&said), ["203.0.113.201", "203.0.113.202"], "one proxied record makes the whole name the edge's");
    outside.zone.records.iter_mut().for_each(|r| r.proxied = false);
    outside.remember(after(2));
    let said = authority(&outside, Site::NameserverTwo, "api.example.com", Type::A);
    assert_eq!(texts(&said), ["203.0.113.11", "203.0.113.12", "203.0.113.13"]);
}

#[test]
fn aliases_are_followed_and_loops_end() {
    let mut outside = outside();
    for (name, content) in [
        ("www.example.com", "api.example.com"),
        ("a.example.com", "b.example.com."),
        ("b.example.com", "a.example.com"),
    ] {
        let record = Record {
            id: name.to_owned(),
            name: name.to_owned(),
            kind: Kind::Cname,
            content: content.to_owned(),
            proxied: false,
            ttl: 60,
        };
        outside.zone.records.push(record);
    }
    outside.remember(after(1));
    let said = authority(&outside, Site::NameserverOne, "www.example.com", Type::A);
    assert_eq!(texts(&said), ["api.example.com", "203.0.113.201", "203.0.113.202"]);
    assert!(authority(&outside, Site::NameserverOne, "a.example.com", Type::A).answers.len() <= 8);
}

#[test]
fn what_is_not_there_is_told_apart() {
    let outside = outside();
    let asked = |name, kind| {
        let said = authority(&outside, Site::NameserverOne, name, kind);
        (said.code, said.answers.len(), said.authority.len())
    };
    assert_eq!(asked("nobody.example.com", Type::A), (Code::NxDomain, 0, 1));
    assert_eq!(asked("api.example.com", Type::Aaaa), (Code::NoError, 0, 1));
    assert_eq!(asked("edge.example.com", Type::A), (Code::NoError, 0, 1), "a name above another exists");
    assert_eq!(asked("example.org", Type::A), (Code::Refused, 0, 0));
    assert_eq!(asked("badexample.com", Type::A), (Code::Refused, 0, 0));
    assert_eq!(asked("example.com", Type::Ns), (Code::NoError, 2, 0));
}

#[test]
fn the_parent_refers_to_the_servers_of_the_zone() {
    let mut outside = outside();
    let said = authority(&outside, Site::Parent, "api.example.com", Type::A);
    assert!(!said.authoritative && said.answers.is_empty());
    let kinds: Vec<Type> = said.authority.iter().map(|line| line.kind).collect();
    assert_eq!(kinds, [Type::Ns, Type::Ns, Type::Ds]);
    assert_eq!(said.additional.len(), 2, "glue for both");
    let told = Says::Answers(vec!["ns1.example.net.".into()]);
    outside.names.tell(lie(Site::Parent, "example.com", Type::Ns, told));
    outside.remember(after(1));
    let said = authority(&outside, Site::Parent, "example.com", Type::Ns);
    assert_eq!(said.authority[0].text, "ns1.example.net.");
    assert!(said.additional.is_empty());
}

#[test]
fn a_change_is_seen_by_each_resolver_when_its_copy_expires() {
    let mut outside = outside();
    let seen = |outside: &Outside, resolver, now| ask(outside, resolver, "api.example.com", Type::A, now);
    let before: Vec<u32> = RESOLVERS.iter().map(|r| seen(&outside, *r, after(1000)).answers[0].ttl).collect();
    assert!(before[0] != before[1] || before[1] != before[2], "their copies differ in age: {before:?}");
    outside.zone.records.iter_mut().for_each(|r| r.proxied = false);
    outside.remember(after(1000));
    for (resolver, ttl) in RESOLVERS.into_iter().zip(before) {
        let ttl = i64::from(ttl);
        assert_eq!(texts(&seen(&outside, resolver, after(1000 + ttl - 1))), ["203.0.113.201", "203.0.113.202"]);
        let fresh = seen(&outside, resolver, after(1000 + ttl));
        assert_eq!(fresh.answers.len(), 3, "{resolver:?}");
        assert_eq!(fresh.answers[0].ttl, 300);
        assert_eq!(seen(&outside, resolver, after(1000 + ttl + 10)).answers[0].ttl, 290);
    }
}

#[test]
fn resolvers_outlive_their_authorities_by_what_they_have() {
    let mut outside = outside();
    let ttl = i64::from(ask(&outside, Site::ResolverOne, "api.example.com", Type::A, after(50)).answers[0].ttl);
    for site in [Site::NameserverOne, Site::NameserverTwo] {
        outside.set(site, Mood::Silent);
    }
    outside.remember(after(50));
    let code = |outside: &Outside, at| ask(outside, Site::ResolverOne, "api.example.com", Type::A, after(at)).code;
    assert_eq!(code(&outside, 50 + ttl - 1), Code::NoError);
    assert_eq!(code(&outside, 50 + ttl), Code::ServFail);
    assert_eq!(ask(&outside, Site::ResolverOne, "db.example.com", Type::A, after(5000)).code, Code::NoError);
    outside.set(Site::NameserverTwo, Mood::Well);
    outside.remember(after(5000));
    assert_eq!(code(&outside, 5000), Code::NoError, "one server is enough, and a failure is not kept");
}

#[test]
fn servers_disagree_where_they_are_told_to() {
    let mut outside = outside();
    let wrong = |site| lie(site, "api.example.com", Type::A, Says::Answers(vec!["203.0.113.66".into()]));
    outside.names.tell(wrong(Site::ResolverTwo));
    outside.names.tell(wrong(Site::NameserverOne));
    outside.remember(after(1));
    let a = |site| ask(&outside, site, "api.example.com", Type::A, after(2));
    assert_eq!(texts(&a(Site::ResolverTwo)), ["203.0.113.66"]);
    assert_eq!(texts(&authority(&outside, Site::NameserverOne, "api.example.com", Type::A)), ["203.0.113.66"]);
    assert_eq!(authority(&outside, Site::NameserverTwo, "api.example.com", Type::A).answers.len(), 2);
    // A resolver repeats what it hears from the one that it happens to ask.
    let heard: Vec<usize> = (2..40)
        .map(|n| ask(&outside, Site::ResolverOne, "api.example.com", Type::A, after(n * 300)).answers.len())
        .collect();
    assert!(heard.contains(&1) && heard.contains(&2), "{heard:?}");
    outside.names.retract(&wrong(Site::ResolverTwo));
    assert_eq!(ask(&outside, Site::ResolverTwo, "api.example.com", Type::A, after(2)).answers.len(), 2);
}

#[test]
fn a_wrong_signer_fails_whoever_checks() {
    let mut outside = outside();
    assert!(ask(&outside, Site::ResolverOne, "api.example.com", Type::A, after(1)).authentic);
    let wrong = Says::Answers(vec![format!("4711 13 2 {}", "AB".repeat(32))]);
    outside.names.tell(lie(Site::Parent, "example.com", Type::Ds, wrong.clone()));
    outside.remember(after(1));
    let late = after(3700);
    assert_eq!(ask(&outside, Site::ResolverOne, "api.example.com", Type::A, late).code, Code::ServFail);
    let said = outside.names.resolve(Site::ResolverOne, "api.example.com", Some(Type::A), true, late);
    assert_eq!((said.code, said.answers.len(), said.authentic), (Code::NoError, 2, false));
    outside.names.retract(&lie(Site::Parent, "example.com", Type::Ds, wrong));
    outside.names.tell(lie(Site::Parent, "example.com", Type::Ds, Says::Answers(Vec::new())));
    outside.remember(late);
    let said = ask(&outside, Site::ResolverOne, "api.example.com", Type::A, after(7400));
    assert_eq!((said.code, said.authentic), (Code::NoError, false), "without a signer nothing is checked");
}

#[test]
fn a_zone_that_its_parent_forgot_is_gone() {
    let mut outside = outside();
    outside.names.tell(lie(Site::Parent, "example.com", Type::Ns, Says::Code(Code::NxDomain)));
    outside.remember(after(1));
    assert_eq!(ask(&outside, Site::ResolverThree, "api.example.com", Type::A, after(3700)).code, Code::NxDomain);
    assert_eq!(authority(&outside, Site::Parent, "api.example.com", Type::A).code, Code::NxDomain);
}
