//! What expressions can speak of.

use std::collections::HashMap;
use std::sync::Arc;

use cel::objects::{Key, Map};
use cel::{Context, Value};

use super::ENV;

/// What expressions can speak of: `result`, the results of earlier steps by their ids (`-` written `_`), `subject`,
/// `findings`. To be made once for a look and used for all expressions of a step.
///
/// A field that is null is absent: `has(result.x)` tells whether it is there.
pub struct Scope {
    context: Context<'static, 'static>,
}

impl Scope {
    /// With nothing in it.
    pub fn new() -> Self {
        Self { context: Context::with_env(Arc::clone(&ENV)) }
    }

    /// Adds or replaces a variable; a step's id may be given as it is.
    pub fn set(&mut self, name: &str, value: &serde_json::Value) {
        self.context.add_variable_from_value(variable(name), cel(value));
    }

    /// The same, to be chained.
    #[must_use]
    pub fn with(mut self, name: &str, value: &serde_json::Value) -> Self {
        self.set(name, value);
        self
    }

    pub(super) const fn context(&self) -> &Context<'static, 'static> {
        &self.context
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scope")
    }
}

/// What a step is called in expressions: `-` would be a minus there.
pub(in crate::runbook) fn variable(step: &str) -> String {
    step.replace('-', "_")
}

fn cel(value: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Value::Int(int),
            (None, Some(uint)) => Value::UInt(uint),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::String(Arc::new(text.clone())),
        Json::Array(list) => Value::List(Arc::new(list.iter().map(cel).collect())),
        Json::Object(fields) => {
            let there = fields.iter().filter(|(_, value)| !value.is_null());
            let map: HashMap<Key, Value> =
                there.map(|(name, value)| (Key::String(Arc::new(name.clone())), cel(value))).collect();
            Value::Map(Map { map: Arc::new(map) })
        }
    }
}

/// The JSON of a value, where there is one.
pub(super) fn json(value: &Value) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(bool) => (*bool).into(),
        Value::Int(number) => (*number).into(),
        Value::UInt(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::String(text) => text.as_str().into(),
        Value::List(list) => Json::Array(list.iter().map(json).collect::<Option<_>>()?),
        Value::Map(map) => {
            let fields = map.map.iter().map(|(key, value)| Some((key.to_string(), json(value)?)));
            Json::Object(fields.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
