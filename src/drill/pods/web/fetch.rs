//! One request over HTTP or HTTPS, and what can go wrong on the way.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::super::{Process, names};
use super::trust;
use crate::drill::net::anybody;
use crate::drill::net::{Pipe, Stream};

/// The largest body that is read.
const LARGEST: usize = 4 * 1024 * 1024;
/// After so long the kernel gives up connecting.
const CONNECTING: Duration = Duration::from_secs(130);

/// What is wanted.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub url: Uri,
    pub method: Method,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub agent: &'static str,
    /// Whether any certificate will do.
    pub insecure: bool,
    /// How long all of it may take.
    pub patience: Option<Duration>,
}

/// Why nothing came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The host has no address.
    Unknown,
    /// Nothing listens there.
    Refused(Ipv4Addr),
    /// Nothing came back.
    Late,
    /// The certificate will not do; why.
    Certificate(String),
    /// The other side speaks no HTTP, or ended in the middle.
    Broken,
}

impl Wanted {
    /// Where it is: host and port.
    pub(super) fn place(&self) -> (String, u16) {
        let host = self.url.host().unwrap_or_default().to_owned();
        (host, self.url.port_u16().unwrap_or_else(|| if self.secure() { 443 } else { 80 }))
    }

    fn secure(&self) -> bool {
        self.url.scheme_str() == Some("https")
    }
}

/// A URL as one types it: without a scheme it is HTTP.
pub(super) fn url(text: &str) -> Option<Uri> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    whole.parse().ok().filter(|url: &Uri| {
        matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|h| !h.is_empty())
    })
}

/// Fetches.
pub(super) async fn fetch(process: &Process, wanted: &Wanted) -> Result<Response<Bytes>, Trouble> {
    let fetching = fetch_at_leisure(process, wanted);
    match wanted.patience {
        Some(patience) => tokio::time::timeout(patience, fetching).await.unwrap_or(Err(Trouble::Late)),
        None => fetching.await,
    }
}

async fn fetch_at_leisure(process: &Process, wanted: &Wanted) -> Result<Response<Bytes>, Trouble> {
    let (host, port) = wanted.place();
    let ip = names::address(process, &host).await.ok_or(Trouble::Unknown)?;
    let connecting = tokio::time::timeout(CONNECTING, process.dial(ip, port));
    let stream = connecting.await.map_err(|_| Trouble::Late)?.map_err(|_| Trouble::Refused(ip))?;
    if wanted.secure() {
        exchange(secured(process, wanted, &host, stream).await?, wanted).await
    } else {
        exchange(stream, wanted).await
    }
}

async fn secured(
    process: &Process,
    wanted: &Wanted,
    host: &str,
    stream: Stream,
) -> Result<impl Pipe + 'static, Trouble> {
    let config =
        if wanted.insecure { anybody() } else { trust::in_authority(&process.network.services().trust().pem()) };
    let config = config.map_err(|e| Trouble::Certificate(e.to_string()))?;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Trouble::Unknown)?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    connecting.await.map_err(|e| {
        let of_certificate = e.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
        match of_certificate {
            Some(rustls::Error::InvalidCertificate(why)) => Trouble::Certificate(why.to_string()),
            _ => Trouble::Broken,
        }
    })
}

async fn exchange(stream: impl Pipe + 'static, wanted: &Wanted) -> Result<Response<Bytes>, Trouble> {
    let broken = |_| Trouble::Broken;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let conversation = async {
        let path = wanted.url.path_and_query().map_or("/", |p| p.as_str());
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.method_mut() = wanted.method.clone();
        *request.uri_mut() = path.parse().map_err(|_| Trouble::Broken)?;
        let authority = wanted.url.authority().map_or("", |a| a.as_str());
        let host = HeaderValue::from_str(authority).map_err(|_| Trouble::Broken)?;
        let headers = request.headers_mut();
        headers.insert(header::HOST, host);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(wanted.agent));
        for (name, value) in &wanted.headers {
            headers.insert(name, value.clone());
        }
        let (head, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(|_| Trouble::Broken)?;
        Ok(Response::from_parts(head, body.to_bytes()))
    };
    tokio::pin!(connection, conversation);
    tokio::select! {
        biased;
        answer = &mut conversation => answer,
        _ = &mut connection => conversation.await,
    }
}
