//! What kubelets do with containers: images, configuration, order, changes while they run.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{minutes, quiet, serves};
use crate::drill::api::Backend as _;
use crate::drill::outside::{Mood, Site};
use crate::drill::world::World;
use crate::drill::world::json::{condition, int, list, text};

const fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

impl World {
    fn run_pod(&mut self, name: &str, spec: Value) {
        let mut pod = json!({ "apiVersion": "v1", "kind": "Pod", "spec": spec, "status": { "phase": "Pending" },
            "metadata": { "name": name, "namespace": "honeydue" } });
        self.complete(&mut pod);
        self.admit(&mut pod);
        self.store.create(self.res.pods, pod, self.now).expect("a pod");
        self.settle();
    }

    fn pod(&self, name: &str) -> Arc<Value> {
        self.store.get(self.res.pods, "honeydue", name).expect("the pod")
    }

    fn change_pod(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        self.store.modify(self.res.pods, "honeydue", name, change);
        self.settle();
    }

    fn waits(&self, name: &str) -> (String, String) {
        let pod = self.pod(name);
        let waiting = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
        (text(waiting, "/reason").to_owned(), text(waiting, "/message").to_owned())
    }

    fn told_of(&self, name: &str, reason: &str, what: &str) -> bool {
        let about = |e: &&Arc<Value>| e["involvedObject"]["name"] == *name && text(e, "/message").contains(what);
        self.events(reason).iter().any(|e| about(&e))
    }
}

fn one(image: &str) -> Value {
    json!({ "containers": [{ "name": "c", "image": image }] })
}

#[test]
fn an_image_that_cannot_be_had_says_why() {
    let image = "registry.example.com/honeydue/tool:1";
    let cases = [
        (Mood::Refuses, "dial tcp 203.0.113.234:443: connect: connection refused"),
        (Mood::Silent, "dial tcp 203.0.113.234:443: i/o timeout"),
        (Mood::Says("401".into()), "failed to authorize: failed to fetch oauth token"),
        (
            Mood::Says("403".into()),
            "unexpected status from HEAD request to https://registry.example.com/v2/honeydue/tool/manifests/1: 403 Forbidden",
        ),
        (Mood::Says("404".into()), "registry.example.com/honeydue/tool:1: not found"),
        (Mood::Says("429".into()), "429 Too Many Requests"),
        (Mood::Says("503".into()), "503 Service Unavailable"),
    ];
    for (mood, why) in cases {
        let mut world = quiet();
        world.outside.set(Site::Registry, mood.clone());
        world.run_pod("p", one(image));
        world.after(seconds(40));
        assert!(world.told_of("p", "Failed", why), "{mood:?}: {:?}", world.waits("p"));
        assert!(world.told_of("p", "Failed", "Error: ErrImagePull"));
        world.after(minutes(3));
        assert!(world.told_of("p", "BackOff", "Back-off pulling image"), "{mood:?}");
        assert_eq!(text(&world.pod("p"), "/status/phase"), "Pending");
        world.outside.set(Site::Registry, Mood::Well);
        world.after(minutes(6));
        assert!(serves(&world.pod("p")), "{mood:?}: {:?}", world.waits("p"));
        assert!(world.told_of("p", "Pulled", "Successfully pulled"));
    }
}

#[test]
fn a_pull_waits_longer_and_longer_and_says_so() {
    let mut world = quiet();
    world.run_pod("p", one("registry.example.com/honeydue/api:missing"));
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..60 {
        world.after(seconds(1));
        seen.insert(world.waits("p").0);
    }
    assert!(seen.contains("ErrImagePull") && seen.contains("ImagePullBackOff"), "{seen:?}");
    let before = world.events("Pulling").iter().map(|e| int(e, "/count")).max();
    world.after(minutes(20));
    let pulls = world.events("Pulling").iter().map(|e| int(e, "/count")).max();
    assert!(before >= Some(3) && (5..=10).contains(&pulls.unwrap_or(0)), "{before:?} then {pulls:?}");
}

#[test]
fn a_cached_image_needs_no_registry_and_policies_hold() {
    let mut world = quiet();
    world.outside.set(Site::Registry, Mood::Refuses);
    let api = world.workload("api").remove(0);
    world.delete_pod(&crate::drill::world::json::Id::of(&api));
    world.after(minutes(1));
    assert_eq!(world.ready("api"), 3, "the image is on every node that had it");
    let with = |policy: &str, image: &str| {
        json!({ "nodeName": text(&api, "/spec/nodeName"),
            "containers": [{ "name": "c", "image": image, "imagePullPolicy": policy }] })
    };
    let image = text(&api, "/spec/containers/0/image");
    world.run_pod("always", with("Always", image));
    world.run_pod("never", with("Never", "registry.example.com/honeydue/other:1"));
    world.run_pod("wrong", one("Registry.example.com/HONEYDUE:1"));
    world.after(seconds(6));
    assert_eq!(world.waits("always").0, "ImagePullBackOff");
    assert_eq!(world.waits("never").0, "ErrImageNeverPull");
    assert_eq!(world.waits("wrong").0, "InvalidImageName");
}

