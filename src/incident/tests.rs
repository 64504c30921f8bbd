use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::folder::Folder;
use super::sheet::{Sheet, Stamped};
use super::*;
use crate::action::{Action, Event, Outcome, Recorder};
use crate::situation::ClusterId;
use crate::situation::time::{Clocks, ManualClock};

const START: &str = "2026-11-22T04:00:00Z";

struct Desk {
    home: tempfile::TempDir,
    clock: ManualClock,
    cluster: ClusterId,
}

impl Desk {
    fn new() -> Self {
        let cluster = ClusterId {
            context: "prod".into(),
            server: "https://203.0.113.11:6443".into(),
            uid: "u-1".into(),
            ..Default::default()
        };
        Self {
            home: tempfile::tempdir().expect("a folder"),
            clock: ManualClock::new(START.parse().expect("a time")),
            cluster,
        }
    }

    fn journal(&self) -> Journal {
        self.journal_of(None)
    }

    fn journal_of(&self, drill: Option<&str>) -> Journal {
        let clocks = Clocks { cluster: Arc::new(self.clock.clone()), wall: Arc::new(self.clock.clone()) };
        Journal::new(Some(self.home.path()), clocks, drill)
    }

    fn file(&self, number: u32) -> std::path::PathBuf {
        Folder::of(self.home.path()).journal(number)
    }

    /// The kinds of the lines of an incident, torn ones as `?`.
    fn kinds(&self, number: u32) -> Vec<String> {
        let text = std::fs::read_to_string(self.file(number)).expect("a journal");
        let kind =
            |line: &str| serde_json::from_str::<Line>(line).map_or_else(|_| "?".to_owned(), |l| l.kind().to_owned());
        text.lines().map(kind).collect()
    }

    /// Ends a journal as the end of the program does, and waits until the file is free.
    fn end(&self, journal: Journal, number: u32) {
        journal.finish();
        drop(journal);
        let file = std::fs::File::open(self.file(number)).expect("a journal");
        file.lock().expect("it is free");
    }
}

fn note(text: &str) -> Entry {
    Entry::Note { text: text.to_owned() }
}

#[test]
fn entries_wait_for_the_file_which_only_its_owner_may_read() {
    let desk = Desk::new();
    let journal = desk.journal();
    journal.write(note("before"));
    let opened = journal.open(&desk.cluster).expect("it opens");
    assert_eq!((opened.incident.as_str(), opened.began.to_string().as_str()), ("INC-0001", START));
    journal.write(note("after"));
    desk.end(journal, 1);
    assert_eq!(desk.kinds(1), ["opened", "note", "note"]);
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    let file = desk.file(1);
    let folder = file.parent().expect("a folder");
    assert_eq!((mode(&file), mode(folder), mode(folder.parent().expect("a folder"))), (0o600, 0o700, 0o700));
    let verified = verify(&file).expect("it can be read");
    assert_eq!((verified.lines, verified.problems, verified.torn), (3, vec![], vec![]));
}

#[test]
fn an_open_incident_is_gone_on_with_and_looking_back_begins_none() {
    let desk = Desk::new();
    let journal = desk.journal();
    assert!(journal.look_back(&desk.cluster).expect("nothing").opened.is_none());
    assert!(!desk.home.path().join("incidents").exists());
    journal.open(&desk.cluster).expect("it opens");
    desk.end(journal, 1);
    desk.clock.advance(SignedDuration::from_hours(11));
    let journal = desk.journal();
    let opened = journal.look_back(&desk.cluster).expect("it looks").opened.expect("one is open");
    assert_eq!((opened.incident.as_str(), opened.began.to_string().as_str()), ("INC-0001", START));
    assert_eq!(journal.open(&desk.cluster).expect("it is open").incident, "INC-0001");
    desk.end(journal, 1);
    assert_eq!(desk.kinds(1), ["opened", "resumed"]);
}

