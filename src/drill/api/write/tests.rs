//! Writes against a store, without a server in between.

use http::{HeaderMap, HeaderValue, Method, Uri, header};
use jiff::Timestamp;
use serde_json::json;

use super::super::backend::{LogLine, LogRefusal, Unavailable};
use super::super::call::Target;
use super::*;
use crate::drill::store::Store;

struct Bare(Store);

impl Backend for Bare {
    fn store(&mut self) -> &mut Store {
        &mut self.0
    }

    fn now(&self) -> Timestamp {
        "2026-03-01T12:00:00Z".parse().expect("a time")
    }

    fn logs(&self, _: &str, _: &str, _: &str, _: bool) -> Result<Vec<LogLine>, LogRefusal> {
        Ok(Vec::new())
    }

    fn node_metrics(&self) -> Result<Vec<Value>, Unavailable> {
        Ok(Vec::new())
    }

    fn pod_metrics(&self, _: Option<&str>) -> Result<Vec<Value>, Unavailable> {
        Ok(Vec::new())
    }

    fn readyz(&self) -> Vec<(&'static str, bool)> {
        Vec::new()
    }

    fn version(&self) -> Value {
        Value::Null
    }
}

const WEB: &str = "/apis/apps/v1/namespaces/shop/deployments/web";
const POD: &str = "/api/v1/namespaces/shop/pods/web-1";

const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const OPERATIONS: &str = "application/json-patch+json";

