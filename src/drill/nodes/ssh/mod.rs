//! An SSH server on each node, as `OpenSSH` on Ubuntu is one: public keys only, commands, a prompt, connections onwards.

mod channel;
mod forward;
mod keys;
mod session;
mod terminal;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use russh::server::Config;
use russh::{MethodKind, MethodSet, SshId};
use tokio::io::copy_bidirectional;

use super::super::net::{Caller, Network, Place, Service, Serving, Stream};

pub use keys::Keys;

/// What the server says it is.
const VERSION: &str = "SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.14";
/// How much is on its way between the socket and the session.
const WINDOW: usize = 64 * 1024;
/// How often is looked whether the machine is still there.
const LOOK: Duration = Duration::from_millis(100);

/// Where the operator finds the shell of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The node.
    pub node: String,
    /// Its socket on the operator's loopback.
    pub address: SocketAddr,
    /// The addresses that it stands for.
    pub names: Vec<String>,
}

/// The servers of all nodes.
#[derive(Debug)]
pub struct Server {
    keys: Arc<Keys>,
    /// On which ports of the operator's loopback the shells of the nodes are, for whoever jumps from one to another.
    doors: OnceLock<BTreeMap<u16, String>>,
}

impl Server {
    /// Servers with keys of their own.
    pub fn new() -> Self {
        Self { keys: Arc::new(Keys::generate()), doors: OnceLock::new() }
    }

    /// The keys of this run.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Says on which ports of the operator's loopback the shells are; once.
    pub fn tell_of_doors(&self, doors: &[Door]) {
        let _ = self.doors.set(doors.iter().map(|door| (door.address.port(), door.node.clone())).collect());
    }

    /// The node whose shell the operator finds on a port of the loopback.
    fn behind(&self, port: u16) -> Option<String> {
        self.doors.get()?.get(&port).cloned()
    }

    fn config(&self, node: &str) -> Config {
        Config {
            server_id: SshId::Standard(VERSION.into()),
            methods: MethodSet::from(&[MethodKind::PublicKey][..]),
            auth_rejection_time: Duration::from_millis(300),
            auth_rejection_time_initial: Some(Duration::ZERO),
            keys: vec![self.keys.of_node(node)],
            max_auth_attempts: 6,
            inactivity_timeout: None,
            ..Config::default()
        }
    }
}

impl Service for Server {
    fn serve(self: Arc<Self>, mut stream: Stream, caller: Caller) -> Serving {
        Box::pin(async move {
            let Place::Shell(node) = caller.place.clone() else { return };
            let Some(booted) = boot_of(&caller.network, &node) else { return };
            let network = caller.network.clone();
            let config = Arc::new(self.config(&node));
            let session = session::Session::new(self, caller, node.clone());
            // The session lives on tasks of its own: it ends when this side of the pipe is dropped.
            let (mut near, far) = tokio::io::duplex(WINDOW);
            let talk = async {
                let running = russh::server::run_stream(config, far, session).await;
                if let Ok(running) = running {
                    let _ = running.await;
                }
            };
            let carry = copy_bidirectional(&mut stream, &mut near);
            tokio::select! {
                _ = async { tokio::join!(carry, talk) } => {}
                () = gone(&network, &node, booted) => freeze(&network, &node, booted).await,
            }
        })
    }
}

fn boot_of(network: &Network, node: &str) -> Option<Timestamp> {
    network.with(|world| world.machine(node).map(|machine| machine.booted))
}

/// Comes back when the machine has stopped answering, or was started anew.
async fn gone(network: &Network, node: &str, booted: Timestamp) {
    let runs = || network.with(|w| w.machine(node).is_some_and(|m| m.running() && m.booted == booted));
    while runs() {
        tokio::time::sleep(LOOK).await;
    }
}

/// A dead machine says nothing at all; only the next one that is started there does not know the connection.
async fn freeze(network: &Network, node: &str, booted: Timestamp) {
    while boot_of(network, node) == Some(booted) {
        tokio::time::sleep(LOOK).await;
    }
}
