//! What every screen draws with: text that fits its columns, panes, bars and marks.
//!
//! Widths are those of the terminal's columns, never of bytes or characters, so wide and combining characters cannot
//! push a column out of its place.

mod canvas;
mod columns;
mod text;

pub use canvas::{Canvas, Piece};
pub use columns::{Column, fit_columns};
pub use text::{fit, matches_width, sparkline, split_at_width, width, wrap};

use crate::config::theme::{Glyphs, Tone};
use crate::detect::{Mark, Severity};

/// The glyph and the tone of a verdict.
pub fn mark(mark: Mark, glyphs: &Glyphs) -> (&'static str, Tone) {
    match mark {
        Mark::Good => (glyphs.good, Tone::Good),
        Mark::Unknown => (glyphs.unknown, Tone::Unknown),
        Mark::Warning => (glyphs.warning, Tone::Warning),
        Mark::Bad => (glyphs.bad, Tone::Bad),
    }
}

/// The glyph and the tone of a severity.
pub fn severity(severity: Severity, glyphs: &Glyphs) -> (&'static str, Tone) {
    match severity {
        Severity::Critical => (glyphs.bad, Tone::Bad),
        Severity::Warning => (glyphs.warning, Tone::Warning),
        Severity::Info => ("i", Tone::Dim),
    }
}

/// The tone of a share of something that runs out (memory, disk): calm, worth a look, nearly full.
pub fn share_tone(ratio: f64) -> Tone {
    match ratio {
        r if r >= 0.9 => Tone::Bad,
        r if r >= 0.75 => Tone::Warning,
        _ => Tone::Gauge,
    }
}

/// Bytes as people say them: `940B`, `256Mi`, `3.9Gi`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["B", "Ki", "Mi", "Gi", "Ti"];
    let mut value = n as f64;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if value < 9.95 && unit != "B" { format!("{value:.1}{unit}") } else { format!("{value:.0}{unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_short() {
        assert_eq!(bytes(940), "940B");
        assert_eq!(bytes(256 << 20), "256Mi");
        assert_eq!(bytes(4_187_593_114), "3.9Gi");
        assert_eq!(bytes(64 << 30), "64Gi");
    }
}
