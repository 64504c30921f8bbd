//! From a node to an API server: its server has a socket of its own, and here only bytes are carried.

use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

use super::super::net::{Caller, Place, Service, Serving, Stream};

/// Carries bytes to the API server of a node.
#[derive(Debug)]
pub struct ToApi;

impl Service for ToApi {
    fn serve(self: Arc<Self>, mut stream: Stream, caller: Caller) -> Serving {
        Box::pin(async move {
            let Place::Api(node) = &caller.place else { return };
            let Some(address) = caller.network.api_of(node) else { return };
            if let Ok(mut server) = TcpStream::connect(address).await {
                let _ = server.set_nodelay(true);
                let _ = copy_bidirectional(&mut stream, &mut server).await;
            }
        })
    }
}
