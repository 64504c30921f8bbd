//! One finding: what supports it, what speaks against it, what could not be seen, and where to look next.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::freshness::{aged, clock, lasting, span};
use crate::console::labels;
use crate::console::page::{Line, Page};
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::{Canvas, Piece, severity};
use crate::detect::{self, Confidence, DETECTORS, Severity, Suspect, suspect};
use crate::situation::time::{age, since};
use crate::situation::{Kind, Ref, Subject};

/// Where a line leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    Subject(Subject),
    Change(Subject),
    Finding(String, Vec<Subject>),
    Tree(String),
}

/// One finding, found again after each assessment by its id and what it is about.
#[derive(Debug)]
pub struct Finding {
    id: String,
    subjects: Vec<Subject>,
    /// As it was last found, and whether it still is.
    last: Option<detect::Finding>,
    gone_since: Option<Timestamp>,
    page: Page<Link>,
}

impl Finding {
    /// The finding of this id about these subjects; without subjects, the first of this id.
    pub fn open(id: &str, subjects: &[Subject]) -> Self {
        let subjects = subjects.to_vec();
        Self { id: id.to_owned(), subjects, last: None, gone_since: None, page: Page::new() }
    }

    fn find<'a>(&self, cx: &Context<'a>) -> Option<&'a detect::Finding> {
        let mut same = cx.assessment.findings.iter().filter(|f| f.id == self.id);
        let exact = same.clone().find(|f| f.subjects == self.subjects);
        exact
            .or_else(|| same.find(|f| self.subjects.is_empty() || f.subjects.iter().any(|s| self.subjects.contains(s))))
    }

    fn lines(&self, cx: &Context<'_>) -> Vec<Line<Link>> {
        let Some(finding) = &self.last else {
            return vec![Line::of(format!("{} is not found at present", self.id), Tone::Dim)];
        };
        let mut lines = head(finding, self.gone_since, cx);
        lines.extend(evidence(finding, cx));
        lines.extend(began(finding, cx));
        lines.extend(about(finding, cx));
        lines.extend(relatives(finding, cx));
        lines.extend(sentences("What would refute it", &finding.refuted_by, Tone::Text));
        lines.extend(sentences("What could not be seen", &finding.unseen, Tone::Unknown));
        lines.extend(explanation(finding));
        lines
    }

    /// The object that is selected, else the first that the finding is about.
    fn object(&self) -> Option<&Ref> {
        if let Some(Link::Subject(Subject::Object(object))) = self.page.selected() {
            return Some(object);
        }
        self.subjects.iter().find_map(|subject| match subject {
            Subject::Object(object) => Some(object),
            _ => None,
        })
    }

    /// The object whose log is worth reading: the selected one, else the first pod that the finding is about, else
    /// whatever it is about.
    fn telling(&self) -> Option<&Ref> {
        if let Some(Link::Subject(Subject::Object(object))) = self.page.selected() {
            return Some(object);
        }
        let objects = self.subjects.iter().filter_map(|subject| match subject {
            Subject::Object(object) => Some(object),
            _ => None,
        });
        objects.clone().find(|object| object.kind == Kind::Pod).or_else(|| objects.clone().next())
    }
}

fn head(finding: &detect::Finding, gone: Option<Timestamp>, cx: &Context<'_>) -> Vec<Line<Link>> {
    let (glyph, tone) = severity(finding.severity, &cx.theme.glyphs);
    let mut title = Line::new(vec![
        Piece::new(format!("{glyph} {}  ", finding.id), tone),
        Piece::new(finding.title.clone(), Tone::Title),
    ]);
    if let Some(since) = finding.since {
        let words = format!("since {} · {}", clock(since, cx.now), lasting(since, cx.now));
        title = title.with_right(words, Tone::Text);
    }
    let severity = match finding.severity {
        Severity::Critical => "critical: users suffer, or will at the next fault",
        Severity::Warning => "warning: redundancy or quality is lost",
        Severity::Info => "info: worth knowing",
    };
    let confidence = match finding.confidence {
        Confidence::Confirmed => "confirmed on what is seen",
        Confidence::Suspect => "suspected: the time or a second signal is not there yet",
    };
    let mut lines = vec![title, Line::of(format!("  {severity} · {confidence}"), Tone::Dim).indented(2)];
    if let Some(gone) = gone {
        let words = format!("  no longer found since {}; this is how it was", clock(gone, cx.now));
        lines.push(Line::of(words, Tone::Good));
    }
    lines.extend(tree(finding, cx));
    lines.push(Line::blank());
    lines
}

