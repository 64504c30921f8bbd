//! Services, endpoints, budgets, namespaces, and what goes with what.

use super::*;

fn service(spec: &str) -> String {
    format!("{{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {{selector: {{app: web}}, {spec}}}}}")
}

fn web(replicas: u32) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{replicas: {replicas}, selector: {{matchLabels: \
         {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: web, image: 'web:1', ports: \
         [{{name: http, containerPort: 8080}}, {{name: admin, containerPort: 9090}}]}}]}}}}}}}}"
    )
}

const PORTS: &str = "ports: [{name: http, port: 80, targetPort: http}, {name: admin, port: 81, targetPort: 9090}]";

impl World {
    fn slices_of_web(&self) -> Vec<Arc<Value>> {
        let mut slices = self.store.list(self.res.slices, Some("default"));
        slices.retain(|s| super::super::json::entry(s, "/metadata/labels", "kubernetes.io/service-name") == "web");
        slices
    }
}

#[test]
fn endpoints_follow_their_pods_in_both_forms() {
    let mut world = quiet();
    world.make(&service(PORTS));
    world.make(&web(2));
    assert_eq!(world.slices_of_web().len(), 1, "an empty one");
    world.after(minutes(1));
    let slice = world.slices_of_web().remove(0);
    assert_eq!(list(&slice, "/endpoints").iter().filter(|e| e["conditions"]["ready"] == true).count(), 2);
    let ports: Vec<_> = list(&slice, "/ports").iter().map(|p| (text(p, "/name"), int(p, "/port"))).collect();
    assert_eq!(ports, [("http", 8080), ("admin", 9090)]);
    let older = world.the(world.res.endpoints, "web");
    assert_eq!(list(&older, "/subsets/0/addresses").len(), 2);
    let first = world.pod_names().remove(0);
    world.afflict(&Id::new("default", &first), super::super::kubelet::Ailment { says: "no".to_owned(), deadly: false });
    world.after(minutes(1));
    let older = world.the(world.res.endpoints, "web");
    let counts = ["addresses", "notReadyAddresses"].map(|field| list(&older, &format!("/subsets/0/{field}")).len());
    assert_eq!(counts, [1, 1]);
    world.change(world.res.services, "web", |s| s["spec"]["publishNotReadyAddresses"] = true.into());
    assert_eq!(list(&world.the(world.res.endpoints, "web"), "/subsets/0/addresses").len(), 2);
    world.delete(world.res.services, "web");
    assert!(world.find(world.res.endpoints, "web").is_none() && world.slices_of_web().is_empty());
}

#[test]
fn more_than_a_hundred_endpoints_take_several_slices() {
    let mut world = quiet();
    world.burden(super::super::Load { nodes: 20, pods: 0, churn: 0 });
    world.make(&service(PORTS));
    world.make(&web(230));
    world.after(minutes(2));
    let sizes = |world: &World| world.slices_of_web().iter().map(|s| list(s, "/endpoints").len()).collect::<Vec<_>>();
    assert_eq!((sizes(&world).len(), sizes(&world).iter().sum::<usize>()), (3, 230));
    world.change(world.res.deployments, "web", |web| web["spec"]["replicas"] = 0.into());
    world.after(minutes(1));
    assert_eq!(sizes(&world), [0]);
}

#[test]
fn services_get_addresses_and_ports_of_their_own() {
    let mut world = quiet();
    for n in 0..40 {
        world.make(
            &service(PORTS)
                .replace("name: web}", &format!("name: web{n}}}"))
                .replace("ports:", "type: NodePort, ports:"),
        );
    }
    let services = world.store.list(world.res.services, Some("default"));
    let addresses: std::collections::BTreeSet<_> = services.iter().map(|s| text(s, "/spec/clusterIP")).collect();
    assert_eq!(addresses.len(), services.len());
    let ports: Vec<_> =
        services.iter().flat_map(|s| list(s, "/spec/ports")).filter_map(|p| p["nodePort"].as_u64()).collect();
    let different: std::collections::BTreeSet<_> = ports.iter().collect();
    assert_eq!((ports.len(), different.len()), (80, 80));
    assert!(ports.iter().all(|p| (30_000..32_768).contains(p)));
}

#[test]
fn a_service_that_changes_its_type_keeps_its_address() {
    let mut world = quiet();
    world.make(&service(PORTS));
    let become_type = |world: &mut World, kind: &str| {
        let mut service = Value::clone(&world.the(world.res.services, "web"));
        service["spec"]["type"] = kind.into();
        world.complete(&mut service);
        world.change(world.res.services, "web", |s| *s = service);
        let service = world.the(world.res.services, "web");
        (text(&service, "/spec/clusterIP").to_owned(), list(&service, "/spec/ports")[0]["nodePort"].as_u64())
    };
    let (address, none) = become_type(&mut world, "ClusterIP");
    assert!(address.starts_with("10.43.") && none.is_none());
    let (same, port) = become_type(&mut world, "NodePort");
    assert!(same == address && port.is_some());
    assert_eq!(become_type(&mut world, "LoadBalancer"), (address.clone(), port));
    assert_eq!(become_type(&mut world, "ClusterIP"), (address, None));
    world.make(&service("clusterIP: None").replace("name: web}", "name: headless}"));
    assert_eq!(world.the(world.res.services, "headless")["spec"]["clusterIPs"], json!(["None"]));
}

