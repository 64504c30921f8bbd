//! What a detector says.

use jiff::Timestamp;
use serde::Serialize;

use crate::situation::{Kind, Source, Subject};

/// How bad it is. Ordered: the greater, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; changes no exit code.
    Info,
    /// Redundancy or quality is lost.
    Warning,
    /// Users suffer, or will at the next fault.
    Critical,
}

/// How sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The signals are there, the time or a second signal is not yet.
    Suspect,
    /// Held for its time, on independent signals.
    Confirmed,
}

/// One fact that supports a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The fact, as a sentence with its figures.
    pub text: String,
    /// Where it comes from.
    #[serde(serialize_with = "as_text")]
    pub source: Source,
    /// When it was so (cluster time).
    pub at: Option<Timestamp>,
}

impl Evidence {
    /// A fact that the watch of a kind tells.
    pub(super) fn of(kind: Kind, text: impl Into<String>, at: Option<Timestamp>) -> Self {
        Self { text: text.into(), source: Source::Watch(kind), at }
    }
}

fn as_text<S: serde::Serializer>(source: &Source, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(source)
}

/// One failure mode that the situation supports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The catalogue's id, or a stable kebab-case one.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// One line with the role or object in it: `api runs out of memory`.
    pub title: String,
    /// What it is about.
    pub subjects: Vec<Subject>,
    /// Since when, by the API's own stamps where there are any (cluster time).
    pub since: Option<Timestamp>,
    /// What supports it, strongest first.
    pub evidence: Vec<Evidence>,
    /// What would refute it, as sentences.
    pub refuted_by: Vec<String>,
    /// What could not be seen and would matter.
    pub unseen: Vec<String>,
    /// The runbook that leads on.
    pub runbook: Option<&'static str>,
    /// The id of the finding that explains this one; it is shown under that one, in grey. Not part of the JSON contract.
    #[serde(skip)]
    pub consequence_of: Option<&'static str>,
}

impl Finding {
    /// A finding with its headline; the rest is added to it.
    pub(super) fn new(id: &'static str, severity: Severity, confidence: Confidence, title: String) -> Self {
        Self {
            id,
            severity,
            confidence,
            title,
            subjects: Vec::new(),
            since: None,
            evidence: Vec::new(),
            refuted_by: Vec::new(),
            unseen: Vec::new(),
            runbook: None,
            consequence_of: None,
        }
    }

    /// The workload, node or service that it is about: the first subject.
    pub fn subject(&self) -> Option<&Subject> {
        self.subjects.first()
    }

    /// Whether both are about the same workload, node or service.
    pub(super) fn concerns_same(&self, other: &Self) -> bool {
        self.subject().is_some() && self.subject() == other.subject()
    }
}

/// Confirmed if so, else suspect.
pub(super) const fn confirmed(is: bool) -> Confidence {
    if is { Confidence::Confirmed } else { Confidence::Suspect }
}
