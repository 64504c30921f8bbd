//! The deployment's DNS zone, as its owner set it at the edge: records, settings, and who changed what.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

/// How many changes are remembered.
const REMEMBERED: usize = 2000;
/// How far a name may lead to another before it counts as a circle.
const FARTHEST: usize = 6;

/// The records of the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its name.
    pub name: &'static str,
    /// The edge's number for it.
    pub id: &'static str,
    /// The edge's number for the account that owns it.
    pub account: &'static str,
    /// Grows with every change.
    pub serial: u32,
    /// Its records.
    pub records: Vec<Record>,
    /// Its settings, by the edge's names for them.
    pub settings: BTreeMap<&'static str, Setting>,
    /// Who changed what, oldest first.
    pub audit: Vec<Entry>,
    /// How often it was changed; makes numbers for what is new.
    changes: u64,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The edge's number for it.
    pub id: String,
    /// The whole name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// What it says: an address, a name, a text.
    pub content: String,
    /// Whether the world is shown the edge's addresses instead.
    pub proxied: bool,
    /// Seconds; 1 means that the edge chooses.
    pub ttl: u32,
}

/// The type of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    A,
    Aaaa,
    Cname,
    Mx,
    Txt,
    Caa,
}

impl Kind {
    /// As DNS writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Txt => "TXT",
            Self::Caa => "CAA",
        }
    }

    /// The type of that name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::A, Self::Aaaa, Self::Cname, Self::Mx, Self::Txt, Self::Caa];
        all.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the edge can stand before such a record.
    pub const fn can_be_proxied(self) -> bool {
        matches!(self, Self::A | Self::Aaaa | Self::Cname)
    }
}

/// A setting of the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its value.
    pub value: Value,
    /// When it was last changed, if ever.
    pub changed: Option<Timestamp>,
}

/// Who changed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The address of their account.
    pub email: String,
    /// Where they came from.
    pub ip: String,
    /// Through what: `UI` or `API`.
    pub interface: &'static str,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The edge's number for it.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What was done: `rec_add`, `rec_set`, `rec_del`, `change_setting`.
    pub action: &'static str,
    /// The edge's number for the record, or the name of the setting.
    pub resource: String,
    /// What was there before; null for nothing.
    pub before: Value,
    /// What is there now; null for nothing.
    pub after: Value,
}

/// What the edge has for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// It stands before these addresses.
    Origins(Vec<String>),
    /// It stands before a name that leads to no address.
    Nowhere,
    /// The name is there, but the edge does not stand before it.
    Bypassed,
    /// There is no such name in the zone.
    Absent,
}

impl Default for Zone {
    /// Each public host with an address record for each node, proxied; and what the zone's own name says.
    fn default() -> Self {
        let hosts = ["api.example.com", "admin.example.com"];
        let nodes = ["203.0.113.11", "203.0.113.12", "203.0.113.13"];
        let proxied = hosts.into_iter().flat_map(|host| nodes.map(|node| (host, Kind::A, node, true)));
        let own = [
            (Kind::Caa, "0 issue \"letsencrypt.org\""),
            (Kind::Mx, "10 smtp.example.com"),
            (Kind::Txt, "v=spf1 include:smtp.example.com -all"),
        ];
        let all = proxied.chain(own.map(|(kind, content)| ("example.com", kind, content, false)));
        let record = |(number, (name, kind, content, proxied)): (usize, (&str, Kind, &str, bool))| Record {
            id: format!("{:032x}", 0x3e1a_0000 + number),
            name: name.to_owned(),
            kind,
            content: content.to_owned(),
            proxied,
            ttl: 1,
        };
        let records = all.enumerate().map(record).collect();
        Self {
            name: "example.com",
            id: "9c1f4e7a02b35d68a1f0c2e49d7b8635",
            account: "e07d4b1c9a52f3860b7ce1d4a96f2583",
            serial: 2_381_004_512,
            records,
            settings: settings(),
            audit: Vec::new(),
            changes: 0,
        }
    }
}

/// The settings as the owner left them. The edge speaks plain HTTP to the origins: mode `flexible`.
fn settings() -> BTreeMap<&'static str, Setting> {
    let values = [
        ("always_online", json!("off")),
        ("always_use_https", json!("off")),
        ("browser_check", json!("on")),
        ("challenge_ttl", json!(1800)),
        ("development_mode", json!("off")),
        ("http3", json!("on")),
        ("min_tls_version", json!("1.2")),
        ("security_level", json!("medium")),
        ("ssl", json!("flexible")),
        ("tls_1_3", json!("on")),
        ("websockets", json!("on")),
    ];
    values.into_iter().map(|(name, value)| (name, Setting { value, changed: None })).collect()
}

