//! What a server refuses to store.

use serde_json::Value;

use super::super::failure::{Cause, Failure};
use super::super::look::Look;
use super::Write;
use super::create::nameless;
use super::pod_template as template;
use crate::drill::store::ResourceDef;

const NAME: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
                    must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation \
                    is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const PODS: &str = "pod updates may not change fields other than `spec.containers[*].image`,\
                    `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to \
                    existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
                    previously negative)";

/// Checks a new object.
pub(super) fn new(def: &ResourceDef, object: &Value) -> Result<(), Failure> {
    let mut causes = Vec::new();
    name(def, object, &mut causes);
    content(def, object, &mut causes);
    verdict(def, object, &causes)
}

/// Checks a change.
pub(super) fn change(write: &Write<'_>, before: &Value, after: &Value) -> Result<(), Failure> {
    let def = write.def;
    // Not even the name of something else than an object is known.
    if !after.is_object() {
        return Err(Failure::bad_request("the object provided is unrecognized"));
    }
    let mut causes = Vec::new();
    content(def, after, &mut causes);
    if selects(def) && before.at("spec.selector") != after.at("spec.selector") {
        causes.push(Cause::invalid("spec.selector", after.at("spec.selector"), "field is immutable"));
    }
    if def.kind == "Pod" && write.subresource != "resize" && !template::may_become(before.at("spec"), after.at("spec"))
    {
        causes.push(Cause::forbidden("spec", PODS));
    }
    verdict(def, before, &causes)
}

fn verdict(def: &ResourceDef, object: &Value, causes: &[Cause]) -> Result<(), Failure> {
    if causes.is_empty() {
        return Ok(());
    }
    Err(Failure::invalid(def.group, def.kind, object.text("metadata.name"), causes))
}

fn name(def: &ResourceDef, object: &Value, causes: &mut Vec<Cause>) {
    let (name, begin) = (object.text("metadata.name"), object.text("metadata.generateName"));
    if name.is_empty() && begin.is_empty() {
        causes.push(nameless());
    } else if !name.is_empty() && def.group != "rbac.authorization.k8s.io" && !is_subdomain(name) {
        causes.push(Cause::invalid("metadata.name", format!("{name:?}"), NAME));
    }
}

/// Whether a name is made of what names are made of.
fn is_subdomain(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label = |label: &str| {
        let bytes = label.as_bytes();
        let ends = |end: Option<&u8>| end.is_some_and(|c| plain(*c));
        ends(bytes.first()) && ends(bytes.last()) && bytes.iter().all(|c| plain(*c) || *c == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Whether objects of that kind have a template and select what is made of it.
fn selects(def: &ResourceDef) -> bool {
    def.group == "apps" && ["Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"].contains(&def.kind)
}

fn content(def: &ResourceDef, object: &Value, causes: &mut Vec<Cause>) {
    if selects(def) {
        workload(object, causes);
    }
    match def.kind {
        "Pod" => template::containers("spec", object.at("spec"), causes),
        "Event" => event(def, object, causes),
        "Lease" => lease(object, causes),
        _ => {}
    }
}

fn workload(object: &Value, causes: &mut Vec<Cause>) {
    let replicas = object.int("spec.replicas");
    if replicas < 0 {
        causes.push(Cause::invalid("spec.replicas", replicas, "must be greater than or equal to 0"));
    }
    if !object.has("spec.selector") {
        causes.push(Cause::required("spec.selector", ""));
    }
    let labels = object.at("spec.template.metadata.labels");
    let mut wanted = object.entries("spec.selector.matchLabels");
    if !wanted.all(|(k, v)| labels.get(k) == Some(v)) {
        let message = "`selector` does not match template `labels`";
        causes.push(Cause::invalid("spec.template.metadata.labels", labels, message));
    }
    template::containers("spec.template.spec", object.at("spec.template.spec"), causes);
}

/// An Event lives where the object lives that it is about.
fn event(def: &ResourceDef, event: &Value, causes: &mut Vec<Cause>) {
    let (own, about) = (event.text("metadata.namespace"), event.text("involvedObject.namespace"));
    let fits = if about.is_empty() { matches!(own, "default" | "kube-system") } else { own == about };
    if !fits {
        causes.push(Cause::invalid("involvedObject.namespace", format!("{about:?}"), "does not match event.namespace"));
    }
    if def.view_of.is_none() {
        return;
    }
    if !event.has("eventTime") {
        causes.push(Cause::required("eventTime", ""));
    }
    for (field, told) in [
        ("reportingComponent", "reportingController"),
        ("reportingInstance", "reportingInstance"),
        ("action", "action"),
        ("reason", "reason"),
    ] {
        if event.text(field).is_empty() {
            causes.push(Cause::required(told, ""));
        }
    }
    let kind = event.text("type");
    if !matches!(kind, "Normal" | "Warning") {
        causes.push(Cause::invalid("type", format!("{kind:?}"), "has invalid value: "));
    }
}

fn lease(lease: &Value, causes: &mut Vec<Cause>) {
    if lease.has("spec.leaseDurationSeconds") && lease.int("spec.leaseDurationSeconds") <= 0 {
        let seconds = lease.int("spec.leaseDurationSeconds");
        causes.push(Cause::invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
    }
    if lease.has("spec.leaseTransitions") && lease.int("spec.leaseTransitions") < 0 {
        let many = lease.int("spec.leaseTransitions");
        causes.push(Cause::invalid("spec.leaseTransitions", many, "must be greater than or equal to 0"));
    }
}