/// A namespace with a Deployment and a pod on a node.
fn shop() -> Bare {
    let mut bare = Bare(Store::new(1));
    let containers = json!([{"name": "main", "image": "registry.example.com/web:1"}]);
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}});
    let pod = json!({"metadata": {"name": "web-1", "labels": {"app": "web"}}, "status": {"phase": "Running"},
        "spec": {"nodeName": "one", "containers": containers, "terminationGracePeriodSeconds": 30}});
    let deployment = json!({"metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        "status": {"replicas": 2}});
    for (group, plural, mut object) in [
        ("", "namespaces", json!({"metadata": {"name": "shop"}})),
        ("apps", "deployments", deployment),
        ("", "pods", pod),
        ("", "nodes", json!({"metadata": {"name": "one"}, "spec": {"podCIDR": "10.42.0.0/24"}})),
    ] {
        object["metadata"]["namespace"] = "shop".into();
        let res = Store::resource(group, plural).expect("a known resource");
        bare.0.create(res, object, Timestamp::UNIX_EPOCH).expect("a new object");
    }
    bare
}

/// What a request is answered with: code and body.
fn ask(bare: &mut Bare, method: &str, path: &str, media: &'static str, body: &Value) -> (u16, Value) {
    let uri: Uri = path.parse().expect("a path");
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    let mut call = Call::new(Method::from_bytes(method.as_bytes()).expect("a method"), &uri, headers);
    if !body.is_null() {
        call.body = body.to_string().into();
    }
    let Target::Resource(place) = &call.target else { panic!("{path} is no resource") };
    let res = Store::resource(&place.group, &place.plural).expect("a known resource");
    match answer(bare, res, place, &call).unwrap_or_else(Answer::from) {
        Answer::Json { code, body, .. } => (code, serde_json::from_slice(&body).expect("JSON")),
        _ => panic!("an answer without JSON"),
    }
}

/// Code and message of a refusal.
fn refused(bare: &mut Bare, method: &str, path: &str, media: &'static str, body: &Value) -> (u16, String) {
    let (code, body) = ask(bare, method, path, media, body);
    (code, body["message"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn patches_of_every_kind_change_the_object_and_count_its_generation() {
    let mut bare = shop();
    let restart = json!({"spec": {"template": {"metadata": {"annotations": {"restartedAt": "now"}}}}});
    let (code, web) = ask(&mut bare, "PATCH", WEB, STRATEGIC, &restart);
    assert_eq!((code, &web["metadata"]["generation"]), (200, &json!(2)));
    let patch = json!({"metadata": {"annotations": {"why": "x"}}, "status": {"replicas": 9}});
    let (_, web) = ask(&mut bare, "PATCH", WEB, MERGE, &patch);
    assert_eq!((&web["metadata"]["generation"], &web["status"]["replicas"]), (&json!(2), &json!(2)), "no new spec");
    let same = &web["spec"]["template"];
    let operations = json!([{"op": "test", "path": "/metadata/generation", "value": 2},
        {"op": "test", "path": "/spec/template", "value": same},
        {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "registry.example.com/web:2"}]);
    let (code, web) = ask(&mut bare, "PATCH", WEB, OPERATIONS, &operations);
    assert_eq!(
        (code, &web["spec"]["template"]["spec"]["containers"][0]["image"]),
        (200, &json!("registry.example.com/web:2"))
    );
    let revision = bare.0.revision();
    let rejected = "the server rejected our request due to an error in our request";
    assert_eq!(refused(&mut bare, "PATCH", WEB, OPERATIONS, &operations), (422, rejected.to_owned()), "a test fails");
    assert_eq!(bare.0.revision(), revision, "and nothing is changed");
    assert_eq!(ask(&mut bare, "PATCH", WEB, JSON, &json!({})).0, 415);
    assert_eq!(ask(&mut bare, "PATCH", WEB, OPERATIONS, &json!({})).0, 400);
}

#[test]
fn a_dry_run_answers_what_would_be_and_stores_nothing() {
    let mut bare = shop();
    let revision = bare.0.revision();
    let (_, web) = ask(&mut bare, "PATCH", &format!("{WEB}?dryRun=All"), MERGE, &json!({"spec": {"replicas": 3}}));
    assert_eq!((&web["spec"]["replicas"], &web["metadata"]["generation"]), (&json!(3), &json!(2)));
    let negative = json!({"spec": {"replicas": -1}});
    assert_eq!(ask(&mut bare, "PATCH", &format!("{WEB}?dryRun=All"), MERGE, &negative).0, 422);
    let (_, scale) =
        ask(&mut bare, "PATCH", &format!("{WEB}/scale?dryRun=All"), MERGE, &json!({"spec": {"replicas": 0}}));
    assert_eq!((&scale["kind"], &scale["spec"]["replicas"]), (&json!("Scale"), &json!(0)));
    let (code, pod) = ask(&mut bare, "DELETE", POD, JSON, &json!({"dryRun": ["All"]}));
    assert_eq!((code, &pod["metadata"]["deletionTimestamp"]), (200, &json!("2026-03-01T12:00:30Z")));
    let config = json!({"metadata": {"name": "new"}});
    let (code, made) = ask(&mut bare, "POST", "/api/v1/namespaces/shop/configmaps?dryRun=All", JSON, &config);
    assert_eq!((code, made["metadata"].get("resourceVersion"), made["metadata"]["uid"].is_string()), (201, None, true));
    assert_eq!(bare.0.revision(), revision);
    let wrong = ask(&mut bare, "PATCH", &format!("{WEB}?dryRun=Some"), MERGE, &json!({}));
    assert_eq!((wrong.0, bare.0.revision()), (422, revision));
}

#[test]
fn stale_and_mistaken_writers_are_told() {
    let mut bare = shop();
    let stale = "Operation cannot be fulfilled on deployments.apps \"web\": the object has been modified; please apply \
                 your changes to the latest version and try again";
    let patch = json!({"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 1}});
    assert_eq!(refused(&mut bare, "PATCH", WEB, MERGE, &patch), (409, stale.to_owned()));
    assert_eq!(refused(&mut bare, "PATCH", &format!("{WEB}/scale"), MERGE, &patch), (409, stale.to_owned()));
    let other = json!({"metadata": {"uid": "u-2"}});
    let message = "Deployment.apps \"web\" is invalid: metadata.uid: Invalid value: \"u-2\": field is immutable";
    assert_eq!(refused(&mut bare, "PATCH", WEB, MERGE, &other), (422, message.to_owned()));
    let (_, mut web) = ask(&mut bare, "PATCH", WEB, MERGE, &json!({}));
    web["metadata"]["uid"] = "u-2".into();
    let (code, message) = refused(&mut bare, "PUT", WEB, JSON, &web);
    assert!(code == 409 && message.contains("Precondition failed: UID in precondition: u-2, UID in object meta: "));
    let lease = "/apis/coordination.k8s.io/v1/namespaces/shop/leases";
    assert_eq!(ask(&mut bare, "POST", lease, JSON, &json!({"metadata": {"name": "lead"}})).0, 201);
    let unconditional = json!({"metadata": {"name": "lead"}, "spec": {"holderIdentity": "two"}});
    let message = refused(&mut bare, "PUT", &format!("{lease}/lead"), JSON, &unconditional);
    assert!(message.0 == 422 && message.1.ends_with("must be specified for an update"), "{message:?}");
    let twice = refused(&mut bare, "POST", lease, JSON, &json!({"metadata": {"name": "lead"}}));
    assert_eq!(twice, (409, "leases.coordination.k8s.io \"lead\" already exists".to_owned()));
    let nowhere =
        refused(&mut bare, "POST", "/api/v1/namespaces/none/events", JSON, &json!({"metadata": {"name": "e"}}));
    assert_eq!(nowhere, (404, "namespaces \"none\" not found".to_owned()));
}

#[test]
fn what_no_server_would_store_is_refused() {
    let mut bare = shop();
    for (media, patch, code, message) in [
        (MERGE, json!({"spec": {"selector": {"matchLabels": {"a": "b"}}}}), 422, "spec.selector: Invalid value"),
        (
            MERGE,
            json!({"spec": {"replicas": "x"}}),
            422,
            "into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            STRATEGIC,
            json!({"spec": {"paused": "x"}}),
            422,
            "Invalid value: \"map[spec:map[paused:x]]\": unrecognized type: bool",
        ),
        (MERGE, json!({"metadata": {"annotations": {"a": 1}}}), 422, "ObjectMeta.metadata.annotations of type string"),
        (MERGE, json!({"spec": {"template": {"spec": {"containers": null}}}}), 422, "containers: Required value"),
        (MERGE, json!([]), 400, "cannot unmarshal array"),
    ] {
        let (got, told) = refused(&mut bare, "PATCH", WEB, media, &patch);
        assert!(got == code && told.contains(message), "{got} {told}");
    }
    let moved = json!({"spec": {"nodeName": "two"}});
    assert_eq!(ask(&mut bare, "PATCH", POD, MERGE, &moved).0, 422);
    let bad = json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "x"}});
    assert_eq!(ask(&mut bare, "POST", "/api/v1/namespaces/shop/configmaps", JSON, &bad).0, 400);
}

#[test]
fn pods_stop_before_they_go_and_preconditions_hold_deletions_back() {
    let mut bare = shop();
    let wrong = json!({"preconditions": {"uid": "u-2"}});
    let (code, message) = refused(&mut bare, "DELETE", POD, JSON, &wrong);
    let begin = "Operation cannot be fulfilled on Pod \"web-1\": the UID in the precondition (u-2) does not match";
    assert!(code == 409 && message.starts_with(begin), "{message}");
    let (code, message) = refused(&mut bare, "DELETE", WEB, JSON, &json!({"preconditions": {"resourceVersion": "1"}}));
    assert!(code == 409 && message.contains("on Deployment.apps \"web\": the ResourceVersion in the precondition (1)"));

    let (_, pod) = ask(&mut bare, "DELETE", POD, JSON, &Value::Null);
    assert_eq!(pod["metadata"]["deletionGracePeriodSeconds"], 30);
    let (_, pod) = ask(&mut bare, "DELETE", POD, JSON, &json!({"gracePeriodSeconds": 5}));
    assert_eq!(pod["metadata"]["deletionTimestamp"], "2026-03-01T12:00:05Z", "a shorter grace counts");
    let (_, pod) = ask(&mut bare, "DELETE", POD, JSON, &json!({"gracePeriodSeconds": 60}));
    assert_eq!(pod["metadata"]["deletionTimestamp"], "2026-03-01T12:00:05Z", "a longer one does not");
    assert_eq!(ask(&mut bare, "DELETE", &format!("{POD}?gracePeriodSeconds=0"), JSON, &Value::Null).0, 200);
    assert_eq!(ask(&mut bare, "DELETE", POD, JSON, &Value::Null).0, 404);

    let (_, web) = ask(&mut bare, "DELETE", WEB, JSON, &json!({"propagationPolicy": "Foreground"}));
    assert_eq!(web["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    let (_, web) = ask(&mut bare, "PATCH", WEB, MERGE, &json!({"metadata": {"finalizers": null}}));
    assert_eq!(web["metadata"].get("finalizers"), None);
    assert_eq!(ask(&mut bare, "PATCH", WEB, MERGE, &json!({})).0, 404, "nothing kept it any more");
}

#[test]
fn an_event_is_seen_in_both_groups() {
    let mut bare = shop();
    let event = json!({"metadata": {"name": "e"}, "eventTime": "2026-03-01T12:00:00.000000Z", "action": "Restart",
        "reason": "Restarted", "note": "done", "type": "Normal", "reportingController": "example.com/console",
        "reportingInstance": "one", "regarding": {"kind": "Pod", "namespace": "shop", "name": "web-1"}});
    let path = "/apis/events.k8s.io/v1/namespaces/shop/events";
    let (code, made) = ask(&mut bare, "POST", path, JSON, &event);
    assert_eq!((code, &made["note"], &made["apiVersion"]), (201, &json!("done"), &json!("events.k8s.io/v1")));
    let (_, plain) = ask(&mut bare, "PATCH", "/api/v1/namespaces/shop/events/e", MERGE, &json!({"count": 2}));
    assert_eq!((&plain["message"], &plain["involvedObject"]["name"]), (&json!("done"), &json!("web-1")));
    let astray =
        json!({"metadata": {"name": "f"}, "involvedObject": {"kind": "Pod", "namespace": "other", "name": "x"}});
    assert_eq!(ask(&mut bare, "POST", "/api/v1/namespaces/shop/events", JSON, &astray).0, 422);
}

#[test]
fn a_budget_holds_evictions_back() {
    let mut bare = shop();
    let budgets = Store::resource("policy", "poddisruptionbudgets").expect("a known resource");
    let budget = json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": {"matchLabels": {"app": "web"}}},
        "status": {"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1}});
    bare.0.create(budgets, budget, Timestamp::UNIX_EPOCH).expect("a new object");
    bare.0.modify(Store::resource("", "pods").expect("pods"), "shop", "web-1", |pod| {
        pod["status"]["conditions"] = json!([{"type": "Ready", "status": "True"}]);
    });
    let path = format!("{POD}/eviction");
    let eviction = json!({"metadata": {"name": "web-1"}});
    assert_eq!(ask(&mut bare, "POST", &path, JSON, &eviction).0, 429);
    bare.0.modify(budgets, "shop", "web", |b| b["status"]["disruptionsAllowed"] = 1.into());
    let dry = json!({"metadata": {"name": "web-1"}, "deleteOptions": {"dryRun": ["All"]}});
    let revision = bare.0.revision();
    assert_eq!((ask(&mut bare, "POST", &path, JSON, &dry).0, bare.0.revision()), (201, revision));
    assert_eq!(ask(&mut bare, "POST", &path, JSON, &eviction).0, 201);
    let left = bare.0.get(budgets, "shop", "web").expect("the budget");
    assert_eq!(left["status"]["disruptionsAllowed"], 0);
}
