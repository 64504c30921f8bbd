//! One kind: list once, then watch; list again only when the server asks for it.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

use super::request;
use super::scope::{Scope, everywhere, nearby};
use super::stream::Lines;
use crate::situation::{Kind, Observation, Source, SourceState, Text};
use crate::watch::Batch;
use crate::watch::connect::endpoint::Ask;
use crate::watch::decode::{self, WatchEvent};
use crate::watch::failure::Failure;
use crate::watch::pace::{Backoff, jitter};
use crate::watch::session::{Closed, Session, Way};

/// A page at most goes into one batch.
const BATCH: usize = 100;

/// Watches one kind.
pub(super) struct Watcher {
    kind: Kind,
    session: Session,
    lists: Arc<Semaphore>,
    /// The deployment's namespaces.
    home: Arc<[Text]>,
    limited: bool,
    body: Vec<u8>,
}

/// A scope and the version its watch goes on from.
type Listed = (Scope, String);

/// Why a stream ended without a failure.
enum Ended {
    /// The server ended it, after so many events.
    Over(usize),
    /// Its connection is not to be trusted any more.
    Cut,
}

/// Why one round of list and watch is over.
enum Round {
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
enum Stop {
    Closed,
    Failed(Failure, u64),
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl Watcher {
    pub(super) fn new(kind: Kind, session: Session, lists: Arc<Semaphore>, home: Arc<[Text]>) -> Self {
        Self { kind, session, lists, home, limited: false, body: Vec::new() }
    }

    /// Runs until nobody listens any more. `permit` is for the first list.
    pub(super) async fn run(mut self, permit: OwnedSemaphorePermit) -> Closed {
        let mut permit = Some(permit);
        let mut recovery = Recovery::new(self.kind, &self.session);
        let mut relisted = None::<Instant>;
        loop {
            let listed = match self.list(permit.take(), &mut recovery).await {
                Ok(listed) => listed,
                Err(closed) => return closed,
            };
            match self.follow(listed).await {
                Round::Closed => return Closed,
                Round::Relist => {}
            }
            // A server that takes back every version at once must not be listed without end.
            let soon = relisted.is_some_and(|at| at.elapsed() < self.session.pace.patience);
            if soon {
                let wait = recovery.backoff.next();
                if self.session.pause(wait).await.is_err() {
                    return Closed;
                }
            } else {
                recovery.backoff.reset();
            }
            relisted = Some(Instant::now());
        }
    }

    /// Lists until it works.
    async fn list(
        &mut self,
        mut permit: Option<OwnedSemaphorePermit>,
        recovery: &mut Recovery,
    ) -> Result<Vec<Listed>, Closed> {
        loop {
            let held = match permit.take() {
                Some(permit) => permit,
                None => self.lists.clone().acquire_owned().await.map_err(|_| Closed)?,
            };
            let result = self.list_once().await;
            drop(held);
            self.body = Vec::new();
            match result {
                Ok(listed) => {
                    recovery.works();
                    return Ok(listed);
                }
                Err(Stop::Closed) => return Err(Closed),
                Err(Stop::Failed(failure, generation)) => {
                    recovery.failed(&mut self.session, "list", &failure, generation).await?;
                }
            }
        }
    }

    /// Lists everything, or what may be listed.
    async fn list_once(&mut self) -> Result<Vec<Listed>, Stop> {
        match self.list_all(everywhere(self.kind, &self.home), false).await {
            Err(Stop::Failed(refusal, generation)) if refusal.forbidden() => {
                let near = nearby(self.kind, &self.home, self.session.namespace());
                match self.list_all(near, true).await {
                    Ok(listed) if listed.is_empty() => Err(Stop::Failed(refusal, generation)),
                    other => other,
                }
            }
            other => other,
        }
    }

    /// Lists these scopes as one list; with `spare`, those that are forbidden are left out.
    async fn list_all(&mut self, scopes: Vec<Scope>, spare: bool) -> Result<Vec<Listed>, Stop> {
        let mut listed: Vec<Listed> = Vec::new();
        for scope in scopes {
            match self.list_scope(&scope, listed.is_empty()).await {
                Ok(version) => listed.push((scope, version)),
                Err(Stop::Failed(failure, _)) if spare && (failure.forbidden() || failure.missing()) => {}
                Err(stop) => return Err(stop),
            }
        }
        if listed.is_empty() {
            return Ok(listed);
        }
        let source = Source::Watch(self.kind);
        let mut batch =
            vec![Observation::Listed(self.kind), Observation::Heard(source.clone(), self.session.clocks.wall.now())];
        if spare || self.limited {
            batch.push(Observation::Limited(source, self.limits(&listed, spare)));
            self.limited = spare;
        }
        self.session.send(batch).await?;
        Ok(listed)
    }

    fn limits(&self, listed: &[Listed], spare: bool) -> Text {
        if !spare {
            return Text::default();
        }
        let names: Vec<&str> = listed.iter().filter_map(|(s, _)| s.namespace.as_deref()).collect();
        Text::from(format!("only in {}; elsewhere forbidden, needs {}", names.join(", "), rule("list", self.kind)))
    }

    /// Lists one scope page by page; each page is sent as it comes. Gives the version to watch from.
    async fn list_scope(&mut self, scope: &Scope, first: bool) -> Result<String, Stop> {
        let way = self.session.way().await?;
        let failed = |failure| Stop::Failed(failure, way.generation);
        let patience = self.session.pace.patience;
        let (mut next, mut begin) = (None::<String>, first);
        loop {
            let path = request::list(self.kind, scope.namespace.as_deref(), next.as_deref());
            let ask = Ask { path: &path, accept: request::list_form(scope.form), stream: false, patience };
            let answer = way.endpoint.get(ask).await.map_err(failed)?;
            answer.read(&mut self.body, usize::MAX).await.map_err(failed)?;
            let page = decode::page(self.kind, scope.form, &self.body).map_err(|e| failed(Failure::Garbled(e)))?;
            if std::mem::take(&mut begin) {
                self.session.say(Observation::Listing(self.kind)).await?;
            }
            let mut batch = page.items;
            batch.retain(|o| scope.covers(o));
            note_skipped(&batch);
            self.session.send(batch).await?;
            match page.next {
                Some(token) => next = Some(token),
                None => return Ok(page.version),
            }
        }
    }

    /// Watches what was listed until a new list is needed.
    async fn follow(&self, listed: Vec<Listed>) -> Round {
        let mut streams: FuturesUnordered<_> = listed
            .into_iter()
            .map(|(scope, version)| Follower::new(self.kind, self.session.clone(), scope, version).run())
            .collect();
        streams.next().await.unwrap_or(Round::Closed)
    }
}

/// The watch of one scope.
struct Follower {
    kind: Kind,
    session: Session,
    scope: Scope,
    version: String,
    recovery: Recovery,
}

impl Follower {
    fn new(kind: Kind, session: Session, scope: Scope, version: String) -> Self {
        let recovery = Recovery::new(kind, &session);
        Self { kind, session, scope, version, recovery }
    }

    async fn run(mut self) -> Round {
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
        self.session.say(self.heard()).await?;
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

/// How one source gets over failures.
struct Recovery {
    kind: Kind,
    backoff: Backoff,
    /// The credentials were just refused and are being made anew; not worth a word yet.
    refused: bool,
}

impl Recovery {
    fn new(kind: Kind, session: &Session) -> Self {
        Self { kind, backoff: Backoff::new(session.pace), refused: false }
    }

    fn works(&mut self) {
        self.backoff.reset();
        self.refused = false;
    }

    /// Says what failed and waits as long as is right for it.
    async fn failed(
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
fn rule(verb: &str, kind: Kind) -> String {
    let resource = kind.resource();
    let dot = if resource.group.is_empty() { "" } else { "." };
    format!("{verb} {}{dot}{}", resource.plural, resource.group)
}

fn note_skipped(batch: &Batch) {
    for observation in batch {
        if let Observation::Skipped(kind, name, reason) = observation {
            tracing::warn!(%kind, %name, %reason, "an object cannot be decoded and is left out");
        }
    }
}
