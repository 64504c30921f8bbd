//! ReplicaSets, DaemonSets and StatefulSets.

use super::*;

const WEB: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3, minReadySeconds: 20, \
                   selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: \
                   [{name: web, image: 'web:1'}]}}}}";
const AGENT: &str = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {app: \
                     agent}}, template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: agent, image: \
                     'agent:1'}]}}}}";
const STORE: &str = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {replicas: 3, serviceName: db, \
                     selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: \
                     [{name: db, image: 'db:1', volumeMounts: [{name: data, mountPath: /data}]}]}}, \
                     volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: \
                     {requests: {storage: 1Gi}}}}]}}";

fn image(object: &mut Value, image: &str) {
    object["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
}

fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

#[test]
fn a_pod_is_available_only_after_it_was_ready_for_a_while() {
    let mut world = quiet();
    world.make(WEB);
    let counts = |world: &World| {
        let web = world.the(world.res.deployments, "web");
        (int(&web, "/status/readyReplicas"), int(&web, "/status/availableReplicas"), is(&web, "Available"))
    };
    world.after(seconds(12));
    assert_eq!(counts(&world), (3, 0, false));
    world.after(seconds(25));
    assert_eq!(counts(&world), (3, 3, true));
}

#[test]
fn a_pod_that_loses_its_label_goes_on_alone_and_one_that_gains_it_is_taken_up() {
    let mut world = quiet();
    world.make(WEB);
    world.after(minutes(1));
    let first = world.pod_names().remove(0);
    world.change(world.res.pods, &first, |pod| pod["metadata"]["labels"]["app"] = "other".into());
    world.after(minutes(1));
    assert_eq!(world.ready("web"), 3, "another has taken its place");
    assert!(owner_reference(&world.the(world.res.pods, &first)).is_none());
    world.change(world.res.pods, &first, |pod| pod["metadata"]["labels"]["app"] = "web".into());
    world.after(minutes(1));
    assert_eq!(world.workload("web").len(), 3, "one too many was taken away");
    assert!(world.workload("web").iter().all(|pod| owner_reference(pod).is_some()));
}

#[test]
fn an_orphaned_replica_set_is_taken_up_by_a_deployment_of_the_same_template() {
    let mut world = quiet();
    world.make(WEB);
    world.after(minutes(1));
    let wish = Deletion { propagation: Some(Propagation::Orphan), ..Deletion::default() };
    world.store.delete(world.res.deployments, "default", "web", wish, world.now);
    world.after(minutes(1));
    let pods = world.pod_names();
    assert_eq!((pods.len(), world.store.list(world.res.replica_sets, Some("default")).len()), (3, 1));
    world.make(WEB);
    world.after(minutes(1));
    assert_eq!(world.pod_names(), pods, "nothing was started anew");
    assert_eq!(int(&world.the(world.res.deployments, "web"), "/status/availableReplicas"), 3);
}

#[test]
fn a_name_that_is_taken_makes_another_hash() {
    let mut world = quiet();
    world.make(WEB);
    world.after(minutes(1));
    let set = world.store.list(world.res.replica_sets, Some("default")).remove(0);
    let name = text(&set, "/metadata/name").to_owned();
    world.delete(world.res.deployments, "web");
    world.after(minutes(1));
    world.make(&format!(
        "{{apiVersion: apps/v1, kind: ReplicaSet, metadata: {{name: {name}}}, spec: {{replicas: 0, selector: {{matchLabels: \
         {{app: stranger}}}}, template: {{metadata: {{labels: {{app: stranger}}}}, spec: {{containers: []}}}}}}}}"
    ));
    world.make(WEB);
    world.after(minutes(1));
    assert_eq!(world.ready("web"), 3);
    assert_eq!(int(&world.the(world.res.deployments, "web"), "/status/collisionCount"), 1);
}

#[test]
fn a_quota_stops_a_replica_set_and_says_so() {
    let mut world = quiet();
    world.make("{apiVersion: v1, kind: ResourceQuota, metadata: {name: few}, spec: {hard: {pods: '2'}}}");
    world.make(WEB);
    world.after(minutes(1));
    assert_eq!(world.ready("web"), 2);
    let failure = condition(&world.the(world.res.deployments, "web"), "ReplicaFailure").cloned().expect("a condition");
    let message = text(&failure, "/message");
    assert!(message.ends_with("exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2"), "{message}");
    assert_eq!(world.the(world.res.quotas, "few")["status"]["used"]["pods"], "2");
    world.change(world.res.quotas, "few", |quota| quota["spec"]["hard"]["pods"] = "5".into());
    world.after(minutes(2));
    assert_eq!(world.ready("web"), 3);
    assert!(condition(&world.the(world.res.deployments, "web"), "ReplicaFailure").is_none());
}

#[test]
fn a_daemon_set_is_rolled_node_by_node_and_goes_back() {
    let mut world = quiet();
    world.make(AGENT);
    world.after(minutes(1));
    let status = |world: &World| world.the(world.res.daemon_sets, "agent")["status"].clone();
    assert_eq!((&status(&world)["numberReady"], &status(&world)["updatedNumberScheduled"]), (&json!(3), &json!(3)));
    world.change(world.res.daemon_sets, "agent", |set| image(set, "agent:2"));
    for _ in 0..60 {
        world.after(seconds(1));
        assert!(world.ready("agent") >= 2, "at {}", world.now);
    }
    let images = |world: &World| -> Vec<String> {
        world.workload("agent").iter().map(|p| text(p, "/spec/containers/0/image").to_owned()).collect()
    };
    assert_eq!(images(&world), ["agent:2"; 3]);
    let set = world.the(world.res.daemon_sets, "agent");
    let revisions = world.revisions_of(&set);
    let numbers = |revisions: &[Arc<Value>]| revisions.iter().map(|r| int(r, "/revision")).collect::<Vec<_>>();
    assert_eq!(numbers(&revisions), [1, 2]);

    let mut former = revisions[0]["data"]["spec"]["template"].clone();
    assert_eq!(former["$patch"], "replace");
    former.as_object_mut().map(|template| template.remove("$patch"));
    world.change(world.res.daemon_sets, "agent", |set| set["spec"]["template"] = former);
    world.after(minutes(1));
    assert_eq!(images(&world), ["agent:1"; 3]);
    assert_eq!(numbers(&world.revisions_of(&set)), [2, 3], "the first has become the newest");
}

#[test]
fn a_daemon_set_that_is_updated_on_deletion_waits_for_it() {
    let mut world = quiet();
    world.make(AGENT);
    world.after(minutes(1));
    world.change(world.res.daemon_sets, "agent", |set| {
        set["spec"]["updateStrategy"] = json!({ "type": "OnDelete" });
        image(set, "agent:2");
    });
    world.after(minutes(2));
    let updated = |world: &World| int(&world.the(world.res.daemon_sets, "agent"), "/status/updatedNumberScheduled");
    assert_eq!((updated(&world), world.ready("agent")), (0, 3));
    let pod = world.workload("agent").remove(0);
    world.delete_pod(&Id::of(&pod));
    world.after(minutes(1));
    assert_eq!((updated(&world), world.ready("agent")), (1, 3));
}

#[test]
fn a_daemon_stays_where_it_may_no_longer_begin_and_leaves_where_it_may_not_be() {
    let mut world = quiet();
    world.make(AGENT);
    world.after(minutes(1));
    let taint = |world: &mut World, effect: &str| {
        let taints = json!([{ "key": "mine", "effect": effect }]);
        world.change(world.res.nodes, "nbg1-2", |node| node["spec"]["taints"] = taints);
        world.after(minutes(1));
        let status = world.the(world.res.daemon_sets, "agent")["status"].clone();
        let count = |field: &str| status[field].as_i64().unwrap_or_default();
        (count("desiredNumberScheduled"), count("numberMisscheduled"), world.workload("agent").len())
    };
    assert_eq!(taint(&mut world, "NoSchedule"), (2, 1, 3));
    assert_eq!(taint(&mut world, "NoExecute"), (2, 0, 2));
    assert_eq!(taint(&mut world, "PreferNoSchedule"), (3, 0, 3));
}

#[test]
fn a_stateful_set_starts_in_order_and_keeps_its_claims() {
    let mut world = quiet();
    world.make(STORE);
    let mut most = 0;
    for _ in 0..90 {
        world.after(seconds(1));
        let pods = world.store.list(world.res.pods, Some("default"));
        let unready = pods.iter().filter(|p| !is(p, "Ready")).count();
        assert!(unready <= 1, "each waits for the one before");
        most = most.max(pods.len());
    }
    assert_eq!(world.pod_names(), ["db-0", "db-1", "db-2"]);
    assert_eq!(int(&world.the(world.res.stateful_sets, "db"), "/status/readyReplicas"), 3);
    let second = world.the(world.res.pods, "db-1");
    assert_eq!((text(&second, "/spec/hostname"), text(&second, "/spec/subdomain")), ("db-1", "db"));
    let volume = text(&world.the(world.res.claims, "data-db-1"), "/spec/volumeName").to_owned();

    world.change(world.res.stateful_sets, "db", |set| set["spec"]["replicas"] = 1.into());
    world.after(minutes(1));
    assert_eq!(world.pod_names(), ["db-0"]);
    world.change(world.res.stateful_sets, "db", |set| set["spec"]["replicas"] = 2.into());
    world.after(minutes(1));
    assert_eq!(world.pod_names(), ["db-0", "db-1"]);
    assert_eq!(text(&world.the(world.res.claims, "data-db-1"), "/spec/volumeName"), volume, "the same data");
    assert_eq!(world.store.list(world.res.claims, Some("default")).len(), 3, "the third is kept as well");
}

#[test]
fn a_stateful_set_is_updated_from_its_end_down_to_the_partition() {
    let mut world = quiet();
    world.make(STORE);
    world.after(minutes(2));
    world.change(world.res.stateful_sets, "db", |set| {
        set["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 1.into();
        image(set, "db:2");
    });
    world.after(minutes(2));
    let images = |world: &World| -> Vec<String> {
        let pods = world.store.list(world.res.pods, Some("default"));
        pods.iter().map(|p| text(p, "/spec/containers/0/image").to_owned()).collect()
    };
    assert_eq!(images(&world), ["db:1", "db:2", "db:2"]);
    world.delete(world.res.pods, "db-0");
    world.after(minutes(1));
    assert_eq!(images(&world)[0], "db:1", "below the partition even a new pod is of the old revision");
    let status = world.the(world.res.stateful_sets, "db")["status"].clone();
    assert_ne!(status["currentRevision"], status["updateRevision"]);
    world.change(world.res.stateful_sets, "db", |set| {
        set["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 0.into();
    });
    world.after(minutes(1));
    assert_eq!(images(&world), ["db:2"; 3]);
    let status = world.the(world.res.stateful_sets, "db")["status"].clone();
    assert_eq!(status["currentRevision"], status["updateRevision"]);
}
