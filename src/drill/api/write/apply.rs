//! Server-side apply: a manager says all that it wants of an object. What it said before and says no more goes, unless
//! somebody else wants it; what somebody else wants otherwise is a conflict.

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::backend::Backend;
use super::super::failure::{Cause, Failure};
use super::super::look::Look;
use super::super::render::Renderer;
use super::super::view;
use super::change::{self, Part, Wanted, named_alike};
use super::fields::{FieldSet, Spot, changes, merge, prune, said};
use super::managed::{Entry, Managers, Operation};
use super::{Write, create, validation};

/// The manager that used to apply by itself, and the annotation in which it kept what it said last.
const KUBECTL: &str = "kubectl";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Whether a patch is one of these.
pub(super) fn is_meant(write: &Write<'_>) -> bool {
    write.call.media() == "application/apply-patch+yaml"
}

pub(super) fn apply(
    backend: &mut dyn Backend,
    write: &Write<'_>,
    out: &Renderer,
    part: Part,
) -> Result<Answer, Failure> {
    let mut wanted = read(write)?;
    limit(&mut wanted, write, part);
    let Some(current) = backend.store().get(write.res, write.namespace, write.name) else {
        return make(backend, write, out, wanted, part);
    };
    let live = view::show(write.def, current.clone());
    let given = wanted.text("metadata.uid");
    if !given.is_empty() && given != live.text("metadata.uid") {
        return Err(write.conflict(&change::other_uid(given, live.text("metadata.uid"))));
    }
    let now = backend.now();
    let spot = Spot::whole(write.def.custom);
    let mut managers = Managers::of(&live);
    if managers.0.is_empty() {
        managers.0.push(Entry::before_first_apply(write, &live, now));
    }
    let own = Entry::own(write, Operation::Apply);
    let once = managers.0.iter().find(|e| e.is(&own)).map(|e| e.fields.clone()).unwrap_or_default();
    let fields = said(&wanted, spot).without_identity();
    managers.change(own.clone(), now, |known| *known = fields);
    let mut merged = Value::clone(&live);
    merge(&mut merged, &wanted, spot);
    prune(&mut merged, &once, &managers.all(), spot);
    let touched = changes(&live, &merged, spot).without_identity();
    let by_kubectl = write.call.query.text("fieldManager") == KUBECTL;
    if !write.call.query.flag("force") {
        let own_before = if by_kubectl { last_applied(&live, spot) } else { FieldSet::default() };
        refuse_conflicts(&managers, &own, &touched.set, &own_before)?;
    }
    if by_kubectl && live.at("metadata.annotations").get(LAST_APPLIED).is_some() {
        merged["metadata"]["annotations"][LAST_APPLIED] = format!("{wanted}\n").into();
    }
    managers.disown(&touched, &own);
    managers.store(&mut merged);
    let object = view::store(write.def, merged);
    let done = change::carry_out(backend, write, &current, Wanted { object, part, accounted: true })?;
    Ok(out.one(&view::show(write.def, done), now))
}

/// An object that nobody has made yet is made.
fn make(
    backend: &mut dyn Backend,
    write: &Write<'_>,
    out: &Renderer,
    wanted: Value,
    part: Part,
) -> Result<Answer, Failure> {
    if part == Part::Status {
        return Err(Failure::not_found(write.def, write.name));
    }
    if !wanted.text("metadata.uid").is_empty() {
        let why = format!(
            "uid mismatch: the provided object specified uid {}, and no existing object was found",
            wanted.text("metadata.uid")
        );
        return Err(write.conflict(&why));
    }
    let mut managers = Managers::default();
    let fields = said(&wanted, Spot::whole(write.def.custom)).without_identity();
    managers.change(Entry::own(write, Operation::Apply), backend.now(), |known| *known = fields);
    create::make(backend, write, out, wanted, |object| managers.store(object))
}

