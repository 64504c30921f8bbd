//! Events.

use jiff::Timestamp;

use super::Meta;
use crate::situation::{Key, Text};

/// An Event, as core/v1 tells it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Event {
    /// What every object has.
    pub meta: Meta,
    /// The kind of the object it is about; may be one that is not watched.
    pub about_kind: Text,
    /// That object's namespace and name.
    pub about: Key,
    /// That object's UID.
    pub about_uid: Text,
    /// Whether its type is `Warning`.
    pub warning: bool,
    /// One word, such as `BackOff`.
    pub reason: Text,
    /// A sentence.
    pub message: Text,
    /// How often it happened.
    pub count: u32,
    /// When it first happened.
    pub first: Option<Timestamp>,
    /// When it last happened: the greatest of `series.lastObservedTime`, `eventTime`, `lastTimestamp`,
    /// `creationTimestamp` (catalogue 1.4).
    pub last: Option<Timestamp>,
    /// Who reports it.
    pub source: Text,
}
