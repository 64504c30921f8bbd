//! How things become known: cluster watches, metrics, health, logs. Everything in here reads; nothing can write. The one
//! client that could is handed out by [`Pinned`], to `action/` only.
//!
//! [`open`] starts the sources; their observations arrive in batches over one bounded channel. The [`Reader`] asks for
//! what is not watched (logs), through a closed enum of reads.
//!
//! One task keeps the way into the cluster open (`keeper`), one task a kind lists and watches it (`feed`), two poll
//! metrics. None of them ever waits for the screen, and the screen never for them: the channel is the only tie.

mod connect;
mod decode;
pub mod dialer;
mod failure;
mod feed;
mod health;
mod keeper;
mod logs;
mod metrics;
mod pace;
mod pin;
mod session;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use self::connect::{Connector, Surroundings};
use self::keeper::Keeper;
use self::session::{Calls, Session, State};
use crate::config::Profile;
use crate::situation::time::Clocks;
use crate::situation::{Key, Observation, Text, Trouble};

pub use connect::kubeconfig_files;
pub use pace::Pace;
pub use pin::{Pinned, Unread, authority_of_pem, is_loopback};

/// Observations that belong together, at most a page of them.
pub type Batch = Vec<Observation>;

/// How many batches may wait; a sender that finds the channel full waits with it.
pub const CHANNEL: usize = 64;

/// How many lines of a log are kept for a check.
pub const WHOLE: usize = 1000;

/// Which cluster to look at.
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// `--kubeconfig`; else `KUBECONFIG`, else `~/.kube/config`, else in-cluster, else `/etc/rancher/k3s/k3s.yaml`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
}

/// A running set of sources. Dropping it stops them all at once, without waiting for anything.
///
/// The runtime has to be ended with [`tokio::runtime::Runtime::shutdown_background`]: resolving a name happens on a
/// thread that cannot be stopped, and a runtime that is dropped waits for it.
#[derive(Debug)]
pub struct Feed {
    /// What becomes known.
    pub batches: mpsc::Receiver<Batch>,
    /// Asks for what is not watched.
    pub reader: Reader,
    /// Dropping these ends them.
    _tasks: JoinSet<()>,
}

/// Starts to look at a cluster. Never fails and never waits: whatever goes wrong is an observation.
///
/// # Panics
/// Outside of a tokio runtime.
#[expect(clippy::needless_pass_by_value, reason = "the callers share the profile and hand their share over")]
pub fn open(target: Target, profile: Arc<Profile>, clocks: Clocks) -> Feed {
    open_at(Pace::default(), target, &profile, clocks)
}

/// The same with other intervals and limits.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn open_at(pace: Pace, target: Target, profile: &Profile, clocks: Clocks) -> Feed {
    let (outlet, batches) = mpsc::channel(CHANNEL);
    let (state, states) = watch::channel(State::default());
    let (show, shown) = watch::channel(None);
    let calls = Arc::new(Calls::default());
    let session = Session::new(states, calls.clone(), outlet.clone(), pace, clocks.clone());
    let connector = Connector::new(target, profile, pace, clocks.wall.clone(), Surroundings::real());
    let keeper = Keeper::new(connector, state, calls, outlet, clocks, pace);
    let home = home(profile);
    let mut tasks = JoinSet::new();
    tasks.spawn(async { _ = keeper.run().await });
    tasks.spawn(feed::run(session.clone(), home.clone()));
    tasks.spawn({
        let session = session.clone();
        async { _ = metrics::nodes(session).await }
    });
    tasks.spawn({
        let session = session.clone();
        async { _ = metrics::pods(session, home, shown).await }
    });
    let reader = Reader { runtime: Handle::current(), session, show };
    Feed { batches, reader, _tasks: tasks }
}

/// One line of a watch, decoded as the feed decodes it; for tests of other modules that need no server.
#[cfg(test)]
pub(crate) fn decoded(kind: crate::situation::Kind, line: &[u8]) -> Option<Observation> {
    match decode::event(kind, decode::Form::Whole, line).ok()? {
        decode::WatchEvent::Observed(observation, _) => Some(observation),
        _ => None,
    }
}

/// The deployment's namespaces: those of the profile and of its roles.
fn home(profile: &Profile) -> Arc<[Text]> {
    let roles = profile.roles.values().map(|role| &role.namespace);
    let names: std::collections::BTreeSet<&String> =
        profile.namespaces.iter().chain(roles).filter(|n| !n.is_empty()).collect();
    names.into_iter().map(|n| Text::new(n)).collect()
}

/// Asks for what is not watched. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader {
    runtime: Handle,
    session: Session,
    show: watch::Sender<Option<Text>>,
}

/// A container's log to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// The pod.
    pub pod: Key,
    /// The container.
    pub container: Text,
    /// The run before the present one.
    pub previous: bool,
    /// Go on reading as lines are written; reconnects by itself from the last line's time stamp.
    pub follow: bool,
    /// How many lines to begin with.
    pub tail: u32,
}

/// What comes of a [`LogQuery`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogPiece {
    /// Lines with their time stamps, cleaned; a line over 10,000 characters is cut and says so.
    Lines(Vec<LogLine>),
    /// The stream was interrupted and is tried again; why.
    Interrupted(Text),
    /// So many lines came faster than they were taken and were dropped.
    Dropped(usize),
    /// There is no more; empty, or why it could not be read.
    End(Text),
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub at: Option<jiff::Timestamp>,
    /// What it says.
    pub text: Text,
}

impl Reader {
    /// Reads a log. The stream ends when the receiver is dropped.
    pub fn logs(&self, query: LogQuery) -> mpsc::Receiver<LogPiece> {
        let (pieces, receiver) = mpsc::channel(CHANNEL);
        self.runtime.spawn(logs::read(self.session.clone(), query, pieces));
        receiver
    }

    /// Reads a log to its end, for a check. At most [`WHOLE`] lines are kept, the last ones.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub async fn whole_log(&self, query: LogQuery) -> Result<Vec<LogLine>, String> {
        let mut pieces = self.logs(LogQuery { follow: false, ..query });
        let mut lines = Vec::new();
        while let Some(piece) = pieces.recv().await {
            match piece {
                LogPiece::Lines(more) => lines.extend(more),
                LogPiece::Dropped(_) => {}
                LogPiece::End(why) if why.is_empty() => break,
                LogPiece::Interrupted(why) | LogPiece::End(why) => return Err(why.to_string()),
            }
        }
        let surplus = lines.len().saturating_sub(WHOLE);
        lines.drain(..surplus);
        Ok(lines)
    }

    /// Where what talks to the outside runs.
    pub(crate) const fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Holds the way into the cluster fast, after asking it who it is: for what has to be read afresh, and for what is to be
    /// changed. Waits as long as for an answer.
    ///
    /// # Errors
    /// When nothing answers, or what answers is not the cluster of the first contact.
    pub async fn pin(&self) -> Result<Pinned, Trouble> {
        pin::pin(self.session.clone()).await
    }

    /// Polls the metrics of this pod too while it is on the screen; `None`: of none. They come with those of all pods of
    /// its namespace, as [`Observation::PodMetrics`].
    pub fn metrics(&self, pod: Option<&Key>) {
        self.show.send_if_modified(|shown| {
            let next = pod.map(|key| key.namespace.clone());
            let changed = *shown != next;
            *shown = next;
            changed
        });
    }
}
