//! The watch of one scope, resumed from where it was for as long as the server remembers that.

use tokio::time::{Instant, sleep};

use super::recovery::{Recovery, Round, Stop, note_skipped};
use super::request;
use super::scope::Scope;
use super::stream::Lines;
use crate::situation::{Kind, Observation, Source};
use crate::watch::Batch;
use crate::watch::connect::endpoint::Ask;
use crate::watch::decode::{self, WatchEvent};
use crate::watch::failure::Failure;
use crate::watch::pace::jitter;
use crate::watch::session::{Closed, Session, Way};

/// A page at most goes into one batch.
const BATCH: usize = 100;

/// Why a stream ended without a failure.
enum Ended {
    /// The server ended it, after so many events.
    Over(usize),
    /// Its connection is not to be trusted any more.
    Cut,
}

/// The watch of one scope.
pub(super) struct Follower {
    kind: Kind,
    session: Session,
    scope: Scope,
    version: String,
    recovery: Recovery,
}

impl Follower {
    pub(super) fn new(kind: Kind, session: Session, scope: Scope, version: String) -> Self {
        let recovery = Recovery::new(kind, &session);
        Self { kind, session, scope, version, recovery }
    }

    /// Runs until a new list is needed or nobody listens any more.
    pub(super) async fn run(mut self) -> Round {
        loop {
            match self.again().await {
                Ok(None) => {}
                Ok(Some(round)) => return round,
                Err(closed) => return closed.into(),
            }
        }
    }

    /// One request.
    async fn again(&mut self) -> Result<Option<Round>, Closed> {
        let way = self.session.way().await?;
        let begun = Instant::now();
        match self.stream(&way).await {
            Ok(Ended::Cut) => {}
            // A server or a proxy that ends each watch at once must not be asked without end.
            Ok(Ended::Over(0)) if begun.elapsed() < self.session.pace.first_retry => {
                let wait = self.recovery.backoff.next();
                self.session.pause(wait).await?;
            }
            Ok(Ended::Over(_)) => self.recovery.works(),
            Err(Stop::Closed) => return Err(Closed),
            Err(Stop::Failed(failure, _)) if failure.gone() => return Ok(Some(Round::Relist)),
            Err(Stop::Failed(failure, generation)) => {
                self.recovery.failed(&mut self.session, "watch", &failure, generation).await?;
            }
        }
        Ok(None)
    }

    async fn stream(&mut self, way: &Way) -> Result<Ended, Stop> {
        let failed = |failure| Stop::Failed(failure, way.generation);
        let pace = self.session.pace;
        let lasting = jitter(pace.watch);
        let path = request::watch(self.kind, self.scope.namespace.as_deref(), &self.version, lasting);
        let accept = request::watch_form(self.scope.form);
        let ask = Ask { path: &path, accept, stream: true, patience: pace.patience };
        let mut answer = way.endpoint.get(ask).await.map_err(failed)?;
        let mut batch: Batch = self.recovery.revealed().into_iter().collect();
        batch.push(self.heard());
        self.session.send(batch).await?;
        let limit = lasting + pace.watch_grace;
        let mut silent = std::pin::pin!(sleep(limit));
        let mut lines = Lines::default();
        let mut count = 0;
        loop {
            let part = tokio::select! {
                cut = self.session.cut(way.epoch) => return cut.map(|()| Ended::Cut).map_err(Into::into),
                () = &mut silent => return Err(failed(Failure::Stalled(limit))),
                part = answer.part() => part.map_err(failed)?,
            };
            // What is left of a line then was cut off; its event comes again, because its version was not reached.
            let Some(part) = part else { return Ok(Ended::Over(count)) };
            let mut batch = Batch::new();
            let outcome = lines.feed(&part, |line| self.take(line, &mut batch));
            count += batch.len();
            self.recovery.works();
            self.deliver(batch).await?;
            outcome.map_err(failed)?;
        }
    }

    fn heard(&self) -> Observation {
        Observation::Heard(Source::Watch(self.kind), self.session.clocks.wall.now())
    }

    /// Takes one event in.
    fn take(&mut self, line: &[u8], batch: &mut Batch) -> Result<(), Failure> {
        let version = match decode::event(self.kind, self.scope.form, line).map_err(Failure::Garbled)? {
            WatchEvent::Observed(observation, version) => {
                if self.scope.covers(&observation) {
                    batch.push(observation);
                }
                version
            }
            WatchEvent::Bookmark(version) => version,
            WatchEvent::Error(code, message) => {
                return Err(Failure::Refused { code, message, retry_after: None });
            }
        };
        if !version.is_empty() {
            self.version = version;
        }
        Ok(())
    }

    async fn deliver(&self, mut batch: Batch) -> Result<(), Closed> {
        note_skipped(&batch);
        batch.push(self.heard());
        while batch.len() > BATCH {
            let rest = batch.split_off(BATCH);
            self.session.send(std::mem::replace(&mut batch, rest)).await?;
        }
        self.session.send(batch).await
    }
}
