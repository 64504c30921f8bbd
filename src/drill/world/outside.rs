//! The state of the outside: what each service is like at the moment.

use std::collections::BTreeMap;

use super::zone::Zone;
use crate::drill::outside::{Mood, Site};

/// What the outside is like.
#[derive(Debug, Default)]
pub struct Outside {
    moods: BTreeMap<Site, Mood>,
    /// The deployment's zone, as its owner set it.
    pub zone: Zone,
}

impl Outside {
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
}
