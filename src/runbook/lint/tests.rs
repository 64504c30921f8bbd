use super::*;

const SOUND: &str = "id: web
title: Some pods are not ready
kind: failure
layer: workload
findings: [workload-unready]
subject: { role: web }
start: look
steps:
  look:
    title: Are all pods ready?
    why: \"{{ result.name }} should have {{ result.desired }}.\"
    check: workload-pods
    with: { workload: subject }
    branches:
      - when: \"size(result.unready) > 0 && result.unready[0].restarts > 3\"
        say: \"{{ result.unready[0].name }} on {{ result.unready[0].node }} does not come up\"
        go: was-it-meant
      - when: \"result.unready.filter(p, has(p.exitCode)).map(p, p.status).exists(s, s == 'Error')\"
        say: One ended with an error
        go: was-it-meant
      - { otherwise: true, say: All are, go: done }
  was-it-meant:
    title: Was it meant?
    ask: operator
    answers:
      - { say: \"Yes\", go: done, when: look.ready > 0 }
      - { say: \"No\", go: replace, suggested: true }
  replace:
    title: Delete the pod
    act: delete-pod
    with: { pod: look.unready }
    verify: { check: workload-pods, with: { role: web }, until: result.ready == result.desired, within: 5m }
    then: { worked: stay, failed: tell, declined: look }
  stay:
    title: Do they stay ready?
    until: workload-pods
    with: { role: web }
    holds: result.ready == result.desired
    for: 10m
    within: 15m
    then: { worked: done, failed: tell }
  tell: { title: Call, end: escalate, to: the developers, say: \"{{ look.unready }} stay\", attach: [logs] }
  done: { title: Done, end: resolved, say: It works again. }
";

fn problems(text: &str) -> Vec<String> {
    let file = SourceFile { path: "runbooks/web.yaml".into(), text: text.to_owned() };
    read(&file).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn a_sound_runbook_with_every_kind_of_step_is_read() {
    assert_eq!(problems(SOUND), Vec::<String>::new());
}

/// What is taken for granted of a shape by following `filter` and `map` must not be lost on the way.
#[test]
fn shapes_are_followed_through_loops() {
    for (from, to, said) in [
        ("p.status)", "p.state)", "there is no field \"state\""),
        ("has(p.exitCode)", "has(p.exitCodes)", "there is no field \"exitCodes\""),
        ("look.unready }} stay", "look.unready.map(p, p.nme) }} stay", "there is no field \"nme\""),
        ("p, has(p.exitCode)", "p, p.exitCode == 2", "exitCode is not known"),
        ("look.ready > 0", "\"[look.unready[0]].exists(p, p.nodes == '')\"", "there is no field \"nodes\""),
    ] {
        let all = problems(&SOUND.replace(from, to));
        assert!(all.len() == 1 && all[0].contains(said), "{to}: {all:?}");
    }
}

/// A field of the result itself that is absent is not known: a condition on it cannot be told then, which is no mistake.
#[test]
fn what_a_result_lacks_may_be_untellable() {
    assert_eq!(problems(&SOUND.replace("look.ready > 0", "size(look.unready) > 0")), Vec::<String>::new());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    /// Whatever is cut out of a runbook, reading it says what is wrong or gives it, and does not panic.
    #[test]
    fn no_mutilation_panics(start in 0_usize..2000, length in 0_usize..200) {
        let cut: String = SOUND.chars().enumerate().filter(|(i, _)| !(start..start + length).contains(i)).map(|(_, c)| c).collect();
        let _ = problems(&cut);
    }
}
