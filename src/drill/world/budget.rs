//! PodDisruptionBudgets: how many pods may go now.

use serde_json::json;

use super::World;
use super::json::{Id, int, is, list, map, selects, set_condition};

impl World {
    pub(super) fn reconcile_budget(&mut self, id: &Id) {
        let Some(budget) = self.store.get(self.res.budgets, &id.namespace, &id.name) else { return };
        let selector = map(&budget, "/spec/selector/matchLabels");
        let mut pods = self.store.list(self.res.pods, Some(&id.namespace));
        pods.retain(|p| {
            selects(selector, map(p, "/metadata/labels")) && p.pointer("/metadata/deletionTimestamp").is_none()
        });
        let healthy = pods.iter().filter(|p| is(p, "Ready")).count() as i64;
        let expected = pods.len() as i64;
        let desired = match budget.pointer("/spec/maxUnavailable") {
            Some(most) => (expected - most.as_i64().unwrap_or_default()).max(0),
            None => int(&budget, "/spec/minAvailable"),
        };
        let allowed = (healthy - desired).max(0);
        let now = self.now;
        self.store.modify(self.res.budgets, &id.namespace, &id.name, |budget| {
            let mut conditions = list(budget, "/status/conditions").to_vec();
            let (status, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
            let generation = &budget["metadata"]["generation"];
            let new = json!({ "type": "DisruptionAllowed", "status": status, "reason": reason, "message": "",
                "observedGeneration": generation });
            set_condition(&mut conditions, new, now);
            budget["status"] = json!({
                "observedGeneration": generation, "disruptionsAllowed": allowed, "currentHealthy": healthy,
                "desiredHealthy": desired, "expectedPods": expected, "conditions": conditions,
            });
        });
    }
}
