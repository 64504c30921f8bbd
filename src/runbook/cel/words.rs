//! What goes wrong in expressions, in words.

use cel::{ExecutionError, ParseErrors, Value};

use crate::situation::clean;

/// The longest piece of a value that is repeated in a message.
const SHOWN: usize = 60;

/// Why an expression cannot be worked out.
pub(super) fn error(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(name) => format!("{} is not known", short(name)),
        ExecutionError::UndeclaredReference(name) => format!("nothing is known of {} yet", short(name)),
        ExecutionError::IndexOutOfBounds(_) => "the list is shorter than that".to_owned(),
        ExecutionError::NoSuchOverload(overload) => {
            let types = overload.argument_types().join(" and ");
            format!("{} does not work on {types}", operator(overload.function()))
        }
        ExecutionError::UnexpectedType { got, want } => format!("it has {got} where {want} is needed"),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "it divides by zero".to_owned(),
        ExecutionError::Overflow(..) => "the number is too big".to_owned(),
        ExecutionError::FunctionError { function, message } => format!("{}: {}", short(function), short(message)),
        ExecutionError::ValuesNotComparable(left, right) => {
            format!("{} and {} cannot be compared", kind(left), kind(right))
        }
        ExecutionError::UnsupportedIndex(..) => "this cannot be used as an index".to_owned(),
        _ => "it cannot be worked out".to_owned(),
    }
}

/// The first mistake in an expression that is none.
pub(super) fn syntax(errors: &ParseErrors) -> String {
    let Some(first) = errors.errors.first() else { return "it is not CEL".to_owned() };
    let message = first.msg.strip_prefix("Syntax error: ").unwrap_or(&first.msg);
    let message = message.split(" expecting ").next().unwrap_or(message);
    let message = message.replace("input '<EOF>'", "end").replace("'<EOF>'", "the end");
    format!("column {}: {}", first.pos.1.max(0), short(&message))
}

/// What a value is.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::List(_) => "a list",
        Value::Map(_) | Value::Struct(_) => "an object",
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "a number",
        Value::String(_) => "a text",
        Value::Bool(_) => "yes or no",
        Value::Null => "nothing",
        _ => "something else",
    }
}

/// `_>_` is written `>`.
fn operator(function: &str) -> String {
    let plain = function.trim_matches(['_', '@']);
    if plain.is_empty() || plain == "[" { "an index".to_owned() } else { short(plain) }
}

fn short(text: &str) -> String {
    clean(text).chars().take(SHOWN).collect()
}
