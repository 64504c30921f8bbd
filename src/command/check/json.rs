//! The report for programs. Field names are a contract.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::detect::{self, Assessment, Confidence, Severity};
use crate::situation::Situation;

/// What `check -o json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Which cluster.
    pub cluster: Cluster,
    /// When, in cluster time.
    pub at: Timestamp,
    /// Most severe first, a cause before its consequences.
    pub findings: Vec<Finding>,
    /// Sources that do not answer, with the reason.
    pub unknown: Vec<Unknown>,
}

/// Which cluster was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cluster {
    /// The kubeconfig's context.
    pub context: String,
    /// The server's URL.
    pub server: String,
    /// UID of namespace `kube-system`; empty when it is not known.
    pub uid: String,
    /// The server's version; empty when it is not known.
    pub version: String,
}

/// One failure mode that the situation supports.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// `F14`, `workload-unready`
    pub id: String,
    /// How bad it is.
    #[schemars(extend("enum" = ["critical", "warning", "info"]))]
    pub severity: String,
    /// How sure it is.
    #[schemars(extend("enum" = ["confirmed", "suspect"]))]
    pub confidence: String,
    /// One line.
    pub title: String,
    /// `Pod/ns/name`, `Node//name`, `Outside//name`, `Api//name`
    pub subjects: Vec<String>,
    /// Since when; null when nothing dates it.
    pub since: Option<Timestamp>,
    /// What supports it, strongest first.
    pub evidence: Vec<Evidence>,
    /// What would refute it.
    pub refuted_by: Vec<String>,
    /// What could not be seen and would matter.
    pub unseen: Vec<String>,
    /// The runbook that leads on; null where there is none.
    pub runbook: Option<String>,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Evidence {
    /// The fact, with its figures.
    pub text: String,
    /// Where it comes from.
    pub source: String,
    /// When it was so; null when nothing dates it.
    pub at: Option<Timestamp>,
}

/// A source that does not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unknown {
    /// The source.
    pub source: String,
    /// Why nothing is known of it.
    pub reason: String,
}

impl Report {
    /// The report of an assessment.
    pub fn of(situation: &Situation, assessment: &Assessment) -> Self {
        let unknown = |(source, reason): &(_, String)| Unknown { source: text(source), reason: reason.clone() };
        Self {
            cluster: Cluster::of(situation),
            at: situation.now,
            findings: assessment.findings.iter().map(Finding::of).collect(),
            unknown: assessment.unknown.iter().map(unknown).collect(),
        }
    }
}

impl Cluster {
    /// The cluster of a situation.
    pub(super) fn of(situation: &Situation) -> Self {
        let id = &situation.cluster;
        Self {
            context: id.context.to_string(),
            server: id.server.to_string(),
            uid: id.uid.to_string(),
            version: situation.version.to_string(),
        }
    }
}

impl Finding {
    fn of(finding: &detect::Finding) -> Self {
        let evidence = |e: &detect::Evidence| Evidence { text: e.text.clone(), source: text(&e.source), at: e.at };
        Self {
            id: finding.id.to_owned(),
            severity: severity(finding.severity).to_owned(),
            confidence: confidence(finding.confidence).to_owned(),
            title: finding.title.clone(),
            subjects: finding.subjects.iter().map(text).collect(),
            since: finding.since,
            evidence: finding.evidence.iter().map(evidence).collect(),
            refuted_by: finding.refuted_by.clone(),
            unseen: finding.unseen.clone(),
            runbook: finding.runbook.map(str::to_owned),
        }
    }
}

/// The word of a severity.
pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// The word of a confidence.
pub(super) const fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Confirmed => "confirmed",
        Confidence::Suspect => "suspect",
    }
}

fn text(value: &impl ToString) -> String {
    value.to_string()
}
