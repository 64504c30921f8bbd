//! Texts with pieces that are worked out.

use std::fmt;
use std::sync::Arc;

use cel::Value;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::{Expression, Scope};
use crate::situation::clean;

/// What stands for a piece that cannot be worked out.
const UNKNOWN: &str = "?";

/// A text for people that may hold `{{ CEL }}`.
#[derive(Clone)]
pub struct Template {
    text: Arc<str>,
    pieces: Arc<[Piece]>,
    mistake: Option<&'static str>,
}

#[derive(Clone)]
enum Piece {
    Plain(String),
    Worked(Expression),
}

impl Template {
    /// Reads a text.
    pub fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut mistake = None;
        let mut rest = text;
        while let Some((plain, after)) = rest.split_once("{{") {
            pieces.push(Piece::Plain(plain.to_owned()));
            let Some((code, after)) = after.split_once("}}") else {
                mistake = Some("a {{ has no }}");
                rest = "";
                break;
            };
            pieces.push(Piece::Worked(Expression::new(code.trim())));
            rest = after;
        }
        pieces.push(Piece::Plain(rest.to_owned()));
        let stray = pieces.iter().any(|piece| matches!(piece, Piece::Plain(text) if text.contains("}}")));
        let mistake = mistake.or_else(|| stray.then_some("a }} has no {{"));
        Self { text: text.into(), pieces: pieces.into(), mistake }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with its brackets, if so; its expressions have mistakes of their own.
    pub fn mistake(&self) -> Option<&str> {
        self.mistake
    }

    /// The expressions in it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Worked(expression) => Some(expression),
            Piece::Plain(_) => None,
        })
    }

    /// The text on what is known, without control characters; a piece that cannot be worked out is a `?`. Line ends of
    /// the text itself are kept, those of values are not.
    pub fn render(&self, scope: &Scope) -> String {
        let worked = |piece: &Piece| match piece {
            Piece::Plain(text) => text.split('\n').map(clean).collect::<Vec<_>>().join("\n"),
            Piece::Worked(expression) => {
                expression.value(scope).map_or_else(|_| UNKNOWN.to_owned(), |value| clean(&plain(&value)).into_owned())
            }
        };
        self.pieces.iter().map(worked).collect::<String>().trim().to_owned()
    }

    /// The text without what is worked out, to measure it.
    pub(in crate::runbook) fn fixed(&self) -> String {
        self.pieces.iter().filter_map(|p| if let Piece::Plain(text) = p { Some(text.as_str()) } else { None }).collect()
    }
}

/// A value as people write it; of an object its name.
fn plain(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Float(number) => ((number * 100.0).round() / 100.0).to_string(),
        Value::String(text) => text.to_string(),
        Value::List(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Map(map) => map.get(&cel::objects::KeyRef::String("name")).map_or_else(|| UNKNOWN.to_owned(), plain),
        _ => UNKNOWN.to_owned(),
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({:?})", self.text)
    }
}

/// Two of the same text are the same.
impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Template {}

impl Default for Template {
    fn default() -> Self {
        Self::new("")
    }
}

impl From<&str> for Template {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

impl JsonSchema for Template {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}