impl Zone {
    /// Whether a host is the zone's name or below it.
    pub fn holds(&self, host: &str) -> bool {
        host == self.name || host.strip_suffix(self.name).is_some_and(|rest| rest.ends_with('.'))
    }

    /// What the edge has for a host, written small. One proxied record makes the whole name proxied.
    pub fn upstream(&self, host: &str) -> Upstream {
        let own = self.at(host);
        if own.is_empty() {
            return Upstream::Absent;
        }
        if !own.iter().any(|record| record.proxied) {
            return Upstream::Bypassed;
        }
        let addresses = self.addresses(host);
        if addresses.is_empty() { Upstream::Nowhere } else { Upstream::Origins(addresses) }
    }

    /// The records of a host behind which a server can stand.
    fn at(&self, host: &str) -> Vec<&Record> {
        let fits = |record: &&Record| record.kind.can_be_proxied() && record.name == host;
        self.records.iter().filter(fits).collect()
    }

    /// The addresses of a host, through other names of the zone if need be.
    fn addresses(&self, host: &str) -> Vec<String> {
        let mut name = host.to_owned();
        for _ in 0..FARTHEST {
            let records = self.at(&name);
            match records.iter().find(|record| record.kind == Kind::Cname) {
                Some(alias) => name = alias.content.to_ascii_lowercase(),
                None => return records.iter().map(|record| record.content.clone()).collect(),
            }
        }
        Vec::new()
    }

    /// A setting's value as text; empty if there is no such setting or it is no text.
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).and_then(|setting| setting.value.as_str()).unwrap_or_default()
    }

    /// Adds a record, with a new number.
    pub fn add(&mut self, mut record: Record, actor: Actor, now: Timestamp) -> Record {
        record.id = format!("{:08x}{:024x}", self.serial, self.changes + 1);
        self.records.push(record.clone());
        self.serial += 1;
        self.note("rec_add", &record.id, (Value::Null, describe(&record)), actor, now);
        record
    }

    /// Puts a record in the place of the one with its number. Nothing if there is none.
    pub fn replace(&mut self, record: Record, actor: Actor, now: Timestamp) -> Option<Record> {
        let place = self.records.iter_mut().find(|known| known.id == record.id)?;
        let before = std::mem::replace(place, record.clone());
        if before != record {
            self.serial += 1;
            self.note("rec_set", &record.id, (describe(&before), describe(&record)), actor, now);
        }
        Some(record)
    }

    /// Removes a record. Nothing if there is none of that number.
    pub fn remove(&mut self, id: &str, actor: Actor, now: Timestamp) -> Option<Record> {
        let place = self.records.iter().position(|known| known.id == id)?;
        let gone = self.records.remove(place);
        self.serial += 1;
        self.note("rec_del", id, (describe(&gone), Value::Null), actor, now);
        Some(gone)
    }

    /// Changes a setting. Nothing if there is none of that name.
    pub fn set(&mut self, name: &str, value: Value, actor: Actor, now: Timestamp) -> Option<Setting> {
        let setting = self.settings.get_mut(name)?;
        let before = std::mem::replace(&mut setting.value, value.clone());
        if before != value {
            setting.changed = Some(now);
            let named = |value: Value| json!({ "id": name, "value": value });
            self.note("change_setting", name, (named(before), named(value)), actor, now);
        }
        self.settings.get(name).cloned()
    }

    fn note(
        &mut self,
        action: &'static str,
        resource: &str,
        (before, after): (Value, Value),
        actor: Actor,
        at: Timestamp,
    ) {
        self.changes += 1;
        let id = format!("{:08x}-5d2c-4e1f-9a70-{:012x}", self.changes, at.as_millisecond());
        self.audit.push(Entry { id, at, actor, action, resource: resource.to_owned(), before, after });
        if self.audit.len() > REMEMBERED {
            self.audit.remove(0);
        }
    }

    /// When a record was last changed, if it was within memory.
    pub fn touched(&self, id: &str) -> Option<Timestamp> {
        self.audit.iter().rev().find(|entry| entry.resource == id).map(|entry| entry.at)
    }

    /// When a record was added, if it was within memory.
    pub fn added(&self, id: &str) -> Option<Timestamp> {
        self.audit.iter().find(|entry| entry.resource == id && entry.action == "rec_add").map(|entry| entry.at)
    }
}

