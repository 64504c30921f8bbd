//! The plan on the table: exactly what would be done, to what, with what consequence, and the key that confirms it.
//!
//! It takes every key itself: those that confirm are in no keymap, and go to the gate before anything else.

mod lines;

use crossterm::event::{KeyCode, KeyEvent};
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::requests;
use crate::action::{Class, Gate, Plan as Made, Posture, Pressed};
use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::desk::{Desk, Draft, Order};
use crate::console::page::{Line, Page};
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::{Canvas, Piece};
use crate::situation::time::{age, since};

/// The row at the bottom that says how it is confirmed.
const FOOT: u16 = 1;
/// A wait that is longer has not begun: the end of the plan was not on the screen.
const LONG: SignedDuration = SignedDuration::from_secs(60);

/// The plan on the table.
#[derive(Debug)]
pub struct Plan {
    page: Page<()>,
    gate: Option<Gate>,
    /// The plan that the gate is for.
    digest: String,
    posture: Option<Posture>,
    /// Whether the requests are shown whole.
    requests: bool,
    /// Whether the end of the plan has been on the screen.
    end_seen: bool,
    area: Rect,
}

impl Default for Plan {
    fn default() -> Self {
        Self::new()
    }
}

impl Plan {
    /// A screen that shows what is on the table.
    pub fn new() -> Self {
        Self {
            page: Page::new(),
            gate: None,
            digest: String::new(),
            posture: None,
            requests: false,
            end_seen: false,
            area: Rect::ZERO,
        }
    }

    /// A plan that is not the one of before needs to be read, and its own key.
    fn take_up(&mut self, desk: &Desk) {
        let Some(plan) = desk.plan() else {
            self.gate = None;
            self.digest.clear();
            return;
        };
        let digest = plan.digest();
        if digest != self.digest {
            self.digest = digest;
            self.gate = Some(Gate::new(plan));
            self.end_seen = false;
            self.page = Page::new();
            self.resize(self.area);
        }
        let armed = |p: &Option<Posture>| matches!(p, Some(Posture::Armed(_)));
        if armed(&self.posture) != armed(&desk.posture) {
            self.disturbed();
        }
        self.posture = desk.posture;
    }

    fn disturbed(&mut self) {
        if let Some(gate) = &mut self.gate {
            gate.disturbed();
        }
    }

    /// Why it cannot be confirmed now, if it cannot.
    fn barred(desk: &Desk, plan: &Made) -> Option<String> {
        if let Some(why) = plan.refusal() {
            return Some(format!("cannot be done: {why}"));
        }
        if let Some(why) = &desk.forbidden {
            return Some(format!("nothing can be changed here: {why}"));
        }
        match desk.posture {
            Some(Posture::Armed(_)) => None,
            _ => Some("READ-ONLY: press A to arm, then confirm".to_owned()),
        }
    }

    fn pressed(pressed: Pressed) -> Option<Effect> {
        let say = |words: &str| Some(Effect::Say(words.to_owned()));
        match pressed {
            Pressed::Ignored => None,
            Pressed::Typed => Some(Effect::None),
            Pressed::Early(left) if left > LONG => say("read the plan to its end first: pgdn"),
            Pressed::Early(_) => say("that was too early: the plan has to be read first"),
            Pressed::Stale => Some(Effect::Order(Order::Replan)),
            // The way back says what was closed; nothing was done.
            Pressed::Close(why) => Some(Effect::Order(Order::Close(why))),
            Pressed::Confirmed(confirmed) => Some(Effect::Order(Order::Execute(confirmed))),
        }
    }

    fn press(&mut self, key: KeyEvent, cx: &Context<'_>) -> Option<Effect> {
        let plan = cx.desk.plan()?;
        let gate = self.gate.as_mut()?;
        if let Some(why) = Self::barred(cx.desk, plan) {
            let meant = matches!(key.code, KeyCode::Char('y' | 'Y'));
            return meant.then_some(Effect::Say(why));
        }
        let pressed = gate.key(&key, cx.situation.wall, plan);
        Self::pressed(pressed)
    }

    fn foot(&self, area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>) {
        let Some(plan) = cx.desk.plan() else { return };
        let pieces = match Self::barred(cx.desk, plan) {
            Some(why) => vec![Piece::new(why, Tone::Warning)],
            None => self.invitation(plan, cx),
        };
        canvas.line(Rect { height: 1, ..area }, &pieces);
    }

    /// How it is confirmed, and from when on.
    fn invitation(&self, plan: &Made, cx: &Context<'_>) -> Vec<Piece> {
        let (key, what) = match plan.class {
            Class::R0 => ("enter", "do it"),
            Class::R1 => ("y", "do it now"),
            Class::R2 => ("Y", "do it now"),
            Class::R3 => ("its name, then enter:", ""),
        };
        let wait = self.gate.as_ref().map_or(Some(SignedDuration::MAX), |gate| gate.wait(cx.situation.wall));
        let (when, tone) = match wait {
            None => (String::new(), Tone::Accent),
            Some(left) if left > LONG => ("   (once read to its end: pgdn)".to_owned(), Tone::Dim),
            Some(left) => (format!("   (in {:.1} s)", left.as_secs_f64()), Tone::Dim),
        };
        let typed = self.gate.as_ref().map_or("", Gate::typed);
        let name = if plan.class == Class::R3 {
            format!(" {typed}▏of {}", plan.action.target().key.name)
        } else {
            String::new()
        };
        vec![
            Piece::new(lines::class_words(plan.class), lines::class_tone(plan.class)),
            Piece::new("   ", Tone::Text),
            Piece::new(key, tone),
            Piece::new(format!(" {what}{name}{when}"), if wait.is_none() { Tone::Text } else { Tone::Dim }),
            Piece::new("   esc", Tone::Accent),
            Piece::new(" no", Tone::Text),
        ]
    }

