//! The clock of the simulated cluster.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use crate::situation::time::Clock;

/// Runs from a beginning at a steady pace. One clock for the server and for who looks at it.
#[derive(Debug)]
pub(super) struct SimulatedClock {
    start: Timestamp,
    begun: Instant,
    speed: f64,
}

impl SimulatedClock {
    /// A clock that stands at `start` now and goes `speed` times as fast as life.
    pub(super) fn new(start: Timestamp, speed: f64) -> Self {
        Self { start, begun: Instant::now(), speed }
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        let passed = self.begun.elapsed().as_secs_f64() * self.speed;
        let passed = SignedDuration::try_from_secs_f64(passed).unwrap_or(SignedDuration::ZERO);
        self.start.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}
