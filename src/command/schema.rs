//! `crashcart schema`, `completions` and `man`: what other programs need to know of this one.

use std::io::Write;

use clap::CommandFactory;
use schemars::generate::SchemaSettings;
use schemars::schema_for;
use serde_json::{Value, json};

use super::check::Report;
use crate::cli::{Cli, Options, SchemaArgs, SchemaKind, exit};
use crate::config::Profile;
use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::drill::Scenario;
use crate::runbook;

/// Runs the command; the exit code of the program.
pub fn run(_options: &Options, args: SchemaArgs) -> anyhow::Result<u8> {
    let schema = match args.kind {
        SchemaKind::Runbook => runbook::schema(),
        SchemaKind::Drill => schema_for!(Scenario).to_value(),
        SchemaKind::Profile => schema_for!(Profile).to_value(),
        SchemaKind::Keymap => keymap(),
        SchemaKind::Theme => theme(),
        SchemaKind::Journal => crate::incident::schema().to_value(),
        SchemaKind::Check => check(),
    };
    super::say(serde_json::to_string_pretty(&schema)?)?;
    Ok(exit::DONE)
}

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn keymap() -> Value {
    let commands: Vec<&str> = Command::ALL.iter().map(|c| c.name()).collect();
    let keys = json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
    let binding = json!({ "on": keys, "run": { "enum": commands }, "desc": { "type": "string" } });
    let bindings = json!({ "bindings": { "type": "array", "items": object(&binding, &["on", "run"]) } });
    let section = object(&bindings, &["bindings"]);
    let mut properties = serde_json::Map::from_iter([("inherits".to_owned(), json!({ "type": "string" }))]);
    properties.extend(Mode::ALL.iter().map(|mode| (mode.name().to_owned(), section.clone())));
    titled("crashcart keymap", object(&Value::Object(properties), &[]))
}

fn theme() -> Value {
    let colour =
        json!({ "type": "string", "description": "a name of the palette, #rrggbb or one of the sixteen colours" });
    let mods = json!({ "type": "array", "items": { "enum": ["bold", "dim", "italic", "underline", "reverse"] } });
    let line = object(&json!({ "fg": colour, "bg": colour, "mods": mods }), &[]);
    let tones: serde_json::Map<_, _> = Tone::ALL.iter().map(|tone| (tone.name().to_owned(), line.clone())).collect();
    let palette = json!({ "type": "object", "additionalProperties": colour });
    let properties =
        json!({ "inherits": { "type": "string" }, "palette": palette, "tones": object(&Value::Object(tones), &[]) });
    titled("crashcart theme", object(&properties, &[]))
}

/// The output of `crashcart check -o json`. Fields may be added, so others are not forbidden.
fn check() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<Report>().to_value()
}

fn titled(title: &str, mut schema: Value) -> Value {
    schema["$schema"] = json!(DIALECT);
    schema["title"] = json!(title);
    schema
}

/// Prints completions for a shell.
pub fn completions(shell: clap_complete::Shell) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "crashcart", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(exit::DONE)
}

/// Prints the man page.
pub fn man() -> anyhow::Result<u8> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    std::io::stdout().write_all(&page)?;
    Ok(exit::DONE)
}
