//! The schemas that the program prints, against what it really reads and prints.

use std::path::Path;

use crashcart::drill::{self, Simulation};
use serde_json::Value;

/// Runs the program; its exit code and what it prints.
#[expect(clippy::disallowed_types, reason = "the program itself is what is tested")]
fn crashcart(arguments: &[&str]) -> (Option<i32>, Value) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_crashcart")).args(arguments).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    (output.status.code(), serde_json::from_str(&said).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {said}")))
}

pub(super) fn schema(kind: &str) -> Value {
    let (code, schema) = crashcart(&["schema", kind]);
    assert_eq!(code, Some(0));
    schema
}

/// What does not fit, by its place. Knows as much of JSON Schema as our schemas use.
fn misfits(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#')).expect("a definition");
        wrong.extend(misfits(root, target, value, at));
    }
    if let Some(kinds) = schema["oneOf"].as_array() {
        let each: Vec<_> = kinds.iter().map(|kind| misfits(root, kind, value, at)).collect();
        if each.iter().filter(|wrong| wrong.is_empty()).count() != 1 {
            let nearest = each.into_iter().min_by_key(Vec::len);
            wrong.push(format!("{at}: fits none or several of the kinds, the nearest: {nearest:?}"));
        }
    }
    if schema.get("const").is_some_and(|only| only != value) {
        wrong.push(format!("{at}: {value} is not {}", schema["const"]));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        single => single.as_str().into_iter().collect(),
    };
    let whole = (value.is_i64() || value.is_u64()) && types.contains(&"integer");
    if !types.is_empty() && !types.contains(&type_of(value)) && !whole {
        wrong.push(format!("{at}: {} instead of {types:?}", type_of(value)));
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
        wrong.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            wrong.push(format!("{at}: no {name}"));
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        match (schema["properties"].get(name), &schema["additionalProperties"]) {
            (Some(known), _) => wrong.extend(misfits(root, known, inner, &format!("{at}.{name}"))),
            (None, Value::Bool(false)) => wrong.push(format!("{at}: {name} is not allowed")),
            (None, other) if other.is_object() => wrong.extend(misfits(root, other, inner, &format!("{at}.{name}"))),
            (None, _) => {}
        }
    }
    for (i, inner) in value.as_array().into_iter().flatten().enumerate() {
        if schema["items"].is_object() {
            wrong.extend(misfits(root, &schema["items"], inner, &format!("{at}[{i}]")));
        }
    }
    wrong
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

pub(super) fn fits(schema: &Value, value: &Value) {
    assert_eq!(misfits(schema, schema, value, ""), Vec::<String>::new());
}

#[test]
fn shipped_files_fit_the_schemas_and_mistakes_do_not() {
    let read = |file: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a file");
    let toml = |file: &str| toml::from_str::<Value>(&read(file)).expect("TOML");
    let yaml = |file: &str| serde_saphyr::from_str::<Value>(&read(file)).expect("YAML");
    fits(&schema("keymap"), &toml("keymaps/default.toml"));
    fits(&schema("theme"), &toml("themes/dark.toml"));
    fits(&schema("theme"), &toml("themes/light.toml"));
    let profile = schema("profile");
    fits(&profile, &yaml("profiles/honeydue.yaml"));
    fits(&profile, &yaml("profiles/generic.yaml"));
    let (runbook, drill) = (schema("runbook"), schema("drill"));
    for (name, text) in crashcart::runbook::FILES.iter().chain(drill::FILES) {
        let is_drill = drill::FILES.iter().any(|(_, known)| known == text);
        let value = serde_saphyr::from_str::<Value>(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        fits(if is_drill { &drill } else { &runbook }, &value);
    }
    for (kind, wrong) in [
        ("keymap", toml("tests/invalid/keymaps/unknown-command.toml")),
        ("theme", toml("tests/invalid/themes/unknown-tone.toml")),
        ("profile", yaml("tests/invalid/profiles/unknown-field-of-a-role.yaml")),
        ("drill", yaml("tests/invalid/drills/F14.yaml")),
        ("runbook", yaml("tests/invalid/runbooks/act-without-verify.yaml")),
        ("runbook", yaml("tests/invalid/runbooks/unknown-layer.yaml")),
        ("runbook", yaml("tests/invalid/runbooks/unknown-ending.yaml")),
    ] {
        let schema = schema(kind);
        let found = misfits(&schema, &schema, &wrong, "");
        assert_eq!(found.len(), 1, "{kind}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_prints_what_its_schema_says() {
    let scenarios = vec![drill::find("F15").expect("a drill")];
    let options = drill::Options { scenarios, ..drill::Options::default() };
    let simulation = Simulation::start(options).await.expect("a simulation");
    let home = tempfile::tempdir().expect("a folder");
    let kubeconfig = home.path().join("kubeconfig");
    let _files = simulation.write(&kubeconfig, None).expect("a kubeconfig");
    let file = kubeconfig.to_string_lossy().into_owned();
    let run = move || crashcart(&["check", "-o", "json", "--timeout", "60s", "--kubeconfig", &file]);
    let (code, report) = tokio::task::spawn_blocking(run).await.expect("it ends");
    assert_eq!(code, Some(2), "{report:#}");
    assert!(report["findings"][0]["evidence"].as_array().is_some_and(|e| !e.is_empty()), "{report:#}");
    fits(&schema("check"), &report);
}

#[test]
fn check_says_in_the_same_form_that_there_is_no_cluster() {
    let (code, report) = crashcart(&["check", "-o", "json", "--kubeconfig", "/does/not/exist"]);
    assert_eq!(code, Some(3));
    fits(&schema("check"), &report);
}
