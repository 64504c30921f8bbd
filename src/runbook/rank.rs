//! Which runbook to begin with: the likeliest first, because its first branches are evaluated on what is known.

use std::cmp::Reverse;
use std::sync::Arc;

use super::check::Logs;
use super::{Book, Kind, Library, Walk, WayVerdict, What};
use crate::detect::{Confidence, Finding, Scene, Severity};
use crate::situation::{Ref, Subject};

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

/// How many checks from the start are evaluated while nothing but `otherwise` holds.
const DEPTH: usize = 2;
/// What a first branch that holds is worth: more than a suspicion, less than a critical finding.
const BRANCH: u32 = 250;

/// All runbooks, the likeliest first, then by id.
pub fn rank(library: &Library, scene: Scene<'_>, findings: &[Finding]) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = library.books.iter().map(|book| candidate(book, scene, findings)).collect();
    all.sort_by(|a, b| Reverse(a.score).cmp(&Reverse(b.score)).then_with(|| a.book.id.cmp(&b.book.id)));
    all
}

fn candidate(book: &Arc<Book>, scene: Scene<'_>, findings: &[Finding]) -> Candidate {
    let leads_here = |f: &&Finding| f.runbook == Some(book.id.as_str()) || book.findings.iter().any(|id| id == f.id);
    // The first of the worst: findings come most severe first.
    let best = findings.iter().filter(leads_here).map(|f| (weight(f), f)).reduce(|a, b| if b.0 > a.0 { b } else { a });
    let subject = best.and_then(|(_, f)| match f.subject() {
        Some(Subject::Object(object)) => Some(object.clone()),
        _ => None,
    });
    let (mut score, mut why) =
        best.map_or((0, String::new()), |(weight, f)| (weight, format!("{}: {}", f.id, f.title)));
    if book.kind == Kind::Symptom
        && let Some(says) = first_branch(book, scene, findings)
    {
        score = score.max(BRANCH) + BRANCH / 10;
        if why.is_empty() {
            why = says;
        }
    }
    Candidate { book: book.clone(), subject, score, why }
}

/// What a finding is worth: its severity, then its confidence; a consequence less than any cause of its severity.
fn weight(finding: &Finding) -> u32 {
    let severity = match finding.severity {
        Severity::Critical => 300,
        Severity::Warning => 200,
        Severity::Info => 100,
    };
    let sure = if finding.confidence == Confidence::Confirmed { 60 } else { 20 };
    severity + if finding.consequence_of.is_some() { 0 } else { sure }
}

/// What the first check says whose suggested branch is not `otherwise`; nothing is asked, done or waited for on the way.
fn first_branch(book: &Arc<Book>, scene: Scene<'_>, findings: &[Finding]) -> Option<String> {
    let at = scene.situation.now;
    let (mut walk, logs) = (Walk::open(book.clone(), None, at), Logs::default());
    for _ in 0..DEPTH {
        let What::Check { branches, .. } = &book.steps.get(&walk.here().step)?.what else { return None };
        let view = walk.view(scene, findings, &logs);
        let suggested = view.ways.iter().position(|w| w.verdict == WayVerdict::Suggested)?;
        if branches.get(suggested).is_some_and(|b| b.when.is_some()) {
            return view.ways.into_iter().nth(suggested).map(|w| w.say);
        }
        walk.take(suggested, &view, at);
    }
    None
}
