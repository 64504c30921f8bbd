//! What a screen is: state of its own, changed by commands, drawn from what is known.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::desk::{Desk, Order};
use crate::config::Profile;
use crate::config::keymap::{Command, Keymap, Mode};
use crate::config::theme::Theme;
use crate::detect::Assessment;
use crate::situation::{Change, Situation};
use crate::watch::{LogPiece, LogQuery};

/// Everything a screen may look at while it handles a command or draws. Only borrowed: no I/O, no locks, no clocks.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Everything known.
    pub situation: &'a Situation,
    /// What was derived from it.
    pub assessment: &'a Assessment,
    /// What changed, newest first.
    pub changes: &'a [Change],
    /// The deployment.
    pub profile: &'a Profile,
    /// Colours and glyphs.
    pub theme: &'a Theme,
    /// Keys, for hints and help.
    pub keymap: &'a Keymap,
    /// What the operator works on: trees, the plan, the execution, the incident.
    pub desk: &'a Desk,
    /// Cluster time of this frame.
    pub now: Timestamp,
}

/// What should happen after a command. Only the loop carries it out.
#[derive(Debug)]
pub enum Effect {
    /// Nothing beyond a new frame.
    None,
    /// The screen does not know the command; the loop tries its own.
    Ignored,
    /// Open a screen above this one.
    Push(Box<dyn Screen>),
    /// Go back to the screen below.
    Pop,
    /// Read a log for the topmost screen; ends the one it read before.
    Read(LogQuery),
    /// Copy to the terminal's clipboard (OSC 52).
    Copy(String),
    /// Something for the desk: a tree, a plan, an execution.
    Order(Order),
    /// Say something on the status line.
    Say(String),
    /// End the program.
    Quit,
}

/// A screen. `act`, `input` and `refresh` change its state; `draw` is a pure function of it.
pub trait Screen: std::fmt::Debug {
    /// What it is called, for the top line: `Pods`, `Pod shop/api-…`.
    fn title(&self) -> String;

    /// Which part of the keymap holds.
    fn mode(&self) -> Mode;

    /// The commands worth a hint on the bottom line, most useful first.
    fn hints(&self) -> &'static [Command];

    /// Whether typed characters go to [`Screen::input`] (a filter is being typed) instead of through the keymap.
    fn typing(&self) -> bool {
        false
    }

    /// A key while [`Screen::typing`].
    fn input(&mut self, _key: crossterm::event::KeyEvent, _cx: &Context<'_>) -> Effect {
        Effect::None
    }

    /// A command.
    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect;

    /// The situation changed or the screen was opened: sort, filter and repair the selection here, never in `draw`.
    fn refresh(&mut self, cx: &Context<'_>);

    /// The screen was just put on the stack and has been refreshed once: the place to ask for a log.
    fn opened(&mut self, _cx: &Context<'_>) -> Effect {
        Effect::None
    }

    /// Text that was pasted while [`Screen::typing`]; it may hold line ends. Ignored unless the screen takes it.
    fn paste(&mut self, _text: &str, _cx: &Context<'_>) -> Effect {
        Effect::None
    }

    /// A piece of the log it asked for.
    fn log(&mut self, _piece: LogPiece) {}

    /// A key that the terminal reports as repeated, while [`Screen::typing`].
    fn repeated(&mut self, _key: crossterm::event::KeyEvent, _cx: &Context<'_>) -> Effect {
        Effect::None
    }

    /// A frame with this screen on top was written to the terminal, at this wall time.
    fn drawn(&mut self, _wall: Timestamp, _cx: &Context<'_>) {}

    /// Whether it shows which trees are likely: they are ranked only for such a screen, since every runbook looks at every pod.
    fn ranks(&self) -> bool {
        false
    }

    /// Whether it counts tenths of seconds, so that it has to be drawn more often than the clock ticks.
    fn restless(&self, _wall: Timestamp) -> bool {
        false
    }

    /// The area changed; called before `draw` when it did, so that paging knows its height.
    fn resize(&mut self, _area: Rect) {}

    /// Draws the screen into `area` (the whole screen less top line and bottom line).
    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>);
}
