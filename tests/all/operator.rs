//! The whole way of a recovery in a real pseudo-terminal: finding, tree, plan, a refusal, a confirmation, the proof, the undo.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crashcart::drill::api::Mishap;
use crashcart::drill::{Options, Simulation, find};
use serde_json::Value;

use crate::terminal::Terminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_crashcart");
const WIDE: (u16, u16) = (120, 36);

/// Lines of all journals below a state folder, oldest incident first.
fn journal(state: &Path) -> Vec<Value> {
    let incidents = state.join("crashcart/incidents");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(incidents).expect("incidents").map(|e| e.expect("a folder").path()).collect();
    folders.sort();
    let texts = folders.iter().map(|f| std::fs::read_to_string(f.join("journal.jsonl")).expect("a journal"));
    texts.flat_map(|t| t.lines().map(|l| serde_json::from_str(l).expect("a line")).collect::<Vec<Value>>()).collect()
}

/// The kinds of a journal's lines, with the event of actions.
fn kinds(lines: &[Value]) -> Vec<String> {
    let word = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    lines.iter().map(|l| [word(l, "kind"), word(l, "event")].join(" ").trim().to_owned()).collect()
}

fn start(args: &[&str], state: &Path, size: (u16, u16)) -> Terminal {
    Terminal::start(Path::new(PROGRAM), args, &[("XDG_STATE_HOME", state.to_str().expect("a path"))], size)
}

/// Waits until the cluster has said who it is; before that nothing can be armed.
fn known(terminal: &Terminal) {
    terminal.wait("v1.34");
}

/// Confirms the plan on the screen once its key counts.
fn confirm(terminal: &mut Terminal, key: &str) {
    terminal.wait("✔ now");
    terminal.type_keys(key);
}

#[test]
fn f15_is_walked_refused_confirmed_verified_and_undone() {
    let state = tempfile::tempdir().expect("a folder");
    let mut terminal = start(&["drill", "F15"], state.path(), WIDE);
    terminal.wait("panics in a crash loop");
    known(&terminal);

    terminal.type_keys("t");
    terminal.wait("suggested: It panics");
    terminal.type_keys("\r");
    terminal.wait("suggested: It goes on");
    terminal.type_keys("\r");
    terminal.wait("suggested: Yes, with revision 42");
    terminal.type_keys("\r");
    terminal.wait("suggested: No, or the old program");
    terminal.type_keys("\r");
    terminal.wait("What would be done");

    // Read-only: the plan can be looked at, and the key does nothing.
    terminal.type_keys("\r");
    terminal.wait("READ-ONLY: press A to arm");
    terminal.wait("the server would accept it");
    terminal.type_keys("Y");
    terminal.settle(Duration::from_millis(300));
    terminal.wait("READ-ONLY: press A to arm");
    // Refused once: nothing is done.
    terminal.type_keys("\x1b");
    terminal.wait("What would be done");

    terminal.type_keys("A");
    terminal.wait("ARMED");
    terminal.wait("What would be done");
    // After a refusal the suggestion is not to do it; the change can still be chosen.
    terminal.type_keys("\x1b[A\x1b[A\x1b[A\r");
    confirm(&mut terminal, "Y");
    terminal.wait("WORKED");

    // Back in the tree, its own proof is awaited and taken.
    terminal.type_keys("\r");
    terminal.wait("▌  1  suggested: it worked");
    terminal.type_keys("\r");
    terminal.wait("step 6 ");

    // The undo is a plan of its own, with a key of its own; it brings the trouble back.
    terminal.type_keys("i");
    terminal.wait("What happened so far");
    terminal.type_keys("\t\r");
    terminal.wait("WORKED");
    terminal.type_keys("u");
    terminal.wait("to revision 42");
    confirm(&mut terminal, "Y");
    terminal.wait("VERIFYING");
    terminal.type_keys("d");
    terminal.wait("panics in a crash loop");
    terminal.type_keys("q");
    assert_eq!(terminal.end(), 0);

    let lines = journal(state.path());
    let told = kinds(&lines);
    let wanted = [
        "opened",
        "tree-opened",
        "took",
        "action planned",
        "declined",
        "armed",
        "action planned",
        "action confirmed",
        "action intent",
        "action answered",
        "action executed",
        "action verified",
        "left",
    ];
    let mut rest = told.iter();
    for kind in wanted {
        assert!(rest.any(|k| k == kind), "no {kind} (in this order) in {told:#?}");
    }
}

#[test]
fn f26_is_walked_at_80x24_to_its_end() {
    let state = tempfile::tempdir().expect("a folder");
    let mut terminal = start(&["drill", "F26", "--speed", "20"], state.path(), (80, 24));
    known(&terminal);
    terminal.type_keys("A:trees\r");
    // What users say, the likeliest on top, because what is seen speaks for it.
    terminal.wait("F26: some users");
    terminal.type_keys("\r");
    terminal.wait("step 1");
    for suggested in ["It is not ready on nbg1-2", "No, the node is well"] {
        terminal.wait(&format!("suggested: {suggested}"));
        terminal.type_keys("\r");
    }
    terminal.wait("▌  A04");
    terminal.type_keys("\r");
    terminal.wait("R2 affects capacity");
    terminal.type_keys("\x1b[6~");
    confirm(&mut terminal, "Y");
    terminal.wait("WORKED");
    terminal.type_keys("\r");
    for suggested in ["it worked", "it held", "Yes, all of them"] {
        terminal.wait(&format!("suggested: {suggested}"));
        terminal.type_keys("\r");
    }
    terminal.wait("Resolved: it works again");
    terminal.type_keys("q");
    assert_eq!(terminal.end(), 0);
    assert!(kinds(&journal(state.path())).contains(&"tree-ended".to_owned()));
}

