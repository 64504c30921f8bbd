//! HTTP for the services of the outside: one request in, one answer out, over TLS or without.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use percent_encoding::percent_decode_str;
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use super::Mood;
use crate::drill::net::{Caller, Pipe, Stream};

/// The largest body that is read.
const LARGEST: usize = 4 * 1024 * 1024;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// An answer.
pub type Reply = Response<Full<Bytes>>;
/// An answer to come.
pub type Answering = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// What answers requests.
pub trait Answers: Send + Sync {
    /// Answers one request whose body is there.
    fn answer(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Answering;
}

/// Serves one connection, in either version of HTTP, until either side ends it.
pub async fn serve(stream: Stream, tls: Option<Arc<ServerConfig>>, answers: Arc<dyn Answers>, caller: Caller) {
    match tls {
        None => converse(stream, answers, caller).await,
        Some(config) => {
            let accepting = TlsAcceptor::from(config).accept(stream);
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, accepting).await {
                converse(stream, answers, caller).await;
            }
        }
    }
}

async fn converse(stream: impl Pipe + 'static, answers: Arc<dyn Answers>, caller: Caller) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (answers, caller) = (answers.clone(), caller.clone());
        async move { Ok::<_, Infallible>(answer(request, answers, caller).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Who has said everything may still listen.
    builder.http1().timer(TokioTimer::new()).half_close(true);
    builder.http2().timer(TokioTimer::new());
    // A connection that ends badly is the client's to notice.
    let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, answers: Arc<dyn Answers>, caller: Caller) -> Reply {
    let (parts, body) = request.into_parts();
    match Limited::new(body, LARGEST).collect().await {
        Ok(body) => answers.answer(Request::from_parts(parts, body.to_bytes()), caller).await,
        Err(_) => plain(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large\n"),
    }
}

/// A part of a query without its escapes: percent signs, and plus signs for spaces.
pub fn unescaped(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// A plain text.
pub fn plain(status: StatusCode, text: impl Into<Bytes>) -> Reply {
    of_type(status, "text/plain; charset=utf-8", text)
}

/// A JSON value.
pub fn json(status: StatusCode, value: &serde_json::Value) -> Reply {
    of_type(status, "application/json", value.to_string())
}

/// A body of some type.
pub fn of_type(status: StatusCode, media: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media));
    reply
}

/// Waits as a service of that mood lets its callers wait; it never comes back from one that stalls.
pub async fn hesitate(mood: &Mood) {
    match mood {
        Mood::Stalls => std::future::pending().await,
        Mood::Slow(millis) => tokio::time::sleep(Duration::from_millis(u64::from(*millis))).await,
        _ => {}
    }
}
