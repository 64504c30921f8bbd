//! Fields that a kind does not have, and fields that are there twice: refused, told as a warning, or let pass, as the
//! request asks (`fieldValidation`).

mod duplicates;
mod typed;

use serde_json::Value;

use super::super::failure::{Cause, Failure};
use super::Write;
use crate::drill::store::ResourceDef;

/// What is done about such fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strictness {
    Ignore,
    Warn,
    Strict,
}

/// Checks a whole object as a request brings it, and takes out the fields that its kind does not have.
pub(super) fn whole(write: &Write<'_>, object: &mut Value) -> Result<(), Failure> {
    let def = write.def;
    let unreadable = |why: String| {
        Failure::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {why}",
            def.kind, def.version, def.kind
        ))
    };
    let mut found = twice(write);
    let unknown = typed::unknown(def, object).map_err(|e| unreadable(format!("json: {e}")))?;
    for path in &unknown {
        remove(object, path);
    }
    found.extend(unknown.iter().map(|path| format!("unknown field {path:?}")));
    deal_with(write, found, |found| unreadable(format!("strict decoding error: {}", found.join(", "))))
}

/// Checks what a patch has made of an object; `told` is how the server repeats the patch.
pub(super) fn patched(write: &Write<'_>, before: &Value, after: &mut Value, told: String) -> Result<(), Failure> {
    let known = typed::unknown(write.def, before).unwrap_or_default();
    let mut unknown = typed::unknown(write.def, after).unwrap_or_default();
    unknown.retain(|path| !known.contains(path));
    for path in &unknown {
        remove(after, path);
    }
    let mut found = twice(write);
    found.extend(unknown.iter().map(|path| format!("unknown field {path:?}")));
    deal_with(write, found, |found| {
        let message = format!("strict decoding error: {}", found.join(", "));
        Failure::invalid("", "", "", &[Cause::invalid("patch", told, &message)])
    })
}

/// Checks what somebody applies: there a field that does not exist cannot even be owned.
pub(super) fn applied(write: &Write<'_>, wanted: &Value) -> Result<(), Failure> {
    let def = write.def;
    let why = match typed::unknown(def, wanted) {
        Err(e) => format!(".: {e}"),
        Ok(unknown) => match unknown.first() {
            Some(path) => format!(".{path}: field not declared in schema"),
            None => return Ok(()),
        },
    };
    let (space, name, version, kind) = (write.namespace, write.name, def.api_version(), def.kind);
    let told = format!("failed to create typed patch object ({space}/{name}; {version}, Kind={kind}): {why}");
    Err(Failure::internal(told))
}

fn twice(write: &Write<'_>) -> Vec<String> {
    let fields = duplicates::find(&write.call.body);
    fields.into_iter().map(|path| format!("duplicate field {path:?}")).collect()
}

fn deal_with(write: &Write<'_>, found: Vec<String>, refuse: impl FnOnce(&[String]) -> Failure) -> Result<(), Failure> {
    match strictness(write)? {
        Strictness::Strict if !found.is_empty() => Err(refuse(&found)),
        Strictness::Warn => {
            write.warnings.borrow_mut().extend(found);
            Ok(())
        }
        Strictness::Ignore | Strictness::Strict => Ok(()),
    }
}

fn strictness(write: &Write<'_>) -> Result<Strictness, Failure> {
    match write.call.query.text("fieldValidation") {
        "" | "Warn" => Ok(Strictness::Warn),
        "Ignore" => Ok(Strictness::Ignore),
        "Strict" => Ok(Strictness::Strict),
        other => {
            let cause = Cause::unsupported("fieldValidation", other, &["", "Ignore", "Strict", "Warn"]);
            Err(Failure::invalid("meta.k8s.io", super::options::kind(write.call), "", &[cause]))
        }
    }
}

/// Takes out a field named as messages name it: `spec.containers[0].bogus`.
fn remove(object: &mut Value, path: &str) {
    let pointer: String = path.replace(['[', '.'], "/").replace(']', "");
    let (parent, field) = pointer.rsplit_once('/').unwrap_or(("", &pointer));
    let parent = if parent.is_empty() { String::new() } else { format!("/{parent}") };
    if let Some(map) = object.pointer_mut(&parent).and_then(Value::as_object_mut) {
        map.remove(field);
    }
}

/// Whether the fields of a kind are known.
fn is_described(def: &ResourceDef) -> bool {
    !def.custom && def.stored()
}
