//! What the deployment's pods answer over HTTP, as they are at the moment. Cache and name server speak for themselves,
//! elsewhere.

mod admin;
mod api;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use rustls::ServerConfig;
use tokio::io::AsyncReadExt as _;

use super::super::http::{Answering, Answers, Reply, plain, serve};
use super::certificate;
use super::request::path_of;
use crate::drill::net::{Caller, Place, Service, Serving, Stream};
use crate::drill::world::{Manner, Trade, Vitals};

/// The port of metrics-server, which speaks TLS.
const METRICS: u16 = 10250;
/// How often somebody who waits looks whether things have changed.
const LOOK: Duration = Duration::from_millis(250);

/// What the pods answer.
#[derive(Debug)]
pub struct Pods {
    tls: Arc<ServerConfig>,
}

impl Pods {
    /// All of them.
    ///
    /// # Errors
    /// When a certificate cannot be made.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { tls: certificate::own("metrics-server", "metrics-server")? })
    }

    async fn converse(self: Arc<Self>, mut stream: Stream, caller: Caller) {
        match vitals(&caller).map(|vitals| vitals.manner) {
            None | Some(Manner::Cuts) => {}
            Some(Manner::Hangs) => hold(&mut stream, &caller).await,
            Some(Manner::Answers | Manner::Says(_)) => {
                let tls = matches!(caller.place, Place::Pod { port: METRICS, .. }).then(|| self.tls.clone());
                let ended = ended(caller.clone());
                tokio::select! {
                    () = serve(stream, tls, self, caller) => {}
                    () = ended => {}
                }
            }
        }
    }
}

impl Service for Pods {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        Box::pin(self.converse(stream, caller))
    }
}

impl Answers for Pods {
    fn answer(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Answering {
        Box::pin(async move { respond(&request, &caller).await })
    }
}

async fn respond(request: &Request<Bytes>, caller: &Caller) -> Reply {
    let Some(vitals) = vitals(caller) else { return not_found() };
    match vitals.manner {
        // What began before it fell ill hangs as well; the connection ends with the pod or with the caller.
        Manner::Hangs | Manner::Cuts => std::future::pending().await,
        Manner::Says(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            plain(status, status.canonical_reason().unwrap_or_default())
        }
        Manner::Answers => match vitals.trade {
            Trade::Api => api::respond(request, vitals, caller).await,
            Trade::Admin => admin::respond(request, &vitals).await,
            Trade::Worker if path_of(request) == "/healthz" => plain(StatusCode::OK, "ok"),
            _ => not_found(),
        },
    }
}

/// How the pod that is called is.
fn vitals(caller: &Caller) -> Option<Vitals> {
    let Place::Pod { namespace, name, .. } = &caller.place else { return None };
    caller.network.with(|world| world.vitals(namespace, name))
}

/// Takes whatever comes and says nothing, until the caller has enough or the pod ends.
async fn hold(stream: &mut Stream, caller: &Caller) {
    let swallowing = async {
        let mut room = [0; 4096];
        while stream.read(&mut room).await.is_ok_and(|length| length > 0) {}
    };
    tokio::select! {
        () = swallowing => {}
        () = ended(caller.clone()) => {}
    }
}

/// Comes back when the container that runs now does so no longer.
async fn ended(caller: Caller) {
    let mut up = i64::MIN;
    loop {
        match vitals(&caller) {
            Some(vitals) if vitals.up >= up => up = vitals.up,
            _ => return,
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Lets pass what the work takes, longer for a pod that is burdened.
async fn work(millis: f64, vitals: &Vitals) {
    tokio::time::sleep(Duration::from_secs_f64(millis * vitals.burden / 1000.0)).await;
}

fn not_found() -> Reply {
    let mut reply = plain(StatusCode::NOT_FOUND, "404 page not found\n");
    reply.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}