#[test]
fn a_cordon_is_left_behind_until_it_is_undone() {
    let state = tempfile::tempdir().expect("a folder");
    let mut terminal = start(&["drill", "F17"], state.path(), WIDE);
    known(&terminal);
    terminal.type_keys("A");
    terminal.wait("ARMED");
    terminal.type_keys(":node nbg1-3\r");
    terminal.wait("Node nbg1-3");
    terminal.type_keys("a");
    terminal.wait("let no new pods onto a node");
    terminal.type_keys("\r");
    confirm(&mut terminal, "y");
    terminal.wait("WORKED");
    terminal.type_keys("d");
    terminal.wait("left-behind");
    terminal.type_keys(":node nbg1-3\r");
    terminal.wait("cordoned");
    terminal.type_keys("a");
    terminal.wait("let pods onto a node again");
    terminal.type_keys("\x1b[B\r");
    confirm(&mut terminal, "y");
    terminal.wait("WORKED");
    terminal.type_keys("d");
    terminal.wait("F17");
    terminal.gone("left-behind");
    terminal.type_keys("q");
    assert_eq!(terminal.end(), 0);
}

/// The simulated cluster in this process, with a fault, and a kubeconfig to reach it with.
async fn cluster(id: &str, folder: &Path) -> (Simulation, PathBuf) {
    let scenarios = vec![find(id).expect("a drill")];
    let simulation = Simulation::start(Options { scenarios, ..Options::default() }).await.expect("a simulation");
    let kubeconfig = folder.join("kubeconfig");
    let _files = simulation.write(&kubeconfig, None).expect("a kubeconfig");
    (simulation, kubeconfig)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_intent_and_outcome_the_next_start_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let (simulation, kubeconfig) = cluster("F15", folder.path()).await;
    let kubeconfig = kubeconfig.to_str().expect("a path").to_owned();
    simulation.server().mishap("patch", "deployments", Mishap::StallBeforeAnswer);

    let path = state.clone();
    let simulation = tokio::task::spawn_blocking(move || {
        let mut terminal = start(&["--kubeconfig", &kubeconfig], &path, WIDE);
        terminal.wait("panics in a crash loop");
        known(&terminal);
        terminal.type_keys("A");
        terminal.wait("ARMED");
        terminal.type_keys(":workload api\r");
        terminal.wait("Revisions");
        terminal.type_keys("a");
        terminal.wait("restart");
        terminal.type_keys("\r");
        confirm(&mut terminal, "y");
        terminal.wait("request 1 of 2 goes out");
        // The intent is on disk before the request goes out.
        assert!(kinds(&journal(&path)).contains(&"action intent".to_owned()));
        terminal.signal("KILL");
        terminal.end();

        let mut again = start(&["--kubeconfig", &kubeconfig], &path, WIDE);
        again.wait("outcome unknown");
        again.type_keys("i");
        again.wait("rollout");
        again.type_keys("q");
        assert_eq!(again.end(), 0);
        simulation
    })
    .await
    .expect("the console's part");
    let changes = simulation.changes();
    let patches = changes.iter().filter(|c| c.method == "PATCH").count();
    assert_eq!(patches, 1, "never sent again: {changes:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_was_never_armed_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let (simulation, kubeconfig) = cluster("F26", folder.path()).await;
    let kubeconfig = kubeconfig.to_str().expect("a path").to_owned();
    tokio::task::spawn_blocking(move || {
        let mut terminal = start(&["--kubeconfig", &kubeconfig, "--read-only"], &state, WIDE);
        known(&terminal);
        terminal.type_keys("A");
        terminal.wait("--read-only");
        terminal.type_keys(":workload api\r");
        terminal.wait("Revisions");
        terminal.type_keys("a\r");
        terminal.wait("nothing can be changed here");
        terminal.type_keys("yY");
        terminal.settle(Duration::from_millis(300));
        terminal.type_keys("\x1b\x1bq");
        terminal.end();
    })
    .await
    .expect("the console's part");
    assert_eq!(simulation.changes().len(), 0, "{:#?}", simulation.changes());
}

fn crashcart(args: &[&str]) -> (Option<i32>, String) {
    #[expect(clippy::disallowed_types, reason = "the program itself, from outside")]
    let output = std::process::Command::new(PROGRAM).args(args).output().expect("it runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn the_scripted_operator_recovers_and_idleness_does_not() {
    for id in ["F15", "F26"] {
        let (code, out) = crashcart(&["drill", id, "--headless", "-o", "json"]);
        let rows: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(
            (code, &rows[0]["end"], &rows[0]["recovered"]),
            (Some(0), &"resolved".into(), &true.into()),
            "{out}"
        );
        assert_eq!((&rows[0]["wrongActions"], &rows[0]["asExpected"]), (&0.into(), &true.into()), "{out}");
        let (code, out) = crashcart(&["drill", id, "--idle", "--speed", "300", "-o", "json"]);
        let rows: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(
            (code, &rows[0]["recovered"], &rows[0]["actions"]),
            (Some(0), &false.into(), &Value::Array(vec![])),
            "{out}"
        );
    }
}
