//! The log of one container: followed or of the run before, searched, bounded, with every gap named.

mod pane;
mod ring;
mod run;
mod scroll;
mod search;
mod tone;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use self::ring::{Entry, Ring};
use self::run::Watched;
use self::scroll::{Layout, Place};
use self::search::{Search, Step};
use crate::config::keymap::{Command, Mode};
use crate::console::command_line::editor::Editor;
use crate::console::screen::{Context, Effect, Screen};
use crate::situation::object::Pod;
use crate::situation::{Kind, Text, clean};
use crate::watch::{LogPiece, LogQuery};

/// How many lines a log begins with.
const TAIL: u32 = 1_000;
/// Columns of a time stamp and the blank behind it.
const STAMP: usize = 13;
/// How far the text is shifted at a time while long lines are not wrapped.
const SHIFT: usize = 16;

/// How the reading goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reading {
    /// Asked for; nothing has come yet.
    Asked,
    /// Lines come.
    Coming,
    /// Interrupted, and tried again; why.
    Interrupted(Text),
    /// There is no more; empty, or why.
    Ended(Text),
}

/// What of the log is in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    /// The end, whatever comes.
    End,
    /// From this row on; the number that the next entry had when the view was taken from the end.
    At(Place, u64),
}

/// The log of one container of a pod.
#[derive(Debug)]
pub struct Logs {
    watched: Watched,
    previous: bool,
    ring: Ring,
    /// Lines that came faster than they were taken.
    dropped: usize,
    reading: Reading,
    view: View,
    wrap: bool,
    stamps: bool,
    /// Columns that are shifted out at the left while nothing is wrapped.
    shift: usize,
    search: Search,
    editor: Editor,
    typing: bool,
    area: Rect,
}

impl Logs {
    /// The log of a container; without one, of the container that is worst off. `previous`: of the run before.
    pub fn open(pod: &Pod, container: Option<&str>, previous: bool) -> Self {
        Self {
            watched: Watched::new(pod, container),
            previous,
            ring: Ring::default(),
            dropped: 0,
            reading: Reading::Asked,
            view: View::End,
            wrap: true,
            stamps: false,
            shift: 0,
            search: Search::default(),
            editor: Editor::default(),
            typing: false,
            area: Rect::ZERO,
        }
    }

    /// The log that tells most: of the run before where that one crashed and the present one has nothing to say yet.
    pub fn telling(pod: &Pod, now: jiff::Timestamp) -> Self {
        let watched = Watched::new(pod, None);
        let previous = watched.crashed_lately(pod, now);
        Self::open(pod, Some(watched.container()), previous)
    }

    fn read(&mut self) -> Effect {
        self.ring = Ring::default();
        self.dropped = 0;
        self.reading = Reading::Asked;
        self.view = View::End;
        self.shift = 0;
        self.search.set(self.editor.text(), &self.ring, 0);
        Effect::Read(LogQuery {
            pod: self.watched.pod().key.clone(),
            container: Text::new(self.watched.container()),
            previous: self.previous,
            follow: !self.previous,
            tail: TAIL,
        })
    }

    fn push(&mut self, entry: Entry) {
        let text = entry.text().to_owned();
        let number = self.ring.push(entry);
        self.search.take(number, &text);
        self.search.forget(self.ring.numbers().start);
    }

    fn mark(&mut self, words: String) {
        self.push(Entry::Mark(words));
    }

    fn layout(&self) -> Layout {
        let inner = pane::inner(self.area);
        let stamp = if self.stamps { STAMP } else { 0 };
        let columns = usize::from(inner.width).saturating_sub(1 + stamp).max(2);
        Layout { columns, height: usize::from(inner.height).saturating_sub(1).max(1), wrap: self.wrap }
    }

    /// The first row in view.
    fn top(&self) -> Place {
        let layout = self.layout();
        match self.view {
            View::End => layout.lowest(&self.ring),
            View::At(place, _) => layout.clamp(&self.ring, place),
        }
    }

    /// How many entries came since the view was taken from the end.
    fn unseen(&self) -> u64 {
        match self.view {
            View::End => 0,
            View::At(_, seen) => self.ring.numbers().end.saturating_sub(seen),
        }
    }

    /// Takes the view to a row; at the end it follows again.
    fn go(&mut self, place: Place) {
        let seen = match self.view {
            View::At(_, seen) => seen,
            View::End => self.ring.numbers().end,
        };
        let lowest = self.layout().lowest(&self.ring);
        self.view = if place >= lowest { View::End } else { View::At(place, seen) };
    }

    fn scroll(&mut self, command: Command) -> bool {
        let (layout, top) = (self.layout(), self.top());
        let page = layout.height.saturating_sub(1).max(1);
        let to = match command {
            Command::Up => layout.up(&self.ring, top, 1),
            Command::PageUp => layout.up(&self.ring, top, page),
            Command::Down => layout.down(&self.ring, top, 1),
            Command::PageDown => layout.down(&self.ring, top, page),
            Command::Top => Place { number: self.ring.numbers().start, row: 0 },
            Command::Bottom => layout.lowest(&self.ring),
            _ => return false,
        };
        self.go(to);
        true
    }

    /// Brings an entry into view, with what led to it above.
    fn show(&mut self, number: u64) {
        let layout = self.layout();
        let above = layout.up(&self.ring, Place { number, row: 0 }, layout.height / 2);
        self.go(above);
    }

