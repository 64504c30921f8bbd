//! What is checked of a pod's spec, in a pod or in a template.

use serde_json::Value;

use super::super::failure::Cause;
use super::super::look::Look;

/// Every container has a name of its own and an image.
pub(super) fn containers(field: &str, spec: &Value, causes: &mut Vec<Cause>) {
    if spec.items("containers").is_empty() {
        causes.push(Cause::required(format!("{field}.containers"), ""));
    }
    for list in ["containers", "initContainers"] {
        let items = spec.items(list);
        for (index, container) in items.iter().enumerate() {
            let at = format!("{field}.{list}[{index}]");
            let name = container.text("name");
            if name.is_empty() {
                causes.push(Cause::required(format!("{at}.name"), ""));
            } else if items.iter().take(index).any(|other| other.text("name") == name) {
                causes.push(Cause::duplicate(format!("{at}.name"), name));
            }
            if container.text("image").is_empty() {
                causes.push(Cause::required(format!("{at}.image"), ""));
            }
        }
    }
}

/// Whether a pod's spec may become another: hardly anything of it may change.
pub(super) fn may_become(before: &Value, after: &Value) -> bool {
    let kept = before.items("tolerations").iter().all(|t| after.items("tolerations").contains(t));
    kept && fixed(before) == fixed(after)
}

/// A pod's spec without what may change.
fn fixed(spec: &Value) -> Value {
    let mut spec = spec.clone();
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("activeDeadlineSeconds");
        spec.remove("tolerations");
        for list in ["containers", "initContainers"] {
            let containers = spec.get_mut(list).and_then(Value::as_array_mut);
            for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
                container.remove("image");
            }
        }
    }
    spec
}
