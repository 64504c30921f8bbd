//! Claims for volumes: which node they allow, and how they come to a volume and lose it.
//!
//! Volumes are folders on nodes, made by a provisioner that is itself a workload: while its pod is not ready, nothing is
//! made and nothing is taken away.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::garbage::leaving;
use super::informer::Work;
use super::json::{Id, bytes, entry, is, list, owner, put, text, uid};
use super::label::node_fits;
use super::random::{mix, uid_for};
use super::recorder::{Note, Reporter};
use super::{Due, World};

const CONTROLLER: Reporter<'_> = Reporter::Controller("persistentvolume-controller");
/// What makes folders.
const PROVISIONER: &str = "rancher.io/local-path";
const SELECTED: &str = "volume.kubernetes.io/selected-node";
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
/// How often the controller looks again at what waits for the provisioner.
const AGAIN: SignedDuration = SignedDuration::from_secs(15);

impl World {
    /// What admission adds to a claim: the class that is the default one.
    pub(super) fn admit_claim(&self, claim: &mut Value) {
        if claim["spec"].get("storageClassName").is_none()
            && let Some(class) = self.store.list(self.res.classes, None).iter().find(|c| is_default(c))
        {
            claim["spec"]["storageClassName"] = class["metadata"]["name"].clone();
        }
        super::admission::default_object(claim);
    }

