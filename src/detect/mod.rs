//! Detection: pure functions from the situation to findings.
//!
//! A detector reads the situation and the profile and nothing else, so the same one runs on screen, headless, in a test
//! with a fixture and over a replayed journal. What it cannot see it says in [`Finding::unseen`]; it never takes an
//! unknown for a good sign.

mod finding;
#[cfg(test)]
mod fuzz;
mod health;
mod left_behind;
mod metrics_api;
mod node_not_ready;
mod oom;
mod panics;
#[cfg(test)]
pub(crate) mod played;
mod pod;
mod relate;
mod revision;
mod role;
mod single_replica;
mod some_users;
mod survey;
mod suspect;
#[cfg(test)]
pub(crate) mod testing;
mod trouble;
mod unknown;
mod words;
mod workload;
mod workload_unready;

use crate::config::Profile;
use crate::situation::{Situation, Source};

pub use finding::{Confidence, Evidence, Finding, Severity};
pub use health::{Area, HealthRow, Mark};
pub use role::of as role_of;
pub use survey::Survey;
pub use suspect::{Suspect, suspect};
pub use workload::behind_ingress;

/// What a detector looks at.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Everything known.
    pub situation: &'a Situation,
    /// What plays which role.
    pub profile: &'a Profile,
}

/// One detector: a failure mode, how it is found and how it is explained.
#[derive(Debug, Clone, Copy)]
pub struct Detector {
    /// The id of its findings: `F14`, `workload-unready`.
    pub id: &'static str,
    /// One line: what it means.
    pub title: &'static str,
    /// A paragraph for `crashcart explain`: what it looks at, how it is told from its neighbours, what refutes it, what
    /// to do first.
    pub explanation: &'static str,
    /// Finds it. An empty answer means: not found in what could be seen.
    pub find: fn(&Survey<'_>) -> Vec<Finding>,
}

/// Everything that is derived from one situation for screens and reports.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assessment {
    /// Findings, most severe first, a cause before its consequences.
    pub findings: Vec<Finding>,
    /// Sources that do not answer, with the reason, in words.
    pub unknown: Vec<(Source, String)>,
    /// The health column, from the edge to the outside.
    pub health: Vec<HealthRow>,
}

/// Every detector.
pub const DETECTORS: &[Detector] = &[
    metrics_api::DETECTOR,
    oom::DETECTOR,
    panics::DETECTOR,
    single_replica::DETECTOR,
    some_users::DETECTOR,
    node_not_ready::DETECTOR,
    workload_unready::DETECTOR,
    left_behind::DETECTOR,
];

/// Runs every detector and ranks what they find. Costs one look at each pod; meant for once a frame, not more.
pub fn assess(scene: Scene<'_>) -> Assessment {
    let survey = Survey::new(scene);
    let found = DETECTORS.iter().flat_map(|d| (d.find)(&survey)).collect();
    let findings = relate::rank(&survey, found);
    Assessment {
        health: health::column(&survey, &findings),
        unknown: unknown::unknown(scene.situation, scene.profile),
        findings,
    }
}
