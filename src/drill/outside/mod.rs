//! The simulated outside: the edge, name servers, the database, mail, storage, the registry, status pages and the machine
//! provider, on sockets that behave as the real ones do.
//!
//! What a service is like at the moment is state of the world ([`crate::drill::world::Outside`]); the services here only
//! speak the protocols.

mod backing;
mod edge;
pub mod http;
mod mood;
mod names;
mod site;
mod trust;

use std::sync::Arc;

pub use edge::Patience;
pub use mood::Mood;
pub use site::{Site, at};
pub use trust::Trust;

use super::net::{Place, Service};

/// The services of the outside, and what the cluster's own ingress and pods answer.
#[derive(Debug)]
pub struct Services {
    edge: edge::Services,
    backing: backing::Services,
    names: names::Services,
}

impl Services {
    /// All of them; certificates come from `trust`.
    ///
    /// # Errors
    /// When a certificate cannot be made.
    pub fn new(trust: &Arc<Trust>) -> anyhow::Result<Self> {
        Ok(Self {
            edge: edge::Services::new(trust)?,
            backing: backing::Services::new(trust)?,
            names: names::Services::new(trust)?,
        })
    }

    /// What answers at a place.
    pub fn at(&self, place: &Place) -> Option<Arc<dyn Service>> {
        self.edge.at(place).or_else(|| self.backing.at(place)).or_else(|| self.names.at(place))
    }

    /// What the machine provider's API wants to see, for this run.
    pub fn provider_token(&self) -> &str {
        self.names.provider_token()
    }

    /// The bearer token for the edge's API.
    pub fn edge_token(&self) -> &'static str {
        self.edge.token()
    }

    /// How long the edge and the ingress wait from now on.
    pub fn hurry(&self, patience: Patience) {
        self.edge.hurry(patience);
    }
}
