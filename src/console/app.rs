//! The console's state, without any input or output: keys and observations in, frames and requests out.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::chronicle::Chronicle;
use super::command_line::{CommandLine, Outcome};
use super::desk::Order;
use super::errand::Errand;
use super::known::Known;
use super::orders::{Hand, Place};
use super::screen::{Effect, Screen};
use super::{frame, views};
use crate::action::Arming;
use crate::config::Profile;
use crate::config::keymap::{Command, Keymap};
use crate::config::theme::Theme;
use crate::incident::Entry;
use crate::runbook::Library;
use crate::situation::Observation;
use crate::watch::{LogPiece, LogQuery};

/// How deep screens may lie on each other; the lowest but one goes when one more is opened.
const DEPTH: usize = 32;
/// How long something said stays on the status line.
const SAID: SignedDuration = SignedDuration::from_secs(6);

/// What only the loop can do.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// End the program.
    Quit,
    /// Read a log for the screen of this id.
    Read(u64, LogQuery),
    /// The screen of this id is gone: end what is read for it.
    Closed(u64),
    /// Copy to the clipboard.
    Copy(String),
    /// Draw the whole screen anew.
    Redraw,
    /// Give the terminal to the shell until continued.
    Suspend,
}

/// A screen on the stack.
#[derive(Debug)]
pub struct Layer {
    /// Tells it apart from others for as long as the program runs.
    pub id: u64,
    /// The screen.
    pub screen: Box<dyn Screen>,
    /// Which place of the desk it shows.
    pub place: Option<Place>,
}

/// The console's state.
#[derive(Debug)]
pub struct App {
    /// Everything screens look at.
    pub known: Known,
    /// A few words for the badge of a drill.
    pub banner: Option<String>,
    /// What is wrong with the console itself, until the program ends.
    pub faults: Vec<String>,
    /// The switch that the executor looks at.
    pub(super) arming: Arming,
    pub(super) hand: Hand,
    pub(super) chronicle: Chronicle,
    root: Layer,
    above: Vec<Layer>,
    ids: u64,
    line: Option<CommandLine>,
    said: Option<(String, Timestamp)>,
    area: Rect,
    requests: Vec<Request>,
}

impl App {
    /// The console with its dashboard.
    pub fn new(profile: Arc<Profile>, theme: Theme, keymap: Keymap, banner: Option<String>) -> Self {
        let root = Layer { id: 0, screen: Box::new(views::Dashboard::new()), place: None };
        Self {
            known: Known::new(profile, theme, keymap),
            banner,
            faults: Vec::new(),
            arming: Arming::new(None),
            hand: Hand::default(),
            chronicle: Chronicle::default(),
            root,
            above: Vec::new(),
            ids: 0,
            line: None,
            said: None,
            area: Rect::ZERO,
            requests: Vec::new(),
        }
    }

    /// Gives it runbooks and the switch. Without them it has no trees and changes nothing.
    pub fn equip(&mut self, library: Library, arming: Arming, forbidden: Option<String>) {
        for problem in &library.problems {
            self.fault(problem.to_string());
        }
        self.known.desk.library = Arc::new(library);
        self.known.desk.forbidden = forbidden;
        self.arming = arming;
    }

    /// The program ends: nothing may be changed any more.
    pub fn leave(&mut self) {
        self.arming.disarm();
        self.hand.ask(Errand::Write(Box::new(Entry::Left)));
    }

    /// The screen on top.
    pub fn top(&self) -> &dyn Screen {
        &*self.above.last().unwrap_or(&self.root).screen
    }

    /// The titles of the screens above the dashboard, lowest first.
    pub fn path(&self) -> impl Iterator<Item = String> {
        self.above.iter().map(|layer| layer.screen.title())
    }