/// The tree that leads from here to a recovery.
fn tree(finding: &detect::Finding, cx: &Context<'_>) -> Option<Line<Link>> {
    let book = super::open::book_of(finding, cx)?;
    let key = cx.keymap.key_for(Mode::Detail, Command::Trees).unwrap_or("enter");
    let pieces = vec![
        Piece::new(format!("  Tree {}  ", book.id), Tone::Accent),
        Piece::new(book.title.clone(), Tone::Text),
        Piece::new(format!("  {key} leads through it step by step"), Tone::Dim),
    ];
    Some(Line::new(pieces).indented(4).leading(Some(Link::Tree(book.id.clone()))))
}

fn heading(text: &str) -> Line<Link> {
    Line::of(text, Tone::Title)
}

fn evidence(finding: &detect::Finding, cx: &Context<'_>) -> Vec<Line<Link>> {
    let mut lines = vec![heading("Evidence")];
    for evidence in &finding.evidence {
        let mut source = evidence.source.to_string();
        if let Some(at) = evidence.at {
            source = format!("{source} · {} ago", age(since(at, cx.now)));
        }
        if let Some(old) = aged(cx, &evidence.source) {
            source = format!("{source} · source {old}");
        }
        let bullet = if cx.theme.glyphs.lines { "  • " } else { "  * " };
        let line = Line::new(vec![Piece::new(bullet, Tone::Dim), Piece::new(evidence.text.clone(), Tone::Text)]);
        lines.push(line.indented(4).with_right(source, Tone::Dim));
    }
    lines.push(Line::blank());
    lines
}

fn began(finding: &detect::Finding, cx: &Context<'_>) -> Vec<Line<Link>> {
    let Some(Suspect { change, before, .. }) = suspect(finding, cx.changes) else { return Vec::new() };
    let distance =
        if before.is_positive() { format!("began {} after", span(before)) } else { "began together with".to_owned() };
    let pieces = vec![
        Piece::new(format!("  {distance} "), Tone::Warning),
        Piece::new(format!("{} {}", labels::subject(&change.subject), change.what), Tone::Text),
        Piece::new(format!("  {}", change.detail), Tone::Dim),
    ];
    let line = Line::new(pieces).indented(4).leading(Some(Link::Change(change.subject.clone())));
    vec![heading("Suspect change"), line.with_right(clock(change.at, cx.now), Tone::Dim), Line::blank()]
}

fn about(finding: &detect::Finding, cx: &Context<'_>) -> Vec<Line<Link>> {
    let mut lines = vec![heading("What it is about")];
    for subject in &finding.subjects {
        let (state, tone) = subject_state(subject, cx);
        let pieces = vec![Piece::new(format!("  {subject}"), Tone::Accent), Piece::new(format!("  {state}"), tone)];
        lines.push(Line::new(pieces).indented(4).leading(Some(Link::Subject(subject.clone()))));
    }
    lines.push(Line::blank());
    lines
}

/// A word on how a subject is now.
fn subject_state(subject: &Subject, cx: &Context<'_>) -> (String, Tone) {
    let Subject::Object(r) = subject else { return (String::new(), Tone::Dim) };
    let s = cx.situation;
    let ready = |ready: i32, desired: i32| {
        (format!("{ready}/{desired} ready"), if ready < desired { Tone::Warning } else { Tone::Dim })
    };
    let state = match r.kind {
        Kind::Pod => s.pods.get(&r.key).map(|p| {
            let node = if p.node.is_empty() { String::new() } else { format!(" on {}", p.node) };
            let words = format!("{}, {} restarts{node}", p.status(), p.restarts());
            (words, if p.ready() { Tone::Dim } else { Tone::Warning })
        }),
        Kind::Deployment => s.deployments.get(&r.key).map(|d| ready(d.ready, d.replicas)),
        Kind::StatefulSet => s.stateful_sets.get(&r.key).map(|d| ready(d.ready, d.replicas)),
        Kind::DaemonSet => s.daemon_sets.get(&r.key).map(|d| ready(d.ready, d.desired)),
        _ => Some((String::new(), Tone::Dim)),
    };
    state.unwrap_or_else(|| ("gone".to_owned(), Tone::Unknown))
}

