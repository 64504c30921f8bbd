//! The past: the cluster is built, its applications are deployed and changed over two months, by the same controllers
//! that go on with it afterwards.

mod cluster;
mod machine;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::admission::default_object;
use super::control_plane::LEADERS;
use super::json::{Id, list, put, text, uid};
use super::pulse::Pulse;
use super::recorder::KEPT;
use super::{Due, World};
use crate::drill::api::owned_fields;
use crate::drill::store::{ResourceId, stamp};

pub use machine::{agent, boot_id, condition, inside, server};

const SYSTEM: &str = include_str!("../manifests/system.yaml");
const APPS: &str = include_str!("../manifests/apps.yaml");
const HISTORY: &str = include_str!("../manifests/history.yaml");
/// Where the applications live.
const NAMESPACE: &str = "honeydue";

const AGE: SignedDuration = SignedDuration::from_hours(61 * 24);
/// Before this heartbeats would have left no trace.
const HEARTBEATS: SignedDuration = SignedDuration::from_mins(75);
/// Before this tasks would have come and gone.
const TASKS: SignedDuration = SignedDuration::from_mins(12);
/// Before this neither snapshots nor Jobs would have left one.
const ROUNDS: SignedDuration = SignedDuration::from_hours(62);

/// What happens on a page of the past.
type Page = fn(&mut World);

/// The pages of the past that are not in the history file.
const PAGES: [(Page, SignedDuration); 5] = [
    (World::build_cluster, AGE),
    (World::first_deployment, SignedDuration::from_hours(61 * 24 - 3)),
    (World::begin_rounds, ROUNDS),
    (World::begin_pulses, HEARTBEATS),
    (World::begin_tasks, TASKS),
];

/// A change that somebody made to a Deployment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Past {
    days_ago: f64,
    change: String,
    image: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    cause: String,
}

/// Plays the past up to `start`.
pub fn create(seed: u64, start: Timestamp) -> World {
    let birth = start - AGE;
    let mut world = World::empty(seed, birth);
    world.recorder.begins = start - KEPT;
    for (page, (_, ago)) in PAGES.iter().enumerate() {
        world.queue.plan(start - *ago, Due::Past(page));
    }
    for (number, past) in history().into_iter().enumerate() {
        // Nobody deploys on the stroke of the hour.
        let late = SignedDuration::from_secs(world.random.below(1500) as i64);
        let ago = SignedDuration::from_secs((past.days_ago * 86_400.0) as i64);
        world.queue.plan(start - ago + late, Due::Past(PAGES.len() + number));
    }
    world.advance(start);
    world
}

fn history() -> Vec<Past> {
    serde_saphyr::from_str(HISTORY).expect("the history that is built in")
}

fn manifests(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).expect("the manifests that are built in")
}

impl World {
    pub(super) fn play_page(&mut self, page: usize) {
        if let Some((play, _)) = PAGES.get(page) {
            play(self);
        } else if let Some(past) = history().get(page - PAGES.len()) {
            let id = Id::new(NAMESPACE, &past.change);
            self.change_deployment(&id, past.image.as_deref(), &past.env, &past.cause);
        }
    }

    fn build_cluster(&mut self) {
        self.keep_diaries();
        for number in 1..=3 {
            let mut node = machine::server(number, self.now);
            if number == 1 {
                put(&mut node, &["metadata", "labels", "honeydue/redis"], "true".into());
            }
            let name = text(&node, "/metadata/name").to_owned();
            let _ = self.store.create(self.res.nodes, node, self.now);
            self.create_lease("kube-node-lease", &name, &name, 40);
        }
        for (lease, holder) in LEADERS {
            let holder = format!("{holder}_{}", self.random.hex(8));
            self.create_lease("kube-system", lease, &holder, 15);
        }
        self.apply(manifests(SYSTEM));
        self.apply(cluster::api_services());
        self.apply(cluster::helm_jobs(self.now));
        self.apply(vec![cluster::own_endpoints()]);
    }

    fn first_deployment(&mut self) {
        self.apply(manifests(APPS));
        self.provision_redis();
    }

    fn begin_rounds(&mut self) {
        let past_minute = self.now.as_second().rem_euclid(60);
        self.plan(SignedDuration::from_secs(60 - past_minute), Due::Pulse(Pulse::Minute));
    }

