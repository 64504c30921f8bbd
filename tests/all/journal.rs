//! The record of an incident: its format, what it never holds, and the commands that read it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crashcart::action::{
    Action, Class, Difference, DryRun, Event, Fact, Guard, Outcome, Plan, Proof, Recorder, Request, Right, Undo,
    Verdict, Write,
};
use crashcart::incident::{self, Entry, Header, Journal, Line, VERSION};
use crashcart::secrets;
use crashcart::situation::time::{Clocks, ManualClock};
use crashcart::situation::{ClusterId, Key, Kind, Ref};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::schema::{fits, schema};

const START: &str = "2026-11-22T04:00:00Z";

fn start() -> Timestamp {
    START.parse().expect("a time")
}

/// Runs the program with this state folder; its exit code and what it prints.
#[expect(clippy::disallowed_types, reason = "the program itself is what is tested")]
fn crashcart(arguments: &[&str], state: &Path) -> (Option<i32>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_crashcart"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("XDG_STATE_HOME", state)
        .output()
        .expect("the program runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

fn cluster() -> ClusterId {
    ClusterId {
        context: "prod".into(),
        server: "https://203.0.113.11:6443".into(),
        uid: "5d1c2b3a-0000-4000-8000-000000000001".into(),
        user: "ann".into(),
        namespace: "shop".into(),
    }
}

fn deployment() -> Ref {
    let key = Key::new("shop", "api");
    Ref { kind: Kind::Deployment, key, uid: "3b241101-e2bb-4255-8caf-4136c566a962".into() }
}

fn request(body: Value) -> Request {
    Request {
        write: Write::Change,
        method: "PATCH",
        path: "/apis/apps/v1/namespaces/shop/deployments/api".into(),
        content_type: "application/json-patch+json",
        body,
    }
}

fn plan(body: Value) -> Plan {
    let action = Action::RollBack { deployment: deployment(), to: Some(41) };
    let difference = |what: &str, before: &str, after: &str| Difference {
        what: what.into(),
        before: before.into(),
        after: after.into(),
    };
    Plan {
        action: action.clone(),
        title: "Roll back api to revision 41".into(),
        class: Class::R2,
        cluster: cluster(),
        endpoint: "https://203.0.113.11:6443".into(),
        objects: vec![deployment()],
        requests: vec![request(body)],
        command: "kubectl -n shop rollout undo deployment/api --to-revision=41".into(),
        guards: vec![Guard { id: "G7", verdict: Verdict::Passed, says: "the registry answers".into() }],
        warnings: vec!["revision 42 migrated the schema".into()],
        rights: vec![Right {
            verb: "patch",
            group: "apps",
            resource: "deployments",
            namespace: "shop".into(),
            allowed: Some(true),
            optional: false,
        }],
        dry_run: DryRun::Accepted,
        differences: vec![difference("image of api", "registry.example.com/api:42", "registry.example.com/api:41")],
        blast_radius: vec!["3 pods are replaced, one after the other".into()],
        undo: Undo { says: "roll forward to revision 42".into(), action: Some(action) },
        proof: Proof {
            says: "3 of 3 ready on revision 41".into(),
            within: SignedDuration::from_mins(10),
            workload: None,
        },
        basis: vec![Fact { what: "ready pods of api".into(), value: "1 of 3".into() }],
        made: start(),
    }
}

fn events() -> Vec<Event> {
    let execution = || "1795322629-4f1c".to_owned();
    let body = json!([{"op": "replace", "path": "/spec/template", "value": {"metadata": {}}}]);
    let outcome = Outcome { at: start(), generation: Some(7), says: "200 OK".into() };
    let says = || "3 of 3 ready".to_owned();
    vec![
        Event::Planned { execution: execution(), plan: Box::new(plan(body.clone())) },
        Event::Confirmed { execution: execution(), by: "key Y".into() },
        Event::Refused { execution: execution(), why: "G7: the registry does not answer".into() },
        Event::Intent { execution: execution(), number: 0, request: request(body) },
        Event::Answered { execution: execution(), number: 0, code: 200, says: "OK".into() },
        Event::OutcomeUnknown { execution: execution(), number: 0, why: "the connection was lost".into() },
        Event::Executed { execution: execution(), outcome },
        Event::Stopped { execution: execution(), number: 1, why: "it was cancelled".into() },
        Event::Verified { execution: execution(), verdict: "worked".into(), says: says() },
    ]
}

fn finding() -> Value {
    json!({
        "id": "F15", "severity": "critical", "confidence": "confirmed", "title": "api panics in a crash loop",
        "subjects": ["Deployment/shop/api"], "since": START, "evidence": [], "refutedBy": [], "unseen": [], "runbook": "F15",
    })
}

/// One of every kind, in the order of a night.
fn entries() -> Vec<Entry> {
    let runbook = || "F15".to_owned();
    let header = Header {
        version: VERSION,
        incident: "INC-0007".into(),
        context: "prod".into(),
        server: "https://203.0.113.11:6443".into(),
        cluster: "5d1c2b3a-0000-4000-8000-000000000001".into(),
        drill: None,
        program: "0.1.0".into(),
    };
    let mut all = vec![
        Entry::Opened(header),
        Entry::FindingCame { finding: finding() },
        Entry::FindingChanged { finding: finding() },
        Entry::Armed { until: start() },
        Entry::TreeOpened { tree: 1, runbook: runbook(), subject: "Deployment/shop/api".into() },
        Entry::Step {
            tree: 1,
            runbook: runbook(),
            step: "stack".into(),
            title: "Is there a stack?".into(),
            result: Some(json!({"panic": "runtime error: invalid memory address"})),
        },
        Entry::Took {
            tree: 1,
            runbook: runbook(),
            step: "stack".into(),
            say: "the same stack in all pods".into(),
            suggested: true,
            to: "deploy".into(),
            title: "Did it begin with a deploy?".into(),
        },
        Entry::Back { tree: 1, runbook: runbook(), step: "stack".into() },
        Entry::Declined { execution: "1795322600-0000".into() },
    ];
    all.extend(events().into_iter().map(|event| Entry::Action { event: Box::new(event) }));
    all.extend([
        Entry::LookedAt { execution: "1795322629-4f1c".into(), says: "revision 41 is present".into() },
        Entry::ClusterChanged { what: "the server's authority".into() },
        Entry::Disarmed { why: "the time is up".into() },
        Entry::TreeEnded { tree: 1, runbook: runbook(), step: "end".into(), end: "watch".into(), say: "15 min".into() },
        Entry::TreeClosed { tree: 1, runbook: runbook() },
        Entry::Note { text: "told the developers".into() },
        Entry::Left,
        Entry::Resumed { program: "0.1.0".into() },
        Entry::FindingGone { id: "F15".into(), subject: "Deployment/shop/api".into() },
        Entry::Closed { why: "nothing above info was found for ten minutes".into() },
    ]);
    all
}

/// Where a kind stands in [`entries`]; a new kind does not compile until it has a place there.
fn place(entry: &Entry) -> usize {
    let event = |event: &Event| match event {
        Event::Planned { .. } => 9,
        Event::Confirmed { .. } => 10,
        Event::Refused { .. } => 11,
        Event::Intent { .. } => 12,
        Event::Answered { .. } => 13,
        Event::OutcomeUnknown { .. } => 14,
        Event::Executed { .. } => 15,
        Event::Stopped { .. } => 16,
        Event::Verified { .. } => 17,
    };
    match entry {
        Entry::Opened(_) => 0,
        Entry::FindingCame { .. } => 1,
        Entry::FindingChanged { .. } => 2,
        Entry::Armed { .. } => 3,
        Entry::TreeOpened { .. } => 4,
        Entry::Step { .. } => 5,
        Entry::Took { .. } => 6,
        Entry::Back { .. } => 7,
        Entry::Declined { .. } => 8,
        Entry::Action { event: e } => event(e),
        Entry::LookedAt { .. } => 18,
        Entry::ClusterChanged { .. } => 19,
        Entry::Disarmed { .. } => 20,
        Entry::TreeEnded { .. } => 21,
        Entry::TreeClosed { .. } => 22,
        Entry::Note { .. } => 23,
        Entry::Left => 24,
        Entry::Resumed { .. } => 25,
        Entry::FindingGone { .. } => 26,
        Entry::Closed { .. } => 27,
    }
}

fn line(seq: u64, entry: &Entry) -> Line {
    Line { seq, at: start(), wall: start(), entry: serde_json::to_value(entry).expect("JSON") }
}

#[test]
fn every_kind_of_line_fits_the_schema() {
    let schema = schema("journal");
    let entries = entries();
    let places: Vec<usize> = entries.iter().map(place).collect();
    assert_eq!(places, (0..28).collect::<Vec<_>>(), "one sample of each");
    for (seq, entry) in (1..).zip(&entries) {
        fits(&schema, &serde_json::to_value(line(seq, entry)).expect("JSON"));
    }
    let kinds = schema["oneOf"].as_array().expect("kinds");
    let events = kinds.iter().filter_map(|kind| kind["oneOf"].as_array()).flatten();
    assert_eq!(kinds.len() - 1 + events.clone().count(), entries.len(), "and the schema knows no other");
    for described in kinds.iter().chain(events) {
        assert!(described["description"].is_string(), "{described:#}");
    }
}

/// What the first version wrote. It is never written anew.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals/version-1.jsonl")
}

#[test]
fn a_journal_of_the_first_version_stays_readable() {
    let (code, said) = crashcart(&["journal", "verify", "tests/journals/version-1.jsonl"], Path::new("/nowhere"));
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said, "tests/journals/version-1.jsonl: 28 lines, INC-0007 on prod: whole\n");
    let schema = schema("journal");
    for line in std::fs::read_to_string(sample()).expect("the sample").lines() {
        fits(&schema, &serde_json::from_str(line).expect("JSON"));
    }
}