fn relatives(finding: &detect::Finding, cx: &Context<'_>) -> Vec<Line<Link>> {
    let link = |f: &detect::Finding, words: &str| {
        let pieces = vec![
            Piece::new(format!("  {words} "), Tone::Dim),
            Piece::new(f.id, Tone::Accent),
            Piece::new(format!("  {}", f.title), Tone::Text),
        ];
        Line::new(pieces).indented(4).leading(Some(Link::Finding(f.id.to_owned(), f.subjects.clone())))
    };
    let all = &cx.assessment.findings;
    let cause = all.iter().filter(|f| finding.consequence_of == Some(f.id)).map(|f| link(f, "explained by"));
    let effects = all.iter().filter(|f| f.consequence_of == Some(finding.id)).map(|f| link(f, "explains"));
    let lines: Vec<_> = cause.chain(effects).collect();
    if lines.is_empty() {
        return lines;
    }
    [vec![heading("Cause and consequence")], lines, vec![Line::blank()]].concat()
}

fn sentences(title: &str, sentences: &[String], tone: Tone) -> Vec<Line<Link>> {
    if sentences.is_empty() {
        return Vec::new();
    }
    let body = sentences.iter().map(|s| Line::of(format!("  {s}"), tone).indented(4));
    std::iter::once(heading(title)).chain(body).chain([Line::blank()]).collect()
}

fn explanation(finding: &detect::Finding) -> Vec<Line<Link>> {
    let Some(detector) = DETECTORS.iter().find(|d| d.id == finding.id) else { return Vec::new() };
    let mut lines = vec![heading("How it is told"), Line::of(format!("  {}", detector.title), Tone::Text).indented(2)];
    lines.extend(detector.explanation.lines().map(|l| Line::of(format!("  {l}"), Tone::Dim).indented(2)));
    lines
}

impl Screen for Finding {
    fn title(&self) -> String {
        format!("Finding {}", self.id)
    }

    fn mode(&self) -> Mode {
        Mode::Detail
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::Open, Command::Trees, Command::Logs, Command::Act, Command::Events, Command::Changes]
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        if self.page.act(command) {
            return Effect::None;
        }
        match (command, self.page.selected()) {
            (Command::Open, Some(Link::Subject(subject) | Link::Change(subject))) => {
                super::open::push_subject(subject, cx)
            }
            (Command::Open, Some(Link::Finding(id, subjects))) => Effect::Push(Box::new(Self::open(id, subjects))),
            (Command::Trees, _) | (Command::Open, Some(Link::Tree(_))) => match &self.last {
                Some(finding) => super::open::open_tree(finding, cx),
                None => Effect::Ignored,
            },
            (Command::Act, _) => match self.object() {
                Some(object) => super::open::act_on(command, object, cx),
                None => Effect::Say("this finding is about no object that can be acted on".to_owned()),
            },
            (Command::Logs | Command::Previous, _) => match self.telling() {
                Some(object) => super::open::act_on(command, object, cx),
                None => Effect::Say("this finding is about no pod; open a workload for its pods".to_owned()),
            },
            (Command::Events | Command::Copy, Some(Link::Subject(Subject::Object(object)))) => {
                super::open::act_on(command, object, cx)
            }
            _ => Effect::Ignored,
        }
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        if let Some(found) = self.find(cx) {
            self.subjects.clone_from(&found.subjects);
            self.last = Some(found.clone());
            self.gone_since = None;
        } else if self.last.is_some() {
            self.gone_since.get_or_insert(cx.now);
        }
        let lines = self.lines(cx);
        self.page.set(lines);
    }

    fn resize(&mut self, area: Rect) {
        self.page.resize(area.width.saturating_sub(4), area.height.saturating_sub(2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let inner = canvas.pane_noted(area, &format!("Finding {}", self.id), &self.page.position(), true);
        self.page.draw(inner, canvas);
    }
}
