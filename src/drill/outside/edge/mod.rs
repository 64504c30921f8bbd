//! The edge and what it proxies to: its own API, the ingress of the nodes as origins, and what the pods behind them answer.

mod certificate;
mod front;
mod ingress;
mod management;
mod onward;
mod patience;
mod pods;
mod request;

use std::future::Future;
use std::sync::Arc;

use http::{HeaderValue, header};
use tokio::io::AsyncReadExt as _;

use super::http::Reply;
use super::{Mood, Site, Trust};
use crate::drill::net::{Caller, Place, Service, Stream};
use crate::drill::world::World;
use front::Edge;
use ingress::Ingress;
use management::Management;
use pods::Pods;

pub use patience::Patience;

/// Ports of pods that others answer: the cache, and the name server with its health and metrics.
const OTHERS: [u16; 5] = [53, 6379, 8080, 8181, 9153];

/// What answers there.
#[derive(Debug)]
pub struct Services {
    patience: Arc<patience::Shared>,
    edge: Arc<Edge>,
    management: Arc<Management>,
    ingress: Arc<Ingress>,
    pods: Arc<Pods>,
}

impl Services {
    /// All of it; certificates come from `trust`.
    ///
    /// # Errors
    /// When a certificate cannot be made.
    pub fn new(trust: &Arc<Trust>) -> anyhow::Result<Self> {
        let patience = Arc::<patience::Shared>::default();
        Ok(Self {
            edge: Arc::new(Edge::new(trust, patience.clone())?),
            management: Arc::new(Management::new(trust)?),
            ingress: Arc::new(Ingress::new(patience.clone())?),
            pods: Arc::new(Pods::new()?),
            patience,
        })
    }

    /// What answers at a place.
    pub fn at(&self, place: &Place) -> Option<Arc<dyn Service>> {
        match place {
            Place::Site { site: Site::Edge | Site::EdgeNeighbour, .. } => Some(self.edge.clone()),
            Place::Site { site: Site::EdgeApi, .. } => Some(self.management.clone()),
            Place::Ingress { .. } | Place::IngressPing(_) => Some(self.ingress.clone()),
            Place::Pod { port, .. } if !OTHERS.contains(port) => Some(self.pods.clone()),
            _ => None,
        }
    }

    /// The bearer token for the edge's API.
    pub fn token(&self) -> &'static str {
        self.management.token
    }

    /// How long the edge and the ingress wait from now on.
    pub fn hurry(&self, patience: Patience) {
        self.patience.set(patience);
    }
}

/// Serves a connection to a site, unless the site stalls: then it takes whatever comes and says nothing.
async fn once_well<F>(site: Site, mut stream: Stream, caller: Caller, serve: impl FnOnce(Stream, Caller) -> F)
where
    F: Future<Output = ()>,
{
    if caller.network.with(|world| world.outside.mood(site)) != Mood::Stalls {
        return serve(stream, caller).await;
    }
    let mut room = [0; 4096];
    while stream.read(&mut room).await.is_ok_and(|length| length > 0) {}
}

/// The address from which a caller seems to come.
fn visitor(world: &World, caller: &Caller) -> String {
    world.sender(&caller.from, false).unwrap_or_default()
}

/// With the time of the world.
fn dated(reply: &mut Reply, caller: &Caller) {
    let now = caller.network.with(|world| world.now());
    if let Ok(date) = HeaderValue::from_str(&now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()) {
        reply.headers_mut().insert(header::DATE, date);
    }
}
