//! The detail of one object: sections that scroll as one page, and stand in two columns where there is room.
//!
//! It shows the object that was opened, never another one of its name: when that is gone, what was last known of it
//! stays, and says so.

mod link;
pub mod parts;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use self::parts::{aged_note, blank, heading};
use super::{Events, open};
use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::freshness::{clock, missing};
use crate::console::labels;
use crate::console::page::{Line, Page};
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::{Canvas, Piece};
use crate::situation::object::Meta;
use crate::situation::{Kind, Ref, Source};

pub use link::Link;

/// From this width on the sections stand in two columns.
const WIDE: u16 = 150;

/// A part of a detail with a heading of its own.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its heading; empty for the first, which needs none.
    pub title: String,
    /// What it says; a section without lines is left out.
    pub lines: Vec<Line<Link>>,
    /// Whether it stands in the right column where there are two.
    pub aside: bool,
}

impl Section {
    /// A section of the main column.
    pub fn new(title: impl Into<String>, lines: Vec<Line<Link>>) -> Self {
        Self { title: title.into(), lines, aside: false }
    }

    /// A section that stands aside where there is room.
    pub fn aside(title: impl Into<String>, lines: Vec<Line<Link>>) -> Self {
        Self { aside: true, ..Self::new(title, lines) }
    }
}

/// What a detail has to know of the objects it shows.
pub trait Shown: std::fmt::Debug + Clone + 'static {
    /// The object that now bears the reference's name.
    fn find(target: &Ref, cx: &Context<'_>) -> Option<Self>;
    /// What every object has.
    fn meta(&self) -> &Meta;
    /// What there is to say of it, the most important first.
    fn sections(&self, target: &Ref, cx: &Context<'_>) -> Vec<Section>;
    /// The commands worth a hint.
    fn hints() -> &'static [Command];
    /// The pod whose log is meant when no pod is selected.
    fn log_of(&self, _target: &Ref, _cx: &Context<'_>) -> Option<Ref> {
        None
    }
}

/// Whether what was opened is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Presence {
    Here,
    /// Not known: never seen, and its kind is not known either.
    Unknown,
    Gone(Timestamp),
    /// Another object bears its name now.
    Replaced(Ref, Timestamp),
}

/// The detail of one object.
#[derive(Debug)]
pub struct Detail<F> {
    target: Ref,
    last: Option<F>,
    presence: Presence,
    main: Page<Link>,
    side: Page<Link>,
    /// Whether there are two columns, and the right one has the keys.
    wide: bool,
    right: bool,
}

impl<F: Shown> Detail<F> {
    /// The detail of what is meant; a reference without a UID means what bears the name now.
    pub fn open(target: Ref) -> Self {
        Self {
            target,
            last: None,
            presence: Presence::Unknown,
            main: Page::new(),
            side: Page::new(),
            wide: false,
            right: false,
        }
    }

    /// The pod of it whose log tells most.
    pub fn worst_pod(target: &Ref, cx: &Context<'_>) -> Option<Ref> {
        F::find(target, cx)?.log_of(target, cx)
    }

    fn page(&mut self) -> &mut Page<Link> {
        if self.wide && self.right { &mut self.side } else { &mut self.main }
    }

    fn selected(&self) -> Option<&Link> {
        if self.wide && self.right { self.side.selected() } else { self.main.selected() }
    }

    fn look(&mut self, cx: &Context<'_>) {
        let kind = self.target.kind;
        match F::find(&self.target, cx) {
            Some(found) if self.target.uid.is_empty() || found.meta().uid == self.target.uid => {
                self.target.uid = found.meta().uid.clone();
                self.last = Some(found);
                self.presence = Presence::Here;
            }
            Some(other) => {
                let heir = other.meta().reference(kind);
                if !matches!(&self.presence, Presence::Replaced(known, _) if *known == heir) {
                    self.presence = Presence::Replaced(heir, cx.now);
                }
            }
            None if self.last.is_none() && !cx.situation.knows(kind) => self.presence = Presence::Unknown,
            None if cx.situation.knows(kind) && !matches!(self.presence, Presence::Gone(_)) => {
                self.presence = Presence::Gone(cx.now);
            }
            None => {}
        }
    }

    fn banner(&self, cx: &Context<'_>) -> Vec<Line<Link>> {
        let name = labels::kind(self.target.kind);
        let kept = if self.last.is_some() { "; this is how it was" } else { "" };
        match &self.presence {
            Presence::Here => Vec::new(),
            Presence::Unknown => {
                let source = Source::Watch(self.target.kind);
                let (words, tone) = missing(cx, &source).unwrap_or_else(|| ("not known yet".to_owned(), Tone::Unknown));
                vec![Line::of(words, tone), blank()]
            }
            Presence::Gone(_) if self.last.is_none() => {
                let words = format!("there is no {name} {} any more", self.target.key);
                vec![Line::of(words, Tone::Warning), blank()]
            }
            Presence::Gone(at) => {
                let words = format!("{name} {} is gone since {}{kept}", self.target.key, clock(*at, cx.now));
                vec![Line::of(words, Tone::Warning), blank()]
            }
            Presence::Replaced(heir, at) => {
                let words = format!("this {name} is gone since {}{kept}", clock(*at, cx.now));
                let link = Line::new(vec![
                    Piece::new("another of the same name took its place: ", Tone::Warning),
                    Piece::new(format!("{name}/{}", heir.key.name), Tone::Accent),
                    Piece::new(format!("  uid {}", heir.uid), Tone::Dim),
                ]);
                vec![Line::of(words, Tone::Warning), link.leading(Some(Link::Object(heir.clone()))), blank()]
            }
        }
    }

