//! What stands where.

use std::sync::Arc;

use super::super::nodes;
use super::super::outside::{self, Trust};
use super::{Place, Service};

/// Everything that answers connections, and the authority that vouches for it.
#[derive(Debug)]
pub struct Services {
    trust: Arc<Trust>,
    outside: outside::Services,
    nodes: nodes::Services,
}

impl Services {
    pub(super) fn new() -> anyhow::Result<Self> {
        let trust = Arc::new(Trust::establish()?);
        Ok(Self { outside: outside::Services::new(&trust)?, nodes: nodes::Services::new()?, trust })
    }

    /// The authority behind the certificates of the outside.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The nodes, for their keys.
    pub const fn nodes(&self) -> &nodes::Services {
        &self.nodes
    }

    /// The outside, for its tokens and its patience.
    pub const fn outside(&self) -> &outside::Services {
        &self.outside
    }

    /// What answers at a place; nothing if connections to it are taken elsewhere (the API) or nowhere.
    pub fn at(&self, place: &Place) -> Option<Arc<dyn Service>> {
        match place {
            Place::Shell(_) | Place::Kubelet(_) | Place::Health { .. } | Place::Etcd(_) | Place::Api(_) => {
                self.nodes.at(place)
            }
            Place::Ingress { .. } | Place::IngressPing(_) | Place::Pod { .. } | Place::Site { .. } => {
                self.outside.at(place)
            }
        }
    }
}
