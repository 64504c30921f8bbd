//! Expressions, held against the schemas of what they read and worked out on its examples.
//!
//! On full examples an expression must give what is wanted. On those with fields absent a condition may be untellable
//! because a field of the result itself is absent: that is not known then, and the screen says so. It may not because an
//! item of a list lacks a field or a list is short: one pod without an exit code must not hide what the others tell, so
//! that has to be asked for, with `has(…)` and `size(…)`.

use serde_json::Value as Json;

use super::Report;
use super::known::{Facts, Variables};
use super::shape::Reading;
use super::sites::{Site, Sites, Want};
use crate::runbook::Scope;
use crate::situation::{Kind, Ref};

/// How much of an expression a message repeats.
const SHOWN: usize = 60;

pub(super) fn check(id: &str, facts: &Facts<'_>, report: &mut Report<'_>) {
    let Some(step) = facts.book.steps.get(id) else { return };
    let sites = Sites::of(id, step, facts.checks);
    for (path, text, _) in &sites.texts {
        if let Some(mistake) = text.mistake() {
            report.at(path, format!("in this text {mistake}"), "write {{ CEL }}");
        }
    }
    for site in &sites.all {
        let variables = Variables::at(site, id, facts);
        if let Some((message, fix)) = mistake(site, &variables) {
            let text: String = site.expression.text().chars().take(SHOWN).collect();
            report.at(&site.path, format!("{text:?}: {message}"), fix);
        }
    }
}

/// What is wrong with an expression first, with the remedy.
fn mistake(site: &Site<'_>, variables: &Variables<'_>) -> Option<(String, String)> {
    let Some(tree) = site.expression.tree() else {
        let why = site.expression.mistake().unwrap_or_default();
        return Some((why.to_owned(), "write CEL, as in docs/files.md".to_owned()));
    };
    let reading = Reading::of(tree, &variables.all);
    if let Some(name) = reading.missing.first() {
        return Some(variables.missing(name));
    }
    if let Some(mistake) = reading.mistakes.first() {
        return Some(mistake.clone());
    }
    let used: Vec<(&str, &[Json])> = reading.used().map(|(name, known)| (name, &known.examples[..])).collect();
    if used.iter().any(|(_, examples)| examples.is_empty()) {
        return None;
    }
    let mut worlds = worlds(&used).into_iter();
    if let Some(why) = worlds.next().and_then(|full| fails(site, &full)) {
        return Some((format!("{why}, even on a full example"), remedy(site.want).to_owned()));
    }
    let misses = |world: &World<'_>| reading.paths.iter().any(|path| is_absent(world, path));
    let why =
        worlds.find_map(|world| fails(site, &world).filter(|_| site.want == Want::Condition && !misses(&world)))?;
    let fix = "ask first: has(x.field) for what an item may lack, size(x) > 0 before x[0]";
    Some((format!("{why}, on an example that lacks some fields"), fix.to_owned()))
}

/// What the variables are in one try.
type World<'e> = Vec<(&'e str, &'e Json)>;

/// All variables full; then each other example of each of them, the others full.
fn worlds<'e>(used: &[(&'e str, &'e [Json])]) -> Vec<World<'e>> {
    let full: World<'e> = used.iter().filter_map(|(name, examples)| Some((*name, examples.first()?))).collect();
    let mut worlds = vec![full.clone()];
    for (i, (name, examples)) in used.iter().enumerate() {
        for example in examples.iter().skip(1) {
            let mut world = full.clone();
            if let Some(place) = world.get_mut(i) {
                *place = (name, example);
            }
            worlds.push(world);
        }
    }
    worlds
}

/// Why an expression does not give what is wanted, if so.
fn fails(site: &Site<'_>, world: &World<'_>) -> Option<String> {
    let scope = world.iter().fold(Scope::new(), |scope, (name, value)| scope.with(name, value));
    match site.want {
        Want::Condition => site.expression.holds(&scope).err(),
        Want::Text => site.expression.fails(&scope),
        Want::Number => site.expression.number(&scope).err(),
        Want::References(kinds) => match site.expression.references(&scope) {
            Ok(all) => all.iter().find_map(|reference| wrong_kind(reference, kinds)),
            Err(why) => Some(why),
        },
    }
}

fn wrong_kind(reference: &Ref, kinds: &[Kind]) -> Option<String> {
    let wanted = kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    let fits = kinds.is_empty() || kinds.contains(&reference.kind);
    (!fits).then(|| format!("it gives a {}, where a {wanted} is wanted", reference.kind))
}

const fn remedy(want: Want) -> &'static str {
    match want {
        Want::Condition => "write a condition that holds or does not",
        Want::Text => "write what can be written out",
        Want::References(_) => "write CEL that gives such an object or a list of them, such as subject or STEP.unready",
        Want::Number => "write a number, or CEL that gives one",
    }
}

/// Whether a value on the way of a path is not there.
fn is_absent(world: &World<'_>, path: &[String]) -> bool {
    let mut parts = path.iter();
    let first = parts.next().and_then(|name| world.iter().find(|(variable, _)| variable == name));
    let Some((_, mut here)) = first.copied() else { return true };
    for part in parts {
        match here.get(part) {
            Some(value) if !value.is_null() => here = value,
            _ => return true,
        }
    }
    false
}
