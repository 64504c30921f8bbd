//! What kubectl changes, on a simulated cluster whose controllers and kubelets answer.

use crashcart::drill::{Options, Simulation, find};
use serde_json::{Value, json};

use super::Kubectl;

/// kubectl on a cluster that lives twenty times as fast; with something broken, or not.
async fn kubectl(scenario: Option<&str>) -> Option<Kubectl<Simulation>> {
    let scenarios = scenario.and_then(find).into_iter().collect();
    let options = Options { scenarios, speed: 20.0, ..Options::default() };
    let simulation = Simulation::start(options).await.expect("a simulation");
    let config = simulation.kubeconfig().expect("a kubeconfig");
    Kubectl::on(simulation, &config)
}

impl Kubectl<Simulation> {
    /// Waits until an object is as wanted; kubectl's own watch is the judge.
    async fn wait(&self, what: &str, condition: &str) {
        let told = self.run(&format!("-n honeydue wait {what} --for={condition} --timeout=60s")).await;
        assert!(told.contains("condition met"), "{what} {condition}: {told}");
    }

    async fn api(&self) -> Value {
        self.json("-n honeydue get deployment api").await
    }

    /// The newest and the number of all revisions of api.
    async fn revisions(&self) -> (u64, usize) {
        let history = self.run("-n honeydue rollout history deployment/api").await;
        let numbers: Vec<u64> = history.lines().filter_map(|l| l.split_whitespace().next()?.parse().ok()).collect();
        (numbers.last().copied().unwrap_or_default(), numbers.len())
    }

