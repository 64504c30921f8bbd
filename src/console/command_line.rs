//! The command line: one line typed, completed against what there is.

mod complete;
pub mod editor;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Position, Rect};

use super::screen::{Context, Screen};
use super::widgets::{Canvas, width};
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::views;
use complete::{Suggestion, Target};
use editor::Editor;

/// How many suggestions are shown above the line.
const SHOWN: usize = 8;

/// What comes of a key.
#[derive(Debug)]
pub enum Outcome {
    /// The line goes on.
    Typing,
    /// Nothing is to be done.
    Cancelled,
    /// A command.
    Run(Command),
    /// A screen.
    Open(Box<dyn Screen>),
    /// The list of the console's own problems.
    Problems,
    /// It could not be understood or done; why.
    Refused(String),
}

/// A line that is being typed, with what it could become.
#[derive(Debug)]
pub struct CommandLine {
    editor: Editor,
    suggestions: Vec<Suggestion>,
    chosen: Option<usize>,
}

impl CommandLine {
    /// An empty line.
    pub fn new(cx: &Context<'_>) -> Self {
        let mut line = Self { editor: Editor::default(), suggestions: Vec::new(), chosen: None };
        line.suggest(cx);
        line
    }

    /// Text that was pasted; only its first line counts.
    pub fn paste(&mut self, text: &str, cx: &Context<'_>) {
        let first = text.lines().next().unwrap_or_default();
        self.editor.insert(&crate::situation::clean(first));
        self.suggest(cx);
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent, cx: &Context<'_>) -> Outcome {
        match (key.code, key.modifiers) {
            (KeyCode::Esc, _) | (KeyCode::Char('g'), KeyModifiers::CONTROL) => return Outcome::Cancelled,
            (KeyCode::Backspace, KeyModifiers::NONE) if self.editor.text().is_empty() => return Outcome::Cancelled,
            (KeyCode::Enter, _) => return self.run(cx),
            (KeyCode::Tab | KeyCode::Down, _) => self.choose(1),
            (KeyCode::BackTab | KeyCode::Up, _) => self.choose(-1),
            _ => {
                if self.editor.key(key) {
                    self.suggest(cx);
                }
            }
        }
        Outcome::Typing
    }

    fn suggest(&mut self, cx: &Context<'_>) {
        self.suggestions = complete::suggest(self.editor.text(), cx);
        self.chosen = None;
    }

    /// Takes the next suggestion into the line; typing on begins from it.
    fn choose(&mut self, step: isize) {
        let count = self.suggestions.len().min(SHOWN);
        if count == 0 {
            return;
        }
        let next = match (self.chosen, step) {
            (None, s) if s < 0 => count - 1,
            (None, _) => 0,
            (Some(at), s) => (at as isize + s).rem_euclid(count as isize) as usize,
        };
        self.chosen = Some(next);
        if let Some(suggestion) = self.suggestions.get(next) {
            self.editor.set(&suggestion.text);
        }
    }

    fn run(&self, cx: &Context<'_>) -> Outcome {
        let text = self.editor.text().trim();
        if text.is_empty() {
            return Outcome::Cancelled;
        }
        let exact = self.suggestions.iter().find(|s| s.text.trim_end() == text);
        let chosen = self.chosen.and_then(|at| self.suggestions.get(at));
        // The likeliest one stands for what was begun: `:po` and Enter opens the pods.
        let Some(suggestion) = chosen.or(exact).or_else(|| self.suggestions.first()) else {
            return Outcome::Refused(format!("`{text}` is no command and no name that is known; ? lists the commands"));
        };
        match &suggestion.target {
            Target::Command(command) => Outcome::Run(*command),
            Target::Problems => Outcome::Problems,
            #[cfg(debug_assertions)]
            Target::Panic => panic!("asked for on the command line"),
            Target::Verb => Outcome::Refused(format!("`{text}` needs a name; tab shows what there is")),
            Target::Finding(id) => Outcome::Open(Box::new(views::Finding::open(id, &[]))),
            Target::Object(subject) => opened(views::by_subject(subject, cx), text),
            Target::Logs(pod) => opened(views::logs_of(pod, cx), text),
        }
    }
}

fn opened(screen: Option<Box<dyn Screen>>, text: &str) -> Outcome {
    screen.map_or_else(|| Outcome::Refused(format!("{text}: there is no such object any more")), Outcome::Open)
}

/// Draws the line into `area` and the suggestions above it; where the cursor is.
pub fn draw(line: &CommandLine, canvas: &mut Canvas<'_>, area: Rect) -> Position {
    let count = line.suggestions.len().min(SHOWN) as u16;
    if count > 0 {
        let columns = line.suggestions.iter().take(SHOWN).map(|s| width(&s.text) + width(&s.note) + 6).max();
        let columns = (columns.unwrap_or(0).max(30) as u16).min(area.width);
        let pane = Rect { x: area.x, y: area.y - count - 2, width: columns, height: count + 2 };
        canvas.fill(pane, Tone::Text);
        let more = line.suggestions.len() - usize::from(count);
        let note = if more > 0 { format!("{more} more") } else { String::new() };
        let inner = canvas.pane_noted(pane, "Command", &note, true);
        for (y, (index, suggestion)) in (inner.y..).zip(line.suggestions.iter().take(SHOWN).enumerate()) {
            let x = canvas.text(inner.x, y, inner.width, &suggestion.text, Tone::Text);
            let room = inner.right().saturating_sub(x + 2);
            canvas.right(inner.right(), y, room, &suggestion.note, Tone::Dim);
            if line.chosen == Some(index) {
                canvas.select(Rect { x: pane.x + 1, y, width: pane.width - 2, height: 1 });
            }
        }
    }
    canvas.fill(area, Tone::Text);
    let x = canvas.text(area.x, area.y, 2, ":", Tone::Accent);
    let (before, after) = line.editor.around(usize::from(area.width.saturating_sub(4)));
    let cursor = canvas.text(x, area.y, area.width - 2, before, Tone::Text);
    canvas.text(cursor, area.y, area.right().saturating_sub(cursor), after, Tone::Text);
    Position { x: cursor.min(area.right() - 1), y: area.y }
}