    /// Whether a pod's claims allow it to be on a node; if not, why, in the scheduler's words.
    pub(super) fn claims_allow(&self, pod: &Value, node: &Value) -> Result<(), String> {
        for name in claim_names(pod) {
            let Some(claim) = self.store.get(self.res.claims, text(pod, "/metadata/namespace"), name) else {
                return Err(format!("persistentvolumeclaim \"{name}\" not found"));
            };
            if leaving(&claim) {
                return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
            }
            let volume = self.store.get(self.res.volumes, "", text(&claim, "/spec/volumeName"));
            match volume {
                Some(volume) => match volume.pointer("/spec/nodeAffinity/required") {
                    Some(required) if !node_fits(required, node) => {
                        return Err("node(s) didn't match PersistentVolume's node affinity".to_owned());
                    }
                    _ => {}
                },
                None if text(&claim, "/status/phase") == "Lost" => {
                    return Err(format!(
                        "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{}\"",
                        text(&claim, "/spec/volumeName")
                    ));
                }
                None if !self.waits_for_consumer(&claim) => {
                    return Err("pod has unbound immediate PersistentVolumeClaims".to_owned());
                }
                None if self.provisioning.contains(&Id::of(&claim))
                    && entry(&claim, "/metadata/annotations", SELECTED) != text(node, "/metadata/name") =>
                {
                    return Err("node(s) didn't match PersistentVolume's node affinity".to_owned());
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Has the claims of a pod that is to be on a node bound. Whether all are; if not, the pod waits until they are.
    pub(super) fn bind_claims(&mut self, pod: &Value, node: &str) -> bool {
        let namespace = text(pod, "/metadata/namespace");
        let mut bound = true;
        for name in claim_names(pod) {
            let Some(claim) = self.store.get(self.res.claims, namespace, name) else { return false };
            if text(&claim, "/status/phase") == "Bound" {
                continue;
            }
            bound = false;
            if !self.provisioning.contains(&Id::of(&claim)) {
                self.store.modify(self.res.claims, namespace, name, |claim| {
                    put(claim, &["metadata", "annotations", SELECTED], node.into());
                });
            }
        }
        bound
    }

    /// Pods without a node that use a claim look for one again.
    pub(super) fn wake_pods_of(&mut self, claim: &Value) {
        let id = Id::of(claim);
        for pod in self.store.on_node(self.res.pods, "") {
            if text(&pod, "/metadata/namespace") == id.namespace && claim_names(&pod).any(|name| name == id.name) {
                self.work.insert(Work::Pod(Id::of(&pod)));
            }
        }
    }

    pub(super) fn reconcile_claim(&mut self, id: &Id) {
        let Some(claim) = self.store.get(self.res.claims, &id.namespace, &id.name) else { return };
        if leaving(&claim) {
            return;
        }
        let volume = text(&claim, "/spec/volumeName");
        if text(&claim, "/status/phase") == "Bound" {
            if self.store.get(self.res.volumes, "", volume).is_none() {
                self.lose(id, &claim);
            }
            return;
        }
        if let Some(volume) = self.volume_for(&claim) {
            self.join(&claim, &volume);
        } else if volume.is_empty() {
            self.find_volume(id, &claim);
        }
    }

    fn lose(&mut self, id: &Id, claim: &Value) {
        self.store.modify(self.res.claims, &id.namespace, &id.name, |claim| claim["status"]["phase"] = "Lost".into());
        let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
        self.record(claim, CONTROLLER, Note::warning("ClaimLost", message));
    }

    /// What becomes of a claim that no volume fits.
    fn find_volume(&mut self, id: &Id, claim: &Value) {
        let name = text(claim, "/spec/storageClassName");
        if name.is_empty() {
            let message = "no persistent volumes available for this claim and no storage class is set";
            self.record(claim, CONTROLLER, Note::normal("FailedBinding", message));
            return;
        }
        let Some(class) = self.store.get(self.res.classes, "", name) else {
            let message = format!("storageclass.storage.k8s.io \"{name}\" not found");
            self.record(claim, CONTROLLER, Note::warning("ProvisioningFailed", &message));
            return;
        };
        let selected = !entry(claim, "/metadata/annotations", SELECTED).is_empty();
        if self.waits_for_consumer(claim) && !selected {
            let message = "waiting for first consumer to be created before binding";
            self.record(claim, CONTROLLER, Note::normal("WaitForFirstConsumer", message));
            return;
        }
        self.wait_for_provisioner(id, claim, text(&class, "/provisioner"));
    }

    fn wait_for_provisioner(&mut self, id: &Id, claim: &Value, provisioner: &str) {
        if self.provisioning.contains(id) {
            return;
        }
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the \
             system administrator. If volume creation is delayed, please verify that the provisioner is running and \
             correctly registered."
        );
        self.record(claim, CONTROLLER, Note::normal("ExternalProvisioning", &message));
        self.store.modify(self.res.claims, &id.namespace, &id.name, |claim| {
            for name in ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"] {
                put(claim, &["metadata", "annotations", name], provisioner.into());
            }
        });
        let Some(by) = self.provisioner().filter(|_| provisioner == PROVISIONER) else {
            self.plan(AGAIN, Due::Work(Work::Claim(id.clone())));
            return;
        };
        let message = format!("External provisioner is provisioning volume for claim \"{}/{}\"", id.namespace, id.name);
        self.record(claim, Reporter::Controller(&by), Note::normal("Provisioning", &message));
        if entry(claim, "/metadata/annotations", SELECTED).is_empty() {
            let class = text(claim, "/spec/storageClassName");
            let message = format!(
                "failed to provision volume with StorageClass \"{class}\": configuration error, no node was specified"
            );
            self.record(claim, Reporter::Controller(&by), Note::warning("ProvisioningFailed", &message));
            return;
        }
        self.provisioning.insert(id.clone());
        self.plan(effort(claim), Due::Work(Work::Provision(id.clone())));
    }

    /// The provisioner has made a folder: a volume.
    pub(super) fn provision(&mut self, id: &Id) {
        if !self.provisioning.remove(id) {
            return;
        }
        let Some(claim) = self.store.get(self.res.claims, &id.namespace, &id.name) else { return };
        let Some(by) = self.provisioner() else {
            self.work.insert(Work::Claim(id.clone()));
            return;
        };
        let Some(class) = self.store.get(self.res.classes, "", text(&claim, "/spec/storageClassName")) else { return };
        let volume = folder(&claim, &class);
        let Ok(volume) = self.store.create(self.res.volumes, volume, self.now) else { return };
        let message = format!("Successfully provisioned volume {}", text(&volume, "/metadata/name"));
        self.record(&claim, Reporter::Controller(&by), Note::normal("ProvisioningSucceeded", &message));
        self.join(&claim, &volume);
    }

    /// A volume that fits a claim: the one that it names or that names it, or the smallest free one.
    fn volume_for(&self, claim: &Value) -> Option<Arc<Value>> {
        let named = text(claim, "/spec/volumeName");
        let volumes = self.store.list(self.res.volumes, None);
        let mine = |v: &&Arc<Value>| match v.pointer("/spec/claimRef") {
            Some(reference) => {
                let of = text(reference, "/uid");
                Id::new(text(reference, "/namespace"), text(reference, "/name")) == Id::of(claim)
                    && (of.is_empty() || of == uid(claim))
            }
            None => !self.waits_for_consumer(claim) || !named.is_empty(),
        };
        let fits = |v: &&Arc<Value>| (named.is_empty() || named == text(v, "/metadata/name")) && suits(v, claim);
        let size = |v: &&Arc<Value>| bytes(text(v, "/spec/capacity/storage"));
        volumes.iter().filter(fits).filter(mine).filter(|v| !leaving(v)).min_by_key(size).cloned()
    }

    /// A claim and a volume belong to each other.
    fn join(&mut self, claim: &Value, volume: &Value) {
        let (id, name) = (Id::of(claim), text(volume, "/metadata/name").to_owned());
        let reference = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": id.namespace,
            "name": id.name, "uid": uid(claim), "resourceVersion": claim["metadata"]["resourceVersion"] });
        self.store.modify(self.res.volumes, "", &name, |volume| {
            if text(volume, "/spec/claimRef/uid").is_empty() {
                put(volume, &["spec", "claimRef"], reference);
            }
            put(volume, &["status", "phase"], "Bound".into());
        });
        let (modes, capacity) = (volume["spec"]["accessModes"].clone(), volume["spec"]["capacity"].clone());
        self.store.modify(self.res.claims, &id.namespace, &id.name, |claim| {
            for mark in ["pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"] {
                put(claim, &["metadata", "annotations", mark], "yes".into());
            }
            claim["spec"]["volumeName"] = name.into();
            claim["status"] = json!({ "phase": "Bound", "accessModes": modes, "capacity": capacity });
        });
    }

