//! How many calls there may be: 1200 in five minutes, in the time of the world.

use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

/// How many.
const CALLS: u32 = 1200;
/// Within how many seconds.
const WINDOW: i64 = 300;

/// What was spent.
#[derive(Debug, Default)]
pub struct Budget(Mutex<Option<(Timestamp, u32)>>);

impl Budget {
    /// One call more; how many are left and for how many seconds.
    ///
    /// # Errors
    /// Seconds until there may be another.
    pub fn spend(&self, now: Timestamp) -> Result<(u32, i64), i64> {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (begun, calls) = match *spent {
            Some((begun, calls)) if now.duration_since(begun).as_secs() < WINDOW => (begun, calls),
            _ => (now, 0),
        };
        let rest = WINDOW - now.duration_since(begun).as_secs();
        if calls >= CALLS {
            return Err(rest);
        }
        *spent = Some((begun, calls + 1));
        Ok((CALLS - calls - 1, rest))
    }
}

/// Tells the caller how it stands.
pub fn tell(left: Result<(u32, i64), i64>, headers: &mut HeaderMap) {
    let (calls, seconds) = left.unwrap_or_else(|wait| (0, wait));
    let state = format!("\"default\";r={calls};t={seconds}");
    let policy = format!("\"default\";q={CALLS};w={WINDOW}");
    for (name, value) in [("ratelimit", state), ("ratelimit-policy", policy)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn what_is_spent_comes_back_after_five_minutes() {
        let budget = Budget::default();
        let begin = Timestamp::from_second(1_780_000_000).unwrap();
        for call in 0..CALLS {
            assert_eq!(budget.spend(begin), Ok((CALLS - call - 1, WINDOW)));
        }
        assert_eq!(budget.spend(begin + SignedDuration::from_secs(100)), Err(200));
        assert_eq!(budget.spend(begin + SignedDuration::from_secs(300)), Ok((CALLS - 1, WINDOW)));
    }
}
