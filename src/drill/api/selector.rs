//! Label selectors, with the grammar and the words of a real server, and field selectors, with the fields that each
//! kind supports.

use std::iter::Peekable;
use std::vec::IntoIter;

use serde_json::Value;

use super::look::Look;
use crate::drill::store::ResourceDef;

/// What objects a request means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<Field>,
}

/// One requirement on labels.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

/// One requirement on a field.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    path: String,
    value: String,
    equal: bool,
}

impl Selector {
    /// Reads both selectors; an error is the message of the 400 that it makes.
    pub(super) fn parse(def: &ResourceDef, labels: &str, fields: &str) -> Result<Self, String> {
        Ok(Self { labels: parse_labels(labels)?, fields: parse_fields(def, fields)? })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(super) fn selects(&self, object: &Value) -> bool {
        self.labels.iter().all(|r| r.selects(object.at("metadata.labels")))
            && self.fields.iter().all(|f| (field_value(object, &f.path) == f.value) == f.equal)
    }
}

impl Requirement {
    fn selects(&self, labels: &Value) -> bool {
        let value = labels.get(&self.key).and_then(Value::as_str);
        let number = || value.and_then(|v| v.parse::<i64>().ok());
        match &self.test {
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
            Test::In(values) => value.is_some_and(|v| values.iter().any(|w| w == v)),
            Test::NotIn(values) => value.is_none_or(|v| values.iter().all(|w| w != v)),
            Test::Above(limit) => number().is_some_and(|n| n > *limit),
            Test::Below(limit) => number().is_some_and(|n| n < *limit),
        }
    }
}

/// A field's value as selectors compare it: text; false and zero where it is absent.
fn field_value(object: &Value, path: &str) -> String {
    if path == "source" {
        let component = object.text("source.component");
        return if component.is_empty() { object.text("reportingComponent") } else { component }.to_owned();
    }
    match object.at(path) {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::Null if matches!(path, "spec.unschedulable" | "spec.hostNetwork") => "false".into(),
        Value::Null if matches!(path, "status.replicas" | "status.successful") => "0".into(),
        _ => String::new(),
    }
}

/// How the refusal of a field is worded: from the field and the kind.
type Refuse = fn(&str, &str) -> String;

const POD: &[&str] = &[
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
];
const EVENT: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
];
const REGARDING: &[&str] = &[
    "regarding.kind",
    "regarding.namespace",
    "regarding.name",
    "regarding.uid",
    "regarding.apiVersion",
    "regarding.resourceVersion",
    "regarding.fieldPath",
    "reason",
    "reportingController",
    "type",
];

