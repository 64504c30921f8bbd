//! What resolvers have in their caches.
//!
//! Somebody always asks a public resolver, so that it renews a copy as soon as it expires. What it says now follows from
//! that alone: from the moments of its renewals, which the seed spreads, and from what the authorities said at each.

use jiff::{SignedDuration, Timestamp};

use super::super::random::mix;
use super::authority::{of_others, parent_soa};
use super::key::delegation_signer;
use super::{Authority, Code, Line, Names, Said, Type, lie_of};
use crate::drill::outside::Site;

/// A copy that is kept.
struct Kept {
    said: Said,
    /// Seconds since it was fetched.
    age: u32,
}

impl Names {
    /// What a resolver says, which may be what is true no more. With `unchecked`, signatures do not matter to it.
    pub fn resolve(&self, resolver: Site, name: &str, kind: Option<Type>, unchecked: bool, now: Timestamp) -> Said {
        let name = name.to_ascii_lowercase();
        let Some(last) = self.last() else { return Said::code(Code::ServFail) };
        if let Some((kind, says)) = kind.and_then(|kind| Some((kind, lie_of(&self.lies, resolver, &name, kind)?))) {
            let age = self.since_renewal(resolver, &name, now);
            return heard(says.instead(&name, kind, last.soa()).aged(age));
        }
        if !of_others(&name).is_empty() {
            return self.of_other_zone(resolver, &name, kind, now);
        }
        if !last.holds(&name) {
            let parent = name.rsplit('.').next().unwrap_or_default();
            return heard(Said::nothing(Code::NxDomain, parent_soa(parent)));
        }
        self.of_zone(resolver, &name, kind, unchecked, now)
    }

    fn of_zone(&self, resolver: Site, name: &str, kind: Option<Type>, unchecked: bool, now: Timestamp) -> Said {
        let zone = self.last().map_or("", Authority::zone);
        let copy = |name: &str, kind| self.copy(resolver, name, kind, now);
        let Some(delegation) = self.delegation(resolver, zone, now) else { return Said::code(Code::ServFail) };
        if delegation.said.authority.iter().all(|line| line.kind != Type::Ns) {
            // The parent has taken the delegation away, or does not answer.
            return heard(delegation.said.aged(delegation.age));
        }
        let Some(kept) = copy(name, kind) else { return Said::code(Code::ServFail) };
        let mut said = heard(kept.said.aged(kept.age));
        if let (Some(signers), Some(keys)) = (copy(zone, Some(Type::Ds)), copy(zone, Some(Type::Dnskey)))
            && !signers.said.answers.is_empty()
        {
            said.authentic = vouched(zone, &signers.said.answers, &keys.said.answers);
            if !said.authentic && !unchecked {
                return Said::code(Code::ServFail);
            }
        }
        said.authentic &= said.code.answers() && !unchecked;
        said
    }

    /// A host of a zone that nothing here can break.
    fn of_other_zone(&self, resolver: Site, name: &str, kind: Option<Type>, now: Timestamp) -> Said {
        let age = self.since_renewal(resolver, name, now);
        heard(if kind == Some(Type::A) {
            Said::records(of_others(name)).aged(age)
        } else {
            Said::nothing(Code::NoError, parent_soa(name)).aged(age)
        })
    }

    fn delegation(&self, resolver: Site, zone: &str, now: Timestamp) -> Option<Kept> {
        let fetch = |authority: &Authority, _| authority.says(Site::Parent, zone, Some(Type::Ns));
        self.kept(&format!("{resolver:?}/{zone}/delegation"), now, &fetch)
    }

    fn copy(&self, resolver: Site, name: &str, kind: Option<Type>, now: Timestamp) -> Option<Kept> {
        let key = format!("{resolver:?}/{name}/{kind:?}");
        let fetch = |authority: &Authority, at: Timestamp| {
            if kind == Some(Type::Ds) && name == authority.zone() {
                return authority.says(Site::Parent, name, kind);
            }
            let mut order = [Site::NameserverOne, Site::NameserverTwo];
            if mix(&key, at.as_second().cast_unsigned()) & 1 == 1 {
                order.reverse();
            }
            let said = order.map(|site| authority.says(site, name, kind));
            said.into_iter().flatten().find(|said| said.code.answers())
        };
        self.kept(&key, now, &fetch)
    }

    /// The copy that a cache has at a moment; `None` if it could get none.
    fn kept(&self, key: &str, now: Timestamp, fetch: &dyn Fn(&Authority, Timestamp) -> Option<Said>) -> Option<Kept> {
        let (first, authority) = self.past.first()?;
        let mut said = fetch(authority, *first);
        let mut at = said.as_ref().and_then(Said::ttl).map_or(*first, |ttl| {
            let offset = mix(key, self.seed) % u64::from(ttl);
            first.checked_sub(SignedDuration::from_secs(offset as i64)).unwrap_or(*first)
        });
        loop {
            let next = self.past.iter().map(|(from, _)| *from).find(|from| *from > at && *from <= now);
            let renewal = match (said.as_ref().and_then(Said::ttl), next) {
                // A failure is not kept: whoever asks next makes it ask again.
                (None, Some(next)) => Some(next),
                (_, None) => None,
                (Some(ttl), Some(next)) => Some(after(at, next, ttl)).filter(|at| *at <= now),
            };
            let Some(renewal) = renewal else { break };
            at = renewal;
            said = fetch(self.in_force(at)?, at);
        }
        let Some(ttl) = said.as_ref().and_then(Said::ttl) else {
            return said.map(|said| Kept { said, age: 0 });
        };
        // Since then it was renewed each time that it expired, with the same outcome but for which server was asked.
        let renewals = SignedDuration::from_secs(elapsed(at, now) / i64::from(ttl) * i64::from(ttl));
        let fresh = at.checked_add(renewals).unwrap_or(now);
        let said = fetch(self.in_force(fresh)?, fresh);
        said.map(|said| Kept { said, age: elapsed(fresh, now) as u32 })
    }

    fn in_force(&self, at: Timestamp) -> Option<&Authority> {
        let past = self.past.iter().rev().find(|(from, _)| *from <= at).or_else(|| self.past.first());
        past.map(|(_, authority)| authority)
    }

    /// Seconds since a resolver renewed a copy that never changes.
    fn since_renewal(&self, resolver: Site, name: &str, now: Timestamp) -> u32 {
        let offset = mix(&format!("{resolver:?}/{name}"), self.seed) % 300;
        (now.as_second().cast_unsigned().wrapping_add(offset) % 300) as u32
    }
}

/// The first renewal, every `ttl` seconds from `at`, that is not before `next`.
fn after(at: Timestamp, next: Timestamp, ttl: u32) -> Timestamp {
    let ttl = SignedDuration::from_secs(i64::from(ttl));
    let gap = next.duration_since(at);
    let times = gap.as_millis().max(0).cast_unsigned().div_ceil(ttl.as_millis().max(1).cast_unsigned());
    at.checked_add(ttl * i32::try_from(times).unwrap_or(i32::MAX)).unwrap_or(Timestamp::MAX)
}

fn elapsed(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs().max(0)
}

/// Whether one of the signers is that of one of the keys.
fn vouched(zone: &str, signers: &[Line], keys: &[Line]) -> bool {
    let known: Vec<String> = keys.iter().filter_map(|key| delegation_signer(zone, &key.text)).collect();
    signers.iter().any(|signer| known.iter().any(|known| known.eq_ignore_ascii_case(&signer.text)))
}

/// The same at second hand.
fn heard(said: Said) -> Said {
    Said { authoritative: false, authentic: false, ..said }
}
