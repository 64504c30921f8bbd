//! Events that say the same of the same object, counted as one.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::situation::object::Event;
use crate::situation::{Key, Kind, Ref, Situation, Text};

/// What makes a group: the object, the word, the sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId {
    /// The kind of the object.
    pub kind: Text,
    /// Its namespace and name.
    pub about: Key,
    /// One word.
    pub reason: Text,
    /// A sentence.
    pub message: Text,
}

/// Events that say the same of the same object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What makes the group.
    pub id: GroupId,
    /// The object's UID, as the newest of them has it.
    pub uid: Text,
    /// Whether they are warnings.
    pub warning: bool,
    /// How often it happened, all of them together.
    pub count: u64,
    /// When it first happened.
    pub first: Option<Timestamp>,
    /// When it last happened.
    pub last: Option<Timestamp>,
    /// Who reports it.
    pub source: Text,
}

impl Group {
    fn of(event: &Event) -> Self {
        Self {
            id: id(event),
            uid: event.about_uid.clone(),
            warning: event.warning,
            count: u64::from(event.count.max(1)),
            first: event.first.or(event.last),
            last: event.last,
            source: event.source.clone(),
        }
    }

    fn add(&mut self, event: &Event) {
        self.count += u64::from(event.count.max(1));
        self.warning |= event.warning;
        self.first = [self.first, event.first.or(event.last)].into_iter().flatten().min();
        if event.last > self.last {
            self.last = event.last;
            self.uid = event.about_uid.clone();
            self.source = event.source.clone();
        }
    }

    /// The object, if it is of a kind that is known here.
    pub fn object(&self) -> Option<Ref> {
        let kind = Kind::named(&self.id.kind)?;
        // The kubelet writes a node's name where its UID belongs.
        let uid = if kind == Kind::Node { Text::default() } else { self.uid.clone() };
        Some(Ref { kind, key: key(kind, &self.id.about), uid })
    }
}

/// An event about something without a namespace bears the one it is kept in.
fn key(kind: Kind, about: &Key) -> Key {
    if kind.resource().namespaced { about.clone() } else { Key::new("", about.name.clone()) }
}

fn id(event: &Event) -> GroupId {
    GroupId {
        kind: event.about_kind.clone(),
        about: event.about.clone(),
        reason: event.reason.clone(),
        message: event.message.clone(),
    }
}

/// Groups events: warnings first, then by the time they last happened, newest first; what is equal in both stands in the
/// order of its names, so that nothing flickers.
pub fn group<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<Group> {
    let mut groups: HashMap<GroupId, Group> = HashMap::new();
    for event in events {
        groups.entry(id(event)).and_modify(|g| g.add(event)).or_insert_with(|| Group::of(event));
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by(|a, b| (b.warning, b.last).cmp(&(a.warning, a.last)).then_with(|| a.id.cmp(&b.id)));
    groups
}

/// The events about an object and about what it is made of: a workload's ReplicaSets, Jobs and pods.
pub fn about<'a>(situation: &'a Situation, target: &Ref) -> Vec<&'a Event> {
    let parts = parts(situation, target);
    let same = |event: &&Event, object: &Ref| {
        event.about.name == object.key.name
            && event.about_kind == object.kind.resource().kind
            && key(object.kind, &event.about).namespace == object.key.namespace
            && (object.kind == Kind::Node
                || object.uid.is_empty()
                || event.about_uid.is_empty()
                || event.about_uid == object.uid)
    };
    situation
        .events
        .values()
        .filter(|event| same(event, target) || parts.iter().any(|part| same(event, part)))
        .collect()
}

fn parts(situation: &Situation, target: &Ref) -> Vec<Ref> {
    let mut parts: Vec<Ref> = Vec::new();
    match target.kind {
        Kind::Deployment => {
            parts.extend(situation.revisions(&target.key).iter().map(|set| set.meta.reference(Kind::ReplicaSet)));
        }
        Kind::CronJob => {
            let owned =
                situation.jobs.values().filter(|job| job.meta.owner.as_ref().is_some_and(|o| o.uid == target.uid));
            parts.extend(owned.map(|job| job.meta.reference(Kind::Job)));
        }
        Kind::DaemonSet | Kind::StatefulSet | Kind::ReplicaSet | Kind::Job => {}
        _ => return parts,
    }
    let owners: Vec<Text> = parts.iter().chain([target]).map(|part| part.uid.clone()).collect();
    let owned = situation
        .pods_in(&target.key.namespace)
        .filter(|pod| pod.meta.owner.as_ref().is_some_and(|owner| owners.contains(&owner.uid)));
    let pods: Vec<Ref> = owned.map(|pod| pod.meta.reference(Kind::Pod)).collect();
    parts.extend(pods);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::testing::at;

    fn event(name: &str, reason: &str, warning: bool, count: u32, last: &str) -> Event {
        let mut event = Event {
            about_kind: "Pod".into(),
            about: Key::new("shop", name),
            warning,
            reason: reason.into(),
            count,
            first: Some(at("04:00")),
            last: Some(at(last)),
            ..Event::default()
        };
        event.meta.key = Key::new("shop", format!("{name}.{reason}.{last}"));
        event
    }

    #[test]
    fn the_same_words_about_the_same_object_are_one() {
        let events = [event("a", "BackOff", true, 3, "04:10"), event("a", "BackOff", true, 2, "04:11")];
        let groups = group(&events);
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].count, groups[0].last), (5, Some(at("04:11"))));
        assert_eq!(groups[0].first, Some(at("04:00")));
    }

    #[test]
    fn warnings_come_first_then_time_then_names() {
        let events = [
            event("a", "Pulled", false, 1, "04:12"),
            event("c", "BackOff", true, 1, "04:01"),
            event("b", "BackOff", true, 1, "04:01"),
            event("d", "Unhealthy", true, 1, "04:09"),
        ];
        let names =
            |events: &[Event]| -> Vec<String> { group(events).iter().map(|g| g.id.about.name.to_string()).collect() };
        assert_eq!(names(&events), ["d", "b", "c", "a"]);
        let mut turned = events.clone();
        turned.reverse();
        assert_eq!(names(&turned), names(&events));
    }
}
