//! The thread that owns the file. Entries wait until an incident is open; what cannot be written is kept and tried again
//! with the next entry, but whoever waits for the disk is told at once.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use super::folder::Folder;
use super::read::Account;
use super::sheet::{Sheet, Stamp, Stamped};
use super::{Entry, Header, Opened, Past, Unknown, VERSION};
use crate::situation::ClusterId;

/// How many entries are written and synced at once.
const BATCH: usize = 256;
/// How many entries wait for an incident, or for a disk that has room again; the oldest go first.
const WAITING: usize = 4096;

/// Tells who waits how it went.
pub(super) type Reply<T> = Box<dyn FnOnce(io::Result<T>) + Send>;

/// What the thread is asked for.
pub(super) enum Message {
    Write(Box<Stamped>),
    /// The reply comes when it is on disk, or cannot be.
    Sync(Box<Stamped>, Reply<()>),
    LookBack(ClusterId, Reply<Past>),
    Open(ClusterId, Reply<Opened>),
    /// The reply comes when everything before it was tried.
    Finish(Reply<()>),
}

/// An entry that is not on disk.
struct Pending {
    stamped: Stamped,
    reply: Option<Reply<()>>,
}

/// The thread's own state.
pub(super) struct Writer {
    folder: Option<Folder>,
    stamp: Stamp,
    drill: Option<String>,
    /// The cluster of the last incident.
    cluster: Option<ClusterId>,
    open: Option<Open>,
    waiting: VecDeque<Pending>,
    trouble: Arc<Mutex<Option<String>>>,
}

struct Open {
    sheet: Sheet,
    incident: String,
    began: jiff::Timestamp,
}

impl Writer {
    pub(super) fn new(
        folder: Option<Folder>,
        stamp: Stamp,
        drill: Option<String>,
        trouble: Arc<Mutex<Option<String>>>,
    ) -> Self {
        Self { folder, stamp, drill, cluster: None, open: None, waiting: VecDeque::new(), trouble }
    }

