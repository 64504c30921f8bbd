//! How a connection becomes a WebSocket, and that what goes on over it ends with the connection.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderName, Request, Version, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::super::answer::Answer;
use super::super::call::Call;
use super::super::failure::Failure;

/// The largest message that is read.
const LARGEST: usize = 1024 * 1024;

/// A WebSocket of ours.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What goes on over a connection once it is no longer HTTP. It is cut when the last of these is dropped.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Sessions(Arc<Mutex<JoinSet<()>>>);

impl Sessions {
    /// Waits until all have ended; cuts them if the wait is given up.
    pub(in super::super) async fn ended(&self) {
        let mut sessions = std::mem::take(&mut *self.lock());
        while sessions.join_next().await.is_some() {}
    }

    fn lock(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request's wish that its connection become something else.
#[derive(Debug)]
pub(in super::super) struct Upgrade {
    on: OnUpgrade,
    sessions: Sessions,
}

impl Upgrade {
    /// The wish, if the request has it.
    pub(in super::super) fn asked<B>(request: &mut Request<B>, sessions: Sessions) -> Option<Self> {
        let mut tokens = request.headers().get_all(header::CONNECTION).iter().filter_map(|v| v.to_str().ok());
        let named = tokens.any(|t| t.split(',').any(|token| token.trim().eq_ignore_ascii_case("upgrade")));
        let asked = named && request.version() == Version::HTTP_11 && request.headers().contains_key(header::UPGRADE);
        asked.then(|| Self { on: hyper::upgrade::on(request), sessions })
    }
}

/// A WebSocket that both sides have agreed on.
pub(super) struct Handshake<'a> {
    upgrade: &'a Upgrade,
    accept: String,
    /// The protocol of the messages.
    pub protocol: &'static str,
}

impl<'a> Handshake<'a> {
    /// Agrees with a client on the first of its protocols that is `known`.
    pub(super) fn with(call: &'a Call, known: &[&'static str]) -> Result<Self, Failure> {
        let upgrade = call.upgrade.as_ref().ok_or_else(|| Failure::bad_request("Upgrade request required"))?;
        let to = call.header(header::UPGRADE);
        if !to.eq_ignore_ascii_case("websocket") {
            let why = format!("this API server upgrades connections to WebSocket, not to {to:?}");
            return Err(Failure::bad_request(why));
        }
        let key = call.header(header::SEC_WEBSOCKET_KEY);
        if key.is_empty() || call.header(header::SEC_WEBSOCKET_VERSION) != "13" {
            return Err(Failure::bad_request("a WebSocket needs a key and version 13"));
        }
        let mut offered = tokens(call, header::SEC_WEBSOCKET_PROTOCOL);
        let protocol = offered.find_map(|o| known.iter().find(|k| **k == o)).copied().ok_or_else(|| {
            let offered = call.header(header::SEC_WEBSOCKET_PROTOCOL);
            let known = known.join(", ");
            Failure::bad_request(format!("none of the WebSocket protocols {offered:?} is known here, only {known}"))
        })?;
        Ok(Self { upgrade, accept: derive_accept_key(key.as_bytes()), protocol })
    }

    /// Answers that it may begin, and lets it go on until it ends or the connection is cut.
    pub(super) fn begin<S: Future<Output = ()> + Send>(
        self,
        session: impl FnOnce(Socket) -> S + Send + 'static,
    ) -> Answer {
        let on = self.upgrade.on.clone();
        self.upgrade.sessions.lock().spawn(async move {
            let Ok(connection) = on.await else { return };
            let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
            let socket = WebSocketStream::from_raw_socket(TokioIo::new(connection), Role::Server, Some(config));
            session(socket.await).await;
        });
        Answer::Switch { accept: self.accept, protocol: self.protocol }
    }
}

/// What a header lists.
fn tokens(call: &Call, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = call.headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
    values.flat_map(|v| v.split(',')).map(str::trim)
}
