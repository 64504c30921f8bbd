//! Every secret that the process has read, by value, so that no writer of ours lets one out.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Shorter values would blot out ordinary words.
const SHORTEST: usize = 8;
/// What stands where a secret stood.
pub const BLOT: &str = "‹redacted›";

static KNOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Remembers a secret that was read (a token, a password, a private key), for as long as the process runs.
pub fn remember(value: &str) {
    let value = value.trim();
    if value.len() >= SHORTEST {
        KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(value.to_owned());
    }
}

/// The text without any of the secrets that were read.
pub fn blot(text: &str) -> Cow<'_, str> {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut out = Cow::Borrowed(text);
    for secret in known.iter().rev() {
        if out.contains(secret.as_str()) {
            out = Cow::Owned(out.replace(secret.as_str(), BLOT));
        }
    }
    out
}
