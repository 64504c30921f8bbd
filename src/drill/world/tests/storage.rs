//! Claims and volumes.

use super::*;

const CLAIM: &str = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: \
                     [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}}";

fn user(name: &str, claim: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{volumes: [{{name: data, persistentVolumeClaim: \
         {{claimName: {claim}}}}}], containers: [{{name: main, image: 'main:1'}}]}}}}"
    )
}

impl World {
    fn phase(&self, resource: ResourceId, name: &str) -> String {
        self.find(resource, name).map(|o| text(&o, "/status/phase").to_owned()).unwrap_or_default()
    }

    fn volume_behind(&self, claim: &str) -> Arc<Value> {
        let name = text(&self.the(self.res.claims, claim), "/spec/volumeName").to_owned();
        self.the(self.res.volumes, &name)
    }

    fn scale_provisioner(&mut self, replicas: i64) {
        self.store.modify(self.res.deployments, "kube-system", "local-path-provisioner", |deployment| {
            deployment["spec"]["replicas"] = replicas.into();
        });
        self.after(minutes(1));
    }
}

#[test]
fn a_claim_waits_for_a_pod_and_its_volume_is_on_the_pods_node() {
    let mut world = quiet();
    world.make(CLAIM);
    world.after(minutes(1));
    assert_eq!(world.phase(world.res.claims, "data"), "Pending");
    assert_eq!(world.reasons_about("data"), ["WaitForFirstConsumer"]);
    world.make(&user("one", "data"));
    assert_eq!(text(&world.the(world.res.pods, "one"), "/spec/nodeName"), "", "it waits for the volume");
    world.after(SignedDuration::from_secs(10));
    let (claim, pod, volume) =
        (world.the(world.res.claims, "data"), world.the(world.res.pods, "one"), world.volume_behind("data"));
    assert_eq!((text(&claim, "/status/phase"), text(&claim, "/status/capacity/storage")), ("Bound", "2Gi"));
    assert!(is(&pod, "Ready"));
    let node = volume.pointer("/spec/nodeAffinity/required/nodeSelectorTerms/0/matchExpressions/0/values/0");
    assert_eq!(node, Some(&pod["spec"]["nodeName"]));
    assert_eq!(
        world.reasons_about("data"),
        ["WaitForFirstConsumer", "ExternalProvisioning", "Provisioning", "ProvisioningSucceeded"]
    );
    world.make(&user("two", "data"));
    world.after(SignedDuration::from_secs(10));
    assert_eq!(world.the(world.res.pods, "two")["spec"]["nodeName"], pod["spec"]["nodeName"], "where the data are");
}

#[test]
fn nothing_is_provisioned_while_the_provisioner_is_away() {
    let mut world = quiet();
    world.scale_provisioner(0);
    world.make(CLAIM);
    world.make(&user("one", "data"));
    world.after(minutes(3));
    assert_eq!(world.phase(world.res.claims, "data"), "Pending");
    assert_eq!(world.reasons_about("data").last().map(String::as_str), Some("ExternalProvisioning"));
    assert_eq!(world.phase(world.res.pods, "one"), "Pending");
    world.scale_provisioner(1);
    world.after(minutes(1));
    assert_eq!((world.phase(world.res.claims, "data"), world.ready("")), ("Bound".to_owned(), 1));
}

#[test]
fn a_claim_in_use_outlives_its_deletion_and_takes_its_volume_along() {
    let mut world = quiet();
    world.make(CLAIM);
    world.make(&user("one", "data"));
    world.after(minutes(1));
    let volume = text(&world.volume_behind("data"), "/metadata/name").to_owned();
    world.delete(world.res.claims, "data");
    world.after(minutes(1));
    assert!(world.find(world.res.claims, "data").is_some(), "it is in use");
    world.delete(world.res.volumes, &volume);
    world.after(minutes(1));
    assert!(world.find(world.res.volumes, &volume).is_some(), "it is bound");
    world.delete(world.res.pods, "one");
    world.after(minutes(1));
    assert!(world.find(world.res.claims, "data").is_none());
    assert!(world.find(world.res.volumes, &volume).is_none());
}

#[test]
fn a_volume_that_is_to_be_kept_is_released_and_taken_by_nobody() {
    let mut world = quiet();
    world.make(CLAIM);
    world.make(&user("one", "data"));
    world.after(minutes(1));
    let volume = text(&world.volume_behind("data"), "/metadata/name").to_owned();
    world.change(world.res.volumes, &volume, |v| v["spec"]["persistentVolumeReclaimPolicy"] = "Retain".into());
    world.delete(world.res.pods, "one");
    world.after(minutes(1));
    world.delete(world.res.claims, "data");
    world.after(minutes(1));
    assert_eq!(world.phase(world.res.volumes, &volume), "Released");
    world.make(CLAIM);
    world.make(&user("two", "data"));
    world.after(minutes(1));
    assert_ne!(text(&world.volume_behind("data"), "/metadata/name"), volume);
}

#[test]
fn a_volume_made_by_hand_is_bound_by_the_claim_that_it_fits() {
    let mut world = quiet();
    for (name, size) in [("small", "1Gi"), ("large", "9Gi"), ("fitting", "3Gi")] {
        world.make(&format!(
            "{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: {name}}}, spec: {{capacity: {{storage: {size}}}, \
             accessModes: [ReadWriteOnce], storageClassName: '', hostPath: {{path: /x}}}}}}"
        ));
    }
    assert_eq!(world.phase(world.res.volumes, "fitting"), "Available");
    world.make(&CLAIM.replace("accessModes", "storageClassName: '', accessModes"));
    world.after(SignedDuration::from_secs(5));
    assert_eq!(text(&world.volume_behind("data"), "/metadata/name"), "fitting");
    assert_eq!(world.phase(world.res.volumes, "fitting"), "Bound");
    assert_eq!(world.phase(world.res.volumes, "large"), "Available");
}

#[test]
fn a_claim_of_no_class_or_an_unknown_one_says_what_it_lacks() {
    let mut world = quiet();
    world.make(&CLAIM.replace("accessModes", "storageClassName: '', accessModes"));
    world.make(
        &CLAIM.replace("name: data", "name: other").replace("accessModes", "storageClassName: fast, accessModes"),
    );
    world.make(&user("one", "absent"));
    world.after(minutes(1));
    assert_eq!(world.reasons_about("data"), ["FailedBinding"]);
    assert_eq!(world.reasons_about("other"), ["ProvisioningFailed"]);
    let pod = world.the(world.res.pods, "one");
    let why = condition(&pod, "PodScheduled").map(|c| text(c, "/message").to_owned()).unwrap_or_default();
    assert!(why.contains("persistentvolumeclaim \"absent\" not found"), "{why}");
}
