//! The authoritative servers and the parent zone's: what they say of the zone as it is.

use std::collections::BTreeMap;

use super::super::zone::{Kind, Record, Zone};
use super::key::{delegation_signer, signing_keys};
use super::{Code, Lie, Line, Said, Type, lie_of};
use crate::drill::outside::{Mood, Site};

/// Seconds for which an address of the edge may be kept, and whatever the edge chooses.
pub(super) const CHOSEN: u32 = 300;
/// Seconds for which it may be kept that there is nothing.
const NEGATIVE: u32 = 1800;
/// Seconds for which a delegation, its signer and keys may be kept.
const DELEGATION: u32 = 3600;
/// Seconds for which the zone's own list of its servers may be kept.
const SERVERS: u32 = 86_400;
/// The longest chain of aliases that is followed.
const CHAIN: usize = 8;
/// The servers of the zone.
const OWN: [Site; 2] = [Site::NameserverOne, Site::NameserverTwo];
/// All servers whose state matters.
const ALL: [Site; 3] = [Site::NameserverOne, Site::NameserverTwo, Site::Parent];

/// The zone and those who answer for it, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Authority {
    zone: &'static str,
    serial: u32,
    records: Vec<Record>,
    lies: Vec<Lie>,
    moods: BTreeMap<Site, Mood>,
}

impl Authority {
    /// As it is now.
    pub(in super::super) fn now(zone: &Zone, lies: &[Lie], mood: impl Fn(Site) -> Mood) -> Self {
        Self {
            zone: zone.name,
            serial: zone.serial,
            records: zone.records.clone(),
            lies: lies.iter().filter(|lie| ALL.contains(&lie.site)).cloned().collect(),
            moods: ALL.into_iter().map(|site| (site, mood(site))).collect(),
        }
    }

    /// Whether it would be the same now.
    pub(in super::super) fn is(&self, zone: &Zone, lies: &[Lie], mood: impl Fn(Site) -> Mood) -> bool {
        self.serial == zone.serial
            && self.records == zone.records
            && self.lies.iter().eq(lies.iter().filter(|lie| ALL.contains(&lie.site)))
            && self.moods.iter().all(|(site, before)| mood(*site) == *before)
    }

    /// What a server says, `None` if nothing comes; `kind` is `None` for a type that nobody has.
    pub fn says(&self, site: Site, name: &str, kind: Option<Type>) -> Option<Said> {
        match self.moods.get(&site) {
            Some(Mood::Refuses | Mood::Silent | Mood::Stalls) => return None,
            Some(Mood::Says(code)) => return Some(Said::code(Code::named(code).unwrap_or(Code::ServFail))),
            _ => {}
        }
        let name = name.to_ascii_lowercase();
        if site == Site::Parent {
            return Some(self.of_parent(&name, kind));
        }
        let told = kind.and_then(|kind| Some((kind, lie_of(&self.lies, site, &name, kind)?)));
        Some(match told {
            Some((kind, says)) => says.instead(&name, kind, self.soa()),
            None => self.of_zone(&name, kind),
        })
    }

    /// Whether a name is the zone's or below it.
    pub fn holds(&self, name: &str) -> bool {
        is_below(name, self.zone)
    }

