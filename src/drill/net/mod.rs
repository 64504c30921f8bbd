//! The network of the simulated world: who reaches what, from where, and what answers there.
//!
//! [`route`] decides, from the state of the world alone, whether a connection is taken, refused or swallowed and where it
//! leads. [`Network`] makes the connection: for a node's `direct-tcpip`, for a port-forward and for the edge in memory, for
//! the operator through the real sockets of [`Ports`], which behave as the route says.

mod anybody;
mod ports;
mod route;
mod services;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};

pub use anybody::anybody;
pub use ports::Ports;
pub use route::{Place, Route, Vantage, route};
pub use services::Services;

use crate::drill::world::World;

/// How much is on its way in a connection in memory.
const WINDOW: usize = 64 * 1024;

/// A connection, whatever carries it.
pub trait Pipe: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Pipe for T {}

/// A connection, whatever carries it.
pub type Stream = Box<dyn Pipe>;

/// What a service does with a connection, until its end.
pub type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The answer to a datagram, to come; nothing for silence.
pub type Answering = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;

/// One connection as the service sees it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Where it comes from.
    pub from: Vantage,
    /// Where it leads: one service may stand at several places.
    pub place: Place,
    /// The network, for the world behind it and for connections onwards.
    pub network: Arc<Network>,
}

/// Something that answers connections. It asks the world for its state each time, and never holds the lock while it waits.
pub trait Service: std::fmt::Debug + Send + Sync {
    /// Serves one connection until either side ends it. When the future is dropped the connection is cut.
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving;

    /// Answers one datagram. Only name servers take any.
    fn datagram(self: Arc<Self>, message: Vec<u8>, caller: Caller) -> Answering {
        let _ = (message, caller);
        Box::pin(std::future::ready(None))
    }
}

/// The network of one simulation.
#[derive(Debug)]
pub struct Network {
    world: Arc<Mutex<World>>,
    services: Services,
    /// Where the API servers of the nodes listen, in the order of the nodes.
    apis: OnceLock<Vec<SocketAddr>>,
}

impl Network {
    /// The network of a world, with all that stands on it.
    ///
    /// # Errors
    /// When certificates or keys cannot be made.
    pub fn new(world: Arc<Mutex<World>>) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self { world, services: Services::new()?, apis: OnceLock::new() }))
    }

    /// Does something with the world, locked for as long: keep it short.
    pub fn with<T>(&self, f: impl FnOnce(&mut World) -> T) -> T {
        let mut world: MutexGuard<'_, World> = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        f(&mut world)
    }

    /// Says where the API servers of the nodes listen, in the order of the nodes; once.
    pub fn tell_of_apis(&self, addresses: Vec<SocketAddr>) {
        let _ = self.apis.set(addresses);
    }

    /// Where the API server of a node listens.
    pub fn api_of(&self, node: &str) -> Option<SocketAddr> {
        let number = self.with(|world| world.machines().keys().position(|name| name == node))?;
        self.apis.get()?.get(number).copied()
    }

    /// What stands on it.
    pub const fn services(&self) -> &Services {
        &self.services
    }

    /// Connects to a host (a name or an address) and port. Swallowed attempts never end: the caller sets the deadline.
    ///
    /// # Errors
    /// `ConnectionRefused`, as a socket would say; `HostUnreachable` for what nobody has.
    pub async fn connect(self: &Arc<Self>, from: Vantage, host: &str, port: u16) -> io::Result<Stream> {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        match self.with(|world| route(world, &from, host, port)) {
            Route::Refused => Err(refused()),
            Route::Silent => std::future::pending().await,
            Route::To(place) => {
                let service = self.services.at(&place).ok_or_else(refused)?;
                let (near, far) = tokio::io::duplex(WINDOW);
                let caller = Caller { from, place, network: self.clone() };
                tokio::spawn(service.serve(Box::new(far), caller));
                Ok(Box::new(near))
            }
        }
    }
}

#[cfg(test)]
mod tests;
