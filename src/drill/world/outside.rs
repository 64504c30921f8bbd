//! The state of the outside: what each service is like at the moment.

use std::collections::{BTreeMap, BTreeSet};

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
}

impl Outside {
    /// How a service behaves.
    pub fn mood(&self, site: Site) -> Mood {
        self.moods.get(&site).cloned().unwrap_or_default()
    }

    /// Says how a service behaves from now on; how it behaved before.
    pub fn set(&mut self, site: Site, mood: Mood) -> Mood {
        self.moods.insert(site, mood).unwrap_or_default()
    }
}
