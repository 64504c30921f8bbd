//! The edge's own API, in the shapes of Cloudflare's version 4.

mod audit;
mod budget;
mod envelope;
mod records;
mod settings;
mod validation;
mod zones;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use rustls::ServerConfig;
use serde_json::{Value, json};

use super::super::http::{Answering, Answers, Reply, hesitate, plain, serve};
use super::super::{Mood, Site, Trust};
use super::request::{path_of, query, text};
use super::{dated, visitor};
use crate::drill::net::{Caller, Service, Serving, Stream};
use crate::drill::world::{Actor, World};
use budget::Budget;
use envelope::{Answer, Fault, reply};

/// The bearer token of the deployment's zone: it reads the zone and its audit log, edits records and settings.
const TOKEN: &str = "crashcart-drill-edge-token-0000000000001";

/// The API with which the edge and its records are managed.
#[derive(Debug)]
pub struct Management {
    /// The bearer token that it takes.
    pub token: &'static str,
    tls: Arc<ServerConfig>,
    budget: Budget,
}

/// One call.
#[derive(Debug)]
struct Call<'a> {
    method: &'a Method,
    /// The parts of the path behind the version.
    path: Vec<&'a str>,
    query: Vec<(String, String)>,
    body: &'a [u8],
    actor: Actor,
}

impl Call<'_> {
    /// The last value of a parameter.
    fn asks(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as an object.
    fn object(&self) -> Result<serde_json::Map<String, Value>, Fault> {
        match serde_json::from_slice(self.body) {
            Ok(Value::Object(object)) => Ok(object),
            _ => Err(Fault::new(400, 9207, "Request body is invalid.")),
        }
    }
}

impl Management {
    /// It.
    ///
    /// # Errors
    /// When its certificate cannot be made.
    pub fn new(trust: &Trust) -> anyhow::Result<Self> {
        let tls = trust.server(Site::EdgeApi.hosts(), &["h2", "http/1.1"])?;
        Ok(Self { token: TOKEN, tls, budget: Budget::default() })
    }

    async fn respond(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Reply {
        let mood = caller.network.with(|world| world.outside.mood(Site::EdgeApi));
        hesitate(&mood).await;
        let mut answer = match &mood {
            Mood::Says(word) => envelope::ailing(word.parse().unwrap_or(500)),
            _ => self.consider(&request, &caller),
        };
        let headers = answer.headers_mut();
        headers.insert(header::SERVER, HeaderValue::from_static("cloudflare"));
        headers.insert(HeaderName::from_static("cf-cache-status"), HeaderValue::from_static("DYNAMIC"));
        dated(&mut answer, &caller);
        answer
    }

    fn consider(&self, request: &Request<Bytes>, caller: &Caller) -> Reply {
        let Some(path) = path_of(request).strip_prefix("/client/v4/") else {
            return plain(StatusCode::NOT_FOUND, "404 page not found\n");
        };
        let path: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let (actor, now) = caller.network.with(|world| (Actor::with_token(&visitor(world, caller)), world.now()));
        let call = Call { method: request.method(), path, query: query(request), body: request.body(), actor };
        let left = self.budget.spend(now);
        let answer = match left {
            Err(wait) => Err(Fault::throttled(wait)),
            Ok(_) => self.admitted(request, &call).and_then(|()| caller.network.with(|world| route(world, &call))),
        };
        let mut reply = reply(answer);
        budget::tell(left, reply.headers_mut());
        reply
    }

    /// Whether the call brings the token. What everybody may read needs none.
    fn admitted(&self, request: &Request<Bytes>, call: &Call<'_>) -> Result<(), Fault> {
        if call.path == ["ips"] {
            return Ok(());
        }
        let authorization = text(request, &header::AUTHORIZATION);
        if authorization.is_empty() {
            let message = "Missing X-Auth-Key, X-Auth-Email or Authorization headers";
            return Err(Fault::new(400, 9106, message));
        }
        let Some(token) = authorization.strip_prefix("Bearer ").filter(|token| token.trim().len() >= 20) else {
            let format = json!({ "code": 6111, "message": "Invalid format for Authorization header" });
            return Err(Fault::new(400, 6003, "Invalid request headers").because(format));
        };
        match (token.trim() == self.token, call.path.first()) {
            (true, _) => Ok(()),
            (false, Some(&"user")) => Err(Fault::new(401, 1000, "Invalid API Token")),
            (false, _) => Err(Fault::new(403, 9109, "Invalid access token")),
        }
    }
}

impl Service for Management {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        let tls = Some(self.tls.clone());
        Box::pin(super::once_well(Site::EdgeApi, stream, caller, move |stream, caller| {
            serve(stream, tls, self, caller)
        }))
    }
}

impl Answers for Management {
    fn answer(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Answering {
        Box::pin(self.respond(request, caller))
    }
}

/// Who answers a call.
fn route(world: &mut World, call: &Call<'_>) -> Result<Answer, Fault> {
    let reads = *call.method == Method::GET;
    match *call.path.as_slice() {
        ["user", "tokens", "verify"] if reads => Ok(zones::token()),
        ["ips"] if reads => Ok(zones::networks()),
        ["accounts"] if reads => zones::accounts(world, call),
        ["accounts", id, "audit_logs"] if reads => {
            owned(id, world.outside.zone.account)?;
            audit::list(world, call)
        }
        ["zones"] if reads => zones::list(world, call),
        ["zones", id, ref rest @ ..] => {
            owned(id, world.outside.zone.id)?;
            in_zone(world, call, rest)
        }
        _ => Err(nowhere(call)),
    }
}

fn in_zone(world: &mut World, call: &Call<'_>, rest: &[&str]) -> Result<Answer, Fault> {
    match (call.method.as_str(), rest) {
        ("GET", []) => Ok(Answer::of(zones::describe(&world.outside.zone))),
        ("GET", ["dnssec"]) => Ok(zones::dnssec(&world.outside.zone)),
        ("GET", ["settings"]) => Ok(settings::list(world)),
        ("GET", ["settings", name]) => settings::read(world, name),
        ("PATCH", ["settings", name]) => settings::change(world, call, name),
        ("GET", ["dns_records"]) => records::list(world, call),
        ("POST", ["dns_records"]) => records::add(world, call),
        ("GET", ["dns_records", id]) => records::read(world, id),
        ("PATCH", ["dns_records", id]) => records::change(world, call, id, true),
        ("PUT", ["dns_records", id]) => records::change(world, call, id, false),
        ("DELETE", ["dns_records", id]) => records::remove(world, call, id),
        (_, [] | ["dnssec" | "settings" | "dns_records"] | ["settings" | "dns_records", _]) => {
            Err(Fault::new(405, 10405, "Method not allowed for this authentication scheme"))
        }
        _ => Err(nowhere(call)),
    }
}

/// Whether the number in a path is that of what the token is for.
fn owned(id: &str, own: &str) -> Result<(), Fault> {
    if id == own {
        return Ok(());
    }
    if id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Fault::new(403, 10000, "Authentication error"));
    }
    Err(Fault::new(404, 7003, &format!("Could not route to /{id}, perhaps your object identifier is invalid?")))
}

fn nowhere(call: &Call<'_>) -> Fault {
    let message =
        format!("Could not route to /client/v4/{}, perhaps your object identifier is invalid?", call.path.join("/"));
    Fault::new(404, 7003, &message)
}
