//! A console without a terminal: keys in, screens out.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::fixtures::{NOW, at};
use crate::action::Standing;
use crate::config::Profile;
use crate::config::keymap::Keymap;
use crate::config::theme::Theme;
use crate::console::app::{App, Request};
use crate::console::desk::{Draft, Planning, Running};
use crate::console::errand::Errand;
use crate::console::orders::Place;
use crate::console::screen::Screen;
use crate::console::views::{Plan, Run};
use crate::situation::Observation;
use crate::watch::LogPiece;

/// The sizes every screen is looked at in.
pub const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];

/// A console whose clock stands at [`NOW`].
pub struct Console {
    app: App,
    size: (u16, u16),
    requests: Vec<Request>,
}

impl Console {
    /// A console that has seen `observations`, at 80x24.
    pub fn new(observations: impl IntoIterator<Item = Observation>) -> Self {
        Self::with(Profile::default(), super::theme(), observations)
    }

    /// The same with a profile and a theme.
    pub fn with(profile: Profile, theme: Theme, observations: impl IntoIterator<Item = Observation>) -> Self {
        let app = App::new(Arc::new(profile), theme, Keymap::default(), None);
        let mut console = Self { app, size: SIZES[0], requests: Vec::new() };
        console.app.tick(at(NOW), at(NOW));
        console.see(observations);
        console.screen();
        console
    }

    /// More becomes known.
    pub fn see(&mut self, observations: impl IntoIterator<Item = Observation>) {
        for observation in observations {
            self.app.apply(observation);
        }
        self.app.derive();
    }

    /// Arms it, if it may be.
    ///
    /// # Panics
    /// When it may not.
    pub fn armed(&mut self) -> &mut Self {
        self.app.arming.arm(self.app.known.situation.wall).expect("nothing forbids it");
        self.app.tick(at(NOW), at(NOW));
        self
    }

    /// Puts something on the table and shows it.
    pub fn table(&mut self, action: crate::action::Action, state: Draft) -> &mut Self {
        self.app.known.desk.planning = Some(Planning { action, tree: None, standing: Standing::default(), state });
        self.app.push_at(Box::new(Plan::new()), Some(Place::Plan));
        self
    }

    /// An execution at this stage, shown.
    pub fn running(&mut self, running: Running) -> &mut Self {
        self.app.known.desk.running = Some(running);
        self.app.push_at(Box::new(Run::new()), Some(Place::Run));
        self
    }

    /// A key as the terminal reports one that is held down.
    pub fn held(&mut self, key: char) -> &mut Self {
        let mut key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
        key.kind = KeyEventKind::Repeat;
        self.app.key(key);
        self
    }

    /// What was carried out since the last call, by title.
    pub fn executed(&mut self) -> Vec<String> {
        let executed = |errand| match errand {
            Errand::Execute(confirmed, ..) => Some(confirmed.plan().title.clone()),
            _ => None,
        };
        self.app.errands().into_iter().filter_map(executed).collect()
    }

    /// A frame is written to the terminal at this wall time (`HH:MM:SS.f`).
    pub fn written(&mut self, time: &str) -> &mut Self {
        self.app.tick(at(time), at(time));
        self.screen();
        self.app.drawn(at(time));
        self
    }

    /// The clock moves to `time` (`HH:MM` or `HH:MM:SS`).
    pub fn clock(&mut self, time: &str) {
        self.app.tick(at(time), at(time));
        self.app.derive();
    }

    /// Another size.
    pub fn sized(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.size = (columns, rows);
        self.screen();
        self
    }

    /// Shows the badge of a drill.
    pub fn banner(&mut self, text: &str) {
        self.app.banner = Some(text.to_owned());
    }

    /// Opens a screen above the others.
    pub fn open(&mut self, screen: Box<dyn Screen>) -> &mut Self {
        self.app.open(screen);
        self.requests.extend(self.app.requests());
        self
    }

    /// Types keys: characters stand for themselves, `<enter>`, `<esc>`, `<tab>`, `<s-tab>`, `<up>`, `<down>`,
    /// `<left>`, `<right>`, `<pgup>`, `<pgdn>`, `<home>`, `<end>`, `<bs>`, `<c-x>` for the others.
    ///
    /// # Panics
    /// On a key it does not know.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|r| r.split_once('>'));
            let key = if let Some((name, after)) = named {
                rest = after;
                named_key(name)
            } else {
                rest = &rest[first.len_utf8()..];
                KeyEvent::new(KeyCode::Char(first), KeyModifiers::NONE)
            };
            self.app.key(key);
            self.requests.extend(self.app.requests());
            self.screen();
        }
        self
    }

    /// Pastes text.
    pub fn paste(&mut self, text: &str) -> &mut Self {
        self.app.paste(text);
        self
    }

    /// A piece of a log for the screen that asked for it last.
    ///
    /// # Panics
    /// When none was asked for.
    pub fn log(&mut self, piece: LogPiece) {
        let reading = self.requests.iter().rev().find_map(|r| match r {
            Request::Read(id, _) => Some(*id),
            _ => None,
        });
        self.app.log(reading.expect("a log that was asked for"), piece);
    }

    /// What was asked of the loop so far.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// The frame as it would be drawn now.
    pub fn frame(&mut self) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        self.app.draw(&mut buf);
        buf
    }

    /// The frame as text, rows without trailing blanks.
    pub fn screen(&mut self) -> String {
        text(&self.frame())
    }

    /// The console's own state.
    pub fn app(&mut self) -> &mut App {
        &mut self.app
    }
}

/// A buffer as text. A wide character takes its two columns, so that what stands behind it stays in its column.
pub fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in buf.area.rows().map(|r| r.y) {
        let mut row = String::new();
        let mut x = buf.area.x;
        while x < buf.area.right() {
            let symbol = buf[(x, y)].symbol();
            row.push_str(symbol);
            x += crate::console::widgets::width(symbol).max(1) as u16;
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

fn named_key(name: &str) -> KeyEvent {
    let (modifiers, name) = match name.split_once('-') {
        Some(("c", rest)) => (KeyModifiers::CONTROL, rest),
        Some(("s", rest)) => (KeyModifiers::SHIFT, rest),
        Some(("a", rest)) => (KeyModifiers::ALT, rest),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" if modifiers == KeyModifiers::SHIFT => KeyCode::BackTab,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "bs" => KeyCode::Backspace,
        "space" => KeyCode::Char(' '),
        one if one.chars().count() == 1 => KeyCode::Char(one.chars().next().expect("one")),
        other => panic!("no key is called {other}"),
    };
    KeyEvent::new(code, modifiers)
}
