//! Detection: pure functions from the situation to findings.
//!
//! A detector reads the situation and the profile and nothing else, so the same one runs on screen, headless, in a test
//! with a fixture and over a replayed journal. What it cannot see it says in [`Finding::unseen`]; it never takes an
//! unknown for a good sign.

mod finding;
mod health;

use crate::config::Profile;
use crate::situation::Situation;

pub use finding::{Confidence, Evidence, Finding, Severity};
pub use health::{Area, HealthRow, Mark};

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
    pub find: fn(Scene<'_>) -> Vec<Finding>,
}

/// Everything that is derived from one situation for screens and reports.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assessment {
    /// Findings, most severe first, a cause before its consequences.
    pub findings: Vec<Finding>,
    /// Sources that do not answer, with the reason, in words.
    pub unknown: Vec<(crate::situation::Source, String)>,
    /// The health column, from the edge to the outside.
    pub health: Vec<HealthRow>,
}

/// Every detector.
pub const DETECTORS: &[Detector] = &[];

/// Runs every detector and ranks what they find.
pub fn assess(_scene: Scene<'_>) -> Assessment {
    Assessment::default()
}