    /// Stores objects as a server would after `kubectl apply`.
    fn apply(&mut self, objects: Vec<Value>) {
        for mut object in objects {
            let (version, kind) = (text(&object, "/apiVersion").to_owned(), text(&object, "/kind").to_owned());
            let Some(resource) = ResourceId::of_kind(&version, &kind) else { continue };
            default_object(&mut object);
            self.attribute(&mut object, &version);
            let is_namespace = resource == self.res.namespaces;
            let name = text(&object, "/metadata/name").to_owned();
            if is_namespace {
                object["metadata"]["labels"] = json!({ "kubernetes.io/metadata.name": name });
                object["spec"] = json!({ "finalizers": ["kubernetes"] });
                object["status"] = json!({ "phase": "Active" });
            }
            let _ = self.store.create(resource, object, self.now);
            if is_namespace {
                self.furnish(&name);
            }
        }
    }

    /// Who wrote an object, and when.
    fn attribute(&self, object: &mut Value, version: &str) {
        let manager = if text(object, "/metadata/namespace") == NAMESPACE {
            "kubectl-client-side-apply"
        } else {
            "deploy@nbg1-1"
        };
        let mut said = object.clone();
        put(&mut said, &["status"], Value::Null);
        let fields = owned_fields(&said);
        let entry = json!({ "manager": manager, "operation": "Update", "apiVersion": version, "time": stamp(self.now),
            "fieldsType": "FieldsV1", "fieldsV1": fields });
        put(object, &["metadata", "managedFields"], json!([entry]));
    }

    /// What every namespace gets from the controllers.
    fn furnish(&mut self, namespace: &str) {
        let account = json!({ "metadata": { "name": "default", "namespace": namespace } });
        let _ = self.store.create(self.res.service_accounts, account, self.now);
        let authority = json!({
            "metadata": { "name": "kube-root-ca.crt", "namespace": namespace,
                "annotations": { "kubernetes.io/description": "Contains a CA bundle that can be used to verify the \
                    kube-apiserver when using internal endpoints such as the internal service IP or \
                    kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters." } },
            "data": { "ca.crt": "-----BEGIN CERTIFICATE-----\n(the authority of the simulated cluster)\n-----END CERTIFICATE-----\n" },
        });
        let _ = self.store.create(self.res.config_maps, authority, self.now);
    }

    /// What the local-path provisioner does for the claim of redis.
    fn provision_redis(&mut self) {
        let Some(claim) = self.store.get(self.res.claims, NAMESPACE, "redis-data") else { return };
        let volume = cluster::redis_volume(&claim);
        let name = text(&volume, "/metadata/name").to_owned();
        let _ = self.store.create(self.res.volumes, volume, self.now);
        self.store.modify(self.res.claims, NAMESPACE, "redis-data", |claim| {
            claim["spec"]["volumeName"] = name.into();
            put(claim, &["metadata", "finalizers"], json!(["kubernetes.io/pvc-protection"]));
            put(claim, &["metadata", "annotations", "pv.kubernetes.io/bind-completed"], "yes".into());
            put(claim, &["metadata", "annotations", "volume.kubernetes.io/selected-node"], "nbg1-1".into());
            claim["status"] =
                json!({ "phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": { "storage": "5Gi" } });
        });
        self.store.modify(self.res.ingresses, NAMESPACE, "api", cluster::publish);
        self.store.modify(self.res.ingresses, NAMESPACE, "admin", cluster::publish);
    }

    /// Changes the template of a Deployment, as a deploy does.
    pub(super) fn change_deployment(
        &mut self,
        id: &Id,
        image: Option<&str>,
        env: &BTreeMap<String, String>,
        cause: &str,
    ) -> Option<Value> {
        let before = self.store.get(self.res.deployments, &id.namespace, &id.name)?;
        self.store.modify(self.res.deployments, &id.namespace, &id.name, |deployment| {
            put(deployment, &["metadata", "annotations", "kubernetes.io/change-cause"], cause.into());
            let container = &mut deployment["spec"]["template"]["spec"]["containers"][0];
            if let Some(image) = image {
                container["image"] = image.into();
            }
            let mut vars = list(container, "/env").to_vec();
            for (name, value) in env {
                vars.retain(|var| var["name"] != **name);
                vars.push(json!({ "name": name, "value": value }));
            }
            container["env"] = vars.into();
        });
        Some(before["spec"]["template"].clone()).filter(|_| !uid(&before).is_empty())
    }
}
