//! The record of an incident: one append-only file, owner-only, synced before anything irreversible.
//!
//! [`Journal`] is the handle: entries go to a thread that writes them, through the redactor. [`Entry`] is one line.
//! [`list`] and [`verify`] read what was written.

mod entry;
mod folder;
mod journal;
mod list;
mod read;
mod redact;
mod resume;
mod sheet;
mod story;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

pub use entry::{Entry, Header, Line, VERSION, schema};
pub use journal::{Journal, Opened, Past};
pub use list::{Listed, list};
pub use redact::redact;
pub use resume::Unknown;
pub use verify::{Problem, Verified, verify};
