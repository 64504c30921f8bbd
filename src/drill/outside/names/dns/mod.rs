//! Name servers: resolvers, the zone's own, the parent zone's.

mod https;
mod message;
mod rdata;
mod signature;

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::super::http::{self, hesitate};
use super::super::{Mood, Site, Trust};
use crate::drill::net::{Answering, Caller, Service, Serving, Stream};
use crate::drill::world::{Code, Said, Type, World};
use message::{Asked, Carrier, Received, Speaker, read};

/// How long a connection may say nothing.
const IDLE: Duration = Duration::from_secs(10);

/// One name server.
#[derive(Debug)]
pub(super) struct NameServer {
    site: Site,
    /// For questions over HTTPS.
    tls: Option<Arc<ServerConfig>>,
}

impl NameServer {
    /// All of them.
    pub fn all(trust: &Trust) -> anyhow::Result<Vec<Arc<Self>>> {
        let servers = Site::ALL.into_iter().filter(|site| site.takes_datagrams());
        let server = |site: Site| {
            let secure = site.ports().contains(&443);
            let tls = secure.then(|| trust.server(&site.names(), &["h2", "http/1.1"])).transpose()?;
            Ok(Arc::new(Self { site, tls }))
        };
        servers.map(server).collect()
    }

    /// Which one it is.
    pub const fn site(&self) -> Site {
        self.site
    }

    const fn recursive(&self) -> bool {
        matches!(self.site, Site::ResolverOne | Site::ResolverTwo | Site::ResolverThree)
    }

    /// What it says at the moment; `None` for nothing.
    fn says(&self, world: &World, name: &str, kind: Option<Type>, unchecked: bool) -> Option<Said> {
        match world.outside.mood(self.site) {
            Mood::Says(code) => Some(Said::code(Code::named(&code).unwrap_or(Code::ServFail))),
            _ if self.recursive() => Some(world.outside.names.resolve(self.site, name, kind, unchecked, world.now())),
            // It has begun to answer: a mood that begins now is for the next question.
            _ => world.outside.authority_says(self.site, name, kind),
        }
    }

    /// The answer to a message; `None` for silence.
    async fn answer(&self, message: &[u8], caller: &Caller, carrier: Carrier) -> Option<Vec<u8>> {
        let mood = caller.network.with(|world| world.outside.mood(self.site));
        if mood == Mood::Stalls && carrier == Carrier::Datagram {
            return None;
        }
        hesitate(&mood).await;
        match read(message) {
            Received::Ignored => None,
            Received::Refused(reply) => Some(reply),
            Received::Asked(asked) => caller.network.with(|world| self.reply(world, &asked, carrier)),
        }
    }

    fn reply(&self, world: &World, asked: &Asked, carrier: Carrier) -> Option<Vec<u8>> {
        let said = self.says(world, &asked.name, asked.kind, asked.unchecked())?;
        let zone = world.outside.zone.name;
        let signs = said.authentic || (said.authoritative && self.site != Site::Parent);
        let speaker = Speaker { recursive: self.recursive(), signed: signs.then_some(zone), now: world.now() };
        Some(asked.reply(&said, speaker, carrier))
    }

    async fn converse(self: Arc<Self>, mut stream: Stream, caller: Caller) {
        while let Ok(Some(message)) = tokio::time::timeout(IDLE, receive(&mut stream)).await {
            let Some(reply) = self.answer(&message, &caller, Carrier::Stream).await else { return };
            if send(&mut stream, &reply).await.is_none() {
                return;
            }
        }
    }
}

impl Service for NameServer {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        match (&caller.place, &self.tls) {
            (crate::drill::net::Place::Site { port: 443, .. }, Some(tls)) => {
                let tls = tls.clone();
                Box::pin(http::serve(stream, Some(tls), self, caller))
            }
            _ => Box::pin(self.converse(stream, caller)),
        }
    }

    fn datagram(self: Arc<Self>, message: Vec<u8>, caller: Caller) -> Answering {
        Box::pin(async move { self.answer(&message, &caller, Carrier::Datagram).await })
    }
}

/// One message from a stream; `None` at its end.
pub(super) async fn receive(stream: &mut Stream) -> Option<Vec<u8>> {
    let length = stream.read_u16().await.ok()?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await.ok()?;
    Some(message)
}

/// One message into a stream; `None` if it cannot be.
pub(super) async fn send(stream: &mut Stream, message: &[u8]) -> Option<()> {
    let length = u16::try_from(message.len()).ok()?;
    stream.write_all(&[&length.to_be_bytes(), message].concat()).await.ok()?;
    stream.flush().await.ok()
}

/// Answers a message from a function that knows the names; errors and silence are those of any server.
pub(super) fn answer_with(
    message: &[u8],
    now: jiff::Timestamp,
    solve: impl FnOnce(&str, Option<Type>) -> Said,
) -> Option<Vec<u8>> {
    match read(message) {
        Received::Ignored => None,
        Received::Refused(reply) => Some(reply),
        Received::Asked(asked) => {
            let speaker = Speaker { recursive: true, signed: None, now };
            Some(asked.reply(&solve(&asked.name, asked.kind), speaker, Carrier::Stream))
        }
    }
}

/// The name and type that a message asks for, if it is a question.
pub(super) fn question(message: &[u8]) -> Option<(String, Option<Type>)> {
    match read(message) {
        Received::Asked(asked) => Some((asked.name, asked.kind)),
        _ => None,
    }
}
