//! Somebody who asks the simulated outside over HTTP, through the dialer of a simulation's profile.

use std::sync::Arc;

use crashcart::config::Profile;
use crashcart::watch::dialer::Dialer;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

/// Somebody with a dialer who trusts the simulated outside.
pub struct Visitor {
    pub dialer: Dialer,
    tls: Arc<ClientConfig>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Status and body, to compare at once.
    pub fn told(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body.as_str())
    }
}

impl Visitor {
    pub fn new(profile: &Profile) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(profile.dial_ca.as_bytes()).expect("a certificate")).expect("a root");
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().expect("versions").with_root_certificates(roots);
        Self { dialer: Dialer::new(&profile.dial).expect("a map"), tls: Arc::new(config.with_no_client_auth()) }
    }

    /// A page of a host over TLS.
    pub async fn get(&self, host: &str, path: &str) -> Answer {
        self.ask(host, 443, Request::get(path).header("host", host)).await
    }

    /// A page of a host from one address, without TLS.
    pub async fn get_from(&self, address: &str, host: &str, path: &str) -> Answer {
        self.ask(address, 80, Request::get(path).header("host", host)).await
    }

    pub async fn ask(&self, to: &str, port: u16, request: http::request::Builder) -> Answer {
        self.send(to, port, request.body(String::new()).expect("a request")).await
    }

    pub async fn send(&self, to: &str, port: u16, request: Request<String>) -> Answer {
        let stream = self.dialer.connect(to, port).await.expect("a connection");
        if port != 443 {
            return converse(stream, request).await;
        }
        let name = ServerName::try_from(to.to_owned()).expect("a name");
        let stream = TlsConnector::from(self.tls.clone()).connect(name, stream).await.expect("TLS");
        converse(stream, request).await
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, request: Request<String>) -> Answer {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    let carrying = tokio::spawn(connection);
    let request = request.map(|body| Full::new(Bytes::from(body)));
    let (parts, body) = sender.send_request(request).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    carrying.abort();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
}
