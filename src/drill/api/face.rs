//! The way of one request: who sends it, what it asks for, whether that is allowed, and the answer.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::{HeaderName, Request, Response, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use serde_json::json;

use super::answer::{Answer, Body, set};
use super::backend::Backend;
use super::call::{Call, Place, Target};
use super::failure::Failure;
use super::identity::{Identity, User};
use super::mishap::{Mishap, Mishaps};
use super::options::ListOptions;
use super::record::Records;
use super::render::Renderer;
use super::stream::{Sessions, Upgrade};
use super::watch::Watch;
use super::{access, discovery, health, logs, metrics, openapi, read, reviews, stream, write};
use crate::drill::net::Network;
use crate::drill::store::{Names, ResourceId};

/// The largest body that is read.
const LARGEST: usize = 3 * 1024 * 1024;

/// What answers requests; shared by all connections of all endpoints.
pub(super) struct Face {
    backend: Arc<Mutex<dyn Backend>>,
    pub(super) identity: Identity,
    pub(super) records: Records,
    pub(super) mishaps: Mishaps,
    ca_pem: String,
    audits: Mutex<Names>,
    /// The way into pods, where there is one.
    pub(super) network: OnceLock<Arc<Network>>,
}

/// The other end of a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Peer {
    /// The certificate that it has shown.
    pub certificate: Arc<Option<CertificateDer<'static>>>,
    /// What becomes of the connection after an upgrade.
    pub sessions: Sessions,
}

/// The connection is to be cut instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
pub(super) struct Cut;

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Face").field("records", &self.records).finish_non_exhaustive()
    }
}

impl Face {
    pub(super) fn new(backend: Arc<Mutex<dyn Backend>>, identity: Identity, ca_pem: String) -> Self {
        let (records, mishaps) = (Records::default(), Mishaps::default());
        let (audits, network) = (Mutex::new(Names::new(0)), OnceLock::new());
        Self { backend, identity, records, mishaps, ca_pem, audits, network }
    }

