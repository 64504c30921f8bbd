//! The troubleshooting trees: one file each, read and linted here, walked by a state machine that does no I/O.
//!
//! [`Library`] holds the shipped runbooks and the team's own; [`Walk`] is one way through one of them; [`View`] is
//! everything a screen or a headless operator needs to know of its present step, worked out from what is known.

mod cel;
pub mod check;
mod format;
mod library;
mod lint;
mod look;
mod rank;
mod raw;
mod schema;
#[cfg(test)]
mod trees;
mod view;
mod walk;

pub use cel::{Expression, Scope, Template};
pub use format::{Answer, Book, Branch, Ending, Kind, Person, Step, SubjectRule, Then, Value, Verify, What};
pub use library::{FILES, Library};
pub use lint::read;
pub use rank::{Candidate, rank};
pub use schema::schema;
pub use view::{Act, Row, Tone, View, Way, WayVerdict};
pub use walk::{ActResult, Taken, Visit, Walk};
