//! Label selectors as workloads, budgets and claims have them.

use serde_json::{Map, Value};

use super::json::{list, map, text};

/// Whether a selector selects something with these labels. An empty one selects everything, an absent one nothing.
pub fn matches(selector: &Value, labels: Option<&Map<String, Value>>) -> bool {
    if !selector.is_object() {
        return false;
    }
    let value = |key: &str| labels.and_then(|l| l.get(key)).and_then(Value::as_str);
    let mut equal = map(selector, "/matchLabels").into_iter().flatten();
    let mut expressions = list(selector, "/matchExpressions").iter();
    equal.all(|(key, wanted)| value(key) == wanted.as_str()) && expressions.all(|e| holds(e, value(text(e, "/key"))))
}

/// Whether a requirement (`key`, `operator`, `values`) holds for the value that something has for the key.
pub fn holds(requirement: &Value, value: Option<&str>) -> bool {
    let values = list(requirement, "/values");
    let among = value.is_some_and(|value| values.iter().any(|v| v == value));
    let than = || {
        let number = |text: Option<&str>| text.and_then(|t| t.parse::<i64>().ok());
        number(value).zip(number(values.first().and_then(Value::as_str)))
    };
    match text(requirement, "/operator") {
        "In" => among,
        "NotIn" => !among,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => than().is_some_and(|(value, limit)| value > limit),
        "Lt" => than().is_some_and(|(value, limit)| value < limit),
        _ => false,
    }
}

/// Whether a node is one of those that a node selector (`nodeSelectorTerms`) means.
pub fn node_fits(selector: &Value, node: &Value) -> bool {
    let labels = map(node, "/metadata/labels");
    let label = |r: &Value| labels.and_then(|l| l.get(text(r, "/key"))).and_then(Value::as_str);
    let name = text(node, "/metadata/name");
    list(selector, "/nodeSelectorTerms").iter().any(|term| {
        let (fields, expressions) = (list(term, "/matchFields"), list(term, "/matchExpressions"));
        !(fields.is_empty() && expressions.is_empty())
            && fields.iter().all(|r| holds(r, Some(name)))
            && expressions.iter().all(|r| holds(r, label(r)))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_select_by_labels_and_by_expressions() {
        let labels = json!({ "app": "web", "tier": "front", "weight": "7" });
        let selects = |selector: Value| matches(&selector, labels.as_object());
        let says = |operator: &str, key: &str, values: Value| {
            selects(json!({ "matchExpressions": [{ "key": key, "operator": operator, "values": values }] }))
        };
        assert!(selects(json!({})) && !selects(Value::Null));
        assert!(
            selects(json!({ "matchLabels": { "app": "web" } })) && !selects(json!({ "matchLabels": { "app": "db" } }))
        );
        assert!(says("In", "app", json!(["db", "web"])) && !says("In", "none", json!(["web"])));
        assert!(says("NotIn", "none", json!(["web"])) && !says("NotIn", "app", json!(["web"])));
        assert!(says("Exists", "tier", json!([])) && says("DoesNotExist", "none", json!([])));
        assert!(says("Gt", "weight", json!(["6"])) && !says("Lt", "weight", json!(["7"])));
        assert!(!says("Gt", "app", json!(["6"])) && !says("Like", "app", json!(["web"])));
    }

    #[test]
    fn a_node_is_meant_by_its_name_or_its_labels() {
        let node = json!({ "metadata": { "name": "one", "labels": { "disk": "ssd" } } });
        let field =
            |name: &str| json!({ "matchFields": [{ "key": "metadata.name", "operator": "In", "values": [name] }] });
        let label = json!({ "matchExpressions": [{ "key": "disk", "operator": "In", "values": ["ssd"] }] });
        let fits = |terms: Value| node_fits(&json!({ "nodeSelectorTerms": terms }), &node);
        assert!(fits(json!([field("one")])) && !fits(json!([field("two")])));
        assert!(fits(json!([field("two"), label])), "one of the terms is enough");
        assert!(!fits(json!([])) && !fits(json!([{}])), "no term means no node");
    }
}
