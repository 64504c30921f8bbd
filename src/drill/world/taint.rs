//! Taints of nodes and what tolerates them.

use serde_json::Value;

use super::json::{list, text};

/// The first of a node's taints with one of these effects that a pod's spec does not tolerate.
pub fn untolerated<'a>(spec: &Value, node: &'a Value, effects: &[&str]) -> Option<&'a Value> {
    let counts = |taint: &&Value| effects.contains(&text(taint, "/effect"));
    list(node, "/spec/taints").iter().filter(counts).find(|taint| !tolerates(spec, taint))
}

/// Whether a pod's spec tolerates a taint.
pub fn tolerates(spec: &Value, taint: &Value) -> bool {
    list(spec, "/tolerations").iter().any(|t| {
        let (key, effect) = (text(t, "/key"), text(t, "/effect"));
        let exists = text(t, "/operator") == "Exists";
        (key == text(taint, "/key") || (key.is_empty() && exists))
            && (effect.is_empty() || effect == text(taint, "/effect"))
            && (exists || text(t, "/value") == text(taint, "/value"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_toleration_tolerates_what_it_names_and_no_more() {
        let taint = json!({ "key": "a", "value": "x", "effect": "NoSchedule" });
        let tolerated = |toleration: Value| tolerates(&json!({ "tolerations": [toleration] }), &taint);
        assert!(tolerated(json!({ "operator": "Exists" })), "everything");
        assert!(tolerated(json!({ "key": "a", "operator": "Exists" })));
        assert!(tolerated(json!({ "key": "a", "value": "x" })));
        assert!(!tolerated(json!({ "key": "a", "value": "y" })));
        assert!(!tolerated(json!({ "key": "b", "operator": "Exists" })));
        assert!(!tolerated(json!({ "key": "a", "operator": "Exists", "effect": "NoExecute" })));
        assert!(!tolerates(&json!({}), &taint));
        let node = json!({ "spec": { "taints": [taint] } });
        assert!(untolerated(&json!({}), &node, &["NoSchedule"]).is_some());
        assert!(untolerated(&json!({}), &node, &["NoExecute"]).is_none());
    }
}
