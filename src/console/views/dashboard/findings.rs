//! The pane of findings: the verdict, its evidence, and under it what it explains.

use std::collections::HashMap;

use ratatui::layout::Rect;

use super::{Dashboard, FindingId, waiting};
use crate::config::theme::Tone;
use crate::console::freshness::{aged, clock_or_day, lasting, span};
use crate::console::labels;
use crate::console::pick::window;
use crate::console::screen::Context;
use crate::console::views::blame::Blamed;
use crate::console::widgets::{Canvas, Piece, severity, width, wrap};
use crate::detect::{Confidence, DETECTORS, Finding};
use crate::situation::Source;

/// Causes in their order, each followed by its consequences; with each its place among the findings.
pub fn order(findings: &[Finding]) -> Vec<(FindingId, usize)> {
    let causes: Vec<Option<usize>> = findings.iter().map(|f| cause_of(f, findings)).collect();
    let mut consequences: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, cause) in causes.iter().enumerate() {
        if let Some(cause) = cause {
            consequences.entry(*cause).or_default().push(at);
        }
    }
    let entry = |at: usize, nested: bool| {
        let finding = findings.get(at)?;
        Some((FindingId { id: finding.id, subjects: finding.subjects.clone(), nested }, at))
    };
    let top = causes.iter().enumerate().filter(|(_, cause)| cause.is_none());
    top.flat_map(|(at, _)| {
        let nested = consequences.remove(&at).unwrap_or_default();
        std::iter::once((at, false)).chain(nested.into_iter().map(|at| (at, true)))
    })
    .filter_map(|(at, nested)| entry(at, nested))
    .collect()
}

/// The finding at the end of the chain of causes: of several with the same id the one about the same thing.
fn cause_of(finding: &Finding, findings: &[Finding]) -> Option<usize> {
    let mut cause = None;
    let mut id = finding.consequence_of;
    // A circle of causes would be a fault of a detector; it must not hang the screen.
    for _ in 0..8 {
        let Some(wanted) = id.filter(|id| *id != finding.id) else { break };
        let mut same = findings.iter().enumerate().filter(|(_, f)| f.id == wanted);
        let shares = |(_, f): &(usize, &Finding)| f.subjects.iter().any(|s| finding.subjects.contains(s));
        let Some((at, found)) = same.clone().find(shares).or_else(|| same.next()) else { break };
        cause = Some(at);
        id = found.consequence_of;
    }
    cause
}

enum Row<'a> {
    Finding(&'a FindingId, &'a Finding),
    More(Piece, Option<Piece>),
}

/// Draws the pane.
pub fn draw(dashboard: &Dashboard, area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>, focus: bool) {
    let count = dashboard.findings.items().len();
    let mut note = if count > 1 { format!("{count} findings") } else { String::new() };
    if let Some(old) = aged(cx, &Source::Api) {
        note = format!("{note}{}from facts {old}", if note.is_empty() { "" } else { ", " });
    }
    let inner = canvas.pane_noted(area, "Findings", &note, focus);
    if !cx.situation.has_data() {
        return waiting::draw(inner, canvas, cx);
    }
    if count == 0 {
        return nothing(inner, canvas, cx);
    }
    let rows = rows(dashboard, inner, cx);
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
        (true, _) if line.width > 90 => "consequence".to_owned(),
        (false, Some(since)) if line.width > 70 => {
            format!("since {} · {}", clock_or_day(since, cx.now), lasting(since, cx.now))
        }
        (false, Some(since)) => format!("since {}", clock_or_day(since, cx.now)),
        _ => String::new(),
    };
    let (quiet, title) = if id.nested { (Tone::Dim, Tone::Dim) } else { (tone, Tone::Title) };
    let end = canvas.right(line.right(), line.y, line.width / 3, &right, Tone::Dim);
    let mark = if id.nested { format!(" {} {}", glyphs.branch, finding.id) } else { format!("{glyph} {}", finding.id) };
    let x = canvas.text(line.x, line.y, line.width, &mark, quiet);
    let x = if width(&mark) < usize::from(DETAIL) - 1 { line.x + DETAIL } else { x + 2 };
    canvas.text(x, line.y, end.saturating_sub(x + 1), &finding.title, title);
}

/// Each finding on its line; what room is left goes to the evidence: one line for each cause, then all that is known of
/// the first ones, then the consequences'.
fn rows<'a>(dashboard: &'a Dashboard, area: Rect, cx: &Context<'a>) -> Vec<Row<'a>> {
    let places = dashboard.findings.items().iter().zip(&dashboard.finding_places);
    let findings: Vec<(&FindingId, &Finding)> =
        places.filter_map(|(id, at)| Some((id, cx.assessment.findings.get(*at)?))).collect();
    let mut room = usize::from(area.height).saturating_sub(findings.len());
    let mut causes = findings.iter().filter(|(id, _)| !id.nested).count();
    let columns = usize::from(area.width.saturating_sub(DETAIL));
    let mut bodies: Vec<Vec<Row<'a>>> = Vec::new();
    bodies.resize_with(findings.len(), Vec::new);
    for nested in [false, true] {
        for ((_, finding), body) in findings.iter().zip(&mut bodies).filter(|((id, _), _)| id.nested == nested) {
            if room == 0 {
                break;
            }
            causes = if nested { 0 } else { causes - 1 };
            let limit = room.saturating_sub(causes).max(1);
            let suspect = dashboard.suspects.iter().find(|s| s.concerns(finding));
            *body = details(finding, suspect, columns, cx);
            if body.len() > limit {
                // Cut lines say more of different things than whole ones where there is no room for all.
                *body = details(finding, suspect, usize::MAX, cx);
                body.truncate(limit);
            }
            room -= body.len();
        }
    }
    let rows = findings.into_iter().zip(bodies);
    rows.flat_map(|((id, finding), body)| std::iter::once(Row::Finding(id, finding)).chain(body)).collect()
}

/// The evidence, the suspect change behind its first line, then what would refute it and what was not seen.
fn details<'a>(finding: &Finding, blamed: Option<&Blamed>, columns: usize, cx: &Context<'_>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut add = |text: &str, tone: Tone, columns: usize| {
        rows.extend(wrap(text, columns).into_iter().map(|line| Row::More(Piece::new(line, tone), None)));
    };
    let confidence = match finding.confidence {
        Confidence::Confirmed => Piece::new("confirmed", Tone::Warning),
        Confidence::Suspect => Piece::new("suspected", Tone::Unknown),
    };
    let mut evidence = finding.evidence.iter();
    let first = evidence.next().map_or("", |e| &e.text);
    add(first, Tone::Text, columns.saturating_sub(width(&confidence.text) + 2));
    if let Some((change, before)) = blamed.and_then(|b| Some((b.change(cx)?, b.before))) {
        let distance = if before.is_positive() { format!("began {} after", span(before)) } else { "began with".into() };
        add(&format!("{distance} {} {}", labels::subject(&change.subject), change.what), Tone::Warning, columns);
    }
    evidence.for_each(|e| add(&e.text, Tone::Text, columns));
    for refuting in &finding.refuted_by {
        add(&format!("refuted if: {refuting}"), Tone::Dim, columns);
    }
    for unseen in &finding.unseen {
        add(&format!("? not seen: {unseen}"), Tone::Unknown, columns);
    }
    if let Some(Row::More(_, right)) = rows.first_mut() {
        *right = Some(confidence);
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