/// A record as the audit log tells of it.
fn describe(record: &Record) -> Value {
    json!({
        "id": record.id, "name": record.name, "type": record.kind.name(), "content": record.content,
        "proxied": record.proxied, "ttl": record.ttl,
    })
}

impl Actor {
    /// Whoever holds the API token of the deployment.
    pub fn with_token(ip: &str) -> Self {
        Self { email: "oncall@example.com".to_owned(), ip: ip.to_owned(), interface: "API" }
    }

    /// Somebody at the dashboard.
    pub fn at_dashboard(name: &str) -> Self {
        Self { email: format!("{name}@example.com"), ip: "198.51.100.23".to_owned(), interface: "UI" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn record(name: &str, kind: Kind, content: &str, proxied: bool) -> Record {
        Record { id: String::new(), name: name.into(), kind, content: content.into(), proxied, ttl: 1 }
    }

    fn me() -> Actor {
        Actor::with_token("198.51.100.7")
    }

    #[test]
    fn one_proxied_record_makes_the_name_proxied() {
        let mut zone = Zone::default();
        let all = ["203.0.113.11", "203.0.113.12", "203.0.113.13"].map(str::to_owned).to_vec();
        assert_eq!(zone.upstream("api.example.com"), Upstream::Origins(all.clone()));
        for number in 0..3 {
            let grey = Record { proxied: false, ..zone.records[number].clone() };
            zone.replace(grey, me(), at(0)).unwrap();
            let expected = if number < 2 { Upstream::Origins(all.clone()) } else { Upstream::Bypassed };
            assert_eq!(zone.upstream("api.example.com"), expected, "{number}");
        }
        assert_eq!(zone.upstream("nobody.example.com"), Upstream::Absent);
    }

    #[test]
    fn names_lead_to_names_and_circles_lead_nowhere() {
        let mut zone = Zone::default();
        zone.add(record("www.example.com", Kind::Cname, "API.example.com", true), me(), at(0));
        assert!(matches!(zone.upstream("www.example.com"), Upstream::Origins(o) if o.len() == 3));
        zone.add(record("a.example.com", Kind::Cname, "b.example.com", true), me(), at(0));
        zone.add(record("b.example.com", Kind::Cname, "a.example.com", true), me(), at(0));
        assert_eq!(zone.upstream("a.example.com"), Upstream::Nowhere);
        zone.add(record("c.example.com", Kind::Cname, "gone.example.com", true), me(), at(0));
        assert_eq!(zone.upstream("c.example.com"), Upstream::Nowhere);
        zone.add(record("d.example.com", Kind::Txt, "hello", false), me(), at(0));
        assert_eq!(zone.upstream("d.example.com"), Upstream::Absent);
    }

    #[test]
    fn every_change_moves_the_serial_and_is_written_down() {
        let mut zone = Zone::default();
        let serial = zone.serial;
        let added = zone.add(record("x.example.com", Kind::A, "203.0.113.11", true), me(), at(1));
        let changed = Record { content: "203.0.113.12".into(), ..added.clone() };
        zone.replace(changed.clone(), me(), at(2)).unwrap();
        zone.replace(changed, me(), at(3)).unwrap();
        zone.set("ssl", json!("strict"), me(), at(4)).unwrap();
        zone.remove(&added.id, me(), at(5)).unwrap();
        assert_eq!(zone.serial, serial + 3, "a change that is none moves nothing, a setting is not DNS");
        let actions: Vec<_> = zone.audit.iter().map(|entry| (entry.action, entry.at)).collect();
        let expected = [("rec_add", 1), ("rec_set", 2), ("change_setting", 4), ("rec_del", 5)];
        assert_eq!(actions, expected.map(|(action, second)| (action, at(second))));
        assert_eq!((zone.added(&added.id), zone.touched(&added.id)), (Some(at(1)), Some(at(5))));
        assert!(zone.remove(&added.id, me(), at(6)).is_none());
        assert!(zone.set("no_such", json!("on"), me(), at(6)).is_none());
    }

    #[test]
    fn a_zone_holds_what_is_below_it() {
        let zone = Zone::default();
        assert!(zone.holds("example.com") && zone.holds("a.b.example.com"));
        assert!(!zone.holds("notexample.com") && !zone.holds("example.org") && !zone.holds(""));
    }
}
