//! Every source of facts: how it answers, how old it is, what it skipped, what to do about it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::config::keymap::{Command, Mode};
use crate::config::theme::{Glyphs, Tone};
use crate::console::page::{Line, Page};
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::{Canvas, Piece};
use crate::situation::time::{age, since};
use crate::situation::{Kind, Source, SourceState, SourceStatus};

/// Columns for a source's name.
const NAME: usize = 34;

/// Every source of facts, those in trouble first.
#[derive(Debug, Default)]
pub struct Sources {
    page: Page<()>,
}

impl Sources {
    /// The screen.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The glyph and the tone of a state, and its rank: trouble first, then what is not known, then what is well.
fn verdict(state: &SourceState, glyphs: &Glyphs) -> (u8, &'static str, Tone) {
    match state {
        SourceState::Failed(_) => (0, glyphs.bad, Tone::Bad),
        SourceState::Lost(_) => (1, glyphs.bad, Tone::Bad),
        SourceState::Forbidden(_) => (2, glyphs.warning, Tone::Warning),
        SourceState::Waiting | SourceState::Listing(_) => (3, glyphs.unknown, Tone::Unknown),
        SourceState::Live => (4, glyphs.good, Tone::Good),
        SourceState::Missing | SourceState::NotConfigured => (5, glyphs.unknown, Tone::Unknown),
    }
}

/// Every source there is: those that were asked, and the kinds that were not yet.
fn all(cx: &Context<'_>) -> Vec<(Source, SourceStatus)> {
    let kinds = Kind::ALL.into_iter().map(Source::Watch);
    let mut sources: Vec<Source> = std::iter::once(Source::Api).chain(kinds).collect();
    let more = cx.situation.sources.keys().filter(|s| !sources.contains(s)).cloned().collect::<Vec<_>>();
    sources.extend(more);
    sources.into_iter().map(|s| (s.clone(), cx.situation.source(&s))).collect()
}

fn source_lines(cx: &Context<'_>, source: &Source, status: &SourceStatus) -> Vec<Line<()>> {
    let (_, glyph, tone) = verdict(&status.state, &cx.theme.glyphs);
    // One trouble of the API is told once, not for every kind.
    let shared = *source != Source::Api && !status.live() && cx.situation.source(&Source::Api).state == status.state;
    let name = source.to_string();
    let mut pieces = vec![
        Piece::new(format!("{glyph} "), tone),
        Piece::new(format!("{name:<NAME$} "), Tone::Text),
        Piece::new(state_words(&status.state, shared), if status.live() { Tone::Dim } else { tone }),
    ];
    if let Source::Watch(kind) = source
        && !status.live()
        && kind.resource().needed
    {
        pieces.push(Piece::new(" (findings need it)", Tone::Dim));
    }
    let mut line = Line::new(pieces).indented(4);
    if let Some(old) = cx.situation.age_of(source) {
        line = line.with_right(format!("heard {} ago", age(old)), Tone::Dim);
    }
    let mut lines = vec![line];
    if !status.limited.is_empty() {
        lines.push(Line::of(format!("    {}", status.limited), Tone::Warning).indented(4));
    }
    if let (false, SourceState::Lost(trouble) | SourceState::Failed(trouble)) = (shared, &status.state) {
        if !trouble.remedy.is_empty() {
            lines.push(Line::of(format!("    {}", trouble.remedy), Tone::Text).indented(4));
        }
        if let Some(at) = trouble.retry_at {
            let left = since(cx.situation.wall, at);
            lines.push(Line::of(format!("    tried again in {}", age(left)), Tone::Dim));
        }
    }
    for (object, reason) in &status.skipped {
        lines.push(Line::of(format!("    skipped {object}: {reason}"), Tone::Warning).indented(6));
    }
    lines
}

fn state_words(state: &SourceState, shared: bool) -> String {
    match state {
        SourceState::Lost(_) if shared => "lost with the api".to_owned(),
        SourceState::Failed(_) if shared => "no answer, like the api".to_owned(),
        SourceState::Lost(trouble) => format!("lost: {}", trouble.what),
        SourceState::Failed(trouble) => trouble.what.to_string(),
        other => other.to_string(),
    }
}

fn identity(cx: &Context<'_>) -> Vec<Line<()>> {
    let cluster = &cx.situation.cluster;
    let or_unknown = |text: &str| if text.is_empty() { "not known yet".to_owned() } else { text.to_owned() };
    let pair = |label: &str, value: String| {
        Line::new(vec![Piece::new(format!("  {label:<NAME$} "), Tone::Dim), Piece::new(value, Tone::Text)])
    };
    let profile = &cx.profile.name;
    vec![
        pair("context", or_unknown(&cluster.context)),
        pair("server", or_unknown(&cluster.server)),
        pair("user", or_unknown(&cluster.user)),
        pair("cluster (UID of kube-system)", or_unknown(&cluster.uid)),
        pair("version", or_unknown(&cx.situation.version)),
        pair("profile", if profile.is_empty() { "generic".to_owned() } else { profile.clone() }),
        Line::blank(),
    ]
}

impl Screen for Sources {
    fn title(&self) -> String {
        "Sources".to_owned()
    }

    fn mode(&self) -> Mode {
        Mode::Detail
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::Back, Command::Down]
    }

    fn act(&mut self, command: Command, _cx: &Context<'_>) -> Effect {
        if self.page.act(command) { Effect::None } else { Effect::Ignored }
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        let mut sources = all(cx);
        sources.sort_by_key(|(_, status)| verdict(&status.state, &cx.theme.glyphs).0);
        let mut lines = identity(cx);
        lines.extend(sources.iter().flat_map(|(source, status)| source_lines(cx, source, status)));
        self.page.set(lines);
    }

    fn resize(&mut self, area: Rect) {
        self.page.resize(area.width.saturating_sub(4), area.height.saturating_sub(2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let inner = canvas.pane_noted(area, "Sources of facts", &self.page.position(), true);
        self.page.draw(inner, canvas);
    }
}
