//! kubectl on the simulated API server. These tests have nothing to say where there is no kubectl.

mod apply;
mod writes;

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::small::{Running, Small, resource};

#[expect(clippy::disallowed_types, reason = "a client from outside")]
type Command = std::process::Command;

/// kubectl with a kubeconfig of its own, and the cluster that it speaks to.
struct Kubectl<C = Running> {
    home: tempfile::TempDir,
    program: PathBuf,
    running: C,
}

impl Kubectl {
    async fn new() -> Option<Self> {
        let running = Running::start(Small::shop()).await;
        let config = running.server.kubeconfig(Some(&json!({"profile": "p.yaml"}))).expect("a kubeconfig");
        Self::on(running, &config)
    }
}

impl<C: Sync> Kubectl<C> {
    /// kubectl on a cluster; none where it is not installed.
    fn on(running: C, config: &str) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = std::env::split_paths(&path).map(|d| d.join("kubectl")).find(|p| p.is_file());
        let Some(program) = program else {
            tracing::warn!("no kubectl here: nothing was tested");
            return None;
        };
        let home = tempfile::tempdir().expect("a folder");
        std::fs::write(home.path().join("config"), config).expect("written");
        Some(Self { home, program, running })
    }

    fn command(&self, line: &str) -> Command {
        self.command_of(&line.split_whitespace().collect::<Vec<_>>())
    }

    fn command_of(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).stdin(Stdio::null());
        command.env("KUBECONFIG", self.home.path().join("config")).env("HOME", self.home.path());
        command.env_remove("HTTPS_PROXY").env_remove("https_proxy");
        command
    }

    /// What a command prints; on standard error too if it fails.
    async fn run(&self, line: &str) -> String {
        Self::output(self.command(line)).await
    }

    /// The same for a command with words that hold spaces or quotes.
    async fn run_words(&self, words: &[&str]) -> String {
        Self::output(self.command_of(words)).await
    }

    async fn output(mut command: Command) -> String {
        let output =
            tokio::task::spawn_blocking(move || command.output()).await.expect("joined").expect("kubectl runs");
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            text.push_str(&String::from_utf8_lossy(&output.stderr));
        }
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// A command that goes on; its lines as they come.
    fn follow(&self, line: &str) -> Follow {
        let mut child = self.command(line).stdout(Stdio::piped()).spawn().expect("kubectl runs");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Follow { child, lines }
    }

    /// Commands with what they print.
    async fn transcript(&self, lines: &[&str]) -> String {
        let mut told = String::new();
        for line in lines {
            let _ = write!(told, "$ kubectl {line}\n{}\n\n", self.run(line).await);
        }
        told
    }

    async fn json(&self, line: &str) -> Value {
        let text = self.run(&format!("{line} -o json")).await;
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}"))
    }
}