#[test]
fn verify_names_file_line_and_problem() {
    let home = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(sample()).expect("the sample");
    let short: Vec<&str> = text.lines().enumerate().filter(|(at, _)| *at != 4).map(|(_, line)| line).collect();
    let file = home.path().join("journal.jsonl");
    std::fs::write(&file, short.join("\n")).expect("a file");
    let name = file.to_string_lossy();
    let (code, said) = crashcart(&["journal", "verify", &name], home.path());
    assert_eq!(code, Some(1));
    assert!(said.starts_with(&format!("{name}:5: seq is 6 instead of 5: 1 before it are missing\n")), "{said}");
    let (code, said) = crashcart(&["journal", "verify", "/does/not/exist"], home.path());
    assert_eq!(code, Some(1));
    assert!(said.contains("cannot read /does/not/exist"), "{said}");
}

fn journal(state: &Path, drill: Option<&str>) -> Journal {
    let clock = Arc::new(ManualClock::new(start()));
    Journal::new(Some(&state.join("crashcart")), Clocks { cluster: clock.clone(), wall: clock }, drill)
}

#[test]
fn incidents_lists_what_there_is() {
    let home = tempfile::tempdir().expect("a folder");
    let said = crashcart(&["incidents", "-o", "json"], home.path());
    assert_eq!(said, (Some(0), "[]\n".to_owned()));
    let first = journal(home.path(), None);
    first.open(&cluster()).expect("it opens");
    first.record(Event::Planned { execution: "e".into(), plan: Box::new(plan(Value::Null)) });
    first.record(Event::Intent { execution: "e".into(), number: 0, request: request(Value::Null) });
    first.close("over");
    first.finish();
    let drill = journal(home.path(), Some("F15"));
    drill.open(&cluster()).expect("it opens");
    let (code, said) = crashcart(&["incidents", "-o", "json"], home.path());
    assert_eq!(code, Some(0), "{said}");
    let listed: Value = serde_json::from_str(&said).expect("JSON");
    let folder = home.path().join("crashcart/incidents");
    let cluster = json!({"context": "prod", "server": "https://203.0.113.11:6443", "uid": "5d1c2b3a-0000-4000-8000-000000000001"});
    let entry = |id: &str, state: &str, running: bool, drill: Option<&str>, unknown: usize| {
        json!({
            "id": id, "cluster": cluster, "began": START, "last": START, "state": state, "running": running,
            "drill": drill, "outcomeUnknown": unknown, "journal": folder.join(id).join("journal.jsonl"), "problem": null,
        })
    };
    assert_eq!(
        listed,
        json!([entry("INC-0002", "open", true, Some("F15"), 0), entry("INC-0001", "closed", false, None, 1)])
    );
    std::fs::write(folder.join("INC-0001/journal.jsonl"), "garbage\n").expect("a file");
    let (_, said) = crashcart(&["incidents"], home.path());
    insta::assert_snapshot!(said);
}

