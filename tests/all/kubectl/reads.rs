//! What kubectl shows of the whole deployment, and what it runs in its containers: one simulation for each group.

use crashcart::drill::{Options, Simulation};
use serde_json::Value;

use super::Kubectl;

async fn kubectl() -> Option<Kubectl<Simulation>> {
    let simulation = Simulation::start(Options::default()).await.expect("a simulation");
    let config = simulation.kubeconfig().expect("a kubeconfig");
    Kubectl::on(simulation, &config)
}

impl Kubectl<Simulation> {
    /// The name of a pod of a workload.
    async fn pod_of(&self, workload: &str) -> String {
        let line = format!(
            "-n honeydue get pods -l app.kubernetes.io/name={workload} -o jsonpath={{.items[0].metadata.name}}"
        );
        self.run(&line).await
    }

    /// Commands with what must be in their answers.
    async fn show(&self, all: &[(&str, &[&str])]) {
        for (line, parts) in all {
            let told = self.run(line).await;
            for part in *parts {
                assert!(told.contains(part), "{part:?} is not in what kubectl {line} says:\n{told}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deployment_in_every_form() {
    let Some(kubectl) = kubectl().await else { return };
    kubectl
        .show(&[
            ("get pods -A -o wide --show-labels", &["nbg1-1", "pod-template-hash=", "NOMINATED NODE"]),
            ("-n honeydue get pods -o name", &["pod/redis-"]),
            ("-n honeydue get deploy api -o yaml", &["kind: Deployment", "kubernetes.io/change-cause: deploy "]),
            ("get nodes -o jsonpath={.items[*].metadata.name}", &["nbg1-1 nbg1-2 nbg1-3"]),
            ("-n honeydue get svc -o go-template={{range.items}}{{.metadata.name}},{{end}}", &["admin,api,redis,"]),
            (
                "-n honeydue get deploy,rs,svc,ingress,pdb,pvc,cronjob,cm,secret,sa -o wide",
                &["redis-data", "17 * * * *"],
            ),
            ("get all -A --chunk-size=3", &["pod/coredns-", "service/kubernetes", "replicaset.apps/api-"]),
            ("get pods -A --field-selector spec.nodeName=nbg1-2 -o custom-columns=N:.spec.nodeName", &["N\nnbg1-2\n"]),
            ("top node", &["nbg1-3", "MEMORY(%)"]),
            ("top pod -A --sum --containers", &["redis", "________"]),
            ("cluster-info", &["CoreDNS is running at", "Metrics-server is running at"]),
            ("api-resources --verbs=list --namespaced -o name", &["deployments.apps", "pods\n"]),
            ("api-versions", &["apps/v1", "metrics.k8s.io/v1beta1"]),
            ("auth can-i --list", &["*.*", "selfsubjectreviews.authentication.k8s.io", "[/readyz]"]),
            ("-n honeydue events --types=Normal", &["SuccessfulCreate", "Job/cleanup-"]),
            ("-n honeydue rollout history deploy/api", &["CHANGE-CAUSE", "deploy 77e90ab"]),
            ("-n honeydue rollout status deploy/api", &["successfully rolled out"]),
            (
                "-n honeydue wait --for=condition=Available deploy --all --timeout=20s",
                &["deployment.apps/redis condition met"],
            ),
            ("-n honeydue wait --for=jsonpath={.status.phase}=Bound pvc/redis-data --timeout=20s", &["condition met"]),
        ])
        .await;
    let by_name = kubectl.run("get pods -A --sort-by=.metadata.name -o jsonpath={.items[*].metadata.name}").await;
    assert!(by_name.split(' ').is_sorted(), "{by_name}");
    let json = kubectl.json("-n honeydue get pods -l app.kubernetes.io/name!=api").await;
    assert_eq!(json["items"].as_array().map(Vec::len), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_described() {
    let Some(kubectl) = kubectl().await else { return };
    let pod = format!("-n honeydue describe pod {}", kubectl.pod_of("api").await);
    kubectl
        .show(&[
            (&pod, &["Controlled By:  ReplicaSet/api-", "DATABASE_URL:", "set to the key", "QoS Class:"]),
            ("describe node nbg1-1", &["EtcdIsVoter", "HolderIdentity:  nbg1-1", "Allocated resources:", "traefik-"]),
            ("-n honeydue describe deploy api", &["3 desired | 3 updated | 3 total | 3 available", "NewReplicaSet:"]),
            ("-n honeydue describe rs", &["Controlled By:", "Pods Status:"]),
            ("-n kube-system describe ds traefik", &["Pods Status:  3 Running"]),
            ("-n honeydue describe svc redis", &[":6379", "Session Affinity:"]),
            ("-n honeydue describe pvc redis-data", &["Used By:       redis-", "Status:        Bound"]),
            ("-n honeydue describe pdb api", &["Allowed disruptions:  1", "Min available:  2"]),
            (
                "-n honeydue describe cronjob cleanup",
                &["Schedule:                      17 * * * *", "Last Schedule Time:"],
            ),
            ("-n kube-system describe job helm-install-traefik", &["1 Succeeded", "Pod Template:"]),
            ("-n honeydue describe ingress api", &["api:http (10.42.", "203.0.113.11"]),
            ("describe ns honeydue", &["Status:       Active"]),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_cut_joined_and_stamped() {
    let Some(kubectl) = kubectl().await else { return };
    let logs = async |more: &str| kubectl.run(&format!("-n honeydue logs {more}")).await;
    let stamped = logs("deploy/api --tail=3 --timestamps").await;
    assert!(stamped.lines().all(|l| l.starts_with("20") || l.starts_with("Found 3 pods")), "{stamped}");
    let joined = logs("-l app.kubernetes.io/name=api --prefix --tail=1").await;
    assert!(joined.lines().count() == 3 && joined.lines().all(|l| l.starts_with("[pod/api-")), "{joined}");
    let whole = logs("deploy/worker --all-containers --since=10m").await.lines().count();
    let part = logs("deploy/worker --all-containers --since=1m").await.lines().count();
    assert!(0 < part && part < whole, "{part} of {whole}");
    let previous = logs("deploy/redis --previous").await;
    assert!(previous.contains("previous terminated container \"redis\" in pod"), "{previous}");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_run_in_containers() {
    let Some(kubectl) = kubectl().await else { return };
    let redis = kubectl.pod_of("redis").await;
    let exec = async |target: &str, words: &[&str]| {
        let command = [&["-n", "honeydue", "exec", target, "--"], words].concat();
        kubectl.run_words(&command).await
    };
    assert_eq!(exec(&redis, &["hostname"]).await, redis);
    assert_eq!(exec(&redis, &["redis-cli", "ping"]).await, "PONG");
    assert_eq!(exec(&redis, &["redis-cli", "SMEMBERS", "asynq:queues"]).await, "default");
    let pending = exec(&redis, &["redis-cli", "--no-raw", "LLEN", "asynq:{default}:pending"]).await;
    assert!(pending.starts_with("(integer) "), "{pending}");
    assert!(exec(&redis, &["redis-cli", "info", "persistence"]).await.contains("rdb_last_bgsave_status:ok"));
    assert_eq!(exec(&redis, &["sh", "-c", "exit 5"]).await, "command terminated with exit code 5");
    let missing = exec(&redis, &["bash"]).await;
    assert!(missing.ends_with("exec: \"bash\": executable file not found in $PATH: unknown"), "{missing}");

    let health = exec("deploy/api", &["wget", "-T", "20", "-qO-", "http://api/api/health/"]).await;
    assert_eq!(serde_json::from_str::<Value>(&health).expect("JSON")["status"], "healthy", "{health}");
    let code =
        ["curl", "-sS", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", "https://api.example.com/api/health/"];
    assert_eq!(exec("deploy/api", &code).await, "200");
    let looked_up = exec("deploy/api", &["nslookup", "api.honeydue.svc.cluster.local"]).await;
    assert!(looked_up.contains("Address: 10.43.18.52"), "{looked_up}");
    let unknown = exec("deploy/api", &["wget", "-qO-", "http://nowhere.example.com"]).await;
    assert!(unknown.starts_with("wget: bad address 'nowhere.example.com'"), "{unknown}");

    let none = kubectl.run("-n honeydue exec none -- ls").await;
    assert_eq!(none, "Error from server (NotFound): pods \"none\" not found");
    let other = kubectl.run(&format!("-n honeydue exec {redis} -c other -- ls")).await;
    assert_eq!(other, format!("Error from server (BadRequest): container other is not valid for pod {redis}"));
    let viewer = kubectl.run(&format!("--context crashcart-sim-viewer -n honeydue exec {redis} -- ls")).await;
    assert!(viewer.contains("User \"viewer\" cannot create resource \"pods/exec\""), "{viewer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_simulated_ends_with_an_error() {
    let Some(kubectl) = kubectl().await else { return };
    let redis = kubectl.pod_of("redis").await;
    let file = kubectl.home.path().join("hosts");
    let copy = format!("-n honeydue cp {redis}:/etc/hosts {}", file.display());
    for (line, why) in [
        (format!("-n honeydue port-forward {redis} :6379"), "upgrades connections to WebSocket, not to \"SPDY/3.1\""),
        (format!("-n honeydue attach {redis}"), "the server could not find the requested resource"),
        (format!("-n honeydue debug {redis} --image=busybox"), "the server could not find the requested resource"),
        (copy, "exec: \"tar\": executable file not found in $PATH"),
    ] {
        let told = kubectl.run(&line).await;
        assert!(told.to_lowercase().contains("error") && told.contains(why), "{line}: {told}");
    }
    assert!(kubectl.running.changes().iter().all(|c| c.code.is_some_and(|code| code >= 400)));
}
