//! The operator's way into the simulated network: real sockets on the loopback that take, refuse or swallow connections as
//! the route says at the moment.
//!
//! A port stays ours whatever it does: a socket that is bound and never listens holds it, so that a closed listener is
//! refused by the kernel. One whose queue is full and never emptied swallows what comes, as a dead host does.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

use super::super::outside::{self, Site};
use super::super::world::World;
use super::{Caller, Network, Route, Service, Vantage, route};

/// How often the sockets are compared with the world.
const LOOK: Duration = Duration::from_millis(100);
/// The ports of a node that the operator may reach.
const NODE_PORTS: [u16; 3] = [22, 80, 443];
/// The port that takes datagrams.
const NAMES: u16 = 53;
/// How many more ports are tried if one is free for connections and not for datagrams.
const TRIES: u32 = 16;
/// How many datagrams may wait for their answers; further ones are lost.
const WAITING: usize = 256;
/// The largest datagram that is read.
const LARGEST: usize = 4096;
/// `EINPROGRESS` of Linux: the connection is under way.
const IN_PROGRESS: i32 = 115;

/// The sockets, by the address that they stand for (`203.0.113.11:80`). They close when this is dropped.
#[derive(Debug)]
pub struct Ports {
    dial: BTreeMap<String, SocketAddr>,
    /// Dropping it cuts every connection.
    keepers: JoinSet<()>,
}

impl Ports {
    /// Opens a socket for everything that the operator could reach. The API's addresses are not among them: its server
    /// has sockets of its own.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn open(network: &Arc<Network>) -> anyhow::Result<Self> {
        let mut ports = Self { dial: BTreeMap::new(), keepers: JoinSet::new() };
        let mut doors = Vec::new();
        for (node, address) in network.with(|world| world.public_addresses()) {
            for port in NODE_PORTS {
                doors.push(ports.stand_for(network, &[&address, &node], port)?);
            }
        }
        for site in Site::ALL {
            for port in site.ports() {
                doors.push(ports.stand_for(network, &site.names(), *port)?);
            }
        }
        // They do as the world says from the first moment on.
        let routes = routes(network, &doors);
        let standings = doors.iter().zip(&routes).map(|(door, route)| door.stand(route)).collect::<io::Result<_>>()?;
        ports.keepers.spawn(keep(network.clone(), doors, standings));
        Ok(ports)
    }

    /// Where each address really is.
    pub const fn dial(&self) -> &BTreeMap<String, SocketAddr> {
        &self.dial
    }

    /// One socket for one port of something that has several names.
    fn stand_for(&mut self, network: &Arc<Network>, names: &[&str], port: u16) -> anyhow::Result<Arc<Door>> {
        let host = names.first().copied().unwrap_or_default();
        let takes_datagrams = port == NAMES && outside::at(host).is_some_and(Site::takes_datagrams);
        let (holder, address, datagrams) = port_of_our_own(takes_datagrams)?;
        self.dial.extend(names.iter().map(|name| (format!("{name}:{port}"), address)));
        let door = Arc::new(Door { network: network.clone(), host: host.to_owned(), port, address, _holder: holder });
        if let Some(socket) = datagrams {
            self.keepers.spawn(door.clone().datagrams(socket));
        }
        Ok(door)
    }
}

/// A port of the loopback that is held, and its socket for datagrams if there is to be one. Somebody else may have the
/// number for datagrams: then it is another port.
fn port_of_our_own(datagrams: bool) -> anyhow::Result<(Socket, SocketAddr, Option<UdpSocket>)> {
    let mut tries = 0;
    loop {
        let holder = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).context("could not have a port on 127.0.0.1")?;
        let address = holder.local_addr()?.as_socket().context("a socket without an address")?;
        if !datagrams {
            return Ok((holder, address, None));
        }
        match std::net::UdpSocket::bind(address) {
            Ok(socket) => {
                socket.set_nonblocking(true)?;
                return Ok((holder, address, Some(UdpSocket::from_std(socket)?)));
            }
            Err(_) if tries < TRIES => tries += 1,
            Err(error) => return Err(error).context("could not have a port for datagrams on 127.0.0.1"),
        }
    }
}

