//! The simulated API server, spoken to byte by byte.

mod promises;
mod rights;
mod writes;

use futures::AsyncBufReadExt as _;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::{Value, json};

use crashcart::drill::api::Server;

use crate::small::{Running, Small, pod, resource};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    Admin,
    Viewer,
    Restricted,
    Nobody,
}

#[expect(clippy::disallowed_types, reason = "a client from outside")]
pub type Client = kube::Client;

/// A client of the server at its first address, known by its token.
pub fn client(running: &Running, user: User) -> Client {
    client_of(&running.server, user)
}

/// The same for a server of any cluster.
pub fn client_of(server: &Server, user: User) -> Client {
    client_with(server, user, |_| ())
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn client_with(server: &Server, user: User, change: impl FnOnce(&mut kube::config::AuthInfo)) -> Client {
    let mut config = kube::Config::new(server.url().parse().expect("a URL"));
    let pem = kube::config::Kubeconfig::from_yaml(&server.kubeconfig(None).expect("a kubeconfig"));
    let authority = pem.expect("a kubeconfig").clusters.remove(0).cluster.and_then(|c| c.certificate_authority_data);
    config.root_cert = Some(vec![der(&authority.expect("an authority"))]);
    config.auth_info.token = match user {
        User::Admin => Some(server.admin_token.clone().into()),
        User::Viewer => Some(server.viewer_token.clone().into()),
        User::Restricted => Some(server.restricted_token.clone().into()),
        User::Nobody => None,
    };
    config.default_retry = false;
    change(&mut config.auth_info);
    config.try_into().expect("a client")
}

/// The bytes within a PEM that is itself in base64.
fn der(data: &str) -> Vec<u8> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let pem = String::from_utf8(STANDARD.decode(data).expect("base64")).expect("text");
    STANDARD.decode(pem.lines().filter(|l| !l.starts_with('-')).collect::<String>()).expect("base64")
}

/// What the server answers.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e} in {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

pub async fn send(client: &Client, request: http::request::Builder, body: &Value) -> Reply {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let response = client.send(request.body(Body::from(body)).expect("a request")).await.expect("a response");
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    Reply { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}

async fn get(running: &Running, user: User, path: &str) -> Reply {
    send(&client(running, user), Request::get(path).header(header::ACCEPT, "application/json"), &Value::Null).await
}

#[tokio::test]
async fn health_speaks_of_each_check() {
    let running = Running::start(Small::shop()).await;
    assert_eq!(get(&running, User::Admin, "/readyz").await.text, "ok");
    let told = get(&running, User::Admin, "/readyz?verbose").await.text;
    assert!(told.starts_with("[+]ping ok\n[+]log ok\n[+]etcd ok\n"), "{told}");
    assert!(told.ends_with("[+]shutdown ok\nreadyz check passed\n"), "{told}");
    assert_eq!(get(&running, User::Admin, "/readyz/etcd").await.text, "ok");
    assert_eq!(get(&running, User::Admin, "/livez/etcd-readiness").await.status, 404);

    running.small().broken_checks = vec!["etcd"];
    let told = get(&running, User::Viewer, "/readyz").await;
    assert_eq!(told.status, 500);
    assert!(told.text.contains("[-]etcd failed: reason withheld\n") && told.text.ends_with("readyz check failed\n"));
    assert_eq!(get(&running, User::Admin, "/readyz?exclude=etcd").await.status, 200);
}

#[tokio::test]
async fn strangers_learn_nothing_but_that_the_server_lives() {
    let running = Running::start(Small::shop()).await;
    for path in ["/readyz", "/version", "/api/v1/pods", "/apis", "/nowhere"] {
        let reply = get(&running, User::Nobody, path).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["reason"]), (401, &json!("Unauthorized")), "{path}");
    }
    let forged = rcgen::generate_simple_self_signed(["system:admin".to_owned()]).expect("a certificate");
    let client = client_with(&running.server, User::Nobody, |auth| {
        auth.client_certificate_data = Some(base64_of(&forged.cert.pem()));
        auth.client_key_data = Some(base64_of(&forged.signing_key.serialize_pem()).into());
    });
    assert_eq!(send(&client, Request::get("/version"), &Value::Null).await.status, 401, "not a broken connection");
    assert_eq!(get(&running, User::Nobody, "/ping").await.text, "pong");
    assert_eq!(get(&running, User::Nobody, "/cacerts").await.text, running.server.ca_pem);
}

