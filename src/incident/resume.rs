//! What an earlier run left open.

use jiff::Timestamp;

/// A request that was about to go out when the program ended: nobody knows whether it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The incident.
    pub incident: String,
    /// The plan's title: `Roll back api to revision 41`.
    pub title: String,
    /// What a person would type.
    pub command: String,
    /// When the request was about to go out (cluster time).
    pub at: Timestamp,
    /// What it was done to: `Deployment/shop/api`.
    pub target: String,
}
