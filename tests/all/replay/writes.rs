//! The writes of the recording, played against the world with its controllers. Its time stands still, so that its
//! kubelets do no more than those of the recorded cluster, which had none.

use std::collections::BTreeMap;

use http::{Request, header};
use kube::client::Body;
use serde_json::{Value, json};

use crate::api::{Client, User, client_of};
use crate::cluster::Cluster;

const RECORDING: &str = include_str!("../../recordings/writes.jsonl");

/// Exchanges that are answered otherwise, and why.
const DIFFERENT: &[(&[u64], &str)] = &[
    (&[55], "the words of another reader of JSON"),
    (&[62, 63], "unknown fields are not looked for"),
    (&[78, 79, 80, 81], "nothing is applied by the server yet"),
    (&[95, 96, 97, 98, 99, 100, 101], "a new node gets neither zeroes for its status nor a taint for not being ready"),
    (&[107, 108, 175], "that server does not mount the service account's token"),
    (&[111, 134, 137], "here is a kubelet, and a token is mounted"),
    (&[120], "the difference between the two specs is not told"),
    (&[121, 122], "pods are neither bound nor resized through the API"),
    (&[136], "the pod was not bound, so it needs no time to stop"),
    (&[152, 153], "here controllers have seen everything before the next request comes"),
    (&[166, 167], "the old annotation of templates is not kept, and there are three nodes more"),
    (&[168], "the defaults of Jobs are not filled in"),
    (&[171, 173, 174, 178], "claims and volumes are not bound here"),
    (&[181], "quotas are not counted"),
    (&[199], "the metrics API is registered already"),
];

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

fn answer_of(line: &Value) -> Value {
    let answer = &line["answer"];
    json!({"status": answer["status"], "body": answer.get("body").map(normal)})
}

struct Player {
    cluster: Cluster,
    clients: [Client; 3],
    carried: Carried,
}

impl Player {
    /// Plays a line; what was wanted and what came.
    async fn play(&mut self, line: &Value) -> (Value, Value) {
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
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        self.cluster.advance(jiff::SignedDuration::ZERO);
        self.carried.learn(&line["answer"]["body"], body.as_ref().unwrap_or(&Value::Null));
        (answer_of(line), json!({"status": parts.status.as_u16(), "body": body.as_ref().map(normal)}))
    }
}

#[tokio::test]
async fn the_recorded_writes_are_answered_as_the_real_server_answered_them() {
    let cluster = Cluster::start(1).await;
    let clients = [User::Admin, User::Viewer, User::Nobody].map(|user| client_of(&cluster.server, user));
    let mut player = Player { cluster, clients, carried: Carried::default() };
    let excused = |seq: u64| DIFFERENT.iter().any(|(seqs, _)| seqs.contains(&seq));
    let mut wrong = Vec::new();
    for line in RECORDING.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let (want, got) = player.play(&line).await;
        let seq = line["seq"].as_u64().expect("a number");
        if got != want {
            wrong.push(format!("{seq} {}\n  want {want}\n  got  {got}", line["name"]));
        }
    }
    assert!(wrong.is_empty(), "{} exchanges are not as expected:\n{}", wrong.len(), wrong.join("\n"));
}
