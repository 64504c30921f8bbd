//! The health column: one row an area, from the edge to the outside.

use serde::Serialize;

/// An area of the deployment, in the order in which a request passes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Area {
    Edge,
    Dns,
    Nodes,
    Control,
    Network,
    Apps,
    Outside,
}

/// A verdict. Unknown is a value of its own, never green.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Mark {
    Good,
    Unknown,
    Warning,
    Bad,
}

/// One row of the health column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthRow {
    /// Which area.
    pub area: Area,
    /// The verdict.
    pub mark: Mark,
    /// A few words with figures: `3/3 ready`, `not configured`.
    pub text: String,
}
