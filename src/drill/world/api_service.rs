//! APIServices: whether what answers for a part of the API can be reached.

use serde_json::{Value, json};

use super::World;
use super::json::{Id, entry, list, set_condition, text};

impl World {
    pub(super) fn reconcile_api_service(&mut self, id: &Id) {
        let Some(api) = self.store.get(self.res.api_services, &id.namespace, &id.name) else { return };
        let (status, reason, message) = match api.pointer("/spec/service") {
            None => ("True", "Local", "Local APIServices are always available".to_owned()),
            Some(service) => self.reachable(service),
        };
        let now = self.now;
        self.store.modify(self.res.api_services, "", &id.name, |api| {
            let mut conditions = list(api, "/status/conditions").to_vec();
            let new = json!({ "type": "Available", "status": status, "reason": reason, "message": message });
            set_condition(&mut conditions, new, now);
            api["status"] = json!({ "conditions": conditions });
        });
    }

    fn reachable(&self, service: &Value) -> (&'static str, &'static str, String) {
        let (namespace, name) = (text(service, "/namespace"), text(service, "/name"));
        if self.store.get(self.res.services, namespace, name).is_none() {
            return ("False", "ServiceNotFound", format!("service/{name} in \"{namespace}\" is not present"));
        }
        if self.has_ready_endpoint(namespace, name) {
            return ("True", "Passed", "all checks passed".to_owned());
        }
        let message =
            format!("endpoints for service/{name} in \"{namespace}\" have no addresses with port name \"https\"");
        ("False", "MissingEndpoints", message)
    }

    /// Whether any endpoint of a Service is ready.
    pub(super) fn has_ready_endpoint(&self, namespace: &str, service: &str) -> bool {
        self.store.list(self.res.slices, Some(namespace)).iter().any(|slice| {
            entry(slice, "/metadata/labels", "kubernetes.io/service-name") == service
                && list(slice, "/endpoints").iter().any(|e| e.pointer("/conditions/ready") == Some(&true.into()))
        })
    }
}
