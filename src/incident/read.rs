//! Reads journals: tolerant, because a program that is killed leaves a torn line, and a later version writes lines that
//! this one does not know.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use jiff::Timestamp;

use super::resume::Executions;
use super::{Header, Line};

/// A longer line is none of ours.
const LONGEST: u64 = 16 << 20;

/// One line of a file that should be a journal.
#[derive(Debug)]
pub(super) struct Found {
    /// Where it stands, counted from 1.
    pub(super) number: usize,
    /// The line, or what is wrong with it.
    pub(super) line: Result<Line, String>,
    /// Whether a line end follows; a torn line has none.
    pub(super) ended: bool,
}

/// The lines of a journal, in order. An error ends it.
pub(super) fn lines(mut reader: impl BufRead) -> impl Iterator<Item = io::Result<Found>> {
    let mut number = 0;
    std::iter::from_fn(move || {
        let mut bytes = Vec::new();
        match reader.by_ref().take(LONGEST).read_until(b'\n', &mut bytes) {
            Err(error) => Some(Err(error)),
            Ok(0) => None,
            Ok(_) => {
                number += 1;
                let ended = bytes.last() == Some(&b'\n');
                Some(Ok(Found { number, line: parse(&bytes), ended }))
            }
        }
    })
}

fn parse(bytes: &[u8]) -> Result<Line, String> {
    if bytes.trim_ascii().is_empty() {
        return Err("it is empty".to_owned());
    }
    let line: Line = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => "it is torn: the program ended while writing it".to_owned(),
        _ => format!("it is no line of a journal: {error}"),
    })?;
    if line.kind().is_empty() {
        return Err("it has no kind".to_owned());
    }
    Ok(line)
}

impl Line {
    /// What kind of entry it is: `finding-came`; empty when it does not say.
    pub fn kind(&self) -> &str {
        self.entry.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default()
    }

    /// The header, if it is one.
    pub fn header(&self) -> Option<Header> {
        (self.kind() == "opened").then(|| serde_json::from_value(self.entry.clone()).ok()).flatten()
    }
}

/// What a journal tells as a whole.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) header: Header,
    /// Cluster time of the first line and of the last.
    pub(super) began: Timestamp,
    pub(super) last: Timestamp,
    /// Wall time of the last line.
    pub(super) last_wall: Timestamp,
    pub(super) closed: bool,
    /// The number of the last line that can be read.
    pub(super) seq: u64,
    /// Whether the last line has its line end.
    pub(super) ended: bool,
    pub(super) executions: Executions,
}

impl Account {
    /// Reads a whole journal.
    ///
    /// # Errors
    /// When it cannot be read or does not begin with a header.
    pub(super) fn read(file: &File) -> io::Result<Self> {
        let mut lines = lines(BufReader::new(file));
        let first = lines.next().transpose()?;
        let ended = first.as_ref().is_some_and(|found| found.ended);
        let first = first.and_then(|found| found.line.ok());
        let header = first.as_ref().and_then(Line::header);
        let (Some(first), Some(header)) = (first, header) else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its first line is no header"));
        };
        let mut account = Self {
            header,
            began: first.at,
            last: first.at,
            last_wall: first.wall,
            closed: false,
            seq: first.seq,
            ended,
            executions: Executions::default(),
        };
        for found in lines {
            account.add(found?);
        }
        Ok(account)
    }

    fn add(&mut self, found: Found) {
        self.ended = found.ended;
        let Ok(line) = found.line else { return };
        (self.last, self.last_wall, self.seq) = (line.at, line.wall, line.seq);
        self.closed |= line.kind() == "closed";
        self.executions.note(&line);
    }
}

/// The header of a journal, without the rest.
///
/// # Errors
/// When it cannot be read; `Ok(None)` when there is no header.
pub(super) fn header(file: &Path) -> io::Result<Option<Header>> {
    let first = lines(BufReader::new(File::open(file)?)).next().transpose()?;
    Ok(first.and_then(|found| found.line.ok()).and_then(|line| line.header()))
}
