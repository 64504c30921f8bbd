//! Keeps the way into the cluster open: connects, looks at each endpoint every few seconds, chooses which one is asked,
//! renews credentials, and says what it sees.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use super::Batch;
use super::connect::{Access, Connector, MARGIN};
use super::health::{self, Probe};
use super::pace::{Backoff, Pace, jitter};
use super::pin::other_cluster;
use super::session::{Calls, Closed, Met, State};
use crate::situation::time::Clocks;
use crate::situation::{ClusterId, Observation, Source, SourceState, Text, Trouble};

/// If wall time runs ahead of the machine's own by more than this, the machine slept.
const SLEPT: Duration = Duration::from_secs(5);
/// How often it is looked whether it did.
const GLANCE: Duration = Duration::from_secs(1);

/// Why the kubeconfig is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anew {
    /// Nothing answers; perhaps the file has changed.
    Stale,
    /// The credentials were refused or end.
    Credentials,
}

/// The one task that changes [`State`].
pub(super) struct Keeper {
    connector: Connector,
    state: watch::Sender<State>,
    calls: Arc<Calls>,
    outlet: mpsc::Sender<Batch>,
    clocks: Clocks,
    pace: Pace,
    backoff: Backoff,
    /// How often in a row the credentials were refused.
    refusals: u32,
    renewed: Option<Instant>,
    identified: bool,
    /// How the endpoint shows that it is another cluster's; empty: it does not.
    foreign: Text,
    sleep: Sleep,
}

impl Keeper {
    pub(super) fn new(
        connector: Connector,
        state: watch::Sender<State>,
        calls: Arc<Calls>,
        outlet: mpsc::Sender<Batch>,
        clocks: Clocks,
        pace: Pace,
    ) -> Self {
        let (backoff, sleep) = (Backoff::new(pace), Sleep::new(&clocks));
        Self {
            connector,
            state,
            calls,
            outlet,
            clocks,
            pace,
            backoff,
            refusals: 0,
            renewed: None,
            identified: false,
            foreign: Text::default(),
            sleep,
        }
    }

    /// Runs until nobody listens any more.
    pub(super) async fn run(mut self) -> Closed {
        let mut anew = Anew::Stale;
        loop {
            let step = match self.connector.connect(anew == Anew::Credentials).await {
                Ok(access) => self.tend(access).await,
                Err(trouble) => self.disconnected(trouble).await.map(|()| Anew::Stale),
            };
            match step {
                Ok(next) => anew = next,
                Err(closed) => return closed,
            }
        }
    }

    async fn say(&self, batch: Batch) -> Result<(), Closed> {
        self.outlet.send(batch).await.map_err(|_| Closed)
    }

    async fn disconnected(&mut self, mut trouble: Trouble) -> Result<(), Closed> {
        tracing::info!(what = %trouble.what, "no way into the cluster");
        let wait = self.backoff.next();
        trouble.retry_at = self.clocks.wall.now().checked_add(wait).ok();
        self.say(vec![Observation::Source(Source::Api, SourceState::Failed(trouble))]).await?;
        self.wait(wait).await;
        Ok(())
    }

    /// Looks after one way in until another is needed.
    async fn tend(&mut self, access: Access) -> Result<Anew, Closed> {
        let access = Arc::new(access);
        self.say(vec![Observation::Cluster(self.named(&access))]).await?;
        self.publish(&access);
        self.mark(&access).await?;
        let reread = Instant::now() + self.backoff.next().max(self.pace.health);
        loop {
            let probes = join_all(access.endpoints.iter().map(|e| health::probe(e, &self.clocks, self.pace))).await;
            let refused = probes.iter().any(Probe::refused) && !probes.iter().any(Probe::alive);
            if refused && self.refusals == 0 {
                self.refusals = 1;
                return Ok(Anew::Credentials);
            }
            let up = self.judge(&access, probes).await?;
            if refused {
                self.refusals = self.refusals.saturating_add(1);
                let wait = self.backoff.next();
                self.wait(wait).await;
                return Ok(Anew::Credentials);
            }
            if up {
                self.refusals = 0;
                self.backoff.reset();
                self.identify(&access).await?;
            } else if Instant::now() >= reread {
                return Ok(Anew::Stale);
            }
            if self.needs_renewal(&access) {
                self.renewed = Some(Instant::now());
                return Ok(Anew::Credentials);
            }
            self.wait(self.pace.health).await;
        }
    }

    /// The credentials end soon, or a source says that they are refused and this was not just tried.
    fn needs_renewal(&self, access: &Access) -> bool {
        let rested = self.renewed.is_none_or(|at| at.elapsed() > self.pace.last_retry / 3);
        let soon = self.clocks.wall.now().checked_add(MARGIN).unwrap_or(Timestamp::MAX);
        let ends = access.expires.is_some_and(|end| end <= soon);
        let refused = self.calls.refused.load(Ordering::Relaxed) > self.state.borrow().generation;
        rested && (ends || refused)
    }

    /// Hands the way in to the sources. At the very start it counts as up, so that nobody waits for the first look.
    fn publish(&mut self, access: &Arc<Access>) {
        let moved = self.state.borrow().access.as_ref().is_none_or(|old| old.cluster.server != access.cluster.server);
        self.identified &= !moved;
        self.state.send_modify(|state| {
            state.up |= state.access.is_none();
            state.generation += 1;
            if moved {
                state.epoch += 1;
                state.at = 0;
            }
            state.at = state.at.min(access.endpoints.len().saturating_sub(1));
            state.access = Some(access.clone());
        });
    }

