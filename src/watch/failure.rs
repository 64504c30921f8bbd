//! What can go wrong with one request, and what to say of it.

use std::time::Duration;

use super::connect::explain::Explanation;
use super::decode::Undecodable;
use crate::situation::{Text, Trouble};

/// Why a request gave nothing. None of its words come from an object.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The server says no: HTTP code, the Status' message, and when to come back.
    Refused { code: u16, message: Text, retry_after: Option<Duration> },
    /// Something answered that is not the API: a proxy, a portal, another server. HTTP code and its title.
    Foreign { code: u16, title: Text },
    /// No answer.
    Unreachable(Explanation),
    /// An answer began and went silent for so long.
    Stalled(Duration),
    /// An answer that is not what was asked for.
    Garbled(Undecodable),
}

impl Failure {
    /// The version that a watch wanted to go on from is gone; only a new list helps.
    pub(super) fn gone(&self) -> bool {
        matches!(self, Self::Refused { code: 410, .. })
    }

    /// The credentials were not accepted.
    pub(super) fn unauthorized(&self) -> bool {
        matches!(self, Self::Refused { code: 401, .. })
    }

    /// This account may not.
    pub(super) fn forbidden(&self) -> bool {
        matches!(self, Self::Refused { code: 403, .. })
    }

    /// The server has no such resource.
    pub(super) fn missing(&self) -> bool {
        matches!(self, Self::Refused { code: 404, .. })
    }

    /// The API did not answer at all: a matter of the endpoint, not of what was asked.
    pub(super) fn of_endpoint(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Stalled(_) | Self::Foreign { .. })
    }

    /// When the server wants to be asked again.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The failure in words; `what` was asked, as in `list pods`.
    pub(super) fn trouble(&self, what: &str) -> Trouble {
        let (what, remedy) = match self {
            Self::Refused { code: 401, .. } => (
                format!("{what}: the server does not accept the credentials (HTTP 401)"),
                "renew them (log in again, or copy a fresh kubeconfig); they are read again by themselves".to_owned(),
            ),
            Self::Refused { code: 429, .. } => {
                (format!("{what}: the server is overloaded and asks to wait (HTTP 429)"), String::new())
            }
            Self::Refused { code, message, .. } if message.is_empty() => {
                (format!("{what}: HTTP {code}"), String::new())
            }
            Self::Refused { code, message, .. } => (format!("{what}: {} (HTTP {code})", short(message)), String::new()),
            Self::Foreign { code, title } => {
                let title = if title.is_empty() { String::new() } else { format!(", \"{}\"", short(title)) };
                (
                    format!("{what}: not the Kubernetes API answered but a web page (HTTP {code}{title})"),
                    "a proxy or a login portal is in between: check the proxy settings and NO_PROXY".to_owned(),
                )
            }
            Self::Unreachable(why) => (format!("{what}: {}", why.what), why.remedy.clone()),
            Self::Stalled(after) => {
                (format!("{what}: the answer stalled, nothing for {}", seconds(*after)), String::new())
            }
            Self::Garbled(Undecodable::Truncated) => (format!("{what}: the answer ends in the middle"), String::new()),
            Self::Garbled(Undecodable::Other(why)) => {
                (format!("{what}: the answer cannot be read: {why}"), String::new())
            }
        };
        Trouble { what: Text::from(what), remedy: Text::from(remedy), retry_at: None }
    }
}

/// A server's message fits on a line or two.
fn short(message: &str) -> String {
    const LIMIT: usize = 160;
    if message.chars().count() <= LIMIT {
        return message.to_owned();
    }
    message.chars().take(LIMIT).chain("…".chars()).collect()
}

fn seconds(duration: Duration) -> String {
    if duration.as_secs() > 0 { format!("{} s", duration.as_secs()) } else { format!("{} ms", duration.as_millis()) }
}
