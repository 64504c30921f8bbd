//! Trouble that a test makes for one request.

use std::sync::{Mutex, PoisonError};

use super::call::{Call, Target};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// It is carried out, but the answer never comes.
    StallBeforeAnswer,
    /// It is carried out, then the connection is cut.
    CutAfterChange,
    /// The connection is cut, and nothing is carried out.
    CutBeforeChange,
}

/// What waits for which request: verb, resource (`deployments/scale`; empty for any).
#[derive(Debug, Default)]
pub(super) struct Mishaps(Mutex<Vec<(String, String, Mishap)>>);

impl Mishaps {
    pub(super) fn plan(&self, verb: &str, resource: &str, mishap: Mishap) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((verb.to_owned(), resource.to_owned(), mishap));
    }

    /// What befalls a request, once.
    pub(super) fn befalls(&self, call: &Call) -> Option<Mishap> {
        let Target::Resource(place) = &call.target else { return None };
        let resource =
            place.subresource.as_ref().map_or_else(|| place.plural.clone(), |sub| format!("{}/{sub}", place.plural));
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |(v, r, _): &(String, String, Mishap)| v == call.verb() && (r.is_empty() || *r == resource);
        let index = planned.iter().position(fits)?;
        Some(planned.remove(index).2)
    }
}