    fn recovered(&self) -> bool {
        self.running.status().scenarios.iter().all(|s| s.recovered)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rollouts_are_restarted_undone_paused_and_resumed() {
    let Some(kubectl) = kubectl(None).await else { return };
    let (newest, count) = kubectl.revisions().await;
    let run = async |verb: &str| kubectl.run(&format!("-n honeydue rollout {verb} deployment/api")).await;
    assert_eq!(run("restart").await, "deployment.apps/api restarted");
    assert!(run("status").await.ends_with("deployment \"api\" successfully rolled out"));
    assert_eq!(kubectl.revisions().await, (newest + 1, count + 1));

    assert_eq!(run("undo").await, "deployment.apps/api rolled back");
    assert!(run("status").await.ends_with("deployment \"api\" successfully rolled out"));
    assert_eq!(kubectl.revisions().await, (newest + 2, count + 1), "the old ReplicaSet is used again");
    let before = kubectl.run(&format!("-n honeydue rollout history deployment/api --revision={}", newest + 2)).await;
    assert!(!before.contains("restartedAt"), "{before}");

    assert_eq!(run("pause").await, "deployment.apps/api paused");
    kubectl.wait("deployment/api", "condition=Progressing=Unknown").await;
    let told = kubectl.run("-n honeydue set image deployment/api api=registry.example.com/honeydue/api:0123abc").await;
    assert_eq!(told, "deployment.apps/api image updated");
    let generation = kubectl.api().await["metadata"]["generation"].clone();
    kubectl.wait("deployment/api", &format!("jsonpath={{.status.observedGeneration}}={generation}")).await;
    assert_eq!(kubectl.revisions().await, (newest + 2, count + 1), "a pause is a pause");
    assert_eq!(run("resume").await, "deployment.apps/api resumed");
    assert!(run("status").await.ends_with("deployment \"api\" successfully rolled out"));
    assert_eq!(kubectl.revisions().await, (newest + 3, count + 2));

    let told = kubectl.run("-n kube-system rollout restart daemonset/traefik").await;
    assert_eq!(told, "daemonset.apps/traefik restarted");
    let told = kubectl.run("-n kube-system rollout status daemonset/traefik").await;
    assert!(told.ends_with("daemon set \"traefik\" successfully rolled out"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_are_deleted_and_replaced() {
    let Some(kubectl) = kubectl(None).await else { return };
    let pods = async || {
        let list = kubectl.run("-n honeydue get pods -l app.kubernetes.io/name=worker -o name").await;
        list.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let old = pods().await;
    assert!(kubectl.run(&format!("-n honeydue delete {}", old[0])).await.ends_with("deleted"), "it waits for the end");
    let new = pods().await;
    assert!(new.len() == 1 && new != old, "{old:?} {new:?}");
    kubectl.wait(&new[0], "condition=Ready").await;

    let told = kubectl.run(&format!("-n honeydue delete {} --wait=false --grace-period=5", new[0])).await;
    assert!(told.ends_with("deleted"), "{told}");
    let told = kubectl.run(&format!("-n honeydue wait {} --for=delete --timeout=60s", new[0])).await;
    assert!(told.is_empty() || told.contains("condition met"), "{told}");
    let last = pods().await;
    let told = kubectl.run(&format!("-n honeydue delete {} --force --grace-period=0", last[0])).await;
    assert!(told.contains("force deleted"), "{told}");

    let changes = kubectl.running.changes();
    let bodies: Vec<_> = changes.iter().filter(|c| c.verb == "delete").map(|c| c.body.clone()).collect();
    let options = |fields: Value| {
        let mut options = json!({"propagationPolicy": "Background"});
        fields.as_object().into_iter().flatten().for_each(|(k, v)| options[k] = v.clone());
        options
    };
    let want = [json!({}), json!({"gracePeriodSeconds": 5}), json!({"gracePeriodSeconds": 0})];
    assert_eq!(bodies, want.map(options));
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_cordoned_drained_and_labelled() {
    let Some(kubectl) = kubectl(None).await else { return };
    assert_eq!(kubectl.run("cordon nbg1-2").await, "node/nbg1-2 cordoned");
    let tainted = "jsonpath={.spec.taints[?(@.key==\"node.kubernetes.io/unschedulable\")].effect}=NoSchedule";
    kubectl.wait("node/nbg1-2", tainted).await;
    let nodes = kubectl.run("get nodes").await;
    assert_eq!(nodes.matches("Ready,SchedulingDisabled").count(), 1, "{nodes}");
    let dry = kubectl.run("drain nbg1-2 --ignore-daemonsets --delete-emptydir-data --dry-run=server").await;
    assert!(dry.ends_with("node/nbg1-2 drained (server dry run)"), "{dry}");
    let evictions = |dry: bool| {
        let all = kubectl.running.requests();
        all.iter().filter(|r| r.path.contains("/eviction") && r.dry_run == dry).count()
    };
    assert!(evictions(true) > 0 && evictions(false) == 0, "a dry run is on record as one");
    let told = kubectl.run("drain nbg1-2 --ignore-daemonsets --delete-emptydir-data --timeout=60s").await;
    assert!(told.ends_with("node/nbg1-2 drained"), "{told}");
    let left = kubectl.run("get pods -A -o name --field-selector spec.nodeName=nbg1-2").await;
    assert!(left.lines().all(|pod| pod.starts_with("pod/traefik")), "{left}");
    assert_eq!(kubectl.run("uncordon nbg1-2").await, "node/nbg1-2 uncordoned");
    kubectl.wait("node/nbg1-2", "jsonpath={.spec.podCIDR}=10.42.1.0/24").await;
    assert_eq!(kubectl.run("get node nbg1-2 -o jsonpath={.spec.unschedulable}").await, "");

    assert_eq!(kubectl.run("label node nbg1-2 example.com/redis=true").await, "node/nbg1-2 labeled");
    assert_eq!(kubectl.run("get nodes -l example.com/redis -o name").await, "node/nbg1-2");
    assert_eq!(kubectl.run("label node nbg1-2 example.com/redis-").await, "node/nbg1-2 unlabeled");
    assert_eq!(kubectl.run("taint node nbg1-2 a=b:NoSchedule").await, "node/nbg1-2 tainted");
    assert_eq!(kubectl.run("taint node nbg1-2 a-").await, "node/nbg1-2 untainted");
}

#[tokio::test(flavor = "multi_thread")]
async fn workloads_are_scaled_annotated_and_patched() {
    let Some(kubectl) = kubectl(None).await else { return };
    let scale = async |more: &str| kubectl.run(&format!("-n honeydue scale deployment/api {more}")).await;
    assert_eq!(scale("--replicas=4").await, "deployment.apps/api scaled");
    kubectl.wait("deployment/api", "jsonpath={.status.readyReplicas}=4").await;
    assert_eq!(scale("--current-replicas=3 --replicas=5").await, "error: Expected replicas to be 3, was 4");
    assert_eq!(scale("--replicas=2").await, "deployment.apps/api scaled");
    kubectl.wait("deployment/api", "jsonpath={.status.replicas}=2").await;
    assert_eq!(scale("--replicas=7 --dry-run=server").await, "deployment.apps/api scaled (server dry run)");
    assert_eq!(kubectl.api().await["spec"]["replicas"], 2);

    assert_eq!(kubectl.run("-n honeydue annotate deployment/api team=blue").await, "deployment.apps/api annotated");
    assert_eq!(kubectl.run("-n honeydue label deployment/api team=blue").await, "deployment.apps/api labeled");
    let api = kubectl.api().await;
    let generation = api["metadata"]["generation"].as_u64().expect("a number");
    assert_eq!(
        (&api["metadata"]["annotations"]["team"], &api["metadata"]["labels"]["team"]),
        (&json!("blue"), &json!("blue"))
    );

    let patch = async |kind: &str, patch: &str| {
        kubectl.run_words(&["-n", "honeydue", "patch", "deployment", "api", "--type", kind, "-p", patch]).await
    };
    let variables =
        |api: &Value| api["spec"]["template"]["spec"]["containers"][0]["env"].as_array().map_or(0, Vec::len);
    let before = variables(&api);
    let new = r#"{"spec":{"template":{"spec":{"containers":[{"name":"api","env":[{"name":"NEW","value":"1"}]}]}}}}"#;
    assert_eq!(patch("strategic", new).await, "deployment.apps/api patched");
    assert_eq!(variables(&kubectl.api().await), before + 1, "lists of named things are merged");
    assert_eq!(
        patch("merge", r#"{"spec":{"minReadySeconds":0,"progressDeadlineSeconds":90}}"#).await,
        "deployment.apps/api patched"
    );
    let former = format!(r#"[{{"op":"test","path":"/metadata/generation","value":{generation}}}]"#);
    let rejected = "The request is invalid: the server rejected our request due to an error in our request";
    assert_eq!(patch("json", &former).await, rejected);
    let present = format!(
        r#"[{{"op":"test","path":"/metadata/generation","value":{}}},{{"op":"remove","path":"/metadata/labels/team"}}]"#,
        generation + 2
    );
    assert_eq!(patch("json", &present).await, "deployment.apps/api patched");
    let immutable = patch("merge", r#"{"spec":{"selector":{"matchLabels":{"a":"b"}}}}"#).await;
    assert!(
        immutable.contains("spec.selector: Invalid value") && immutable.contains("field is immutable"),
        "{immutable}"
    );
    let negative = patch("merge", r#"{"spec":{"replicas":-1}}"#).await;
    let want =
        "The Deployment \"api\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0";
    assert_eq!(negative, want);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_applied_replaced_and_deleted() {
    let Some(kubectl) = kubectl(None).await else { return };
    let file = kubectl.home.path().join("settings.yaml");
    let on = async |verb: &str| kubectl.run_words(&[verb, "-f", file.to_str().expect("a path of letters")]).await;
    let write = |value: &str| {
        let data = json!({"a": value});
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "honeydue"}, "data": data});
        std::fs::write(&file, map.to_string()).expect("written");
    };
    write("1");
    assert_eq!(on("create").await, "configmap/settings created");
    assert!(on("create").await.contains("configmaps \"settings\" already exists"));
    for (verb, value, told) in [("replace", "2", "replaced"), ("apply", "3", "configured")] {
        write(value);
        assert!(on(verb).await.ends_with(&format!("configmap/settings {told}")));
        assert_eq!(kubectl.json("-n honeydue get configmap settings").await["data"]["a"], value);
    }
    assert_eq!(on("apply").await, "configmap/settings unchanged");
    assert!(on("delete").await.ends_with("deleted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kubectl_makes_by_itself_is_taken() {
    let Some(kubectl) = kubectl(None).await else { return };
    for (line, told) in [
        ("create namespace spare", "namespace/spare created"),
        ("-n spare create configmap c --from-literal=a=b", "configmap/c created"),
        ("-n spare create secret generic s --from-literal=a=b", "secret/s created"),
        ("-n spare create serviceaccount robot", "serviceaccount/robot created"),
        ("-n spare create deployment web --image=nginx:1.27 --replicas=2 --port=80", "deployment.apps/web created"),
        ("-n spare create job once --image=busybox:1.36 -- true", "job.batch/once created"),
        (
            "-n spare create cronjob often --image=busybox:1.36 --schedule=@hourly -- true",
            "cronjob.batch/often created",
        ),
    ] {
        assert_eq!(kubectl.run(line).await, told, "{line}");
    }
    assert_eq!(kubectl.json("-n spare get configmap c").await["data"], json!({"a": "b"}));
    assert_eq!(kubectl.json("-n spare get secret s").await["data"], json!({"a": "Yg=="}));
    let told = kubectl.run("-n spare rollout status deployment/web --timeout=60s").await;
    assert!(told.ends_with("successfully rolled out"), "{told}");
    assert_eq!(kubectl.json("-n spare get deployment web").await["status"]["readyReplicas"], 2);
    assert!(kubectl.run("delete namespace spare --timeout=60s").await.ends_with("deleted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_viewer_may_change_nothing() {
    let Some(kubectl) = kubectl(None).await else { return };
    let viewer = async |line: &str| kubectl.run(&format!("--context crashcart-sim-viewer -n honeydue {line}")).await;
    for (line, resource) in [
        ("rollout restart deployment/api", "deployments"),
        ("annotate deployment/api a=b", "deployments"),
        ("scale deployment/api --replicas=9", "deployments/scale"),
        ("delete pods -l app.kubernetes.io/name=api", "pods"),
    ] {
        let told = viewer(line).await;
        assert!(
            told.contains("User \"viewer\" cannot") && told.contains(&format!("resource \"{resource}\"")),
            "{told}"
        );
    }
    for (may, verb, resource) in [
        ("no", "patch", "deployments.apps"),
        ("no", "patch", "deployments.apps --subresource=scale"),
        ("no", "create", "pods --subresource=eviction"),
        ("no", "delete", "pods"),
        ("yes", "get", "pods"),
    ] {
        assert_eq!(
            viewer(&format!("auth can-i {verb} {resource}")).await.lines().next(),
            Some(may),
            "{verb} {resource}"
        );
        assert_eq!(kubectl.run(&format!("-n honeydue auth can-i {verb} {resource}")).await, "yes");
    }
    assert!(kubectl.running.changes().iter().all(|c| c.code == Some(403)));
    assert_eq!(kubectl.api().await["spec"]["replicas"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_rollout_is_undone() {
    let Some(kubectl) = kubectl(Some("F15")).await else { return };
    kubectl.wait("deployment/api", "condition=Progressing=False").await;
    assert!(!kubectl.recovered());
    assert_eq!(kubectl.run("-n honeydue rollout undo deployment/api").await, "deployment.apps/api rolled back");
    let told = kubectl.run("-n honeydue rollout status deployment/api").await;
    assert!(told.ends_with("deployment \"api\" successfully rolled out"), "{told}");
    assert!(kubectl.recovered());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sick_ingress_pod_is_replaced() {
    let Some(kubectl) = kubectl(Some("F26")).await else { return };
    kubectl.wait_for_unready().await;
    let told = kubectl
        .run("-n kube-system delete pods -l app.kubernetes.io/name=traefik --field-selector spec.nodeName=nbg1-2")
        .await;
    assert!(told.ends_with("deleted"), "{told}");
    let told = kubectl.run("-n kube-system rollout status daemonset/traefik").await;
    assert!(told.ends_with("daemon set \"traefik\" successfully rolled out"), "{told}");
    assert!(kubectl.recovered());
}

impl Kubectl<Simulation> {
    /// The ingress on one node fails its share.
    async fn wait_for_unready(&self) {
        let ready = "jsonpath={.status.numberReady}=2";
        let told = self.run(&format!("-n kube-system wait daemonset/traefik --for={ready} --timeout=60s")).await;
        assert!(told.contains("condition met") && !self.recovered(), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_waits_for_a_budget_that_gives_way() {
    let Some(kubectl) = kubectl(None).await else { return };
    let budget = async |least: u8| {
        let patch = format!(r#"{{"spec":{{"minAvailable":{least}}}}}"#);
        let told = kubectl.run_words(&["-n", "honeydue", "patch", "pdb", "api", "--type=merge", "-p", &patch]).await;
        assert_eq!(told, "poddisruptionbudget.policy/api patched");
        kubectl.wait("pdb/api", &format!("jsonpath={{.status.disruptionsAllowed}}={}", 3 - least)).await;
    };
    let nodes =
        kubectl.run("-n honeydue get pods -l app.kubernetes.io/name=api -o jsonpath={.items[0].spec.nodeName}").await;
    let drain = format!("drain {nodes} --ignore-daemonsets --delete-emptydir-data");
    budget(3).await;
    let refused = kubectl.run(&format!("{drain} --timeout=2s")).await;
    let why = "Cannot evict pod as it would violate the pod's disruption budget.";
    assert!(refused.contains(why) && refused.contains("global timeout reached"), "{refused}");
    budget(2).await;
    let told = kubectl.run(&format!("{drain} --timeout=60s")).await;
    assert!(told.ends_with(&format!("node/{nodes} drained")), "{told}");
    assert_eq!(kubectl.run(&format!("uncordon {nodes}")).await, format!("node/{nodes} uncordoned"));
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_are_shown_before_they_are_applied() {
    let Some(kubectl) = kubectl(None).await else { return };
    let file = kubectl.home.path().join("worker.json");
    let path = file.to_str().expect("a path of letters");
    let mut worker = kubectl.json("-n honeydue get configmap api").await;
    worker["metadata"] = json!({"name": "other", "namespace": "honeydue"});
    std::fs::write(&file, worker.to_string()).expect("written");
    assert!(kubectl.run_words(&["diff", "-f", path]).await.contains("+  LOG_LEVEL: info"), "all of it is new");
    assert_eq!(kubectl.run_words(&["apply", "-f", path]).await, "configmap/other created");
    assert_eq!(kubectl.run_words(&["diff", "-f", path]).await, "");
    worker["data"]["LOG_LEVEL"] = "debug".into();
    std::fs::write(&file, worker.to_string()).expect("written");
    let told = kubectl.run_words(&["diff", "-f", path]).await;
    assert!(told.contains("-  LOG_LEVEL: info") && told.contains("+  LOG_LEVEL: debug"), "{told}");
    assert_eq!(kubectl.json("-n honeydue get configmap other").await["data"]["LOG_LEVEL"], "info");
    assert_eq!(kubectl.run_words(&["apply", "-f", path]).await, "configmap/other configured");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_followed_log_ends_with_its_container() {
    let Some(kubectl) = kubectl(None).await else { return };
    let file = kubectl.home.path().join("once.json");
    let spec = json!({"restartPolicy": "Never", "nodeName": "nbg1-1",
        "containers": [{"name": "digest", "image": "registry.example.com/honeydue/worker:9d14e02"}]});
    let pod =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "once", "namespace": "honeydue"}, "spec": spec});
    std::fs::write(&file, pod.to_string()).expect("written");
    let path = file.to_str().expect("a path of letters");
    assert_eq!(kubectl.run_words(&["apply", "-f", path]).await, "pod/once created");
    kubectl.wait("pod/once", "jsonpath={.status.phase}=Running").await;
    let told = kubectl.run("-n honeydue logs once -f").await;
    assert!(!told.is_empty() && !told.contains("rror from server"), "{told}");
    kubectl.wait("pod/once", "jsonpath={.status.phase}=Succeeded").await;
    let told = kubectl.run("-n honeydue exec once -- ls").await;
    assert!(told.contains("cannot exec into a container in a completed pod"), "{told}");
}
