//! What is searched for, where it stands, and which of the places is looked at.

use std::collections::VecDeque;
use std::ops::Range;

use super::ring::Ring;

/// A search over the entries of a ring. Letters of ASCII match in either case unless a capital is asked for.
#[derive(Debug, Default)]
pub struct Search {
    needle: String,
    hits: VecDeque<u64>,
    at: Option<u64>,
}

/// Where a step from match to match led.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To this entry.
    To(u64),
    /// To this entry, past the end and on from the other one.
    Around(u64),
    /// Nowhere: nothing matches.
    Nowhere,
}

impl Search {
    /// Searches for something else. The match nearest to `from`, upwards first, is looked at.
    pub fn set(&mut self, needle: &str, ring: &Ring, from: u64) {
        needle.clone_into(&mut self.needle);
        self.hits = ring.iter().filter(|(_, e)| contains(e.text(), needle)).map(|(n, _)| n).collect();
        let behind = self.hits.partition_point(|n| *n <= from);
        self.at = behind.checked_sub(1).and_then(|i| self.hits.get(i)).or_else(|| self.hits.front()).copied();
    }

    /// Whether anything is searched for.
    pub fn active(&self) -> bool {
        !self.needle.is_empty()
    }

    /// A new entry came.
    pub fn take(&mut self, number: u64, text: &str) {
        if self.active() && contains(text, &self.needle) {
            self.hits.push_back(number);
        }
    }

    /// Entries before `first` are gone.
    pub fn forget(&mut self, first: u64) {
        while self.hits.front().is_some_and(|n| *n < first) {
            self.hits.pop_front();
        }
        self.at = self.at.filter(|n| *n >= first);
    }

    /// The entry whose match is looked at.
    pub fn at(&self) -> Option<u64> {
        self.at
    }

    /// Goes to the next match down, or up; from `from` where none is looked at.
    pub fn step(&mut self, down: bool, from: u64) -> Step {
        let from = self.at.unwrap_or(from);
        let next = if down {
            self.hits.get(self.hits.partition_point(|n| *n <= from))
        } else {
            self.hits.partition_point(|n| *n < from).checked_sub(1).and_then(|i| self.hits.get(i))
        };
        let (step, at) = match (next, if down { self.hits.front() } else { self.hits.back() }) {
            (Some(n), _) => (Step::To(*n), Some(*n)),
            (None, Some(n)) => (Step::Around(*n), Some(*n)),
            (None, None) => (Step::Nowhere, None),
        };
        self.at = at;
        step
    }

    /// `match 3 of 17`
    pub fn words(&self) -> String {
        let all = self.hits.len();
        match self.at.and_then(|at| self.hits.binary_search(&at).ok()) {
            Some(index) => format!("match {} of {all}", index + 1),
            None if all == 0 => "no match".to_owned(),
            None => format!("{all} matches"),
        }
    }

    /// The places in a text that match.
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        if self.active() { places(text, &self.needle) } else { Vec::new() }
    }
}

fn contains(text: &str, needle: &str) -> bool {
    !needle.is_empty() && find(text, needle, 0).is_some()
}

fn find(text: &str, needle: &str, from: usize) -> Option<usize> {
    let exact = needle.bytes().any(|b| b.is_ascii_uppercase());
    let tail = text.as_bytes().get(from..)?;
    let same = |window: &[u8]| {
        if exact { window == needle.as_bytes() } else { window.eq_ignore_ascii_case(needle.as_bytes()) }
    };
    // A needle that is whole UTF-8 can match only at the bounds of characters.
    tail.windows(needle.len()).position(same).map(|at| from + at)
}

fn places(text: &str, needle: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = find(text, needle, from) {
        from = at + needle.len();
        found.push(at..from);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::ring::Entry;
    use super::*;

    fn ring(lines: &[&str]) -> Ring {
        let mut ring = Ring::default();
        for line in lines {
            ring.push(Entry::Mark((*line).to_owned()));
        }
        ring
    }

    #[test]
    fn the_nearest_match_upwards_is_looked_at_first() {
        let ring = ring(&["error one", "fine", "Error two", "fine", "error three"]);
        let mut search = Search::default();
        search.set("error", &ring, 3);
        assert_eq!((search.at(), search.words()), (Some(2), "match 2 of 3".to_owned()));
        assert_eq!(search.step(true, 0), Step::To(4));
        assert_eq!(search.step(true, 0), Step::Around(0));
        assert_eq!(search.step(false, 0), Step::Around(4));
        search.set("nowhere", &ring, 3);
        assert_eq!(search.step(true, 0), Step::Nowhere);
        assert_eq!(search.words(), "no match");
    }

    #[test]
    fn a_capital_asks_for_the_letter() {
        assert_eq!(places("Error error", "error"), [0..5, 6..11]);
        assert_eq!(places("Error error Error", "Error"), [0..5, 12..17]);
        assert_eq!(places("日本 日", "日"), [0..3, 7..10]);
        assert_eq!(places("aaaaa", "aa"), [0..2, 2..4]);
    }

    #[test]
    fn what_fell_out_is_no_match_any_more() {
        let mut search = Search::default();
        search.set("a", &ring(&["a", "a"]), 0);
        search.take(2, "a");
        search.take(3, "b");
        search.forget(1);
        assert_eq!((search.at(), search.words()), (None, "2 matches".to_owned()));
    }
}
