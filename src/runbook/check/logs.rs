//! Logs that checks asked for.

use jiff::{SignedDuration, Timestamp};

use crate::situation::time::since;
use crate::watch::{LogLine, LogQuery};

/// One that could not be read, or that is wanted anew, is asked for again after this (wall time).
const AGAIN: SignedDuration = SignedDuration::from_secs(15);
/// One that was asked for and did not come is given up after this (wall time).
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);
/// How many are kept; the oldest go first.
const KEPT: usize = 64;

/// What was read: the lines, or why they cannot be read.
pub type Read = Result<Vec<LogLine>, String>;

/// Logs by what was asked for.
#[derive(Debug, Clone, Default)]
pub struct Logs {
    read: Vec<(LogQuery, Read)>,
    /// When each was asked for last (wall time).
    asked: Vec<(LogQuery, Timestamp)>,
}

impl Logs {
    /// What was read for a query; `None`: nothing yet.
    pub fn get(&self, query: &LogQuery) -> Option<&Read> {
        self.read.iter().find(|(q, _)| q == query).map(|(_, log)| log)
    }

    /// Something was read.
    pub fn put(&mut self, query: LogQuery, lines: Read) {
        self.read.retain(|(q, _)| *q != query);
        if self.read.len() >= KEPT {
            drop(self.read.remove(0));
        }
        self.read.push((query, lines));
    }

    /// Which of the wanted logs have to be asked for now. A check wants what it lacks: what was not read, could not be,
    /// or is of an older run. Asks are remembered, so that none is made twice in a short time.
    pub fn due(&mut self, wanted: Vec<LogQuery>, wall: Timestamp) -> Vec<LogQuery> {
        self.asked.retain(|(_, at)| since(*at, wall) < PATIENCE);
        let mut due = Vec::new();
        for query in wanted {
            let wanted_now = match self.get(&query) {
                Some(_) => self.rested(&query, AGAIN, wall),
                None => self.rested(&query, PATIENCE, wall),
            };
            if wanted_now {
                self.asked.retain(|(q, _)| *q != query);
                self.asked.push((query.clone(), wall));
                due.push(query);
            }
        }
        due
    }

    /// Whether a query was not asked for within this time.
    fn rested(&self, query: &LogQuery, time: SignedDuration, wall: Timestamp) -> bool {
        !self.asked.iter().any(|(q, at)| q == query && since(*at, wall) < time)
    }
}

impl FromIterator<(LogQuery, Read)> for Logs {
    fn from_iter<I: IntoIterator<Item = (LogQuery, Read)>>(read: I) -> Self {
        let mut logs = Self::default();
        read.into_iter().for_each(|(query, lines)| logs.put(query, lines));
        logs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::situation::Key;

    #[test]
    fn each_log_is_asked_for_once_and_a_failed_one_again() {
        let query = LogQuery {
            pod: Key::new("shop", "api-1"),
            container: "api".into(),
            previous: true,
            follow: false,
            tail: 200,
        };
        let at = |s: i64| Timestamp::from_second(1_000_000 + s).unwrap();
        let mut logs = Logs::default();
        let wanted = || vec![query.clone(), query.clone()];
        assert_eq!(logs.due(wanted(), at(0)), std::slice::from_ref(&query));
        assert_eq!(logs.due(wanted(), at(5)), []);
        logs.put(query.clone(), Err("no route".into()));
        assert_eq!(logs.due(wanted(), at(10)), []);
        assert_eq!(logs.due(wanted(), at(20)), std::slice::from_ref(&query));
        logs.put(query.clone(), Ok(Vec::new()));
        assert_eq!(logs.due(wanted(), at(30)), []);
        assert_eq!(logs.due(wanted(), at(500)), std::slice::from_ref(&query), "a check that wants it anew gets it");
        assert_eq!(logs.get(&query), Some(&Ok(Vec::new())));
    }
}
