//! The edge and what it proxies to: its own API, the ingress of the nodes as origins, and what the pods behind them answer.

use std::sync::Arc;

use super::Trust;
use crate::drill::net::{Place, Service};

/// What answers there.
#[derive(Debug)]
pub struct Services {}

impl Services {
    /// All of it; certificates come from `trust`.
    ///
    /// # Errors
    /// When a certificate cannot be made.
    pub fn new(trust: &Arc<Trust>) -> anyhow::Result<Self> {
        let _ = trust;
        Ok(Self {})
    }

    /// What answers at a place.
    pub fn at(&self, place: &Place) -> Option<Arc<dyn Service>> {
        let _ = place;
        None
    }
}