#[tokio::test]
async fn answers_carry_the_time_of_the_world() {
    let running = Running::start(Small::shop()).await;
    let reply = get(&running, User::Admin, "/version").await;
    assert_eq!(reply.header("date"), "Sun, 01 Mar 2026 12:00:00 GMT");
    assert_eq!((reply.header("cache-control"), reply.header("audit-id").len()), ("no-cache, private", 36));
    assert_eq!(reply.json()["gitVersion"], "v1.34.6+k3s1");
}

#[tokio::test]
async fn pages_are_of_one_moment_and_a_forgotten_moment_is_gone() {
    let running = Running::start(Small::shop()).await;
    let path = "/api/v1/namespaces/shop/configmaps?limit=200";
    let first = get(&running, User::Admin, path).await.json();
    assert_eq!(first["metadata"]["remainingItemCount"], 50);
    running.small().store.remove(resource("", "configmaps"), "shop", "cm-249");
    let rest = format!("{path}&continue={}", first["metadata"]["continue"].as_str().expect("a token"));
    let second = get(&running, User::Admin, &rest).await.json();
    assert_eq!(second["items"].as_array().map(Vec::len), Some(50));
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    assert_eq!(second["metadata"].get("continue"), None);

    running.small().store.compact();
    let gone = get(&running, User::Admin, &rest).await;
    assert_eq!((gone.status.as_u16(), &gone.json()["reason"]), (410, &json!("Expired")));
    let anyhow = format!("{path}&continue={}", gone.json()["metadata"]["continue"].as_str().expect("a token"));
    assert_eq!(get(&running, User::Admin, &anyhow).await.json()["items"].as_array().map(Vec::len), Some(49));
}

#[tokio::test]
async fn a_large_answer_is_gzipped_for_those_who_take_it() {
    let mut small = Small::shop();
    let text = "the same again and again ".repeat(10_000);
    small.put("", "configmaps", json!({"metadata": {"name": "large", "namespace": "shop"}, "data": {"k": text}}));
    let running = Running::start(small).await;
    let request = Request::get("/api/v1/namespaces/shop/configmaps/large");
    let plain = client(&running, User::Admin);
    // The client asks for gzip by itself and takes the header away with the packing.
    let reply = send(&plain, request, &Value::Null).await;
    assert_eq!((reply.json()["data"]["k"].as_str(), reply.header("vary")), (Some(text.as_str()), "Accept-Encoding"));
    let small = get(&running, User::Admin, "/version").await;
    assert_eq!(small.header("vary"), "");
}

/// Reads so many lines of a watch, or to its end.
pub async fn watch(client: &Client, path: &str, accept: &str, lines: usize) -> Vec<Value> {
    let request = Request::get(path).header(header::ACCEPT, accept).body(Vec::new()).expect("a request");
    let mut stream = Box::pin(client.request_stream(request).await.expect("a stream")).lines();
    let mut read = Vec::new();
    while read.len() < lines
        && let Some(line) = futures::StreamExt::next(&mut stream).await
    {
        read.push(serde_json::from_str(&line.expect("a line")).expect("JSON"));
    }
    read
}

fn kinds(events: &[Value]) -> Vec<String> {
    let name = |e: &Value| e["object"]["metadata"]["name"].as_str().unwrap_or("-").to_owned();
    events.iter().map(|e| format!("{} {}", e["type"].as_str().unwrap_or("?"), name(e))).collect()
}

