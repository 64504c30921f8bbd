//! What earlier runs left open.

use jiff::Timestamp;

use crate::action::Action;

/// A request that was about to go out when the program ended, or that got no answer: nobody knows whether it was carried
/// out. It is known to be looked at once an [`Entry::LookedAt`](super::Entry::LookedAt) names its execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The incident.
    pub incident: String,
    /// The plan's digest.
    pub execution: String,
    /// The plan's title: `Roll back api to revision 41`.
    pub title: String,
    /// What a person would type.
    pub command: String,
    /// When the request was about to go out (cluster time).
    pub at: Timestamp,
    /// What it was done to: `Deployment/shop/api`.
    pub target: String,
    /// The action, to judge it or to plan it again; `None` when the journal does not tell.
    pub action: Option<Action>,
    /// What to look at to know, in words, with the command.
    pub check: String,
}
