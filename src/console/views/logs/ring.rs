//! The lines that are kept: the newest, bounded in number and in bytes, and a count of those that are not.

use std::collections::VecDeque;
use std::ops::Range;

use crate::watch::LogLine;

/// How many lines are kept.
pub const LINES: usize = 5_000;
/// How many bytes of text are kept.
pub const BYTES: usize = 8 << 20;
/// What an entry takes besides its text, roughly.
const OVERHEAD: usize = 64;

/// A row of the log before it is wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A line that the container wrote.
    Line(LogLine),
    /// What the console has to say between two lines: a restart, a gap.
    Mark(String),
}

impl Entry {
    /// Its text.
    pub fn text(&self) -> &str {
        match self {
            Self::Line(line) => &line.text,
            Self::Mark(text) => text,
        }
    }
}

/// Entries under numbers that stay theirs for as long as they are kept.
#[derive(Debug)]
pub struct Ring {
    entries: VecDeque<Entry>,
    first: u64,
    bytes: usize,
    fallen: usize,
    /// How many entries and how many bytes are kept at most.
    most: (usize, usize),
}

impl Default for Ring {
    fn default() -> Self {
        Self::bounded(LINES, BYTES)
    }
}

impl Ring {
    fn bounded(lines: usize, bytes: usize) -> Self {
        Self { entries: VecDeque::new(), first: 0, bytes: 0, fallen: 0, most: (lines, bytes) }
    }

    /// Adds an entry; the oldest ones go where there is no room. Returns its number.
    pub fn push(&mut self, entry: Entry) -> u64 {
        self.bytes += cost(&entry);
        self.entries.push_back(entry);
        while self.entries.len() > self.most.0 || (self.bytes > self.most.1 && self.entries.len() > 1) {
            let Some(gone) = self.entries.pop_front() else { break };
            self.bytes -= cost(&gone);
            self.first += 1;
            self.fallen += usize::from(matches!(gone, Entry::Line(_)));
        }
        self.numbers().end - 1
    }

    /// The numbers of what is kept.
    pub fn numbers(&self) -> Range<u64> {
        self.first..self.first + self.entries.len() as u64
    }

    /// An entry by its number.
    pub fn get(&self, number: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// What is kept, with its numbers, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.numbers().zip(&self.entries)
    }

    /// How many lines are no longer kept.
    pub fn fallen(&self) -> usize {
        self.fallen
    }
}

fn cost(entry: &Entry) -> usize {
    entry.text().len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(length: usize) -> Entry {
        Entry::Line(LogLine { at: None, text: "x".repeat(length).into() })
    }

    #[test]
    fn the_newest_lines_are_kept_under_their_numbers() {
        let mut ring = Ring::default();
        for i in 0..LINES + 3 {
            ring.push(Entry::Line(LogLine { at: None, text: i.to_string().into() }));
        }
        assert_eq!(ring.fallen(), 3);
        assert_eq!(ring.numbers(), 3..LINES as u64 + 3);
        assert_eq!(ring.get(3).map(Entry::text), Some("3"));
        assert_eq!(ring.get(2), None);
    }

    #[test]
    fn one_entry_is_kept_however_long_it_is() {
        let mut ring = Ring::default();
        ring.push(line(4));
        ring.push(line(BYTES + 1));
        assert_eq!(ring.numbers(), 1..2);
    }

    proptest! {
        #[test]
        fn memory_is_bounded_and_nothing_is_lost_uncounted(lengths in proptest::collection::vec(0_usize..900, 1..60)) {
            let mut ring = Ring::bounded(20, 4_000);
            for (pushed, length) in lengths.iter().enumerate() {
                let number = ring.push(line(*length));
                prop_assert_eq!(number, pushed as u64);
                prop_assert_eq!(ring.entries.iter().map(cost).sum::<usize>(), ring.bytes);
                prop_assert!(ring.bytes <= 4_000 || ring.entries.len() == 1);
                prop_assert!(ring.entries.len() <= 20);
                prop_assert_eq!(ring.fallen() + ring.entries.len(), pushed + 1);
                prop_assert_eq!(ring.get(number).map(|e| e.text().len()), Some(*length));
            }
        }
    }
}
