//! The edge network in front of the nodes: what it answers itself, what it passes on, what it says when that fails.

mod origins;
mod pages;
mod trace;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version, header};
use rustls::ServerConfig;

use super::super::http::{Answering, Answers, Reply, hesitate, of_type, plain, serve};
use super::super::{Mood, Site, Trust};
use super::patience::Shared;
use super::request::{host_of, path_of};
use super::{dated, visitor};
use crate::drill::net::{Caller, Place, Service, Serving, Stream};
use crate::drill::world::Upstream;
use origins::{Origins, Target};
use pages::Trouble;

/// The name of the place where the edge is entered, as airports are called.
const COLO: &str = "FRA";
/// The longest target and the most headers that are taken, in bytes.
const LONGEST_TARGET: usize = 16 * 1024;
const MOST_HEADERS: usize = 128 * 1024;
/// Where the edge answers for itself.
const OWN: &str = "/cdn-cgi/";

/// The edge, and another customer's site on it.
#[derive(Debug)]
pub struct Edge {
    tls: Arc<ServerConfig>,
    neighbour: Arc<ServerConfig>,
    origins: Origins,
    rays: AtomicU64,
}

/// One visit.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The number of this request, with the place where it came in.
    ray: String,
    /// The host that was asked for, written small, without port.
    host: String,
    /// Where the visitor comes from.
    visitor: String,
    /// Whether the visit is over TLS.
    secure: bool,
}

impl Edge {
    /// It, with certificates for what stands behind it.
    ///
    /// # Errors
    /// When a certificate cannot be made.
    pub fn new(trust: &Trust, patience: Arc<Shared>) -> anyhow::Result<Self> {
        let protocols = ["h2", "http/1.1"];
        let neighbours = Site::EdgeNeighbour.hosts();
        Ok(Self {
            tls: trust.server(&["example.com", "*.example.com"], &protocols)?,
            neighbour: trust.server(neighbours, &protocols)?,
            origins: Origins::new(patience),
            rays: AtomicU64::new(1),
        })
    }

    async fn respond(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Reply {
        let Place::Site { site, port } = caller.place else { return pages::bare(StatusCode::BAD_REQUEST) };
        let visit = self.visit(&request, &caller, port == 443);
        let mood = caller.network.with(|world| world.outside.mood(site));
        hesitate(&mood).await;
        let mut reply = match (&mood, misshapen(&request, &visit)) {
            (Mood::Says(code), _) => pages::page(Trouble::said(code), &request, &visit),
            (_, Some(refusal)) => refusal,
            _ if path_of(&request).starts_with(OWN) => own(&request, &visit, &caller),
            _ if site == Site::EdgeNeighbour => neighbours_page(&request, &visit),
            _ => self.pass_on(request, &visit, &caller).await,
        };
        stamp(reply.headers_mut(), &visit);
        dated(&mut reply, &caller);
        reply
    }

    /// What the owner of the zone wants done, and the origin's answer.
    async fn pass_on(&self, request: Request<Bytes>, visit: &Visit, caller: &Caller) -> Reply {
        let (upstream, ssl, https_only, level) = caller.network.with(|world| {
            let zone = &world.outside.zone;
            let upstream = zone.holds(&visit.host).then(|| zone.upstream(&visit.host));
            let setting = |name| zone.setting(name).to_owned();
            (upstream, setting("ssl"), setting("always_use_https") == "on", setting("security_level"))
        });
        let origins = match upstream {
            None => return pages::page(Trouble::Unknown, &request, visit),
            Some(Upstream::Absent | Upstream::Bypassed) => return pages::page(Trouble::NotServed, &request, visit),
            Some(Upstream::Nowhere) => return pages::page(Trouble::NoOrigin, &request, visit),
            Some(Upstream::Origins(origins)) => origins,
        };
        if origins.iter().any(|address| Site::Edge.addresses().contains(&address.as_str())) {
            return pages::page(Trouble::Circle, &request, visit);
        }
        if https_only && !visit.secure {
            return redirect("https", &request, visit);
        }
        if ssl == "off" && visit.secure {
            return redirect("http", &request, visit);
        }
        if level == "under_attack" {
            return pages::challenge(visit);
        }
        let target = Target::of(&ssl, visit.secure);
        match self.origins.ask(&origins, target, &request, visit, caller).await {
            Ok(reply) => reply,
            Err(code) => pages::page(Trouble::Code(code), &request, visit),
        }
    }

    fn visit(&self, request: &Request<Bytes>, caller: &Caller, secure: bool) -> Visit {
        let number = self.rays.fetch_add(1, Ordering::Relaxed);
        let (ip, now) = caller.network.with(|world| (visitor(world, caller), world.now().as_second()));
        let ray = (now as u64) << 24 ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let host = host_of(request).to_ascii_lowercase();
        let host = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name).trim_end_matches('.');
        Visit { ray: format!("{ray:016x}-{COLO}"), host: host.to_owned(), visitor: ip, secure }
    }
}