#[tokio::test]
async fn a_selector_sees_objects_come_and_go() {
    let running = Running::start(Small::shop()).await;
    let client = client(&running, User::Admin);
    let (configmaps, from) = (resource("", "configmaps"), running.small().store.revision());
    {
        let store = &mut running.small().store;
        store.modify(configmaps, "shop", "cm-001", |o| o["metadata"]["labels"]["third"] = "0".into());
        store.modify(configmaps, "shop", "cm-000", |o| o["metadata"]["labels"]["third"] = "1".into());
        store.modify(configmaps, "shop", "cm-003", |o| o["data"] = json!({"a": "b"}));
        store.modify(configmaps, "shop", "cm-002", |o| o["data"] = json!({"a": "b"}));
        store.remove(configmaps, "shop", "cm-006");
        store.remove(configmaps, "shop", "cm-007");
    }
    let path = format!(
        "/api/v1/namespaces/shop/configmaps?watch=1&labelSelector=third%3D0&resourceVersion={from}&timeoutSeconds=1"
    );
    let events = watch(&client, &path, "application/json", 9).await;
    assert_eq!(kinds(&events), ["ADDED cm-001", "DELETED cm-000", "MODIFIED cm-003", "DELETED cm-006"]);
    // What ceased to match is told as it was, with the revision at which it ceased.
    assert_eq!(events[1]["object"]["metadata"]["labels"]["third"], "0");
    assert_eq!(events[1]["object"]["metadata"]["resourceVersion"], (from + 2).to_string());
}