    /// Works until the last handle is gone.
    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        while let Ok(first) = messages.recv() {
            let mut finished = Vec::new();
            for message in std::iter::once(first).chain(messages.try_iter().take(BATCH)) {
                self.take(message, &mut finished);
            }
            self.flush();
            for reply in finished {
                reply(Ok(()));
            }
        }
    }

    fn take(&mut self, message: Message, finished: &mut Vec<Reply<()>>) {
        match message {
            Message::Write(stamped) => self.waiting.push_back(Pending { stamped: *stamped, reply: None }),
            Message::Sync(stamped, reply) => {
                self.waiting.push_back(Pending { stamped: *stamped, reply: Some(reply) });
            }
            Message::LookBack(cluster, reply) => {
                self.flush();
                reply(self.look_back(&cluster));
            }
            Message::Open(cluster, reply) => {
                self.flush();
                reply(self.open(&cluster));
            }
            Message::Finish(reply) => finished.push(reply),
        }
    }

    fn look_back(&mut self, cluster: &ClusterId) -> io::Result<Past> {
        if let Some(opened) = self.opened(cluster) {
            return Ok(Past { opened: Some(opened), unknown: Vec::new() });
        }
        let unknown = self.go_on(cluster)?;
        let opened = self.opened(cluster).map(|opened| Opened { unknown: unknown.clone(), ..opened });
        Ok(Past { opened, unknown })
    }

    fn open(&mut self, cluster: &ClusterId) -> io::Result<Opened> {
        let unknown = if self.opened(cluster).is_some() { Vec::new() } else { self.go_on(cluster)? };
        if self.opened(cluster).is_none() {
            self.begin(cluster)?;
        }
        let opened = self.opened(cluster).ok_or_else(|| io::Error::other("no incident could be opened"))?;
        Ok(Opened { unknown, ..opened })
    }

    /// The incident that is open, if it is of this cluster.
    fn opened(&self, cluster: &ClusterId) -> Option<Opened> {
        let open = self.open.as_ref().filter(|_| self.cluster.as_ref().is_some_and(|c| c.uid == cluster.uid))?;
        Some(Opened { incident: open.incident.clone(), began: open.began, unknown: Vec::new() })
    }

    fn folder(&self) -> io::Result<&Folder> {
        self.folder.as_ref().ok_or_else(|| {
            io::Error::other("there is no home folder to keep a journal in; set XDG_STATE_HOME to a folder of yours")
        })
    }

    /// Goes on with the open incident of this cluster, if there is one.
    fn go_on(&mut self, cluster: &ClusterId) -> io::Result<Vec<Unknown>> {
        if self.drill.is_some() {
            return Ok(Vec::new());
        }
        let left = self.folder()?.left(cluster, self.stamp.clocks.wall.now())?;
        if let Some((mut sheet, Account { header, began, .. })) = left.open {
            let resumed = self.stamp.on(Entry::Resumed { program: program() });
            sheet.append(std::iter::once(&resumed))?;
            self.open = Some(Open { sheet, incident: header.incident, began });
            self.cluster = Some(cluster.clone());
        }
        Ok(left.unknown)
    }

    fn begin(&mut self, cluster: &ClusterId) -> io::Result<()> {
        let folder = self.folder()?;
        let (incident, mut sheet) = folder.begin().map_err(|error| {
            io::Error::other(format!(
                "no incident can be begun: {error}; make room or put the state folder elsewhere (XDG_STATE_HOME)"
            ))
        })?;
        let header = self.stamp.on(Entry::Opened(Header {
            version: VERSION,
            incident: incident.clone(),
            context: cluster.context.to_string(),
            server: cluster.server.to_string(),
            cluster: cluster.uid.to_string(),
            drill: self.drill.clone(),
            program: program(),
        }));
        sheet.append(std::iter::once(&header))?;
        self.open = Some(Open { sheet, incident, began: header.at });
        self.cluster = Some(cluster.clone());
        Ok(())
    }

    /// Writes down what waits, as far as an incident is open.
    fn flush(&mut self) {
        while !self.waiting.is_empty() {
            if self.open.is_none() && !self.reopen() {
                break;
            }
            let Some(open) = &mut self.open else { break };
            let closed = self.waiting.iter().position(|p| matches!(p.stamped.entry, Entry::Closed { .. }));
            let count = closed.map_or(self.waiting.len(), |at| at + 1).min(BATCH);
            let written = open.sheet.append(self.waiting.iter().take(count).map(|p| &p.stamped));
            self.tell(written.as_ref().err());
            if let Err(error) = written {
                self.refuse(&error.to_string());
                break;
            }
            for reply in self.waiting.drain(..count).filter_map(|p| p.reply) {
                reply(Ok(()));
            }
            if closed.is_some_and(|at| at < count) {
                self.open = None;
            }
        }
        let surplus = self.waiting.len().saturating_sub(WAITING);
        self.waiting.drain(..surplus);
    }

    /// Without an incident: a change must be on record, so it begins the next one, if the cluster is known. There is
    /// nothing to close or to leave.
    fn reopen(&mut self) -> bool {
        self.waiting.retain(|p| !matches!(p.stamped.entry, Entry::Closed { .. } | Entry::Left));
        if self.waiting.iter().all(|p| p.reply.is_none()) {
            return false;
        }
        let begun = match self.cluster.clone() {
            Some(cluster) => self.begin(&cluster),
            None => Err(io::Error::other("no incident is open: it is not known yet which cluster this is")),
        };
        self.tell(begun.as_ref().err());
        if let Err(error) = &begun {
            self.refuse(&error.to_string());
        }
        begun.is_ok()
    }

    /// Tells all who wait that their entry is not on disk. Such an entry is not tried again: what it announced will not
    /// be done.
    fn refuse(&mut self, why: &str) {
        let (told, kept) = std::mem::take(&mut self.waiting).into_iter().partition(|p: &Pending| p.reply.is_some());
        self.waiting = kept;
        let told: VecDeque<Pending> = told;
        for reply in told.into_iter().filter_map(|p| p.reply) {
            reply(Err(io::Error::other(why.to_owned())));
        }
    }

    fn tell(&self, error: Option<&io::Error>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = error.map(ToString::to_string);
    }
}

fn program() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
