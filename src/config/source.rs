//! A data file with its text: found by name, and able to say on which line a mistake is.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Problem;
use super::embedded::Shipped;
use super::paths::{Folders, means_file};

/// A configuration file is small; anything bigger is a mistake.
const LIMIT: u64 = 1 << 20;

/// A text file that is being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path; a shipped one has its path in the repository.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

impl SourceFile {
    /// Reads a file from disk.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let problem = |message: String, fix: &str| Problem { file: path.into(), line: 0, message, fix: fix.to_owned() };
        let size = std::fs::metadata(path).map_err(|e| problem(e.to_string(), "name a file that can be read"))?.len();
        if size > LIMIT {
            return Err(problem(format!("{size} bytes are too many for a configuration file"), "name the right file"));
        }
        let text = std::fs::read_to_string(path).map_err(|e| problem(e.to_string(), "save it as UTF-8 text"))?;
        Ok(Self { path: path.into(), text })
    }

    /// Finds `NAME|FILE`: a file as it is named, else `NAME.ENDING` in the user's folder, else among the shipped ones.
    pub fn find(
        argument: &str,
        folder: &str,
        ending: &str,
        shipped: &[Shipped],
        at: &Folders,
    ) -> Result<Self, Problem> {
        if means_file(argument) {
            return Self::read(Path::new(argument));
        }
        let own = at.configured(folder).map(|f| f.join(format!("{argument}.{ending}")));
        if let Some(path) = own.as_deref().filter(|path| path.is_file()) {
            return Self::read(path);
        }
        if let Some((name, text)) = shipped.iter().find(|(name, _)| *name == argument) {
            return Ok(Self { path: format!("{folder}/{name}.{ending}").into(), text: (*text).to_owned() });
        }
        let names: Vec<&str> = shipped.iter().map(|(name, _)| *name).collect();
        Err(Problem {
            file: own.unwrap_or_else(|| argument.into()),
            line: 0,
            message: format!("there is no {argument:?} in {folder}/"),
            fix: format!("shipped are: {}; or name a file with its path", names.join(", ")),
        })
    }

    /// The line, from 1, on which a byte range begins.
    pub fn line_of(&self, span: &Range<usize>) -> usize {
        self.text.as_bytes().iter().take(span.start).filter(|b| **b == b'\n').count() + 1
    }

    /// A problem at a byte range.
    pub fn problem(&self, span: &Range<usize>, message: impl Into<String>, fix: impl Into<String>) -> Problem {
        Problem { file: self.path.clone(), line: self.line_of(span), message: message.into(), fix: fix.into() }
    }

    /// A parser's error as a problem.
    pub fn unreadable(&self, error: &toml::de::Error) -> Problem {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().lines().collect::<Vec<_>>().join(" ").replace("a sequence", "a list");
        match unknown_field(&message) {
            Some((field, known)) => {
                self.problem(&span, format!("unknown field {field:?}"), suggest(field, known.into_iter()))
            }
            None => self.problem(&span, message, ""),
        }
    }
}

/// The field and those that there are, out of serde's message: ``unknown field `x`, expected one of `a`, `b` ``.
fn unknown_field(message: &str) -> Option<(&str, Vec<&str>)> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    Some((quoted.next()?, quoted.collect()))
}

/// `did you mean "open"?`, or all the names where none is near.
pub fn suggest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let near = names.iter().map(|name| (strsim::damerau_levenshtein(wrong, name), name)).min();
    match near {
        Some((edits, name)) if edits <= wrong.len().div_ceil(3) => format!("did you mean {name:?}?"),
        _ => format!("known are: {}", names.join(", ")),
    }
}
