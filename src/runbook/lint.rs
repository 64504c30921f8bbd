//! Reads a runbook and finds its mistakes before the night it is needed.

use super::Book;
use crate::config::source::SourceFile;
use crate::config::{Problem, yaml};

/// Reads a runbook from a file's text.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(file: &SourceFile) -> Result<Book, Vec<Problem>> {
    let (book, _lines): (Book, _) = yaml::read(file).map_err(|problem| vec![problem])?;
    Ok(book)
}
