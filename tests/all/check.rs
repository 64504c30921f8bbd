//! `crashcart check` as cron and CI see it: another process, the simulated cluster over HTTPS, exit codes.

use std::path::Path;

use crashcart::drill::{Options, Simulation, find};
use serde_json::Value;

struct Outcome {
    code: Option<i32>,
    out: String,
}

#[expect(clippy::disallowed_types, reason = "the program itself is what is tested")]
async fn check(kubeconfig: &Path, args: &[&str]) -> Outcome {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_crashcart"));
    command.arg("check").arg("--kubeconfig").arg(kubeconfig).args(args).env_remove("CRASHCART_PROFILE");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    Outcome { code: output.status.code(), out: String::from_utf8(output.stdout).unwrap() }
}

async fn cluster(scenarios: &[&str], folder: &Path) -> (Simulation, std::path::PathBuf) {
    let scenarios = scenarios.iter().map(|id| find(id).unwrap()).collect();
    let simulation = Simulation::start(Options { scenarios, ..Options::default() }).await.unwrap();
    let kubeconfig = folder.join("kubeconfig");
    simulation.write(&kubeconfig, None).unwrap();
    (simulation, kubeconfig)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_cluster_is_0_and_a_panicking_one_2() {
    let folder = tempfile::tempdir().unwrap();
    let (_quiet, kubeconfig) = cluster(&[], folder.path()).await;
    let quiet = check(&kubeconfig, &["--timeout", "30s"]).await;
    assert_eq!(quiet.code, Some(0), "{}", quiet.out);

    let folder = tempfile::tempdir().unwrap();
    let (_broken, kubeconfig) = cluster(&["F15"], folder.path()).await;
    let broken = check(&kubeconfig, &["--timeout", "30s", "-o", "json"]).await;
    assert_eq!(broken.code, Some(2), "{}", broken.out);
    let report: Value = serde_json::from_str(&broken.out).unwrap();
    assert_eq!(report["findings"][0]["id"], "F15");
    assert_eq!(report["findings"][0]["confidence"], "confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_account_is_told_what_it_cannot_see() {
    let folder = tempfile::tempdir().unwrap();
    let (_cluster, kubeconfig) = cluster(&[], folder.path()).await;
    let args = ["--timeout", "30s", "--context", "crashcart-sim-viewer", "-o", "json"];
    let outcome = check(&kubeconfig, &args).await;
    assert_eq!(outcome.code, Some(0), "forbidden alone is no failure: {}", outcome.out);
    let report: Value = serde_json::from_str(&outcome.out).unwrap();
    let nodes = report["unknown"].as_array().unwrap().iter().find(|u| u["source"] == "nodes").unwrap();
    assert_eq!(nodes["reason"], "forbidden, needs list nodes");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_and_no_kubeconfig_are_3() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, kubeconfig) = cluster(&[], folder.path()).await;
    drop(cluster);
    let dead = check(&kubeconfig, &["--timeout", "2s"]).await;
    assert_eq!(dead.code, Some(3), "{}", dead.out);
    let absent = check(Path::new("/nonexistent/kubeconfig"), &["--timeout", "60s"]).await;
    assert_eq!(absent.code, Some(3), "{}", absent.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_ends_when_what_is_found_is_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let (_cluster, kubeconfig) = cluster(&["F26"], folder.path()).await;
    let outcome = check(&kubeconfig, &["--timeout", "30s", "--watch", "10m"]).await;
    assert_eq!(outcome.code, Some(2), "{}", outcome.out);
}
