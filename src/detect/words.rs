//! Small phrases that several detectors use.

use jiff::{SignedDuration, Timestamp};

use crate::situation::time;

/// `3 pods`, `1 pod`.
pub(super) fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// `is` or `are`.
pub(super) const fn are(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// `256Mi`, `1.5Gi`, `512`.
pub(super) fn bytes(n: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    for (unit, size) in UNITS {
        if n >= size {
            return if n.is_multiple_of(size) {
                format!("{}{unit}", n / size)
            } else {
                format!("{:.1}{unit}", n as f64 / size as f64)
            };
        }
    }
    n.to_string()
}

/// `04:03:12Z`
pub(super) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// ` for 4m12s`, or nothing where the beginning is not known.
pub(super) fn lasting(since: Option<Timestamp>, now: Timestamp) -> String {
    since.map_or_else(String::new, |s| format!(" for {}", time::age(time::since(s, now))))
}

/// At most `limit` names, then how many more there are.
pub(super) fn list(names: &[&str], limit: usize) -> String {
    let shown = names.iter().take(limit).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(limit) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A sentence cut to a length that fits a few lines of a screen.
pub(super) fn short(text: &str) -> String {
    const LIMIT: usize = 200;
    if text.chars().count() <= LIMIT {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(LIMIT).collect();
    cut.push('…');
    cut
}

/// Whole seconds.
pub(super) const fn secs(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

/// Whole minutes.
pub(super) const fn mins(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}