    /// What was asked of the loop since the last call.
    pub fn requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
    }

    /// What was said last, while it is worth reading.
    pub fn said(&self) -> Option<&str> {
        let (text, at) = self.said.as_ref()?;
        (self.known.situation.wall.duration_since(*at) < SAID).then_some(&**text)
    }

    /// The command line, while one is typed.
    pub fn line(&self) -> Option<&CommandLine> {
        self.line.as_ref()
    }

    /// Says something on the status line.
    pub fn say(&mut self, text: impl Into<String>) {
        self.said = Some((text.into(), self.known.situation.wall));
    }

    /// Something is wrong with the console itself; it stays on the screen.
    pub fn fault(&mut self, fault: String) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
            self.uncovered();
        }
    }

    /// Something became known. Returns whether a screen or a detector could see it.
    pub fn apply(&mut self, observation: Observation) -> bool {
        self.known.situation.apply(observation)
    }

    /// The clocks moved.
    pub fn tick(&mut self, cluster: Timestamp, wall: Timestamp) {
        self.known.tick(cluster, wall);
        self.look_at_posture();
    }

    /// Derives everything from the situation anew and lets the screen on top take it in.
    pub fn derive(&mut self) {
        self.known.derive();
        self.watch_identity();
        self.keep_record();
        self.verify();
        self.derive_desk();
        self.refresh();
    }

    /// A frame was written to the terminal at this wall time.
    pub fn drawn(&mut self, wall: Timestamp) {
        // What is not on the screen was read by nobody.
        if !frame::shows_screens(self.area) {
            return;
        }
        let layer = self.above.last_mut().unwrap_or(&mut self.root);
        layer.screen.drawn(wall, &self.known.context());
    }

    /// Whether the screen on top counts tenths of seconds.
    pub fn restless(&self) -> bool {
        self.top().restless(self.known.situation.wall)
    }

    pub(super) fn refresh(&mut self) {
        let layer = self.above.last_mut().unwrap_or(&mut self.root);
        layer.screen.refresh(&self.known.context());
    }

    /// A piece of a log came for the screen of this id. Returns whether that screen still is there.
    pub fn log(&mut self, id: u64, piece: LogPiece) -> bool {
        let layer = self.above.iter_mut().find(|layer| layer.id == id);
        layer.map(|layer| layer.screen.log(piece)).is_some()
    }

    /// A key. Only presses count: some terminals report releases and repeats too.
    pub fn key(&mut self, key: KeyEvent) {
        if key.kind != KeyEventKind::Press {
            return self.repeated(key);
        }
        match (key.code, key.modifiers) {
            (KeyCode::Char('c'), KeyModifiers::CONTROL) => return self.requests.push(Request::Quit),
            (KeyCode::Char('z'), KeyModifiers::CONTROL) => return self.requests.push(Request::Suspend),
            _ => {}
        }
        if let Some(line) = &mut self.line {
            let outcome = line.key(key, &self.known.context());
            return self.finish_line(outcome);
        }
        let layer = self.above.last_mut().unwrap_or(&mut self.root);
        if layer.screen.typing() {
            let effect = layer.screen.input(key, &self.known.context());
            return self.carry_out(effect);
        }
        if let Some(command) = self.known.keymap.command(layer.screen.mode(), &key) {
            self.said = None;
            self.command(command);
        }
    }

    /// A key that is held down, where a terminal tells. It matters only where something is about to be confirmed.
    fn repeated(&mut self, key: KeyEvent) {
        let layer = self.above.last_mut().unwrap_or(&mut self.root);
        if key.kind == KeyEventKind::Repeat && self.line.is_none() && layer.screen.typing() {
            let effect = layer.screen.repeated(key, &self.known.context());
            self.carry_out(effect);
        }
    }

    /// Pasted text. It goes only where text is typed.
    pub fn paste(&mut self, text: &str) {
        if let Some(line) = &mut self.line {
            line.paste(text, &self.known.context());
            return;
        }
        let layer = self.above.last_mut().unwrap_or(&mut self.root);
        if layer.screen.typing() {
            let effect = layer.screen.paste(text, &self.known.context());
            self.carry_out(effect);
        }
    }

    fn finish_line(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Typing => {}
            Outcome::Cancelled => self.line = None,
            // Whoever names the list wants the list, whatever is selected.
            Outcome::Run(Command::Trees) => {
                self.line = None;
                self.push(Box::new(views::Trees::new()));
            }
            Outcome::Run(command) => {
                self.line = None;
                self.command(command);
            }
            Outcome::Open(screen) => {
                self.line = None;
                self.push(screen);
            }
            Outcome::Problems => {
                self.line = None;
                self.push(Box::new(views::Problems::new(&self.faults)));
            }
            Outcome::Refused(why) => {
                self.line = None;
                self.say(why);
            }
        }
    }

    /// A command: the screen's if it knows it, else everybody's.
    pub fn command(&mut self, command: Command) {
        let layer = self.above.last_mut().unwrap_or(&mut self.root);
        match layer.screen.act(command, &self.known.context()) {
            Effect::Ignored => self.global(command),
            effect => self.carry_out(effect),
        }
    }

    fn global(&mut self, command: Command) {
        match command {
            Command::Quit if self.sending() => {
                self.say("an execution is under way: let it end, or stop it; ctrl-c leaves at once");
            }
            Command::Quit => self.requests.push(Request::Quit),
            Command::Redraw => self.requests.push(Request::Redraw),
            Command::Back => self.pop(),
            Command::CommandLine => self.line = Some(CommandLine::new(&self.known.context())),
            Command::Arm => self.order(Order::ToggleArming),
            Command::Dashboard => self.home(),
            Command::Findings => {
                self.home();
                self.command(Command::Findings);
            }
            Command::Help => {
                let mode = self.top().mode();
                self.push(Box::new(views::Help::new(mode)));
            }
            other => {
                let title = self.top().title();
                if let Some(screen) = views::by_command(other, &self.known.context())
                    && screen.title() != title
                {
                    self.push(screen);
                }
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::None | Effect::Ignored => {}
            Effect::Push(screen) => self.push(screen),
            Effect::Pop => self.pop(),
            Effect::Read(query) => {
                let id = self.above.last().unwrap_or(&self.root).id;
                self.requests.push(Request::Read(id, query));
            }
            Effect::Copy(text) => {
                self.say("copied to the terminal's clipboard");
                self.requests.push(Request::Copy(text));
            }
            Effect::Order(order) => self.order(order),
            Effect::Say(text) => self.say(text),
            Effect::Quit => self.requests.push(Request::Quit),
        }
    }

    /// Opens a screen above the others.
    #[cfg(test)]
    pub fn open(&mut self, screen: Box<dyn Screen>) {
        self.push(screen);
    }

    fn push(&mut self, screen: Box<dyn Screen>) {
        self.push_at(screen, None);
    }

    pub(super) fn push_at(&mut self, mut screen: Box<dyn Screen>, place: Option<Place>) {
        if self.above.len() >= DEPTH {
            let lowest = self.above.remove(0);
            self.requests.push(Request::Closed(lowest.id));
        }
        if screen.ranks() {
            self.rank_trees();
        }
        self.ids += 1;
        screen.resize(self.body());
        screen.refresh(&self.known.context());
        let effect = screen.opened(&self.known.context());
        self.above.push(Layer { id: self.ids, screen, place });
        self.carry_out(effect);
    }

    /// Where on the stack a place of the desk is shown.
    pub(super) fn layer_of(&self, place: Place) -> Option<usize> {
        self.above.iter().position(|layer| layer.place == Some(place))
    }

    /// Takes everything above a screen of the stack away.
    pub(super) fn uncover(&mut self, at: usize) {
        let closed: Vec<_> = self.above.drain(at + 1..).map(|layer| Request::Closed(layer.id)).collect();
        self.requests.extend(closed);
        self.uncovered();
    }

    /// Takes a screen off the stack, wherever it lies.
    pub(super) fn remove(&mut self, at: usize) {
        let layer = self.above.remove(at);
        self.requests.push(Request::Closed(layer.id));
        self.uncovered();
    }

    fn pop(&mut self) {
        if let Some(layer) = self.above.pop() {
            self.requests.push(Request::Closed(layer.id));
            self.uncovered();
        }
    }

    fn home(&mut self) {
        if self.above.is_empty() {
            return;
        }
        let closed: Vec<_> = self.above.drain(..).map(|layer| Request::Closed(layer.id)).collect();
        self.requests.extend(closed);
        self.uncovered();
    }

    fn uncovered(&mut self) {
        let body = self.body();
        self.above.last_mut().unwrap_or(&mut self.root).screen.resize(body);
        self.refresh();
    }

    fn body(&self) -> Rect {
        frame::body(self.area, !self.faults.is_empty())
    }

    /// Draws the whole screen; where the cursor is, if one is shown.
    pub fn draw(&mut self, buf: &mut Buffer) -> Option<Position> {
        if buf.area != self.area {
            self.area = buf.area;
            self.uncovered();
        }
        frame::draw(self, buf)
    }
}
