//! The state of the outside: what each service is like at the moment.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::names::{Authority, Names, Said, Type};
use super::zone::Zone;
use crate::drill::outside::{Mood, Site};

/// What the outside is like.
#[derive(Debug, Default)]
pub struct Outside {
    moods: BTreeMap<Site, Mood>,
    /// The images that the registry has: all that were ever pulled.
    pub images: BTreeSet<String>,
    /// The deployment's zone, as its owner set it.
    pub zone: Zone,
    /// What name servers are told to say.
    pub names: Names,
    /// Whether the operator's own network has no way to anything outside.
    pub operator_offline: bool,
    /// How each service behaves, and since when.
    since: BTreeMap<Site, (Mood, Timestamp)>,
}

impl Outside {
    /// An outside where all is well.
    pub fn new(seed: u64) -> Self {
        Self { names: Names::new(seed), ..Self::default() }
    }

    /// How a service behaves. Who stands at the edge behaves as the edge does, unless something else was said of them.
    pub fn mood(&self, site: Site) -> Mood {
        match self.moods.get(&site) {
            Some(mood) => mood.clone(),
            None if site == Site::EdgeNeighbour => self.mood(Site::Edge),
            None => Mood::Well,
        }
    }

    /// Says how a service behaves from now on; how it behaved before.
    pub fn set(&mut self, site: Site, mood: Mood) -> Mood {
        self.moods.insert(site, mood).unwrap_or_default()
    }

    /// What an authoritative server or the parent zone's says now, `None` if nothing comes.
    pub fn authority_says(&self, site: Site, name: &str, kind: Option<Type>) -> Option<Said> {
        Authority::now(&self.zone, self.names.lies(), |site| self.mood(site)).says(site, name, kind)
    }

    /// Since when a service behaves as it does; `None` if it never did otherwise.
    pub fn since(&self, site: Site) -> Option<Timestamp> {
        self.since.get(&site).map(|(_, since)| *since)
    }

    /// How a service behaved when somebody looked some time ago: those who write status pages are never quicker.
    pub fn mood_told(&self, site: Site, lag: SignedDuration, now: Timestamp) -> Mood {
        match self.since(site) {
            Some(since) if now.duration_since(since) < lag => Mood::Well,
            _ => self.mood(site),
        }
    }

    /// Remembers what is new since the last time: resolvers and status pages are late to notice.
    pub(super) fn remember(&mut self, now: Timestamp) {
        for (site, mood) in &self.moods {
            if self.since.get(site).map_or(*mood != Mood::Well, |(before, _)| before != mood) {
                self.since.insert(*site, (mood.clone(), now));
            }
        }
        let mood = |site| self.mood(site);
        if !self.names.last().is_some_and(|last| last.is(&self.zone, self.names.lies(), mood)) {
            let present = Authority::now(&self.zone, self.names.lies(), mood);
            self.names.remember(now, present);
        }
    }
}
