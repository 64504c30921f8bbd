//! `findings`: what else the detectors found.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::facts::{PODS, Reference, count};
use super::{Asked, Check, Found, Tone, value};
use crate::detect::{Confidence, Finding, Severity};
use crate::situation::{Kind, Subject};

pub(super) const CHECK: Check = Check {
    name: "findings",
    summary: "what the detectors found, most severe first",
    params: &[],
    schema: || schemars::schema_for!(Report),
    examples,
    run,
};

/// What was found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Report {
    /// Most severe first, a cause before its consequences.
    findings: Vec<Told>,
    /// How many are critical.
    critical: usize,
    /// How many are warnings.
    warnings: usize,
}

/// One finding.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Told {
    /// Its id.
    id: String,
    /// `critical`, `warning`, `info`.
    severity: &'static str,
    /// Whether it held for its time.
    confirmed: bool,
    /// Its title.
    title: String,
    /// What it is about, if that is an object of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Reference>,
    /// The id of the finding that explains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    consequence_of: Option<String>,
}

fn run(asked: &Asked<'_>) -> Found {
    let findings: Vec<Told> = asked.findings.iter().take(PODS).map(told).collect();
    let mut found = Found { command: "crashcart check".to_owned(), ..Found::default() };
    for finding in &findings {
        let tone = match finding.severity {
            "critical" => Tone::Bad,
            "warning" => Tone::Warn,
            _ => Tone::Plain,
        };
        let sure = if finding.confirmed { "" } else { " (suspect)" };
        found.row(tone, finding.id.clone(), format!("{}{sure}", finding.title));
    }
    if findings.is_empty() {
        found.row(Tone::Good, "findings", count(0, "finding"));
    }
    let of = |severity: &str| findings.iter().filter(|f| f.severity == severity).count();
    let (critical, warnings) = (of("critical"), of("warning"));
    found.give(&Report { findings, critical, warnings });
    found
}

fn told(finding: &Finding) -> Told {
    let subject = match finding.subject() {
        Some(Subject::Object(r)) => Some(r.into()),
        _ => None,
    };
    Told {
        id: finding.id.to_owned(),
        severity: severity(finding.severity),
        confirmed: finding.confidence == Confidence::Confirmed,
        title: finding.title.clone(),
        subject,
        consequence_of: finding.consequence_of.map(str::to_owned),
    }
}

/// The word for a severity, as in the JSON of `check`.
pub(in crate::runbook) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

fn examples() -> Vec<Value> {
    let full = Told {
        id: "F14".to_owned(),
        severity: "critical",
        confirmed: true,
        title: "web runs out of memory".to_owned(),
        subject: Some(Reference::example(Kind::Deployment, "shop", "web")),
        consequence_of: Some("node-not-ready".to_owned()),
    };
    let sparse = Told { subject: None, consequence_of: None, ..full.clone() };
    vec![
        value(&Report { findings: vec![full], critical: 1, warnings: 0 }),
        value(&Report { findings: vec![sparse], critical: 1, warnings: 0 }),
        value(&Report { findings: Vec::new(), critical: 0, warnings: 0 }),
    ]
}