#[test]
fn closed_stale_foreign_running_and_drilled_incidents_are_left_alone() {
    let desk = Desk::new();
    let incident = |journal: &Journal, cluster| journal.open(cluster).expect("it opens").incident;
    let running = desk.journal();
    assert_eq!(incident(&running, &desk.cluster), "INC-0001");
    let second = desk.journal();
    assert_eq!(incident(&second, &desk.cluster), "INC-0002", "the first is written to");
    second.close("it is over");
    assert_eq!(incident(&second, &desk.cluster), "INC-0003", "the second is closed");
    let other = ClusterId { uid: "u-2".into(), ..desk.cluster.clone() };
    assert_eq!(incident(&desk.journal(), &other), "INC-0004");
    let drill = desk.journal_of(Some("F15"));
    assert_eq!(incident(&drill, &desk.cluster), "INC-0005");
    desk.end(drill, 5);
    assert_eq!(incident(&desk.journal_of(Some("F15")), &desk.cluster), "INC-0006", "a drill begins anew");
    desk.end(running, 1);
    desk.end(second, 3);
    desk.clock.advance(SignedDuration::from_hours(12));
    assert_eq!(incident(&desk.journal(), &desk.cluster), "INC-0007", "the others are stale");
    assert_eq!(desk.kinds(2), ["opened", "closed"]);
    let listed = list(desk.home.path()).expect("they can be listed");
    let states: Vec<_> = listed.iter().rev().map(|l| (l.state.unwrap_or("?"), l.drill.as_deref())).collect();
    assert_eq!(states[..2], [("open", None), ("closed", None)]);
    assert_eq!(states[4], ("open", Some("F15")));
}

#[test]
fn a_torn_line_is_passed_over_and_writing_begins_on_a_new_one() {
    let desk = Desk::new();
    let journal = desk.journal();
    journal.open(&desk.cluster).expect("it opens");
    journal.write(note("whole"));
    desk.end(journal, 1);
    let mut file = OpenOptions::new().append(true).open(desk.file(1)).expect("a file");
    file.write_all(br#"{"seq":3,"at":"2026-11-22T04:"#).expect("room");
    drop(file);
    let verified = verify(&desk.file(1)).expect("it can be read");
    assert_eq!((verified.problems, verified.torn), (vec![], vec![3]), "torn at its end");
    let journal = desk.journal();
    assert_eq!(journal.open(&desk.cluster).expect("it opens").incident, "INC-0001");
    desk.end(journal, 1);
    assert_eq!(desk.kinds(1), ["opened", "note", "?", "resumed"]);
    let verified = verify(&desk.file(1)).expect("it can be read");
    assert_eq!((verified.problems, verified.torn), (vec![], vec![3]));
}

#[test]
fn verify_says_line_and_problem() {
    let desk = Desk::new();
    let file = desk.home.path().join("journal.jsonl");
    let line = |seq: u64, entry: Value| Line {
        seq,
        at: START.parse().expect("a time"),
        wall: START.parse().expect("a time"),
        entry,
    };
    let json = |line: &Line| serde_json::to_string(line).expect("JSON");
    let header = json(&line(
        1,
        json!({"kind": "opened", "version": 1, "incident": "INC-0001", "context": "c", "server": "s", "cluster": "u", "program": "p"}),
    ));
    let problems = |text: &str| {
        std::fs::write(&file, text).expect("a file");
        verify(&file)
            .expect("it can be read")
            .problems
            .iter()
            .map(|p| format!("{}: {}", p.line, p.what))
            .collect::<Vec<_>>()
    };
    let left = |seq| json(&line(seq, json!({"kind": "left"})));
    let future = json(&line(2, json!({"kind": "of-a-later-version", "x": 1})));
    assert_eq!(problems(&format!("{header}\n{future}\n")), Vec::<String>::new());
    assert_eq!(problems(""), ["1: the file is empty: there is no header"]);
    assert_eq!(problems(&format!("{}\n", left(1))), ["1: left instead of the header"]);
    assert_eq!(problems(&format!("{header}\n{}\n", left(4))), ["2: seq is 4 instead of 2: 2 before it are missing"]);
    assert_eq!(problems(&format!("{header}\n{}\n{}\n", left(2), left(2))).len(), 1);
    assert_eq!(
        problems(&format!("{header}\n{{\"seq\":2\n{}\n", left(2))),
        ["2: it is torn: the program ended while writing it"]
    );
    assert_eq!(problems(&format!("{header}\n\n{}\n", left(2))), ["2: it is empty"]);
    assert_eq!(problems(&format!("{header}\n{header}\n")).len(), 2);
    let closed = json(&line(2, json!({"kind": "closed", "why": "w"})));
    assert_eq!(problems(&format!("{header}\n{closed}\n{}\n", left(3))), ["3: left after the incident was closed"]);
}

#[test]
fn programs_that_begin_at_once_get_incidents_of_their_own() {
    let desk = Desk::new();
    let incidents: Mutex<BTreeSet<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            // One may end before another begins, which then goes on with its incident.
            scope.spawn(|| {
                let incident = desk.journal().open(&desk.cluster).expect("it opens").incident;
                incidents.lock().expect("no panic").insert(incident);
            });
        }
    });
    let incidents = incidents.into_inner().expect("no panic");
    for (number, incident) in (1..).zip(&incidents) {
        assert_eq!(*incident, format!("INC-{number:04}"));
        assert_eq!(verify(&desk.file(number)).expect("it can be read").problems, vec![]);
    }
}

