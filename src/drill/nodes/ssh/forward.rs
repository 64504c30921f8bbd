//! Connections onwards (`ssh -W`, `-L`, `-J`): made by the node, through the simulated network.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use russh::server::{ChannelOpenHandle, Msg};
use russh::{Channel, ChannelOpenFailure};
use tokio::io::copy_bidirectional;

use super::super::super::net::{Network, Vantage};
use super::super::super::outside;
use super::Server;

/// How long Linux tries to connect to a host that says nothing.
const PATIENCE: Duration = Duration::from_secs(127);

/// Where a connection is to lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A host and a port of it.
    Port(String, u16),
    /// The shell of another node. Whoever jumps there names the port of the operator's loopback on which it is found.
    Shell(String),
    /// No port has such a number.
    Nothing,
}

impl Target {
    pub(super) fn of(server: &Server, host: &str, port: u32) -> Self {
        let Ok(port) = u16::try_from(port) else { return Self::Nothing };
        let loopback = matches!(host, "127.0.0.1" | "localhost");
        match server.behind(port).filter(|_| loopback) {
            Some(node) => Self::Shell(node),
            None => Self::Port(host.to_owned(), port),
        }
    }

    /// Host and port, as the network knows them; nothing for what nobody has.
    fn resolve(self, network: &Network) -> Option<(String, u16)> {
        match self {
            Self::Nothing => None,
            // Nodes reach one another over their private network.
            Self::Shell(node) => network.with(|world| Some((world.machine(&node)?.private.clone(), 22))),
            Self::Port(host, port) => {
                let known = host == "localhost"
                    || host.parse::<std::net::IpAddr>().is_ok()
                    || outside::at(&host).is_some()
                    || network.with(|world| world.machine_at(&host)).is_some();
                known.then_some((host, port))
            }
        }
    }
}

/// Connects and carries bytes until either side ends it.
pub(super) async fn carry(
    network: Arc<Network>,
    node: String,
    target: Target,
    channel: Channel<Msg>,
    reply: ChannelOpenHandle,
) {
    let Some((host, port)) = target.resolve(&network) else {
        return reply.reject(failed("Name or service not known")).await;
    };
    let connecting = network.connect(Vantage::Node(node), &host, port);
    match tokio::time::timeout(PATIENCE, connecting).await {
        Ok(Ok(mut stream)) => {
            reply.accept().await;
            let _ = copy_bidirectional(&mut channel.into_stream(), &mut stream).await;
        }
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
            reply.reject(failed("Connection refused")).await;
        }
        Ok(Err(_)) => reply.reject(failed("No route to host")).await,
        Err(_) => reply.reject(failed("Connection timed out")).await,
    }
}

/// `SSH_OPEN_CONNECT_FAILED`; the library sends its own text with it, clients show the code's.
fn failed(reason: &str) -> ChannelOpenFailure {
    ChannelOpenFailure::Other { code: 2, reason: reason.to_owned() }
}
