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

const APPLY: &str = "application/apply-patch+yaml";
const CONFIG: &str = "/api/v1/namespaces/shop/configmaps/c";

fn config(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data})
}

/// Who manages what of an object: manager, operation, fields.
fn managers(object: &Value) -> Vec<(String, String, Value)> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    entries.map(|e| (text(&e["manager"]), text(&e["operation"]), e["fieldsV1"].clone())).collect()
}

#[test]
fn what_is_applied_belongs_to_who_applied_it() {
    let mut bare = shop();
    let by = |manager: &str| format!("{CONFIG}?fieldManager={manager}");
    let apply = |bare: &mut Bare, path: &str, data: Value| ask(bare, "PATCH", path, APPLY, &config(&data));
    let (code, made) = apply(&mut bare, &by("one"), json!({"a": "1", "b": "1"}));
    assert_eq!((code, &made["data"]), (201, &json!({"a": "1", "b": "1"})));
    let (code, both) = apply(&mut bare, &by("two"), json!({"b": "1", "c": "2"}));
    assert_eq!((code, &both["data"]), (200, &json!({"a": "1", "b": "1", "c": "2"})), "the same value is no conflict");
    let fields = |names: &[&str]| json!({"f:data": names.iter().map(|n| (format!("f:{n}"), json!({}))).collect::<serde_json::Map<_, _>>()});
    let entry = |name: &str, names: &[&str]| (name.to_owned(), "Apply".to_owned(), fields(names));
    assert_eq!(managers(&both), [entry("one", &["a", "b"]), entry("two", &["b", "c"])]);

    let (code, refused) = apply(&mut bare, &by("two"), json!({"a": "9", "b": "9"}));
    assert_eq!((code, refused["reason"].as_str()), (409, Some("Conflict")));
    let told = "Apply failed with 2 conflicts: conflicts with \"one\":\n- .data.a\n- .data.b";
    assert_eq!(refused["message"], told);

    let revision = bare.0.revision();
    apply(&mut bare, &by("two"), json!({"b": "1", "c": "2"}));
    assert_eq!(bare.0.revision(), revision, "what is so already is not written again");

    let (_, less) = apply(&mut bare, &by("one"), json!({"a": "1"}));
    assert_eq!(less["data"], json!({"a": "1", "b": "1", "c": "2"}), "somebody else still wants it");
    let (_, less) = apply(&mut bare, &by("two"), json!({"c": "2"}));
    assert_eq!(less["data"], json!({"a": "1", "c": "2"}));
    let (code, forced) = apply(&mut bare, &format!("{}&force=true", by("two")), json!({"a": "9"}));
    assert_eq!((code, &forced["data"]), (200, &json!({"a": "9"})));
    assert_eq!(managers(&forced), [entry("two", &["a"])]);
}

#[test]
fn an_update_takes_over_and_a_later_apply_meets_it() {
    let mut bare = shop();
    let path = format!("{CONFIG}?fieldManager=one");
    ask(&mut bare, "PATCH", &path, APPLY, &config(&json!({"a": "1", "b": "1"})));
    let edit = format!("{CONFIG}?fieldManager=editor");
    let (_, edited) = ask(&mut bare, "PATCH", &edit, MERGE, &json!({"data": {"a": "2", "b": null}}));
    let [(editor, operation, fields)] = managers(&edited).try_into().expect("one entry: the other has nothing left");
    assert_eq!((editor.as_str(), operation.as_str(), fields), ("editor", "Update", json!({"f:data": {"f:a": {}}})));
    let (code, refused) = ask(&mut bare, "PATCH", &path, APPLY, &config(&json!({"a": "1"})));
    let told = "Apply failed with 1 conflict: conflict with \"editor\" using v1 at 2026-03-01T12:00:00Z: .data.a";
    assert_eq!((code, refused["message"].as_str()), (409, Some(told)));
    // A PUT that says nothing of managers keeps them.
    let put = json!({"metadata": {"name": "c"}, "data": {"a": "2", "d": "4"}});
    let (_, written) = ask(&mut bare, "PUT", &format!("{CONFIG}?fieldManager=editor"), JSON, &put);
    assert_eq!(managers(&written)[0].2, json!({"f:data": {"f:a": {}, "f:d": {}}}));
    let clear = json!({"metadata": {"managedFields": []}});
    let (_, cleared) = ask(&mut bare, "PATCH", &format!("{CONFIG}?fieldManager=editor"), MERGE, &clear);
    assert_eq!(managers(&cleared), []);
}

