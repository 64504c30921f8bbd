//! The two clocks. Cluster time (ages, windows, Leases) is [`Clock`] corrected by the server's `Date`; wall time
//! (deadlines, back-off, the dwell of a confirmation, TLS) is the machine's own and monotonic where it can be.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

/// Tells the time. Handed in at the top of the program; nothing else asks the machine.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that moves only when told to; for tests and replays.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    /// Moves the clock forward (or back, for a laptop whose clock was corrected).
    ///
    /// # Panics
    /// When a holder of the clock panicked, or past the end of representable time.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().expect("clock");
        *now = now.checked_add(by).expect("representable time");
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The two clocks, by name.
#[derive(Debug, Clone)]
pub struct Clocks {
    /// Cluster time before the correction by the server's `Date` (the simulated cluster's own clock in a drill).
    pub cluster: Arc<dyn Clock>,
    /// The machine's time.
    pub wall: Arc<dyn Clock>,
}

impl Clocks {
    /// Both clocks are the machine's: the case of every real cluster.
    pub fn system() -> Self {
        Self { cluster: Arc::new(SystemClock), wall: Arc::new(SystemClock) }
    }
}

/// `later - earlier`, never below zero.
pub fn since(earlier: Timestamp, later: Timestamp) -> SignedDuration {
    later.duration_since(earlier).max(SignedDuration::ZERO)
}

/// An age as people say it: `4s`, `12m`, `3h`, `5d`; two units below ten minutes and ten hours (`4m12s`, `3h05m`).
pub fn age(d: SignedDuration) -> String {
    let s = d.as_secs().max(0);
    match s {
        0..60 => format!("{s}s"),
        60..600 => format!("{}m{:02}s", s / 60, s % 60),
        600..3600 => format!("{}m", s / 60),
        3600..36_000 => format!("{}h{:02}m", s / 3600, s % 3600 / 60),
        36_000..172_800 => format!("{}h", s / 3600),
        _ => format!("{}d", s / 86_400),
    }
}
