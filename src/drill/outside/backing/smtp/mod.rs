//! Submission of mail: STARTTLS on 587, TLS from the start on 465, and nothing without logging in. What is sent is dropped.

mod lines;
mod session;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::BufReader;
use tokio_rustls::TlsAcceptor;

use self::session::{After, Session};
use super::super::{Mood, Site, Trust};
use super::mood_at_first;
use crate::drill::net::{Caller, Place, Service, Serving, Stream};

/// How long a whole connection may take.
const PATIENCE: Duration = Duration::from_mins(5);
/// The port on which TLS comes first.
const IMPLICIT: u16 = 465;

/// The mail server.
#[derive(Debug)]
pub struct Smtp {
    tls: Arc<ServerConfig>,
}

impl Smtp {
    /// A server with a certificate from there.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn new(trust: &Trust) -> anyhow::Result<Self> {
        Ok(Self { tls: trust.server(&Site::Smtp.names(), &[])? })
    }

    async fn secure(&self, stream: Stream) -> io::Result<Stream> {
        Ok(Box::new(TlsAcceptor::from(self.tls.clone()).accept(stream).await?))
    }

    async fn converse(&self, mut stream: Stream, implicit: bool, mood: Mood) -> io::Result<()> {
        let mut session = Session::new(mood, implicit);
        if implicit {
            stream = self.secure(stream).await?;
        }
        let mut reader = BufReader::new(stream);
        session.greet(&mut reader).await?;
        while session.serve(&mut reader).await? == After::Secure {
            // What came before the handshake and was not read yet is forgotten with the reader.
            reader = BufReader::new(self.secure(reader.into_inner()).await?);
        }
        Ok(())
    }
}

impl Service for Smtp {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        Box::pin(async move {
            let mood = mood_at_first(&caller, Site::Smtp).await;
            let implicit = matches!(caller.place, Place::Site { port: IMPLICIT, .. });
            // A connection that ends badly is the client's to notice.
            let _ = tokio::time::timeout(PATIENCE, self.converse(stream, implicit, mood)).await;
        })
    }
}
