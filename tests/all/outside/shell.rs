//! The nodes, as the system's own `ssh` finds them. These tests have nothing to say where there is no `ssh`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crashcart::drill::world::{Fault, InTrouble, Power, Trouble};
use crashcart::drill::{Options, Simulation};

#[expect(clippy::disallowed_types, reason = "a client from outside")]
type Command = std::process::Command;

/// A simulation, and the files with which its nodes are reached.
struct Nodes {
    simulation: Simulation,
    folder: tempfile::TempDir,
}

impl Nodes {
    /// None where there is no `ssh`.
    async fn new() -> Option<Self> {
        Self::at_speed(1.0).await
    }

    async fn at_speed(speed: f64) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        if !std::env::split_paths(&path).any(|folder| folder.join("ssh").is_file()) {
            eprintln!("no ssh here: nothing was tested");
            return None;
        }
        let simulation = Simulation::start(Options { speed, ..Options::default() }).await.expect("a simulation");
        let folder = tempfile::tempdir().expect("a folder");
        let _files = simulation.write(&folder.path().join("sim"), None).expect("its files");
        Some(Self { simulation, folder })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("sim.{name}"))
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("ssh");
        command.arg("-F").arg(self.file("ssh_config")).args(["-o", "BatchMode=yes", "-o", "ConnectTimeout=5"]);
        command.args(words).env_remove("SSH_AUTH_SOCK").env("HOME", self.folder.path());
        command
    }

    /// Runs `ssh` with these words; what it writes is fed to it.
    async fn feed(&self, words: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(words);
        let input = input.to_vec();
        let running = tokio::task::spawn_blocking(move || {
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().expect("ssh runs");
            let mut stdin = child.stdin.take().expect("its input");
            // It may be gone before it has read everything.
            let _ = stdin.write_all(&input);
            drop(stdin);
            child.wait_with_output().expect("its end")
        });
        tokio::time::timeout(Duration::from_secs(60), running).await.expect("in time").expect("joined")
    }

    async fn ssh(&self, words: &[&str]) -> (String, i32) {
        let output = self.feed(words, b"").await;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        (text, output.status.code().unwrap_or(-1))
    }

    fn befall(&self, node: &str, trouble: Trouble) {
        let fault = Fault::Machine(InTrouble { node: node.to_owned(), trouble });
        self.simulation.break_one(&fault);
    }

    async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let reached = tokio::time::timeout(Duration::from_secs(40), async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        assert!(reached.await.is_ok(), "not in time: {what}");
    }
}

fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_run_and_end_as_they_should() {
    let Some(nodes) = Nodes::new().await else { return };
    assert_eq!(mode(&nodes.file("ssh_key")), 0o600);
    for node in ["nbg1-1", "nbg1-2", "nbg1-3"] {
        assert_eq!(nodes.ssh(&[node, "hostname"]).await, (format!("{node}\n"), 0));
    }
    assert_eq!(
        nodes.ssh(&["nbg1-1", "systemctl is-active k3s; exit"]).await.0,
        "active\nbash: line 1: exit: command not found\n"
    );
    assert_eq!(nodes.ssh(&["nbg1-1", "etcdctl"]).await, ("bash: line 1: etcdctl: command not found\n".into(), 127));
    let (metrics, _) = nodes.ssh(&["nbg1-2", "curl -s http://127.0.0.1:2381/metrics | grep -c ^etcd_"]).await;
    assert!(metrics.trim().parse::<u32>().expect("a number") > 10, "{metrics}");
    assert_eq!(nodes.ssh(&["nbg1-1", "curl -sk https://127.0.0.1:6443/ping"]).await, ("pong".into(), 0));
    let (forbidden, code) =
        nodes.ssh(&["nbg1-1", "curl -sko /dev/null -w '%{http_code}' https://127.0.0.1:10250/pods"]).await;
    assert_eq!(code, 2, "flags with values stand alone: {forbidden}");
    let (forbidden, _) =
        nodes.ssh(&["nbg1-1", "curl -sk -o /dev/null -w '%{http_code}' https://10.0.0.12:10250/pods"]).await;
    assert_eq!(forbidden, "401");
    let script = nodes.feed(&["-T", "nbg1-1"], b"hostname\nfalse\nexit 7\nhostname\n").await;
    assert_eq!((script.stdout.as_slice(), script.status.code()), (&b"nbg1-1\n"[..], Some(7)));
    let typed = nodes.feed(&["-tt", "nbg1-1"], b"uptime\rnonsense\rexit 3\r").await;
    let screen = String::from_utf8_lossy(&typed.stdout).into_owned();
    assert!(screen.contains("deploy@nbg1-1:~$ ") && screen.contains("load average"), "{screen}");
    assert!(screen.contains("nonsense: command not found\r\n"), "{screen}");
    assert_eq!(typed.status.code(), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_key_of_the_right_user_is_let_in() {
    let Some(nodes) = Nodes::new().await else { return };
    let (said, code) = nodes.ssh(&["-l", "root", "nbg1-1", "hostname"]).await;
    assert!(code == 255 && said.contains("Permission denied (publickey)"), "{said}");
    let other = nodes.folder.path().join("other");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&other).status();
    if made.is_ok_and(|status| status.success()) {
        let (said, code) =
            nodes.ssh(&["-o", &format!("IdentityFile={}", other.display()), "-F", "/dev/null", "nbg1-1", "x"]).await;
        assert_eq!(code, 255, "{said}");
        let config = std::fs::read_to_string(nodes.file("ssh_config")).expect("a configuration");
        let config = config.replace(&nodes.file("ssh_key").display().to_string(), &other.display().to_string());
        std::fs::write(nodes.file("ssh_config"), config).expect("written");
        let (said, code) = nodes.ssh(&["nbg1-1", "hostname"]).await;
        assert!(code == 255 && said.contains("Permission denied (publickey)"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_onwards_go_the_nodes_way() {
    let Some(nodes) = Nodes::new().await else { return };
    let request = b"GET /health HTTP/1.0\r\n\r\n";
    let health = nodes.feed(&["-W", "127.0.0.1:2381", "nbg1-1"], request).await;
    assert!(String::from_utf8_lossy(&health.stdout).contains("\"health\":\"true\""), "{health:?}");
    let (said, code) = nodes.ssh(&["-W", "127.0.0.1:4444", "nbg1-1"]).await;
    assert!(code == 255 && said.contains("connect failed: Connection refused"), "{said}");
    let (said, code) = nodes.ssh(&["-W", "nowhere.example.net:80", "nbg1-1"]).await;
    assert!(code == 255 && said.contains("Name or service not known"), "{said}");
    let pod = nodes.simulation.network().with(|world| {
        let pods = crashcart::drill::store::Store::resource("", "pods").expect("pods");
        let pods = world.store().list(pods, Some("kube-system"));
        let dns = pods.iter().find(|pod| pod["metadata"]["labels"]["k8s-app"] == "metrics-server");
        dns.and_then(|pod| pod["status"]["podIP"].as_str().map(str::to_owned)).expect("an address")
    });
    let (said, code) = nodes.ssh(&["-W", &format!("{pod}:9"), "nbg1-1"]).await;
    assert!(code == 255 && said.contains("Connection refused"), "{said}");
    assert_eq!(nodes.ssh(&["nbg1-1", &format!("timeout 5 bash -c '</dev/tcp/{pod}/10250'")]).await.1, 0);
    nodes.simulation.network().with(|world| world.change_inside("nbg1-1", |inside| inside.forwarding = false));
    let (said, _) = nodes.ssh(&["-W", "127.0.0.1:2381", "nbg1-1"]).await;
    assert!(said.contains("administratively prohibited"), "{said}");
    assert_eq!(nodes.ssh(&["nbg1-1", "timeout 3 bash -c '</dev/tcp/127.0.0.1/2381'"]).await.1, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_is_reached_through_a_peer() {
    let Some(nodes) = Nodes::new().await else { return };
    assert_eq!(nodes.ssh(&["-J", "nbg1-1", "nbg1-3", "hostname"]).await, ("nbg1-3\n".into(), 0));
    nodes.befall("nbg1-2", Trouble::PublicLink);
    nodes
        .until("the public address is dead", async || {
            nodes.ssh(&["-o", "ConnectTimeout=1", "nbg1-2", "hostname"]).await.1 == 255
        })
        .await;
    assert_eq!(nodes.ssh(&["-J", "nbg1-1", "nbg1-2", "hostname"]).await, ("nbg1-2\n".into(), 0));
    assert_eq!(nodes.ssh(&["-J", "nbg1-1", "nbg1-2", "sudo ip link set dev eth0 up"]).await.1, 0);
    nodes
        .until("the public address lives", async || {
            nodes.ssh(&["-o", "ConnectTimeout=1", "nbg1-2", "hostname"]).await.1 == 0
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_on_a_node_is_seen_from_outside() {
    let Some(nodes) = Nodes::at_speed(20.0).await else { return };
    let endpoint = nodes.simulation.endpoints().remove(1);
    let address = endpoint.trim_start_matches("https://").to_owned();
    let answers = async || tokio::net::TcpStream::connect(&address).await.is_ok();
    assert!(answers().await);
    assert_eq!(nodes.ssh(&["nbg1-2", "sudo systemctl stop k3s"]).await.1, 0);
    nodes.until("the API server of the node is gone", async || !answers().await).await;
    assert_eq!(nodes.ssh(&["nbg1-2", "systemctl is-active k3s"]).await, ("inactive\n".into(), 3));
    assert_eq!(nodes.ssh(&["nbg1-2", "sudo systemctl start k3s"]).await.1, 0);
    nodes.until("it is back", answers).await;
    let config = b"server: https://10.0.0.11:6443\nnode-ip: 10.0.0.12\n";
    let install = "sudo install -m 600 /dev/stdin /etc/rancher/k3s/config.yaml";
    assert_eq!(nodes.feed(&["nbg1-2", install], config).await.status.code(), Some(0));
    assert_eq!(nodes.ssh(&["nbg1-2", "sudo cat /etc/rancher/k3s/config.yaml"]).await.0.as_bytes(), config);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_carries_many_channels() {
    let Some(nodes) = Nodes::new().await else { return };
    let socket = nodes.folder.path().join("m");
    let path = format!("ControlPath={}", socket.display());
    let mut master = nodes.command(&["-o", "ControlMaster=yes", "-o", &path, "-N", "nbg1-1"]);
    let mut master = master.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("a connection");
    nodes.until("the master listens", async || socket.exists()).await;
    let nodes = Arc::new(nodes);
    let mut running = tokio::task::JoinSet::new();
    for number in 0..16 {
        let (nodes, path) = (nodes.clone(), path.clone());
        running.spawn(async move {
            let line = format!("echo {number}; curl -s http://127.0.0.1:2381/health");
            nodes.ssh(&["-o", &path, "nbg1-1", &line]).await
                == (format!("{number}\n{{\"health\":\"true\",\"reason\":\"\"}}"), 0)
        });
    }
    assert!(running.join_all().await.into_iter().all(|well| well));
    master.kill().expect("it ends");
    master.wait().expect("its end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_dies_says_nothing_more() {
    let Some(nodes) = Nodes::new().await else { return };
    let mut command = nodes.command(&["nbg1-3", "timeout 50 bash -c '</dev/tcp/10.42.9.9/1'"]);
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("ssh runs");
    nodes.until("somebody is logged in", async || nodes.ssh(&["nbg1-3", "true"]).await.1 == 0).await;
    nodes.befall("nbg1-3", Trouble::Power(Power::Hung));
    nodes.until("the connection is cut", async || child.try_wait().is_ok_and(|end| end.is_some())).await;
    assert_eq!(nodes.ssh(&["-o", "ConnectTimeout=1", "nbg1-3", "hostname"]).await.1, 255);
    let (_, code) = nodes.ssh(&["-o", "ConnectTimeout=2", "-J", "nbg1-1", "nbg1-3", "hostname"]).await;
    assert_eq!(code, 255);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_input_is_refused_and_harms_nobody() {
    let Some(nodes) = Nodes::new().await else { return };
    let (said, code) = nodes.ssh(&["-s", "nbg1-1", "sftp"]).await;
    assert!(code != 0 && said.contains("subsystem request failed"), "{said}");
    assert_eq!(nodes.ssh(&["-X", "nbg1-1", "hostname"]).await.1, 0, "without a display");
    assert_eq!(nodes.ssh(&["-A", "nbg1-1", "hostname"]).await.1, 0, "without an agent");
    assert_eq!(nodes.ssh(&["-o", "SetEnv=PATH=/evil", "nbg1-1", "hostname"]).await.0, "nbg1-1\n");
    let (_, code) = nodes.ssh(&["-o", "ExitOnForwardFailure=yes", "-N", "-R", "0:127.0.0.1:1", "nbg1-1"]).await;
    assert_eq!(code, 255, "nothing listens on a node for others");
    let huge = format!("echo {}", "x".repeat(120_000));
    assert_eq!(nodes.ssh(&["nbg1-1", &huge]).await.0.len(), 120_001);
    assert_ne!(nodes.ssh(&["nbg1-1", &"a|".repeat(20_000)]).await.1, 0);
    assert_eq!(nodes.ssh(&["nbg1-1", "\u{1}\u{2}\u{1b}[31m"]).await.1, 127);
    let noise: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    assert_eq!(nodes.feed(&["nbg1-1", "hostname"], &noise).await.stdout, b"nbg1-1\n");
    assert_ne!(nodes.feed(&["nbg1-1", "sudo k3s ctr -n k8s.io images import -"], &noise).await.status.code(), Some(0));
    let door = &nodes.simulation.profile().dial["203.0.113.11:22"];
    let mut raw = tokio::net::TcpStream::connect(door).await.expect("a connection");
    tokio::io::AsyncWriteExt::write_all(&mut raw, &noise[..5000]).await.expect("written");
    drop(raw);
    assert_eq!(nodes.ssh(&["nbg1-1", "hostname"]).await.0, "nbg1-1\n");
}
