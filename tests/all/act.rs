//! `crashcart act` as scripts use it: another process, the simulated cluster over HTTPS, exit codes, the record.

use std::path::{Path, PathBuf};

use crashcart::drill::{Options, Simulation};
use serde_json::Value;

const CONTEXT: [&str; 2] = ["--context", "crashcart-sim"];
const CORDON: [&str; 2] = ["cordon", "Node//nbg1-2"];

struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

/// A simulated cluster, and folders of its own for the program.
struct Place {
    simulation: Simulation,
    folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let simulation = Simulation::start(Options::default()).await.expect("a simulation");
        let _files = simulation.write(&folder.path().join("kubeconfig"), None).expect("a kubeconfig");
        Self { simulation, folder }
    }

    #[expect(clippy::disallowed_types, reason = "the program itself is what is tested")]
    async fn act(&self, args: &[&[&str]]) -> Outcome {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_crashcart"));
        let home = self.folder.path();
        command.arg("act").arg("--kubeconfig").arg(home.join("kubeconfig")).args(args.concat());
        command.env_remove("CRASHCART_PROFILE").env_remove("KUBECONFIG");
        command.env("XDG_STATE_HOME", home.join("state")).env("XDG_CONFIG_HOME", home.join("config"));
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").expect("an end");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Outcome { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    async fn planned(&self, what: &[&str]) -> Value {
        let outcome = self.act(&[what, &CONTEXT, &["--dry-run", "-o", "json"]]).await;
        assert_eq!(outcome.code, Some(0), "{}{}", outcome.out, outcome.err);
        serde_json::from_str(&outcome.out).expect("a plan as JSON")
    }

    fn journals(&self) -> Vec<PathBuf> {
        let incidents = self.folder.path().join("state/crashcart/incidents");
        let Ok(folders) = std::fs::read_dir(incidents) else { return Vec::new() };
        folders.map(|entry| entry.expect("an entry").path().join("journal.jsonl")).collect()
    }
}

fn events(journal: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(journal).expect("a journal");
    let line = |line: &str| serde_json::from_str::<Value>(line).expect("a line of JSON");
    text.lines().map(line).filter_map(|line| Some(line["event"].as_str()?.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_printed_confirmed_by_its_digest_carried_out_proven_and_recorded() {
    let place = Place::new().await;
    let plan = place.planned(&CORDON).await;
    for key in ["digest", "action", "class", "cluster", "objects", "requests", "guards", "blastRadius", "undo"] {
        assert!(!plan[key].is_null(), "{key} is missing: {plan:#}");
    }
    assert_eq!(plan["id"], "A01");
    assert!(place.simulation.changes().is_empty() && place.journals().is_empty(), "a dry run leaves nothing behind");

    let digest = plan["digest"].as_str().expect("a digest");
    let done = place.act(&[&CORDON, &CONTEXT, &["--yes", digest]]).await;
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    assert!(done.out.starts_with("worked: "), "{}", done.out);
    let planned = plan["requests"].as_array().expect("requests").len();
    assert_eq!(place.simulation.changes().len(), planned);
    let journals = place.journals();
    let [journal] = journals.as_slice() else { panic!("{journals:?}") };
    let told = events(journal);
    let expected = ["planned", "confirmed", "intent", "answered", "executed", "verified"];
    let mut rest = told.iter();
    assert!(expected.iter().all(|wanted| rest.any(|event| event == wanted)), "{told:?}");

    let again = place.act(&[&CORDON, &CONTEXT, &["--yes", digest]]).await;
    assert_eq!(again.code, Some(1), "it is cordoned already: {}{}", again.out, again.err);
    assert_eq!(place.simulation.changes().len(), planned);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_forbids_it_is_told_and_nothing_is_sent() {
    let place = Place::new().await;
    let plan = place.planned(&CORDON).await;
    let digest = plan["digest"].as_str().expect("a digest");

    let outcome = place.act(&[&CORDON, &CONTEXT, &["--yes", digest, "--read-only"]]).await;
    assert_eq!(outcome.code, Some(1), "{}", outcome.err);
    assert!(outcome.err.contains("--read-only"), "{}", outcome.err);

    let other = digest.chars().rev().collect::<String>();
    let wrong = format!("{}{}", &digest[..digest.len() - 1], if other.starts_with('0') { '1' } else { '0' });
    let outcome = place.act(&[&CORDON, &CONTEXT, &["--yes", &wrong, "-o", "json"]]).await;
    assert_eq!(outcome.code, Some(1), "{}", outcome.err);
    let told: Value = serde_json::from_str(&outcome.out).expect("JSON");
    assert_eq!(told["result"], "refused", "{told}");

    let outcome = place.act(&[&["uncordon", "Node//nbg1-2"], &CONTEXT, &["--yes", digest]]).await;
    assert_eq!(outcome.code, Some(1), "another action: {}", outcome.err);

    let outcome = place.act(&[&CORDON, &["--context", "crashcart-sim-viewer", "--dry-run"]]).await;
    assert_eq!(outcome.code, Some(1), "the viewer may not: {}{}", outcome.out, outcome.err);

    let config = place.folder.path().join("config/crashcart");
    std::fs::create_dir_all(&config).expect("a folder");
    std::fs::write(config.join("config.toml"), "read-only = true\n").expect("a file");
    let outcome = place.act(&[&CORDON, &CONTEXT, &["--yes", digest]]).await;
    assert_eq!(outcome.code, Some(1), "{}", outcome.err);
    assert!(outcome.err.contains("config.toml"), "{}", outcome.err);
    let outcome = place.act(&[&CORDON, &CONTEXT, &["--dry-run"]]).await;
    assert_eq!(outcome.code, Some(0), "a plan may be looked at: {}", outcome.err);
    assert_eq!(place.simulation.changes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_record_nothing_is_changed() {
    let place = Place::new().await;
    let plan = place.planned(&CORDON).await;
    std::fs::write(place.folder.path().join("state"), "not a folder").expect("a file");
    let outcome = place.act(&[&CORDON, &CONTEXT, &["--yes", plan["digest"].as_str().expect("a digest")]]).await;
    assert_eq!(outcome.code, Some(1), "{}", outcome.err);
    assert!(outcome.err.contains("record"), "{}", outcome.err);
    assert_eq!(place.simulation.changes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_64() {
    let place = Place::new().await;
    for args in [
        &["cordon", "Node//nbg1-2", "--dry-run"] as &[&str],
        &["cordon", "Node//nbg1-2", "--context", "crashcart-sim"],
        &["A99", "Node//nbg1-2", "--context", "crashcart-sim", "--dry-run"],
        &["cordon", "--context", "crashcart-sim", "--dry-run"],
        &["scale", "Deployment/honeydue/api", "--context", "crashcart-sim", "--dry-run"],
    ] {
        let outcome = place.act(&[args]).await;
        assert_eq!(outcome.code, Some(64), "{args:?}: {}", outcome.err);
    }
}
