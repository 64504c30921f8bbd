//! Deletions.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::backend::Backend;
use super::super::call::Place;
use super::super::failure::{Failure, about};
use super::super::look::Look;
use super::super::render::Renderer;
use super::super::{read, view};
use super::Write;
use super::options::DeleteOptions;

pub(super) fn delete(backend: &mut dyn Backend, write: &Write<'_>, out: &Renderer) -> Result<Answer, Failure> {
    let options = DeleteOptions::of(write.call)?;
    let current = write.current(backend)?;
    let (object, gone) = let_go(backend, write, &current, &options)?;
    // Of what is gone there is only its name to tell, but for pods.
    if !gone || write.def.kind == "Pod" {
        return Ok(out.one(&view::show(write.def, object), backend.now()));
    }
    let mut details = about(write.def.group, write.def.plural, Some(write.name));
    details["uid"] = current["metadata"]["uid"].clone();
    Ok(Answer::json(
        200,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}),
    ))
}

/// Wishes an object to go: as it is then, and whether it is gone.
pub(super) fn let_go(
    backend: &mut dyn Backend,
    write: &Write<'_>,
    current: &Value,
    options: &DeleteOptions,
) -> Result<(Arc<Value>, bool), Failure> {
    preconditions(write, current, options)?;
    let now = backend.now();
    if options.dry_run {
        let fate = options.wish.fate(write.res, current, now);
        return Ok((Arc::new(fate.object), fate.gone));
    }
    let done = backend.store().delete(write.res, write.namespace, write.name, options.wish, now);
    done.ok_or_else(|| Failure::not_found(write.def, write.name))
}

pub(super) fn preconditions(write: &Write<'_>, current: &Value, options: &DeleteOptions) -> Result<(), Failure> {
    let conflict = |why: &str| Err(Failure::conflict(write.def.group, write.def.kind, write.name, why));
    let (uid, revision) = (current.text("metadata.uid"), current.text("metadata.resourceVersion"));
    if !options.uid.is_empty() && options.uid != uid {
        return conflict(&format!(
            "the UID in the precondition ({}) does not match the UID in record ({uid}). The object might have been \
             deleted and then recreated",
            options.uid
        ));
    }
    if !options.revision.is_empty() && options.revision != revision {
        return conflict(&format!(
            "the ResourceVersion in the precondition ({}) does not match the ResourceVersion in record ({revision}). \
             The object might have been modified",
            options.revision
        ));
    }
    Ok(())
}

/// Everything that a selector selects.
pub(super) fn delete_all(
    backend: &mut dyn Backend,
    write: &Write<'_>,
    place: &Place,
    out: &Renderer,
) -> Result<Answer, Failure> {
    let options = DeleteOptions::of(write.call)?;
    let mut listing = read::list(backend, write.res, place, write.call)?;
    for object in &listing.objects {
        let (namespace, name) = (object.text("metadata.namespace"), object.text("metadata.name"));
        let one = Write { namespace, name, ..*write };
        // Somebody else may have been faster.
        let _ = let_go(backend, &one, object, &options);
    }
    let revision = backend.store().revision();
    listing.metadata["resourceVersion"] = revision.to_string().into();
    Ok(out.list(&listing.objects, &listing.metadata, backend.now()))
}
