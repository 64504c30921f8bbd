//! ResourceQuotas and LimitRanges: what a namespace may use, and what its containers get that ask for nothing.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::World;
use super::json::{Id, bytes, list, map, millicores, text};
use super::pods::finished;
use crate::drill::store::ResourceId;

impl World {
    pub(super) fn reconcile_quota(&mut self, id: &Id) {
        let Some(quota) = self.store.get(self.res.quotas, &id.namespace, &id.name) else { return };
        let hard = map(&quota, "/spec/hard").cloned().unwrap_or_default();
        let used: Map<String, Value> =
            hard.keys().map(|key| (key.clone(), written(key, self.used(&id.namespace, key)).into())).collect();
        let status = json!({ "hard": hard, "used": used });
        self.store.modify(self.res.quotas, &id.namespace, &id.name, |quota| quota["status"] = status);
    }

    /// Why a quota of its namespace does not allow a new object, in the server's words.
    pub(super) fn exceeded_quota(&self, resource: ResourceId, object: &Value) -> Option<String> {
        let quotas = self.store.list(self.res.quotas, Some(text(object, "/metadata/namespace")));
        let why = quotas.iter().find_map(|quota| self.exceeds(quota, resource, object))?;
        let name = match text(object, "/metadata/name") {
            "" => text(object, "/metadata/generateName"),
            name => name,
        };
        Some(format!("{} \"{name}\" is forbidden: {why}", resource.def().qualified()))
    }

    fn exceeds(&self, quota: &Arc<Value>, resource: ResourceId, object: &Value) -> Option<String> {
        let (name, namespace) = (text(quota, "/metadata/name"), text(quota, "/metadata/namespace"));
        let (mut requested, mut used, mut limited, mut unsaid) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (key, hard) in map(quota, "/spec/hard").into_iter().flatten() {
            let hard = hard.as_str().map_or_else(|| hard.to_string(), str::to_owned);
            let wanted = wanted(resource, object, key);
            if resource.def().kind == "Pod" && is_compute(key) && !all_say(object, key) {
                unsaid.push(key.clone());
            }
            let now = self.used(namespace, key);
            if wanted > 0.0 && now + wanted > amount(key, &hard) {
                requested.push(format!("{key}={}", written(key, wanted)));
                used.push(format!("{key}={}", written(key, now)));
                limited.push(format!("{key}={hard}"));
            }
        }
        if !unsaid.is_empty() {
            let containers: Vec<_> = list(object, "/spec/containers").iter().map(|c| text(c, "/name")).collect();
            let told: Vec<_> = unsaid.iter().map(|key| format!("{key} for: {}", containers.join(","))).collect();
            return Some(format!("failed quota: {name}: must specify {}", told.join("; ")));
        }
        (!requested.is_empty()).then(|| {
            let (requested, used, limited) = (requested.join(","), used.join(","), limited.join(","));
            format!("exceeded quota: {name}, requested: {requested}, used: {used}, limited: {limited}")
        })
    }

    fn used(&self, namespace: &str, key: &str) -> f64 {
        let resource = match key {
            key if is_compute(key) || key == "pods" => Some(self.res.pods),
            "requests.storage" => Some(self.res.claims),
            key if key.starts_with("services.") => Some(self.res.services),
            key => {
                let name = key.strip_prefix("count/").unwrap_or(key);
                let (plural, group) = name.split_once('.').unwrap_or((name, ""));
                ResourceId::find(group, plural)
            }
        };
        let Some(resource) = resource else { return 0.0 };
        self.store.list(resource, Some(namespace)).iter().map(|object| wanted(resource, object, key)).sum()
    }

    /// Gives the containers of a new pod the limits and requests that its namespace has for those that say nothing.
    pub(super) fn limit_pod(&self, pod: &mut Value) {
        for range in self.store.list(self.res.limit_ranges, Some(text(pod, "/metadata/namespace"))) {
            for limit in list(&range, "/spec/limits").iter().filter(|l| l["type"] == "Container") {
                for container in pod["spec"]["containers"].as_array_mut().into_iter().flatten() {
                    fill(container, "limits", &limit["default"]);
                    let own = container["resources"]["limits"].clone();
                    fill(container, "requests", &limit["defaultRequest"]);
                    fill(container, "requests", &own);
                }
            }
        }
    }
}

fn fill(container: &mut Value, part: &str, usual: &Value) {
    for (name, quantity) in usual.as_object().into_iter().flatten() {
        if container["resources"][part].get(name).is_none() {
            container["resources"][part][name] = quantity.clone();
        }
    }
}

/// Whether a key is about cores or memory.
fn is_compute(key: &str) -> bool {
    matches!(key.rsplit('.').next(), Some("cpu" | "memory"))
}

/// Requests or limits, and of what.
fn part_of(key: &str) -> (&str, &str) {
    key.split_once('.').unwrap_or(("requests", key))
}

fn all_say(pod: &Value, key: &str) -> bool {
    let (part, what) = part_of(key);
    list(pod, "/spec/containers").iter().all(|c| c["resources"][part].get(what).is_some())
}

/// What an object uses of what a key counts.
fn wanted(resource: ResourceId, object: &Value, key: &str) -> f64 {
    let def = resource.def();
    if def.kind == "Pod" && finished(object) {
        return 0.0;
    }
    let counted = key.strip_prefix("count/").is_some_and(|name| name == def.qualified());
    let of_service = |kinds: &[&str]| def.kind == "Service" && kinds.contains(&text(object, "/spec/type"));
    let one = match key {
        "pods"
        | "services"
        | "configmaps"
        | "secrets"
        | "persistentvolumeclaims"
        | "resourcequotas"
        | "replicationcontrollers" => def.group.is_empty() && def.plural == key,
        "services.nodeports" => of_service(&["NodePort", "LoadBalancer"]),
        "services.loadbalancers" => of_service(&["LoadBalancer"]),
        _ => counted,
    };
    if one {
        return 1.0;
    }
    match (def.kind, key) {
        ("PersistentVolumeClaim", "requests.storage") => bytes(text(object, "/spec/resources/requests/storage")) as f64,
        ("Pod", key) if is_compute(key) => {
            let (part, what) = part_of(key);
            let quantity = |c: &Value| c["resources"][part][what].as_str().map_or(0.0, |text| amount(what, text));
            list(object, "/spec/containers").iter().map(quantity).sum()
        }
        _ => 0.0,
    }
}

/// The number that a quantity stands for.
fn amount(key: &str, quantity: &str) -> f64 {
    if key.ends_with("cpu") { millicores(quantity) } else { bytes(quantity) as f64 }
}

/// A number as a quantity.
fn written(key: &str, number: f64) -> String {
    let whole = number.round() as u64;
    if key.ends_with("cpu") {
        return if whole.is_multiple_of(1000) { (whole / 1000).to_string() } else { format!("{whole}m") };
    }
    let units = [("Gi", 1_u64 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    match units.iter().find(|(_, size)| whole > 0 && whole.is_multiple_of(*size)) {
        Some((unit, size)) => format!("{}{unit}", whole / size),
        None => whole.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_as_a_server_does() {
        assert_eq!(written("requests.cpu", amount("requests.cpu", "1500m")), "1500m");
        assert_eq!(written("cpu", amount("cpu", "2")), "2");
        assert_eq!(written("limits.memory", amount("limits.memory", "1536Mi")), "1536Mi");
        assert_eq!(written("requests.storage", amount("requests.storage", "5Gi")), "5Gi");
        assert_eq!(written("pods", 3.0), "3");
        assert_eq!(written("memory", 0.0), "0");
    }
}
