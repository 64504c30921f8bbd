//! The simulated nodes from within: a shell to log in to, and the small ports of k3s.
//!
//! Everything is answered from the state of the world. Nothing here starts a process, or reads or writes a file of the
//! machine that the simulation runs on.

mod etcd;
mod guarded;
mod health;
mod passage;
mod shell;
#[cfg(feature = "drill")]
mod ssh;

use std::sync::Arc;

use super::net::{Place, Service};
use super::outside::Trust;

pub use etcd::Etcd;
pub use shell::{Outcome, Shell};
#[cfg(feature = "drill")]
pub use ssh::{Door, Keys};

/// What answers on the nodes.
#[derive(Debug)]
pub struct Services {
    #[cfg(feature = "drill")]
    ssh: Arc<ssh::Server>,
    health: Arc<health::Health>,
    etcd: Arc<guarded::Etcd>,
    kubelet: Arc<guarded::Kubelet>,
}

impl Services {
    /// All of it; the keys are made for this run, certificates come from `trust`.
    ///
    /// # Errors
    /// When a certificate cannot be made.
    pub fn new(trust: &Trust) -> anyhow::Result<Self> {
        Ok(Self {
            #[cfg(feature = "drill")]
            ssh: Arc::new(ssh::Server::new()),
            health: Arc::new(health::Health),
            etcd: Arc::new(guarded::Etcd::new(trust)?),
            kubelet: Arc::new(guarded::Kubelet::new(trust)?),
        })
    }

    /// What answers at a place.
    pub fn at(&self, place: &Place) -> Option<Arc<dyn Service>> {
        match place {
            #[cfg(feature = "drill")]
            Place::Shell(_) => Some(self.ssh.clone()),
            Place::Health { .. } => Some(self.health.clone()),
            Place::Etcd(_) => Some(self.etcd.clone()),
            Place::Kubelet(_) => Some(self.kubelet.clone()),
            Place::Api(_) => Some(Arc::new(passage::ToApi)),
            _ => None,
        }
    }

    /// Says on which ports of the operator's loopback the shells of the nodes are; once.
    #[cfg(feature = "drill")]
    pub fn tell_of_doors(&self, doors: &[Door]) {
        self.ssh.tell_of_doors(doors);
    }

    /// The keys to the shells.
    #[cfg(feature = "drill")]
    pub fn keys(&self) -> &Keys {
        self.ssh.keys()
    }
}
