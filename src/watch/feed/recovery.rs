//! What the watches do about failures.

use std::time::Duration;

use crate::situation::{Kind, Observation, Source, SourceState, Text};
use crate::watch::Batch;
use crate::watch::failure::Failure;
use crate::watch::pace::{Backoff, jitter};
use crate::watch::session::{Closed, Session};

/// Why one round of list and watch is over.
pub(super) enum Round {
    /// The version is gone; list again.
    Relist,
    Closed,
}

impl From<Closed> for Round {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

/// Either the program ends, or something went wrong that can be said.
pub(super) enum Stop {
    Closed,
    Failed(Failure, u64),
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

/// How one source gets over failures.
pub(super) struct Recovery {
    kind: Kind,
    pub(super) backoff: Backoff,
    /// The credentials were just refused and are being made anew; not worth a word yet.
    refused: bool,
    /// The source was called forbidden or missing, which hides what was known of it.
    hidden: bool,
}

impl Recovery {
    pub(super) fn new(kind: Kind, session: &Session) -> Self {
        Self { kind, backoff: Backoff::new(session.pace), refused: false, hidden: false }
    }

    /// It works again.
    pub(super) fn works(&mut self) {
        self.backoff.reset();
        self.refused = false;
    }

    /// What to say when a watch goes on: of what was hidden, everything is known again, because nothing was missed.
    pub(super) fn revealed(&mut self) -> Option<Observation> {
        let live = Observation::Source(Source::Watch(self.kind), SourceState::Live);
        std::mem::take(&mut self.hidden).then_some(live)
    }

    /// Says what failed and waits as long as is right for it.
    pub(super) async fn failed(
        &mut self,
        session: &mut Session,
        verb: &str,
        failure: &Failure,
        generation: u64,
    ) -> Result<(), Closed> {
        if failure.unauthorized() && !std::mem::replace(&mut self.refused, true) {
            return session.refused(generation).await;
        }
        if failure.of_endpoint() {
            session.suspect();
        }
        self.hidden |= failure.forbidden() || failure.missing();
        let wait = self.wait(session, failure);
        let state = if failure.forbidden() {
            SourceState::Forbidden(Text::from(rule(verb, self.kind)))
        } else if failure.missing() {
            SourceState::Missing
        } else {
            let mut trouble = failure.trouble(&format!("{verb} {}", self.kind.resource().plural));
            trouble.retry_at = session.after(wait);
            SourceState::Failed(trouble)
        };
        tracing::info!(kind = %self.kind, %state, "a watch is interrupted");
        session.say(Observation::Source(Source::Watch(self.kind), state)).await?;
        session.pause(wait).await
    }

    fn wait(&mut self, session: &Session, failure: &Failure) -> Duration {
        if failure.forbidden() || failure.missing() {
            return jitter(session.pace.slow_retry);
        }
        let wait = self.backoff.next();
        failure.retry_after().map_or(wait, |asked| asked.min(session.pace.slow_retry * 5).max(wait))
    }
}

/// The rule that is missing, as `kubectl auth can-i` writes it: `list pods`, `list deployments.apps`.
pub(in crate::watch) fn rule(verb: &str, kind: Kind) -> String {
    let resource = kind.resource();
    let dot = if resource.group.is_empty() { "" } else { "." };
    format!("{verb} {}{dot}{}", resource.plural, resource.group)
}

/// Says in the log which objects were left out.
pub(super) fn note_skipped(batch: &Batch) {
    for observation in batch {
        if let Observation::Skipped(kind, name, reason) = observation {
            tracing::warn!(%kind, %name, %reason, "an object cannot be decoded and is left out");
        }
    }
}
