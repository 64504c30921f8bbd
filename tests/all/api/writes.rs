//! Writes over the wire: rights, the record of requests, mishaps.

use std::sync::Arc;

use crashcart::drill::api::{Mishap, Right, Rights};
use crashcart::drill::store::ResourceId;
use http::{Request, header};
use kube::client::Body;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{Client, Reply, User, base64_of, client, client_of, der, get, send};
use crate::cluster::Cluster;
use crate::small::{Running, Small, resource};

/// Sends a merge patch.
async fn merge(client: &Client, path: &str, change: &Value) -> Reply {
    send(client, Request::patch(path).header(header::CONTENT_TYPE, "application/merge-patch+json"), change).await
}

const WEB: &str = "/apis/apps/v1/namespaces/shop/deployments/web";

#[tokio::test]
async fn rights_decide_who_may_write() {
    let running = Running::start(Small::shop()).await;
    let patch = json!({"spec": {"replicas": 2}});
    let code = async |user: User| merge(&client(&running, user), WEB, &patch).await.status.as_u16();
    assert_eq!(code(User::Viewer).await, 403);
    assert_eq!(code(User::Restricted).await, 403, "it may look until somebody says more");
    running.server.restrict(Rights::AllBut(vec![Right::new("patch", "apps", "deployments")]));
    assert_eq!(code(User::Restricted).await, 403);
    let scale = merge(&client(&running, User::Restricted), &format!("{WEB}/scale"), &patch).await;
    assert_eq!((scale.status.as_u16(), &scale.json()["spec"]["replicas"]), (200, &json!(2)));
    running.server.restrict(Rights::Only(vec![Right::new("patch", "apps", "deployments")]));
    assert_eq!(code(User::Restricted).await, 200);
    assert_eq!(get(&running, User::Restricted, WEB).await.status, 403);
    let told: Vec<_> = running.server.changes().iter().map(|r| (r.user.clone(), r.code)).collect();
    let want = [("viewer", 403), ("restricted", 403), ("restricted", 403), ("restricted", 200), ("restricted", 200)];
    assert_eq!(told, want.map(|(user, code)| (user.to_owned(), Some(code))), "refused ones reached the server too");
}

#[tokio::test]
async fn every_request_is_on_record() {
    let running = Running::start(Small::shop()).await;
    let admin = client(&running, User::Admin);
    let patch = json!({"spec": {"replicas": 2}});
    merge(&admin, &format!("{WEB}?dryRun=All"), &patch).await;
    let body = json!({"dryRun": ["All"]});
    let delete = Request::delete("/api/v1/namespaces/shop/pods/web-1").header(header::CONTENT_TYPE, "application/json");
    send(&admin, delete, &body).await;
    let review = json!({"spec": {"resourceAttributes": {"verb": "patch", "resource": "pods"}}});
    send(&admin, Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"), &review).await;
    get(&running, User::Nobody, "/version").await;
    assert_eq!(running.server.changes(), []);
    let all = running.server.requests();
    let told: Vec<_> = all.iter().map(|r| (r.verb.as_str(), r.user.as_str(), r.dry_run, r.code)).collect();
    let admin_name = "system:admin";
    let want = [
        ("patch", admin_name, true, Some(200)),
        ("delete", admin_name, true, Some(200)),
        ("create", admin_name, false, Some(201)),
        ("get", "", false, Some(401)),
    ];
    assert_eq!(told, want);
    assert_eq!((all[0].path.as_str(), &all[0].body), (&*format!("{WEB}?dryRun=All"), &patch));
    assert_eq!((all[0].media.as_str(), all[0].at), ("application/merge-patch+json", running.small().now));

    merge(&admin, WEB, &patch).await;
    assert_eq!(running.server.changes().last().map(|r| r.body.clone()), Some(patch));
}

/// A connection of which every byte is the test's.
async fn connect(running: &Running) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(der(&base64_of(&running.server.ca_pem)).into()).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(running.server.endpoints[0].addr()).await.expect("a connection");
    let name = "localhost".try_into().expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("TLS")
}

#[tokio::test]
async fn a_request_is_on_record_before_it_is_complete() {
    let running = Running::start(Small::shop()).await;
    let mut connection = connect(&running).await;
    let begin = format!(
        "PATCH {WEB} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/merge-patch+json\r\nContent-Length: 100\r\n\r\n{{\"spec\":",
        running.server.admin_token
    );
    connection.write_all(begin.as_bytes()).await.expect("written");
    connection.flush().await.expect("written");
    while running.server.changes().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(connection);
    let [only] = running.server.changes().try_into().expect("one request");
    assert_eq!((only.verb.as_str(), only.body, only.code), ("patch", Value::Null, None));
}

