//! The report for people: 80 columns, a word beside every mark.

use jiff::Timestamp;
use unicode_width::UnicodeWidthStr;

use super::json::{confidence, severity};
use crate::command::paper::{Ink, Tone, WIDTH, fill};
use crate::detect::{Assessment, Evidence, Finding, HealthRow, Mark, Severity, suspect};
use crate::situation::{Change, Situation, Source, Subject, changes, time};

/// How many facts of a finding are printed, and how many of a consequence.
const FACTS: usize = 6;
const FACTS_OF_CONSEQUENCE: usize = 1;

/// The whole report.
pub(super) fn report(situation: &Situation, assessment: &Assessment, code: u8, ink: Ink) -> String {
    let page = Page { situation, changes: changes(situation), ink };
    let mut parts = vec![page.head()];
    parts.extend(assessment.findings.iter().map(|f| page.finding(f)));
    parts.push(assessment.health.iter().map(|r| page.health(r)).collect::<Vec<_>>().join("\n"));
    if !assessment.unknown.is_empty() {
        let groups = by_reason(&assessment.unknown);
        let lines = groups.iter().map(|(reason, sources)| page.unknown(&sources.join(", "), reason));
        parts.push(format!("Unknown:\n{}", lines.collect::<Vec<_>>().join("\n")));
    }
    parts.push(summary(assessment, code));
    ink.plain(&(parts.join("\n\n") + "\n"))
}

/// Sources that are unknown for the same reason, in the order of the first of each.
fn by_reason(unknown: &[(Source, String)]) -> Vec<(&str, Vec<String>)> {
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for (source, reason) in unknown {
        let source = source.to_string();
        // What was asked is said by the source's name.
        let asked =
            [format!("list {source}: "), format!("watch {source}: "), "the API server: ".into(), "metrics: ".into()];
        let reason = asked.iter().find_map(|a| reason.strip_prefix(a.as_str())).unwrap_or(reason);
        match groups.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, sources)) => sources.push(source),
            None => groups.push((reason, vec![source])),
        }
    }
    groups
}

/// How many of each, and what the exit code says.
fn summary(assessment: &Assessment, code: u8) -> String {
    let count = |s: Severity| assessment.findings.iter().filter(|f| f.severity == s).count();
    let words = [Severity::Critical, Severity::Warning, Severity::Info]
        .map(|s| format!("{} {}", count(s), severity(s)))
        .join(", ");
    let verdict = match code {
        0 => "nothing above info in what could be seen",
        1 => "warnings",
        2 => "critical",
        _ => "could not tell: a source that is needed did not answer",
    };
    fill(&format!("{words}; exit code {code}, {verdict}"), "", WIDTH)
}

struct Page<'a> {
    situation: &'a Situation,
    changes: Vec<Change>,
    ink: Ink,
}

