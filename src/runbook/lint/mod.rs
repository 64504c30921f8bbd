//! Reads a runbook and finds its mistakes before the night it is needed.
//!
//! Each file here finds one kind: `names.rs` in ids and texts, `ways.rs` in where steps lead, `calls.rs` in what checks
//! and actions are given. Expressions are looked at twice: `shape.rs` holds what they read against the schemas of the
//! checks, `tries.rs` works them out on the checks' examples.

mod calls;
mod known;
mod names;
mod shape;
mod sites;
mod tries;
mod ways;

use super::Book;
use super::check::{CHECKS, Check};
use super::raw::RawBook;
use crate::config::Problem;
use crate::config::source::SourceFile;
use crate::config::yaml::{self, Lines};
use known::Facts;
use ways::Ways;

/// How many steps a runbook may have; each is held against all that may come before it.
const STEPS: usize = 100;

/// Reads a runbook from a file's text.
///
/// # Errors
/// Everything that is wrong with it, from its first line to its last.
pub fn read(file: &SourceFile) -> Result<Book, Vec<Problem>> {
    read_with(file, CHECKS)
}

/// Reads one that is known to be sound: only what it needs to be a runbook at all is looked at.
pub(super) fn read_trusted(file: &SourceFile) -> Result<Book, Vec<Problem>> {
    let (raw, lines): (RawBook, _) = yaml::read(file).map_err(|problem| vec![problem])?;
    let mut report = Report { file, lines: &lines, problems: Vec::new() };
    let book = raw.finish(&mut |path, message, fix| report.say(path, message, fix));
    book.ok_or(report.problems)
}

/// The same as [`read`], with these checks.
fn read_with(file: &SourceFile, checks: &[Check]) -> Result<Book, Vec<Problem>> {
    let (raw, lines): (RawBook, _) = yaml::read(file).map_err(|problem| vec![problem])?;
    let mut report = Report { file, lines: &lines, problems: Vec::new() };
    let book = raw.finish(&mut |path, message, fix| report.say(path, message, fix));
    match &book {
        Some(book) if book.steps.len() > STEPS => {
            let message = format!("{} steps are more than anybody finds through", book.steps.len());
            report.say(&["steps"], message, format!("make several runbooks of at most {STEPS} steps"));
        }
        Some(book) => examine(book, checks, &mut report),
        None => {}
    }
    report.problems.sort_by_key(|problem| problem.line);
    match book {
        Some(book) if report.problems.is_empty() => Ok(book),
        _ => Err(report.problems),
    }
}

fn examine(book: &Book, checks: &[Check], report: &mut Report<'_>) {
    names::check(book, report);
    let ways = Ways::of(book);
    ways::check(book, &ways, report);
    let facts = Facts::of(book, &ways, checks);
    for (id, step) in &book.steps {
        calls::check((id, step), checks, report);
        tries::check(id, &facts, report);
    }
}

/// What is wrong with one file.
struct Report<'a> {
    file: &'a SourceFile,
    lines: &'a Lines,
    problems: Vec<Problem>,
}

impl Report<'_> {
    /// Something is wrong at a path of keys and indices.
    fn say(&mut self, path: &[&str], message: impl Into<String>, fix: impl Into<String>) {
        let problem = Problem {
            file: self.file.path.clone(),
            line: self.lines.of(path),
            message: message.into(),
            fix: fix.into(),
        };
        // An expression that is wrong in one way on several examples is wrong once.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// The same, by a path that was put together.
    fn at(&mut self, path: &[String], message: impl Into<String>, fix: impl Into<String>) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        self.say(&path, message, fix);
    }
}

#[cfg(test)]
mod tests;
