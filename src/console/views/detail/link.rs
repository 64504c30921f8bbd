//! Where a line of a detail leads.

use crate::console::screen::{Context, Effect};
use crate::console::views::{Revision, open};
use crate::situation::{Ref, Text};

/// Where a line of a detail leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// To an object.
    Object(Ref),
    /// To the object of an event; its word and its sentence tell it from other lines that lead there.
    Event(Ref, Text, Text),
    /// To a revision of a Deployment: what it changed.
    Revision(Ref),
    /// To the log of a container of the pod that is shown.
    Log(Text),
}

impl Link {
    /// Opens it. A log is opened by the pod that has it.
    pub fn open(&self, cx: &Context<'_>) -> Effect {
        match self {
            Self::Object(r) | Self::Event(r, ..) => open::push_subject(&r.clone().into(), cx),
            Self::Revision(set) => Effect::Push(Box::new(Revision::open(set.clone()))),
            Self::Log(_) => Effect::None,
        }
    }

    /// What to copy.
    pub fn name(&self) -> String {
        match self {
            Self::Object(r) | Self::Revision(r) | Self::Event(r, ..) => r.key.to_string(),
            Self::Log(name) => name.to_string(),
        }
    }
}