impl Page<'_> {
    fn head(&self) -> String {
        let id = &self.situation.cluster;
        let at = self.situation.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let known = [&id.context, &id.server, &self.situation.version].into_iter().filter(|t| !t.is_empty());
        let mut words: Vec<&str> = known.map(|t| &**t).collect();
        if words.is_empty() {
            words.push("no cluster");
        }
        words.push(&at);
        fill(&words.join("  "), "", WIDTH)
    }

    fn finding(&self, finding: &Finding) -> String {
        let consequence = finding.consequence_of.is_some();
        let (mark, tone) = self.mark(finding.severity);
        let word = format!("{mark} {:<8}", severity(finding.severity));
        let indent = " ".repeat(word.width() + finding.id.len() + 4);
        let title = fill(&finding.title, &indent, WIDTH);
        let title = self.ink.paint(Tone::Strong, title.trim_start());
        let head = format!("{}  {}  {title}", self.ink.paint(tone, &word), finding.id);
        let mut lines = vec![head, self.standing(finding)];
        let facts = if consequence { FACTS_OF_CONSEQUENCE } else { FACTS };
        lines.extend(finding.evidence.iter().take(facts).map(Self::fact));
        if let Some(cause) = finding.consequence_of {
            lines.push(labelled("explained", &format!("by {cause}, above")));
            return lines.join("\n");
        }
        lines.extend(self.suspect(finding));
        lines.extend(finding.refuted_by.iter().map(|r| labelled("refuted by", r)));
        lines.extend(finding.unseen.iter().map(|u| labelled("not seen", u)));
        lines.join("\n")
    }

    fn mark(&self, severity: Severity) -> (&'static str, Tone) {
        match (severity, self.ink.ascii) {
            (Severity::Critical, false) => ("✖", Tone::Bad),
            (Severity::Critical, true) => ("X", Tone::Bad),
            (Severity::Warning, false) => ("▲", Tone::Warning),
            (Severity::Warning, true) => ("!", Tone::Warning),
            (Severity::Info, false) => ("•", Tone::Dim),
            (Severity::Info, true) => ("-", Tone::Dim),
        }
    }

    /// How sure, since when, on what.
    fn standing(&self, finding: &Finding) -> String {
        let since = finding.since.map(|s| format!(", since {}", self.moment(s))).unwrap_or_default();
        let on = match finding.subjects.as_slice() {
            [] => String::new(),
            [one] => format!(", {one}"),
            [first, rest @ ..] => format!(", {first} and {}", others(rest)),
        };
        fill(&format!("{}{since}{on}", confidence(finding.confidence)), "    ", WIDTH)
    }

    /// `04:03:12Z (9m)`
    fn moment(&self, at: Timestamp) -> String {
        let age = time::since(at, self.situation.now);
        let form = if age.as_hours() < 12 { "%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%SZ" };
        format!("{} ({} ago)", at.strftime(form), time::age(age))
    }

    fn fact(fact: &Evidence) -> String {
        let at = fact.at.map(|at| format!(" {}", at.strftime("%H:%M:%SZ"))).unwrap_or_default();
        let text = fill(&format!("{} [{}{at}]", fact.text, fact.source), "      ", WIDTH);
        format!("    - {}", text.trim_start())
    }

    fn suspect(&self, finding: &Finding) -> Option<String> {
        let suspect = suspect(finding, &self.changes)?;
        let change = suspect.change;
        let detail = if change.detail.is_empty() { String::new() } else { format!(", {}", change.detail) };
        Some(labelled("changed", &format!("{}: {}{detail}; {suspect}", change.subject, change.what)))
    }

    fn health(&self, row: &HealthRow) -> String {
        let area = row.area.name();
        let (glyph, ascii, word, tone) = match row.mark {
            Mark::Good => ("✔", "+", "good", Tone::Good),
            Mark::Unknown => ("?", "?", "unknown", Tone::Dim),
            Mark::Warning => ("▲", "!", "warning", Tone::Warning),
            Mark::Bad => ("✖", "X", "bad", Tone::Bad),
        };
        let glyph = if self.ink.ascii { ascii } else { glyph };
        format!("{}  {area:<8} {}", self.ink.paint(tone, &format!("{glyph} {word:<7}")), row.text)
    }

    fn unknown(&self, source: &str, reason: &str) -> String {
        let text = fill(&format!("{source}: {reason}"), "    ", WIDTH);
        format!("  {} {}", self.ink.paint(Tone::Dim, "?"), text.trim_start())
    }
}

/// `2 pods`, `3 more`
fn others(rest: &[Subject]) -> String {
    let pods = rest.iter().all(|s| matches!(s, Subject::Object(r) if r.kind == crate::situation::Kind::Pod));
    match (rest.len(), pods) {
        (1, true) => "1 pod".to_owned(),
        (n, true) => format!("{n} pods"),
        (n, false) => format!("{n} more"),
    }
}

fn labelled(label: &str, text: &str) -> String {
    let text = fill(text, "                ", WIDTH);
    format!("    {label:<10}  {}", text.trim_start())
}