    /// What stands on the table when there is no plan.
    fn waiting(cx: &Context<'_>) -> Vec<Line<()>> {
        let Some(planning) = &cx.desk.planning else {
            return vec![Line::of("there is no plan on the table; esc goes back", Tone::Dim)];
        };
        let name = planning.action.spec().summary;
        match &planning.state {
            Draft::Making(from) => vec![
                Line::of(format!("{name}: {}", planning.action.target()), Tone::Text),
                Line::of(
                    format!("asking the server what it rests on… {}", age(since(*from, cx.situation.wall))),
                    Tone::Dim,
                ),
                Line::of("nothing is changed by that", Tone::Dim),
            ],
            Draft::Refused(why) => {
                let mut lines = vec![
                    Line::of(format!("{name}: {}", planning.action.target()), Tone::Text),
                    Line::blank(),
                    Line::of(format!("there is no plan: {}", why.what), Tone::Bad),
                ];
                if !why.remedy.is_empty() {
                    lines.push(Line::of(why.remedy.clone(), Tone::Text));
                }
                lines
            }
            Draft::Ready(_) | Draft::Changed(..) => Vec::new(),
        }
    }
}

impl Screen for Plan {
    fn title(&self) -> String {
        "Plan".to_owned()
    }

    fn mode(&self) -> Mode {
        Mode::Plan
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::PageDown, Command::Diff, Command::Copy, Command::Arm]
    }

    fn typing(&self) -> bool {
        true
    }

    fn input(&mut self, key: KeyEvent, cx: &Context<'_>) -> Effect {
        if let Some(effect) = self.press(key, cx) {
            return effect;
        }
        match cx.keymap.command(Mode::Plan, &key) {
            Some(command) => self.act(command, cx),
            None => Effect::None,
        }
    }

    fn repeated(&mut self, key: KeyEvent, cx: &Context<'_>) -> Effect {
        let moves = cx.keymap.command(Mode::Plan, &key).is_some_and(|command| self.page.act(command));
        if moves { Effect::None } else { self.press(key, cx).unwrap_or(Effect::None) }
    }

    fn paste(&mut self, _text: &str, _cx: &Context<'_>) -> Effect {
        let pressed = self.gate.as_mut().map_or(Pressed::Close("something was pasted"), Gate::pasted);
        Self::pressed(pressed).unwrap_or(Effect::None)
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        if self.page.act(command) {
            return Effect::None;
        }
        match command {
            Command::Back | Command::Quit => Effect::Order(Order::Decline),
            Command::Arm => Effect::Order(Order::ToggleArming),
            Command::Copy => match cx.desk.plan() {
                Some(plan) => Effect::Copy(plan.command.clone()),
                None => Effect::None,
            },
            Command::Diff => {
                self.requests = !self.requests;
                self.end_seen = false;
                self.disturbed();
                self.refresh(cx);
                Effect::None
            }
            Command::Redraw => Effect::Ignored,
            _ => Effect::None,
        }
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        self.take_up(cx.desk);
        let lines = match cx.desk.plan() {
            None => Self::waiting(cx),
            Some(plan) => {
                let mut lines = Vec::new();
                if let Some(Draft::Changed(_, before)) = cx.desk.planning.as_ref().map(|p| &p.state) {
                    lines.extend(lines::what_changed(before, plan));
                }
                lines.extend(lines::of(plan, cx));
                if self.requests {
                    lines.extend(requests::of(plan));
                }
                lines
            }
        };
        self.page.set(lines);
    }

    fn restless(&self, wall: Timestamp) -> bool {
        let left = self.gate.as_ref().and_then(|gate| gate.wait(wall));
        left.is_some_and(|left| left <= LONG)
    }

    fn drawn(&mut self, wall: Timestamp, cx: &Context<'_>) {
        self.end_seen |= self.page.at_end();
        let barred = cx.desk.plan().is_none_or(|plan| Self::barred(cx.desk, plan).is_some());
        if let Some(gate) = &mut self.gate {
            gate.shown(self.end_seen && !barred, wall);
        }
    }

    fn resize(&mut self, area: Rect) {
        self.area = area;
        self.end_seen = false;
        self.disturbed();
        self.page.resize(area.width.saturating_sub(4), area.height.saturating_sub(2 + FOOT));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let title = cx.desk.plan().map_or_else(|| "Plan".to_owned(), |plan| plan.title.clone());
        let inner = canvas.pane_noted(area, &title, &self.page.position(), true);
        let foot = FOOT.min(inner.height);
        self.page.draw(Rect { height: inner.height - foot, ..inner }, canvas);
        self.foot(Rect { y: inner.bottom() - foot, height: foot, ..inner }, canvas, cx);
    }
}
