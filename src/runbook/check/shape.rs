//! Whether a value fits a JSON Schema, as far as the schemas of results go.

use serde_json::{Map, Value};

/// What does not fit, by its place; empty: all does.
pub(super) fn misfits(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Shape { root: schema }.look(schema, value, "result", &mut found);
    found
}

struct Shape<'a> {
    root: &'a Value,
}

impl Shape<'_> {
    fn look(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.root.pointer(reference.trim_start_matches('#')).expect(reference);
            return self.look(target, value, at, found);
        }
        // An optional field that is there: what it is beside null.
        if let Some(either) = schema["anyOf"].as_array() {
            let inner = either.iter().find(|s| s["type"] != "null").expect("something beside null");
            return self.look(inner, value, at, found);
        }
        if let Some(words) = schema["enum"].as_array() {
            let fits = words.contains(value);
            found.extend((!fits).then(|| format!("{at}: {value} is not one of {words:?}")));
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => panic!("{at}: no type in {schema}"),
        };
        if !types.iter().any(|t| is(t, value)) {
            found.push(format!("{at}: {value} is not {types:?}"));
        }
        if let Some(items) = value.as_array() {
            for item in items {
                self.look(&schema["items"], item, &format!("{at}[]"), found);
            }
        }
        if let Some(object) = value.as_object() {
            self.object(schema, object, at, found);
        }
    }

    fn object(&self, schema: &Value, object: &Map<String, Value>, at: &str, found: &mut Vec<String>) {
        for (name, value) in object {
            match schema["properties"].get(name) {
                Some(inner) => self.look(inner, value, &format!("{at}.{name}"), found),
                None => found.push(format!("{at}.{name} is not in the schema")),
            }
        }
        let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
        let missing = required.iter().filter_map(Value::as_str).filter(|name| !object.contains_key(*name));
        found.extend(missing.map(|name| format!("{at}.{name} is missing")));
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other}"),
    }
}
