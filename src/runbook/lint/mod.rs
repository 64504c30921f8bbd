//! Reads a runbook and finds its mistakes before the night it is needed.

use super::Book;
use super::raw::RawBook;
use crate::config::source::SourceFile;
use crate::config::{Problem, yaml};

/// Reads a runbook from a file's text.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(file: &SourceFile) -> Result<Book, Vec<Problem>> {
    let (raw, lines): (RawBook, _) = yaml::read(file).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    let book = raw.finish(&mut |path, message, fix| {
        let (file, fix) = (file.path.clone(), fix.to_owned());
        problems.push(Problem { file, line: lines.of(path), message, fix });
    });
    match book {
        Some(book) if problems.is_empty() => Ok(book),
        _ => Err(problems),
    }
}
