//! Whether a journal is whole.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::read::{self, Found};
use super::{Header, Line, VERSION};

/// What was found out about a journal.
#[derive(Debug, Default)]
pub struct Verified {
    /// Its header, if it has one.
    pub header: Option<Header>,
    /// How many lines it has.
    pub lines: usize,
    /// What is wrong with it, in the order of its lines.
    pub problems: Vec<Problem>,
    /// Lines that a program left torn when it was killed. Nothing that was relied on is lost with them, because that
    /// waits until it is on disk; so they are no problem.
    pub torn: Vec<usize>,
}

/// Something that is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// Checks a journal: it begins with a header, every line can be read, none is missing, nothing follows its end.
///
/// # Errors
/// When the file cannot be read.
pub fn verify(file: &Path) -> io::Result<Verified> {
    let mut check = Check::default();
    for found in read::lines(BufReader::new(File::open(file)?)) {
        check.line(found?);
    }
    Ok(check.end())
}

#[derive(Debug, Default)]
struct Check {
    told: Verified,
    seq: u64,
    closed: bool,
    /// The line before, if it cannot be read: it may be torn.
    unreadable: Option<(Problem, bool)>,
}

impl Check {
    fn line(&mut self, found: Found) {
        self.told.lines = found.number;
        let resumed = found.line.as_ref().is_ok_and(|line| line.kind() == "resumed");
        self.settle(resumed);
        match found.line {
            Ok(line) => self.readable(found.number, &line),
            Err(what) => self.unreadable = Some((Problem { line: found.number, what }, found.ended)),
        }
    }

    /// Decides on the line before: torn if a program took the journal up again after it.
    fn settle(&mut self, torn: bool) {
        match self.unreadable.take() {
            Some((problem, _)) if torn && problem.line > 1 => self.told.torn.push(problem.line),
            Some((problem, _)) => self.told.problems.push(problem),
            None => {}
        }
    }

    fn readable(&mut self, number: usize, line: &Line) {
        if number == 1 {
            self.header(line);
        } else if line.kind() == "opened" {
            self.problem(number, "a second header".to_owned());
        }
        if self.closed {
            self.problem(number, format!("{} after the incident was closed", line.kind()));
        }
        let wanted = self.seq + 1;
        if line.seq > wanted {
            let missing = line.seq - wanted;
            self.problem(number, format!("seq is {} instead of {wanted}: {missing} before it are missing", line.seq));
        } else if line.seq < wanted {
            self.problem(
                number,
                format!("seq is {} instead of {wanted}: it stands twice or in the wrong place", line.seq),
            );
        }
        self.seq = line.seq;
        self.closed |= line.kind() == "closed";
    }

    fn header(&mut self, line: &Line) {
        self.told.header = line.header();
        match &self.told.header {
            None => self.problem(1, format!("{} instead of the header", line.kind())),
            Some(header) if header.version > VERSION => {
                let what = format!("written by a newer crashcart (version {} of the format)", header.version);
                self.problem(1, format!("{what}; verify it with that one"));
            }
            Some(_) => {}
        }
    }

    fn problem(&mut self, line: usize, what: String) {
        self.told.problems.push(Problem { line, what });
    }

    fn end(mut self) -> Verified {
        let torn = self.unreadable.as_ref().is_some_and(|(_, ended)| !ended);
        self.settle(torn);
        if self.told.lines == 0 {
            self.problem(1, "the file is empty: there is no header".to_owned());
        }
        self.told
    }
}