#[test]
fn an_execution_that_was_cut_off_can_be_judged_from_the_journal() {
    let home = tempfile::tempdir().expect("a folder");
    let first = journal(home.path(), None);
    first.open(&cluster()).expect("it opens");
    first.record(Event::Planned { execution: "e".into(), plan: Box::new(plan(Value::Null)) });
    first.record(Event::Intent { execution: "e".into(), number: 0, request: request(Value::Null) });
    first.close("over");
    first.finish();
    let past = journal(home.path(), None).look_back(&cluster()).expect("it looks");
    let [lost] = past.unknown.as_slice() else { panic!("{past:?}") };
    assert_eq!(lost.action, Some(Action::RollBack { deployment: deployment(), to: Some(41) }));
    assert_eq!((lost.title.as_str(), lost.target.as_str()), ("Roll back api to revision 41", "Deployment/shop/api"));
    assert!(lost.check.contains("kubectl -n shop rollout history deployment/api"), "{}", lost.check);
}

/// Not a test: the program that the next test kills. It is about to send a request, says so, and writes on and on.
#[test]
#[ignore = "run by another test, which kills it"]
fn writes_until_it_is_killed() {
    let Some(state) = std::env::var_os("CRASHCART_TEST_STATE") else { return };
    let journal = journal(Path::new(&state), None);
    journal.open(&cluster()).expect("it opens");
    journal.record(Event::Planned { execution: "e".into(), plan: Box::new(plan(Value::Null)) });
    let intent = Event::Intent { execution: "e".into(), number: 0, request: request(Value::Null) };
    futures::executor::block_on(journal.record_synced(intent)).expect("it is on disk");
    println!("\nready");
    loop {
        let written = journal.record_synced(Event::Confirmed { execution: "f".into(), by: "x".repeat(50_000) });
        futures::executor::block_on(written).expect("it is on disk");
    }
}

