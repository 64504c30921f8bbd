//! Redis in a pod: its protocol over the data that the world keeps for it.

mod commands;
mod info;
mod keys;
mod resp;
mod scripts;
mod session;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncWriteExt as _, BufReader};

use self::resp::{Read, Reply, read};
use self::session::Session;
use crate::drill::net::{Caller, Place, Service, Serving, Stream};
use crate::drill::world::Machine;

/// How long a client may say nothing.
const PATIENCE: Duration = Duration::from_mins(10);
/// How often one that is stuck is looked at again.
const LOOK: Duration = Duration::from_millis(100);

/// The server of every Redis there is.
#[derive(Debug, Default)]
pub struct Server {
    /// Connections are numbered.
    connections: AtomicI64,
}

impl Server {
    async fn converse(&self, stream: Stream, caller: &Caller) -> io::Result<()> {
        let Place::Pod { namespace, name, .. } = &caller.place else { return Ok(()) };
        let number = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let Some(begun) = caller.network.with(|world| world.redis(namespace, name)) else { return Ok(()) };
        let mut session = Session::new(number);
        let mut stream = BufReader::new(stream);
        loop {
            let command = match tokio::time::timeout(PATIENCE, read(&mut stream)).await?? {
                Read::Command(command) if command.is_empty() => continue,
                Read::Command(command) => command,
                Read::Wrong(what) => {
                    let mut bytes = Vec::new();
                    Reply::Error(format!("ERR Protocol error: {what}")).write(false, &mut bytes);
                    stream.write_all(&bytes).await?;
                    return stream.flush().await;
                }
                Read::End => return Ok(()),
            };
            let Some(reply) = answer(&mut session, &command, caller, begun.since).await else { return Ok(()) };
            let mut bytes = Vec::new();
            reply.write(session.third, &mut bytes);
            stream.write_all(&bytes).await?;
            // Answers to commands sent at once go out at once.
            if stream.buffer().is_empty() {
                stream.flush().await?;
            }
            if session.over {
                return stream.shutdown().await;
            }
        }
    }
}

/// The answer to a command, once the process answers; nothing when the process of that start is gone.
async fn answer(session: &mut Session, command: &[Vec<u8>], caller: &Caller, start: Timestamp) -> Option<Reply> {
    let Place::Pod { namespace, name, .. } = &caller.place else { return None };
    loop {
        let answered = caller.network.with(|world| {
            // A process that has started again knows nothing of this connection.
            let redis = world.redis(namespace, name).filter(|redis| redis.since == start)?;
            if !world.machine(&redis.node).is_none_or(Machine::runs_containers) {
                return None;
            }
            if redis.stuck {
                return Some(None);
            }
            let (data, now) = world.redis_data(&redis);
            Some(Some(session.obey(command, &redis, data, now)))
        });
        match answered {
            None => return None,
            Some(Some(reply)) => return Some(reply),
            Some(None) => tokio::time::sleep(LOOK).await,
        }
    }
}

impl Service for Server {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        Box::pin(async move {
            // A connection that ends badly is the client's to notice.
            let _ = self.converse(stream, &caller).await;
        })
    }
}
