//! What all sources share: which endpoint to ask, when to wait, when to begin anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{sleep, timeout};

use super::Batch;
use super::connect::Access;
use super::connect::endpoint::Endpoint;
use super::pace::Pace;
use super::pin::OTHER_REMEDY;
use crate::situation::time::Clocks;
use crate::situation::{ClusterId, Observation, Text, Trouble};

/// What the keeper tells the sources.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// The way in; `None` until a kubeconfig was read.
    pub(super) access: Option<Arc<Access>>,
    /// Which of its endpoints is asked.
    pub(super) at: usize,
    /// Whether any endpoint answers.
    pub(super) up: bool,
    /// Grows when connections of before are not to be trusted any more: another endpoint, an outage that is over, a
    /// machine that slept.
    pub(super) epoch: u64,
    /// Grows with each new set of credentials.
    pub(super) generation: u64,
    /// The cluster of the first contact.
    pub(super) met: Option<Arc<Met>>,
    /// How it shows that another cluster is reached now, or that the kubeconfig means another; empty: it is the same.
    pub(super) changed: Text,
}

/// Which cluster was met at first contact. Nothing that is read later changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Met {
    pub(super) cluster: ClusterId,
    /// Fingerprint of the authority that its certificate has to come from.
    pub(super) authority: Text,
}

/// What the sources tell the keeper.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Something is wrong: look now.
    pub(super) look: Notify,
    /// The greatest generation of credentials that was refused, plus one.
    pub(super) refused: AtomicU64,
}

/// The program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed;

/// An endpoint to ask now.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) epoch: u64,
    pub(super) generation: u64,
}

/// A source's handle. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Session {
    state: watch::Receiver<State>,
    calls: Arc<Calls>,
    outlet: mpsc::Sender<Batch>,
    pub(super) pace: Pace,
    pub(super) clocks: Clocks,
}

impl Session {
    pub(super) fn new(
        state: watch::Receiver<State>,
        calls: Arc<Calls>,
        outlet: mpsc::Sender<Batch>,
        pace: Pace,
        clocks: Clocks,
    ) -> Self {
        Self { state, calls, outlet, pace, clocks }
    }

    /// Says what became known; waits while the channel is full.
    pub(super) async fn send(&self, batch: Batch) -> Result<(), Closed> {
        self.outlet.send(batch).await.map_err(|_| Closed)
    }

    /// Says one thing.
    pub(super) async fn say(&self, observation: Observation) -> Result<(), Closed> {
        self.send(vec![observation]).await
    }

    /// Waits for an endpoint that answers; when none does for long, for any.
    pub(super) async fn way(&mut self) -> Result<Way, Closed> {
        self.state.wait_for(|s| s.access.is_some()).await.map_err(|_| Closed)?;
        if let Ok(closed) = timeout(self.pace.last_retry, self.state.wait_for(|s| s.up)).await {
            closed.map_err(|_| Closed)?;
        }
        let state = self.state.borrow();
        let endpoint = state.access.as_ref().and_then(|a| a.endpoints.get(state.at).or_else(|| a.endpoints.first()));
        let endpoint = endpoint.cloned().ok_or(Closed)?;
        Ok(Way { endpoint, epoch: state.epoch, generation: state.generation })
    }

    /// Waits for an endpoint that answers and the cluster that was met there.
    pub(super) async fn met(&mut self) -> Result<(Arc<Met>, Arc<Endpoint>), Trouble> {
        let trouble =
            |what: &str, remedy: &str| Trouble { what: Text::new(what), remedy: Text::new(remedy), retry_at: None };
        let silent = || trouble("no API server answers", "wait until one does; `crashcart check` says why none does");
        let met = timeout(self.pace.patience, self.state.wait_for(|s| s.up && s.met.is_some())).await;
        let state = met.map_err(|_| silent())?.map_err(|_| trouble("the program ends", ""))?;
        if !state.changed.is_empty() {
            return Err(trouble(&state.changed, OTHER_REMEDY));
        }
        let endpoint = state.access.as_ref().and_then(|access| access.endpoints.get(state.at)).cloned();
        state.met.clone().zip(endpoint).ok_or_else(silent)
    }

    /// The namespace of the kubeconfig's context, once it is known.
    pub(super) fn namespace(&self) -> Option<Text> {
        self.state.borrow().access.as_ref().map(|a| a.cluster.namespace.clone())
    }

    /// Comes back when connections of this epoch are not to be trusted any more.
    pub(super) async fn cut(&mut self, epoch: u64) -> Result<(), Closed> {
        self.state.wait_for(|s| s.epoch != epoch).await.map(|_| ()).map_err(|_| Closed)
    }

    /// Waits, but no longer than until things have changed.
    pub(super) async fn pause(&mut self, wait: Duration) -> Result<(), Closed> {
        let (epoch, generation) = {
            let state = self.state.borrow();
            (state.epoch, state.generation)
        };
        tokio::select! {
            () = sleep(wait) => Ok(()),
            changed = self.state.wait_for(|s| s.epoch != epoch || s.generation != generation) => {
                changed.map(|_| ()).map_err(|_| Closed)
            }
        }
    }

    /// Comes back when the feed was dropped.
    pub(super) async fn ended(&mut self) {
        while self.state.changed().await.is_ok() {}
    }

    /// Asks for a look at the endpoints.
    pub(super) fn suspect(&self) {
        self.calls.look.notify_one();
    }

    /// Says that credentials of this generation were refused, and waits a while for new ones.
    pub(super) async fn refused(&mut self, generation: u64) -> Result<(), Closed> {
        self.calls.refused.fetch_max(generation + 1, Ordering::Relaxed);
        self.calls.look.notify_one();
        let renewed = self.state.wait_for(|s| s.generation != generation);
        match timeout(self.pace.first_retry, renewed).await {
            Ok(renewed) => renewed.map(|_| ()).map_err(|_| Closed),
            Err(_) => Ok(()),
        }
    }

    /// Wall time after this wait.
    pub(super) fn after(&self, wait: Duration) -> Option<Timestamp> {
        self.clocks.wall.now().checked_add(wait).ok()
    }
}