/// Lets every socket do as its route says, whenever that changes.
async fn keep(network: Arc<Network>, doors: Vec<Arc<Door>>, mut standings: Vec<Standing>) {
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for ((door, standing), route) in doors.iter().zip(&mut standings).zip(&routes(&network, &doors)) {
            if standing.fits(route) {
                continue;
            }
            // The former listener must be closed before there can be another.
            drop(std::mem::replace(standing, Standing::Refusing));
            tokio::task::yield_now().await;
            *standing = door.stand(route).unwrap_or(Standing::Refusing);
        }
    }
}

fn routes(network: &Network, doors: &[Arc<Door>]) -> Vec<Route> {
    network.with(|world| doors.iter().map(|door| door.route_in(world)).collect())
}

/// One address that the operator may dial.
#[derive(Debug)]
struct Door {
    network: Arc<Network>,
    host: String,
    port: u16,
    address: SocketAddr,
    _holder: Socket,
}

/// What a socket does at the moment.
enum Standing {
    /// Dropping it closes the socket and cuts its connections.
    Taking(#[expect(dead_code, reason = "held for its end")] JoinSet<()>),
    Refusing,
    Swallowing(#[expect(dead_code, reason = "held for its end")] FullQueue),
}

impl Standing {
    const fn fits(&self, route: &Route) -> bool {
        matches!(
            (route, self),
            (Route::To(_), Self::Taking(_)) | (Route::Refused, Self::Refusing) | (Route::Silent, Self::Swallowing(_))
        )
    }
}

impl Door {
    fn route_in(&self, world: &World) -> Route {
        route(world, &Vantage::Operator, &self.host, self.port)
    }

    fn stand(self: &Arc<Self>, route: &Route) -> io::Result<Standing> {
        Ok(match route {
            Route::Refused => Standing::Refusing,
            Route::Silent => Standing::Swallowing(FullQueue::at(self.address)?),
            Route::To(_) => {
                let socket = bound(self.address)?;
                socket.listen(128)?;
                socket.set_nonblocking(true)?;
                let listener = TcpListener::from_std(socket.into())?;
                let mut taking = JoinSet::new();
                taking.spawn(self.clone().take(listener));
                Standing::Taking(taking)
            }
        })
    }

    /// Takes connections; all of them are cut when this is aborted.
    async fn take(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let Ok((stream, _)) = accepted else {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                        continue;
                    };
                    let _ = stream.set_nodelay(true);
                    if let Some((service, caller)) = self.answers() {
                        connections.spawn(service.serve(Box::new(stream), caller));
                    }
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }

    /// Answers datagrams, each when its answer is there.
    async fn datagrams(self: Arc<Self>, socket: UdpSocket) {
        let mut room = vec![0; LARGEST];
        let mut answers = JoinSet::new();
        loop {
            tokio::select! {
                received = socket.recv_from(&mut room) => {
                    let Ok((length, from)) = received else { continue };
                    let message = room.get(..length).unwrap_or_default().to_vec();
                    if let Some((service, caller)) = self.answers()
                        && answers.len() < WAITING
                    {
                        let answering = service.datagram(message, caller);
                        answers.spawn(async move { answering.await.map(|answer| (answer, from)) });
                    }
                }
                Some(answered) = answers.join_next() => {
                    if let Ok(Some((answer, from))) = answered {
                        let _ = socket.send_to(&answer, from).await;
                    }
                }
            }
        }
    }

    /// Who answers here at the moment.
    fn answers(&self) -> Option<(Arc<dyn Service>, Caller)> {
        let Route::To(place) = self.network.with(|world| self.route_in(world)) else { return None };
        let service = self.network.services().at(&place)?;
        Some((service, Caller { from: Vantage::Operator, place, network: self.network.clone() }))
    }
}

/// A listener whose queue is full: the kernel drops every further attempt, and the other side waits.
struct FullQueue {
    _listener: Socket,
    _waiting: Vec<Socket>,
}

impl FullQueue {
    fn at(address: SocketAddr) -> io::Result<Self> {
        let listener = bound(address)?;
        listener.listen(0)?;
        let waiting = (0..2).map(|_| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            socket.set_nonblocking(true)?;
            match socket.connect(&address.into()) {
                Err(error) if error.raw_os_error() != Some(IN_PROGRESS) => Err(error),
                _ => Ok(socket),
            }
        });
        Ok(Self { _waiting: waiting.collect::<io::Result<_>>()?, _listener: listener })
    }
}

/// A socket with an address that others of ours may share, not listening.
fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}
