//! Small phrases that several deeds and guards use.

use crate::situation::object::Pod;
use crate::situation::{Ref, Text};

/// How many names stand in one sentence.
const NAMES: usize = 6;

/// `3 pods`, `1 pod`.
pub fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// At most a handful of names, then how many more there are; `none` when there is none.
pub fn list<S: AsRef<str>>(names: &[S]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let shown = names.iter().take(NAMES).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// `web-1 on node-1, web-2 on no node`
pub fn places<'p>(pods: impl IntoIterator<Item = &'p Pod>) -> String {
    list(&pods.into_iter().map(place).collect::<Vec<_>>())
}

/// `web-1 on node-1`
pub fn place(pod: &Pod) -> String {
    let node = if pod.node.is_empty() { "no node yet" } else { &*pod.node };
    format!("{} on {node}", pod.meta.key.name)
}

/// `kubectl -n shop …`; without a namespace only `kubectl …`.
pub fn kubectl(object: &Ref, rest: &str) -> String {
    match &*object.key.namespace {
        "" => format!("kubectl {rest}"),
        namespace => format!("kubectl -n {} {rest}", quoted(namespace)),
    }
}

/// A word as a shell takes it for one.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Text of a raw object, made harmless.
pub fn clean(value: Option<&serde_json::Value>) -> Text {
    Text::new(value.and_then(serde_json::Value::as_str).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_cannot_leave_its_quotes() {
        assert_eq!(quoted("web-1"), "web-1");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("a'; rm -rf /"), r"'a'\''; rm -rf /'");
        assert_eq!(quoted("$(id)"), "'$(id)'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(list::<&str>(&[]), "none");
        assert_eq!(list(&["a", "b"]), "a, b");
        assert_eq!(list(&["a", "b", "c", "d", "e", "f", "g", "h"]), "a, b, c, d, e, f and 2 more");
    }
}
