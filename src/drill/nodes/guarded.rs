//! The ports of k3s that want a certificate which no visitor has: etcd's and the kubelet's.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use super::super::net::{Caller, Service, Serving, Stream};
use super::super::outside::Trust;
use super::super::outside::http::{self as web, Answering, Answers};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Under which names the nodes know themselves.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// etcd's client and peer ports: the handshake fails for who has no certificate.
pub struct Etcd(Arc<ServerConfig>);

impl std::fmt::Debug for Etcd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Etcd")
    }
}

impl Etcd {
    /// # Errors
    /// When its certificate cannot be made.
    pub fn new(trust: &Trust) -> anyhow::Result<Self> {
        Ok(Self(trust.guarded(&NAMES, &["h2"])?))
    }
}

impl Service for Etcd {
    fn serve(self: Arc<Self>, stream: Stream, _caller: Caller) -> Serving {
        Box::pin(async move {
            let accepting = TlsAcceptor::from(self.0.clone()).accept(stream);
            // Nobody has a certificate of a member, so that this ends with an alert.
            let _ = tokio::time::timeout(HANDSHAKE, accepting).await;
        })
    }
}

/// The kubelet's port: it speaks to everybody and says nothing to who has no certificate.
#[derive(Debug)]
pub struct Kubelet(Arc<ServerConfig>);

impl Kubelet {
    /// # Errors
    /// When its certificate cannot be made.
    pub fn new(trust: &Trust) -> anyhow::Result<Self> {
        Ok(Self(trust.server(&NAMES, &["h2", "http/1.1"])?))
    }
}

impl Service for Kubelet {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        Box::pin(async move { web::serve(stream, Some(self.0.clone()), self, caller).await })
    }
}

impl Answers for Kubelet {
    fn answer(self: Arc<Self>, _request: Request<Bytes>, _caller: Caller) -> Answering {
        Box::pin(async { web::plain(StatusCode::UNAUTHORIZED, "Unauthorized") })
    }
}