#[test]
fn a_budget_in_per_cent_counts_what_the_controller_wants() {
    let mut world = quiet();
    world.make(&web(4));
    world.after(minutes(1));
    let status = |world: &mut World, spec: &str| {
        world.delete(world.res.budgets, "web");
        world.make(&format!(
            "{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: web}}, spec: {{{spec}, selector: {{matchExpressions: \
             [{{key: app, operator: In, values: [web]}}]}}}}}}"
        ));
        let status = world.the(world.res.budgets, "web")["status"].clone();
        ["expectedPods", "desiredHealthy", "disruptionsAllowed"].map(|field| status[field].as_i64().unwrap_or(-1))
    };
    assert_eq!(status(&mut world, "minAvailable: 75%"), [4, 3, 1]);
    assert_eq!(status(&mut world, "minAvailable: 60%"), [4, 3, 1], "rounded up");
    assert_eq!(status(&mut world, "maxUnavailable: 30%"), [4, 2, 2], "rounded up as well");
    assert_eq!(status(&mut world, "maxUnavailable: 1"), [4, 3, 1]);
    assert_eq!(status(&mut world, "minAvailable: 4"), [4, 4, 0]);
    let budget = world.the(world.res.budgets, "web");
    assert_eq!(condition(&budget, "DisruptionAllowed").map(|c| text(c, "/reason")), Some("InsufficientPods"));
    world.make(
        "{apiVersion: v1, kind: Pod, metadata: {name: alone, labels: {app: web, own: 'yes'}}, spec: {containers: \
                [{name: main, image: 'main:1'}]}}",
    );
    world.make(
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: alone}, spec: {maxUnavailable: 1, selector: \
         {matchLabels: {own: 'yes'}}}}",
    );
    // The ReplicaSet of web would take it up; a label more keeps it alone no longer than that.
    let alone = world.the(world.res.budgets, "alone");
    assert!(condition(&alone, "DisruptionAllowed").is_some());
}

#[test]
fn a_budget_over_pods_of_nobody_cannot_be_counted() {
    let mut world = quiet();
    world.make(
        "{apiVersion: v1, kind: Pod, metadata: {name: alone, labels: {own: 'yes'}}, spec: {containers: [{name: main, \
                image: 'main:1'}]}}",
    );
    world.make(
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: alone}, spec: {maxUnavailable: 1, selector: \
         {matchLabels: {own: 'yes'}}}}",
    );
    let alone = world.the(world.res.budgets, "alone");
    assert_eq!(condition(&alone, "DisruptionAllowed").map(|c| text(c, "/reason")), Some("SyncFailed"));
    assert_eq!(world.reasons_about("alone").last().map(String::as_str), Some("CalculateExpectedPodCountFailed"));
}

#[test]
fn a_new_namespace_is_furnished_and_stays_so() {
    let mut world = quiet();
    world.make("{apiVersion: v1, kind: Namespace, metadata: {name: fresh}}");
    let account = |world: &World| world.store.get(world.res.service_accounts, "fresh", "default");
    let first = account(&world).expect("a service account");
    assert!(world.store.get(world.res.config_maps, "fresh", "kube-root-ca.crt").is_some());
    world.store.remove(world.res.service_accounts, "fresh", "default");
    world.settle();
    assert_ne!(account(&world).expect("another")["metadata"]["uid"], first["metadata"]["uid"]);
    world.store.delete(world.res.namespaces, "", "fresh", Deletion::default(), world.now);
    world.after(minutes(1));
    assert!(world.store.get(world.res.namespaces, "", "fresh").is_none() && account(&world).is_none());
}

#[test]
fn a_namespace_says_what_keeps_it() {
    let mut world = quiet();
    world.make("{apiVersion: v1, kind: Namespace, metadata: {name: stuck}}");
    world.make(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: held, namespace: stuck, finalizers: [example.com/hold]}}",
    );
    world.store.delete(world.res.namespaces, "", "stuck", Deletion::default(), world.now);
    world.after(minutes(2));
    let stuck = world.store.get(world.res.namespaces, "", "stuck").expect("still there");
    let told = |kind: &str| condition(&stuck, kind).map(|c| text(c, "/message").to_owned()).unwrap_or_default();
    assert_eq!(told("NamespaceContentRemaining"), "Some resources are remaining: configmaps. has 1 resource instances");
    assert!(told("NamespaceFinalizersRemaining").ends_with("example.com/hold in 1 resource instances"));
    world.store.release(world.res.config_maps, "stuck", "held", "example.com/hold");
    world.after(minutes(1));
    assert!(world.store.get(world.res.namespaces, "", "stuck").is_none());
}

#[test]
fn what_has_two_owners_stays_until_both_are_gone() {
    let mut world = quiet();
    let map = |name: &str| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}");
    world.make(&map("one"));
    world.make(&map("two"));
    let own = |world: &World, name: &str| world.the(world.res.config_maps, name)["metadata"]["uid"].clone();
    let owners = ["one", "two"]
        .map(|name| json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": own(&world, name) }));
    let secret = |name: &str, owners: &[Value]| json!({ "metadata": { "name": name, "namespace": "default", "ownerReferences": owners } });
    let secrets = ResourceId::find("", "secrets").expect("secrets");
    let _ = world.store.create(secrets, secret("both", &owners), world.now);
    let unknown = json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": "one", "uid": "another" });
    let _ = world.store.create(secrets, secret("astray", &[unknown]), world.now);
    world.settle();
    assert!(world.find(secrets, "astray").is_none(), "its owner is unknown");
    world.delete(world.res.config_maps, "one");
    world.after(minutes(1));
    assert_eq!(list(&world.the(secrets, "both"), "/metadata/ownerReferences").len(), 1);
    world.delete(world.res.config_maps, "two");
    world.after(minutes(1));
    assert!(world.find(secrets, "both").is_none());
}
