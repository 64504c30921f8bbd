//! Conditions and texts in CEL over what is known.
//!
//! An expression is compiled once, when it is first needed, and evaluated at each look. Of CEL there are: the
//! operators and the ternary `a ? b : c`, `in`, indices, literals of lists and maps; the macros `has`, `all`, `exists`,
//! `exists_one`, `filter` and `map`; the functions in [`FUNCTIONS`]. There are no regular expressions, no timestamps and
//! no durations: checks give ages as numbers. `a || b` holds if one of them does, whatever the other, and likewise `&&`.
//!
//! An expression that cannot be worked out is neither true nor false: it says why. Nothing loops for ever: an expression
//! has a greatest length and at most [`LOOPS`] loops, and what it goes over are lists that our checks made.

mod scope;
mod template;
mod words;

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::{Env, Program, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

pub use scope::Scope;
pub(super) use scope::variable;
pub use template::Template;

use crate::situation::Ref;

/// The functions there are, beyond operators and macros.
pub(super) const FUNCTIONS: &[&str] =
    &["size", "contains", "startsWith", "endsWith", "int", "uint", "double", "string", "bool", "type", "dyn"];

/// The greatest length of an expression, in bytes.
const LENGTH: usize = 400;

/// How deep brackets may be in brackets.
const DEPTH: usize = 16;

/// How many loops (`all`, `exists`, `filter`, `map`) one expression may have: their lengths multiply.
pub(super) const LOOPS: usize = 4;

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

/// One expression, compiled when it is first needed; one with a mistake is kept with what is wrong, and never holds.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    program: Arc<OnceLock<Result<Program, String>>>,
}

impl Expression {
    /// Of a text.
    pub fn new(text: &str) -> Self {
        Self { text: text.into(), program: Arc::default() }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why it cannot be compiled, if so.
    pub fn mistake(&self) -> Option<&str> {
        self.program().err().map(String::as_str)
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// Why that cannot be told, in a few words for a person.
    pub fn holds(&self, scope: &Scope) -> Result<bool, String> {
        match self.value(scope)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(format!("it gives {}, not yes or no", words::kind(&other))),
        }
    }

    /// The objects that it gives: one `{kind, namespace, name, uid}` or a list of them. Other fields beside these do not
    /// matter, so that what a check tells of an object can stand for it.
    ///
    /// # Errors
    /// Why it gives none, in a few words for a person. An empty list is no error.
    pub fn references(&self, scope: &Scope) -> Result<Vec<Ref>, String> {
        let reference = |value: &Value| -> Result<Ref, String> {
            let json = scope::json(value).filter(serde_json::Value::is_object);
            let json = json.ok_or_else(|| format!("it gives {}, not an object of the cluster", words::kind(value)))?;
            serde_json::from_value(json).map_err(|_| "it gives no object with kind and name".to_owned())
        };
        match self.value(scope)? {
            Value::List(list) => list.iter().map(reference).collect(),
            one => Ok(vec![reference(&one)?]),
        }
    }

    /// The number that it gives; not negative.
    ///
    /// # Errors
    /// Why it gives none, in a few words for a person.
    pub fn number(&self, scope: &Scope) -> Result<u64, String> {
        match self.value(scope)? {
            Value::UInt(number) => Ok(number),
            Value::Int(number) => u64::try_from(number).map_err(|_| format!("{number} is negative")),
            other => Err(format!("it gives {}, not a whole number", words::kind(&other))),
        }
    }

    fn value(&self, scope: &Scope) -> Result<Value, String> {
        let program = self.program().map_err(Clone::clone)?;
        program.execute(scope.context()).map_err(|error| words::error(&error))
    }

    /// Why it cannot be worked out, if so.
    pub(super) fn fails(&self, scope: &Scope) -> Option<String> {
        self.value(scope).err()
    }

    /// The syntax tree, for the linter.
    pub(super) fn tree(&self) -> Option<&IdedExpr> {
        self.program().ok().map(Program::expression)
    }

    fn program(&self) -> Result<&Program, &String> {
        self.program.get_or_init(|| compile(&self.text)).as_ref()
    }
}

fn compile(text: &str) -> Result<Program, String> {
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.len() > LENGTH {
        return Err(format!("it is longer than {LENGTH} characters"));
    }
    if depth(text) > DEPTH {
        return Err(format!("brackets are more than {DEPTH} deep"));
    }
    let program = ENV.compile(text).map_err(|errors| words::syntax(&errors))?;
    if let Some(unknown) = program.references().functions().into_iter().find(|name| !is_known(name)) {
        return Err(format!("there is no function {unknown:?} with these arguments"));
    }
    let mut loops = 0;
    each(program.expression(), &mut |expr| loops += usize::from(matches!(expr.expr, Expr::Comprehension(_))));
    if loops > LOOPS { Err(format!("it has more than {LOOPS} loops")) } else { Ok(program) }
}

fn depth(text: &str) -> usize {
    let mut deepest = 0;
    let mut now = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => now += 1,
            b')' | b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(now);
    }
    deepest
}

/// Operators have names with characters that no function has.
fn is_known(function: &str) -> bool {
    FUNCTIONS.contains(&function) || function.contains(|c: char| c != '_' && !c.is_alphanumeric())
}

/// Visits an expression and all in it.
pub(super) fn each<'e>(expr: &'e IdedExpr, visit: &mut impl FnMut(&'e IdedExpr)) {
    visit(expr);
    for part in parts(expr) {
        each(part, visit);
    }
}

/// What an expression is made of.
pub(super) fn parts(expr: &IdedExpr) -> Vec<&IdedExpr> {
    match &expr.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Comprehension(c) => vec![&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|entry| values(&entry.expr)).collect(),
        Expr::Struct(all) => all.entries.iter().flat_map(|entry| values(&entry.expr)).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

fn values(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.text)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Two of the same text are the same.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

impl From<&str> for Expression {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

impl JsonSchema for Expression {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Expression".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "minLength": 1, "maxLength": LENGTH })
    }
}

#[cfg(test)]
mod tests;
