//! What of a template may be shown: values of the environment and of headers never, arguments without what looks secret.

use serde_json::Value;

/// What stands for a value that is not shown.
pub const HIDDEN: &str = "(hidden)";

/// Words in a flag or a key behind which a secret stands.
const TELLTALE: [&str; 11] =
    ["password", "passwd", "secret", "token", "key", "credential", "auth", "cert", "dsn", "private", "signature"];

/// A value as it may be shown at this path.
pub fn shown(path: &[String], value: &Value) -> String {
    if secret_place(path) {
        return HIDDEN.to_owned();
    }
    match value {
        Value::String(text) => word(text),
        Value::Array(items) => list(items),
        other => redacted(other),
    }
}

/// Whether the value at a path may be a secret by where it stands: `value` of a variable or a header, an annotation with
/// a telling name.
fn secret_place(path: &[String]) -> bool {
    let last = path.last().map_or("", String::as_str);
    // A label may be called `env` too; only what is below a container counts.
    let below = path.iter().skip_while(|step| !step.ends_with("ontainers"));
    let in_pairs = below.into_iter().any(|step| matches!(step.as_str(), "env" | "httpHeaders"));
    let from = path.iter().any(|step| step == "valueFrom");
    let note = path.iter().any(|step| step == "annotations") && telltale(last);
    (in_pairs && !from && last != "name") || note
}

/// A list on one line; an argument behind a telling flag is hidden too.
fn list(items: &[Value]) -> String {
    let mut words = Vec::new();
    let mut behind = false;
    for item in items {
        match item {
            Value::String(text) if behind && !text.starts_with('-') => words.push(HIDDEN.to_owned()),
            Value::String(text) => words.push(word(text)),
            other => words.push(redacted(other)),
        }
        behind = item.as_str().is_some_and(|text| text.starts_with('-') && !text.contains('=') && telltale(text));
    }
    format!("[{}]", words.join(" "))
}

/// A word without the secrets in it: what follows a telling name, and what stands before the host of an address.
fn word(text: &str) -> String {
    if let Some((name, _)) = text.split_once('=')
        && telltale(name)
    {
        return format!("{name}={HIDDEN}");
    }
    // A script may hold anything; so one with a telling name in it is not shown.
    let script = text.contains(char::is_whitespace);
    if script && text.split_whitespace().any(|part| telltale(part) && part.contains(['=', ':'])) {
        return HIDDEN.to_owned();
    }
    match text.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('@') {
            Some((user, host)) if !user.contains('/') => format!("{scheme}://{HIDDEN}@{host}"),
            _ => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

/// Anything else as JSON, with every text in it looked at.
fn redacted(value: &Value) -> String {
    fn walk(value: &Value, name: &str) -> Value {
        match value {
            Value::String(_) if name == "value" || telltale(name) => Value::String(HIDDEN.to_owned()),
            Value::String(text) => Value::String(word(text)),
            Value::Array(items) => Value::Array(items.iter().map(|item| walk(item, name)).collect()),
            Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), walk(v, k))).collect()),
            other => other.clone(),
        }
    }
    walk(value, "").to_string()
}

fn telltale(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TELLTALE.iter().any(|word| name.contains(word))
}

/// The same JSON with the values of all `env` entries hidden, wherever they stand.
pub fn without_env(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_env).collect(),
        Value::Object(fields) => {
            let veiled = fields.iter().map(|(key, value)| {
                let value = if key == "env" { hide_all(value) } else { without_env(value) };
                (key.clone(), value)
            });
            veiled.collect()
        }
        plain => plain.clone(),
    }
}

/// The entries of an `env` list without their values; where they come from stays.
fn hide_all(env: &Value) -> Value {
    let mut env = env.clone();
    for entry in env.as_array_mut().into_iter().flatten() {
        if let Some(value) = entry.get_mut("value") {
            *value = HIDDEN.into();
        }
    }
    env
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_value_of_the_environment_is_left() {
        let env = serde_json::json!([{"name": "A", "value": "hunter2"}, {"name": "B", "valueFrom": {"x": 1}}]);
        let body = serde_json::json!([{"op": "test", "value": {"spec": {"containers": [{"env": env}]}}}]);
        let shown = without_env(&body).to_string();
        assert!(!shown.contains("hunter2") && shown.contains("valueFrom"), "{shown}");
    }

    use super::*;

    #[test]
    fn addresses_keep_their_host_only() {
        assert_eq!(word("postgres://user:pw@db.example.com/x"), "postgres://(hidden)@db.example.com/x");
        assert_eq!(word("https://example.com/a@b"), "https://example.com/a@b");
        assert_eq!(word("--db-password=hunter2"), "--db-password=(hidden)");
        assert_eq!(word("registry.example.com/api:r42"), "registry.example.com/api:r42");
    }

    #[test]
    fn nested_values_are_looked_at_too() {
        let value = serde_json::json!([{"a": 1, "value": "s3cret"}, {"token": "s3cret", "port": 80}]);
        let shown = shown(&["spec".to_owned()], &value);
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("80"));
    }
}