    /// Does something with the world, locked for as long.
    pub(super) fn with<T>(&self, f: impl FnOnce(&mut dyn Backend) -> T) -> T {
        f(&mut *self.backend.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The response to a request.
    pub(super) async fn answer(
        self: &Arc<Self>,
        mut request: Request<Incoming>,
        peer: Peer,
    ) -> Result<Response<Body>, Cut> {
        let upgrade = Upgrade::asked(&mut request, peer.sessions);
        let (parts, body) = request.into_parts();
        let host = parts.uri.host().map(str::to_owned);
        let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let mut call = Call::new(parts.method, &parts.uri, parts.headers);
        call.upgrade = upgrade;
        let user = self.identity.user(peer.certificate.as_ref().as_ref(), call.header(header::AUTHORIZATION));
        let now = self.with(|b| b.now());
        let number = self.records.arrive(now, user.as_ref().map_or("", |u| u.name), &call, path);
        let body = Limited::new(body, LARGEST).collect().await;
        let too_large = match body {
            Ok(body) => {
                call.body = body.to_bytes();
                false
            }
            Err(e) if e.is::<LengthLimitError>() => true,
            // The client has hung up in the middle.
            Err(_) => return Err(Cut),
        };
        let dry_run = self.records.complete(number, &call);
        let mishap = if dry_run { None } else { self.mishaps.befalls(&call) };
        if mishap == Some(Mishap::CutBeforeChange) {
            return Err(Cut);
        }
        let response = if too_large {
            Answer::from(Failure::too_large(LARGEST)).into_response(false)
        } else {
            self.respond_in_time(call, host, user).await
        };
        self.records.answered(number, response.status().as_u16());
        match mishap {
            Some(Mishap::StallBeforeAnswer) => std::future::pending().await,
            Some(_) => Err(Cut),
            None => Ok(response),
        }
    }

    async fn respond_in_time(self: &Arc<Self>, call: Call, host: Option<String>, user: Option<User>) -> Response<Body> {
        if call.verb() != "list" {
            return self.respond(&call, host.as_deref(), user.as_ref());
        }
        // A long list takes its time to write, and others must not wait for it.
        let face = self.clone();
        let done = tokio::task::spawn_blocking(move || face.respond(&call, host.as_deref(), user.as_ref())).await;
        done.unwrap_or_else(|_| Answer::from(Failure::internal("the simulated server failed")).into_response(false))
    }

    fn respond(self: &Arc<Self>, call: &Call, host: Option<&str>, user: Option<&User>) -> Response<Body> {
        let gzip = call.header(header::ACCEPT_ENCODING).contains("gzip");
        let answer = self.route(call, host, user);
        let aggregated = matches!(&answer, Ok(Answer::Json { media, .. }) if media.contains("APIGroupDiscoveryList"));
        let mut response = answer.unwrap_or_else(Answer::from).into_response(gzip);
        set(&mut response, header::CACHE_CONTROL, if aggregated { "public" } else { "no-cache, private" });
        set(&mut response, header::DATE, &http_date(self.with(|b| b.now())));
        let audit = self.audits.lock().unwrap_or_else(PoisonError::into_inner).uid();
        set(&mut response, HeaderName::from_static("audit-id"), &audit);
        response
    }

    fn route(self: &Arc<Self>, call: &Call, host: Option<&str>, user: Option<&User>) -> Result<Answer, Failure> {
        if let Target::Path(path) = &call.target
            && let Some(answer) = self.supervisor(path)
        {
            return Ok(answer);
        }
        let user = user.ok_or_else(Failure::unauthorized)?;
        access::authorize(user, call)?;
        match &call.target {
            Target::Path(path) => {
                let host = host.unwrap_or_else(|| call.header(header::HOST));
                self.with(|backend| path_answer(backend, path, call, host))
            }
            Target::Resource(place) => self.resource(user, place, call),
        }
    }

    /// What k3s answers to everyone, on the same port.
    fn supervisor(&self, path: &str) -> Option<Answer> {
        match path {
            "/ping" => Some(Answer::Text { code: 200, body: "pong".into() }),
            "/cacerts" => Some(Answer::Text { code: 200, body: self.ca_pem.clone() }),
            _ => None,
        }
    }

    fn resource(self: &Arc<Self>, user: &User, place: &Place, call: &Call) -> Result<Answer, Failure> {
        if let Some(outage) = self.with(|b| b.outage()) {
            return Err(Failure::internal(outage));
        }
        let res = self.with(|backend| find(backend, place))?;
        let def = res.def();
        let verb = call.verb();
        if let Some(name) = &place.subresource {
            let sub = def.subresource(name).ok_or_else(Failure::no_resource)?;
            return match (sub.name, verb) {
                ("log", "get") => {
                    let pod = place.name.as_deref().unwrap_or_default();
                    logs::answer(self, place.namespace.as_deref().unwrap_or_default(), pod, call)
                }
                ("exec", "get" | "create") => stream::exec(self, place, call),
                ("portforward", "get" | "create") => stream::port_forward(self, place, call),
                ("status" | "resize", "get") => self.read(res, place, call),
                ("scale", "get") => {
                    let out = Renderer::new(def, call.header(header::ACCEPT), &call.query)?;
                    let name = place.name.as_deref().unwrap_or_default();
                    self.with(|backend| read::scale(backend, res, place, name, &out))
                }
                (
                    "status" | "scale" | "eviction" | "resize" | "binding" | "finalize",
                    "create" | "update" | "patch",
                ) if sub.verbs.contains(&verb) => self.with(|backend| write::answer(backend, res, place, call)),
                _ => Err(Failure::method_not_allowed()),
            };
        }
        match verb {
            "create" if !def.stored() && def.kind != "Binding" && place.name.is_none() => {
                let now = self.with(|b| b.now());
                reviews::answer(user, def, call.header(header::CONTENT_TYPE), &call.body, now)
            }
            "get" | "list" | "watch" if def.verbs.contains(&verb) => self.read(res, place, call),
            _ if def.verbs.contains(&verb) => self.with(|backend| write::answer(backend, res, place, call)),
            _ => Err(Failure::method_not_allowed()),
        }
    }

    fn read(self: &Arc<Self>, res: ResourceId, place: &Place, call: &Call) -> Result<Answer, Failure> {
        let def = res.def();
        let out = Renderer::new(def, call.header(header::ACCEPT), &call.query)?;
        if def.group == metrics::GROUP {
            return self.with(|backend| metrics::answer(backend, def, place, call, &out));
        }
        if let Some(name) = &place.name {
            return self.with(|backend| read::get(backend, res, place, name, &out));
        }
        if call.verb() == "watch" {
            let options = ListOptions::parse(def, &call.query, true)?;
            let watch = Watch::new(self.clone(), res, place.namespace.clone(), options, out);
            return Ok(Answer::stream(super::answer::JSON, watch.pieces()));
        }
        let (listing, now) = self.with(|b| read::list(b, res, place, call).map(|l| (l, b.now())))?;
        Ok(out.list(&listing.objects, &listing.metadata, now))
    }
}

/// The resource at a place, or the reason why there is none.
fn find(backend: &mut dyn Backend, place: &Place) -> Result<ResourceId, Failure> {
    if place.group == metrics::GROUP {
        metrics::available(backend)?;
    }
    let in_group = |id: &ResourceId| (id.def().group, id.def().version) == (&place.group, &place.version);
    let mut ids = ResourceId::all().filter(in_group).peekable();
    if ids.peek().is_none() {
        return Err(Failure::no_page());
    }
    let res = ids.find(|id| id.def().plural == place.plural).ok_or_else(Failure::no_resource)?;
    // One object of a namespaced kind has a namespace; those of the cluster have none.
    let fits = match (&place.namespace, &place.name) {
        (Some(_), _) => res.def().namespaced,
        (None, Some(_)) => !res.def().namespaced,
        (None, None) => true,
    };
    if fits { Ok(res) } else { Err(Failure::no_resource()) }
}

/// Answers what is no resource.
fn path_answer(backend: &mut dyn Backend, path: &str, call: &Call, host: &str) -> Result<Answer, Failure> {
    if call.verb() != "get" {
        return Err(Failure::method_not_allowed());
    }
    if let Some(answer) = health::answer(backend, path, &call.query) {
        return answer;
    }
    match path.trim_end_matches('/') {
        "/version" => Ok(Answer::json(200, &backend.version())),
        "" => Ok(Answer::json(200, &json!({"paths": ["/api", "/apis", "/healthz", "/livez", "/readyz", "/version"]}))),
        path if path.starts_with("/openapi/v3") => openapi::answer(path).map(|body| Answer::json(200, &body)),
        path => discovery::answer(backend, path, call.header(header::ACCEPT), host),
    }
}

/// A time as HTTP writes it.
fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
