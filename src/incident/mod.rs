//! The record of an incident: one append-only file, owner-only, synced before anything irreversible.
//!
//! [`Journal`] is the handle: entries go to a thread that writes them, through the redactor. [`Entry`] is one line.

mod entry;
mod journal;
mod redact;
mod resume;

pub use entry::{Entry, Header, Line, VERSION};
pub use journal::{Journal, Opened, Past};
pub use redact::redact;
pub use resume::Unknown;