    fn write(&mut self, cx: &Context<'_>) {
        let mut main = self.banner(cx);
        let mut side = Vec::new();
        let sections = self.last.as_ref().map(|facts| facts.sections(&self.target, cx)).unwrap_or_default();
        for section in sections.into_iter().filter(|s| !s.lines.is_empty()) {
            let page = if self.wide && section.aside { &mut side } else { &mut main };
            if !section.title.is_empty() {
                page.push(heading(&section.title));
            }
            page.extend(section.lines);
            page.push(blank());
        }
        self.main.set(main);
        self.side.set(side);
    }

    /// The pod whose log is asked for: the selected one, else the one the object itself names.
    fn logged(&self, cx: &Context<'_>) -> Option<Ref> {
        let selected = match self.selected() {
            Some(Link::Object(r) | Link::Event(r, ..)) if r.kind == Kind::Pod => Some(r.clone()),
            _ => None,
        };
        selected.or_else(|| self.last.as_ref()?.log_of(&self.target, cx))
    }

    /// What can be done to what is selected, and to the object itself.
    fn actions(&self) -> Effect {
        let selected = match self.selected() {
            Some(Link::Object(r) | Link::Event(r, ..) | Link::Revision(r)) => Some(r.clone()),
            Some(Link::Log(_)) | None => None,
        };
        let others = selected.into_iter().filter(|r| *r != self.target && r.kind != Kind::Node);
        let objects = std::iter::once(self.target.clone()).chain(others).collect();
        Effect::Push(Box::new(super::Actions::on(objects)))
    }

    fn read_log(&self, previous: bool, cx: &Context<'_>) -> Effect {
        let Some(pod) = self.logged(cx) else {
            return Effect::Say("select a pod to read its log".to_owned());
        };
        let container = match self.selected() {
            Some(Link::Log(name)) => Some(name.as_str()),
            _ => None,
        };
        open::push_log(&pod, container, previous, cx)
    }
}

impl<F: Shown> Screen for Detail<F> {
    fn title(&self) -> String {
        format!("{} {}", self.target.kind, self.target.key)
    }

    fn mode(&self) -> Mode {
        Mode::Detail
    }

    fn hints(&self) -> &'static [Command] {
        F::hints()
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        if self.page().act(command) {
            return Effect::None;
        }
        match command {
            Command::NextPane | Command::PreviousPane if self.wide => self.right = !self.right,
            Command::Left | Command::Right if self.wide => self.right = command == Command::Right,
            Command::NextPane => self.main.section(true),
            Command::PreviousPane => self.main.section(false),
            Command::Logs => return self.read_log(false, cx),
            Command::Previous => return self.read_log(true, cx),
            Command::Events => return Effect::Push(Box::new(Events::about(self.target.clone()))),
            Command::Open => {
                return match self.selected() {
                    Some(Link::Log(_)) => self.read_log(false, cx),
                    Some(link) => link.open(cx),
                    None => Effect::None,
                };
            }
            Command::Act => return self.actions(),
            Command::Copy => {
                let text = self.selected().map_or_else(|| self.target.key.to_string(), Link::name);
                return Effect::Copy(text);
            }
            _ => return Effect::Ignored,
        }
        Effect::None
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        self.look(cx);
        self.write(cx);
    }

    fn resize(&mut self, area: Rect) {
        self.wide = area.width >= WIDE;
        let (main, side) = columns(area, self.wide);
        self.main.resize(main.width.saturating_sub(4), main.height.saturating_sub(2));
        self.side.resize(side.width.saturating_sub(4), side.height.saturating_sub(2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let (main, side) = columns(area, self.wide);
        let note = aged_note(&Source::Watch(self.target.kind), &self.main.position(), cx);
        let inner = canvas.pane_noted(main, &self.title(), &note, !(self.wide && self.right));
        self.main.draw(inner, canvas);
        if self.wide {
            let inner = canvas.pane_noted(side, "", &self.side.position(), self.right);
            self.side.draw(inner, canvas);
        }
    }
}

/// The two columns; the right one is empty where there is but one.
fn columns(area: Rect, wide: bool) -> (Rect, Rect) {
    if !wide {
        return (area, Rect { x: area.right(), width: 0, ..area });
    }
    let left = area.width * 11 / 20;
    (Rect { width: left, ..area }, Rect { x: area.x + left, width: area.width - left, ..area })
}
