//! A container as its kubelet knows it.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::drill::world::json::{bytes, text};
use crate::drill::world::program::{Course, Programs, Trade};

/// What a container is to its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It has to end well before the next begins.
    Init,
    /// It begins before the others and runs beside them.
    Sidecar,
    /// What the pod is for.
    Main,
}

/// A container as its kubelet knows it.
#[derive(Debug, Clone)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// What it is to its pod.
    pub part: Part,
    /// What it does for a living.
    pub trade: Trade,
    /// How it goes on.
    pub course: Course,
    /// Its memory limit in bytes; zero for none.
    pub limit: u64,
    /// Where it is in its life.
    pub state: State,
    /// How the run before ended.
    pub last: Option<End>,
    /// When the present run will end by itself.
    pub ends: Option<Timestamp>,
    /// How often it was started again.
    pub restarts: u32,
    /// How long it waits before it is started again.
    pub back_off: SignedDuration,
    /// How long it waits before its image is pulled again.
    pub pull_back_off: SignedDuration,
    /// Whether it is ready.
    pub ready: bool,
    /// It has ended and will not be started again.
    pub over: bool,
    /// The runtime's id of its present or last run; empty before the first.
    pub id: String,
    /// Grows with every turn in its life; what was planned in an earlier one is void.
    pub turn: u64,
}

/// Where a container is in its life.
#[derive(Debug, Clone)]
pub enum State {
    /// It does not run; why, in a word and a sentence.
    Waiting(&'static str, String),
    /// It runs since.
    Running(Timestamp),
    /// It has ended.
    Ended(End),
}

/// How a container ended.
#[derive(Debug, Clone)]
pub struct End {
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// Its exit code.
    pub code: i64,
    /// The runtime's word for it.
    pub reason: &'static str,
    /// How it had gone on.
    pub course: Course,
    /// The runtime's id of the run.
    pub id: String,
}

impl Container {
    /// One that has not begun, and waits, in a word.
    pub fn new(spec: &Value, part: Part, waits_for: &'static str, programs: &Programs) -> Self {
        let (name, image) = (text(spec, "/name").to_owned(), text(spec, "/image").to_owned());
        Self {
            part,
            trade: Trade::of(&name),
            course: course(part, &name, &image, programs),
            limit: bytes(text(spec, "/resources/limits/memory")),
            state: State::Waiting(waits_for, String::new()),
            last: None,
            ends: None,
            restarts: 0,
            back_off: SignedDuration::ZERO,
            pull_back_off: SignedDuration::ZERO,
            ready: false,
            over: false,
            id: String::new(),
            turn: 0,
            name,
            image,
        }
    }

    /// Gives it another image.
    pub fn change_image(&mut self, image: &str, programs: &Programs) {
        image.clone_into(&mut self.image);
        self.course = course(self.part, &self.name, image, programs);
        (self.back_off, self.pull_back_off) = (SignedDuration::ZERO, SignedDuration::ZERO);
    }

    /// Whether it runs.
    pub const fn running(&self) -> bool {
        matches!(self.state, State::Running(_))
    }

    /// Whether those that wait for it may begin.
    pub const fn initialized(&self) -> bool {
        match self.part {
            Part::Init => self.over && matches!(&self.state, State::Ended(end) if end.code == 0),
            Part::Sidecar => self.running() || self.last.is_some(),
            Part::Main => true,
        }
    }

    /// Whether it ended badly and is not started again.
    pub const fn failed(&self) -> bool {
        self.over && matches!(&self.state, State::Ended(end) if end.code != 0)
    }

    /// Ends its present run, if there is one.
    pub fn stop(&mut self, now: Timestamp, code: i64, reason: &'static str) -> Option<End> {
        self.turn += 1;
        self.ready = false;
        self.ends = None;
        let State::Running(started) = self.state else { return None };
        let end = End { started, finished: now, code, reason, course: self.course, id: self.id.clone() };
        self.state = State::Ended(end.clone());
        Some(end)
    }
}

/// What comes before the others ends soon, unless its image is faulty.
fn course(part: Part, name: &str, image: &str, programs: &Programs) -> Course {
    match (part, programs.course(name, image)) {
        (Part::Init, Course::Runs) => Course::Completes(1.3),
        (_, course) => course,
    }
}
