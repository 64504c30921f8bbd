//! The settings of the zone.

use serde_json::{Value, json};

use super::Call;
use super::envelope::{Answer, Fault};
use crate::drill::store::stamp;
use crate::drill::world::{Setting, World};

/// Settings with other values than `on` and `off`.
const CHOICES: [(&str, &[&str]); 3] = [
    ("ssl", &["off", "flexible", "full", "strict"]),
    ("security_level", &["off", "essentially_off", "low", "medium", "high", "under_attack"]),
    ("min_tls_version", &["1.0", "1.1", "1.2", "1.3"]),
];

/// All of them.
pub fn list(world: &World) -> Answer {
    let settings = world.outside.zone.settings.iter();
    Answer::of(settings.map(|(name, setting)| describe(name, setting)).collect())
}

/// One.
///
/// # Errors
/// When there is none of that name.
pub fn read(world: &World, name: &str) -> Result<Answer, Fault> {
    let setting = world.outside.zone.settings.get(name).ok_or_else(|| unknown(name))?;
    Ok(Answer::of(describe(name, setting)))
}

/// One, changed.
///
/// # Errors
/// When there is none of that name, or it cannot have that value.
pub fn change(world: &mut World, call: &Call<'_>, name: &str) -> Result<Answer, Fault> {
    read(world, name)?;
    let body = call.object()?;
    let value = body.get("value").filter(|value| allowed(name, value)).cloned();
    let value = value.ok_or_else(|| Fault::new(400, 1007, &format!("Invalid value for zone setting {name}")))?;
    let now = world.now();
    let set = world.outside.zone.set(name, value, call.actor.clone(), now).ok_or_else(|| unknown(name))?;
    Ok(Answer::of(describe(name, &set)))
}

fn allowed(name: &str, value: &Value) -> bool {
    if name == "challenge_ttl" {
        return value.as_u64().is_some_and(|seconds| (300..=31_536_000).contains(&seconds));
    }
    let choices = CHOICES.iter().find(|(setting, _)| *setting == name).map_or(&["on", "off"][..], |(_, all)| all);
    value.as_str().is_some_and(|value| choices.contains(&value))
}

fn unknown(name: &str) -> Fault {
    Fault::new(400, 1006, &format!("Undefined zone setting: {name}"))
}

fn describe(name: &str, setting: &Setting) -> Value {
    json!({ "id": name, "value": setting.value, "editable": true, "modified_on": setting.changed.map(stamp) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_their_values_and_no_others() {
        for (name, value, fits) in [
            ("ssl", json!("strict"), true),
            ("ssl", json!("on"), false),
            ("security_level", json!("under_attack"), true),
            ("development_mode", json!("on"), true),
            ("development_mode", json!(true), false),
            ("challenge_ttl", json!(3600), true),
            ("challenge_ttl", json!(3), false),
        ] {
            assert_eq!(allowed(name, &value), fits, "{name} {value}");
        }
    }
}
