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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn it_starts_off_expires_and_is_switched_off_for_all_who_share_it() {
        let arming = Arming::new(None);
        let shared = arming.clone();
        assert_eq!(shared.posture(at(0)), Posture::ReadOnly);
        arming.arm(at(100)).expect("nothing forbids it");
        assert_eq!(shared.posture(at(110)), Posture::Armed(SignedDuration::from_mins(20)));
        assert_eq!(shared.posture(at(130)), Posture::ReadOnly);
        assert_eq!(shared.posture(at(99)), Posture::ReadOnly, "a clock that was set back lengthens nothing");
        arming.disarm();
        assert_eq!(shared.posture(at(110)), Posture::ReadOnly);
    }

    #[test]
    fn what_is_forbidden_cannot_be_armed() {
        let arming = Arming::new(Some("--read-only is set"));
        assert!(arming.arm(at(0)).is_err_and(|why| why.contains("--read-only")));
        assert_eq!(arming.posture(at(1)), Posture::ReadOnly);
    }
}
