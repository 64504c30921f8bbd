//! What our actions leave on a cluster is what kubectl's leave on its twin, and each is proved on the way.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use crashcart::action::{Action, Argument, Arguments, Cancel, LEFT_BEHIND, Progress, Verification, by_name};
use crashcart::drill::store::Store;
use crashcart::situation::{Key, Kind, Ref, Situation};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::desk::{Desk, confirm, execute};
use crate::cluster::Cluster;

/// Two clusters of the same seed: on the one we act, on the other kubectl does.
struct Twins {
    ours: Desk,
    kubectls: Cluster,
}

#[expect(clippy::disallowed_types, reason = "a client from outside")]
async fn kubectl(cluster: &Cluster, line: &str) {
    let mut command = std::process::Command::new("kubectl");
    command.args(line.split_whitespace()).stdin(Stdio::null());
    command.env("KUBECONFIG", cluster.kubeconfig()).env_remove("HTTPS_PROXY").env_remove("https_proxy");
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").expect("kubectl runs");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

fn list(cluster: &Cluster, group: &str, plural: &str) -> Vec<Value> {
    let resource = Store::resource(group, plural).expect("a resource");
    let world = cluster.world.lock().expect("the world");
    world.store().list(resource, None).iter().map(|object| object.as_ref().clone()).collect()
}

/// An object without what two who do the same thing write differently.
fn essence(object: &Value) -> Value {
    let mut spec = object["spec"].clone();
    for stamp in ["/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt", "/taints/0/timeAdded"] {
        if let Some(stamp) = spec.pointer_mut(stamp) {
            *stamp = json!("a time");
        }
    }
    // The hash of a template depends on the stamp in it.
    for labels in ["/template/metadata/labels", "/selector/matchLabels"] {
        if let Some(labels) = spec.pointer_mut(labels).and_then(Value::as_object_mut) {
            labels.remove("pod-template-hash");
        }
    }
    let metadata = &object["metadata"];
    let mut annotations = metadata["annotations"].clone();
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.retain(|key, _| key != "kubernetes.io/change-cause" && key != LEFT_BEHIND);
    }
    json!({ "annotations": annotations, "generation": metadata["generation"], "spec": spec })
}

/// Everything of a cluster that an action is about.
fn state(cluster: &Cluster) -> Vec<Value> {
    let mut state: Vec<Value> = list(cluster, "", "nodes").iter().map(essence).collect();
    state.extend(list(cluster, "apps", "deployments").iter().map(essence));
    let mut sets: Vec<Value> = list(cluster, "apps", "replicasets").iter().map(essence).collect();
    sets.sort_by_key(ToString::to_string);
    state.extend(sets);
    let ready = |pod: &Value| {
        pod["status"]["conditions"]
            .as_array()
            .is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"))
    };
    let pods = list(cluster, "", "pods");
    let honeydue = pods.iter().filter(|pod| pod["metadata"]["namespace"] == "honeydue");
    state.push(json!({ "ready pods": honeydue.filter(|pod| ready(pod)).count() }));
    state
}

impl Twins {
    async fn new() -> Self {
        Self { ours: Desk::new().await, kubectls: Cluster::start(1).await }
    }

    /// Carries an action out, lets time pass on both, waits for the proof, and compares what came of it.
    async fn same(&mut self, action: Action, line: &str) {
        let plan = self.ours.good_plan(&action).await;
        let told = execute(&self.ours.executor(), confirm(&plan), Cancel::default()).await;
        let Some(Progress::Executed(outcome)) = told.last() else { panic!("{line}: {told:?}") };
        kubectl(&self.kubectls, line).await;
        for _ in 0..plan.proof.within.as_secs().min(120) {
            self.ours.cluster.advance(SignedDuration::from_secs(1));
            self.kubectls.advance(SignedDuration::from_secs(1));
        }
        let failed = AtomicBool::new(false);
        let worked = |s: &Situation| {
            let verification = plan.verify(outcome, s);
            failed.fetch_or(matches!(verification, Verification::Failed(_)), Ordering::Relaxed);
            matches!(verification, Verification::Worked(_))
        };
        self.ours.until(&plan.proof.says, worked).await;
        assert!(!failed.load(Ordering::Relaxed), "{line}: called failed on the way");
        assert_eq!(state(&self.ours.cluster), state(&self.kubectls), "{line}");
    }
}

fn action(name: &str, (kind, namespace, object): (Kind, &str, &str), numbers: &[(&str, u64)]) -> Action {
    let spec = by_name(name).expect("an action");
    let key = Key::new(namespace, object);
    let mut arguments = Arguments::new();
    arguments.insert(spec.params[0].name.to_owned(), Argument::Reference(Ref { kind, key, uid: "".into() }));
    arguments.extend(numbers.iter().map(|(name, n)| ((*name).to_owned(), Argument::Number(*n))));
    (spec.build)(&arguments).expect("an action")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_is_what_kubectl_leaves() {
    if !std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|d| d.join("kubectl").is_file()) {
        tracing::warn!("no kubectl here: nothing was tested");
        return;
    }
    let mut twins = Twins::new().await;
    let node = (Kind::Node, "", "nbg1-2");
    twins.same(action("cordon", node, &[]), "cordon nbg1-2").await;
    twins.same(action("uncordon", node, &[]), "uncordon nbg1-2").await;
    let api = (Kind::Deployment, "honeydue", "api");
    twins.same(action("rollout-restart", api, &[]), "-n honeydue rollout restart deploy/api").await;
    twins.same(action("roll-back", api, &[]), "-n honeydue rollout undo deploy/api").await;
    twins.same(action("roll-back", api, &[("to", 39)]), "-n honeydue rollout undo deploy/api --to-revision=39").await;
    twins.same(action("scale", api, &[("replicas", 2)]), "-n honeydue scale deploy/api --replicas=2").await;
    let pod = list(&twins.kubectls, "", "pods").iter().find_map(|pod| {
        let name = pod["metadata"]["name"].as_str()?;
        name.starts_with("admin-").then(|| name.to_owned())
    });
    let pod = pod.expect("a pod of admin");
    twins
        .same(
            action("delete-pod", (Kind::Pod, "honeydue", &pod), &[]),
            &format!("-n honeydue delete pod {pod} --wait=false"),
        )
        .await;
}
