//! Watches: what is there, then what happens, line by line, until the client or the time is gone.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::face::Face;
use super::failure::Failure;
use super::options::ListOptions;
use super::render::{Renderer, line};
use super::selector::Selector;
use super::view;
use crate::drill::store::{Happened, Logged, ResourceId};

/// How often a watch that allows it gets a bookmark.
const BOOKMARK_EVERY: Duration = Duration::from_secs(15);
/// How long a watch lasts that does not say.
const LONGEST: Duration = Duration::from_mins(30);
/// How many objects are sent in one piece.
const PIECE: usize = 50;

/// One watch.
pub(super) struct Watch {
    face: Arc<Face>,
    res: ResourceId,
    namespace: Option<String>,
    selector: Selector,
    out: Renderer,
    /// What was there at the beginning and is not sent yet.
    initial: std::vec::IntoIter<Arc<Value>>,
    /// Whether the end of what was there is announced.
    announces_end: bool,
    /// Everything up to this revision is sent.
    revision: u64,
    revisions: watch::Receiver<u64>,
    bookmarks: bool,
    next_bookmark: Instant,
    until: Instant,
    over: bool,
}

impl Watch {
    pub(super) fn new(
        face: Arc<Face>,
        res: ResourceId,
        namespace: Option<String>,
        options: ListOptions,
        out: Renderer,
    ) -> Self {
        let (revision, objects, revisions) = face.with(|backend| {
            let store = backend.store();
            let from_now = options.revision.unwrap_or(0) == 0;
            let shows = options.initial_events.unwrap_or(from_now);
            let objects = if shows { store.list(res, namespace.as_deref()) } else { Vec::new() };
            let revision = if shows || from_now { store.revision() } else { options.revision.unwrap_or(0) };
            (revision, objects, store.subscribe())
        });
        let mut objects: Vec<_> = objects.into_iter().map(|o| view::show(res.def(), o)).collect();
        objects.retain(|o| options.selector.selects(o));
        let now = Instant::now();
        Self {
            announces_end: options.initial_events == Some(true) && options.bookmarks,
            next_bookmark: now + BOOKMARK_EVERY,
            until: now + options.timeout.unwrap_or(LONGEST),
            initial: objects.into_iter(),
            selector: options.selector,
            bookmarks: options.bookmarks,
            over: false,
            face,
            res,
            namespace,
            out,
            revision,
            revisions,
        }
    }

    /// The lines, in pieces that are sent at once.
    pub(super) fn pieces(self) -> impl Stream<Item = Bytes> + Send {
        futures::stream::unfold(self, |mut watch| async move {
            let piece = watch.next().await?;
            Some((piece, watch))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        let mut out = Vec::new();
        while out.is_empty() && !self.over {
            self.begin(&mut out);
            if out.is_empty() {
                self.catch_up(&mut out);
            }
            if out.is_empty() && !self.over {
                self.wait(&mut out).await;
            }
        }
        (!out.is_empty()).then(|| out.into())
    }

    /// Writes the next of what was there at the beginning.
    fn begin(&mut self, out: &mut Vec<u8>) {
        let now = self.face.with(|b| b.now());
        for object in self.initial.by_ref().take(PIECE) {
            self.out.event(Happened::Added, &object, now, out);
        }
        if self.initial.len() == 0 && std::mem::take(&mut self.announces_end) {
            self.out.bookmark(self.revision, true, out);
        }
    }

    /// Writes what has happened since.
    fn catch_up(&mut self, out: &mut Vec<u8>) {
        let (changes, revision, now) = self.face.with(|backend| {
            let now = backend.now();
            let store = backend.store();
            (store.changes_after(self.res, self.revision), store.revision(), now)
        });
        let changes = match changes {
            Ok(changes) => changes,
            Err(expired) => {
                if let Failure::Status { body, .. } = Failure::expired(expired) {
                    line("ERROR", &body, out);
                }
                self.over = true;
                return;
            }
        };
        self.revision = self.revision.max(revision);
        for change in changes {
            if let Some((happened, object)) = self.seen(change) {
                self.out.event(happened, &object, now, out);
            }
        }
    }

    /// What a change is to this watch: an object that begins to match its selector appears, one that ceases disappears.
    fn seen(&self, change: Logged) -> Option<(Happened, Arc<Value>)> {
        let Logged { happened, object, previous, .. } = change;
        let namespace = self.namespace.as_deref();
        if namespace.is_some_and(|n| object["metadata"]["namespace"] != *n) {
            return None;
        }
        let show = |o| view::show(self.res.def(), o);
        let (object, previous) = (show(object), previous.map(show));
        let did = previous.as_ref().is_some_and(|p| self.selector.selects(p));
        let does = happened != Happened::Deleted && self.selector.selects(&object);
        match (did, does) {
            (false, true) => Some((Happened::Added, object)),
            (true, true) => Some((Happened::Modified, object)),
            (true, false) if happened == Happened::Deleted => Some((Happened::Deleted, object)),
            (true, false) => {
                // It is told as it was when it last matched, with the revision at which it ceased to.
                let mut last = Value::clone(previous.as_ref()?);
                last["metadata"]["resourceVersion"] = object["metadata"]["resourceVersion"].clone();
                Some((Happened::Deleted, Arc::new(last)))
            }
            (false, false) => None,
        }
    }

    /// Waits for a change, the next bookmark or the end.
    async fn wait(&mut self, out: &mut Vec<u8>) {
        tokio::select! {
            changed = self.revisions.changed() => self.over |= changed.is_err(),
            () = sleep_until(self.next_bookmark.min(self.until)) => {
                self.over |= Instant::now() >= self.until;
                if self.bookmarks {
                    self.out.bookmark(self.revision, false, out);
                }
                self.next_bookmark = Instant::now() + BOOKMARK_EVERY;
            }
        }
    }
}