#[test]
fn containers_are_owned_one_by_one_and_defaults_by_nobody() {
    let mut bare = shop();
    let with = |containers: Value| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"template": {"spec": {"containers": containers}}}})
    };
    let path = format!("{WEB}?fieldManager=mesh");
    let side = json!([{"name": "side", "image": "registry.example.com/side:1"}]);
    let (code, web) = ask(&mut bare, "PATCH", &path, APPLY, &with(side));
    assert_eq!(code, 200, "{web}");
    let names = |web: &Value| {
        let containers = web["spec"]["template"]["spec"]["containers"].as_array().cloned().unwrap_or_default();
        containers.iter().map(|c| c["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&web), ["main", "side"]);
    let fight = json!([{"name": "main", "image": "registry.example.com/web:2"}]);
    let (code, told) = ask(&mut bare, "PATCH", &path, APPLY, &with(fight));
    assert_eq!(code, 409);
    let field = &told["details"]["causes"][0]["field"];
    assert_eq!(field, ".spec.template.spec.containers[name=\"main\"].image");
    let none = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}});
    let (_, web) = ask(&mut bare, "PATCH", &path, APPLY, &none);
    assert_eq!(names(&web), ["main"], "what it added goes with it");
}

#[test]
fn what_cannot_be_applied_is_refused() {
    let mut bare = shop();
    let refused = |bare: &mut Bare, path: &str, body: Value| refused(bare, "PATCH", path, APPLY, &body);
    let path = format!("{CONFIG}?fieldManager=one");
    assert_eq!(refused(&mut bare, CONFIG, config(&json!({}))).0, 422, "nobody applies it");
    let managed = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"managedFields": [{}]}});
    assert_eq!(refused(&mut bare, &path, managed), (400, "metadata.managedFields must be nil".to_owned()));
    let (code, told) = refused(&mut bare, &path, json!({"apiVersion": "v1", "kind": "ConfigMap", "bogus": 1}));
    assert_eq!(code, 500);
    assert!(told.ends_with("v1, Kind=ConfigMap): .bogus: field not declared in schema"), "{told}");
    assert_eq!(refused(&mut bare, &path, json!({"apiVersion": "v1", "kind": "Secret"})).0, 400);
    let status = format!("{WEB}x/status?fieldManager=one");
    let none = json!({"apiVersion": "apps/v1", "kind": "Deployment", "status": {"replicas": 1}});
    assert_eq!(refused(&mut bare, &status, none).0, 404);
}

#[test]
fn unknown_fields_are_dealt_with_as_the_request_asks() {
    let mut bare = shop();
    let all = "/api/v1/namespaces/shop/pods";
    let pod = |name: &str| {
        json!({"metadata": {"name": name}, "spec": {"containers": [
            {"name": "m", "image": "x", "imagee": "y", "resources": {"requests": {"cpu": "1"}}}]}})
    };
    let told = refused(&mut bare, "POST", &format!("{all}?fieldValidation=Strict"), JSON, &pod("a"));
    let why = "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \"spec.containers[0].imagee\"";
    assert_eq!(told, (400, why.to_owned()));
    let (code, made) = ask(&mut bare, "POST", &format!("{all}?fieldValidation=Ignore"), JSON, &pod("b"));
    assert_eq!((code, made["spec"]["containers"][0].get("imagee")), (201, None), "it is not stored");
    assert_eq!(refused(&mut bare, "POST", &format!("{all}?fieldValidation=Perhaps"), JSON, &pod("c")).0, 422);
    let patch = json!({"spec": {"replikas": 1}});
    let (code, told) = refused(&mut bare, "PATCH", &format!("{WEB}?fieldValidation=Strict"), STRATEGIC, &patch);
    assert_eq!(code, 422);
    assert!(told.ends_with("strict decoding error: unknown field \"spec.replikas\""), "{told}");
}

