//! The cluster while an action goes on: the feed is read all the time, so that nothing waits for it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use crate::action::{Arming, Cancel, Executor, Outcome, Plan, Recorder, Standing, Verification};
use crate::command::check::gather;
use crate::config::Profile;
use crate::detect::{Confidence, Scene, assess};
use crate::situation::Situation;
use crate::situation::time::Clocks;
use crate::watch::Feed;

/// How often the proof is looked at while nothing is heard.
const LOOK: Duration = Duration::from_millis(500);

/// A feed and what is known by it.
pub(super) struct Live {
    feed: Feed,
    pub(super) situation: Situation,
    pub(super) clocks: Clocks,
}

/// What the proof of an action came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Worked(String),
    Failed(String),
    TimedOut(String),
}

impl Live {
    /// After one burst of observations.
    pub(super) async fn begin(mut feed: Feed, profile: &Profile, clocks: &Clocks, timeout: Duration) -> Self {
        let situation = gather::gather(&mut feed, profile, clocks, timeout, None).await;
        Self { feed, situation, clocks: clocks.clone() }
    }

    /// What the guards have to know beyond what the planner reads.
    pub(super) fn standing(&self, profile: &Profile) -> Standing {
        let assessment = assess(Scene { situation: &self.situation, profile });
        let confirmed = assessment.findings.iter().filter(|f| f.confidence == Confidence::Confirmed);
        Standing { confirmed: confirmed.map(|f| f.id.to_owned()).collect(), ..Standing::default() }
    }

    pub(super) fn executor(&self, profile: &Arc<Profile>, arming: Arming, recorder: Arc<dyn Recorder>) -> Executor {
        Executor::new(self.feed.reader.clone(), profile.clone(), self.clocks.clone(), arming, recorder)
    }

    pub(super) fn tick(&mut self) {
        let cluster = self.clocks.cluster.now();
        self.situation.now = cluster.checked_add(self.situation.skew).unwrap_or(cluster);
        self.situation.wall = self.clocks.wall.now();
    }

    /// Takes in what comes while something else is waited for.
    pub(super) async fn during<T: Send>(&mut self, task: impl Future<Output = T> + Send) -> T {
        let mut task = std::pin::pin!(task);
        loop {
            tokio::select! {
                biased;
                done = &mut task => return done,
                batch = self.feed.batches.recv() => match batch {
                    Some(batch) => self.take(batch),
                    None => return task.await,
                },
            }
        }
    }

    fn take(&mut self, batch: crate::watch::Batch) {
        for observation in batch {
            self.situation.apply(observation);
        }
    }

    /// Waits for the proof, for as long as the plan grants it.
    pub(super) async fn verify(
        &mut self,
        plan: &Plan,
        outcome: &Outcome,
        cancel: &Cancel,
        say: impl Fn(&str) + Send,
    ) -> Verdict {
        let mut said = String::new();
        loop {
            self.tick();
            let waiting = match plan.verify(outcome, &self.situation) {
                Verification::Worked(by) => return Verdict::Worked(by),
                Verification::Failed(why) => return Verdict::Failed(why),
                Verification::Waiting(how) | Verification::Unknown(how) => how,
            };
            let passed = self.situation.now.duration_since(outcome.at);
            if passed > plan.proof.within {
                return Verdict::TimedOut(format!("not proven within {}: {waiting}", words(plan.proof.within)));
            }
            if cancel.cancelled() {
                return Verdict::Failed(format!("interrupted before it was proven: {waiting}"));
            }
            if waiting != said {
                say(&waiting);
                said = waiting;
            }
            if let Ok(Some(batch)) = tokio::time::timeout(LOOK, self.feed.batches.recv()).await {
                self.take(batch);
            }
        }
    }
}

fn words(duration: SignedDuration) -> String {
    crate::situation::time::age(duration)
}
