//! Answers as bytes: JSON, text or a stream, with the headers that a real server sends, gzipped when large and asked for.

use std::convert::Infallible;
use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::Stream;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use serde::Serialize;

use super::failure::Failure;

/// The body of a response.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Bodies smaller than this are never gzipped, as in a real server.
const LARGE: usize = 128 * 1024;

/// What is answered.
pub(super) enum Answer {
    /// JSON, ready to be sent.
    Json { code: u16, body: Vec<u8>, media: &'static str },
    /// Text.
    Text { code: u16, body: String },
    /// Nothing, which is an answer too.
    Nothing,
    /// An answer with warnings for the person who asked.
    Warned { answer: Box<Self>, warnings: Vec<String> },
    /// Pieces that are sent as they come.
    Stream { media: &'static str, body: Body },
    /// The connection goes on as a WebSocket of that protocol.
    Switch { accept: String, protocol: &'static str },
}

/// The media type of a plain JSON answer.
pub(super) const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

impl Answer {
    /// A JSON answer.
    pub(super) fn json(code: u16, body: &impl Serialize) -> Self {
        // Values made of maps with string keys cannot fail to be written.
        Self::Json { code, body: serde_json::to_vec(body).unwrap_or_default(), media: JSON }
    }

    /// The same with another code.
    pub(super) fn code(self, code: u16) -> Self {
        match self {
            Self::Json { body, media, .. } => Self::Json { code, body, media },
            other => other,
        }
    }

    /// The same with warnings, if there are any.
    pub(super) fn warned(self, warnings: Vec<String>) -> Self {
        if warnings.is_empty() { self } else { Self::Warned { answer: Box::new(self), warnings } }
    }

    /// Pieces that are sent as they come, each at once.
    pub(super) fn stream(media: &'static str, pieces: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        use futures::StreamExt as _;
        let frames = pieces.map(|piece| Ok(Frame::data(piece)));
        Self::Stream { media, body: StreamBody::new(frames).boxed_unsync() }
    }

    /// The response; `gzip` if the client takes it.
    pub(super) fn into_response(self, gzip: bool) -> Response<Body> {
        let (code, media, body) = match self {
            Self::Json { code, body, media } => (code, media, body),
            Self::Text { code, body } => (code, TEXT, body.into_bytes()),
            Self::Nothing => (204, "", Vec::new()),
            Self::Switch { accept, protocol } => return switch(&accept, protocol),
            Self::Warned { answer, warnings } => {
                let mut response = answer.into_response(gzip);
                let values = warnings.iter().map(|w| HeaderValue::from_str(&format!("299 - {w:?}")));
                values.flatten().for_each(|value| {
                    response.headers_mut().append(header::WARNING, value);
                });
                return response;
            }
            Self::Stream { media, body } => {
                let mut response = Response::new(body);
                set(&mut response, header::CONTENT_TYPE, media);
                return response;
            }
        };
        let packed = (gzip && body.len() > LARGE).then(|| pack(&body)).flatten();
        let is_packed = packed.is_some();
        let body = Full::new(Bytes::from(packed.unwrap_or(body)));
        let mut response = Response::new(body.boxed_unsync());
        *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if !media.is_empty() {
            set(&mut response, header::CONTENT_TYPE, media);
        }
        if is_packed {
            set(&mut response, header::CONTENT_ENCODING, "gzip");
            set(&mut response, header::VARY, "Accept-Encoding");
        }
        response
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Status { code, body } => Self::json(code, &body),
            Failure::Text { code, body } => Self::Text { code, body },
        }
    }
}

/// Sets a header whose value is known to be one.
pub(super) fn set(response: &mut Response<Body>, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn switch(accept: &str, protocol: &str) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::new()).boxed_unsync());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    for (name, value) in [
        (header::CONNECTION, "Upgrade"),
        (header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
        (header::SEC_WEBSOCKET_PROTOCOL, protocol),
    ] {
        set(&mut response, name, value);
    }
    response
}

fn pack(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}