/// The fields beyond name and namespace that can be selected by, and how the refusal of others is worded.
fn known_fields(def: &ResourceDef) -> (&'static [&'static str], Refuse) {
    let plain: Refuse = |field, _| format!("field label not supported: {field}");
    let kind: Refuse = |field, kind| format!("field label {field:?} not supported for {kind}");
    let known: Refuse =
        |field, _| format!("{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
    match (def.group, def.kind) {
        ("", "Pod") => (POD, plain),
        ("", "Node") => (&["spec.unschedulable"], plain),
        ("", "Event") => (EVENT, plain),
        ("events.k8s.io", "Event") => (REGARDING, plain),
        ("", "Namespace") => (&["status.phase"], plain),
        ("", "Secret") => (&["type"], plain),
        ("", "ReplicationController") => (&["status.replicas"], plain),
        ("", "Service") => (&["spec.clusterIP", "spec.type"], plain),
        ("batch", "Job") => (&["status.successful"], kind),
        ("certificates.k8s.io", _) => (&["spec.signerName"], kind),
        _ if def.custom => (&[], plain),
        _ => (&[], known),
    }
}

fn parse_fields(def: &ResourceDef, text: &str) -> Result<Vec<Field>, String> {
    let (known, refuse) = known_fields(def);
    let terms = text.split(',').filter(|t| !t.is_empty());
    let field = |term: &str| {
        let split = |sign: &str, equal| term.split_once(sign).map(|(path, value)| (path, value, equal));
        let (path, value, equal) = split("!=", false)
            .or_else(|| split("==", true))
            .or_else(|| split("=", true))
            .ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{term}'"))?;
        if !matches!(path, "metadata.name" | "metadata.namespace") && !known.contains(&path) {
            return Err(refuse(path, def.kind));
        }
        Ok(Field { path: path.to_owned(), value: value.to_owned(), equal })
    };
    terms.map(field).collect()
}

/// The words of a label selector; the end is the empty one.
struct Words(Peekable<IntoIter<String>>);

impl Words {
    fn of(text: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        let mut in_word = false;
        for c in text.chars() {
            let sign = matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<');
            match words.last_mut() {
                Some(last) if c == '=' && matches!(last.as_str(), "=" | "!") => last.push(c),
                Some(last) if in_word && !sign && !c.is_whitespace() => last.push(c),
                _ if !c.is_whitespace() => words.push(c.to_string()),
                _ => {}
            }
            in_word = !sign && !c.is_whitespace();
        }
        Self(words.into_iter().peekable())
    }

    fn peek(&mut self) -> &str {
        self.0.peek().map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        self.0.next().unwrap_or_default()
    }
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && !word.starts_with(['=', '!', '(', ')', ',', '>', '<'])
}

fn parse_labels(text: &str) -> Result<Vec<Requirement>, String> {
    let mut words = Words::of(text);
    let mut requirements = Vec::new();
    loop {
        match words.peek() {
            "" => return Ok(requirements),
            word if is_word(word) || word == "!" => {
                requirements.push(requirement(&mut words).map_err(|e| format!("unable to parse requirement: {e}"))?);
            }
            word => return Err(format!("found '{word}', expected: !, identifier, or 'end of string'")),
        }
        match words.next().as_str() {
            "" => return Ok(requirements),
            "," if is_word(words.peek()) || words.peek() == "!" => {}
            "," => return Err(format!("found '{}', expected: identifier after ','", words.peek())),
            word => return Err(format!("found '{word}', expected: ',' or 'end of string'")),
        }
    }
}

fn requirement(words: &mut Words) -> Result<Requirement, String> {
    let absent = words.peek() == "!";
    if absent {
        words.next();
    }
    let key = words.next();
    if !is_word(&key) {
        return Err(format!("found '{key}', expected: identifier"));
    }
    if absent {
        return Ok(Requirement { key, test: Test::Absent });
    }
    if matches!(words.peek(), "" | ",") {
        return Ok(Requirement { key, test: Test::Exists });
    }
    let test = match words.next().as_str() {
        "in" => Test::In(values(words)?),
        "notin" => Test::NotIn(values(words)?),
        "=" | "==" => Test::In(vec![value(words)]),
        "!=" => Test::NotIn(vec![value(words)]),
        sign @ (">" | "<") => {
            let limit = value(words);
            let number = limit.parse().map_err(|_| {
                format!(
                    "values[0][{key}]: Invalid value: {limit:?}: for 'Gt', 'Lt' operators, the value must be an integer"
                )
            })?;
            if sign == ">" { Test::Above(number) } else { Test::Below(number) }
        }
        word => return Err(format!("found '{word}', expected: in, notin, =, ==, !=, gt, lt")),
    };
    Ok(Requirement { key, test })
}

/// One value; an empty one may be left out.
fn value(words: &mut Words) -> String {
    if is_word(words.peek()) { words.next() } else { String::new() }
}

fn values(words: &mut Words) -> Result<Vec<String>, String> {
    let open = words.next();
    if open != "(" {
        return Err(format!("found '{open}' expected: '('"));
    }
    let mut values = Vec::new();
    loop {
        values.push(value(words));
        match words.next().as_str() {
            "," => {}
            ")" => return Ok(values),
            word => return Err(format!("found '{word}', expected: ',' or ')'")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drill::store::Store;

    fn def(group: &str, plural: &str) -> &'static ResourceDef {
        Store::resource(group, plural).expect("known").def()
    }

    fn by_labels(text: &str) -> Result<Vec<&'static str>, String> {
        let selector = Selector::parse(def("", "pods"), text, "")?;
        let objects = [("a", json!({"n": "1", "odd": "yes"})), ("b", json!({"n": "2"})), ("c", json!({}))];
        let selected = objects.into_iter().filter(|(_, l)| selector.selects(&json!({"metadata": {"labels": l}})));
        Ok(selected.map(|(name, _)| name).collect())
    }

    #[test]
    fn label_selectors_select() {
        for (text, want) in [
            ("", &["a", "b", "c"] as &[_]),
            ("n=1", &["a"]),
            ("n == 2", &["b"]),
            ("n!=1", &["b", "c"]),
            ("n in (1, 2),!odd", &["b"]),
            ("n notin (1)", &["b", "c"]),
            ("odd", &["a"]),
            ("n>1", &["b"]),
            ("n<2", &["a"]),
            ("n in ()", &[]),
        ] {
            assert_eq!(by_labels(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn a_bad_label_selector_is_refused_in_the_words_of_a_real_server() {
        for (text, want) in [
            ("==bad", "found '==', expected: !, identifier, or 'end of string'"),
            ("a,", "found '', expected: identifier after ','"),
            ("a in b", "unable to parse requirement: found 'b' expected: '('"),
            ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ] {
            assert_eq!(by_labels(text), Err(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn field_selectors_know_the_fields_of_each_kind() {
        let pod = json!({"metadata": {"name": "a"}, "spec": {"nodeName": "n"}, "status": {"phase": "Running"}});
        let selects = |text| Selector::parse(def("", "pods"), "", text).map(|s| s.selects(&pod));
        assert_eq!(selects("spec.nodeName=n,status.phase!=Failed"), Ok(true));
        assert_eq!(selects("spec.nodeName=m"), Ok(false));
        assert_eq!(selects("spec.hostNetwork=false"), Ok(true));
        assert_eq!(selects("spec.bogus=1"), Err("field label not supported: spec.bogus".into()));
        assert_eq!(selects("x"), Err("invalid selector: 'x'; can't understand 'x'".into()));
        let other = Selector::parse(def("", "configmaps"), "", "spec.nodeName=x");
        let want = "\"spec.nodeName\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"";
        assert_eq!(other, Err(want.to_owned()));
    }
}
