use serde_json::json;

use super::*;

fn scope() -> Scope {
    let pods = json!([
        { "kind": "Pod", "namespace": "shop", "name": "web-1", "uid": "u1", "ready": true, "restarts": 0 },
        { "kind": "Pod", "namespace": "shop", "name": "web-2", "uid": "u2", "ready": false, "restarts": 7 },
    ]);
    let result = json!({ "pods": pods, "ratio": 0.5, "whole": 3.0, "none": null, "note": "a\u{1b}[31mb" });
    Scope::new()
        .with("result", &result)
        .with("first-look", &json!({ "ready": 1 }))
        .with("subject", &json!({ "kind": "Deployment", "namespace": "shop", "name": "web", "uid": "" }))
        .with("findings", &json!([{ "id": "F15", "severity": "critical" }]))
}

fn holds(text: &str) -> Result<bool, String> {
    Expression::new(text).holds(&scope())
}

#[test]
fn what_docs_promise_of_cel_holds() {
    for yes in [
        "result.pods.exists(p, !p.ready)",
        "!result.pods.all(p, p.ready)",
        "result.pods.exists_one(p, p.restarts > 5)",
        "size(result.pods.filter(p, p.ready)) == 1",
        "result.pods.map(p, p.name) == ['web-1', 'web-2']",
        "'web-1' in result.pods.map(p, p.name)",
        "result.pods[1].name.startsWith('web') && 'abc'.contains('b') && 'abc'.endsWith('c')",
        "has(result.ratio) && !has(result.none) && !has(result.nothing)",
        "(result.ratio < 1 ? 'low' : 'high') == 'low'",
        "first_look.ready == 1",
        "findings.exists(f, f.id == 'F15')",
        "result.ratio > 0 && result.ratio < 1 && 1 + 1 == 2 && -1 < 0 && 7 % 2 == 1",
        "string(3) == '3' && int('3') == 3 && double(3) == 3.0",
        // One side decides, whatever the other is.
        "result.nothing > 1 || true",
        "!(false && result.nothing > 1)",
    ] {
        assert_eq!(holds(yes), Ok(true), "{yes}");
    }
}

#[test]
fn what_cannot_be_told_says_why() {
    for (text, why) in [
        ("result.nothing > 1", "nothing is not known"),
        ("result.none > 1", "none is not known"),
        ("second_look.ready == 1", "nothing is known of second_look yet"),
        ("result.pods[9].ready", "the list is shorter than that"),
        ("result.pods", "it gives a list, not yes or no"),
        ("result.note > 1", "> does not work on string and int"),
        ("1 / (first_look.ready - 1) > 0", "it divides by zero"),
    ] {
        assert_eq!(holds(text), Err(why.to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_expression_says_so() {
    let mistake = |text: &str| Expression::new(text).mistake().unwrap_or("none").to_owned();
    assert_eq!(mistake("result.ready"), "none");
    assert_eq!(mistake(" "), "it is empty");
    assert_eq!(mistake("result.ready >"), "column 15: mismatched end");
    assert_eq!(mistake("result.note.matches('x')"), "there is no function \"matches\" with these arguments");
    assert_eq!(mistake("re_start(result)"), "there is no function \"re_start\" with these arguments");
    assert_eq!(mistake(&"a".repeat(401)), "it is longer than 400 characters");
    assert_eq!(mistake(&"(".repeat(40)), "brackets are more than 16 deep");
    assert_eq!(mistake("a.all(x, a.all(y, a.all(z, a.all(u, a.all(v, v)))))"), "it has more than 4 loops");
    assert!(holds("result.ready >").is_err());
}

#[test]
fn references_and_numbers_are_typed() {
    let references = |text: &str| {
        let found = Expression::new(text).references(&scope());
        found.map(|all| all.iter().map(|r| format!("{r} {}", r.uid)).collect::<Vec<_>>().join(", "))
    };
    assert_eq!(references("subject").unwrap(), "Deployment/shop/web ");
    assert_eq!(references("result.pods.filter(p, !p.ready)").unwrap(), "Pod/shop/web-2 u2");
    assert_eq!(references("result.pods.filter(p, p.restarts > 99)").unwrap(), "");
    assert_eq!(references("first_look").unwrap_err(), "it gives no object with kind and name");
    assert_eq!(references("result.note").unwrap_err(), "it gives a text, not an object of the cluster");
    let number = |text: &str| Expression::new(text).number(&scope());
    assert_eq!(number("size(result.pods) + 1"), Ok(3));
    assert_eq!(number("0 - 1"), Err("-1 is negative".to_owned()));
    assert_eq!(number("result.ratio"), Err("it gives a number, not a whole number".to_owned()));
}

#[test]
fn texts_are_filled_in_and_harmless() {
    let render = |text: &str| Template::new(text).render(&scope());
    assert_eq!(render("{{ size(result.pods) }} pods of {{subject}}"), "2 pods of web");
    assert_eq!(render("{{ result.pods.filter(p, !p.ready) }} and {{ result.nothing }}"), "web-2 and ?");
    assert_eq!(render("{{ result.ratio }} {{ result.whole }} {{ result.pods[0].ready }}"), "0.5 3 yes");
    assert_eq!(render("note: {{ result.note }}"), "note: ab");
    assert_eq!(render("open {{ result"), "open");
    assert_eq!(render("one\ntwo\u{7}\n"), "one\ntwo");
    let mistake = |text: &str| Template::new(text).mistake().map(ToOwned::to_owned);
    assert_eq!(mistake("a {{ b }} c"), None);
    assert_eq!(mistake("a {{ b"), Some("a {{ has no }}".to_owned()));
    assert_eq!(mistake("a }} b"), Some("a }} has no {{".to_owned()));
}

/// The parser and the evaluation are recursive: the worst that the limits let through must fit a thread's stack.
#[test]
fn the_longest_expressions_fit_the_stack() {
    for text in [
        "!".repeat(396) + "true",
        "-".repeat(399) + "1",
        "1".to_owned() + &"+1".repeat(199),
        "a".to_owned() + &".b".repeat(199),
        "a".to_owned() + &"[0]".repeat(133),
        "(".repeat(16) + "1" + &")".repeat(16),
        "true?".repeat(70) + "1" + &":1".repeat(15),
        "a?b:".repeat(99) + "c",
        "[".repeat(16) + &"]".repeat(16),
        "a||".repeat(130) + "b",
    ] {
        let _ = Expression::new(&text).holds(&scope());
    }
}

proptest::proptest! {
    #[test]
    fn nothing_that_is_written_panics(text in "[a-c0-9.,(){}\\[\\]'\"?:!<>=&|+*/% \\\\-]{0,40}|.{0,30}") {
        let expression = Expression::new(&text);
        let _ = expression.holds(&scope());
        let _ = Template::new(&format!("x {{{{ {text} }}}}")).render(&scope());
    }
}
