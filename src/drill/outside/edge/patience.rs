//! How long the edge and the ingress wait: for connections, and for answers.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long the edge and the ingress wait. The usual figures are the real ones; tests have less time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The edge, for a connection to an origin.
    pub edge_connect: Duration,
    /// The edge, for an origin's answer.
    pub edge_answer: Duration,
    /// The ingress, for a connection to a pod. It waits for answers for ever.
    pub ingress_connect: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            edge_connect: Duration::from_secs(15),
            edge_answer: Duration::from_secs(120),
            ingress_connect: Duration::from_secs(30),
        }
    }
}

/// The patience of a run.
#[derive(Debug, Default)]
pub struct Shared(Mutex<Patience>);

impl Shared {
    /// As it is.
    pub fn get(&self) -> Patience {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As it is from now on.
    pub fn set(&self, patience: Patience) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = patience;
    }
}
