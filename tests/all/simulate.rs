//! `crashcart simulate` as scripts use it.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_crashcart");

#[expect(clippy::disallowed_types, reason = "these tests look at the program from outside")]
fn command(program: &str, args: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    command.args(args).env_remove("KUBECONFIG").env_remove("CRASHCART_PROFILE");
    command
}

/// A simulation in the foreground of nobody; it is killed when this is dropped.
struct Running {
    child: Child,
    kubeconfig: PathBuf,
}

impl Running {
    fn start(args: &[&str]) -> Self {
        let args = [&["simulate"], args].concat();
        let mut child =
            command(PROGRAM, &args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a simulation");
        let out = child.stdout.take().expect("its output");
        let ready = BufReader::new(out).lines().map_while(Result::ok).find(|l| l.starts_with("ready"));
        let ready = ready.expect("a line that begins with ready");
        let kubeconfig = PathBuf::from(ready.split_whitespace().nth(1).expect("a path"));
        Self { child, kubeconfig }
    }

    fn say(&self, args: &[&str]) -> Output {
        let path = self.kubeconfig.to_str().expect("a path of letters");
        let args = [&["simulate"], args, &["--kubeconfig", path]].concat();
        command(PROGRAM, &args).output().expect("an answer")
    }

    fn status(&self) -> String {
        String::from_utf8_lossy(&self.say(&["status"]).stdout).into_owned()
    }

    fn end(mut self, signal: &str) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(command("kill", &[signal, &id]).status().expect("kill").success());
        self.child.wait().expect("an end")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn it_leaves_nothing_behind() {
    for signal in ["-INT", "-TERM"] {
        let running = Running::start(&[]);
        let kubeconfig = running.kubeconfig.clone();
        let folder = kubeconfig.parent().expect("a folder").to_owned();
        assert_eq!((mode(&folder), mode(&kubeconfig), mode(&folder.join("control"))), (0o700, 0o600, 0o600));
        assert!(running.end(signal).success(), "{signal}");
        assert!(!folder.exists(), "{}", folder.display());
    }
}

#[test]
fn faults_are_injected_and_healed_over_the_socket() {
    let running = Running::start(&["--scenario", "admin-pod-crashes"]);
    assert!(running.status().contains("F17 broken"), "{}", running.status());
    assert!(running.say(&["inject", "F26"]).status.success());
    assert!(running.status().contains("F26 broken"), "{}", running.status());
    assert_eq!(running.say(&["inject", "F99"]).status.code(), Some(64));
    let healed = running.say(&["heal", "F17"]);
    assert_eq!(String::from_utf8_lossy(&healed.stdout), "F17 healed\n");
    assert!(running.say(&["heal"]).status.success());
    assert!(!running.status().contains('F'), "{}", running.status());
}

#[test]
fn the_kubeconfig_goes_where_it_is_wanted_with_the_profile_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let wanted = folder.path().join("sim.yaml");
    let running = Running::start(&["--kubeconfig-out", wanted.to_str().expect("a path of letters")]);
    assert_eq!(running.kubeconfig, wanted);
    let profile = folder.path().join("sim.yaml.profile.yaml");
    assert_eq!((mode(&wanted), mode(&profile)), (0o600, 0o600));
    assert!(std::fs::read_to_string(&profile).expect("a profile").contains("https://127.0.0.1:"));
    // Somebody else's by now: it stays, and nothing else does.
    std::fs::write(&profile, "name: mine\n").expect("another profile");
    assert!(running.end("-TERM").success());
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("the folder").flatten().map(|f| f.path()).collect();
    assert_eq!(left, [profile]);
}

#[test]
fn a_kubeconfig_of_somebody_else_is_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let theirs = folder.path().join("config");
    std::fs::write(&theirs, "apiVersion: v1\nkind: Config\ncurrent-context: production\n").expect("a file");
    let args = ["simulate", "--kubeconfig-out", theirs.to_str().expect("a path of letters")];
    let refused = command(PROGRAM, &args).output().expect("an end");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("was not written by a simulation"));
    assert!(std::fs::read_to_string(&theirs).expect("the file").contains("production"));
}

#[test]
fn unknown_drills_are_wrong_usage_and_name_the_known_ones() {
    for args in [&["simulate", "--scenario", "F99"][..], &["drill", "F99"]] {
        let refused = command(PROGRAM, args).output().expect("an end");
        assert_eq!(refused.status.code(), Some(64), "{args:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("api-pod-oom"), "{args:?}");
    }
}

#[test]
fn the_list_of_drills_is_for_programs_too() {
    let listed = command(PROGRAM, &["drill", "--list", "-o", "json"]).output().expect("a list");
    let list: Vec<serde_json::Value> = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert!(list.iter().any(|d| d["id"] == "F14" && d["slug"] == "api-pod-oom" && d["end"] == "resolved"));
    for drill in &list {
        let keys: Vec<_> = drill.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(keys, ["difficulty", "end", "id", "slug", "title"]);
    }
}
