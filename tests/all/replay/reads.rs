//! The reads of the recording, played against a store that holds what the recorded server held.

use http::{Request, header};
use serde_json::{Value, json};

use super::Played;
use crate::api::{Client, User, client, send, watch};
use crate::small::{Running, Small};
use crashcart::drill::store::ResourceId;

const RECORDING: &str = include_str!("../../recordings/reads.jsonl");

/// Values that differ from server to server, from run to run.
fn normal(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let keep = |(key, value): (&String, &Value)| {
                let value = match key.as_str() {
                    "description" | "managedFields" | "extra" => return None,
                    "creationTimestamp" if value.is_null() => return None,
                    "continue" | "resourceVersion" | "creationTimestamp" => json!("~"),
                    "generation" => json!(0),
                    "cells" => value.as_array().into_iter().flatten().map(cell).collect(),
                    _ => normal(value),
                };
                Some((key.clone(), value))
            };
            map.iter().filter_map(keep).collect()
        }
        Value::Array(items) => items.iter().map(normal).collect(),
        other => other.clone(),
    }
}

/// A cell without ages.
fn cell(cell: &Value) -> Value {
    let is_age = |text: &str| {
        text == "<invalid>"
            || text.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with(['s', 'm', 'h', 'd', 'y'])
    };
    match cell.as_str() {
        Some(text) if is_age(text) => json!("AGE"),
        Some(text) => text.split_once(" (").map_or_else(|| json!(text), |(count, _)| json!(count)),
        None => cell.clone(),
    }
}

/// Discovery documents are compared by the entries that both servers have.
fn comparable(body: &Value, other: &Value) -> Value {
    let (mut body, of_other) = (body.clone(), other["resources"].as_array());
    if let (Some(own), Some(of_other)) = (body.get_mut("resources").and_then(Value::as_array_mut), of_other) {
        own.retain(|r| of_other.iter().any(|o| o["name"] == r["name"]));
    }
    let (groups, others) = (body.get_mut("groups").and_then(Value::as_array_mut), other["groups"].as_array());
    if let (Some(own), Some(others)) = (groups, others) {
        own.retain(|g| others.iter().any(|o| o["name"] == g["name"]));
        for group in own {
            // Of each group one version is served.
            group["versions"] = json!([group["preferredVersion"]]);
        }
    }
    let aggregated = |v: &Value| v.pointer("/items/0/versions/0/resources").and_then(Value::as_array).cloned();
    if let (Some(own), Some(of_other)) = (aggregated(&body), aggregated(other)) {
        let both = own.into_iter().filter_map(|mut resource| {
            let other = of_other.iter().find(|o| o["resource"] == resource["resource"])?;
            let below = |r: &Value| r["subresources"].as_array().cloned().unwrap_or_default();
            let others = below(other);
            let mut own = below(&resource);
            own.retain(|s| others.iter().any(|o| o["subresource"] == s["subresource"]));
            resource["subresources"] = own.into();
            Some(resource)
        });
        body["items"][0]["versions"][0]["resources"] = both.collect();
    }
    body
}

fn apply(running: &Running, line: &Value) {
    let mut small = running.small();
    let now = small.now;
    if let Some(object) = line.get("put") {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let res = ResourceId::of_kind(&text(&object["apiVersion"]), &text(&object["kind"])).expect("a known kind");
        let (namespace, name) = (text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
        if small.store.modify(res, &namespace, &name, |o| *o = object.clone()).is_none() {
            small.store.create(res, object.clone(), now).expect("a new object");
        }
    } else if let Some([version, kind, namespace, name]) = line["delete"].as_array().map(Vec::as_slice) {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let res = ResourceId::of_kind(&text(version), &text(kind)).expect("a known kind");
        small.store.remove(res, &text(namespace), &text(name));
    }
}

/// What a replay carries from one exchange to later ones.
struct Player {
    running: Running,
    clients: [Client; 3],
    /// Where the last list goes on.
    token: String,
    /// The revision at the line `remember`.
    remembered: u64,
}

impl Player {
    /// Does what a line says; nothing comes of it if it is no exchange.
    async fn play(&mut self, line: &Value) -> Option<Played> {
        if line.get("seq").is_none() {
            if line.get("remember").is_some() {
                self.remembered = self.running.small().store.revision();
            }
            apply(&self.running, line);
            return None;
        }
        let path = line["path"].as_str().expect("a path").replace("CONTINUE", &self.token);
        let path = path.replace("REMEMBERED", &self.remembered.to_string());
        let got = self.answer(line, &path).await;
        let mut want = normal(&line["answer"]);
        if let Some(body) = want.get_mut("body") {
            *body = comparable(body, &got["body"]);
        }
        Some(Played::new(line, want, normal(&got)))
    }

    async fn answer(&mut self, line: &Value, path: &str) -> Value {
        let user = ["admin", "viewer", "none"].iter().position(|u| line["user"] == *u).expect("a known user");
        let (client, want) = (&self.clients[user], &line["answer"]);
        let accept = line["accept"].as_str().unwrap_or("application/json");
        if want["status"] == 200 && line["watch"].is_u64() {
            let lines = want["events"].as_array().map_or(0, Vec::len);
            let events = watch(client, path, accept, lines.max(1)).await;
            return json!({"status": 200, "type": want["type"], "events": events});
        }
        let request = Request::builder().method(line["method"].as_str().expect("a method")).uri(path);
        let request = request.header(header::ACCEPT, accept).header(header::CONTENT_TYPE, "application/json");
        let reply = send(client, request, &line["send"]).await;
        let media = reply.header("content-type");
        let media = if media.is_empty() { Value::Null } else { media.into() };
        let mut got = json!({"status": reply.status.as_u16(), "type": media});
        if want.get("events").is_some() {
            got["events"] = json!([reply.json()]);
        } else if want.get("text").is_some() {
            got["text"] = reply.text.into();
        } else {
            let body = reply.json();
            body["metadata"]["continue"].as_str().unwrap_or_default().clone_into(&mut self.token);
            got["body"] = comparable(&body, &want["body"]);
        }
        got
    }
}

pub async fn play() -> Vec<Played> {
    let running = Running::start(Small::empty()).await;
    let clients = [User::Admin, User::Viewer, User::Nobody].map(|user| client(&running, user));
    let mut player = Player { running, clients, token: String::new(), remembered: 0 };
    let mut exchanges = Vec::new();
    for line in RECORDING.lines() {
        exchanges.extend(player.play(&serde_json::from_str(line).expect("JSON")).await);
    }
    exchanges
}
