//! What the present step looks like on what is known now.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Ending;
use crate::action::Action;
use crate::situation::Ref;
use crate::watch::LogQuery;

/// Everything a screen or a headless operator needs of the present step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    /// The step's id.
    pub step: String,
    /// The question.
    pub title: String,
    /// Why this step; empty if the file does not say.
    pub why: String,
    /// The live evidence.
    pub rows: Vec<Row>,
    /// The ways on.
    pub ways: Vec<Way>,
    /// What a person would type instead, to copy; empty if there is nothing to type.
    pub command: String,
    /// The change that this step is (an `act` step); the object may still have to be chosen.
    pub act: Option<Act>,
    /// How an `until` step stands, in words: `holds since 2m10s, needs 10m; 12m left`.
    pub progress: String,
    /// What to do elsewhere (a `note` step), or what the end means and what is left to do (an `end`); else empty.
    pub note: String,
    /// How the tree ends here, with whom to tell and what to attach.
    pub end: Option<(Ending, String, Vec<String>)>,
    /// Logs that have to be read before the check can say more.
    pub reads: Vec<LogQuery>,
    /// Why the check cannot tell, if it cannot.
    pub unknown: Option<String>,
    /// How long we have been here.
    pub spent: SignedDuration,
    /// When we were here before: the tree goes in a circle.
    pub before: Option<Timestamp>,
    /// What the tree is about, as it is now; `None`: nothing, or it is not known yet.
    pub subject: Option<Ref>,
    /// The check's result, as the conditions see it.
    pub result: Option<Value>,
    /// Whether the condition of an `until` step, or of an `act` step's `verify`, holds now on facts that are live.
    pub holds: bool,
}

/// The change of an `act` step.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// What it does: `delete one pod; its controller makes another`.
    pub summary: String,
    /// The actions that fit; several when there are several objects to choose from.
    pub choices: Vec<Action>,
    /// Why there is none, if there is none.
    pub none: String,
}

/// One line of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// How it speaks.
    pub tone: Tone,
    /// What: `pods of api`.
    pub what: String,
    /// The fact: `1 of 3 ready, 2 in a crash loop`.
    pub says: String,
}

/// How a fact speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Broken.
    Bad,
    /// Not known.
    Unknown,
    /// Neither.
    Plain,
}

/// One way on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// What it means, with the figures of now: `Ingress on node-2 is not ready`.
    pub say: String,
    /// The step it leads to, by id and by title.
    pub to: (String, String),
    /// What speaks for or against it.
    pub verdict: WayVerdict,
}

/// What speaks for or against a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayVerdict {
    /// The first whose condition holds.
    Suggested,
    /// Its condition holds too, after another.
    Holds,
    /// Its condition does not hold.
    RuledOut,
    /// Its condition cannot be told; why.
    CannotTell(String),
    /// A person decides.
    Open,
}
