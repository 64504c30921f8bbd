//! What the server tells people of themselves is what it does.

use http::{Request, header};
use serde_json::{Value, json};

use crashcart::drill::api::{Right, Rights};

use super::{Client, User, client, send};
use crate::small::{Running, Small};

async fn post(client: &Client, path: &str, body: &Value) -> Value {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    let reply = send(client, request, body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.json()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether a user may, by its own review.
async fn may(client: &Client, verb: &str, group: &str, resource: &str) -> bool {
    let (plural, sub) = resource.split_once('/').unwrap_or((resource, ""));
    let wish = json!({"verb": verb, "group": group, "resource": plural, "subresource": sub, "namespace": "shop"});
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    post(client, path, &json!({"spec": {"resourceAttributes": wish}})).await["status"]["allowed"] == true
}

#[tokio::test]
async fn every_rule_that_is_told_holds() {
    let running = Running::start(Small::shop()).await;
    let rights = vec![Right::new("patch", "apps", "deployments"), Right::new("create", "", "pods/eviction")];
    running.server.restrict(Rights::Only(rights));
    for user in [User::Admin, User::Viewer, User::Restricted] {
        let client = client(&running, user);
        let review = json!({"spec": {"namespace": "shop"}});
        let told = post(&client, "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &review).await;
        assert_eq!(told["status"]["incomplete"], false, "{user:?}");
        let rules = told["status"]["resourceRules"].as_array().cloned().unwrap_or_default();
        for rule in &rules {
            for resource in texts(&rule["resources"]) {
                let (verb, group) = (texts(&rule["verbs"])[0], texts(&rule["apiGroups"])[0]);
                assert!(may(&client, verb, group, resource).await, "{user:?} {verb} {resource}.{group}");
            }
        }
        let everything = rules.iter().any(|r| texts(&r["verbs"]) == ["*"]);
        assert_eq!(everything, user == User::Admin, "{user:?}");
        assert_eq!(may(&client, "delete", "", "secrets").await, user == User::Admin, "{user:?}");
        let evicts = rules.iter().any(|r| texts(&r["resources"]).contains(&"pods/eviction"));
        assert_eq!(evicts, user == User::Restricted, "{user:?}");
    }
}

#[tokio::test]
async fn everyone_learns_who_they_are() {
    let running = Running::start(Small::shop()).await;
    for (user, name) in [(User::Admin, "system:admin"), (User::Viewer, "viewer"), (User::Restricted, "restricted")] {
        let told = post(&client(&running, user), "/apis/authentication.k8s.io/v1/selfsubjectreviews", &json!({})).await;
        let info = &told["status"]["userInfo"];
        assert_eq!(info["username"], name);
        assert!(texts(&info["groups"]).contains(&"system:authenticated"), "{info}");
    }
}