#[tokio::test]
async fn a_watch_ends_with_a_bookmark_and_says_when_it_is_too_old() {
    let running = Running::start(Small::shop()).await;
    let client = client(&running, User::Admin);
    let revision = running.small().store.revision();
    let path = "/api/v1/nodes?watch=1&allowWatchBookmarks=true&timeoutSeconds=1&sendInitialEvents=true\
                &resourceVersionMatch=NotOlderThan";
    let events = watch(&client, path, "application/json", 9).await;
    assert_eq!(kinds(&events), ["ADDED node-1", "BOOKMARK -", "BOOKMARK -"]);
    assert_eq!(events[1]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(events[2]["object"]["metadata"]["resourceVersion"], revision.to_string());

    running.small().store.compact();
    let path = format!("/api/v1/nodes?watch=1&resourceVersion={}", revision - 5);
    let events = watch(&client, &path, "application/json", 9).await;
    assert_eq!((&events[0]["type"], &events[0]["object"]["reason"]), (&json!("ERROR"), &json!("Expired")));
    assert_eq!((events.len(), &events[0]["object"]["code"]), (1, &json!(410)));
}

#[tokio::test]
async fn metadata_alone_can_be_had() {
    let running = Running::start(Small::shop()).await;
    let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let request = Request::get("/api/v1/namespaces/shop/pods").header(header::ACCEPT, accept);
    let list = send(&client(&running, User::Viewer), request, &Value::Null).await.json();
    assert_eq!(
        (&list["kind"], &list["items"][0]["kind"]),
        (&json!("PartialObjectMetadataList"), &json!("PartialObjectMetadata"))
    );
    assert_eq!(list["items"][0].get("spec"), None);
    let refused = Request::get("/api/v1/pods").header(header::ACCEPT, "text/html");
    assert_eq!(send(&client(&running, User::Admin), refused, &Value::Null).await.status, 406);
}

#[tokio::test]
async fn metrics_that_are_down_spoil_only_their_own_group() {
    let running = Running::start(Small::shop()).await;
    let nodes = "/apis/metrics.k8s.io/v1beta1/nodes";
    assert_eq!(get(&running, User::Viewer, nodes).await.json()["items"][0]["usage"]["cpu"], "250m");
    running.small().store.modify(
        resource("apiregistration.k8s.io", "apiservices"),
        "",
        "v1beta1.metrics.k8s.io",
        |o| {
            o["status"]["conditions"][0]["status"] = "False".into();
        },
    );
    let down = get(&running, User::Viewer, nodes).await;
    assert_eq!((down.status.as_u16(), down.text.as_str()), (503, "service unavailable\n"));
    assert_eq!(get(&running, User::Admin, "/apis/metrics.k8s.io/v1beta1").await.status, 503);
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let request = Request::get("/apis").header(header::ACCEPT, accept);
    let all = send(&client(&running, User::Admin), request, &Value::Null).await.json();
    let groups = all["items"].as_array().expect("groups");
    let freshness = |name: &str| {
        let group = groups.iter().find(|g| g["metadata"]["name"] == name).expect("the group");
        group["versions"][0]["freshness"].clone()
    };
    assert_eq!((freshness("metrics.k8s.io"), freshness("apps")), (json!("Stale"), json!("Current")));
}

#[tokio::test]
async fn logs_are_refused_in_the_words_of_the_kubelet() {
    let running = Running::start(Small::shop()).await;
    let log = "/api/v1/namespaces/shop/pods/web-1/log";
    let message = async |path: &str| {
        let reply = get(&running, User::Admin, path).await;
        (reply.status.as_u16(), reply.json()["message"].as_str().unwrap_or_default().to_owned())
    };
    let refused = |text: &str| (400, text.to_owned());
    assert_eq!(message(&format!("{log}?container=x")).await, refused("container x is not valid for pod web-1"));
    running.small().unreachable = Some("dial tcp 203.0.113.11:10250: connect: no route to host".into());
    let want = "Get \"https://203.0.113.11:10250/containerLogs/shop/web-1/web\": \
                dial tcp 203.0.113.11:10250: connect: no route to host";
    assert_eq!(message(log).await, (500, want.to_owned()));

    let mut two = pod("two");
    two["spec"]["containers"] = json!([{"name": "web"}, {"name": "side"}]);
    two["status"]["containerStatuses"][0]["state"] = json!({"waiting": {"reason": "ImagePullBackOff"}});
    two["status"]["containerStatuses"][0]["lastState"] = json!({});
    running.small().put("", "pods", two);
    let log = "/api/v1/namespaces/shop/pods/two/log";
    let want = "a container name must be specified for pod two, choose one of: [web side]";
    assert_eq!(message(log).await, refused(want));
    let want = "container \"web\" in pod \"two\" is waiting to start: trying and failing to pull image";
    assert_eq!(message(&format!("{log}?container=web")).await, refused(want));
    let want = "previous terminated container \"web\" in pod \"two\" not found";
    assert_eq!(message(&format!("{log}?container=web&previous=true")).await, refused(want));
}

#[tokio::test]
async fn a_followed_log_tells_each_line_once_and_ends_with_its_container() {
    let running = Running::start(Small::shop()).await;
    let request = Request::get("/api/v1/namespaces/shop/pods/web-1/log?follow=true&tailLines=1").body(Vec::new());
    let client = client(&running, User::Viewer);
    let mut lines = Box::pin(client.request_stream(request.expect("a request")).await.expect("a log")).lines();
    let next =
        async |lines: &mut futures::io::Lines<_>| futures::StreamExt::next(lines).await.transpose().expect("a line");
    assert_eq!(next(&mut lines).await.as_deref(), Some("line 4"));
    {
        let mut small = running.small();
        let words = [(4, "at the same time"), (9, "last words")].map(|(at, text)| small.line(at, text));
        small.lines.extend(words);
    }
    assert_eq!(next(&mut lines).await.as_deref(), Some("at the same time"));
    running.small().store.modify(resource("", "pods"), "shop", "web-1", |o| {
        o["status"]["containerStatuses"][0]["state"] = json!({"terminated": {"exitCode": 1}});
    });
    assert_eq!(next(&mut lines).await.as_deref(), Some("last words"));
    assert_eq!(next(&mut lines).await, None);
}

#[tokio::test]
async fn an_endpoint_that_refuses_cuts_its_connections_and_the_others_go_on() {
    let running = Running::start(Small::shop()).await;
    let [first, second] = running.server.endpoints.as_slice() else { panic!("two endpoints") };
    let here = client(&running, User::Admin);
    let watch = here.request_stream(Request::get("/api/v1/pods?watch=1").body(Vec::new()).expect("a request"));
    let mut watch = Box::pin(watch.await.expect("a watch")).lines();
    futures::StreamExt::next(&mut watch).await.expect("a line").expect("a pod");

    first.refuse(true);
    let cut = futures::StreamExt::next(&mut watch).await;
    assert!(!matches!(cut, Some(Ok(_))), "the connection still stands: {cut:?}");
    let refused = tokio::net::TcpStream::connect(first.addr()).await.expect_err("a refusal");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    tokio::net::TcpStream::connect(second.addr()).await.expect("the other one listens");

    first.refuse(false);
    while tokio::net::TcpStream::connect(first.addr()).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(get(&running, User::Admin, "/readyz").await.status, 200);
}
