//! Questions over HTTPS: as JSON, and as messages (RFC 8484).

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hickory_proto::rr::RecordType;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use super::super::super::http::{Answering, Answers, Reply, hesitate, json, of_type, plain};
use super::super::query;
use super::NameServer;
use super::message::Carrier;
use super::rdata::{kind_of, type_of};
use crate::drill::net::Caller;
use crate::drill::world::{Code, Line};

/// The media type of a message.
const MESSAGE: &str = "application/dns-message";

impl Answers for NameServer {
    fn answer(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Answering {
        Box::pin(async move {
            let asked = query(request.uri());
            match (request.uri().path(), request.method()) {
                ("/dns-query", &Method::POST) if is_message(&request) => self.message(request.body(), &caller).await,
                ("/dns-query", &Method::GET) if asked.contains_key("dns") => {
                    let message = asked.get("dns").and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
                    self.message(&message.unwrap_or_default(), &caller).await
                }
                ("/dns-query" | "/resolve", &Method::GET) => self.json(&asked, &caller).await,
                ("/dns-query" | "/resolve", _) => plain(StatusCode::METHOD_NOT_ALLOWED, ""),
                _ => plain(StatusCode::NOT_FOUND, "404 page not found\n"),
            }
        })
    }
}

impl NameServer {
    async fn message(&self, message: &[u8], caller: &Caller) -> Reply {
        match self.answer(message, caller, Carrier::Stream).await {
            Some(reply) => of_type(StatusCode::OK, MESSAGE, reply),
            None => plain(StatusCode::BAD_REQUEST, "Invalid DNS message\n"),
        }
    }

    async fn json(&self, asked: &BTreeMap<String, String>, caller: &Caller) -> Reply {
        let Some(name) = asked.get("name").filter(|name| super::rdata::name(name).is_some()) else {
            return json(StatusCode::BAD_REQUEST, &json!({ "error": "Invalid query name" }));
        };
        let Some(kind) = asked.get("type").map_or(Some(RecordType::A), |text| parse(text)) else {
            return json(StatusCode::BAD_REQUEST, &json!({ "error": "Invalid query type" }));
        };
        let unchecked = asked.get("cd").is_some_and(|cd| matches!(cd.as_str(), "1" | "true"));
        let (mood, said) = caller.network.with(|world| {
            let name = name.trim_end_matches('.');
            (world.outside.mood(self.site), self.says(world, name, kind_of(kind), unchecked))
        });
        hesitate(&mood).await;
        let said = said.unwrap_or_default();
        let mut body = json!({
            "Status": number(said.code), "TC": false, "RD": true, "RA": true, "AD": said.authentic, "CD": unchecked,
            "Question": [{ "name": format!("{}.", name.trim_end_matches('.')), "type": u16::from(kind) }],
        });
        for (section, lines) in [("Answer", &said.answers), ("Authority", &said.authority)] {
            if !lines.is_empty() {
                body[section] = lines.iter().map(record).collect();
            }
        }
        of_type(StatusCode::OK, "application/dns-json", body.to_string())
    }
}

fn is_message(request: &Request<Bytes>) -> bool {
    request.headers().get(header::CONTENT_TYPE).is_some_and(|media| media == MESSAGE)
}

fn record(line: &Line) -> Value {
    let kind = u16::from(type_of(line.kind));
    json!({ "name": format!("{}.", line.name), "type": kind, "TTL": line.ttl, "data": line.text })
}

/// A type by its name or number.
fn parse(text: &str) -> Option<RecordType> {
    text.parse::<u16>().map(RecordType::from).ok().or_else(|| text.to_ascii_uppercase().parse().ok())
}

const fn number(code: Code) -> u8 {
    match code {
        Code::NoError => 0,
        Code::ServFail => 2,
        Code::NxDomain => 3,
        Code::Refused => 5,
    }
}
