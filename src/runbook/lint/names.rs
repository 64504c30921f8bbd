//! Ids, words and texts.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::Report;
use crate::config::source::suggest;
use crate::detect::DETECTORS;
use crate::runbook::cel::{Template, variable};
use crate::runbook::{Book, Ending, Kind, Step, What};

/// The layers of the stack.
const LAYERS: &[&str] = &["edge", "dns", "node", "control", "network", "workload", "outside"];

/// The widest title: with its mark and its place it must fit 80 columns.
const TITLE: usize = 60;

/// What a step cannot be called, because expressions mean something else by it.
const RESERVED: &[&str] = &[
    "result",
    "subject",
    "findings",
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "int",
    "uint",
    "double",
    "bool",
    "string",
    "bytes",
    "list",
    "map",
    "type",
    "dyn",
    "size",
    "has",
];

pub(super) fn check(book: &Book, report: &mut Report<'_>) {
    identity(book, report);
    said(book, report);
    for (i, finding) in book.findings.iter().enumerate() {
        if !is_finding(finding) {
            let own = DETECTORS.iter().map(|d| d.id).filter(|id| !is_catalogue(id));
            let fix = suggest(finding, std::iter::once("F01 to F30").chain(own));
            report.say(&["findings", &i.to_string()], format!("no finding is called {finding:?}"), fix);
        }
    }
    if book.kind != Kind::Procedure && book.findings.is_empty() && book.said.is_empty() {
        report.say(&[], "nothing leads to this runbook", "write said: or findings:");
    }
    if let Some(rule) = &book.subject {
        role(&["subject", "role"].map(str::to_owned), &rule.role, report);
    }
    for (id, step) in &book.steps {
        self::step(id, step, report);
    }
}

fn identity(book: &Book, report: &mut Report<'_>) {
    let stem = report.file.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    let id = &book.id;
    if *id != stem {
        report.say(&["id"], format!("id {id:?} in a file called {stem:?}"), "give both the same name");
    }
    let catalogue = id.to_uppercase();
    if !is_catalogue(id) && is_catalogue(&catalogue) {
        report.say(&["id"], format!("id {id:?} is written unlike the catalogue's"), format!("write {catalogue:?}"));
    } else if !is_catalogue(id) && !is_kebab(id) {
        let fix = "write an entry of the catalogue, F01 to F30, or lower-case words with - between them";
        report.say(&["id"], format!("id {id:?} cannot be typed easily"), fix);
    }
    title(&["title"].map(str::to_owned), "the runbook", &Template::new(&book.title), report);
    if !LAYERS.contains(&book.layer.as_str()) {
        let fix = suggest(&book.layer, LAYERS.iter().copied());
        report.say(&["layer"], format!("{:?} is no layer", book.layer), fix);
    }
}

fn said(book: &Book, report: &mut Report<'_>) {
    if book.kind == Kind::Symptom && book.said.is_empty() {
        report.say(&["kind"], "a symptom that nobody says cannot be found", "write said: what users say, word by word");
    }
    let mut seen = BTreeMap::new();
    for (i, said) in book.said.iter().enumerate() {
        let path = ["said", &i.to_string()];
        let words = said.trim().to_lowercase();
        if words.is_empty() {
            report.say(&path, "nothing is said here", "write what users say, or remove it");
        }
        if let Some(first) = seen.insert(words, report.lines.of(&path)) {
            report.say(&path, format!("{said:?} is said twice, first on line {first}"), "remove one of them");
        }
    }
}

fn step(id: &str, step: &Step, report: &mut Report<'_>) {
    let path = ["steps".to_owned(), id.to_owned()];
    if !is_kebab(id) {
        let message = format!("step {id:?} cannot be named in expressions");
        report.at(&path, message, "write lower-case words with - between them, beginning with a letter");
    } else if RESERVED.contains(&variable(id).as_str()) {
        let message = format!("a step cannot be called {id:?}: expressions mean something else by it");
        report.at(&path, message, "give it another name");
    }
    title(&[&path[..], &["title".to_owned()]].concat(), &format!("step {id:?}"), &step.title, report);
    match &step.what {
        What::End { end: Ending::Escalate | Ending::Wait, to, .. } if to.trim().is_empty() => {
            let message = format!("step {id:?} does not say whom to tell");
            report.say(&["steps", id, "end"], message, "write to: a person, a team or a provider");
        }
        What::Until { lasting, within, .. } if lasting >= within => {
            let message = format!("step {id:?} gives up before it can hold long enough");
            report.say(&["steps", id, "within"], message, "give within: more time than for:");
        }
        _ => {}
    }
}

fn title(path: &[String], whose: &str, title: &Template, report: &mut Report<'_>) {
    let width = title.fixed().trim().width();
    if title.text().trim().is_empty() {
        report.at(path, format!("{whose} has no title"), "say in a few words what it is about");
    } else if width > TITLE {
        let message = format!("the title of {whose} is {width} columns wide");
        report.at(path, message, format!("at most {TITLE} fit a small terminal; say more in why: or say:"));
    }
}

/// A role that is almost one of those that the program itself knows is a slip; any other may be the deployment's own.
pub(super) fn role(path: &[String], name: &str, report: &mut Report<'_>) {
    if !is_kebab(name) {
        let message = format!("{name:?} is not the name of a role");
        report.at(path, message, "write the role as the profile has it: lower-case words with - between them");
    } else if let Some(near) = KNOWN_ROLES.iter().find(|known| is_slip(known, name)) {
        report.at(
            path,
            format!("{name:?} is almost a role that every profile may have"),
            format!("did you mean {near:?}?"),
        );
    }
}

/// `ingres` is one of `ingress`, `workers` may well be meant.
fn is_slip(known: &str, name: &str) -> bool {
    strsim::damerau_levenshtein(known, name) == 1 && !name.starts_with(known)
}

/// The roles that the generic profile finds by itself, and those with a meaning of their own.
const KNOWN_ROLES: &[&str] = &["ingress", "dns", "metrics", "storage", "cache", "worker"];

fn is_finding(id: &str) -> bool {
    is_catalogue(id) || DETECTORS.iter().any(|d| d.id == id)
}

/// `F01` to `F30`.
fn is_catalogue(id: &str) -> bool {
    let number = id.strip_prefix('F').filter(|digits| digits.len() == 2);
    number.and_then(|digits| digits.parse::<u8>().ok()).is_some_and(|number| (1..=30).contains(&number))
}

fn is_kebab(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('-').all(|word| !word.is_empty() && word.bytes().all(plain))
}