#[test]
fn a_pod_is_bound_once() {
    let mut bare = shop();
    let pods = "/api/v1/namespaces/shop/pods";
    let pod = json!({"metadata": {"name": "free"}, "spec": {"containers": [{"name": "m", "image": "x"}]}});
    ask(&mut bare, "POST", pods, JSON, &pod);
    let binding = json!({"target": {"kind": "Node", "name": "one"}});
    let path = format!("{pods}/free/binding");
    let (code, told) = ask(&mut bare, "POST", &path, JSON, &binding);
    assert_eq!((code, &told["status"]), (201, &json!("Success")));
    let pod = ask(&mut bare, "PATCH", &format!("{pods}/free"), MERGE, &json!({})).1;
    assert_eq!((&pod["spec"]["nodeName"], &pod["metadata"]["generation"]), (&json!("one"), &json!(1)));
    let again = refused(&mut bare, "POST", &path, JSON, &binding);
    let why = "Operation cannot be fulfilled on pods/binding \"free\": pod free is already assigned to node \"one\"";
    assert_eq!(again, (409, why.to_owned()));
    assert_eq!(refused(&mut bare, "POST", &path, JSON, &json!({"target": {"kind": "Pod", "name": "x"}})).0, 422);
}

#[test]
fn a_running_pod_gets_other_resources_of_the_same_class() {
    let mut bare = shop();
    let path = format!("{POD}/resize");
    let with = |resources: Value| json!({"spec": {"containers": [{"name": "main", "resources": resources, "image": "other"}]}});
    let (code, told) = refused(&mut bare, "PATCH", &path, STRATEGIC, &with(json!({"requests": {"cpu": "1"}})));
    assert_eq!(code, 422);
    assert!(told.contains("Pod QOS Class may not change as a result of resizing"), "{told}");
    let pods = Store::resource("", "pods").expect("pods");
    bare.0.modify(pods, "shop", "web-1", |pod| {
        pod["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "1"}});
        pod["status"]["containerStatuses"] = json!([{"name": "main", "state": {"running": {}}, "resources": {}}]);
    });
    let (code, pod) = ask(&mut bare, "PATCH", &path, STRATEGIC, &with(json!({"requests": {"cpu": "2"}})));
    let container = &pod["spec"]["containers"][0];
    assert_eq!((code, &container["resources"]), (200, &json!({"requests": {"cpu": "2"}})));
    assert_eq!(container["image"], "registry.example.com/web:1", "and nothing else");
    let plain = with(json!({"requests": {"cpu": "3"}}));
    assert_eq!(refused(&mut bare, "PATCH", POD, STRATEGIC, &plain).0, 422, "only through the subresource");
    let odd = with(json!({"requests": {"example.com/gpu": "1"}}));
    assert!(
        refused(&mut bare, "PATCH", &path, STRATEGIC, &odd).1.ends_with("only cpu and memory resources are mutable")
    );
}

#[test]
fn a_quota_on_numbers_is_kept() {
    let mut bare = shop();
    let quotas = "/api/v1/namespaces/shop/resourcequotas";
    let quota =
        json!({"metadata": {"name": "q"}, "spec": {"hard": {"configmaps": "1", "count/deployments.apps": "1"}}});
    ask(&mut bare, "POST", quotas, JSON, &quota);
    let configs = "/api/v1/namespaces/shop/configmaps";
    assert_eq!(ask(&mut bare, "POST", configs, JSON, &config(&json!({}))).0, 201);
    let other = json!({"metadata": {"name": "over"}});
    let why = "configmaps \"over\" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1";
    assert_eq!(refused(&mut bare, "POST", configs, JSON, &other), (403, why.to_owned()));
    assert_eq!(ask(&mut bare, "POST", "/api/v1/namespaces/shop/secrets", JSON, &other).0, 201);
}
