//! The detectors on days of the simulated cluster, in process: quiet hours stay quiet, each drill is found for what it is
//! and is over once it is healed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Assessment, Finding, Scene, Severity, assess};
use crate::config::Profile;
use crate::drill::store::{Happened, Store};
use crate::drill::world::World;
use crate::drill::{Scenario, find};
use crate::situation::{Kind, Observation, Situation, Source, SourceState};
use crate::watch;

const START: &str = "2026-11-22T04:00:00Z";

/// A console's eyes on a world, without the network between them.
pub(crate) struct Eyes {
    pub(crate) world: World,
    pub(crate) situation: Situation,
    pub(crate) profile: Profile,
    seen: BTreeMap<Kind, u64>,
}

impl Eyes {
    pub(crate) fn open(world: World) -> Self {
        let profile = serde_saphyr::from_str(crate::drill::PROFILES[0].1).unwrap();
        let mut eyes = Self { world, situation: Situation::new(), profile, seen: BTreeMap::new() };
        for source in [Source::Api, Source::NodeMetrics, Source::PodMetrics] {
            eyes.situation.apply(Observation::Source(source, SourceState::Live));
        }
        for kind in Kind::ALL {
            eyes.situation.apply(Observation::Listing(kind));
            eyes.list(kind);
            eyes.situation.apply(Observation::Listed(kind));
        }
        eyes.look();
        eyes
    }

    fn list(&mut self, kind: Kind) {
        let resource = kind.resource();
        let id = Store::resource(resource.group, resource.plural).unwrap();
        for object in self.world.store().list(id, None) {
            self.observe(kind, "ADDED", &object);
        }
        self.seen.insert(kind, self.world.store().revision());
    }

    fn observe(&mut self, kind: Kind, happened: &str, object: &serde_json::Value) {
        let line = json!({ "type": happened, "object": object }).to_string();
        self.situation.apply(watch::decoded(kind, line.as_bytes()).unwrap());
    }

    /// Takes in all that happened, in order.
    fn look(&mut self) {
        for kind in Kind::ALL {
            let resource = kind.resource();
            let id = Store::resource(resource.group, resource.plural).unwrap();
            for change in self.world.store().changes_after(id, self.seen[&kind]).unwrap() {
                let happened = match change.happened {
                    Happened::Added => "ADDED",
                    Happened::Modified => "MODIFIED",
                    Happened::Deleted => "DELETED",
                };
                self.observe(kind, happened, &change.object);
            }
            self.seen.insert(kind, self.world.store().revision());
        }
        self.situation.now = self.world.now();
        self.situation.wall = self.world.now();
        for kind in Kind::ALL {
            self.situation.apply(Observation::Heard(Source::Watch(kind), self.world.now()));
        }
    }

    pub(crate) fn pass(&mut self, time: SignedDuration) {
        let to = self.world.now() + time;
        self.world.advance(to);
        self.look();
    }

    pub(crate) fn assess(&self) -> Assessment {
        assess(Scene { situation: &self.situation, profile: &self.profile })
    }

    /// What is above info.
    fn serious(&self) -> Vec<Finding> {
        self.assess().findings.into_iter().filter(|f| f.severity > Severity::Info).collect()
    }
}

pub(crate) fn start() -> Timestamp {
    START.parse().unwrap()
}

fn scenario(id: &str) -> &'static Scenario {
    find(id).unwrap()
}

#[test]
fn ten_quiet_hours_have_no_finding_above_info() {
    let mut eyes = Eyes::open(World::new(1, start()));
    let step = SignedDuration::from_secs(7);
    while eyes.world.now() < start() + SignedDuration::from_hours(10) {
        eyes.pass(step);
        let found = eyes.serious();
        assert!(found.is_empty(), "{}: {found:#?}", eyes.world.now());
    }
}

/// The finding at the top once the drill begins, and the time until nothing above info is left after it is healed.
fn drill(id: &str) -> (Finding, SignedDuration) {
    let scenario = scenario(id);
    let mut world = World::new(1, start());
    let undo: Vec<_> = scenario.faults.iter().filter_map(|f| world.inject(f)).collect();
    let until = world.now() + scenario.warm_up;
    let mut eyes = Eyes::open(world);
    while eyes.world.now() < until {
        eyes.pass(SignedDuration::from_secs(5));
    }
    let watched = eyes.assess().findings.into_iter().next().unwrap();
    let Eyes { world, .. } = eyes;
    // Somebody who looks for the first time now sees the same.
    let mut eyes = Eyes::open(world);
    let found = eyes.assess().findings.into_iter().next().unwrap();
    assert_eq!((found.id, found.severity), (watched.id, watched.severity), "{found:#?}\n{watched:#?}");
    for undo in undo {
        eyes.world.heal(undo);
    }
    let healed = eyes.world.now();
    while !eyes.serious().is_empty() {
        eyes.pass(SignedDuration::from_secs(5));
        let since = eyes.world.now().duration_since(healed);
        assert!(since < SignedDuration::from_mins(30), "{id} does not end: {:#?}", eyes.serious());
    }
    (found, eyes.world.now().duration_since(healed))
}

#[test]
fn each_drill_is_found_for_what_it_is_and_ends() {
    for (id, severity) in [
        ("F10", Severity::Warning),
        ("F14", Severity::Critical),
        ("F15", Severity::Critical),
        ("F17", Severity::Critical),
        ("F26", Severity::Critical),
    ] {
        let (found, cleared) = drill(id);
        assert_eq!((found.id, found.severity), (id, severity), "{found:#?}");
        assert!(cleared <= SignedDuration::from_mins(16), "{id}: {cleared}");
        eprintln!("{id}: {} ({cleared:#})", found.title);
    }
}

/// How long a fault is there before it is found, at any severity, while somebody watches.
#[test]
fn a_fault_is_found_within_two_minutes() {
    for id in ["F10", "F14", "F15", "F17", "F26"] {
        let mut eyes = Eyes::open(World::new(3, start()));
        for fault in &scenario(id).faults {
            eyes.world.inject(fault);
        }
        let began = eyes.world.now();
        while !eyes.assess().findings.iter().any(|f| f.id == id) {
            eyes.pass(SignedDuration::from_secs(1));
            let since = eyes.world.now().duration_since(began);
            assert!(since <= SignedDuration::from_secs(120), "{id}: {:#?}", eyes.assess().findings);
        }
        eprintln!("{id}: found after {:#}", eyes.world.now().duration_since(began));
    }
}
