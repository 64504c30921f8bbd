//! The ingress of the nodes, as Traefik answers: 404 without a route, 503 without a ready endpoint, 502 for a pod that
//! refuses or hangs up, 504 for one that cannot be reached.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Version, header};
use rustls::ServerConfig;

use super::super::http::{Answering, Answers, Reply, plain, serve};
use super::certificate;
use super::onward::{Failed, Way, send};
use super::patience::Shared;
use super::request::{host_of, path_of};
use crate::drill::net::{Caller, Place, Service, Serving, Stream, Vantage};
use crate::drill::world::{Manner, pick_rule};

/// After so long an ingress that hardly answers gives up on some requests; on the others it waits longer.
const STRUGGLE: Duration = Duration::from_secs(3);

/// The ingress of all nodes.
#[derive(Debug)]
pub struct Ingress {
    tls: Arc<ServerConfig>,
    patience: Arc<Shared>,
    /// How many requests each node had for each host; whose turn it is follows from it.
    turns: Mutex<BTreeMap<(String, String), usize>>,
}

/// What is to become of a request.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    NoRoute,
    NoServer,
    To(String, u16),
}

impl Ingress {
    /// It, with a certificate of its own that nobody vouches for.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn new(patience: Arc<Shared>) -> anyhow::Result<Self> {
        Ok(Self { tls: certificate::of_traefik()?, patience, turns: Mutex::default() })
    }

    fn turn(&self, node: &str, host: &str) -> usize {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Hosts come from outside: their number must not grow without end.
        if turns.len() > 1000 {
            turns.clear();
        }
        let turn = turns.entry((node.to_owned(), host.to_owned())).or_default();
        *turn = turn.wrapping_add(1);
        *turn - 1
    }

    async fn respond(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Reply {
        let (node, is_ping) = match &caller.place {
            Place::Ingress { node, .. } => (node.clone(), false),
            Place::IngressPing(node) => (node.clone(), true),
            _ => return no_route(),
        };
        let manner = caller.network.with(|world| world.ingress_manner(&node));
        match manner {
            _ if is_ping => ping(path_of(&request), manner).await,
            Some(Manner::Answers) => self.forward(&node, request, &caller).await,
            _ => self.struggle(&node).await,
        }
    }

    /// It runs, and hardly gets anything done.
    async fn struggle(&self, node: &str) -> Reply {
        if self.turn(node, "") % 5 < 2 {
            tokio::time::sleep(STRUGGLE.min(self.patience.get().ingress_connect)).await;
            return words(StatusCode::BAD_GATEWAY);
        }
        tokio::time::sleep(self.patience.get().ingress_connect).await;
        words(StatusCode::GATEWAY_TIMEOUT)
    }

    async fn forward(&self, node: &str, mut request: Request<Bytes>, caller: &Caller) -> Reply {
        let (host, path) = (host_of(&request).to_ascii_lowercase(), path_of(&request).to_owned());
        if host.is_empty() && request.version() == Version::HTTP_11 {
            return plain(StatusCode::BAD_REQUEST, "400 Bad Request: missing required Host header");
        }
        let host = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name).trim_end_matches('.').to_owned();
        let decision = caller.network.with(|world| {
            let rules = world.ingress_rules(node);
            match pick_rule(&rules, &host, &path) {
                None => Decision::NoRoute,
                Some(rule) if rule.servers.is_empty() => Decision::NoServer,
                Some(rule) => {
                    let (ip, port) = &rule.servers[self.turn(node, &host) % rule.servers.len()];
                    Decision::To(ip.clone(), *port)
                }
            }
        });
        let (ip, port) = match decision {
            Decision::NoRoute => return no_route(),
            Decision::NoServer => {
                return go_error(StatusCode::SERVICE_UNAVAILABLE, "no available server\n");
            }
            Decision::To(ip, port) => (ip, port),
        };
        let Ok(target) = request.uri().path_and_query().map_or("/", |p| p.as_str()).parse() else { return no_route() };
        *request.uri_mut() = target;
        if let Ok(host) = HeaderValue::from_str(&host) {
            request.headers_mut().insert(header::HOST, host);
        }
        let way = Way {
            network: &caller.network,
            from: Vantage::Node(node.to_owned()),
            address: &ip,
            port,
            tls: None,
            connect: self.patience.get().ingress_connect,
            answer: None,
        };
        match send(&way, request).await {
            Ok(reply) => reply,
            Err(Failed::Unconnected | Failed::Unanswered) => words(StatusCode::GATEWAY_TIMEOUT),
            Err(_) => words(StatusCode::BAD_GATEWAY),
        }
    }
}

impl Service for Ingress {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        let tls = matches!(caller.place, Place::Ingress { tls: true, .. }).then(|| self.tls.clone());
        Box::pin(serve(stream, tls, self, caller))
    }
}

impl Answers for Ingress {
    fn answer(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Answering {
        Box::pin(self.respond(request, caller))
    }
}

/// What it says of its own health.
async fn ping(path: &str, manner: Option<Manner>) -> Reply {
    match manner {
        Some(Manner::Hangs) => std::future::pending().await,
        Some(Manner::Says(status)) => words(StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)),
        _ if path == "/ping" => plain(StatusCode::OK, "OK"),
        _ => no_route(),
    }
}

fn no_route() -> Reply {
    go_error(StatusCode::NOT_FOUND, "404 page not found\n")
}

/// An error as Go's `http.Error` writes it.
fn go_error(status: StatusCode, text: &'static str) -> Reply {
    let mut reply = plain(status, text);
    reply.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}

/// A status in words and nothing else.
fn words(status: StatusCode) -> Reply {
    plain(status, status.canonical_reason().unwrap_or_default())
}
