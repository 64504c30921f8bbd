//! One burst of observations: until all that is needed is known and the probes went at least three rounds, or until the
//! time is up.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Profile;
use crate::detect::{Confidence, Scene, Severity, assess};
use crate::situation::time::Clocks;
use crate::situation::{Kind, Observation, Situation, Source, SourceState, Text};
use crate::watch::Feed;

/// How many rounds of probes a verdict rests on at least.
const ROUNDS: usize = 3;
/// How often a watch looks whether all is confirmed while nothing happens.
const LOOK: Duration = Duration::from_secs(1);

/// The situation after the burst, or after the watch that follows it.
pub(in crate::command) async fn gather(
    feed: &mut Feed,
    profile: &Profile,
    clocks: &Clocks,
    timeout: Duration,
    watch: Option<Duration>,
) -> Situation {
    let start = Instant::now();
    let mut burst = Burst { situation: Situation::new(), rounds: BTreeMap::new() };
    burst.take(feed, clocks, start + timeout, Burst::settled).await;
    if let Some(time) = watch {
        burst.take(feed, clocks, start + time.max(timeout), |b| b.confirmed(profile)).await;
    }
    burst.tick(clocks);
    burst.situation
}

struct Burst {
    situation: Situation,
    rounds: BTreeMap<Text, usize>,
}

impl Burst {
    /// Applies what comes until `done`, the deadline, or the end of the feed.
    async fn take(&mut self, feed: &mut Feed, clocks: &Clocks, deadline: Instant, done: impl Fn(&Self) -> bool) {
        loop {
            self.tick(clocks);
            if done(self) || Instant::now() >= deadline {
                return;
            }
            let look = deadline.min(Instant::now() + LOOK);
            match tokio::time::timeout_at(look, feed.batches.recv()).await {
                Ok(Some(batch)) => batch.into_iter().for_each(|o| self.apply(o)),
                Ok(None) => return,
                Err(_) => {}
            }
        }
    }

    fn apply(&mut self, observation: Observation) {
        if let Observation::Health(health) = &observation {
            *self.rounds.entry(health.endpoint.clone()).or_default() += 1;
        }
        self.situation.apply(observation);
    }

    fn tick(&mut self, clocks: &Clocks) {
        let cluster = clocks.cluster.now();
        self.situation.now = cluster.checked_add(self.situation.skew).unwrap_or(cluster);
        self.situation.wall = clocks.wall.now();
    }

    /// Whether every source has said what it will say, and the probes went their rounds.
    fn settled(&self) -> bool {
        let sources = Kind::ALL.into_iter().map(Source::Watch);
        let sources = sources.chain([Source::Api, Source::NodeMetrics]);
        let rounds = self.rounds.values().copied().max().unwrap_or(0);
        self.hopeless() || (rounds >= ROUNDS && sources.into_iter().all(|s| said(&self.situation.source(&s).state)))
    }

    /// Whether there is no cluster to wait for: no kubeconfig names one, so no server is known.
    fn hopeless(&self) -> bool {
        let failed = matches!(self.situation.source(&Source::Api).state, SourceState::Failed(_));
        failed && self.situation.cluster.server.is_empty()
    }

    /// Whether there is something above info and all of that is confirmed.
    fn confirmed(&self, profile: &Profile) -> bool {
        let assessment = assess(Scene { situation: &self.situation, profile });
        let mut serious = assessment.findings.iter().filter(|f| f.severity > Severity::Info).peekable();
        serious.peek().is_some() && serious.all(|f| f.confidence == Confidence::Confirmed)
    }
}

/// A failure is tried again, so it is worth waiting for.
const fn said(state: &SourceState) -> bool {
    matches!(state, SourceState::Live | SourceState::Forbidden(_) | SourceState::Missing | SourceState::NotConfigured)
}
