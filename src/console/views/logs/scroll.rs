//! Where the view stands, counted in rows of the screen.

use unicode_segmentation::UnicodeSegmentation;

use super::ring::Ring;
use crate::console::widgets::width;

/// A row of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The entry.
    pub number: u64,
    /// Its row, from zero.
    pub row: usize,
}

/// How entries are laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Columns for the text.
    pub columns: usize,
    /// Rows in view.
    pub height: usize,
    /// Whether long lines take several rows.
    pub wrap: bool,
}

impl Layout {
    /// How many rows an entry takes; at least one.
    fn rows(&self, ring: &Ring, number: u64) -> usize {
        let Some(entry) = ring.get(number) else { return 1 };
        let text = entry.text();
        if !self.wrap || text.len() <= self.columns { 1 } else { wrapped(text, self.columns).len() }
    }

    /// `count` rows further up, at most to the first.
    pub fn up(&self, ring: &Ring, from: Place, count: usize) -> Place {
        let mut place = from;
        let mut left = count;
        while left > place.row {
            if place.number <= ring.numbers().start {
                return Place { number: ring.numbers().start, row: 0 };
            }
            left -= place.row + 1;
            let number = place.number - 1;
            place = Place { number, row: self.rows(ring, number) - 1 };
        }
        Place { row: place.row - left, ..place }
    }

    /// `count` rows further down, at most to the place from which the end is in view.
    pub fn down(&self, ring: &Ring, from: Place, count: usize) -> Place {
        let lowest = self.lowest(ring);
        let mut place = from;
        let mut left = count;
        while place < lowest {
            let below = self.rows(ring, place.number).saturating_sub(place.row + 1);
            if left <= below {
                return Place { row: place.row + left, ..place }.min(lowest);
            }
            left -= below + 1;
            place = Place { number: place.number + 1, row: 0 };
        }
        lowest
    }

    /// The place from which the last rows fill the view.
    pub fn lowest(&self, ring: &Ring) -> Place {
        let numbers = ring.numbers();
        let Some(last) = numbers.end.checked_sub(1).filter(|n| numbers.contains(n)) else {
            return Place { number: numbers.start, row: 0 };
        };
        let end = Place { number: last, row: self.rows(ring, last) - 1 };
        self.up(ring, end, self.height.saturating_sub(1))
    }

    /// `place`, if it is still kept and no lower than makes sense.
    pub fn clamp(&self, ring: &Ring, place: Place) -> Place {
        if place.number < ring.numbers().start {
            return Place { number: ring.numbers().start, row: 0 };
        }
        let row = place.row.min(self.rows(ring, place.number) - 1);
        Place { row, ..place }.min(self.lowest(ring))
    }
}

/// The parts of a text that fit into `columns`, cut between graphemes. Never empty.
pub fn wrapped(text: &str, columns: usize) -> Vec<&str> {
    let columns = columns.max(2);
    let mut rows = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = width(grapheme);
        if used + wide > columns {
            rows.push(text.get(start..at).unwrap_or_default());
            (start, used) = (at, 0);
        }
        used += wide;
    }
    rows.push(text.get(start..).unwrap_or_default());
    rows
}

/// The text from the column `from` on.
pub fn shifted(text: &str, from: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if used >= from {
            return text.get(at..).unwrap_or_default();
        }
        used += width(grapheme);
    }
    ""
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ring::Entry;
    use super::*;

    fn ring(lengths: &[usize]) -> Ring {
        let mut ring = Ring::default();
        for length in lengths {
            ring.push(Entry::Mark("x".repeat(*length)));
        }
        ring
    }

    const LAYOUT: Layout = Layout { columns: 10, height: 4, wrap: true };

    #[test]
    fn rows_are_counted_through_long_lines() {
        let ring = ring(&[5, 35, 5, 5]);
        assert_eq!(LAYOUT.lowest(&ring), Place { number: 1, row: 2 });
        let top = Place { number: 0, row: 0 };
        assert_eq!(LAYOUT.down(&ring, top, 2), Place { number: 1, row: 1 });
        assert_eq!(LAYOUT.down(&ring, top, 99), Place { number: 1, row: 2 });
        assert_eq!(LAYOUT.up(&ring, Place { number: 1, row: 2 }, 2), Place { number: 1, row: 0 });
        assert_eq!(LAYOUT.up(&ring, Place { number: 1, row: 2 }, 99), top);
    }

    #[test]
    fn wide_characters_are_not_cut_in_half() {
        assert_eq!(wrapped("日本語", 3), ["日", "本", "語"]);
        assert_eq!(wrapped("", 3), [""]);
        assert_eq!(shifted("日本語", 3), "語");
    }

    proptest! {
        #[test]
        fn a_step_and_back_is_no_step(lengths in proptest::collection::vec(0_usize..60, 1..30), down in 0_usize..50) {
            let ring = ring(&lengths);
            let top = Place { number: 0, row: 0 };
            let there = LAYOUT.down(&ring, top, down);
            prop_assert!(there <= LAYOUT.lowest(&ring));
            prop_assert_eq!(LAYOUT.clamp(&ring, there), there);
            prop_assert_eq!(LAYOUT.up(&ring, there, down), top);
        }

        #[test]
        fn nothing_is_lost_by_wrapping(text in "\\PC{0,60}", columns in 2_usize..20) {
            let rows = wrapped(&text, columns);
            prop_assert!(rows.iter().all(|r| width(r) <= columns || r.graphemes(true).count() == 1));
            prop_assert_eq!(rows.concat(), text.as_str());
        }
    }
}