#[tokio::test]
async fn mishaps_befall_the_next_request_of_their_kind() {
    let running = Running::start(Small::shop()).await;
    let admin = client(&running, User::Admin);
    let replicas = || {
        let web = running.small().store.get(resource("apps", "deployments"), "shop", "web");
        web.expect("the Deployment")["spec"]["replicas"].clone()
    };
    let attempt = async |n: i64| {
        let request = Request::patch(WEB).header(header::CONTENT_TYPE, "application/merge-patch+json");
        let body = json!({"spec": {"replicas": n}}).to_string().into_bytes();
        admin.send(request.body(Body::from(body)).expect("a request")).await.map(|r| r.status().as_u16())
    };
    running.server.mishap("patch", "deployments", Mishap::CutBeforeChange);
    let dry = merge(&admin, &format!("{WEB}?dryRun=All"), &json!({"spec": {"replicas": 2}})).await;
    assert_eq!(dry.status, 200, "a dry run is spared");
    assert!(attempt(2).await.is_err());
    assert_eq!(replicas(), 1, "nothing was carried out");
    assert_eq!(running.server.changes().last().map(|r| r.code), Some(None));
    running.server.mishap("patch", "deployments", Mishap::CutAfterChange);
    assert!(attempt(3).await.is_err());
    assert_eq!(replicas(), 3, "it was carried out, though nobody was told");
    running.server.mishap("patch", "deployments", Mishap::StallBeforeAnswer);
    let mut stalled = Box::pin(attempt(4));
    while replicas() != 4 {
        assert!(futures::poll!(&mut stalled).is_pending(), "it was answered");
        tokio::task::yield_now().await;
    }
    drop(stalled);
    assert_eq!(attempt(5).await.expect("an answer"), 200, "and the next goes well");
}

#[tokio::test]
async fn dry_runs_leave_no_trace_in_the_story() {
    let story = async |rehearsed: bool| {
        let cluster = Cluster::start(1).await;
        let admin = client_of(&cluster.server, User::Admin);
        let api = "/apis/apps/v1/namespaces/honeydue/deployments/api";
        let dry = if rehearsed { "?dryRun=All" } else { "?dryRun=" };
        let ask = async |method: &str, path: &str, media: &str, body: Value| {
            let request =
                Request::builder().method(method).uri(format!("{path}{dry}")).header(header::CONTENT_TYPE, media);
            let reply = send(&admin, request, &body).await;
            assert!(reply.status.is_success(), "{method} {path}: {}", reply.text);
        };
        if rehearsed {
            let restart = json!({"spec": {"template": {"metadata": {"annotations": {"restartedAt": "now"}}}}});
            ask("PATCH", api, "application/strategic-merge-patch+json", restart).await;
            ask("PATCH", &format!("{api}/scale"), "application/merge-patch+json", json!({"spec": {"replicas": 9}}))
                .await;
            let pod =
                json!({"metadata": {"generateName": "x-"}, "spec": {"containers": [{"name": "x", "image": "x:1"}]}});
            ask("POST", "/api/v1/namespaces/honeydue/pods", "application/json", pod).await;
            ask("DELETE", api, "application/json", Value::Null).await;
            ask(
                "PATCH",
                "/api/v1/nodes/nbg1-1",
                "application/merge-patch+json",
                json!({"spec": {"unschedulable": true}}),
            )
            .await;
        }
        cluster.advance(jiff::SignedDuration::from_mins(70));
        let world = cluster.world.lock().expect("the world");
        let objects = ResourceId::all().filter(|id| id.def().stored()).flat_map(|id| world.store().list(id, None));
        objects.map(|o| o.to_string()).collect::<Vec<_>>()
    };
    assert!(story(true).await == story(false).await, "a rehearsal changed what happened later");
}

#[tokio::test]
async fn who_wrote_what_is_told() {
    let running = Running::start(Small::shop()).await;
    let admin = client(&running, User::Admin);
    let path = "/api/v1/namespaces/shop/configmaps/cm-001";
    let entries = async |change: Value| {
        let reply = merge(&admin, &format!("{path}?fieldManager=me"), &change).await.json();
        reply["metadata"]["managedFields"].clone()
    };
    let first = entries(json!({"data": {"a": "1"}})).await;
    assert_eq!((&first[0]["manager"], &first[0]["time"]), (&json!("me"), &json!("2026-03-01T12:00:00Z")));
    assert_eq!(first[0]["fieldsV1"], json!({"f:data": {".": {}, "f:a": {}}}));
    running.small().now = "2026-03-01T12:05:00Z".parse().expect("a time");
    assert_eq!(entries(json!({"data": {"a": "1"}})).await, first, "nothing was changed");
    let second = entries(json!({"data": {"b": "2"}, "metadata": {"labels": {"x": "y"}}})).await;
    let fields = json!({"f:data": {".": {}, "f:a": {}, "f:b": {}}, "f:metadata": {"f:labels": {"f:x": {}}}});
    assert_eq!((&second[0]["fieldsV1"], &second[0]["time"]), (&fields, &json!("2026-03-01T12:05:00Z")));
    assert_eq!(second.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_was_deployed_is_not_taken_over_in_silence() {
    let cluster = Cluster::start(1).await;
    let admin = client_of(&cluster.server, User::Admin);
    let image = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"},
        "spec": {"template": {"spec": {"containers": [{"name": "api", "image": "registry.example.com/other:1"}]}}}});
    let path = "/apis/apps/v1/namespaces/honeydue/deployments/api?fieldManager=mesh&dryRun=All";
    let apply = async |path: &str| {
        let request = Request::patch(path).header(header::CONTENT_TYPE, "application/apply-patch+yaml");
        send(&admin, request, &image).await
    };
    let refused = apply(path).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    let cause = &refused.json()["details"]["causes"][0];
    assert_eq!(cause["field"], ".spec.template.spec.containers[name=\"api\"].image");
    assert_eq!(apply(&format!("{path}&force=true")).await.status, 200);
}