/// What the request says, checked.
fn read(write: &Write<'_>) -> Result<Value, Failure> {
    if write.call.query.text("fieldManager").is_empty() {
        let cause = Cause::required("fieldManager", "is required for apply patch");
        return Err(Failure::invalid("meta.k8s.io", "PatchOptions", "", &[cause]));
    }
    let unreadable = |why: String| Failure::bad_request(format!("error decoding YAML: {why}"));
    let text = str::from_utf8(&write.call.body).map_err(|e| unreadable(e.to_string()))?;
    let wanted: Value =
        serde_json::from_str(text).or_else(|_| serde_saphyr::from_str(text)).map_err(|e| unreadable(e.to_string()))?;
    if !wanted.is_object() {
        return Err(unreadable("json: cannot unmarshal into Go value of type map[string]interface {}".to_owned()));
    }
    if wanted.has("metadata.managedFields") {
        return Err(Failure::bad_request("metadata.managedFields must be nil"));
    }
    let (kind, version) = (wanted.text("kind"), wanted.text("apiVersion"));
    if kind != write.def.kind || version != write.def.api_version() {
        let (asked, def) = (write.def.api_version(), write.def);
        let message = format!(
            "the API version in the data ({version}) and kind ({kind}) do not match the expected {asked}, Kind={}",
            def.kind
        );
        return Err(Failure::bad_request(message));
    }
    let mut wanted = wanted;
    if wanted.text("metadata.name").is_empty() {
        wanted["metadata"]["name"] = write.name.into();
    }
    named_alike(write, &wanted)?;
    validation::applied(write, &wanted)?;
    Ok(wanted)
}

/// Leaves of what is wanted only the part that this request may write.
fn limit(wanted: &mut Value, write: &Write<'_>, part: Part) {
    let Some(fields) = wanted.as_object_mut() else { return };
    match part {
        Part::Object if write.def.subresource("status").is_some() => {
            fields.remove("status");
        }
        Part::Object => {}
        Part::Status => {
            fields.retain(|field, _| matches!(field.as_str(), "kind" | "apiVersion" | "metadata" | "status"));
            if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.retain(|field, _| matches!(field.as_str(), "name" | "namespace" | "resourceVersion" | "uid"));
            }
        }
    }
}

/// The fields that kubectl applied when it did so by itself: it may take them over without asking.
fn last_applied(live: &Value, spot: Spot<'_>) -> FieldSet {
    let text = live.at("metadata.annotations").get(LAST_APPLIED).and_then(Value::as_str);
    let config: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
    config.map(|config| said(&config, spot).without_identity()).unwrap_or_default()
}

/// What others want otherwise, unless all of it was one's own before.
fn refuse_conflicts(managers: &Managers, own: &Entry, set: &FieldSet, own_before: &FieldSet) -> Result<(), Failure> {
    let mut conflicts: Vec<(String, String)> = Vec::new();
    let mut foreign = false;
    for other in managers.0.iter().filter(|e| !e.is(own)) {
        let mut fields = other.fields.intersection(set);
        conflicts.extend(fields.paths().into_iter().map(|path| (other.in_words(), path)));
        fields.subtract(own_before);
        foreign |= !fields.is_empty();
    }
    if !foreign {
        return Ok(());
    }
    let told = match conflicts.as_slice() {
        [(manager, path)] => format!("Apply failed with 1 conflict: conflict with {manager}: {path}"),
        all => format!("Apply failed with {} conflicts: {}", all.len(), by_manager(all)),
    };
    let cause = |(manager, path): &(String, String)| json!({"reason": "FieldManagerConflict", "message": format!("conflict with {manager}"), "field": path});
    let causes: Vec<_> = conflicts.iter().map(cause).collect();
    Err(Failure::new(409, "Conflict", told, json!({"causes": causes})))
}

fn by_manager(conflicts: &[(String, String)]) -> String {
    let mut managers: Vec<_> = conflicts.iter().map(|(manager, _)| manager).collect();
    managers.sort_unstable();
    managers.dedup();
    let mut lines = Vec::new();
    for manager in managers {
        lines.push(format!("conflicts with {manager}:"));
        lines.extend(conflicts.iter().filter(|(m, _)| m == manager).map(|(_, path)| format!("- {path}")));
    }
    lines.join("\n")
}