/// A kubectl that goes on until it is dropped.
struct Follow {
    child: std::process::Child,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Follow {
    /// The next line; nothing once the output has ended.
    async fn next(&mut self) -> Option<String> {
        self.lines.recv().await
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn get_in_every_form() {
    let Some(kubectl) = Kubectl::new().await else { return };
    let told = kubectl.transcript(&[
        "get nodes -o wide",
        "get pods -A -o wide",
        "-n shop get deploy,svc,events -o wide",
        "-n shop get all",
        "get apiservices,ns",
        "-n shop get pod web-1 -o name",
        "-n shop get pods -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName",
        "-n shop get pod none",
        "-n shop get pods --field-selector spec.nodeName=other",
        "-n shop logs web-1 --tail=2 --timestamps",
        "top nodes",
        "top pods -A --containers",
        "--context crashcart-sim-viewer get nodes",
        "--context crashcart-sim-viewer -n shop delete pod web-1",
    ]);
    insta::assert_snapshot!(told.await);
    assert_eq!(kubectl.run("-n shop get configmaps --chunk-size=100 -o name").await.lines().count(), 250);
    assert_eq!(kubectl.run("-n shop get cm -l third!=1,third -o name").await.lines().count(), 167);
    assert_eq!(kubectl.json("-n shop get pod web-1").await["status"]["phase"], "Running");
    let yaml = kubectl.run("-n shop get pods -o yaml").await;
    assert!(yaml.contains("kind: Pod") && yaml.ends_with("kind: List\nmetadata:\n  resourceVersion: \"\""), "{yaml}");
}

#[tokio::test]
async fn describe_logs_and_events() {
    let Some(kubectl) = Kubectl::new().await else { return };
    let pod = kubectl.run("-n shop describe pod web-1").await;
    for part in ["Reason:       OOMKilled", "Exit Code:    137", "Back-off restarting failed container"] {
        assert!(pod.contains(part), "{part} is not in {pod}");
    }
    let node = kubectl.run("describe node node-1").await;
    assert!(node.contains("KubeletReady") && node.contains("web-1"), "{node}");
    assert!(
        kubectl.run("-n shop describe deployment web").await.contains("1 desired | 1 updated | 1 total | 1 available")
    );
    assert_eq!(kubectl.run("-n shop logs web-1 --since=98s").await, "line 2\nline 3\nline 4");
    assert_eq!(kubectl.run("-n shop logs deploy/web --limit-bytes=4").await, "line");
    assert_eq!(kubectl.run("-n shop logs web-1 --previous").await, "panic: out of cheese");
    assert!(kubectl.run("-n shop events").await.contains("Back-off restarting failed container"));
    assert!(kubectl.run("-n shop get events.events.k8s.io").await.contains("BackOff"));
}

#[tokio::test]
async fn top_discovery_and_health() {
    let Some(kubectl) = Kubectl::new().await else { return };
    assert!(kubectl.run("version").await.contains("Server Version: v1.34.6+k3s1"));
    assert!(kubectl.run("cluster-info").await.contains(&kubectl.running.server.url()));
    assert_eq!(kubectl.run("get --raw /livez").await, "ok");
    let resources = kubectl.run("api-resources --no-headers").await;
    assert!(resources.contains("etcdsnapshotfiles") && resources.contains("NodeMetrics"), "{resources}");

    let services = resource("apiregistration.k8s.io", "apiservices");
    kubectl.running.small().store.modify(services, "", "v1beta1.metrics.k8s.io", |o| {
        o["status"]["conditions"][0]["status"] = "False".into();
    });
    std::fs::remove_dir_all(kubectl.home.path().join(".kube")).expect("the cache of discovery");
    let top = kubectl.run("top nodes").await;
    assert_eq!(top, "error: Metrics API not available");
    assert!(kubectl.run("get nodes").await.contains("node-1"), "the rest goes on");
    let resources = kubectl.run("api-resources --no-headers").await;
    assert!(resources.contains("etcdsnapshotfiles") && !resources.contains("NodeMetrics"), "{resources}");
}

#[tokio::test]
async fn the_viewer_may_look_at_what_view_allows() {
    let Some(kubectl) = Kubectl::new().await else { return };
    let viewer = "--context crashcart-sim-viewer";
    assert!(kubectl.run(&format!("{viewer} get pods -A")).await.contains("web-1"));
    assert_eq!(kubectl.run(&format!("{viewer} auth can-i delete pods")).await.lines().next(), Some("no"));
    assert_eq!(kubectl.run(&format!("{viewer} auth can-i get pods --subresource=log")).await, "yes");
    assert!(kubectl.run(&format!("{viewer} auth can-i --list")).await.contains("nodes.metrics.k8s.io"));
    assert_eq!(kubectl.run("auth can-i delete pods").await, "yes");
    assert!(kubectl.run("auth whoami").await.contains("system:masters"));
}

#[tokio::test]
async fn watches_and_followed_logs_tell_what_happens() {
    let Some(kubectl) = Kubectl::new().await else { return };
    let mut watch = kubectl.follow("-n shop get pods --watch --output-watch-events --no-headers");
    assert_eq!(watch.next().await.as_deref(), Some("ADDED      web-1   1/1   Running   1 (2m ago)   5m"));
    kubectl.running.small().store.modify(resource("", "pods"), "shop", "web-1", |o| {
        o["status"]["containerStatuses"][0]["ready"] = false.into();
    });
    assert_eq!(watch.next().await.as_deref(), Some("MODIFIED   web-1   0/1   Running   1 (2m ago)   5m"));
    kubectl.running.small().store.remove(resource("", "pods"), "shop", "web-1");
    assert_eq!(watch.next().await.as_deref(), Some("DELETED    web-1   0/1   Running   1 (2m ago)   5m"));

    kubectl.running.small().put("", "pods", crate::small::pod("web-2"));
    let mut log = kubectl.follow("-n shop logs -f web-2 --tail=1");
    assert_eq!(log.next().await.as_deref(), Some("line 4"));
    let line = kubectl.running.small().line(9, "and on it goes");
    kubectl.running.small().lines.push(line);
    assert_eq!(log.next().await.as_deref(), Some("and on it goes"));
    kubectl.running.small().store.remove(resource("", "pods"), "shop", "web-2");
    assert_eq!(log.next().await, None);
}
