//! One request onwards: from the edge to an origin, from the ingress to a pod.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Version, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::super::http::Reply;
use crate::drill::net::{Network, Stream, Vantage, anybody};

/// The largest body that is passed on.
const LARGEST: usize = 8 * 1024 * 1024;

/// The way of a request.
#[derive(Debug)]
pub struct Way<'a> {
    /// What it goes through.
    pub network: &'a Arc<Network>,
    /// Where it begins.
    pub from: Vantage,
    /// The address it leads to.
    pub address: &'a str,
    /// The port it leads to.
    pub port: u16,
    /// The name that is asked for in TLS; absent: without TLS.
    pub tls: Option<&'a str>,
    /// How long a connection may take.
    pub connect: Duration,
    /// How long the answer may take; absent: for ever.
    pub answer: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// Nothing listens there.
    Refused,
    /// There is no way there.
    Unreachable,
    /// No connection came about in time.
    Unconnected,
    /// TLS failed.
    Handshake,
    /// Nobody vouches for the other side's certificate.
    Untrusted,
    /// There was a connection, and no answer in time.
    Unanswered,
    /// The connection ended, or what came is no answer.
    Invalid,
}

/// A connection that way.
///
/// # Errors
/// Whatever kept it from coming about.
pub async fn reach(way: &Way<'_>) -> Result<Stream, Failed> {
    let connecting = way.network.connect(way.from.clone(), way.address, way.port);
    let stream = match timeout(way.connect, connecting).await {
        Err(_) => return Err(Failed::Unconnected),
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => return Err(Failed::Refused),
        Ok(Err(_)) => return Err(Failed::Unreachable),
        Ok(Ok(stream)) => stream,
    };
    match way.tls {
        None => Ok(stream),
        Some(name) => timeout(way.connect, secured(stream, name)).await.map_err(|_| Failed::Handshake)?,
    }
}

/// Sends a request that way.
///
/// # Errors
/// Whatever kept the answer from coming.
pub async fn send(way: &Way<'_>, request: Request<Bytes>) -> Result<Reply, Failed> {
    let asking = converse(reach(way).await?, request);
    match way.answer {
        None => asking.await,
        Some(patience) => timeout(patience, asking).await.map_err(|_| Failed::Unanswered)?,
    }
}

async fn converse(stream: Stream, request: Request<Bytes>) -> Result<Reply, Failed> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Failed::Invalid)?;
    // It ends with this exchange, whatever becomes of it.
    let mut carrying = JoinSet::new();
    carrying.spawn(connection);
    let (mut parts, body) = request.into_parts();
    parts.version = Version::HTTP_11;
    strip(&mut parts.headers);
    let request = Request::from_parts(parts, Full::new(body));
    let (mut parts, body) = sender.send_request(request).await.map_err(|_| Failed::Invalid)?.into_parts();
    let body = Limited::new(body, LARGEST).collect().await.map_err(|_| Failed::Invalid)?.to_bytes();
    strip(&mut parts.headers);
    Ok(Reply::from_parts(parts, Full::new(body)))
}

/// Removes what concerns one connection only, and the lengths that are counted anew.
fn strip(headers: &mut HeaderMap) {
    let named = headers.get(header::CONNECTION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named: Vec<HeaderName> = named.split(',').filter_map(|name| name.trim().parse().ok()).collect();
    for name in named {
        headers.remove(name);
    }
    let keep_alive = HeaderName::from_static("keep-alive");
    let proxy_connection = HeaderName::from_static("proxy-connection");
    for name in [
        header::CONNECTION,
        keep_alive,
        proxy_connection,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        header::CONTENT_LENGTH,
    ] {
        headers.remove(name);
    }
}

/// TLS with whoever is there: whether its certificate is any good is the caller's to judge.
async fn secured(stream: Stream, name: &str) -> Result<Stream, Failed> {
    let name = ServerName::try_from(name.to_owned()).map_err(|_| Failed::Handshake)?;
    let config = anybody().map_err(|_| Failed::Handshake)?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    stream.map(|stream| Box::new(stream) as Stream).map_err(|_| Failed::Handshake)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_one_connection_stays_there() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Secret"),
            ("x-secret", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("content-length", "7"),
            ("te", "trailers"),
            ("x-kept", "1"),
        ] {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        strip(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-kept"]);
    }
}
