//! Somebody changes the zone at the edge: a fault like any other, with their name in the audit log.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::World;
use super::zone::{Actor, Record};

/// Somebody changes the zone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Meddling {
    /// Who, as before the `@` of their address.
    pub by: String,
    /// What they change.
    pub change: ZoneChange,
}

/// A change of the zone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum ZoneChange {
    /// The edge does not stand before this host any more: everybody sees the origins' addresses.
    Bypass(String),
    /// All records of a host lead to one address.
    Point {
        /// The host.
        host: String,
        /// The address.
        to: String,
    },
    /// All records of a host are removed.
    Remove(String),
    /// A setting has another value.
    Setting {
        /// The edge's name for it.
        name: String,
        /// Its value.
        value: String,
    },
}

/// What was changed, to undo it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meddled {
    /// Records before and after; nothing for one that was removed.
    records: Vec<(Record, Option<Record>)>,
    /// A setting, and its value before and after.
    setting: Option<(String, Value, Value)>,
}

impl World {
    /// Somebody changes the zone, now.
    pub(super) fn meddle(&mut self, meddling: &Meddling) -> Meddled {
        let (actor, now) = (Actor::at_dashboard(&meddling.by), self.now);
        let zone = &mut self.outside.zone;
        if let ZoneChange::Setting { name, value } = &meddling.change {
            let before = zone.settings.get(name.as_str()).map(|setting| setting.value.clone());
            zone.set(name, value.as_str().into(), actor, now);
            let setting = before.map(|before| (name.clone(), before, value.as_str().into()));
            return Meddled { setting, ..Meddled::default() };
        }
        let mut meddled = Meddled::default();
        for record in zone.records.clone().into_iter().filter(|record| meddling.change.concerns(record)) {
            let after = meddling.change.applied(&record);
            match &after {
                Some(after) => drop(zone.replace(after.clone(), actor.clone(), now)),
                None => drop(zone.remove(&record.id, actor.clone(), now)),
            }
            meddled.records.push((record, after));
        }
        meddled
    }

    /// Puts back what was changed, as far as nobody has changed it since.
    pub(super) fn unmeddle(&mut self, meddled: Meddled) {
        let (actor, now) = (Actor::at_dashboard("owner"), self.now);
        let zone = &mut self.outside.zone;
        for (before, after) in meddled.records {
            match after {
                Some(after) if zone.records.contains(&after) => drop(zone.replace(before, actor.clone(), now)),
                None if !zone.records.iter().any(|r| is_alike(r, &before)) => {
                    zone.add(before, actor.clone(), now);
                }
                _ => {}
            }
        }
        if let Some((name, before, after)) = meddled.setting
            && zone.settings.get(name.as_str()).is_some_and(|setting| setting.value == after)
        {
            zone.set(&name, before, actor, now);
        }
    }

    /// Whether any of it is still as it was changed.
    pub(super) fn is_meddled(&self, meddled: &Meddled) -> bool {
        let zone = &self.outside.zone;
        let record = |(before, after): &(Record, Option<Record>)| match after {
            Some(after) => zone.records.contains(after),
            None => !zone.records.iter().any(|r| is_alike(r, before)),
        };
        meddled.records.iter().any(record)
            || meddled.setting.as_ref().is_some_and(|(name, _, after)| {
                zone.settings.get(name.as_str()).is_some_and(|setting| setting.value == *after)
            })
    }
}

impl ZoneChange {
    /// Whether it is about a record.
    fn concerns(&self, record: &Record) -> bool {
        match self {
            Self::Bypass(host) | Self::Remove(host) | Self::Point { host, .. } => {
                record.kind.can_be_proxied() && record.name == *host
            }
            Self::Setting { .. } => false,
        }
    }

    /// What it makes of a record; nothing if it removes it.
    fn applied(&self, record: &Record) -> Option<Record> {
        match self {
            Self::Bypass(_) => Some(Record { proxied: false, ..record.clone() }),
            Self::Point { to, .. } => Some(Record { content: to.clone(), ..record.clone() }),
            Self::Remove(_) => None,
            Self::Setting { .. } => Some(record.clone()),
        }
    }
}

/// Whether two records say the same, whatever their numbers.
fn is_alike(one: &Record, other: &Record) -> bool {
    (&one.name, one.kind, &one.content, one.proxied) == (&other.name, other.kind, &other.content, other.proxied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::world::{Fault, Upstream};

    const HOST: &str = "api.example.com";

    fn world() -> World {
        World::new(1, "2026-03-01T04:00:00Z".parse().unwrap())
    }

    /// What the edge has for the host while the zone is changed so; that it is undone is seen to.
    fn during(change: ZoneChange) -> (Upstream, usize) {
        let mut world = world();
        let before = world.outside.zone.upstream(HOST);
        let undo = world.inject(&Fault::Zone(Meddling { by: "sam".into(), change })).unwrap();
        assert!(world.at_work(&undo));
        let meanwhile = (world.outside.zone.upstream(HOST), world.outside.zone.audit.len());
        assert_eq!(world.outside.zone.audit[0].actor.email, "sam@example.com");
        world.heal(undo.clone());
        assert!(!world.at_work(&undo));
        assert_eq!(world.outside.zone.upstream(HOST), before);
        meanwhile
    }

    #[test]
    fn changes_are_made_written_down_and_undone() {
        assert_eq!(during(ZoneChange::Bypass(HOST.into())), (Upstream::Bypassed, 3));
        assert_eq!(during(ZoneChange::Remove(HOST.into())), (Upstream::Absent, 3));
        let point = ZoneChange::Point { host: HOST.into(), to: "203.0.113.99".into() };
        let stranger = Upstream::Origins(vec!["203.0.113.99".into(); 3]);
        assert_eq!(during(point), (stranger, 3));
        let (_, entries) = during(ZoneChange::Setting { name: "ssl".into(), value: "strict".into() });
        assert_eq!(entries, 1);
    }

    #[test]
    fn what_somebody_put_right_meanwhile_stays_so() {
        let mut world = world();
        let change = ZoneChange::Setting { name: "ssl".into(), value: "strict".into() };
        let undo = world.inject(&Fault::Zone(Meddling { by: "sam".into(), change })).unwrap();
        let now = world.now();
        world.outside.zone.set("ssl", "full".into(), Actor::at_dashboard("kim"), now);
        assert!(!world.at_work(&undo));
        world.heal(undo);
        assert_eq!(world.outside.zone.setting("ssl"), "full");
    }
}