#[test]
#[expect(clippy::disallowed_types, reason = "only a process can be killed")]
fn after_a_kill_the_intent_is_there_and_the_incident_goes_on() {
    let home = tempfile::tempdir().expect("a folder");
    let mut child = std::process::Command::new(std::env::current_exe().expect("a path"))
        .args(["journal::writes_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
        .env("CRASHCART_TEST_STATE", home.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let said = BufReader::new(child.stdout.take().expect("a pipe"));
    assert!(said.lines().map_while(Result::ok).any(|line| line == "ready"));
    child.kill().expect("it is killed");
    child.wait().expect("it has ended");
    let again = journal(home.path(), None);
    let opened = again.open(&cluster()).expect("it opens");
    assert_eq!(opened.incident, "INC-0001");
    let unknown: Vec<_> = opened.unknown.iter().map(|u| u.title.as_str()).collect();
    assert_eq!(unknown, ["Roll back api to revision 41"]);
    again.finish();
    let file = home.path().join("crashcart/incidents/INC-0001/journal.jsonl");
    let verified = incident::verify(&file).expect("it can be read");
    assert_eq!(verified.problems, vec![]);
}

#[test]
fn no_planted_secret_reaches_the_file() {
    secrets::remember("planted by the kubeconfig");
    let home = tempfile::tempdir().expect("a folder");
    let journal = journal(home.path(), None);
    journal.open(&cluster()).expect("it opens");
    let container = json!({
        "image": "registry.example.com/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "args": ["--token", "PLANTED-1", "--verbose"],
        "env": [{"name": "JWT_SECRET", "value": "PLANTED-2"}, {"name": "DB", "value": "postgres://u:PLANTED-3@db.example.com/x"}],
    });
    let body = json!([{"op": "replace", "path": "/spec/template", "value": {"spec": {"containers": [container]}}}]);
    let mut plan = plan(body.clone());
    plan.differences.push(Difference {
        what: "env JWT_SECRET of api".into(),
        before: "PLANTED-4".into(),
        after: "PLANTED-5".into(),
    });
    plan.warnings.push("curl -H 'Authorization: Bearer PLANTED-6' https://example.com".into());
    journal.record(Event::Planned { execution: "e".into(), plan: Box::new(plan) });
    journal.record(Event::Intent { execution: "e".into(), number: 0, request: request(body) });
    journal.record(Event::Answered {
        execution: "e".into(),
        number: 0,
        code: 403,
        says: "planted by the kubeconfig".into(),
    });
    journal.write(Entry::Note { text: "the password=PLANTED-7 was used, cGxhbnRlZCBieSB0aGUga3ViZWNvbmZpZw==".into() });
    journal.finish();
    drop(journal);
    let text = std::fs::read_to_string(home.path().join("crashcart/incidents/INC-0001/journal.jsonl")).expect("a file");
    assert_eq!(text.lines().count(), 5);
    for secret in ["PLANTED", "planted by", "cGxhbnRlZ"] {
        assert!(!text.contains(secret), "{text}");
    }
    let image = "registry.example.com/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    for ordinary in [image, "3b241101-e2bb-4255-8caf-4136c566a962", "Roll back api to revision 41", "JWT_SECRET"] {
        assert!(text.contains(ordinary), "{ordinary} in {text}");
    }
}
