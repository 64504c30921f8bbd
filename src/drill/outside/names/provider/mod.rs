//! The machine provider's API: what it knows of the machines, and what it does with their power. Its shapes are hcloud's.

mod desk;
mod refusal;
mod server;

use std::sync::{Arc, Mutex, PoisonError};

use ::http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use anyhow::Context as _;
use bytes::Bytes;
use rcgen::KeyPair;
use rustls::ServerConfig;
use serde_json::{Value, json};

use super::super::http::{self, Answering, Answers, Reply, hesitate};
use super::super::{Mood, Site, Trust};
use super::query;
use crate::drill::net::{Caller, Service, Serving, Stream};
use crate::drill::world::World;
use desk::{Desk, Order};
use refusal::Refusal;

/// The provider's API.
pub(super) struct Provider {
    token: String,
    tls: Arc<ServerConfig>,
    desk: Mutex<Desk>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Provider")
    }
}

impl Provider {
    /// The API, with a token for this run.
    pub fn new(trust: &Trust) -> anyhow::Result<Arc<Self>> {
        let tls = trust.server(&Site::Provider.names(), &["h2", "http/1.1"])?;
        Ok(Arc::new(Self { token: token()?, tls, desk: Mutex::default() }))
    }

    /// The token that it wants to see.
    pub fn token(&self) -> &str {
        &self.token
    }

    fn knows(&self, request: &Request<Bytes>) -> bool {
        let value = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        value.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|token| token.trim() == self.token)
    }

    /// The answer, with what the rate limit says of it.
    fn respond(&self, world: &mut World, request: &Request<Bytes>) -> Reply {
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let allowed = desk.spend(world.now());
        let outcome = match world.outside.mood(Site::Provider) {
            Mood::Says(code) => Err(Refusal::named(&code)),
            _ if !self.knows(request) => Err(Refusal::Unauthorized),
            _ if !allowed => Err(Refusal::RateLimited),
            _ => route(world, &mut desk, request),
        };
        let (status, body) = outcome.unwrap_or_else(Refusal::answer);
        let mut reply = http::json(status, &body);
        let (left, full) = desk.allowance(world.now());
        let left = if status == StatusCode::TOO_MANY_REQUESTS { 0 } else { left };
        for (name, value) in [("limit", i64::from(desk::HOURLY)), ("remaining", left), ("reset", full)] {
            let name = HeaderName::try_from(format!("ratelimit-{name}"));
            if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value.to_string())) {
                reply.headers_mut().insert(name, value);
            }
        }
        reply
    }
}

impl Service for Provider {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        let tls = self.tls.clone();
        Box::pin(http::serve(stream, Some(tls), self, caller))
    }
}

impl Answers for Provider {
    fn answer(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Answering {
        Box::pin(async move {
            let mood = caller.network.with(|world| world.outside.mood(Site::Provider));
            hesitate(&mood).await;
            caller.network.with(|world| self.respond(world, &request))
        })
    }
}

type Outcome = Result<(StatusCode, Value), Refusal>;

fn route(world: &mut World, desk: &mut Desk, request: &Request<Bytes>) -> Outcome {
    let path = request.uri().path().strip_prefix("/v1/").ok_or(Refusal::NoSuchPath)?;
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let reads = *request.method() == Method::GET;
    match parts.as_slice() {
        ["servers"] if reads => server::list(world, desk, &query(request.uri())),
        ["servers", id] if reads => {
            let node = server::find(world, id)?;
            Ok((StatusCode::OK, json!({ "server": server::describe(world, desk, &node) })))
        }
        ["servers", id, "actions"] if reads => {
            server::find(world, id)?;
            let number = id.parse().unwrap_or_default();
            let actions: Vec<Value> = desk.of(number).map(|action| action.describe(world.now())).collect();
            let meta = server::meta(1, 25, actions.len());
            Ok((StatusCode::OK, json!({ "actions": actions, "meta": meta })))
        }
        ["servers", id, "actions", command] if *request.method() == Method::POST => {
            let order = Order::named(command).ok_or(Refusal::NoSuchPath)?;
            let node = server::find(world, id)?;
            let action = desk.carry_out(world, &node, order)?;
            Ok((StatusCode::CREATED, json!({ "action": action })))
        }
        ["actions", id] | ["servers", _, "actions", id] | ["servers", "actions", id] if reads => {
            let action = id.parse().ok().and_then(|id| desk.find(id)).ok_or_else(|| Refusal::missing("action", id))?;
            Ok((StatusCode::OK, json!({ "action": action.describe(world.now()) })))
        }
        ["servers" | "actions", ..] => Err(Refusal::WrongMethod),
        _ => Err(Refusal::NoSuchPath),
    }
}

/// Sixty-four letters and digits that nobody can guess.
fn token() -> anyhow::Result<String> {
    let key = KeyPair::generate().context("could not make the provider's token")?.serialize_der();
    let digits: Vec<String> = key.iter().rev().take(32).map(|byte| format!("{byte:02x}")).collect();
    Ok(digits.concat())
}
