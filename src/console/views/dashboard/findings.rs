//! The pane of findings: the verdict, its evidence, and under it what it explains.

use ratatui::layout::Rect;

use super::{Dashboard, FindingId, waiting};
use crate::config::theme::Tone;
use crate::console::freshness::{clock, lasting, span};
use crate::console::labels;
use crate::console::pick::window;
use crate::console::screen::Context;
use crate::console::widgets::{Canvas, Piece, severity, width};
use crate::detect::{Confidence, DETECTORS, Finding, Suspect, suspect};

/// How many lines of evidence one finding may take while others want room.
const EVIDENCE: usize = 4;

/// Causes in their order, each followed by its consequences.
pub fn order(findings: &[Finding]) -> Vec<FindingId> {
    let there = |id: &str| findings.iter().any(|f| f.id == id);
    let explained = |f: &Finding| f.consequence_of.is_some_and(|cause| cause != f.id && there(cause));
    let entry = |f: &Finding, nested: bool| FindingId { id: f.id, subjects: f.subjects.clone(), nested };
    let mut ordered = Vec::new();
    for cause in findings.iter().filter(|f| !explained(f)) {
        let first = !ordered.iter().any(|known: &FindingId| known.id == cause.id);
        ordered.push(entry(cause, false));
        if first {
            let of_it = findings.iter().filter(|f| explained(f) && f.consequence_of == Some(cause.id));
            ordered.extend(of_it.map(|f| entry(f, true)));
        }
    }
    // A consequence of a consequence has no cause among those shown; it still is shown.
    let rest: Vec<FindingId> = findings.iter().filter(|f| explained(f)).map(|f| entry(f, true)).collect();
    for entry in rest {
        if !ordered.contains(&entry) {
            ordered.push(entry);
        }
    }
    ordered
}

enum Row<'a> {
    Finding(&'a FindingId, &'a Finding),
    More(Piece, Option<Piece>),
}

/// Draws the pane.
pub fn draw(dashboard: &Dashboard, area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>, focus: bool) {
    let count = dashboard.findings.items().len();
    let note = if count > 1 { format!("{count} findings") } else { String::new() };
    let inner = canvas.pane_noted(area, "Findings", &note, focus);
    if !cx.situation.has_data() {
        return waiting::draw(inner, canvas, cx);
    }
    if count == 0 {
        return nothing(inner, canvas, cx);
    }
    let rows = rows(dashboard.findings.items(), usize::from(inner.height), cx);
    let chosen = dashboard.findings.chosen();
    let at = rows.iter().position(|row| matches!(row, Row::Finding(id, _) if Some(*id) == chosen)).unwrap_or(0);
    let shown = window(at, rows.len(), usize::from(inner.height));
    for (row, y) in rows.get(shown).unwrap_or_default().iter().zip(inner.top()..) {
        let line = Rect { y, height: 1, ..inner };
        match row {
            Row::Finding(id, finding) => {
                finding_row(id, finding, line, canvas, cx);
                if focus && Some(*id) == chosen {
                    canvas.select(Rect { x: inner.x - 1, width: inner.width + 1, ..line });
                }
            }
            Row::More(left, right) => {
                let end = right.as_ref().map_or_else(
                    || inner.right(),
                    |r| canvas.right(inner.right(), y, inner.width / 3, &r.text, r.tone),
                );
                canvas.text(inner.x + DETAIL, y, end.saturating_sub(inner.x + DETAIL + 1), &left.text, left.tone);
            }
        }
    }
}

/// The column in which titles and evidence stand.
const DETAIL: u16 = 8;

