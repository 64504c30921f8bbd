//! The figures that crashcart holds itself to, measured from outside on the release binary:
//!
//! ```text
//! cargo bench --bench figures                  # three nodes, the catalogue's deployment
//! cargo bench --bench figures -- --pods 10000  # a big cluster
//! ```
//!
//! The simulated cluster runs in a process of its own, so that its cost is not counted. Times include the terminal's.

#[path = "../tests/support/terminal.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod terminal;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use terminal::Terminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_crashcart");
/// How long the idle figures are taken over.
const IDLE: Duration = Duration::from_secs(20);

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let value = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1)).cloned();
    let pods = value("--pods").unwrap_or_else(|| "0".to_owned());
    let churn = value("--churn").unwrap_or_else(|| "0".to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    let simulation = Simulation::start(folder.path(), &pods, &churn);
    println!("pods beyond the deployment's: {pods}, updates a second: {churn}");
    measure_console(&simulation.kubeconfig, &folder.path().join("state"));
    measure_quit_with_stalled_server(folder.path());
}

fn measure_console(kubeconfig: &Path, state: &Path) {
    let kubeconfig = kubeconfig.to_str().expect("a plain path");
    let env = [("XDG_STATE_HOME", state.to_str().expect("a plain path"))];
    let mut console = Terminal::start(Path::new(PROGRAM), &["--kubeconfig", kubeconfig], &env, (120, 36));
    console.until("the first frame", |seen| seen.text().contains("READ-ONLY").then_some(()));
    let frame = console.seen(|seen| seen.first).expect("bytes") - console.started;
    report("start to first frame", frame);
    console.wait("3 ready");
    report("start to nodes and findings on screen", console.started.elapsed());
    console.settle(Duration::from_secs(3));

    let (cpu, bytes, wall) = (cpu_time(console.pid()), console.seen(|seen| seen.bytes), Instant::now());
    std::thread::sleep(IDLE);
    let seconds = wall.elapsed().as_secs_f64();
    let used = cpu_time(console.pid()).saturating_sub(cpu).as_secs_f64();
    println!("{:<44} {:>9.2} %", "CPU over 20 s", used / seconds * 100.0);
    let written = (console.seen(|seen| seen.bytes) - bytes) as f64;
    println!("{:<44} {:>9.1} B/s", "terminal output over 20 s", written / seconds);
    println!("{:<44} {:>9.1} MB", "resident memory", memory(console.pid(), "VmRSS"));
    println!("{:<44} {:>9.1} MB", "resident memory, peak", memory(console.pid(), "VmHWM"));

    let mut latencies = key_latencies(&mut console, 200);
    latencies.sort();
    let at = |share: usize| latencies[(latencies.len() * share / 100).min(latencies.len() - 1)];
    println!(
        "{:<44} {:>6.2} ms median, {:.2} ms p95, {:.2} ms max",
        "key press to first byte",
        ms(at(50)),
        ms(at(95)),
        ms(at(100))
    );
    let quit = Instant::now();
    console.type_keys("\x03");
    console.end();
    report("quit", quit.elapsed());
}

/// Opens and closes the help, whose first byte always differs from what is there.
fn key_latencies(console: &mut Terminal, count: usize) -> Vec<Duration> {
    (0..count)
        .map(|i| {
            console.settle(Duration::from_millis(40));
            let before = console.seen(|seen| seen.bytes);
            let pressed = Instant::now();
            console.type_keys(if i % 2 == 0 { "?" } else { "\x1b" });
            console.until("an answer to a key", |seen| (seen.bytes > before).then_some(()));
            pressed.elapsed()
        })
        .collect()
}

/// A server that accepts and never answers.
fn measure_quit_with_stalled_server(folder: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    let kubeconfig = folder.join("stalled");
    std::fs::write(
        &kubeconfig,
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: stalled\n\
             clusters: [{{name: c, cluster: {{server: \"https://{address}\", insecure-skip-tls-verify: true}}}}]\n\
             users: [{{name: u, user: {{token: t}}}}]\n\
             contexts: [{{name: stalled, context: {{cluster: c, user: u}}}}]\n"
        ),
    )
    .expect("a kubeconfig");
    let path = kubeconfig.to_str().expect("a plain path");
    let mut console = Terminal::start(Path::new(PROGRAM), &["--kubeconfig", path], &[], (120, 36));
    console.wait("READ-ONLY");
    report("first frame with a stalled server", console.seen(|seen| seen.first).expect("bytes") - console.started);
    console.settle(Duration::from_secs(2));
    let quit = Instant::now();
    console.type_keys("q");
    console.end();
    report("quit with a stalled server", quit.elapsed());
}

/// The simulated cluster in its own process.
struct Simulation {
    child: std::process::Child,
    kubeconfig: PathBuf,
}

impl Simulation {
    #[expect(clippy::disallowed_types, reason = "measured from outside")]
    fn start(folder: &Path, pods: &str, churn: &str) -> Self {
        let kubeconfig = folder.join("kubeconfig");
        let mut child = std::process::Command::new(PROGRAM)
            .args(["simulate", "--pods", pods, "--churn", churn, "--kubeconfig-out"])
            .arg(&kubeconfig)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("the simulation starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let ready = lines.map_while(Result::ok).find(|line| line.starts_with("ready"));
        assert!(ready.is_some(), "the simulation never became ready");
        Self { child, kubeconfig }
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn report(what: &str, took: Duration) {
    println!("{what:<44} {:>9.1} ms", ms(took));
}

fn ms(d: Duration) -> f64 {
    d.as_secs_f64() * 1000.0
}

/// User and system time of a process, from /proc (in hundredths of a second).
fn cpu_time(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running process");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn memory(pid: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a running process");
    let line = status.lines().find(|l| l.starts_with(field)).unwrap_or_default();
    let kib: f64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0.0);
    kib / 1024.0
}
