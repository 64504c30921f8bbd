//! The gate of a plan on the screen: which key confirms it, and from when on.
//!
//! A key counts only when the plan was wholly shown for a while, and only when nothing like it came just before: a key
//! that is held, or was meant for the screen before, has a predecessor, and a person who has read the plan has not.
//! A key that is the first of its kind therefore counts at once, and what repeats it afterwards meets a closed gate.

#[cfg(test)]
mod tests;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::{SignedDuration, Timestamp};

use super::confirm::Confirmed;
use super::{Class, Plan};
use crate::situation::time::since;

/// A plan that has been looked at for longer than this rests on old facts (G11).
pub const GROWS_OLD: SignedDuration = SignedDuration::from_secs(60);
/// From when on a key counts, after the whole plan was written.
const DWELL: SignedDuration = SignedDuration::from_millis(500);
/// The same for what affects capacity or cannot be undone.
const LONG_DWELL: SignedDuration = SignedDuration::from_secs(1);
/// A confirmation key counts if none came for this long before it.
const QUIET: SignedDuration = SignedDuration::from_millis(300);
/// So many characters within [`BURST`] were not typed.
const PASTE: u32 = 6;
/// See [`PASTE`].
const BURST: SignedDuration = SignedDuration::from_millis(30);

/// What a key did.
#[derive(Debug)]
pub enum Pressed {
    /// Not a key of the gate.
    Ignored,
    /// It came too early; how long is left.
    Early(SignedDuration),
    /// A character of the name was taken.
    Typed,
    /// The plan must be closed; why (key repeat, a paste).
    Close(&'static str),
    /// The plan has been on the table for too long: make it anew.
    Stale,
    /// It is confirmed.
    Confirmed(Box<Confirmed>),
}

/// Watches over one plan on one screen. All times are wall time.
#[derive(Debug, Clone)]
pub struct Gate {
    class: Class,
    digest: String,
    name: String,
    typed: String,
    /// When the plan was first on the screen.
    first: Option<Timestamp>,
    /// Since when the whole plan has been on the screen.
    since: Option<Timestamp>,
    /// When a confirmation key came last.
    last: Option<Timestamp>,
    /// When the present run of characters began, and how many they are.
    run: Option<(Timestamp, u32)>,
    /// When the last character came.
    character: Option<Timestamp>,
    /// It has let a plan through or was told to close; nothing passes any more.
    shut: bool,
}

impl Gate {
    /// A gate for this plan; it waits until the plan was shown.
    pub fn new(plan: &Plan) -> Self {
        Self {
            class: plan.class,
            digest: plan.digest(),
            name: plan.action.target().key.name.to_string(),
            typed: String::new(),
            first: None,
            since: None,
            last: None,
            run: None,
            character: None,
            shut: false,
        }
    }

    /// A frame with the plan was written; `whole`: it fits, or its end has been on the screen.
    pub fn shown(&mut self, whole: bool, at: Timestamp) {
        self.first.get_or_insert(at);
        if whole {
            self.since.get_or_insert(at);
        }
    }

    /// The plan, the size of the screen or the posture changed: the wait begins anew with the next frame.
    pub fn disturbed(&mut self) {
        self.since = None;
    }

    /// Something was pasted: it may hold anything, so the plan is closed.
    pub fn pasted(&mut self) -> Pressed {
        self.close("something was pasted")
    }

    /// How long until a key counts; `None`: it counts now. A plan that was not wholly shown counts as never.
    pub fn wait(&self, at: Timestamp) -> Option<SignedDuration> {
        let Some(since) = self.since else { return Some(SignedDuration::MAX) };
        // A clock that was set back lengthens the wait, which is the safe side.
        let left = self.dwell() - at.duration_since(since);
        (left.is_positive() && self.class != Class::R0).then_some(left)
    }

    /// What was typed of the name (R3).
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// A key.
    pub fn key(&mut self, key: &KeyEvent, at: Timestamp, plan: &Plan) -> Pressed {
        let Some(meant) = self.meaning(key) else { return Pressed::Ignored };
        if self.shut {
            return Pressed::Ignored;
        }
        if key.kind == KeyEventKind::Repeat && meant != Meant::Erase {
            return self.close("a key was held down");
        }
        if self.burst(meant, at) {
            return self.close("something was pasted");
        }
        let before = if meant == Meant::Confirm { self.last.replace(at) } else { None };
        if let Some(left) = self.wait(at) {
            return Pressed::Early(left);
        }
        match meant {
            Meant::Character(c) => self.typed.push(c),
            Meant::Erase => _ = self.typed.pop(),
            Meant::Confirm => return self.confirm(before, at, plan),
        }
        Pressed::Typed
    }

    fn confirm(&mut self, before: Option<Timestamp>, at: Timestamp, plan: &Plan) -> Pressed {
        if before.is_some_and(|before| at.duration_since(before) < QUIET) {
            return self.close("a key was held down");
        }
        if self.character.is_some_and(|character| at.duration_since(character) < BURST) {
            return self.close("something was pasted");
        }
        if self.first.is_none_or(|first| since(first, at) > GROWS_OLD) {
            return Pressed::Stale;
        }
        // The gate was made for one plan; another needs its own.
        if plan.digest() != self.digest || (self.class == Class::R3 && self.typed != self.name) {
            return Pressed::Ignored;
        }
        match Confirmed::by_key(plan.clone(), self.word()) {
            Ok(confirmed) => {
                self.shut = true;
                Pressed::Confirmed(Box::new(confirmed))
            }
            Err(_) => Pressed::Ignored,
        }
    }

    /// What a key means here; `None`: nothing.
    fn meaning(&self, key: &KeyEvent) -> Option<Meant> {
        let plain = key.modifiers.difference(KeyModifiers::SHIFT).is_empty();
        if !plain || key.kind == KeyEventKind::Release {
            return None;
        }
        match (self.class, key.code) {
            (Class::R0 | Class::R3, KeyCode::Enter)
            | (Class::R1, KeyCode::Char('y'))
            | (Class::R2, KeyCode::Char('Y')) => Some(Meant::Confirm),
            (Class::R3, KeyCode::Char(c)) => Some(Meant::Character(c)),
            (Class::R3, KeyCode::Backspace) => Some(Meant::Erase),
            _ => None,
        }
    }

    /// Whether characters come faster than anybody types, as from a terminal that cannot say that it pastes.
    fn burst(&mut self, meant: Meant, at: Timestamp) -> bool {
        if !matches!(meant, Meant::Character(_)) {
            return false;
        }
        let run = self.run.filter(|(from, _)| at.duration_since(*from).abs() <= BURST);
        let (from, count) = run.map_or((at, 1), |(from, count)| (from, count + 1));
        self.run = Some((from, count));
        self.character = Some(at);
        count >= PASTE
    }

    fn close(&mut self, why: &'static str) -> Pressed {
        self.shut = true;
        Pressed::Close(why)
    }

    const fn dwell(&self) -> SignedDuration {
        match self.class {
            Class::R0 => SignedDuration::ZERO,
            Class::R1 => DWELL,
            Class::R2 | Class::R3 => LONG_DWELL,
        }
    }

    const fn word(&self) -> &'static str {
        match self.class {
            Class::R0 => "key Enter",
            Class::R1 => "key y",
            Class::R2 => "key Y",
            Class::R3 => "its name",
        }
    }
}

/// What a key means at a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meant {
    Confirm,
    Character(char),
    Erase,
}