fn finding_row(id: &FindingId, finding: &Finding, line: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>) {
    let glyphs = cx.theme.glyphs;
    let (glyph, tone) = severity(finding.severity, &glyphs);
    let right = match (id.nested, finding.since) {
        (true, _) => "consequence".to_owned(),
        (false, Some(since)) if line.width > 70 => {
            format!("since {} · {}", clock(since, cx.now), lasting(since, cx.now))
        }
        (false, Some(since)) => format!("since {}", clock(since, cx.now)),
        (false, None) => String::new(),
    };
    let (quiet, title) = if id.nested { (Tone::Dim, Tone::Dim) } else { (tone, Tone::Title) };
    let end = canvas.right(line.right(), line.y, line.width / 3, &right, Tone::Dim);
    let mark = if id.nested { format!(" {} {}", glyphs.branch, finding.id) } else { format!("{glyph} {}", finding.id) };
    let x = canvas.text(line.x, line.y, line.width, &mark, quiet);
    let x = if width(&mark) < usize::from(DETAIL) - 1 { line.x + DETAIL } else { x + 2 };
    canvas.text(x, line.y, end.saturating_sub(x + 1), &finding.title, title);
}

/// Each finding on its line; what room is left goes to the evidence of the first ones.
fn rows<'a>(order: &'a [FindingId], height: usize, cx: &Context<'a>) -> Vec<Row<'a>> {
    let findings: Vec<(&FindingId, &Finding)> = order
        .iter()
        .filter_map(|id| {
            let found = cx.assessment.findings.iter().find(|f| f.id == id.id && f.subjects == id.subjects);
            Some((id, found?))
        })
        .collect();
    let mut room = height.saturating_sub(findings.len());
    let mut rows = Vec::new();
    for (id, finding) in findings {
        rows.push(Row::Finding(id, finding));
        let limit = if id.nested { 0 } else { room.min(EVIDENCE + 1) };
        let details: Vec<_> = details(finding, cx).into_iter().take(limit).collect();
        room -= details.len();
        rows.extend(details);
    }
    rows
}

fn details<'a>(finding: &Finding, cx: &Context<'_>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = finding
        .evidence
        .iter()
        .take(EVIDENCE)
        .map(|e| Row::More(Piece::new(e.text.clone(), Tone::Text), None))
        .collect();
    if let Some(Suspect { change, before, .. }) = suspect(finding, cx.changes) {
        let distance = if before.is_positive() { format!("began {} after", span(before)) } else { "began with".into() };
        let words = format!("{distance} {} {}", labels::subject(&change.subject), change.what);
        rows.insert(rows.len().min(1), Row::More(Piece::new(words, Tone::Warning), None));
    }
    let confidence = match finding.confidence {
        Confidence::Confirmed => Piece::new("confirmed", Tone::Warning),
        Confidence::Suspect => Piece::new("suspected", Tone::Unknown),
    };
    match rows.first_mut() {
        Some(Row::More(_, right)) => *right = Some(confidence),
        _ => rows.push(Row::More(Piece::new("", Tone::Text), Some(confidence))),
    }
    rows
}

/// Nothing found: what looked, and what it could not see. Never a verdict without its coverage.
fn nothing(area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>) {
    let blind = &cx.assessment.unknown;
    let glyphs = cx.theme.glyphs;
    let (glyph, tone) = if blind.is_empty() { (glyphs.good, Tone::Good) } else { (glyphs.unknown, Tone::Unknown) };
    let mut y = area.y;
    let mut put = |text: &str, tone: Tone, indent: u16| {
        if y < area.bottom() {
            canvas.text(area.x + indent, y, area.width.saturating_sub(indent), text, tone);
            y += 1;
        }
    };
    let verdict =
        if blind.is_empty() { "nothing wrong is found" } else { "nothing wrong is found in what can be seen" };
    put(&format!("{glyph} {verdict}"), tone, 0);
    put(&format!("{} detectors looked", DETECTORS.len()), Tone::Dim, 2);
    if !blind.is_empty() {
        put("not seen:", Tone::Unknown, 2);
    }
    for (source, reason) in blind {
        put(&format!("{} {source}: {reason}", glyphs.unknown), Tone::Unknown, 4);
    }
}
