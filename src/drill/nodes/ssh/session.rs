//! One connection: who is let in, and what its channels are asked for.

use std::collections::HashMap;
use std::sync::Arc;

use russh::keys::PublicKey;
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Session as Wire, VerifiedPublicKey};
use russh::{Channel, ChannelId, Pty};

use super::super::super::net::{Caller, Network};
use super::super::Shell;
use super::{Server, channel, forward, terminal};

/// Who may log in.
const USER: &str = "deploy";
/// The longest command.
const LONGEST: usize = 128 * 1024;

/// One connection.
pub struct Session {
    server: Arc<Server>,
    network: Arc<Network>,
    node: String,
    /// Channels that are open and have not been asked for anything yet.
    waiting: HashMap<ChannelId, Channel<Msg>>,
    /// Those with a terminal.
    terminals: Vec<ChannelId>,
}

impl Session {
    pub(super) fn new(server: Arc<Server>, caller: Caller, node: String) -> Self {
        Self { server, network: caller.network, node, waiting: HashMap::new(), terminals: Vec::new() }
    }

    fn judge(&self, user: &str, key: &PublicKey) -> Auth {
        let known = user == USER && key.key_data() == self.server.keys.admitted().key_data();
        if known { Auth::Accept } else { Auth::reject() }
    }

    fn shell(&self) -> Shell {
        Shell::new(self.network.clone(), self.node.clone())
    }

    /// Whether the node's server forwards connections.
    fn forwards(&self) -> bool {
        self.network.with(|world| world.machine(&self.node).is_some_and(|machine| machine.inside.forwarding))
    }
}

impl Handler for Session {
    type Error = russh::Error;

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        Ok(self.judge(user, offer.public_key))
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(self.judge(user, key.public_key))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _wire: &mut Wire,
    ) -> Result<(), Self::Error> {
        self.waiting.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _from: &str,
        _from_port: u32,
        reply: ChannelOpenHandle,
        _wire: &mut Wire,
    ) -> Result<(), Self::Error> {
        // Dropping the handle refuses it as prohibited.
        if self.forwards() {
            let target = forward::Target::of(&self.server, host, port);
            tokio::spawn(forward::carry(self.network.clone(), self.node.clone(), target, channel, reply));
        }
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _wire: &mut Wire) -> Result<(), Self::Error> {
        self.waiting.remove(&channel);
        self.terminals.retain(|id| *id != channel);
        Ok(())
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(Pty, u32)],
        wire: &mut Wire,
    ) -> Result<(), Self::Error> {
        if self.waiting.contains_key(&channel) && !self.terminals.contains(&channel) {
            self.terminals.push(channel);
            return wire.channel_success(channel);
        }
        wire.channel_failure(channel)
    }

    async fn window_change_request(
        &mut self,
        _channel: ChannelId,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _wire: &mut Wire,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        _value: &str,
        wire: &mut Wire,
    ) -> Result<(), Self::Error> {
        // `AcceptEnv LANG LC_*`, as Ubuntu sets it; nothing depends on them.
        if name == "LANG" || name.starts_with("LC_") {
            wire.channel_success(channel)
        } else {
            wire.channel_failure(channel)
        }
    }

    async fn x11_request(
        &mut self,
        channel: ChannelId,
        _single: bool,
        _protocol: &str,
        _cookie: &str,
        _screen: u32,
        wire: &mut Wire,
    ) -> Result<(), Self::Error> {
        wire.channel_failure(channel)
    }

    async fn subsystem_request(&mut self, channel: ChannelId, _name: &str, wire: &mut Wire) -> Result<(), Self::Error> {
        wire.channel_failure(channel)
    }

    async fn exec_request(&mut self, id: ChannelId, command: &[u8], wire: &mut Wire) -> Result<(), Self::Error> {
        let Some(channel) = self.waiting.remove(&id).filter(|_| command.len() <= LONGEST) else {
            return wire.channel_failure(id);
        };
        let line = String::from_utf8_lossy(command).into_owned();
        wire.channel_success(id)?;
        tokio::spawn(channel::run(self.shell(), line, self.terminals.contains(&id), channel));
        Ok(())
    }

    async fn shell_request(&mut self, id: ChannelId, wire: &mut Wire) -> Result<(), Self::Error> {
        let Some(channel) = self.waiting.remove(&id) else { return wire.channel_failure(id) };
        wire.channel_success(id)?;
        if self.terminals.contains(&id) {
            tokio::spawn(terminal::converse(self.shell(), channel));
        } else {
            tokio::spawn(channel::read_script(self.shell(), channel));
        }
        Ok(())
    }
}
