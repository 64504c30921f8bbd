//! What changed, newest first, with the findings in between: the time line of the trouble.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::freshness::clock;
use crate::console::labels;
use crate::console::page::{Line, Page};
use crate::console::screen::{Context, Effect, Screen};
use crate::console::views::blame;
use crate::console::widgets::{Canvas, Piece, fit, width};
use crate::detect::Finding;
use crate::situation::{Change, Subject};

/// Columns for what changed.
const SUBJECT: usize = 26;

/// How many changes are shown; who looks further back looks into the cluster's own records.
const SHOWN: usize = 500;

/// Where a line of the time line leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    Change(Timestamp, Subject),
    Finding(&'static str, Vec<Subject>),
}

/// The time line: changes, and where findings began between them.
#[derive(Debug, Default)]
pub struct Changes {
    page: Page<Link>,
}

impl Changes {
    /// The screen.
    pub fn new() -> Self {
        Self::default()
    }
}

fn change_line(change: &Change, suspected: Option<String>, cx: &Context<'_>) -> Line<Link> {
    let tone = if suspected.is_some() { Tone::Warning } else { Tone::Text };
    let mut pieces = vec![
        Piece::new(format!("{:<13}", clock(change.at, cx.now)), if suspected.is_some() { tone } else { Tone::Dim }),
        Piece::new(padded(&labels::subject(&change.subject), cx.theme.glyphs.ellipsis), Tone::Text),
        Piece::new(change.what.to_string(), tone),
    ];
    if !change.detail.is_empty() {
        pieces.push(Piece::new(format!("  {}", change.detail), Tone::Dim));
    }
    let target = Link::Change(change.at, change.subject.clone());
    let line = Line::new(pieces).indented(13 + SUBJECT as u16).leading(Some(target));
    match suspected {
        Some(words) => line.with_right(words, Tone::Warning),
        None => line,
    }
}

fn padded(text: &str, ellipsis: &str) -> String {
    let text = fit(text, SUBJECT - 2, ellipsis);
    let pad = SUBJECT.saturating_sub(width(&text));
    format!("{text}{}", " ".repeat(pad))
}

fn finding_line(finding: &Finding, since: Timestamp, cx: &Context<'_>) -> Line<Link> {
    let (glyph, tone) = crate::console::widgets::severity(finding.severity, &cx.theme.glyphs);
    Line::new(vec![
        Piece::new(format!("{:<11}{glyph} ", clock(since, cx.now)), tone),
        Piece::new(padded(finding.id, cx.theme.glyphs.ellipsis), tone),
        Piece::new(format!("{} begins", finding.title), Tone::Title),
    ])
    .indented(13 + SUBJECT as u16)
    .leading(Some(Link::Finding(finding.id, finding.subjects.clone())))
}

fn lines(cx: &Context<'_>) -> Vec<Line<Link>> {
    let blamed = blame::blame(cx);
    let changes = cx.changes.iter().enumerate().take(SHOWN);
    let changes = changes.map(|(i, c)| (c.at, change_line(c, blame::words(&blamed, i), cx)));
    let findings = cx.assessment.findings.iter().filter_map(|f| Some((f.since?, finding_line(f, f.since?, cx))));
    let mut all: Vec<(Timestamp, Line<Link>)> = changes.chain(findings).collect();
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    if all.is_empty() {
        return vec![
            Line::of("no change is known", Tone::Unknown),
            Line::of("revisions tell their own time; other changes are seen only while this console runs", Tone::Dim),
        ];
    }
    let mut lines: Vec<Line<Link>> = all.into_iter().map(|(_, line)| line).collect();
    if let Some(more) = cx.changes.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(Line::of(format!("{more} older changes are left out"), Tone::Dim));
    }
    lines
}

impl Screen for Changes {
    fn title(&self) -> String {
        "Changes".to_owned()
    }

    fn mode(&self) -> Mode {
        Mode::Detail
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::Open, Command::Back]
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        if self.page.act(command) {
            return Effect::None;
        }
        match (command, self.page.selected()) {
            (Command::Open, Some(Link::Change(_, subject))) => super::open::push_subject(subject, cx),
            (Command::Open, Some(Link::Finding(id, subjects))) => {
                Effect::Push(Box::new(super::Finding::open(id, subjects)))
            }
            _ => Effect::Ignored,
        }
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        self.page.set(lines(cx));
    }

    fn resize(&mut self, area: Rect) {
        self.page.resize(area.width.saturating_sub(4), area.height.saturating_sub(2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let inner = canvas.pane_noted(area, "What changed", &self.page.position(), true);
        self.page.draw(inner, canvas);
    }
}
