//! What a container's configuration asks for: ConfigMaps and Secrets that may be absent, and changes of the pod while it
//! runs.

use serde_json::Value;

use super::{Move, State};
use crate::drill::store::Store;
use crate::drill::world::World;
use crate::drill::world::json::{Id, bytes, int, list, text};
use crate::drill::world::recorder::Note;

impl World {
    /// What a container's environment asks for and does not find, in the kubelet's words.
    pub(super) fn missing_config(&self, pod: &Value, container: &str) -> Option<String> {
        let spec = spec_of(pod, container)?;
        let namespace = text(pod, "/metadata/namespace");
        let whole = list(spec, "/envFrom").iter().find_map(|source| {
            ["configMapRef", "secretRef"].into_iter().find_map(|kind| self.absent(namespace, kind, source.get(kind)?))
        });
        whole.or_else(|| {
            list(spec, "/env").iter().find_map(|var| {
                let from = var.get("valueFrom")?;
                ["configMapKeyRef", "secretKeyRef"]
                    .into_iter()
                    .find_map(|kind| self.absent(namespace, kind, from.get(kind)?))
            })
        })
    }

    /// What of a pod's volumes is not there.
    pub(super) fn missing_volume(&self, pod: &Value) -> Option<String> {
        let namespace = text(pod, "/metadata/namespace");
        list(pod, "/spec/volumes").iter().find_map(|volume| {
            let absent = |kind: &str, name: &str| {
                let source = volume.get(kind)?;
                (source["optional"] != true && self.source(namespace, kind, text(source, name)).is_none())
                    .then(|| format!("{} \"{}\" not found", word(kind), text(source, name)))
            };
            let why = absent("configMap", "/name").or_else(|| absent("secret", "/secretName"))?;
            Some(format!("MountVolume.SetUp failed for volume \"{}\" : {why}", text(volume, "/name")))
        })
    }

    fn absent(&self, namespace: &str, kind: &str, reference: &Value) -> Option<String> {
        let (name, key) = (text(reference, "/name"), text(reference, "/key"));
        if reference["optional"] == true {
            return None;
        }
        let Some(source) = self.source(namespace, kind, name) else {
            return Some(format!("{} \"{name}\" not found", word(kind)));
        };
        let has = |part: &str| source.get(part).and_then(|data| data.get(key)).is_some();
        let lacks = !key.is_empty() && !["data", "stringData", "binaryData"].into_iter().any(has);
        let kind = if kind.starts_with("secret") { "Secret" } else { "ConfigMap" };
        lacks.then(|| format!("couldn't find key {key} in {kind} {namespace}/{name}"))
    }

    fn source(&self, namespace: &str, kind: &str, name: &str) -> Option<std::sync::Arc<Value>> {
        let plural = if kind.starts_with("secret") { "secrets" } else { "configmaps" };
        Store::resource("", plural).and_then(|resource| self.store.get(resource, namespace, name))
    }

    /// A pod that runs may have been changed: other images are started, other limits hold at once.
    pub(super) fn compare(&mut self, id: &Id, pod: &Value) {
        let Some(run) = self.runs.get(id) else { return };
        if int(pod, "/status/observedGeneration") == int(pod, "/metadata/generation") || !self.posts(&run.node) {
            return;
        }
        let names: Vec<_> = run.all().map(|c| c.name.clone()).collect();
        for (n, name) in names.iter().enumerate() {
            let Some(spec) = spec_of(pod, name) else { continue };
            let limit = bytes(text(spec, "/resources/limits/memory"));
            let Some(container) = self.runs.get_mut(id).and_then(|run| run.at_mut(n)) else { continue };
            container.limit = limit;
            if container.image != text(spec, "/image") && !container.over {
                container.change_image(text(spec, "/image"), &self.programs);
                self.exchange(id, pod, n);
            }
        }
        self.write_pod_status(id);
    }

    /// Ends a container whose definition has changed, and starts it anew.
    fn exchange(&mut self, id: &Id, pod: &Value, n: usize) {
        let now = self.now;
        let Some(container) = self.runs.get_mut(id).and_then(|run| run.at_mut(n)) else { return };
        let name = container.name.clone();
        if let Some(end) = container.stop(now, 0, "Completed") {
            container.last = Some(end);
            let message = format!("Container {name} definition changed, will be restarted");
            self.say(id, pod, n, Note::normal("Killing", &message));
        } else if matches!(&container.state, State::Waiting("ContainerCreating" | "PodInitializing", _)) {
            return;
        }
        let stops = self.random.millis((700, 1600));
        self.then(id, n, stops, Move::Begin);
    }
}

fn word(kind: &str) -> &'static str {
    if kind.starts_with("secret") { "secret" } else { "configmap" }
}

/// What a pod says of one of its containers.
pub(super) fn spec_of<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    let mut all = ["/spec/containers", "/spec/initContainers"].into_iter().flat_map(|part| list(pod, part));
    all.find(|c| text(c, "/name") == container)
}
