//! What a typed line could mean.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::config::keymap::Command;
use crate::console::labels;
use crate::console::screen::Context;
use crate::situation::{Key, Kind, Subject, Table};

/// How many suggestions are kept of all that match.
const KEPT: usize = 100;

/// What a suggestion leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A command of the keymap.
    Command(Command),
    /// The list of the console's own problems.
    Problems,
    /// A fault on purpose, to see that the terminal survives it. Only in builds for developers.
    #[cfg(debug_assertions)]
    Panic,
    /// A word that wants a name behind it.
    Verb,
    /// A finding, by its id.
    Finding(String),
    /// An object's detail.
    Object(Subject),
    /// A pod's log.
    Logs(Key),
}

/// One suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The line it stands for.
    pub text: String,
    /// A word on it.
    pub note: String,
    /// What it leads to.
    pub target: Target,
}

/// Words that are commands of the keymap.
const COMMANDS: &[(&str, Command)] = &[
    ("dashboard", Command::Dashboard),
    ("findings", Command::Findings),
    ("pods", Command::Pods),
    ("nodes", Command::Nodes),
    ("workloads", Command::Workloads),
    ("events", Command::Events),
    ("changes", Command::Changes),
    ("sources", Command::Sources),
    ("trees", Command::Trees),
    ("incident", Command::Incident),
    ("arm", Command::Arm),
    ("help", Command::Help),
    ("redraw", Command::Redraw),
    ("quit", Command::Quit),
];

/// Words that want a name.
const VERBS: &[(&str, &str)] = &[
    ("finding", "one finding, by its id"),
    ("logs", "the log of a pod"),
    ("node", "one node"),
    ("pod", "one pod"),
    ("workload", "one workload"),
];

/// What the line could become, the likeliest first.
pub fn suggest(line: &str, cx: &Context<'_>) -> Vec<Suggestion> {
    let line = line.trim_start();
    match line.split_once(' ') {
        None => words(line, cx),
        Some((verb, name)) => {
            let verb = full_verb(verb);
            rank(name.trim(), objects(verb, cx), |s| s.text.get(verb.len() + 1..).unwrap_or_default())
        }
    }
}

/// `po` for `pod`, `deploy` for `workload`: what people have in their fingers.
fn full_verb(verb: &str) -> &str {
    match verb {
        "po" => "pod",
        "no" => "node",
        "log" => "logs",
        "deploy" | "deployment" | "ds" | "sts" | "wl" => "workload",
        other => other,
    }
}

fn words(line: &str, cx: &Context<'_>) -> Vec<Suggestion> {
    let commands = COMMANDS.iter().map(|(word, command)| {
        let key = cx.keymap.key_for(crate::config::keymap::Mode::Global, *command);
        let note = key.map_or_else(|| labels::short(*command).to_owned(), |key| format!("key {key}"));
        Suggestion { text: (*word).to_owned(), note, target: Target::Command(*command) }
    });
    let verbs = VERBS.iter().map(|(word, note)| Suggestion {
        text: format!("{word} "),
        note: (*note).to_owned(),
        target: Target::Verb,
    });
    let problems = Suggestion {
        text: "problems".to_owned(),
        note: "what is wrong with the console itself".to_owned(),
        target: Target::Problems,
    };
    #[cfg(debug_assertions)]
    if line == "panic" {
        return vec![Suggestion {
            text: line.to_owned(),
            note: "a fault on purpose".to_owned(),
            target: Target::Panic,
        }];
    }
    rank(line, commands.chain([problems]).chain(verbs), |s| s.text.trim_end())
}

fn objects<'a>(verb: &'a str, cx: &'a Context<'a>) -> Box<dyn Iterator<Item = Suggestion> + 'a> {
    let s = cx.situation;
    let line = move |key: &Key, note: &str, target: Target| Suggestion {
        text: format!("{verb} {key}"),
        note: note.to_owned(),
        target,
    };
    match verb {
        "pod" => Box::new(s.pods.values().map(move |p| {
            let object = Subject::Object(p.meta.reference(Kind::Pod));
            line(&p.meta.key, &p.status(), Target::Object(object))
        })),
        "logs" => {
            Box::new(s.pods.values().map(move |p| line(&p.meta.key, &p.status(), Target::Logs(p.meta.key.clone()))))
        }
        "node" => Box::new(
            s.nodes
                .values()
                .map(move |n| line(&n.meta.key, "node", Target::Object(Subject::Object(n.meta.reference(Kind::Node))))),
        ),
        "workload" => {
            let of = move |kind: Kind, meta: &crate::situation::object::Meta| {
                line(&meta.key, kind.resource().kind, Target::Object(Subject::Object(meta.reference(kind))))
            };
            Box::new(
                metas(&s.deployments, |o| &o.meta, Kind::Deployment)
                    .chain(metas(&s.daemon_sets, |o| &o.meta, Kind::DaemonSet))
                    .chain(metas(&s.stateful_sets, |o| &o.meta, Kind::StatefulSet))
                    .map(move |(kind, meta)| of(kind, meta)),
            )
        }
        "finding" => Box::new(cx.assessment.findings.iter().map(|f| Suggestion {
            text: format!("finding {}", f.id),
            note: f.title.clone(),
            target: Target::Finding(f.id.to_owned()),
        })),
        _ => Box::new(std::iter::empty()),
    }
}

fn metas<'a, T>(
    table: &'a Table<T>,
    meta: impl Fn(&'a T) -> &'a crate::situation::object::Meta + 'a,
    kind: Kind,
) -> impl Iterator<Item = (Kind, &'a crate::situation::object::Meta)> {
    table.values().map(move |object| (kind, meta(object)))
}

/// Those that match `needle`, the best first; all of them, in their order, when there is nothing to match.
fn rank(needle: &str, all: impl Iterator<Item = Suggestion>, name: impl Fn(&Suggestion) -> &str) -> Vec<Suggestion> {
    if needle.is_empty() {
        return all.take(KEPT).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(needle, CaseMatching::Smart, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut scored: Vec<(bool, u32, Suggestion)> = all
        .filter_map(|suggestion| {
            let name = name(&suggestion);
            let score = pattern.score(Utf32Str::new(name, &mut buffer), &mut matcher)?;
            let begins = name.starts_with(needle);
            Some((begins, score, suggestion))
        })
        .collect();
    scored.sort_by(|a, b| (b.0, b.1, &a.2.text).cmp(&(a.0, a.1, &b.2.text)));
    scored.truncate(KEPT);
    scored.into_iter().map(|(_, _, suggestion)| suggestion).collect()
}
