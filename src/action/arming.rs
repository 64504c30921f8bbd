//! Whether anything may be changed now. Everything starts read-only; arming is a deliberate act and expires.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// How long arming holds.
pub const HOLDS: SignedDuration = SignedDuration::from_mins(30);
/// Not armed.
const OFF: i64 = i64::MIN;

/// The switch. Clones share it; the executor looks at it before each request.
#[derive(Debug, Clone)]
pub struct Arming {
    /// Set by `--read-only` or the settings; then there is no arming.
    forbidden: Option<Arc<str>>,
    /// Until when (wall time, milliseconds).
    until: Arc<AtomicI64>,
}

/// How the switch stands, for the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posture {
    /// Nothing can be changed.
    ReadOnly,
    /// Changes may be confirmed for so long.
    Armed(SignedDuration),
}

impl Arming {
    /// Not armed. `forbidden` says why it can never be (`--read-only`), if so.
    pub fn new(forbidden: Option<&str>) -> Self {
        Self { forbidden: forbidden.map(Arc::from), until: Arc::new(AtomicI64::new(OFF)) }
    }

    /// Why it can never be armed, if so.
    pub fn forbidden(&self) -> Option<&str> {
        self.forbidden.as_deref()
    }

    /// Allows changes until [`HOLDS`] from `now` (wall time).
    ///
    /// # Errors
    /// Why that is not possible.
    pub fn arm(&self, now: Timestamp) -> Result<(), String> {
        if let Some(why) = &self.forbidden {
            return Err(format!("nothing can be changed: {why}"));
        }
        self.until.store(now.as_millisecond().saturating_add(HOLDS.as_millis() as i64), Ordering::SeqCst);
        Ok(())
    }

    /// Forbids changes at once; an execution that runs stops before its next request.
    pub fn disarm(&self) {
        self.until.store(OFF, Ordering::SeqCst);
    }

    /// How it stands at this wall time.
    pub fn posture(&self, now: Timestamp) -> Posture {
        let left = self.until.load(Ordering::SeqCst).saturating_sub(now.as_millisecond());
        // A clock that was set back must not lengthen it.
        let holds = SignedDuration::from_millis(left);
        if left > 0 && holds <= HOLDS { Posture::Armed(holds) } else { Posture::ReadOnly }
    }
}
