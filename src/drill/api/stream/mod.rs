//! Connections that become WebSockets: commands in containers, and ports of pods.
//!
//! `upgrade` is how a connection becomes one and whose it is then; `exec` and `forward` say what goes over it.

mod exec;
mod forward;
mod upgrade;

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use serde_json::Value;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

pub(super) use exec::answer as exec;
pub(super) use forward::answer as port_forward;
pub(super) use upgrade::{Sessions, Upgrade};

use super::call::Place;
use super::face::Face;
use super::failure::Failure;
use super::logs;
use super::look::Look;
use crate::drill::net::Network;
use crate::drill::world::Sandbox;

/// The pod that a request is about, which a node must have been found for.
fn pod_of(face: &Face, place: &Place) -> Result<Arc<Value>, Failure> {
    let (namespace, pod) = names(place);
    let object = face.with(|backend| logs::find(backend, namespace, pod))?;
    if object.text("spec.nodeName").is_empty() {
        return Err(Failure::bad_request(format!("pod {pod} does not have a host assigned")));
    }
    Ok(object)
}

fn names(place: &Place) -> (&str, &str) {
    (place.namespace.as_deref().unwrap_or_default(), place.name.as_deref().unwrap_or_default())
}

/// The way into a pod, through the kubelet of its node; what the API server says if there is none.
fn enter(face: &Face, pod: &Value) -> Result<(Arc<Network>, Sandbox), String> {
    let network = face.network.get().cloned().ok_or_else(|| {
        let host = pod.text("status.hostIP");
        format!("error dialing backend: dial tcp {host}:10250: connect: connection refused")
    })?;
    let sandbox = network.with(|world| world.sandbox(pod))?;
    Ok((network, sandbox))
}

/// A message on a channel: its number, then the content.
fn message(channel: u8, content: &[u8]) -> Message {
    let mut bytes = BytesMut::with_capacity(content.len() + 1);
    bytes.put_u8(channel);
    bytes.put_slice(content);
    Message::Binary(bytes.freeze())
}

/// The end of a session in which nothing went wrong: clients take every other for a fault.
const fn farewell() -> Message {
    Message::Close(Some(CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::from_static("") }))
}

/// The channel and the content of a message; nothing of one that has none.
fn content(message: Message) -> Option<(u8, Bytes)> {
    let Message::Binary(mut bytes) = message else { return None };
    let channel = *bytes.first()?;
    Some((channel, bytes.split_off(1)))
}
