//! What the applications lean on: the database, mail, object storage, the image registry, and Redis with its queues.

mod hmac;
mod postgres;
mod redis;
mod registry;
mod smtp;
mod storage;

use std::sync::Arc;

use rustls::crypto::ring::default_provider;

use super::http::hesitate;
use super::{Mood, Site, Trust};
use crate::drill::net::{Caller, Place, Service};
use crate::drill::world::REDIS_PORT;

/// What answers there.
#[derive(Debug)]
pub struct Services {
    postgres: Arc<postgres::Postgres>,
    smtp: Arc<smtp::Smtp>,
    storage: Arc<storage::Storage>,
    registry: Arc<registry::Registry>,
    redis: Arc<redis::Server>,
}

impl Services {
    /// All of it; certificates come from `trust`.
    ///
    /// # Errors
    /// When a certificate cannot be made.
    pub fn new(trust: &Arc<Trust>) -> anyhow::Result<Self> {
        Ok(Self {
            postgres: Arc::new(postgres::Postgres::new(trust)?),
            smtp: Arc::new(smtp::Smtp::new(trust)?),
            storage: Arc::new(storage::Storage::new(trust)?),
            registry: Arc::new(registry::Registry::new(trust)?),
            redis: Arc::default(),
        })
    }

    /// What answers at a place.
    pub fn at(&self, place: &Place) -> Option<Arc<dyn Service>> {
        match place {
            Place::Site { site: Site::Postgres, .. } => Some(self.postgres.clone()),
            Place::Site { site: Site::Smtp, .. } => Some(self.smtp.clone()),
            Place::Site { site: Site::S3, .. } => Some(self.storage.clone()),
            Place::Site { site: Site::Registry, .. } => Some(self.registry.clone()),
            Place::Pod { port: REDIS_PORT, .. } => Some(self.redis.clone()),
            _ => None,
        }
    }
}

/// How a service behaves at the moment.
fn mood(caller: &Caller, site: Site) -> Mood {
    caller.network.with(|world| world.outside.mood(site))
}

/// The same for a connection that was just taken: one that stalls says nothing, not even of TLS.
async fn mood_at_first(caller: &Caller, site: Site) -> Mood {
    let mood = mood(caller, site);
    if mood == Mood::Stalls {
        hesitate(&mood).await;
    }
    mood
}

/// Bytes that nobody can foresee; no part of the story.
fn fresh<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // A generator that fails leaves zeros: nonces of a simulation guard nothing.
    let _ = default_provider().secure_random.fill(&mut bytes);
    bytes
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