fn executed(execution: &str) -> Event {
    Event::Executed { execution: execution.to_owned(), outcome: Outcome::default() }
}

#[tokio::test]
async fn what_must_be_on_disk_is_or_an_error_says_so() {
    let desk = Desk::new();
    let journal = desk.journal();
    let error = journal.record_synced(executed("e")).await.expect_err("nothing is open");
    assert!(error.to_string().contains("which cluster"), "{error}");
    journal.open(&desk.cluster).expect("it opens");
    journal.record_synced(executed("e")).await.expect("it is written");
    assert_eq!(desk.kinds(1), ["opened", "action"]);
    assert_eq!(journal.trouble(), None);
    journal.close("over");
    journal.write(note("in between"));
    journal.record_synced(executed("f")).await.expect("a change begins the next incident");
    assert_eq!(desk.kinds(2), ["opened", "note", "action"]);
}

#[tokio::test]
async fn without_a_place_to_write_nothing_may_be_changed_and_the_fault_is_told() {
    let desk = Desk::new();
    std::fs::write(desk.home.path().join("incidents"), "a file").expect("a file");
    for journal in [desk.journal(), Journal::new(None, Clocks::system(), None)] {
        assert!(journal.open(&desk.cluster).is_err());
        assert!(journal.record_synced(executed("e")).await.is_err());
        assert!(journal.trouble().is_some());
    }
}

#[test]
fn a_full_disk_is_an_error_each_time() {
    let file = OpenOptions::new().append(true).open("/dev/full").expect("Linux has one");
    let mut sheet = Sheet::new("/dev/full".into(), file, 0, true).expect("a sheet");
    let at: Timestamp = START.parse().expect("a time");
    let stamped = Stamped { at, wall: at, entry: note("lost") };
    for _ in 0..2 {
        let error = sheet.append(std::iter::once(&stamped)).expect_err("it is full").to_string();
        assert!(error.contains("/dev/full") && error.contains("XDG_STATE_HOME"), "{error}");
    }
}

/// A journal that an earlier run left: a header and these entries.
fn leave(desk: &Desk, entries: &[Value]) {
    let at: Timestamp = START.parse().expect("a time");
    let header = json!({"kind": "opened", "version": 1, "incident": "INC-0001", "context": "prod", "server": "s", "cluster": "u-1", "program": "0"});
    let lines = std::iter::once(&header).chain(entries).zip(1..);
    let text: String = lines
        .map(|(entry, seq)| {
            serde_json::to_string(&Line { seq, at, wall: at, entry: entry.clone() }).expect("JSON") + "\n"
        })
        .collect();
    let file = desk.file(1);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    std::fs::write(file, text).expect("a file");
}

fn unknown_after(entries: &[Value]) -> Vec<Unknown> {
    let desk = Desk::new();
    leave(&desk, entries);
    desk.journal().open(&desk.cluster).expect("it opens").unknown
}

#[test]
fn a_change_without_an_answer_is_unknown_until_somebody_looked() {
    let planned = json!({"kind": "action", "event": "planned", "execution": "e", "plan": {
        "title": "Delete pod api-1", "command": "kubectl delete pod api-1", "action": {
            "action": "delete-pod", "pod": {"kind": "Pod", "namespace": "shop", "name": "api-1", "uid": "p-1"}}}});
    let intent = |write: &str, number: u64| {
        json!({"kind": "action", "event": "intent", "execution": "e", "number": number,
        "request": {"write": write, "method": "DELETE", "path": "/api/v1/namespaces/shop/pods/api-1"}})
    };
    let event =
        |event: &str, number: u64| json!({"kind": "action", "event": event, "execution": "e", "number": number});
    let looked = json!({"kind": "looked-at", "execution": "e", "says": "it is gone"});

    let unknown = unknown_after(&[planned.clone(), intent("change", 1)]);
    let [lost] = unknown.as_slice() else { panic!("{unknown:?}") };
    assert_eq!(
        (lost.incident.as_str(), lost.execution.as_str(), lost.target.as_str()),
        ("INC-0001", "e", "Pod/shop/api-1")
    );
    assert_eq!(lost.title, "Delete pod api-1");
    assert!(matches!(&lost.action, Some(Action::DeletePod { pod }) if pod.uid == "p-1"));
    assert!(lost.check.contains("p-1") && lost.check.contains("kubectl -n shop get pod api-1"), "{}", lost.check);

    let without_a_plan = unknown_after(&[intent("change", 0)]);
    assert!(without_a_plan[0].check.contains("DELETE /api/v1/namespaces/shop/pods/api-1"));
    let not_answered = [planned.clone(), intent("change", 1), event("outcome-unknown", 1), event("stopped", 1)];
    assert_eq!(unknown_after(&not_answered).len(), 1);
    for settled in [
        vec![planned.clone()],
        vec![planned.clone(), intent("book-keeping", 0)],
        vec![planned.clone(), intent("book-keeping", 0), event("outcome-unknown", 0)],
        vec![planned.clone(), intent("change", 1), event("answered", 1)],
        vec![planned.clone(), intent("change", 1), event("executed", 0)],
        vec![planned, intent("change", 1), event("outcome-unknown", 1), looked],
    ] {
        assert_eq!(unknown_after(&settled), vec![], "{settled:?}");
    }
}

