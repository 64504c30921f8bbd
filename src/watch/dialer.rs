//! The one way to a socket outside the cluster: straight there, or, in a drill, through the profile's `dial:` map.
//!
//! Facts keep the address that was asked for; only the dialer knows where it really led.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use tokio::net::TcpStream;

/// Connects to addresses.
#[derive(Debug, Clone, Default)]
pub struct Dialer {
    diverted: BTreeMap<String, SocketAddr>,
}

impl Dialer {
    /// A dialer with a profile's `dial:` map.
    ///
    /// # Errors
    /// When a target is not an address of this machine: a profile must not divert probes elsewhere.
    pub fn new(dial: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let target = |(from, to): (&String, &String)| {
            let address: SocketAddr =
                to.parse().with_context(|| format!("{to:?}, where {from} leads, is no address"))?;
            ensure!(
                address.ip().is_loopback(),
                "{from} leads to {to}, which is not this machine: remove it from dial:"
            );
            Ok((from.clone(), address))
        };
        Ok(Self { diverted: dial.iter().map(target).collect::<anyhow::Result<_>>()? })
    }

    /// Whether this is a drill: connections lead elsewhere.
    pub fn diverts(&self) -> bool {
        !self.diverted.is_empty()
    }

    /// Where a host and port really are, if they are diverted.
    pub fn target(&self, host: &str, port: u16) -> Option<SocketAddr> {
        self.diverted.get(&format!("{host}:{port}")).copied()
    }

    /// Connects. In a drill what the map does not name cannot be reached: no drill speaks to the world.
    ///
    /// # Errors
    /// Those of the socket; `HostUnreachable` for what a drill does not have.
    pub async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        match self.target(host, port) {
            Some(address) => TcpStream::connect(address).await,
            None if self.diverts() => {
                let message = format!("{host}:{port} is not part of this drill");
                Err(io::Error::new(io::ErrorKind::HostUnreachable, message))
            }
            None => TcpStream::connect((host, port)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_can_be_a_target() {
        let map = |to: &str| BTreeMap::from([("203.0.113.11:80".to_owned(), to.to_owned())]);
        let dialer = Dialer::new(&map("127.0.0.1:4000")).unwrap();
        assert_eq!(dialer.target("203.0.113.11", 80), Some("127.0.0.1:4000".parse().unwrap()));
        assert_eq!(dialer.target("203.0.113.11", 443), None);
        for wrong in ["198.51.100.7:80", "localhost", ""] {
            assert!(Dialer::new(&map(wrong)).unwrap_err().to_string().contains("203.0.113.11:80"), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_drill_reaches_nothing_that_it_does_not_name() {
        let dialer = Dialer::new(&BTreeMap::from([("a:1".to_owned(), "127.0.0.1:4000".to_owned())])).unwrap();
        let error = dialer.connect("203.0.113.9", 80).await.unwrap_err();
        assert_eq!(error.to_string(), "203.0.113.9:80 is not part of this drill");
    }
}
