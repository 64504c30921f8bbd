//! The writes of the recording, played against the world with its controllers. Its time stands still, so that its
//! kubelets do no more than those of the recorded cluster, which had none.

use std::collections::BTreeMap;

use crashcart::drill::api::Backend;
use http::{Request, header};
use kube::client::Body;
use serde_json::{Value, json};

use super::Played;
use crate::api::{Client, User, client_of};
use crate::cluster::Cluster;
use crate::small::resource;

const RECORDING: &str = include_str!("../../recordings/writes.jsonl");

/// What later requests must carry over: recorded UIDs and revisions, and what they are here.
#[derive(Default)]
struct Carried(BTreeMap<String, String>);

impl Carried {
    /// Learns from an answer what the recorded one calls otherwise.
    fn learn(&mut self, recorded: &Value, got: &Value) {
        for field in ["uid", "resourceVersion"] {
            let text = |v: &Value| v["metadata"][field].as_str().map(|t| format!("{field} {t}"));
            if let (Some(recorded), Some(_)) = (text(recorded), text(got)) {
                let got = got["metadata"][field].as_str().unwrap_or_default().to_owned();
                self.0.insert(recorded, got);
            }
        }
    }

    /// A request's body with the values of this server.
    fn translate(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let operation = map.get("path") == Some(&json!("/metadata/resourceVersion"));
                let entry = |(key, value): (&String, &Value)| {
                    let field = if operation && key == "value" { "resourceVersion" } else { key };
                    let known = value.as_str().and_then(|v| self.0.get(&format!("{field} {v}")));
                    (key.clone(), known.map_or_else(|| self.translate(value), |known| json!(known)))
                };
                map.iter().map(entry).collect()
            }
            Value::Array(items) => items.iter().map(|v| self.translate(v)).collect(),
            other => other.clone(),
        }
    }
}

/// Without what differs from server to server, from run to run.
fn normal(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let keep = |(key, value): (&String, &Value)| match key.as_str() {
                "managedFields" => None,
                "uid" | "resourceVersion" | "pod-template-hash" | "clusterIP" => Some((key.clone(), json!("~"))),
                "clusterIPs" => Some((key.clone(), json!(["~"]))),
                _ => Some((key.clone(), normal(value))),
            };
            map.iter().filter_map(keep).collect()
        }
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(normal).collect();
            // Lists of ReplicaSets are in the order of names that end at random.
            items.sort_by_key(|item| item["metadata"]["annotations"]["deployment.kubernetes.io/revision"].to_string());
            items.into()
        }
        Value::String(text) => json!(text.split(' ').map(plain).collect::<Vec<_>>().join(" ")),
        other => other.clone(),
    }
}

/// A word without stamps, UIDs and what names end with at random.
fn plain(word: &str) -> String {
    let bare = word.trim_matches(|c: char| "()[]\",.:".contains(c));
    let is_uid = bare.len() == 36 && bare.matches('-').count() == 4 && !bare.starts_with("00000000-");
    let is_time = bare.len() >= 20 && bare.ends_with('Z') && bare.contains('T') && !bare.starts_with("2026-01-0");
    if is_uid || is_time {
        return word.replace(bare, "~");
    }
    for begin in ["gen-", "web-", "ds-"] {
        if bare.starts_with(begin) && bare.len() > begin.len() {
            return word.replace(bare, &format!("{begin}~"));
        }
    }
    word.to_owned()
}

struct Player {
    cluster: Cluster,
    clients: [Client; 3],
    carried: Carried,
}

impl Player {
    async fn play(&mut self, line: &Value) -> Played {
        let user = ["admin", "viewer", "none"].iter().position(|u| line["user"] == *u).expect("a known user");
        let send = match &line["send"] {
            Value::Null => Vec::new(),
            Value::String(raw) => raw.clone().into_bytes(),
            body => self.carried.translate(body).to_string().into_bytes(),
        };
        let text = |field: &str| line[field].as_str().unwrap_or_default();
        let request = Request::builder().method(text("method")).uri(text("path"));
        let request = request.header(header::ACCEPT, "application/json").header(header::CONTENT_TYPE, text("type"));
        let response = self.clients[user].send(request.body(Body::from(send)).expect("a request")).await;
        let (parts, body) = response.expect("a response").into_parts();
        let bytes = http_body_util::BodyExt::collect(body).await.expect("a body").to_bytes();
        self.cluster.advance(jiff::SignedDuration::ZERO);
        let mut want = line["answer"].clone();
        let header = |name: header::HeaderName| parts.headers.get(name).and_then(|v| v.to_str().ok());
        let mut got = json!({"status": parts.status.as_u16(), "type": header(header::CONTENT_TYPE)});
        if let Some(warning) = header(header::WARNING) {
            got["warning"] = warning.into();
        }
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(body) => {
                self.carried.learn(&want["body"], &body);
                got["body"] = normal(&body);
            }
            Err(_) => got["text"] = String::from_utf8_lossy(&bytes).into(),
        }
        if let Some(body) = want.get_mut("body") {
            *body = normal(body);
        }
        Played::new(line, want, got)
    }
}

pub async fn play() -> Vec<Played> {
    let cluster = Cluster::start(1).await;
    // There nothing serves metrics until the recording says so.
    let (metrics, service) = (resource("apiregistration.k8s.io", "apiservices"), "v1beta1.metrics.k8s.io");
    Backend::store(&mut *cluster.world.lock().expect("the world")).remove(metrics, "", service);
    let clients = [User::Admin, User::Viewer, User::Nobody].map(|user| client_of(&cluster.server, user));
    let mut player = Player { cluster, clients, carried: Carried::default() };
    let mut exchanges = Vec::new();
    for line in RECORDING.lines() {
        exchanges.push(player.play(&serde_json::from_str(line).expect("JSON")).await);
    }
    exchanges
}
