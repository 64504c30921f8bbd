//! `pods/portforward`: for each port a channel with its bytes and one that says what went wrong.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use futures::{SinkExt as _, Stream, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::super::answer::Answer;
use super::super::call::{Call, Place, Query};
use super::super::face::Face;
use super::super::failure::Failure;
use super::upgrade::{Handshake, Socket};
use super::{content, enter, farewell, message, pod_of};
use crate::drill::net::Network;
use crate::drill::world::Sandbox;

const PROTOCOLS: [&str; 1] = ["v4.channel.k8s.io"];
/// How many ports one request may name, so that each has its channels.
const MOST: usize = 100;
/// How much is read at once.
const PIECE: usize = 16 * 1024;
/// How many pieces wait.
const WAITING: usize = 8;
/// How long the client may take to end the connection after the last port's end.
const LINGER: Duration = Duration::from_secs(2);

/// Answers a request for ports of a pod.
pub(in super::super) fn answer(face: &Arc<Face>, place: &Place, call: &Call) -> Result<Answer, Failure> {
    let pod = pod_of(face, place)?;
    let handshake = Handshake::with(call, &PROTOCOLS)?;
    let ports = ports(&call.query)?;
    let (network, sandbox) = enter(face, &pod).map_err(Failure::internal)?;
    Ok(handshake.begin(move |socket| session(socket, network, sandbox, ports)))
}

fn ports(query: &Query) -> Result<Vec<u16>, Failure> {
    let named = query.all("ports").flat_map(|p| p.split(','));
    let number = |text: &str| {
        let port = text.parse::<u16>().ok().filter(|p| *p > 0);
        port.ok_or_else(|| Failure::bad_request(format!("{text:?} is no port: it must be between 1 and 65535")))
    };
    let ports = named.map(number).collect::<Result<Vec<_>, _>>()?;
    match ports.len() {
        0 => Err(Failure::bad_request("query parameter \"ports\" is required")),
        1..=MOST => Ok(ports),
        _ => Err(Failure::bad_request(format!("at most {MOST} ports can be forwarded at once"))),
    }
}

/// The way back to the client: channel and content.
type Back = mpsc::Sender<(u8, Bytes)>;

/// Carries bytes until every port or the client has ended.
async fn session(socket: Socket, network: Arc<Network>, sandbox: Sandbox, ports: Vec<u16>) {
    let (mut sink, source) = socket.split();
    let (back, mut pieces) = mpsc::channel(WAITING);
    let mut doors = Vec::new();
    let mut carriers = Vec::new();
    for (channel, port) in (0..).step_by(2).zip(ports) {
        let (door, sent) = mpsc::channel(WAITING);
        doors.push(door);
        carriers.push(carry(&network, &sandbox, port, channel, sent, back.clone()));
    }
    drop(back);
    let writing = async {
        while let Some((channel, piece)) = pieces.recv().await {
            sink.send(message(channel, &piece)).await?;
        }
        sink.send(farewell()).await
    };
    let whole = async {
        // A client that is gone is noticed by the reader.
        let _ = tokio::join!(join_all(carriers), writing);
    };
    let reading = read(source, doors);
    tokio::pin!(reading);
    tokio::select! {
        () = &mut reading => {}
        () = whole => {
            let _ = tokio::time::timeout(LINGER, reading).await;
        }
    }
}

/// Hands what the client sends to the ports.
async fn read(mut source: impl Stream<Item = Result<Message, Error>> + Unpin, doors: Vec<mpsc::Sender<Bytes>>) {
    while let Some(Ok(message)) = source.next().await {
        let Some((channel, piece)) = content(message) else { continue };
        // Clients have nothing to say on the channels of errors.
        if channel % 2 == 0
            && let Some(door) = doors.get(usize::from(channel / 2))
        {
            // A port that has ended loses it.
            let _ = door.send(piece).await;
        }
    }
}

/// Carries the bytes of one port. Its channels begin with its number.
async fn carry(
    network: &Arc<Network>,
    sandbox: &Sandbox,
    port: u16,
    channel: u8,
    mut sent: mpsc::Receiver<Bytes>,
    back: Back,
) {
    for channel in [channel, channel + 1] {
        let number = Bytes::copy_from_slice(&port.to_le_bytes());
        if back.send((channel, number)).await.is_err() {
            return;
        }
    }
    let Ok(stream) = network.connect(sandbox.vantage(), &sandbox.ip, port).await else {
        let _ = back.send((channel + 1, refused(sandbox, port).into())).await;
        return;
    };
    let (mut from, mut to) = tokio::io::split(stream);
    let up = async {
        while let Some(piece) = sent.recv().await {
            if to.write_all(&piece).await.is_err() {
                break;
            }
        }
        let _ = to.shutdown().await;
        std::future::pending::<()>().await;
    };
    let down = async {
        let mut room = vec![0; PIECE];
        while let Ok(length @ 1..) = from.read(&mut room).await {
            let piece = Bytes::copy_from_slice(room.get(..length).unwrap_or_default());
            if back.send((channel, piece)).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

/// What the kubelet says of a port on which nothing listens.
fn refused(sandbox: &Sandbox, port: u16) -> String {
    let id = &sandbox.id;
    format!(
        "error forwarding port {port} to pod {id}, uid : failed to execute portforward in network namespace \
         \"/var/run/netns/cni-{}\": failed to connect to localhost:{port} inside namespace {id:?}, IPv4: dial tcp4 \
         127.0.0.1:{port}: connect: connection refused IPv6 dial tcp6 [::1]:{port}: connect: connection refused ",
        sandbox.netns
    )
}