    fn step(&mut self, down: bool) -> Effect {
        if !self.search.active() {
            return Effect::Say("nothing is searched for yet".to_owned());
        }
        match self.search.step(down, self.top().number) {
            Step::To(number) => {
                self.show(number);
                Effect::None
            }
            Step::Around(number) => {
                self.show(number);
                Effect::Say(format!("the search went on from the {}", if down { "top" } else { "end" }))
            }
            Step::Nowhere => Effect::Say(format!("nothing here matches {:?}", self.editor.text())),
        }
    }

    fn searched(&mut self) {
        let bottom = self.top().number + self.layout().height as u64;
        self.search.set(self.editor.text(), &self.ring, bottom);
        if let Some(number) = self.search.at() {
            self.show(number);
        }
    }

    fn clear_search(&mut self) {
        self.typing = false;
        self.editor.set("");
        self.search.set("", &self.ring, 0);
    }

    fn toggle_follow(&mut self) -> Effect {
        self.view = match self.view {
            View::End => View::At(self.top(), self.ring.numbers().end),
            View::At(..) => View::End,
        };
        Effect::None
    }

    fn toggle_previous(&mut self, cx: &Context<'_>) -> Effect {
        if !self.previous && self.watched.never_ended(cx.situation) {
            return Effect::Say(format!("{} has not ended yet: there is no run before", self.watched.container()));
        }
        self.previous = !self.previous;
        self.read()
    }

    fn next_container(&mut self) -> Effect {
        if !self.watched.next() {
            return Effect::Say(format!("{} is the only container", self.watched.container()));
        }
        self.read()
    }

    /// The lines in view, to copy them.
    fn in_view(&self) -> String {
        let (layout, top) = (self.layout(), self.top());
        let bottom = layout.down(&self.ring, top, layout.height.saturating_sub(1));
        let last = if bottom == top { self.ring.numbers().end } else { bottom.number + layout.height as u64 };
        let numbers = top.number..last.min(top.number + layout.height as u64);
        let lines = numbers.filter_map(|n| Some(self.ring.get(n)?.text().to_owned()));
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Screen for Logs {
    fn title(&self) -> String {
        format!("Logs {}", self.watched.pod().key)
    }

    fn mode(&self) -> Mode {
        Mode::Logs
    }

    fn hints(&self) -> &'static [Command] {
        &[
            Command::Search,
            Command::NextMatch,
            Command::Follow,
            Command::Previous,
            Command::NextContainer,
            Command::Wrap,
            Command::Timestamps,
            Command::Copy,
        ]
    }

    fn typing(&self) -> bool {
        self.typing
    }

    fn input(&mut self, key: KeyEvent, _cx: &Context<'_>) -> Effect {
        match key.code {
            KeyCode::Esc => self.clear_search(),
            KeyCode::Enter => self.typing = false,
            _ if self.editor.key(key) => self.searched(),
            _ => {}
        }
        Effect::None
    }

    fn paste(&mut self, text: &str, _cx: &Context<'_>) -> Effect {
        self.editor.insert(&clean(text));
        self.searched();
        Effect::None
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        if self.scroll(command) {
            return Effect::None;
        }
        match command {
            Command::Left if !self.wrap => self.shift = self.shift.saturating_sub(SHIFT),
            Command::Right if !self.wrap => self.shift += SHIFT,
            Command::Wrap => {
                self.wrap = !self.wrap;
                self.shift = 0;
            }
            Command::Timestamps => self.stamps = !self.stamps,
            Command::Search => self.typing = true,
            Command::Back | Command::ClearFilter if self.search.active() => self.clear_search(),
            Command::NextMatch => return self.step(true),
            Command::PreviousMatch => return self.step(false),
            Command::Follow => return self.toggle_follow(),
            Command::Previous => return self.toggle_previous(cx),
            Command::NextContainer => return self.next_container(),
            Command::Copy => return Effect::Copy(self.in_view()),
            Command::Logs => {}
            Command::Open => {
                return super::open::push_subject(&self.watched.pod().clone().into(), cx);
            }
            Command::Events => {
                return Effect::Push(Box::new(super::Events::about(self.watched.pod().clone())));
            }
            _ => return Effect::Ignored,
        }
        Effect::None
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        for words in self.watched.look(cx.situation, self.previous) {
            self.mark(words);
        }
    }

    fn opened(&mut self, _cx: &Context<'_>) -> Effect {
        self.read()
    }

    fn log(&mut self, piece: LogPiece) {
        match piece {
            LogPiece::Lines(lines) => {
                self.reading = Reading::Coming;
                for line in lines {
                    self.push(Entry::Line(line));
                }
            }
            LogPiece::Dropped(count) => {
                self.dropped += count;
                self.mark(format!("{count} lines came too fast and were dropped here"));
            }
            LogPiece::Interrupted(why) => self.reading = Reading::Interrupted(why),
            LogPiece::End(why) => self.reading = Reading::Ended(why),
        }
    }

    fn resize(&mut self, area: Rect) {
        self.area = area;
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        pane::draw(self, area, buf, cx);
    }
}

/// The kind of what a log belongs to.
const POD: Kind = Kind::Pod;

#[cfg(test)]
mod tests;
