//! JSON Schema of a runbook, for editors: which fields each kind of step has, which checks and actions there are.

use schemars::SchemaGenerator;
use serde_json::{Map, Value as Json, json};

use super::check::{CHECKS, Check, ParamKind};
use super::format::{Answer, Branch, Ending, Kind, Person, SubjectRule, Then};
use crate::action::{ACTIONS, ParamKind as ActionParam};

/// JSON Schema (draft 2020-12) of a runbook's file.
pub fn schema() -> Json {
    let mut generator = SchemaGenerator::default();
    let words = json!({ "type": "array", "items": { "type": "string" } });
    let properties = json!({
        "id": text("the catalogue's id, or the team's own; the file has the same name"),
        "title": text("one line: `Some users see 502`"),
        "kind": part::<Kind>(&mut generator, "how people come to it"),
        "layer": { "enum": ["edge", "dns", "node", "control", "network", "workload", "outside"] },
        "said": described(&words, "what users say, word by word; the search looks here"),
        "findings": described(&words, "findings that lead here, by id"),
        "subject": part::<SubjectRule>(&mut generator, "what the tree is about when it was not opened on something"),
        "start": text("the first step"),
        "steps": {
            "type": "object",
            "additionalProperties": { "oneOf": steps(&mut generator) },
            "description": "the steps by their ids: lower-case words with - between them",
        },
    });
    let mut schema = object(&properties, &["id", "title", "kind", "layer", "start", "steps"]);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("crashcart runbook");
    let mut definitions = generator.take_definitions(true);
    definitions.extend(CHECKS.iter().map(|check| (format!("result of {}", check.name), result(check))));
    schema["$defs"] = Json::Object(definitions);
    schema
}

/// The fields of a check's result, for those who write conditions. Its references are its own, hence the id.
fn result(check: &Check) -> Json {
    let mut schema = (check.schema)().to_value();
    schema["$id"] = json!(format!("urn:crashcart:result:{}", check.name));
    schema
}

/// One schema for each kind of step.
fn steps(generator: &mut SchemaGenerator) -> Vec<Json> {
    let then = part::<Then>(generator, "where it leads");
    let branches = json!({ "type": "array", "items": part::<Branch>(generator, "a way on"), "minItems": 1 });
    let answers = json!({ "type": "array", "items": part::<Answer>(generator, "an answer"), "minItems": 1 });
    let verify = object(
        &json!({ "check": check(), "with": with(), "until": cel("over the check's result"), "within": duration() }),
        &["check", "until", "within"],
    );
    let attach = json!({ "type": "array", "items": { "type": "string" }, "description": "what to attach, in words" });
    vec![
        step(json!({ "check": check(), "with": with(), "branches": branches }), &["check", "branches"]),
        step(json!({ "act": act(), "with": with(), "verify": verify, "then": then }), &["act", "verify", "then"]),
        step(json!({ "ask": part::<Person>(generator, "whom"), "answers": answers }), &["ask", "answers"]),
        step(
            json!({
                "until": check(), "with": with(), "holds": cel("over the check's result"),
                "for": duration(), "within": duration(), "then": then,
            }),
            &["until", "holds", "for", "within", "then"],
        ),
        step(json!({ "note": text("what to do elsewhere, in full"), "go": text("the next step") }), &["note", "go"]),
        step(
            json!({
                "end": part::<Ending>(generator, "how"), "say": text("what it means, and what is left to do"),
                "to": text("whom to tell"), "attach": attach,
            }),
            &["end", "say"],
        ),
    ]
}

fn step(own: Json, required: &[&str]) -> Json {
    let mut properties = Map::new();
    properties.insert("title".to_owned(), text("the question, or what is done; {{ CEL }} is replaced"));
    properties.insert("why".to_owned(), text("why this step, and what its answers mean"));
    if let Json::Object(own) = own {
        properties.extend(own);
    }
    object(&Json::Object(properties), &[&["title"], required].concat())
}

fn check() -> Json {
    let params = |params: &[super::check::Param]| {
        let one = |p: &super::check::Param| match p.kind {
            ParamKind::Role => format!("{}: ROLE", p.name),
            ParamKind::Reference => format!("{}: CEL that gives an object", p.name),
            ParamKind::Number => format!("{}: NUMBER", p.name),
        };
        params.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let about = CHECKS.iter().map(|c| line(c.name, c.summary, &params(c.params)));
    let names: Vec<&str> = CHECKS.iter().map(|c| c.name).collect();
    json!({ "enum": names, "description": about.collect::<Vec<_>>().join("\n") })
}

fn act() -> Json {
    let params = |params: &[crate::action::ParamSpec]| {
        let one = |p: &crate::action::ParamSpec| match p.kind {
            ActionParam::Reference(_) => format!("{}: CEL that gives an object", p.name),
            ActionParam::Number => format!("{}: NUMBER", p.name),
        };
        params.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let about = ACTIONS.iter().map(|a| line(a.name, a.summary, &params(a.params)));
    let names: Vec<&str> = ACTIONS.iter().map(|a| a.name).collect();
    json!({ "enum": names, "description": about.collect::<Vec<_>>().join("\n") })
}

fn line(name: &str, summary: &str, params: &str) -> String {
    if params.is_empty() { format!("{name}: {summary}") } else { format!("{name}: {summary}; with {{ {params} }}") }
}

fn with() -> Json {
    json!({
        "type": "object",
        "additionalProperties": { "type": ["string", "integer"] },
        "description": "its parameters: a role's name, a number, or CEL such as `subject` or `STEP.unready`",
    })
}

fn cel(about: &str) -> Json {
    text(&format!("CEL {about}"))
}

fn duration() -> Json {
    text("a duration: 30s, 15m, 1h30m")
}

fn text(about: &str) -> Json {
    json!({ "type": "string", "description": about })
}

fn part<T: schemars::JsonSchema>(generator: &mut SchemaGenerator, about: &str) -> Json {
    described(&generator.subschema_for::<T>().to_value(), about)
}

fn described(schema: &Json, about: &str) -> Json {
    let mut schema = schema.clone();
    schema["description"] = json!(about);
    schema
}

fn object(properties: &Json, required: &[&str]) -> Json {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