#[test]
fn what_is_unknown_is_told_in_later_incidents_until_one_of_them_says_it_was_looked_at() {
    let desk = Desk::new();
    let intent =
        json!({"kind": "action", "event": "intent", "execution": "e", "number": 0, "request": {"write": "change"}});
    leave(&desk, &[intent, json!({"kind": "closed", "why": "w"})]);
    let journal = desk.journal();
    let past = journal.look_back(&desk.cluster).expect("it looks");
    assert!(past.opened.is_none());
    assert_eq!(past.unknown.len(), 1);
    assert_eq!(list(desk.home.path()).expect("a list")[0].outcome_unknown, 1);
    assert_eq!(journal.open(&desk.cluster).expect("it opens").incident, "INC-0002");
    journal.write(Entry::LookedAt { execution: "e".into(), says: "it was done".into() });
    desk.end(journal, 2);
    assert_eq!(desk.journal().look_back(&desk.cluster).expect("it looks").unknown, vec![]);
    assert_eq!(list(desk.home.path()).expect("a list")[1].outcome_unknown, 0);
}

#[test]
fn what_a_running_program_does_is_not_unknown() {
    let desk = Desk::new();
    let journal = desk.journal();
    journal.open(&desk.cluster).expect("it opens");
    let mut file = OpenOptions::new().append(true).open(desk.file(1)).expect("a file");
    let intent =
        json!({"kind": "action", "event": "intent", "execution": "e", "number": 0, "request": {"write": "change"}});
    let at: Timestamp = START.parse().expect("a time");
    writeln!(file, "{}", serde_json::to_string(&Line { seq: 2, at, wall: at, entry: intent }).expect("JSON"))
        .expect("room");
    let other = desk.journal();
    assert_eq!(other.look_back(&desk.cluster).expect("it looks").unknown, vec![]);
    let listed = list(desk.home.path()).expect("a list");
    assert_eq!((listed[0].running, listed[0].outcome_unknown), (true, 0));
    desk.end(journal, 1);
    assert_eq!(other.look_back(&desk.cluster).expect("it looks").unknown.len(), 1);
}

#[test]
fn lines_bear_the_clusters_time_and_that_of_the_machine() {
    let desk = Desk::new();
    let journal = desk.journal();
    journal.open(&desk.cluster).expect("it opens");
    journal.correct(SignedDuration::from_secs(-90));
    journal.write(note("later"));
    desk.end(journal, 1);
    let text = std::fs::read_to_string(desk.file(1)).expect("a journal");
    let line: Line = serde_json::from_str(text.lines().last().expect("a line")).expect("a line");
    assert_eq!((line.at.to_string().as_str(), line.wall.to_string().as_str()), ("2026-11-22T03:58:30Z", START));
}

#[test]
fn stories_are_told_in_words() {
    let took = Entry::Took {
        tree: 1,
        runbook: "F26".into(),
        step: "ingress".into(),
        say: "Ingress on node-2 is not ready".into(),
        suggested: true,
        to: "restart-ingress".into(),
        title: "restart it".into(),
    };
    assert_eq!(took.story().as_deref(), Some("took \"Ingress on node-2 is not ready\" → restart it"));
    let came = Entry::FindingCame { finding: json!({"id": "F14", "title": "api runs out of memory"}) };
    assert_eq!(came.story().as_deref(), Some("found F14 api runs out of memory"));
}
