//! What an expression can speak of at its place, with the shape and examples of each.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::sites::{Site, Want};
use super::ways::Ways;
use crate::config::source::suggest;
use crate::runbook::cel::variable;
use crate::runbook::check::Check;
use crate::runbook::{Book, Step, What};

/// One variable.
pub(super) struct Known {
    /// JSON Schema of it; empty when nothing is known of its shape.
    pub(super) schema: Json,
    /// The first is full; none when nothing is known.
    pub(super) examples: Vec<Json>,
}

/// All variables at one place.
pub(super) struct Variables<'a> {
    book: &'a Book,
    step: &'a str,
    ways: &'a Ways<'a>,
    own: bool,
    pub(super) all: BTreeMap<String, Known>,
}

impl<'a> Variables<'a> {
    pub(super) fn at(site: &Site<'_>, book: &'a Book, step: &'a str, ways: &'a Ways<'a>, checks: &[Check]) -> Self {
        let mut all = BTreeMap::from([("findings".to_owned(), findings())]);
        all.extend(site.own.map(|check| ("result".to_owned(), result(check, checks))));
        all.extend(has_subject(book).then(|| ("subject".to_owned(), subject())));
        for (id, earlier) in &book.steps {
            // A text may speak of a step that was perhaps not visited: there is a `?` then.
            let there = ways.always(id, step) || site.want == Want::Text && id != step && ways.sometimes(id, step);
            all.extend(check_of(earlier).filter(|_| there).map(|check| (variable(id), result(check, checks))));
        }
        Self { book, step, ways, own: site.own.is_some(), all }
    }

    /// Why there is no variable of this name, and what to do.
    pub(super) fn missing(&self, name: &str) -> (String, String) {
        if name == "result" && !self.own {
            let fix = "write STEP.field for the result of an earlier check, with _ for each -";
            return ("there is no result here".to_owned(), fix.to_owned());
        }
        if name == "subject" {
            let fix = "write subject: { role: ROLE } or findings: at the top of the file";
            return ("nothing says what the subject is".to_owned(), fix.to_owned());
        }
        let Some((id, step)) = self.book.steps.iter().find(|(id, _)| variable(id) == name) else {
            return (format!("nothing is called {name}"), suggest(name, self.all.keys().map(String::as_str)));
        };
        if check_of(step).is_none() {
            return (format!("step {id:?} has no result"), "only check and until steps have one".to_owned());
        }
        if id == self.step {
            return (format!("{name} is this step itself"), "write result".to_owned());
        }
        if self.ways.sometimes(id, self.step) {
            let fix = "check it here once more, or make a step of its own for each way";
            return (format!("not every way to step {:?} goes over {id:?}", self.step), fix.to_owned());
        }
        (format!("no way leads from step {id:?} to {:?}", self.step), "check it here once more".to_owned())
    }
}

/// The check whose result a step has.
fn check_of(step: &Step) -> Option<&str> {
    match &step.what {
        What::Check { check, .. } => Some(check),
        What::Until { until, .. } => Some(until),
        _ => None,
    }
}

fn has_subject(book: &Book) -> bool {
    book.subject.is_some() || !book.findings.is_empty()
}

fn result(check: &str, checks: &[Check]) -> Known {
    match checks.iter().find(|known| known.name == check) {
        Some(check) => Known { schema: (check.schema)().to_value(), examples: (check.examples)() },
        None => Known { schema: json!({}), examples: Vec::new() },
    }
}

fn texts(names: &[&str]) -> Json {
    let properties: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
    json!({ "type": "object", "properties": properties })
}

fn subject() -> Known {
    let example = json!({ "kind": "Deployment", "namespace": "shop", "name": "web", "uid": "5b0c6f0e" });
    Known { schema: texts(&["kind", "namespace", "name", "uid"]), examples: vec![example] }
}

fn findings() -> Known {
    let example = json!([{ "id": "F15", "severity": "critical", "confidence": "confirmed", "title": "it panics" }]);
    let schema = json!({ "type": "array", "items": texts(&["id", "severity", "confidence", "title"]) });
    Known { schema, examples: vec![example, json!([])] }
}