    /// The zone's name.
    pub const fn zone(&self) -> &'static str {
        self.zone
    }

    fn of_zone(&self, name: &str, kind: Option<Type>) -> Said {
        if !self.holds(name) {
            return Said::code(Code::Refused);
        }
        let mut lines = Vec::new();
        let mut owner = name.to_owned();
        for _ in 0..CHAIN {
            let found = self.lines(&owner, kind);
            let alias = found.first().filter(|line| line.kind == Type::Cname && kind != Some(Type::Cname));
            let next = alias.map(|line| line.text.trim_end_matches('.').to_ascii_lowercase());
            lines.extend(found);
            match next {
                Some(next) if self.holds(&next) => owner = next,
                _ => break,
            }
        }
        if !lines.is_empty() {
            return Said::records(lines);
        }
        Said::nothing(if self.has(name) { Code::NoError } else { Code::NxDomain }, self.soa())
    }

    /// The records of one name: those asked for, or its alias.
    fn lines(&self, name: &str, kind: Option<Type>) -> Vec<Line> {
        let own: Vec<&Record> = self.records.iter().filter(|r| r.name.eq_ignore_ascii_case(name)).collect();
        let proxied = own.iter().any(|record| record.proxied);
        if proxied && matches!(kind, Some(Type::A | Type::Aaaa | Type::Cname)) {
            // One proxied record makes the whole name one of the edge.
            let addresses = Site::Edge.addresses().iter().filter(|_| kind == Some(Type::A));
            return addresses.map(|address| Line::new(name, Type::A, CHOSEN, *address)).collect();
        }
        if name == self.zone
            && let Some(lines) = kind.and_then(|kind| self.apex(kind))
        {
            return lines;
        }
        let wanted = |record: &&&Record| {
            let of = type_of(record.kind);
            !record.proxied && (Some(of) == kind || of == Type::Cname)
        };
        let line = |record: &&Record| {
            let ttl = if record.ttl == 1 { CHOSEN } else { record.ttl };
            Line::new(name, type_of(record.kind), ttl, record.content.clone())
        };
        if own.is_empty() && kind == Some(Type::A) {
            return of_others(name);
        }
        own.iter().filter(wanted).map(line).collect()
    }

    fn apex(&self, kind: Type) -> Option<Vec<Line>> {
        let name = self.zone;
        Some(match kind {
            Type::Ns => self.servers(SERVERS),
            Type::Soa => vec![self.soa()],
            Type::Dnskey => signing_keys(name).into_iter().map(|key| Line::new(name, kind, DELEGATION, key)).collect(),
            _ => return None,
        })
    }

    fn servers(&self, ttl: u32) -> Vec<Line> {
        let hosts = OWN.iter().flat_map(|site| site.hosts());
        hosts.map(|host| Line::new(self.zone, Type::Ns, ttl, format!("{host}."))).collect()
    }

    /// Whether there is a name, or one below it.
    fn has(&self, name: &str) -> bool {
        let mut records = self.records.iter();
        name == self.zone
            || records.any(|record| is_below(&record.name, name))
            || hosts().any(|host| is_below(host, name))
    }

    /// The zone's own record.
    pub(super) fn soa(&self) -> Line {
        let (name, serial) = (self.zone, self.serial);
        let text = format!("ns1.{name}. dns.{name}. {serial} 10000 2400 604800 {NEGATIVE}");
        Line::new(name, Type::Soa, NEGATIVE, text)
    }

    fn of_parent(&self, name: &str, kind: Option<Type>) -> Said {
        let zone = self.zone;
        let parent = zone.split_once('.').map_or("", |(_, parent)| parent);
        if !is_below(name, parent) {
            return Said::code(Code::Refused);
        }
        if !self.holds(name) {
            let code = if name == parent { Code::NoError } else { Code::NxDomain };
            return Said::nothing(code, parent_soa(parent));
        }
        let signer = self.told(Type::Ds).unwrap_or_else(|| {
            let [key, _] = signing_keys(zone);
            let signer = delegation_signer(zone, &key);
            Said::records(signer.into_iter().map(|text| Line::new(zone, Type::Ds, DELEGATION, text)).collect())
        });
        if name == zone && kind == Some(Type::Ds) {
            return signer;
        }
        match self.told(Type::Ns) {
            // A delegation that was taken away takes everything below with it.
            Some(told) if told.answers.is_empty() => told,
            told => self.referral(told.map_or_else(|| self.servers(DELEGATION), |told| told.answers), signer.answers),
        }
    }

    /// What the parent was told to say of the zone.
    fn told(&self, kind: Type) -> Option<Said> {
        let zone = self.zone;
        let parent = zone.split_once('.').map_or("", |(_, parent)| parent);
        lie_of(&self.lies, Site::Parent, zone, kind).map(|says| says.instead(zone, kind, parent_soa(parent)))
    }

    fn referral(&self, servers: Vec<Line>, signer: Vec<Line>) -> Said {
        let hosts: Vec<String> = servers.iter().map(|line| line.text.trim_end_matches('.').to_owned()).collect();
        let glue = hosts.iter().filter(|host| self.holds(host)).flat_map(|host| of_others(host));
        Said {
            additional: glue.map(|line| Line { ttl: DELEGATION, ..line }).collect(),
            authority: servers.into_iter().chain(signer).collect(),
            ..Said::default()
        }
    }
}

/// The addresses of a host that is no record of the zone: it stands for one in a zone of its own.
pub(super) fn of_others(name: &str) -> Vec<Line> {
    let mut others = Site::ALL.into_iter().filter(|site| *site != Site::Edge);
    let site = others.find(|site| site.hosts().iter().any(|host| host.eq_ignore_ascii_case(name)));
    let addresses = site.map_or(&[][..], Site::addresses);
    addresses.iter().map(|address| Line::new(name, Type::A, CHOSEN, *address)).collect()
}

/// The record of the zone above.
pub(super) fn parent_soa(parent: &str) -> Line {
    let host = Site::Parent.hosts().first().copied().unwrap_or_default();
    Line::new(parent, Type::Soa, 900, format!("{host}. hostmaster.{host}. 1774900800 1800 900 604800 900"))
}

fn hosts() -> impl Iterator<Item = &'static str> {
    Site::ALL.into_iter().filter(|site| *site != Site::Edge).flat_map(|site| site.hosts().iter().copied())
}

/// Whether a name is another or below it.
fn is_below(name: &str, of: &str) -> bool {
    let rest = name.len().checked_sub(of.len()).and_then(|at| name.split_at_checked(at));
    rest.is_some_and(|(rest, end)| {
        end.eq_ignore_ascii_case(of) && (rest.is_empty() || rest.ends_with('.') || of.is_empty())
    })
}

const fn type_of(kind: Kind) -> Type {
    match kind {
        Kind::A => Type::A,
        Kind::Aaaa => Type::Aaaa,
        Kind::Cname => Type::Cname,
        Kind::Mx => Type::Mx,
        Kind::Txt => Type::Txt,
        Kind::Caa => Type::Caa,
    }
}
