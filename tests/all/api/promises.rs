//! Discovery tells what is served, all of it and nothing else.

use std::collections::BTreeSet;

use http::{Request, header};
use serde_json::{Value, json};

use super::{Client, Reply, User, client, get, send};
use crate::small::{Running, Small};

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// What may hang below an object of a real server.
const SUBRESOURCES: [&str; 14] = [
    "approval",
    "attach",
    "binding",
    "ephemeralcontainers",
    "eviction",
    "exec",
    "finalize",
    "log",
    "portforward",
    "proxy",
    "resize",
    "scale",
    "status",
    "token",
];
/// These are connections and no requests; their own tests hold them.
const CONNECTIONS: [&str; 2] = ["exec", "portforward"];

/// A resource or subresource as discovery tells it: where its objects are, and the verbs.
struct Told {
    begin: String,
    name: String,
    namespaced: bool,
    verbs: BTreeSet<String>,
}

impl Told {
    fn of(begin: &str, entry: &Value) -> Self {
        let verbs = entry["verbs"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        Self {
            begin: begin.to_owned(),
            name: entry["name"].as_str().unwrap_or_default().to_owned(),
            namespaced: entry["namespaced"] == true,
            verbs: verbs.collect(),
        }
    }

    fn all(&self, plural: &str) -> String {
        format!("{}{}/{plural}", self.begin, if self.namespaced { "/namespaces/shop" } else { "" })
    }

    /// The request for a verb: method and path.
    fn request(&self, verb: &str) -> (&'static str, String) {
        let (plural, sub) = self.name.split_once('/').map_or((self.name.as_str(), None), |(p, s)| (p, Some(s)));
        let all = self.all(plural);
        let one = sub.map_or_else(|| format!("{all}/none"), |sub| format!("{all}/none/{sub}"));
        match verb {
            "create" if sub.is_none() => ("POST", all),
            "create" => ("POST", one),
            "list" => ("GET", all),
            // What happened first is forgotten, so that the watch ends at once.
            "watch" => ("GET", format!("{all}?watch=1&resourceVersion=1")),
            "deletecollection" => ("DELETE", format!("{all}?labelSelector=none")),
            "get" => ("GET", one),
            "update" => ("PUT", one),
            "patch" => ("PATCH", one),
            _ => ("DELETE", one),
        }
    }
}

async fn ask(admin: &Client, method: &str, path: &str) -> Reply {
    let media = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, media);
    let body = if matches!(method, "GET" | "DELETE") { Value::Null } else { json!({}) };
    send(admin, request, &body).await
}

/// Everything that discovery tells, group by group.
async fn told(running: &Running) -> Vec<Told> {
    let groups = get(running, User::Admin, "/apis").await.json();
    let groups = groups["groups"].as_array().cloned().unwrap_or_default();
    let paths =
        groups.iter().map(|g| format!("/apis/{}", g["preferredVersion"]["groupVersion"].as_str().unwrap_or("")));
    let mut all = Vec::new();
    for path in std::iter::once("/api/v1".to_owned()).chain(paths) {
        let list = get(running, User::Admin, &path).await.json();
        all.extend(list["resources"].as_array().into_iter().flatten().map(|entry| Told::of(&path, entry)));
    }
    all
}

#[tokio::test]
async fn what_is_told_is_served_and_what_is_not_told_is_not() {
    let running = Running::start(Small::shop()).await;
    let admin = client(&running, User::Admin);
    let all = told(&running).await;
    assert!(all.len() > 80, "{}", all.len());
    for told in all.iter().filter(|t| CONNECTIONS.iter().all(|c| !t.name.ends_with(&format!("/{c}")))) {
        let is_sub = told.name.contains('/');
        for verb in VERBS.iter().filter(|v| !is_sub || !matches!(**v, "list" | "watch" | "deletecollection")) {
            let (method, path) = told.request(verb);
            let reply = ask(&admin, method, &path).await;
            let is_served =
                ![405, 500, 501].contains(&reply.status.as_u16()) && !reply.text.contains("requested resource");
            assert_eq!(is_served, told.verbs.contains(*verb), "{verb} {path}: {} {}", reply.status, reply.text);
        }
    }
    let names: BTreeSet<_> = all.iter().map(|t| format!("{}/{}", t.begin, t.name)).collect();
    for told in all.iter().filter(|t| !t.name.contains('/')) {
        for sub in SUBRESOURCES.iter().filter(|s| !names.contains(&format!("{}/{}/{s}", told.begin, told.name))) {
            let path = format!("{}/none/{sub}", told.all(&told.name));
            let code = ask(&admin, "GET", &path).await.status.as_u16();
            assert_eq!(code, 404, "{path}");
        }
    }
}

#[tokio::test]
async fn both_forms_of_discovery_tell_the_same() {
    let running = Running::start(Small::shop()).await;
    let admin = client(&running, User::Admin);
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    let mut aggregated = BTreeSet::new();
    for root in ["/api", "/apis"] {
        let list = send(&admin, Request::get(root).header(header::ACCEPT, accept), &Value::Null).await.json();
        for group in list["items"].as_array().into_iter().flatten() {
            let version = &group["versions"][0];
            let name = group["metadata"]["name"].as_str().map(|name| format!("/{name}")).unwrap_or_default();
            let begin = format!("{root}{name}/{}", version["version"].as_str().unwrap_or_default());
            for entry in version["resources"].as_array().into_iter().flatten() {
                let plural = entry["resource"].as_str().unwrap_or_default();
                aggregated.insert(format!("{begin}/{plural} {}", entry["verbs"]));
                for sub in entry["subresources"].as_array().into_iter().flatten() {
                    let name = sub["subresource"].as_str().unwrap_or_default();
                    aggregated.insert(format!("{begin}/{plural}/{name} {}", sub["verbs"]));
                }
            }
        }
    }
    let plain = told(&running).await.into_iter().map(|t| format!("{}/{} {}", t.begin, t.name, json!(t.verbs)));
    assert_eq!(aggregated, plain.collect());
}
