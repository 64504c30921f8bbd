//! A05: bring a Deployment back to a former revision.

use std::sync::Arc;

use serde_json::{Value, json};

use super::request::{self, CHANGE_CAUSE, OPERATIONS};
use super::words::{kubectl, list, quoted};
use super::{Case, Class, Deed, Difference, Pace, Ref, Refused, blast, facts, refused, restart};
use crate::action::Action;
use crate::action::guard::Answer;
use crate::action::plan::Undo;
use crate::situation::object::Pod;
use crate::situation::{Text, template};

/// One revision of the Deployment: a ReplicaSet of it.
struct Revision<'a> {
    number: u64,
    set: &'a Value,
    /// Its template without the label that the controller adds.
    template: Value,
    /// The same in the form in which templates are compared.
    canonical: Arc<str>,
}

pub(super) fn deed<'a>(case: &Case<'a>, object: Ref, to: Option<u64>) -> Result<Deed<'a>, Refused> {
    super::alive(case, &object)?;
    let crew = restart::rolled(case, &object)?;
    let revisions = revisions(case);
    let target = choose(case, &revisions, to)?;
    let number = target.number;
    let pace = Pace::of(case.target(), crew.wanted);
    let uid = Text::new(target.set.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default());
    let of_target = |p: &&Pod| p.meta.owner.as_ref().is_some_and(|o| o.uid == uid);
    let going: Vec<&Pod> = crew.pods.iter().copied().filter(|p| !of_target(p)).collect();
    let former = revisions.iter().filter(|r| r.canonical == present(case)).map(|r| r.number).max();
    let differences = differences(&present(case), &target.canonical);
    let mut basis = facts::deployment(case, &object, &crew);
    basis.push(facts::fact(format!("template of revision {number}"), facts::hash(Some(&target.template))));
    Ok(Deed {
        title: title(&object, number, former),
        class: Class::R2,
        change: request::patch(&object, "", OPERATIONS, operations(case, target)),
        right: request::right("patch", &object, None),
        command: kubectl(&object, &format!("rollout undo deploy/{} --to-revision={number}", quoted(&object.key.name))),
        reason: "CrashcartRollBack",
        makes: Some(target.template.clone()),
        own: restart::paused(case).into_iter().chain(migration(case, &differences)).collect(),
        warnings: restart::under_way(case).into_iter().collect(),
        differences,
        blast_radius: blast::rollout(case, &object, &crew, pace, &going),
        undo: undo(&object, number, former),
        proof: restart::proof(&crew, &format!("of the template of revision {number}")),
        basis,
        touched: going,
        crew: Some(crew),
        object,
    })
}

fn title(object: &Ref, number: u64, former: Option<u64>) -> String {
    let name = &object.key.name;
    if former.is_some_and(|f| f < number) {
        return format!("Roll {name} forward to revision {number}");
    }
    format!("Roll back {name} to revision {number}")
}

/// The revision to go to: the one of that number, else the newest whose template is not the present one.
fn choose<'r, 'a>(case: &Case<'_>, all: &'r [Revision<'a>], to: Option<u64>) -> Result<&'r Revision<'a>, Refused> {
    let name = &case.action.target().key.name;
    let present = present(case);
    let Some(number) = to else {
        let former = all.iter().filter(|r| r.canonical != present).max_by_key(|r| r.number);
        let remedy = "deploy a good release, or have its image built again";
        return former.ok_or_else(|| refused(format!("{name} has no former revision to go back to"), remedy));
    };
    let Some(found) = all.iter().find(|r| r.number == number) else {
        return Err(refused(format!("{name} has no revision {number}"), missing(all, number)));
    };
    if found.canonical == present {
        let what = format!("{name} has the template of revision {number} already: there is nothing to change");
        return Err(refused(what, "look for the cause elsewhere: configuration, data, a dependency"));
    }
    Ok(found)
}

/// Where a revision that is not there may be found.
fn missing(all: &[Revision<'_>], number: u64) -> String {
    let was = |r: &&Revision<'_>| {
        let history = annotation(r.set, "deployment.kubernetes.io~1revision-history");
        history.split(',').any(|n| n.trim().parse() == Ok(number))
    };
    if let Some(now) = all.iter().find(was) {
        return format!("its template is called revision {} now", now.number);
    }
    let mut numbers: Vec<u64> = all.iter().map(|r| r.number).collect();
    numbers.sort_unstable();
    format!("there are: {}", list(&numbers.iter().map(u64::to_string).collect::<Vec<_>>()))
}

fn revisions<'a>(case: &Case<'a>) -> Vec<Revision<'a>> {
    let uid = case.text("/metadata/uid");
    let own = case.ground.sets.iter().filter(|set| {
        let owners = set.pointer("/metadata/ownerReferences").and_then(Value::as_array);
        let is = |o: &Value| o.get("uid").and_then(Value::as_str) == Some(uid) && o["controller"] == Value::Bool(true);
        owners.is_some_and(|all| all.iter().any(is))
    });
    let read = |set: &'a Value| {
        let number = annotation(set, "deployment.kubernetes.io~1revision").parse().ok()?;
        let mut template = set.pointer("/spec/template")?.clone();
        if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
            labels.remove(template::HASH_LABEL);
        }
        Some(Revision { number, set, canonical: template::canonical(template.clone()), template })
    };
    own.filter_map(read).collect()
}

