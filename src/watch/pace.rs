//! How often things are asked, how long they are waited for, and how a failure slows them down.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Intervals and limits of all sources, in wall time. [`Pace::default`] is what a real cluster gets; tests hurry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The first wait after a failure; it doubles from failure to failure.
    pub first_retry: Duration,
    /// The longest wait after failures.
    pub last_retry: Duration,
    /// How often something forbidden or missing is asked for again.
    pub slow_retry: Duration,
    /// How often `/readyz` and `/livez` of each endpoint are asked.
    pub health: Duration,
    /// How long they may take.
    pub health_patience: Duration,
    /// How often metrics are asked.
    pub metrics: Duration,
    /// How long an answer may keep silent, before its first byte and between two parts of it.
    pub patience: Duration,
    /// After this time the server ends a watch; whole seconds.
    pub watch: Duration,
    /// How long after that a silent watch counts as dead.
    pub watch_grace: Duration,
    /// How long a credential plugin may run.
    pub plugin: Duration,
    /// How many first lists are in flight at a time.
    pub lists: usize,
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            first_retry: seconds(1),
            last_retry: seconds(30),
            slow_retry: seconds(60),
            health: seconds(5),
            health_patience: seconds(4),
            metrics: seconds(15),
            patience: seconds(15),
            watch: seconds(50),
            watch_grace: seconds(5),
            plugin: seconds(30),
            lists: 4,
        }
    }
}

/// Waits that double from failure to failure, with jitter, so that what failed together is not retried together.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    next: Duration,
    pace: Pace,
}

impl Backoff {
    pub(super) fn new(pace: Pace) -> Self {
        Self { next: pace.first_retry, pace }
    }

    /// It works again.
    pub(super) fn reset(&mut self) {
        self.next = self.pace.first_retry;
    }

    /// How long to wait after one more failure: between a half and the whole of the present step.
    pub(super) fn next(&mut self) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(self.pace.last_retry);
        jitter(step)
    }
}

/// Between a half and the whole of `step`.
pub(super) fn jitter(step: Duration) -> Duration {
    // A fresh `RandomState` is keyed by the system's randomness: good enough, and no crate for it.
    let random = RandomState::new().hash_one(0_u8) % 1_000;
    step / 2 + step.mul_f64(random as f64 / 2_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_begin_anew_after_success() {
        let pace = Pace::default();
        let mut backoff = Backoff::new(pace);
        for step in [1, 2, 4, 8, 16, 30, 30] {
            let (wait, step) = (backoff.next(), Duration::from_secs(step));
            assert!((step / 2..=step).contains(&wait), "{wait:?} of {step:?}");
        }
        backoff.reset();
        assert!(backoff.next() <= pace.first_retry);
    }
}
