//! The `scale` of a workload: how many replicas, and nothing else.

use serde_json::Value;

use super::super::answer::Answer;
use super::super::backend::Backend;
use super::super::failure::{Cause, Failure};
use super::super::look::Look;
use super::super::read::scale_of;
use super::super::render::Renderer;
use super::change::{Part, Wanted, carry_out};
use super::patch::Patch;
use super::{Write, body};

pub(super) fn scale(backend: &mut dyn Backend, write: &Write<'_>, out: &Renderer) -> Result<Answer, Failure> {
    let current = write.current(backend)?;
    let wanted = if write.call.verb() == "patch" {
        Patch::read(write.def, write.call)?.apply(write.def, &scale_of(&current))?
    } else {
        body::read(write.call, "Scale", "autoscaling/v1")?
    };
    let replicas = replicas(write, &wanted)?;
    let revision = wanted.text("metadata.resourceVersion").to_owned();
    let mut object = Value::clone(&current);
    object["spec"]["replicas"] = replicas.into();
    object["metadata"]["resourceVersion"] = revision.into();
    let done = carry_out(backend, write, &current, Wanted { object, part: Part::Object, accounted: false })?;
    Ok(out.one(&scale_of(&done), backend.now()))
}

fn replicas(write: &Write<'_>, scale: &Value) -> Result<i64, Failure> {
    let given = scale.at("spec.replicas");
    if !given.is_null() && given.as_i64().is_none() {
        let message = format!(
            "Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal {given} into Go struct field \
             ScaleSpec.spec.replicas of type int32"
        );
        return Err(Failure::bad_request(message));
    }
    let replicas = given.as_i64().unwrap_or_default();
    if replicas < 0 {
        let cause = Cause::invalid("spec.replicas", replicas, "must be greater than or equal to 0");
        return Err(Failure::invalid("autoscaling", "Scale", write.name, &[cause]));
    }
    Ok(replicas)
}