#[test]
fn what_the_configuration_lacks_is_named_until_it_is_there() {
    let mut world = quiet();
    let from = json!([{ "name": "c", "image": "busybox:1", "envFrom": [{ "configMapRef": { "name": "settings" } }] }]);
    world.run_pod("whole", json!({ "containers": from }));
    let key = json!([{ "name": "c", "image": "busybox:1", "env": [
        { "name": "A", "valueFrom": { "secretKeyRef": { "name": "app-secrets", "key": "NOPE" } } },
        { "name": "B", "valueFrom": { "configMapKeyRef": { "name": "none", "key": "x", "optional": true } } }] }]);
    world.run_pod("key", json!({ "containers": key }));
    let mut volume = one("busybox:1");
    volume["volumes"] = json!([{ "name": "conf", "configMap": { "name": "settings" } }]);
    world.run_pod("volume", volume);
    world.after(seconds(10));
    assert_eq!(world.waits("whole"), ("CreateContainerConfigError".into(), "configmap \"settings\" not found".into()));
    assert_eq!(world.waits("key").1, "couldn't find key NOPE in Secret honeydue/app-secrets");
    assert_eq!(world.waits("volume").0, "ContainerCreating");
    assert!(world.told_of(
        "volume",
        "FailedMount",
        "MountVolume.SetUp failed for volume \"conf\" : configmap \"settings\" not found"
    ));
    let map = json!({ "metadata": { "name": "settings", "namespace": "honeydue" }, "data": { "a": "b" } });
    world.store.create(world.res.config_maps, map, world.now).expect("a map");
    world.after(minutes(1));
    assert!(serves(&world.pod("whole")) && serves(&world.pod("volume")));
    assert!(!serves(&world.pod("key")));
}

#[test]
fn containers_begin_in_their_order_and_restart_alone() {
    let mut world = quiet();
    world.programs.spoil("bad:1", crate::drill::world::Course::Fails(20.0));
    world.run_pod(
        "p",
        json!({
            "initContainers": [{ "name": "first", "image": "busybox:1" },
                { "name": "proxy", "image": "busybox:1", "restartPolicy": "Always" },
                { "name": "second", "image": "busybox:1" }],
            "containers": [{ "name": "web", "image": "busybox:1" }, { "name": "beside", "image": "bad:1" }],
        }),
    );
    world.after(seconds(1));
    let pod = world.pod("p");
    assert_eq!(text(&pod, "/status/phase"), "Pending");
    assert_eq!(
        condition(&pod, "Initialized").unwrap()["message"],
        "containers with incomplete status: [first proxy second]"
    );
    assert_eq!(world.waits("p").0, "PodInitializing");
    world.after(seconds(15));
    let pod = world.pod("p");
    assert_eq!(text(&pod, "/status/phase"), "Running");
    let before = list(&pod, "/status/initContainerStatuses");
    assert_eq!(before[0]["state"]["terminated"]["exitCode"], 0);
    assert!(before[1]["state"].get("running").is_some() && before[2]["state"].get("terminated").is_some());
    let own = list(&pod, "/status/containerStatuses");
    assert_eq!(own.iter().map(|c| text(c, "/name")).collect::<Vec<_>>(), ["beside", "web"], "by name");
    world.after(minutes(2));
    let pod = world.pod("p");
    let restarts: Vec<_> = list(&pod, "/status/containerStatuses").iter().map(|c| int(c, "/restartCount")).collect();
    assert!(restarts[0] >= 2 && restarts[1] == 0, "{restarts:?}");
    assert!(!world.logs("honeydue", "p", "beside", true).expect("a log").is_empty());
    let ids: std::collections::BTreeSet<_> =
        list(&pod, "/status/containerStatuses").iter().map(|c| text(c, "/containerID").to_owned()).collect();
    assert_eq!(ids.len(), 2);
}

#[test]
fn a_failing_first_step_keeps_the_pod_from_its_start() {
    let mut world = quiet();
    world.programs.spoil("bad:1", crate::drill::world::Course::Fails(1.0));
    let spec = |policy: &str| {
        json!({ "restartPolicy": policy, "initContainers": [{ "name": "migrate", "image": "bad:1" }],
            "containers": [{ "name": "web", "image": "busybox:1" }] })
    };
    world.run_pod("again", spec("Always"));
    world.run_pod("once", spec("Never"));
    world.after(minutes(2));
    let pod = world.pod("again");
    assert_eq!(text(&pod, "/status/phase"), "Pending");
    assert!(int(&pod["status"]["initContainerStatuses"][0], "/restartCount") >= 3);
    assert_eq!(text(&world.pod("once"), "/status/phase"), "Failed");
}

#[test]
fn another_image_restarts_one_container_and_other_limits_hold_at_once() {
    let mut world = quiet();
    world.run_pod(
        "p",
        json!({ "containers": [{ "name": "web", "image": "busybox:1",
        "resources": { "requests": { "cpu": "100m" }, "limits": { "memory": "64Mi" } } },
        { "name": "beside", "image": "busybox:1" }] }),
    );
    world.after(seconds(10));
    let status = |w: &World, name: &str| {
        let pod = w.pod("p");
        list(&pod, "/status/containerStatuses").iter().find(|c| c["name"] == *name).expect("a container").clone()
    };
    let untouched = status(&world, "beside");
    world.change_pod("p", |pod| pod["spec"]["containers"][0]["image"] = "busybox:2".into());
    world.after(seconds(10));
    let web = status(&world, "web");
    assert_eq!((text(&web, "/image"), int(&web, "/restartCount")), ("busybox:2", 1));
    assert_eq!(status(&world, "beside"), untouched);
    assert!(world.told_of("p", "Killing", "Container web definition changed, will be restarted"));
    assert!(serves(&world.pod("p")));
    world.change_pod("p", |pod| {
        pod["spec"]["containers"][0]["resources"] =
            json!({ "requests": { "cpu": "250m" }, "limits": { "memory": "96Mi" } });
    });
    let web = status(&world, "web");
    assert_eq!(
        (&web["allocatedResources"]["cpu"], &web["resources"]["limits"]["memory"]),
        (&"250m".into(), &"96Mi".into())
    );
    assert_eq!(int(&web, "/restartCount"), 1);
    let pod = world.pod("p");
    assert_eq!(int(&pod, "/status/observedGeneration"), int(&pod, "/metadata/generation"));
}
