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

/// What there is to know of a whole runbook, made once.
pub(super) struct Facts<'a> {
    pub(super) book: &'a Book,
    pub(super) ways: &'a Ways<'a>,
    pub(super) checks: &'a [Check],
    /// By the checks' names.
    results: BTreeMap<&'static str, Known>,
    subject: Known,
    findings: Known,
    /// Of a check that there is not.
    nothing: Known,
}

impl<'a> Facts<'a> {
    pub(super) fn of(book: &'a Book, ways: &'a Ways<'a>, checks: &'a [Check]) -> Self {
        let results = checks
            .iter()
            .map(|check| (check.name, Known { schema: (check.schema)().to_value(), examples: (check.examples)() }));
        let nothing = Known { schema: json!({}), examples: Vec::new() };
        let results = results.collect();
        Self { book, ways, checks, results, subject: subject(), findings: findings(), nothing }
    }

    fn result(&self, check: &str) -> &Known {
        self.results.get(check).unwrap_or(&self.nothing)
    }
}

/// All variables at one place.
pub(super) struct Variables<'a> {
    facts: &'a Facts<'a>,
    step: &'a str,
    own: bool,
    pub(super) all: BTreeMap<String, &'a Known>,
}

impl<'a> Variables<'a> {
    pub(super) fn at(site: &Site<'_>, step: &'a str, facts: &'a Facts<'a>) -> Self {
        let Facts { book, ways, .. } = facts;
        let mut all = BTreeMap::from([("findings".to_owned(), &facts.findings)]);
        all.extend(site.own.map(|check| ("result".to_owned(), facts.result(check))));
        all.extend(has_subject(book).then(|| ("subject".to_owned(), &facts.subject)));
        for (id, earlier) in &book.steps {
            let Some(check) = check_of(earlier) else { continue };
            // A text may speak of a step that was perhaps not visited: there is a `?` then.
            if ways.always(id, step) || site.want == Want::Text && id != step && ways.sometimes(id, step) {
                all.insert(variable(id), facts.result(check));
            }
        }
        Self { facts, step, own: site.own.is_some(), all }
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
        let Some((id, step)) = self.facts.book.steps.iter().find(|(id, _)| variable(id) == name) else {
            return (format!("nothing is called {name}"), suggest(name, self.all.keys().map(String::as_str)));
        };
        if check_of(step).is_none() {
            return (format!("step {id:?} has no result"), "only check and until steps have one".to_owned());
        }
        if id == self.step {
            return (format!("{name} is this step itself"), "write result".to_owned());
        }
        if self.facts.ways.sometimes(id, self.step) {
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
