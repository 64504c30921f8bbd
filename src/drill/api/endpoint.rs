//! One address at which the server listens. It can be closed and opened again: then connections are refused, and those
//! that stood are cut, as when a server node goes down.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::face::{Face, Peer};

/// One address at which the server listens, on the loopback only.
#[derive(Debug)]
pub struct Endpoint {
    addr: SocketAddr,
    refusing: watch::Sender<bool>,
    task: AbortHandle,
}

impl Endpoint {
    /// Opens an address of its own on a free port.
    pub(super) async fn open(face: Arc<Face>, tls: TlsAcceptor) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("could not listen on 127.0.0.1")?;
        let addr = listener.local_addr()?;
        let refusing = watch::Sender::new(false);
        let task = tokio::spawn(listen(listener, addr, refusing.subscribe(), face, tls)).abort_handle();
        Ok(Self { addr, refusing, task })
    }

    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `https://127.0.0.1:40123`
    pub fn url(&self) -> String {
        format!("https://{}", self.addr)
    }

    /// Closes the address and cuts its connections, or opens it again.
    pub fn refuse(&self, refuse: bool) {
        self.refusing.send_if_modified(|now| std::mem::replace(now, refuse) != refuse);
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Listens, closes, listens again, until aborted.
async fn listen(
    first: TcpListener,
    addr: SocketAddr,
    mut refusing: watch::Receiver<bool>,
    face: Arc<Face>,
    tls: TlsAcceptor,
) {
    let mut listener = Some(first);
    loop {
        if let Some(listener) = listener.take() {
            accept(&listener, &mut refusing, &face, &tls).await;
        }
        if refusing.wait_for(|refuse| !refuse).await.is_err() {
            return;
        }
        match TcpListener::bind(addr).await {
            Ok(again) => listener = Some(again),
            // The port is ours; only a connection in its last throes can hold it for a moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Serves connections until told to refuse them; those that stand are cut then.
async fn accept(listener: &TcpListener, refusing: &mut watch::Receiver<bool>, face: &Arc<Face>, tls: &TlsAcceptor) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(serve(stream, face.clone(), tls.clone()));
            } else {
                tokio::time::sleep(Duration::from_millis(10)).await;
            },
            () = until_refused(refusing) => return,
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Waits until connections are to be refused, or for ever if nobody can say so any more.
async fn until_refused(refusing: &mut watch::Receiver<bool>) {
    if refusing.wait_for(|refuse| *refuse).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// One connection, over TLS, in either version of HTTP.
async fn serve(stream: TcpStream, face: Arc<Face>, tls: TlsAcceptor) {
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_secs(10), tls.accept(stream)).await else { return };
    let certificate = stream.get_ref().1.peer_certificates().and_then(|c| c.first()).map(|c| c.clone().into_owned());
    let peer = Peer { certificate: Arc::new(certificate), ..Peer::default() };
    let sessions = peer.sessions.clone();
    let cut = Arc::new(Notify::new());
    let cutting = cut.clone();
    let service = service_fn(move |request| {
        let (face, peer, cut) = (face.clone(), peer.clone(), cutting.clone());
        async move {
            let answer = face.answer(request, peer).await;
            if answer.is_err() {
                cut.notify_one();
            }
            answer
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder.http2().timer(TokioTimer::new());
    // A connection that ends badly is the client's to notice.
    let serving = async {
        let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
        sessions.ended().await;
    };
    tokio::select! {
        () = serving => {}
        () = cut.notified() => {}
    }
}
