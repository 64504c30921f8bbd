//! Where facts come from, and how well each source answers.

use std::fmt;

use jiff::Timestamp;

use super::{Kind, Text};

/// A source of facts. Every fact on the screen can name one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The API itself: whether any endpoint answers, `/version`, the cluster's identity.
    Api,
    /// The watch of one kind.
    Watch(Kind),
    /// `/readyz` and `/livez` of one endpoint, by its URL.
    Endpoint(Text),
    /// NodeMetrics, polled.
    NodeMetrics,
    /// PodMetrics, polled.
    PodMetrics,
    /// An outside service, by its name in the profile.
    Outside(Text),
}

impl fmt::Display for Source {
    /// The word users know: `pods`, `metrics of nodes`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api => f.pad("api"),
            Self::Watch(kind) => f.pad(kind.resource().plural),
            Self::Endpoint(url) => f.pad(url),
            Self::NodeMetrics => f.pad("metrics of nodes"),
            Self::PodMetrics => f.pad("metrics of pods"),
            Self::Outside(name) => f.pad(name),
        }
    }
}

/// How a source answers. Only [`SourceState::Live`] supports a green mark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SourceState {
    /// Nothing has been heard yet; what is waited for.
    #[default]
    Waiting,
    /// The first list is on its way; so many objects have come.
    Listing(usize),
    /// Answers.
    Live,
    /// Answered before and does not now; what is shown is as old as [`SourceStatus::heard`].
    Lost(Trouble),
    /// Never answered, and failed.
    Failed(Trouble),
    /// This account may not; the missing rule (`list pods`).
    Forbidden(Text),
    /// The server does not have it (no such resource; no k3s; metrics API not installed).
    Missing,
    /// The profile says nothing of it.
    NotConfigured,
}

/// What went wrong, in words for the screen, and when it is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What failed and on what.
    pub what: Text,
    /// What to do about it; empty when waiting is all.
    pub remedy: Text,
    /// When it is tried again (wall time).
    pub retry_at: Option<Timestamp>,
}

/// The state of one source and what it skipped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceStatus {
    /// How it answers.
    pub state: SourceState,
    /// When it was last heard (wall time): an answer, an event or a bookmark.
    pub heard: Option<Timestamp>,
    /// Objects that could not be decoded, by name, with the reason; at most [`SourceStatus::SKIPPED`].
    pub skipped: Vec<(Text, Text)>,
    /// When only a part may be read, which part and what is missing (`only in a, b; elsewhere needs list pods`); empty:
    /// all of it. Whoever concludes something from an absence has to look here.
    pub limited: Text,
}

impl SourceStatus {
    /// How many skipped objects are named.
    pub const SKIPPED: usize = 16;

    /// Whether its facts can be taken at face value.
    pub fn live(&self) -> bool {
        self.state == SourceState::Live
    }

    /// Whether it has ever given a whole answer, so that its facts are known, if aged.
    pub fn known(&self) -> bool {
        matches!(self.state, SourceState::Live | SourceState::Lost(_))
    }
}

impl fmt::Display for SourceState {
    /// `forbidden, needs list pods`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("waiting for the first answer"),
            Self::Listing(n) => write!(f, "listing, {n} so far"),
            Self::Live => f.write_str("live"),
            Self::Lost(t) | Self::Failed(t) => {
                f.write_str(&t.what)?;
                if t.remedy.is_empty() { Ok(()) } else { write!(f, "; {}", t.remedy) }
            }
            Self::Forbidden(rule) => write!(f, "forbidden, needs {rule}"),
            Self::Missing => f.write_str("not served by this cluster"),
            Self::NotConfigured => f.write_str("not configured"),
        }
    }
}