    /// A volume whose claim is gone is released, and goes too if that is its policy.
    pub(super) fn reconcile_volume(&mut self, name: &str) {
        let Some(volume) = self.store.get(self.res.volumes, "", name) else { return };
        let phase = match volume.pointer("/spec/claimRef") {
            None => "Available",
            Some(reference) => {
                let claim = self.store.get(self.res.claims, text(reference, "/namespace"), text(reference, "/name"));
                match claim {
                    Some(claim) if text(reference, "/uid").is_empty() => {
                        self.work.insert(Work::Claim(Id::of(&claim)));
                        "Available"
                    }
                    Some(claim) if text(reference, "/uid") == uid(&claim) => "Bound",
                    _ if text(reference, "/uid").is_empty() => "Available",
                    _ => "Released",
                }
            }
        };
        let phase = if phase == "Released" && text(&volume, "/status/phase") == "Failed" { "Failed" } else { phase };
        self.store.modify(self.res.volumes, "", name, |volume| put(volume, &["status", "phase"], phase.into()));
        match phase {
            "Available" => self.offer(),
            "Released" if text(&volume, "/spec/persistentVolumeReclaimPolicy") == "Delete" => self.reclaim(&volume),
            _ => {}
        }
    }

    /// Claims that wait may want a volume that is free.
    fn offer(&mut self) {
        for claim in self.store.list(self.res.claims, None) {
            if text(&claim, "/status/phase") != "Bound" {
                self.work.insert(Work::Claim(Id::of(&claim)));
            }
        }
    }

    fn reclaim(&mut self, volume: &Value) {
        let name = text(volume, "/metadata/name").to_owned();
        if entry(volume, "/metadata/annotations", PROVISIONED_BY) != PROVISIONER {
            self.store.modify(self.res.volumes, "", &name, |volume| put(volume, &["status", "phase"], "Failed".into()));
            let message = format!(
                "error getting deleter volume plugin for volume \"{name}\": no deletable volume plugin matched"
            );
            self.record(volume, CONTROLLER, Note::warning("VolumeFailedDelete", &message));
        } else if self.provisioner().is_none() {
            self.plan(AGAIN, Due::Work(Work::Volume(name)));
        } else if !leaving(volume) {
            self.plan(effort(volume), Due::Work(Work::Wipe(name)));
        }
    }