    /// Says what was seen and chooses the endpoint; whether any is alive.
    async fn judge(&mut self, access: &Access, probes: Vec<Probe>) -> Result<bool, Closed> {
        let (at, was_up) = {
            let state = self.state.borrow();
            (state.at, state.up)
        };
        let chosen = choose(&probes, at);
        let mut batch = Batch::new();
        match chosen {
            Some(_) => batch.push(Observation::Heard(Source::Api, self.clocks.wall.now())),
            None => batch.extend(probes.get(at).or_else(|| probes.first()).and_then(|p| self.api_trouble(p))),
        }
        if let Some(skew) = chosen.and_then(|i| probes.get(i)).and_then(|p| p.skew) {
            batch.push(Observation::Skew(skew));
        }
        for probe in probes {
            batch.extend(probe.observations(self.clocks.wall.now()));
        }
        self.say(batch).await?;
        let next = chosen.unwrap_or(at);
        let up = chosen.is_some();
        if up != was_up || next != at {
            let endpoint = access.endpoints.get(next).map(|e| e.url.clone()).unwrap_or_default();
            tracing::info!(up, %endpoint, "the way into the cluster changed");
            // Who knows what answers there.
            self.identified = false;
            self.state.send_modify(|state| {
                state.epoch += u64::from(up);
                state.up = up;
                state.at = next;
            });
        }
        Ok(up)
    }

    fn api_trouble(&self, probe: &Probe) -> Option<Observation> {
        let mut trouble = probe.trouble()?;
        trouble.retry_at = self.clocks.wall.now().checked_add(self.pace.health).ok();
        Some(Observation::Source(Source::Api, SourceState::Failed(trouble)))
    }

    /// `/version` and the UID of kube-system: at first contact, and whenever something else may answer than before.
    async fn identify(&mut self, access: &Access) -> Result<(), Closed> {
        if self.identified {
            return Ok(());
        }
        let at = self.state.borrow().at;
        let Some(endpoint) = access.endpoints.get(at) else { return Ok(()) };
        let (version, uid) = health::identify(endpoint, self.pace.health_patience).await;
        self.identified = version.is_ok() && uid.is_ok();
        let mut batch: Batch = version.ok().map(Observation::Version).into_iter().collect();
        if let Ok(uid) = uid {
            self.meet(access, uid);
            batch.push(Observation::Cluster(self.named(access)));
        }
        if !batch.is_empty() {
            self.say(batch).await?;
        }
        self.mark(access).await
    }

    /// The first contact says which cluster it is; every other is held against it.
    fn meet(&mut self, access: &Access, uid: Text) {
        let met = self.state.borrow().met.clone();
        self.foreign = match met.filter(|met| !met.cluster.uid.is_empty()) {
            Some(met) if uid.is_empty() || met.cluster.uid == uid => Text::default(),
            Some(met) => other_cluster(&met.cluster, &uid),
            None => {
                self.connector.hold(access);
                let cluster = ClusterId { uid, ..access.cluster.clone() };
                let met = Met { cluster, authority: access.trust.authority.clone() };
                self.state.send_modify(|state| state.met = Some(Arc::new(met)));
                Text::default()
            }
        };
    }

    /// The cluster of this way in, with the UID of the first contact.
    fn named(&self, access: &Access) -> ClusterId {
        let uid = self.state.borrow().met.as_ref().map(|met| met.cluster.uid.clone()).unwrap_or_default();
        ClusterId { uid, ..access.cluster.clone() }
    }

    /// Says whether another cluster is meant or reached than at first contact, when that has changed.
    async fn mark(&self, access: &Access) -> Result<(), Closed> {
        let changed = if access.changed.is_empty() { &self.foreign } else { &access.changed };
        if self.state.borrow().changed == *changed {
            return Ok(());
        }
        tracing::warn!(%changed, "whether this is the cluster of the first contact has changed");
        self.state.send_modify(|state| state.changed = changed.clone());
        self.say(vec![Observation::ClusterChanged(changed.clone())]).await
    }

    /// Waits, but no longer than until somebody calls or the machine wakes up.
    async fn wait(&mut self, wait: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < wait {
            let glance = GLANCE.min(wait.saturating_sub(begun.elapsed()));
            tokio::select! {
                () = sleep(glance) => {}
                () = self.calls.look.notified() => {
                    // Many call at once when the connection breaks; one look is for all of them.
                    sleep(jitter(self.pace.first_retry).min(wait) / 4).await;
                    self.identified = false;
                    return;
                }
            }
            if self.sleep.woke(&self.clocks) {
                tracing::info!("this machine slept; beginning anew");
                self.backoff.reset();
                self.state.send_modify(|state| state.epoch += 1);
                return;
            }
        }
    }
}

/// Compares wall time with the machine's own, which stands still while it sleeps.
struct Sleep {
    wall: Timestamp,
    own: Instant,
}

impl Sleep {
    fn new(clocks: &Clocks) -> Self {
        Self { wall: clocks.wall.now(), own: Instant::now() }
    }

    fn woke(&mut self, clocks: &Clocks) -> bool {
        let wall = clocks.wall.now();
        let passed = wall.duration_since(self.wall);
        let ahead = passed - jiff::SignedDuration::try_from(self.own.elapsed()).unwrap_or(passed);
        *self = Self { wall, own: Instant::now() };
        ahead.is_positive() && ahead.unsigned_abs() > SLEPT
    }
}

/// Stays with the present endpoint while it is ready; else goes to one that is, else to one that is alive at least.
fn choose(probes: &[Probe], at: usize) -> Option<usize> {
    let good = |wanted: fn(&Probe) -> bool| {
        let here = probes.get(at).is_some_and(wanted).then_some(at);
        here.or_else(|| probes.iter().position(wanted))
    };
    good(Probe::ready).or_else(|| good(Probe::alive))
}
