//! Scenarios: what a drill breaks, when that counts as recovered, and what people are told. One file each, in `drills/`.

use std::sync::LazyLock;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::runbook::Ending;

use super::world::{Fault, Recovery};
use crate::config::embedded::Shipped;
use crate::config::source::SourceFile;
use crate::config::{Problem, yaml};

/// The shipped files, in the order of their ids.
pub const FILES: &[Shipped] = &[
    ("F10", include_str!("../../drills/F10.yaml")),
    ("F14", include_str!("../../drills/F14.yaml")),
    ("F15", include_str!("../../drills/F15.yaml")),
    ("F17", include_str!("../../drills/F17.yaml")),
    ("F26", include_str!("../../drills/F26.yaml")),
];

static SCENARIOS: LazyLock<Vec<Scenario>> = LazyLock::new(|| {
    FILES.iter().map(|(_, text)| serde_saphyr::from_str(text).expect("a drill that is built in")).collect()
});

/// An exercise on the simulated cluster.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scenario {
    /// The catalogue's id.
    pub id: String,
    /// A name for the command line.
    pub slug: String,
    /// One line: what goes wrong.
    pub title: String,
    /// How hard it is to find and to mend.
    pub difficulty: Difficulty,
    /// How it ends when all goes well.
    pub end: Ending,
    /// How long the fault has been there when a drill begins.
    pub warm_up: SignedDuration,
    /// What users say and where to begin, for the banner.
    pub hint: String,
    /// What breaks.
    pub faults: Vec<Fault>,
    /// The actions that mend it, by their ids; any other that an operator takes counts as wrong.
    #[serde(default)]
    pub actions: Vec<String>,
    /// What must hold, all of it, for the drill to count as recovered.
    pub recovered: Vec<Recovery>,
}

/// How hard a drill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Difficulty {
    Easy,
    Medium,
    Hard,
}

impl Difficulty {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        }
    }
}

/// Reads a drill from a file's text.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(file: &SourceFile) -> Result<Scenario, Vec<Problem>> {
    let (scenario, lines): (Scenario, _) = yaml::read(file).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    let mut say = |field: &str, wrong: bool, message: String, fix: &str| {
        if wrong {
            problems.push(Problem { file: file.path.clone(), line: lines.of(&[field]), message, fix: fix.to_owned() });
        }
    };
    let stem = file.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let (id, slug) = (&scenario.id, &scenario.slug);
    say("id", id != stem, format!("id {id:?} in a file called {stem:?}"), "give both the same name");
    let kebab =
        slug.split('-').all(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    say("slug", !kebab, format!("slug {slug:?} cannot be typed easily"), "write lower-case words with - between them");
    say("title", scenario.title.is_empty(), "the drill has no title".to_owned(), "say in one line what goes wrong");
    say("hint", scenario.hint.trim().is_empty(), "nobody says what it looks like".to_owned(), "say what users see");
    let late = scenario.warm_up <= SignedDuration::ZERO;
    say("warmUp", late, "the fault must be older than the drill".to_owned(), "write a duration such as 5m");
    say("faults", scenario.faults.is_empty(), "nothing breaks".to_owned(), "list at least one fault");
    let unknown = scenario.actions.iter().find(|id| !crate::action::ACTIONS.iter().any(|a| a.id == id.as_str()));
    let unknown_id = unknown.cloned().unwrap_or_default();
    say("actions", unknown.is_some(), format!("unknown action {unknown_id:?}"), "write an id such as A05");
    let endless = scenario.recovered.is_empty();
    say("recovered", endless, "nothing says when it is over".to_owned(), "list at least one condition");
    if problems.is_empty() { Ok(scenario) } else { Err(problems) }
}

/// The shipped scenarios, by id.
pub fn scenarios() -> &'static [Scenario] {
    &SCENARIOS
}

/// The scenario of that id or slug, in any case.
pub fn find(id_or_slug: &str) -> Option<&'static Scenario> {
    scenarios().iter().find(|s| s.id.eq_ignore_ascii_case(id_or_slug) || s.slug.eq_ignore_ascii_case(id_or_slug))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_drill_can_be_read_and_found() {
        let ids: Vec<_> = scenarios().iter().map(|s| s.id.as_str()).collect();
        assert_eq!(ids, ["F10", "F14", "F15", "F17", "F26"]);
        for scenario in scenarios() {
            assert_eq!(find(&scenario.slug), Some(scenario));
            assert_eq!(find(&scenario.id.to_lowercase()), Some(scenario));
            assert!(scenario.warm_up > SignedDuration::ZERO, "{}", scenario.id);
            assert!(!scenario.faults.is_empty() && !scenario.recovered.is_empty(), "{}", scenario.id);
        }
        assert_eq!(find("F99"), None);
    }
}