    /// The provisioner has removed a folder.
    pub(super) fn wipe(&mut self, name: &str) {
        let released =
            self.store.get(self.res.volumes, "", name).is_some_and(|v| text(&v, "/status/phase") == "Released");
        if released && self.provisioner().is_some() {
            self.store.delete(self.res.volumes, "", name, crate::drill::store::Deletion::default(), self.now);
        }
    }

    fn waits_for_consumer(&self, claim: &Value) -> bool {
        let class = self.store.get(self.res.classes, "", text(claim, "/spec/storageClassName"));
        class.is_some_and(|class| text(&class, "/volumeBindingMode") == "WaitForFirstConsumer")
    }

    /// Who makes folders at the moment, as it signs its Events.
    fn provisioner(&self) -> Option<String> {
        let pods = self.store.list(self.res.pods, Some("kube-system"));
        let works = |p: &&Arc<Value>| {
            text(p, "/spec/containers/0/name") == "local-path-provisioner" && is(p, "Ready") && !leaving(p)
        };
        let pod = pods.iter().find(works)?;
        Some(format!("{PROVISIONER}_{}_{}", text(pod, "/metadata/name"), uid_for(owner(pod))))
    }
}

/// How long the provisioner takes for something.
fn effort(object: &Value) -> SignedDuration {
    SignedDuration::from_millis(900 + (mix(uid(object), 1) % 1400) as i64)
}

fn is_default(class: &Arc<Value>) -> bool {
    entry(class, "/metadata/annotations", "storageclass.kubernetes.io/is-default-class") == "true"
}

/// The claims that a pod uses.
pub(super) fn claim_names(pod: &Value) -> impl Iterator<Item = &str> {
    let names = list(pod, "/spec/volumes").iter().map(|v| text(v, "/persistentVolumeClaim/claimName"));
    names.filter(|name| !name.is_empty())
}

/// Whether a volume is what a claim asks for.
fn suits(volume: &Value, claim: &Value) -> bool {
    let modes = list(volume, "/spec/accessModes");
    text(volume, "/spec/storageClassName") == text(claim, "/spec/storageClassName")
        && list(claim, "/spec/accessModes").iter().all(|mode| modes.contains(mode))
        && bytes(text(volume, "/spec/capacity/storage")) >= bytes(text(claim, "/spec/resources/requests/storage"))
}

/// A folder on the node that was selected for a claim.
fn folder(claim: &Value, class: &Value) -> Value {
    let (name, id) = (format!("pvc-{}", uid(claim)), Id::of(claim));
    let node = entry(claim, "/metadata/annotations", SELECTED);
    let path = format!("/var/lib/rancher/k3s/storage/{name}_{}_{}", id.namespace, id.name);
    let policy = match text(class, "/reclaimPolicy") {
        "" => "Delete",
        policy => policy,
    };
    json!({
        "metadata": { "name": name, "finalizers": ["kubernetes.io/pv-protection"], "uid": uid_for(&name),
            "annotations": { "local.path.provisioner/selected-node": node, PROVISIONED_BY: PROVISIONER } },
        "spec": {
            "capacity": { "storage": text(claim, "/spec/resources/requests/storage") },
            "accessModes": claim["spec"]["accessModes"], "persistentVolumeReclaimPolicy": policy,
            "storageClassName": text(claim, "/spec/storageClassName"), "volumeMode": "Filesystem",
            "hostPath": { "path": path, "type": "DirectoryOrCreate" },
            "nodeAffinity": { "required": { "nodeSelectorTerms": [{ "matchExpressions": [
                { "key": "kubernetes.io/hostname", "operator": "In", "values": [node] }] }] } },
        },
        "status": { "phase": "Pending" },
    })
}