impl Service for Edge {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        let Place::Site { site, port } = caller.place else { return Box::pin(async {}) };
        let config = if site == Site::EdgeNeighbour { &self.neighbour } else { &self.tls };
        let tls = (port == 443).then(|| config.clone());
        Box::pin(super::once_well(site, stream, caller, move |stream, caller| serve(stream, tls, self, caller)))
    }
}

impl Answers for Edge {
    fn answer(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Answering {
        Box::pin(self.respond(request, caller))
    }
}

/// What the edge answers to requests that are none, before anything else.
fn misshapen(request: &Request<Bytes>, visit: &Visit) -> Option<Reply> {
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if request.uri().to_string().len() > LONGEST_TARGET {
        return Some(pages::bare(StatusCode::URI_TOO_LONG));
    }
    if headers > MOST_HEADERS {
        return Some(pages::bare(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    if visit.host.is_empty() || request.method() == Method::CONNECT {
        return Some(pages::bare(StatusCode::BAD_REQUEST));
    }
    if request.method() == Method::TRACE {
        return Some(pages::bare(StatusCode::METHOD_NOT_ALLOWED));
    }
    let is_address = visit.host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    is_address.then(|| pages::page(Trouble::Direct, request, visit))
}

/// What the edge answers for itself under every host.
fn own(request: &Request<Bytes>, visit: &Visit, caller: &Caller) -> Reply {
    if path_of(request) != "/cdn-cgi/trace" {
        return pages::bare(StatusCode::NOT_FOUND);
    }
    let now = caller.network.with(|world| world.now());
    let mut reply = plain(StatusCode::OK, trace::trace(request, visit, now));
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    reply
}

fn neighbours_page(request: &Request<Bytes>, visit: &Visit) -> Reply {
    if !Site::EdgeNeighbour.hosts().contains(&visit.host.as_str()) {
        return pages::page(Trouble::Unknown, request, visit);
    }
    let html =
        "<!DOCTYPE html><html lang=\"en\"><head><title>Welcome</title></head><body><h1>Welcome</h1></body></html>";
    of_type(StatusCode::OK, "text/html; charset=utf-8", html)
}

fn redirect(scheme: &str, request: &Request<Bytes>, visit: &Visit) -> Reply {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut reply = pages::bare(StatusCode::MOVED_PERMANENTLY);
    if let Ok(location) = HeaderValue::from_str(&format!("{scheme}://{}{target}", visit.host)) {
        reply.headers_mut().insert(header::LOCATION, location);
    }
    reply
}

/// The headers that every answer of the edge has.
fn stamp(headers: &mut HeaderMap, visit: &Visit) {
    headers.insert(header::SERVER, HeaderValue::from_static("cloudflare"));
    if let Ok(ray) = HeaderValue::from_str(&visit.ray) {
        headers.insert(HeaderName::from_static("cf-ray"), ray);
    }
    if visit.secure {
        headers.insert(header::ALT_SVC, HeaderValue::from_static("h3=\":443\"; ma=86400"));
    }
}

/// The version of HTTP as the edge writes it.
const fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "http/2",
        Version::HTTP_10 => "http/1.0",
        _ => "http/1.1",
    }
}
