//! YAML files: read with limits, and able to say on which line a value stands.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Error, Spanned};

use super::Problem;
use super::source::{SourceFile, suggest};

/// Reads a file into a value, with the lines of all that is in it.
///
/// # Errors
/// The first mistake that makes the file unreadable, with its line.
pub fn read<T: DeserializeOwned>(file: &SourceFile) -> Result<(T, Lines), Problem> {
    let value = serde_saphyr::from_str_with_options(&file.text, limits()).map_err(|e| problem(file, &e))?;
    let lines: Spanned<Lines> =
        serde_saphyr::from_str_with_options(&file.text, limits()).map_err(|e| problem(file, &e))?;
    Ok((value, Lines { line: 1, ..lines.value }))
}

/// What a file written by people never needs is refused: aliases that multiply, depth, several documents.
fn limits() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 50_000,
            max_nodes: 25_000,
            max_aliases: 100,
            max_anchors: 100,
            max_depth: 16,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 10_000, max_replay_stack_depth: 8 },
        with_snippet: false,
    }
}

fn problem(file: &SourceFile, error: &Error) -> Problem {
    let line = error.location().map_or(0, |l| l.line() as usize);
    let (message, fix) = match error.without_snippet() {
        Error::SerdeUnknownField { field, expected, .. } => {
            (format!("unknown field {field:?}"), suggest(field, expected.iter().copied()))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            (format!("unknown word {variant:?}"), suggest(variant, expected.iter().copied()))
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            (format!("{key:?} is written twice"), "remove one of them".to_owned())
        }
        Error::Budget { .. } => {
            ("this is more than such a file needs".to_owned(), "write one document, without nested aliases".to_owned())
        }
        other => (in_words(other), String::new()),
    };
    Problem { file: file.path.clone(), line, message, fix }
}

/// The parser's message on one line, without the position that the problem already has.
fn in_words(error: &Error) -> String {
    let text = error.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let end = text.rfind(" at line ").unwrap_or(text.len());
    match text.get(..end).unwrap_or(text) {
        "expected mapping start" => "a map of `key: value` is expected here".to_owned(),
        "expected sequence start" => "a list is expected here".to_owned(),
        "expected string scalar" => "a text is expected here".to_owned(),
        other => crate::situation::clean(other).into_owned(),
    }
}

/// On which line each value of a file stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    line: usize,
    children: BTreeMap<String, Self>,
}

impl Lines {
    /// The line of the value at a path of keys and indices; where there is none, that of the nearest one above it.
    pub fn of(&self, path: &[&str]) -> usize {
        match path.split_first().and_then(|(first, rest)| Some((self.children.get(*first)?, rest))) {
            Some((child, rest)) => child.of(rest),
            None => self.line,
        }
    }

    fn child(spanned: Spanned<Self>) -> Self {
        Self { line: spanned.referenced.line() as usize, children: spanned.value.children }
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LinesVisitor)
    }
}

struct LinesVisitor;

impl<'de> Visitor<'de> for LinesVisitor {
    type Value = Lines;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_unit<E>(self) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_none<E>(self) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Lines, D::Error> {
        Lines::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Lines, A::Error> {
        let mut lines = Lines::default();
        while let Some(item) = seq.next_element::<Spanned<Lines>>()? {
            lines.children.insert(lines.children.len().to_string(), Lines::child(item));
        }
        Ok(lines)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lines, A::Error> {
        let mut lines = Lines::default();
        while let Some((key, value)) = map.next_entry::<String, Spanned<Lines>>()? {
            lines.children.insert(key, Lines::child(value));
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Sample {
        name: String,
        #[serde(default)]
        list: Vec<BTreeMap<String, String>>,
    }

    fn sample(text: &str) -> Result<Lines, String> {
        let file = SourceFile { path: "a.yaml".into(), text: text.to_owned() };
        read::<Sample>(&file).map(|(_, lines)| lines).map_err(|p| p.to_string())
    }

    #[test]
    fn values_know_their_lines() {
        let lines = sample("name: a\nlist:\n  - one: 1\n  - one: 2\n    two: 3\n").unwrap();
        assert_eq!(lines.of(&["name"]), 1);
        assert_eq!(lines.of(&["list", "1", "two"]), 5);
        assert_eq!(lines.of(&["list", "1", "missing"]), 4);
    }

    #[test]
    fn mistakes_have_line_and_fix() {
        assert_eq!(
            sample("name: a\nlst: []\n").unwrap_err(),
            "a.yaml:2: unknown field \"lst\"; did you mean \"list\"?"
        );
        let said = ["name: [\n", "list: 1\n", "name: a\nname: b\n", "name: a\n---\nname: b\n", ""]
            .map(|t| sample(t).unwrap_err());
        assert_eq!(
            said,
            [
                "a.yaml:1: a text is expected here",
                "a.yaml:1: a list is expected here",
                "a.yaml:2: \"name\" is written twice; remove one of them",
                "a.yaml:2: this is more than such a file needs; write one document, without nested aliases",
                "a.yaml:1: unexpected end of input",
            ]
        );
    }

    #[test]
    fn aliases_that_multiply_are_refused() {
        use std::fmt::Write as _;

        let mut text = "a0: &a0 [x]\n".to_owned();
        for i in 1..8 {
            let p = i - 1;
            let _ = writeln!(text, "a{i}: &a{i} [*a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}]");
        }
        assert!(serde_saphyr::from_str_with_options::<Lines>(&text, limits()).is_err());
        assert!(serde_saphyr::from_str_with_options::<Lines>("a: &a [x]\nb: *a\n", limits()).is_ok());
    }
}
