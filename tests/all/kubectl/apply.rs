//! kubectl apply and diff, by the client and by the server.

use serde_json::{Value, json};

use super::Kubectl;
use crate::cluster::Cluster;

/// kubectl on a cluster with its controllers, whose time stands still.
async fn kubectl() -> Option<Kubectl<Cluster>> {
    let cluster = Cluster::start(1).await;
    let config = cluster.server.kubeconfig(None).expect("a kubeconfig");
    Kubectl::on(cluster, &config)
}

fn deployment(image: &str, replicas: Option<u64>) -> Value {
    let labels = json!({"app": "probe"});
    let mut deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "probe", "namespace": "default", "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
            "containers": [{"name": "main", "image": image, "ports": [{"containerPort": 8080}]}]}}},
    });
    if let Some(replicas) = replicas {
        deployment["spec"]["replicas"] = replicas.into();
    }
    deployment
}

impl Kubectl<Cluster> {
    /// A manifest in a file; its path.
    fn manifest(&self, object: &Value) -> String {
        let path = self.home.path().join("manifest.json");
        std::fs::write(&path, object.to_string()).expect("written");
        path.to_str().expect("a path").to_owned()
    }

    async fn managers(&self) -> Vec<String> {
        let object = self.json("get deployment probe --show-managed-fields").await;
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
        entries.map(|e| format!("{} {}", text(&e["manager"]), text(&e["operation"]))).collect()
    }
}

#[tokio::test]
async fn the_client_applies_and_tells_the_difference() {
    let Some(kubectl) = kubectl().await else { return };
    let file = kubectl.manifest(&deployment("registry.example.com/probe:1", Some(2)));
    assert_eq!(kubectl.run(&format!("apply -f {file}")).await, "deployment.apps/probe created");
    assert_eq!(kubectl.run(&format!("apply -f {file}")).await, "deployment.apps/probe unchanged");
    assert_eq!(kubectl.run(&format!("diff -f {file}")).await, "");
    let file = kubectl.manifest(&deployment("registry.example.com/probe:2", None));
    let diff = kubectl.run(&format!("diff -f {file}")).await;
    assert!(diff.contains("-      - image: registry.example.com/probe:1") || diff.contains("-  - image"), "{diff}");
    assert!(diff.contains("image: registry.example.com/probe:2"), "{diff}");
    assert_eq!(kubectl.run(&format!("apply -f {file}")).await, "deployment.apps/probe configured");
    let object = kubectl.json("get deployment probe").await;
    assert_eq!(object["spec"]["replicas"], 1, "what is said no more takes its default");
    let last = &object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"];
    let last: Value = serde_json::from_str(last.as_str().expect("an annotation")).expect("JSON");
    assert_eq!(last["spec"]["template"]["spec"]["containers"][0]["image"], "registry.example.com/probe:2");
    assert_eq!(kubectl.managers().await[0], "kubectl-client-side-apply Update");
}

#[tokio::test]
async fn the_server_applies_and_tells_conflicts() {
    let Some(kubectl) = kubectl().await else { return };
    let file = kubectl.manifest(&deployment("registry.example.com/probe:1", Some(2)));
    let apply = format!("apply --server-side -f {file}");
    assert_eq!(kubectl.run(&apply).await, "deployment.apps/probe serverside-applied");
    assert_eq!(kubectl.run(&format!("diff --server-side -f {file}")).await, "");
    assert_eq!(kubectl.managers().await[0], "kubectl Apply");
    kubectl.run("scale deployment probe --replicas 3").await;
    let told = kubectl.run(&apply).await;
    let why = "error: Apply failed with 1 conflict: conflict with \"kubectl\" with subresource \"scale\" using apps/v1 at \
               2026-03-30T04:00:00Z: .spec.replicas\n";
    assert!(told.starts_with(why), "{told}");
    assert_eq!(kubectl.json("get deployment probe").await["spec"]["replicas"], 3);
    kubectl.manifest(&deployment("registry.example.com/probe:1", Some(4)));
    let diff = kubectl.run(&format!("diff --server-side --force-conflicts -f {file}")).await;
    assert!(diff.contains("-  replicas: 3\n+  replicas: 4"), "{diff}");
    assert_eq!(kubectl.run(&format!("{apply} --force-conflicts")).await, "deployment.apps/probe serverside-applied");
    let object = kubectl.json("get deployment probe").await;
    assert_eq!(object["spec"]["replicas"], 4);
    let mut odd = deployment("registry.example.com/probe:1", Some(4));
    odd["spec"]["replikas"] = 1.into();
    kubectl.manifest(&odd);
    assert!(kubectl.run(&apply).await.contains(".spec.replikas: field not declared in schema"));
    let told = kubectl.run(&format!("create -f {file} --dry-run=server")).await;
    assert!(told.contains("strict decoding error: unknown field \"spec.replikas\""), "{told}");
}

#[tokio::test]
async fn one_who_changes_over_to_the_server_keeps_what_is_his() {
    let Some(kubectl) = kubectl().await else { return };
    let file = kubectl.manifest(&deployment("registry.example.com/probe:1", Some(2)));
    kubectl.run(&format!("apply -f {file}")).await;
    kubectl.manifest(&deployment("registry.example.com/probe:2", Some(2)));
    let told = kubectl.run(&format!("apply --server-side -f {file}")).await;
    assert_eq!(told, "deployment.apps/probe serverside-applied");
    let managers = kubectl.managers().await;
    assert!(!managers.contains(&"kubectl-client-side-apply Update".to_owned()), "{managers:?}");
    let object = kubectl.json("get deployment probe").await;
    assert_eq!(object["spec"]["template"]["spec"]["containers"][0]["image"], "registry.example.com/probe:2");
    let last = &object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"];
    assert!(last.as_str().is_some_and(|last| last.contains("probe:2")), "{last}");
}
