//! A runbook as it is written, with every field optional, so that what is missing or too much can be told with its line
//! and its remedy.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;

use super::format::{Answer, Branch, Ending, Kind, Person, SubjectRule, Then, Value};
use super::{Book, Expression, Step, Template, Verify, What};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct RawBook {
    id: String,
    title: String,
    kind: Option<Kind>,
    layer: String,
    said: Vec<String>,
    findings: Vec<String>,
    subject: Option<SubjectRule>,
    start: String,
    steps: BTreeMap<String, RawStep>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawStep {
    title: Option<Template>,
    why: Option<Template>,
    check: Option<String>,
    act: Option<String>,
    ask: Option<Person>,
    until: Option<String>,
    note: Option<Template>,
    end: Option<Ending>,
    with: Option<BTreeMap<String, Value>>,
    branches: Option<Vec<Branch>>,
    verify: Option<RawVerify>,
    then: Option<Then>,
    answers: Option<Vec<Answer>>,
    holds: Option<Expression>,
    #[serde(rename = "for")]
    lasting: Option<String>,
    within: Option<String>,
    go: Option<String>,
    say: Option<Template>,
    to: Option<String>,
    attach: Option<Vec<Template>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawVerify {
    check: Option<String>,
    with: BTreeMap<String, Value>,
    until: Option<Expression>,
    within: Option<String>,
}

/// What each kind of step needs and may have beside `title` and `why`.
const FIELDS: &[(&str, &[&str], &[&str])] = &[
    ("check", &["branches"], &["with"]),
    ("act", &["verify", "then"], &["with"]),
    ("ask", &["answers"], &[]),
    ("until", &["holds", "for", "within", "then"], &["with"]),
    ("note", &["go"], &[]),
    ("end", &["say"], &["to", "attach"]),
];

/// What to write where something is missing.
fn remedy(field: &str) -> &'static str {
    match field {
        "title" => "write title: the question, or what is done, in a few words",
        "kind" => "write kind: symptom, failure or procedure",
        "branches" => "write branches: a list of { when: CEL, say: TEXT, go: STEP }, the last with otherwise: true",
        "verify" => "write verify: { check: CHECK, until: CEL, within: 5m }, what proves that it helped",
        "then" => "write then: { worked: STEP, failed: STEP }",
        "answers" => "write answers: a list of { say: TEXT, go: STEP }",
        "holds" => "write holds: CEL over the check's result",
        "for" => "write for: 10m, how long it must hold without a break",
        "within" => "write within: 15m, when to give up",
        "go" => "write go: STEP",
        "say" => "write say: what it means and what is left to do",
        "until" => "write until: CEL over the check's result",
        _ => "write check: CHECK",
    }
}

/// Says what is wrong: path, message, remedy.
type Say<'a> = &'a mut dyn FnMut(&[&str], String, &str);

impl RawBook {
    /// The runbook, if everything that it needs is there and nothing is where it has no meaning.
    pub(super) fn finish(self, say: Say<'_>) -> Option<Book> {
        let mut steps = BTreeMap::new();
        let mut whole = true;
        for (id, step) in self.steps {
            match step.finish(&mut |path, message, fix| {
                say(&[&["steps", &id], path].concat(), format!("step {id:?} {message}"), fix);
            }) {
                Some(step) => drop(steps.insert(id, step)),
                None => whole = false,
            }
        }
        if self.kind.is_none() {
            say(&[], "the runbook has no kind".to_owned(), remedy("kind"));
        }
        let Self { id, title, layer, said, findings, subject, start, .. } = self;
        let book = Book { id, title, kind: self.kind?, layer, said, findings, subject, start, steps };
        whole.then_some(book)
    }
}

impl RawStep {
    fn finish(self, say: Say<'_>) -> Option<Step> {
        if !self.fits(say) {
            return None;
        }
        let with = self.with.unwrap_or_default();
        let what = if let Some(check) = self.check {
            What::Check { check, with, branches: self.branches? }
        } else if let Some(act) = self.act {
            What::Act { act, with, verify: self.verify?.finish(say)?, then: self.then? }
        } else if let Some(ask) = self.ask {
            What::Ask { ask, answers: self.answers? }
        } else if let Some(until) = self.until {
            let lasting = duration("for", &self.lasting?, say);
            let within = duration("within", &self.within?, say);
            What::Until { until, with, holds: self.holds?, lasting: lasting?, within: within?, then: self.then? }
        } else if let Some(note) = self.note {
            What::Note { note, go: self.go? }
        } else {
            let (to, attach) = (self.to.unwrap_or_default(), self.attach.unwrap_or_default());
            What::End { end: self.end?, say: self.say?, to, attach }
        };
        Some(Step { title: self.title?, why: self.why.unwrap_or_default(), what })
    }

    /// Whether it is one thing and has what that needs and nothing else.
    fn fits(&self, say: Say<'_>) -> bool {
        let given = self.given();
        let kinds: Vec<_> = FIELDS.iter().filter(|(kind, ..)| given.contains(kind)).collect();
        let [(kind, needed, allowed)] = kinds.as_slice() else {
            let names: Vec<&str> = kinds.iter().map(|(kind, ..)| *kind).collect();
            let message = if names.is_empty() {
                "does nothing".to_owned()
            } else {
                format!("is several things: {}", names.join(" and "))
            };
            say(&[], message, "write exactly one of check, act, ask, until, note, end");
            return false;
        };
        let mut fits = true;
        for missing in std::iter::once(&"title").chain(*needed).filter(|field| !given.contains(field)) {
            say(&[kind], format!("has no {missing:?}"), remedy(missing));
            fits = false;
        }
        let known = |field: &&&str| ["title", "why", kind].iter().chain(*needed).chain(*allowed).any(|k| k == *field);
        for useless in given.iter().filter(|field| !known(field)) {
            let all: Vec<&str> = needed.iter().chain(*allowed).copied().collect();
            let fix = format!("remove it; {kind} goes with {}", all.join(", "));
            say(&[useless], format!("has {useless:?}, which means nothing in {} step", an(kind)), &fix);
            fits = false;
        }
        fits
    }

    /// The fields that are written.
    fn given(&self) -> Vec<&'static str> {
        let fields = [
            ("title", self.title.is_some()),
            ("why", self.why.is_some()),
            ("check", self.check.is_some()),
            ("act", self.act.is_some()),
            ("ask", self.ask.is_some()),
            ("until", self.until.is_some()),
            ("note", self.note.is_some()),
            ("end", self.end.is_some()),
            ("with", self.with.is_some()),
            ("branches", self.branches.is_some()),
            ("verify", self.verify.is_some()),
            ("then", self.then.is_some()),
            ("answers", self.answers.is_some()),
            ("holds", self.holds.is_some()),
            ("for", self.lasting.is_some()),
            ("within", self.within.is_some()),
            ("go", self.go.is_some()),
            ("say", self.say.is_some()),
            ("to", self.to.is_some()),
            ("attach", self.attach.is_some()),
        ];
        fields.into_iter().filter_map(|(name, there)| there.then_some(name)).collect()
    }
}

impl RawVerify {
    fn finish(self, say: Say<'_>) -> Option<Verify> {
        let missing =
            [("check", self.check.is_none()), ("until", self.until.is_none()), ("within", self.within.is_none())];
        for (field, _) in missing.iter().filter(|(_, missing)| *missing) {
            say(&["verify"], format!("has a verify without {field:?}"), remedy(field));
        }
        let within = duration("within", &self.within?, &mut |path, message, fix| {
            say(&[&["verify"], path].concat(), message, fix);
        });
        Some(Verify { check: self.check?, with: self.with, until: self.until?, within: within? })
    }
}

fn duration(field: &str, text: &str, say: Say<'_>) -> Option<SignedDuration> {
    let read = text.parse::<SignedDuration>().ok().filter(|duration| *duration > SignedDuration::ZERO);
    if read.is_none() {
        let message = format!("has {field}: {text}, which is no length of time");
        say(&[field], message, "write it like 30s, 15m or 1h30m");
    }
    read
}

fn an(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}
