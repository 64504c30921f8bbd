//! One kind: list once, then watch; list again only when the server asks for it.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::follower::Follower;
use super::recovery::{Recovery, Round, Stop, note_skipped, rule};
use super::request;
use super::scope::{Scope, everywhere, nearby};
use crate::situation::{Kind, Observation, Source, Text};
use crate::watch::connect::endpoint::Ask;
use crate::watch::decode::{self, Form};
use crate::watch::failure::Failure;
use crate::watch::pace::jitter;
use crate::watch::session::{Closed, Session};

/// Watches one kind.
pub(super) struct Watcher {
    kind: Kind,
    session: Session,
    lists: Arc<Semaphore>,
    /// The deployment's namespaces.
    home: Arc<[Text]>,
    limited: bool,
    /// How often in a row only a part could be listed.
    limited_times: u32,
    body: Vec<u8>,
}

/// A scope and the version its watch goes on from.
type Listed = (Scope, String);

impl Watcher {
    pub(super) fn new(kind: Kind, session: Session, lists: Arc<Semaphore>, home: Arc<[Text]>) -> Self {
        Self { kind, session, lists, home, limited: false, limited_times: 0, body: Vec::new() }
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
        self.limited_times = if spare { self.limited_times.saturating_add(1) } else { 0 };
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
        let version = listed.first().map(|(_, version)| version.clone()).unwrap_or_default();
        let mut streams: FuturesUnordered<_> = listed
            .into_iter()
            .map(|(scope, version)| Follower::new(self.kind, self.session.clone(), scope, version).run())
            .collect();
        tokio::select! {
            round = streams.next() => round.unwrap_or(Round::Closed),
            round = self.until_allowed(version), if self.limited => round,
        }
    }

    /// Comes back when all of a kind may be read of which only a part could be: asks for a watch of it from time to time,
    /// which costs the server next to nothing.
    async fn until_allowed(&self, version: String) -> Round {
        let mut session = self.session.clone();
        let form = everywhere(self.kind, &self.home).first().map_or(Form::Whole, |scope| scope.form);
        let wait = session.pace.slow_retry * (1 << self.limited_times.min(5)) / 2;
        let path = request::watch(self.kind, None, &version, Duration::from_secs(1));
        loop {
            if session.pause(jitter(wait)).await.is_err() {
                return Round::Closed;
            }
            let Ok(way) = session.way().await else { return Round::Closed };
            let patience = session.pace.patience;
            let ask = Ask { path: &path, accept: request::watch_form(form), stream: true, patience };
            let answer = way.endpoint.get(ask).await;
            if answer.is_ok() || answer.is_err_and(|failure| failure.gone()) {
                return Round::Relist;
            }
        }
    }
}
