//! The watches: one task a kind, started in the order of [`Kind::ALL`] with a few first lists in flight at a time.
//!
//! kube's own watcher is not used: it re-lists after errors that need no list, asks for `Retry-After` nowhere, fails a
//! whole page for one object, and sends no page before all of them are there.

mod follower;
mod recovery;
mod request;
mod scope;
mod stream;
mod watcher;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{Id, JoinSet};

use self::watcher::Watcher;
use super::session::{Closed, Session};
use crate::situation::{Kind, Observation, Source, SourceState, Text, Trouble};

pub(super) use recovery::rule;
pub(super) use request::{list_form, path, segment};

/// Watches every kind until nobody listens any more.
pub(super) async fn run(session: Session, home: Arc<[Text]>) {
    let lists = Arc::new(Semaphore::new(session.pace.lists.max(1)));
    let mut tasks = JoinSet::new();
    let mut kinds = HashMap::new();
    for kind in Kind::ALL {
        // A kind starts when one of those before it has its first list, or failed to get it.
        let Ok(permit) = lists.clone().acquire_owned().await else { return };
        let watcher = Watcher::new(kind, session.clone(), lists.clone(), home.clone());
        kinds.insert(tasks.spawn(watcher.run(permit)).id(), kind);
    }
    while let Some(ended) = tasks.join_next_with_id().await {
        if let Err(error) = ended
            && report(&session, &kinds, error.id()).await.is_err()
        {
            return;
        }
    }
}

/// A watch that stopped by a fault of ours must not look alive.
async fn report(session: &Session, kinds: &HashMap<Id, Kind>, id: Id) -> Result<(), Closed> {
    let Some(kind) = kinds.get(&id) else { return Ok(()) };
    tracing::error!(%kind, "a watch stopped by a fault of crashcart");
    let trouble = Trouble {
        what: Text::new("a fault in crashcart stopped this watch"),
        remedy: Text::new("start crashcart again; run with --log FILE and report it"),
        retry_at: None,
    };
    session.say(Observation::Source(Source::Watch(*kind), SourceState::Failed(trouble))).await
}
