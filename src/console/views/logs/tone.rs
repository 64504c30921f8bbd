//! How loud a line is, by the words it begins with.

use crate::config::theme::Tone;

/// How much of a line's beginning is looked at: its level stands there, whatever the format.
const HEAD: usize = 160;

/// The tone of a line. Only whole words count, so that `0 errors` stays calm, and the first that names a level decides.
pub fn of(text: &str) -> Tone {
    if text.starts_with("panic:") || text.starts_with("fatal error:") || text.starts_with("goroutine ") {
        return Tone::Bad;
    }
    let end = (0..=HEAD.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let head = text.get(..end).unwrap_or_default();
    let words = head.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    for word in words {
        let is = |names: &[&str]| names.iter().any(|n| word.eq_ignore_ascii_case(n));
        if is(&["panic", "fatal", "error", "err", "critical", "crit", "emerg", "alert", "segfault"]) {
            return Tone::Bad;
        }
        if is(&["warn", "warning"]) {
            return Tone::Warning;
        }
        if is(&["debug", "trace"]) {
            return Tone::Dim;
        }
        if is(&["info", "notice"]) {
            return Tone::Text;
        }
    }
    Tone::Text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_found_in_every_usual_format() {
        assert_eq!(of("panic: runtime error: index out of range"), Tone::Bad);
        assert_eq!(of("goroutine 1 [running]:"), Tone::Bad);
        assert_eq!(of(r#"{"level":"error","msg":"no"}"#), Tone::Bad);
        assert_eq!(of("time=04:11 level=warn msg=slow"), Tone::Warning);
        assert_eq!(of("2026-11-22 [DEBUG] tick"), Tone::Dim);
        assert_eq!(of("level=info msg=\"no error\""), Tone::Text);
        assert_eq!(of("served 200 in 3ms, 0 errors"), Tone::Text);
    }
}