fn annotation<'a>(object: &'a Value, name: &str) -> &'a str {
    object.pointer(&format!("/metadata/annotations/{name}")).and_then(Value::as_str).unwrap_or_default()
}

fn present_template<'a>(case: &Case<'a>) -> Option<&'a Value> {
    case.target().pointer("/spec/template")
}

/// The present template in the form in which templates are compared.
fn present(case: &Case<'_>) -> Arc<str> {
    template::canonical(present_template(case).cloned().unwrap_or_default())
}

/// The number of the revision that has the present template, if the controller has made it one; from the lists.
pub(super) fn present_number(case: &Case<'_>) -> Option<u64> {
    let present = present(case);
    let revisions = case.situation().revisions(&case.action.target().key);
    revisions.into_iter().filter(|set| set.template == present).find_map(|set| set.revision)
}

/// One patch that holds only for the spec that the plan was made on. The resource version is not tested: status updates
/// of a moving rollout change it all the time.
fn operations(case: &Case<'_>, to: &Revision<'_>) -> Value {
    let why = case.signed(&format!("crashcart roll-back to revision {}", to.number));
    let mut all = vec![
        json!({ "op": "test", "path": "/metadata/generation", "value": case.target().pointer("/metadata/generation") }),
        json!({ "op": "test", "path": "/spec/template", "value": present_template(case) }),
        json!({ "op": "replace", "path": "/spec/template", "value": to.template }),
    ];
    if !case.target().pointer("/metadata/annotations").is_some_and(Value::is_object) {
        all.push(json!({ "op": "add", "path": "/metadata/annotations", "value": {} }));
    }
    let path = format!("/metadata/annotations/{}", CHANGE_CAUSE.replace('/', "~1"));
    all.push(json!({ "op": "add", "path": path, "value": why }));
    Value::Array(all)
}

fn undo(object: &Ref, number: u64, former: Option<u64>) -> Undo {
    let Some(former) = former else {
        return Undo { says: "none: the present template has no revision of its own yet".to_owned(), action: None };
    };
    let way = if former > number { "roll forward" } else { "roll back" };
    let action = Action::RollBack { deployment: object.clone(), to: Some(former) };
    Undo { says: format!("{way} to revision {former}"), action: Some(action) }
}

/// What differs, images and variables first; what may be a secret is veiled.
fn differences(now: &str, then: &str) -> Vec<Difference> {
    let leaves = template::differences(now, then).unwrap_or_default();
    let mut found: Vec<(usize, Difference)> = leaves.into_iter().map(difference).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, difference)| difference).collect()
}

fn difference(leaf: template::Difference) -> (usize, Difference) {
    let (rank, what) = called(&leaf.path);
    let (before, after) = match (leaf.old, leaf.new) {
        (None, Some(new)) if new == template::CHANGED => (template::HIDDEN.to_owned(), new),
        (old, new) => (old.unwrap_or_default(), new.unwrap_or_default()),
    };
    (rank, Difference { what, before, after })
}

/// What a leaf is called, and how early it is told: `containers[api].image` is `image of api`.
fn called(path: &str) -> (usize, String) {
    let in_container = path.strip_prefix("containers[").and_then(|rest| rest.split_once("]."));
    let Some((container, leaf)) = in_container else { return (3, path.to_owned()) };
    if leaf == "image" {
        return (0, format!("image of {container}"));
    }
    match leaf.strip_prefix("env[").and_then(|rest| rest.split_once(']')) {
        Some((name, of)) if of == ".value" || of.is_empty() => (1, format!("env {name} of {container}")),
        Some((name, of)) => (1, format!("env {name} of {container}: {}", of.trim_start_matches('.'))),
        None => (2, format!("{leaf} of {container}")),
    }
}

/// Whether the older release can live with the schema: a person's word. Without another image there is no older release.
fn migration(case: &Case<'_>, differences: &[Difference]) -> Option<Answer> {
    if !differences.iter().any(|d| d.what.starts_with("image of ")) {
        return None;
    }
    Some(match told_of_migration(case) {
        Some((answer, true)) => Answer::Pass(format!("the older release can run with the schema: {answer}")),
        Some((answer, false)) => Answer::Refuse(format!(
            "whether the older release can run with the schema is not settled ({answer}): have a developer confirm it"
        )),
        None => Answer::Unsure(
            "nobody was asked whether this release migrated the schema; if it did, the older one may not run with it"
                .to_owned(),
        ),
    })
}

/// What a person said of a migration, and whether it lets an older release run: there was none, or a developer found it
/// harmless. The worst word counts.
fn told_of_migration<'a>(case: &Case<'a>) -> Option<(&'a str, bool)> {
    let said = case.standing.told.iter().filter_map(|told| {
        let (question, answer) = told.split_once(':')?;
        let (question, answer) = (question.to_lowercase(), answer.trim());
        ["migrat", "schema"].iter().any(|word| question.contains(word)).then(|| (answer, harmless(answer)))
    });
    said.min_by_key(|(_, lets)| *lets)
}

fn harmless(answer: &str) -> bool {
    let answer = answer.to_lowercase();
    let doubt = ["incompatible", "not compatible", "not confirmed", "does not work", "not work", "not sure"];
    let none = answer.split(|c: char| !c.is_alphabetic()).next() == Some("no");
    let found = ["compatible", "confirmed", "works"].iter().any(|word| answer.contains(word));
    (none || found) && !doubt.iter().any(|word| answer.contains(word))
}
