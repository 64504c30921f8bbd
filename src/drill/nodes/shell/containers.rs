//! What runs in containerd: `crictl`, `ctr`, processes and signals to them.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use super::host::{Host, list, number_of, text, time};
use super::{Outcome, images};
use crate::drill::api::Backend as _;
use crate::drill::store::stamp;

/// What `crictl` says when there is no containerd.
const NO_SOCKET: &str = "FATA[0000] validate service connection: validate CRI v1 runtime API for endpoint \
    \"unix:///run/k3s/containerd/containerd.sock\": rpc error: code = Unavailable desc = connection error: desc = \
    \"transport: Error while dialing: dial unix /run/k3s/containerd/containerd.sock: connect: no such file or directory\"\n";
/// What is asked of containerd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Containers {
    /// `crictl ps`
    List {
        /// Those that ended too.
        all: bool,
        /// Only this name.
        name: Option<String>,
        /// Only those that run.
        running: bool,
        /// Only their ids.
        quiet: bool,
    },
    /// `crictl logs`; how many lines.
    Logs(String, Option<usize>),
    /// `crictl inspect`
    Inspect(String),
    /// `crictl stats`
    Stats,
    /// `crictl images`
    Images,
    /// `crictl rmi --prune`
    Prune,
    /// `crictl rmi REF`
    Remove(String),
    /// `ctr images export … - REF`
    Export(String),
    /// `ctr images import -`
    Import,
    /// `kill -QUIT PID`
    Quit(u64),
}

impl Containers {
    /// The question or order that these words mean.
    pub fn parse(words: &[&str]) -> Option<Self> {
        Some(match words {
            ["k3s", "crictl", rest @ ..] | ["crictl", rest @ ..] => crictl(rest)?,
            ["k3s", "ctr", "-n", "k8s.io", rest @ ..] | ["ctr", "-n", "k8s.io", rest @ ..] => match rest {
                ["images", "export", "--platform", platform, "-", image] if platform.starts_with("linux/") => {
                    Self::Export((*image).to_owned())
                }
                ["images", "export", "-", image] => Self::Export((*image).to_owned()),
                ["images", "import", "-"] => Self::Import,
                _ => return None,
            },
            ["kill", "-QUIT" | "-3" | "-SIGQUIT", pid] => Self::Quit(pid.parse().ok()?),
            _ => return None,
        })
    }

    /// Answers or does it.
    pub fn run(&self, host: &mut Host<'_>, input: &str) -> Outcome {
        if !host.root {
            let text = NO_SOCKET.replace("no such file or directory", "permission denied");
            return Outcome::failed(
                1,
                if matches!(self, Self::Quit(_)) { "kill: Operation not permitted\n" } else { &text },
            );
        }
        if let Self::Quit(pid) = self {
            return quit(host, *pid);
        }
        if !host.k3s_is_up() {
            return Outcome::failed(1, NO_SOCKET);
        }
        match self {
            Self::List { all, name, running, quiet } => show(host, (*all, *running), name.as_deref(), *quiet),
            Self::Logs(id, last) => logs(host, id, *last),
            Self::Inspect(id) => inspect(host, id),
            Self::Stats => stats(host),
            Self::Images => images::list(host),
            Self::Prune => images::prune(host),
            Self::Remove(image) => images::remove(host, image),
            Self::Export(image) => images::export(host, image),
            Self::Import => images::import(host, input),
            Self::Quit(_) => Outcome::silent(),
        }
    }
}

fn crictl(words: &[&str]) -> Option<Containers> {
    Some(match words {
        ["ps", rest @ ..] => {
            let (mut all, mut name, mut running, mut quiet) = (false, None, false, false);
            let mut rest = rest.iter();
            while let Some(word) = rest.next() {
                match *word {
                    "-a" | "--all" => all = true,
                    "-q" | "--quiet" => quiet = true,
                    "--name" => name = Some((*rest.next()?).to_owned()),
                    "--state" => running = rest.next()?.eq_ignore_ascii_case("running"),
                    _ => return None,
                }
            }
            Containers::List { all, name, running, quiet }
        }
        ["logs", "--tail", lines, id] => Containers::Logs((*id).to_owned(), Some(lines.parse().ok()?)),
        ["logs", id] => Containers::Logs((*id).to_owned(), None),
        ["inspect", id] => Containers::Inspect((*id).to_owned()),
        ["stats"] => Containers::Stats,
        ["images"] => Containers::Images,
        ["rmi", "--prune"] => Containers::Prune,
        ["rmi", image] if !image.starts_with('-') => Containers::Remove((*image).to_owned()),
        _ => return None,
    })
}

/// A container as containerd knows it.
struct Container {
    id: String,
    name: String,
    image: String,
    attempt: i64,
    /// Whether it runs; when it was made.
    running: bool,
    created: Option<jiff::Timestamp>,
    /// Whether it is the run before the present one.
    former: bool,
    pod: Arc<Value>,
}

/// The containers on a node: those that run and, after them, those that ended.
fn containers(host: &Host<'_>) -> Vec<Container> {
    let alive = host.machine().containers;
    let mut found = Vec::new();
    for pod in host.pods() {
        for status in list(&pod, "/status/containerStatuses") {
            let attempt = status["restartCount"].as_i64().unwrap_or_default();
            let mut add = |id: &str, running: bool, created: Option<jiff::Timestamp>, attempt: i64, former: bool| {
                if !id.is_empty() {
                    found.push(Container {
                        id: id.trim_start_matches("containerd://").to_owned(),
                        name: text(status, "/name").to_owned(),
                        image: text(status, "/image").to_owned(),
                        attempt,
                        running,
                        created,
                        former,
                        pod: pod.clone(),
                    });
                }
            };
            if status.pointer("/state/running").is_some() {
                add(text(status, "/containerID"), alive, time(status, "/state/running/startedAt"), attempt, false);
            } else if let Some(end) = status.pointer("/state/terminated") {
                add(text(end, "/containerID"), false, time(end, "/startedAt"), attempt, false);
            }
            if let Some(end) = status.pointer("/lastState/terminated") {
                add(text(end, "/containerID"), false, time(end, "/startedAt"), attempt - 1, true);
            }
        }
    }
    found.sort_by_key(|container| (!container.running, container.created));
    found
}

/// The process of a container.
pub fn pid_of(id: &str) -> u64 {
    3000 + number_of(id) % 60_000
}

fn find(host: &Host<'_>, id: &str) -> Result<Container, Outcome> {
    let missing = || {
        let text = format!(
            "FATA[0000] rpc error: code = NotFound desc = an error occurred when try to find container \"{id}\": not found\n"
        );
        Outcome::failed(1, text)
    };
    let known = |container: &Container| id.len() >= 6 && container.id.starts_with(id);
    containers(host).into_iter().find(known).ok_or_else(missing)
}

/// Columns with so many spaces between them.
pub fn table(rows: Vec<Vec<String>>, gap: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default() + gap).collect();
    let line = |row: &Vec<String>| {
        let cells: String = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.trim_end())
    };
    rows.iter().map(line).collect()
}

/// The beginning of an id, as tables show it.
pub fn short(id: &str) -> String {
    id.chars().take(13).collect()
}

/// An id that belongs to a text.
pub fn digest(image: &str) -> String {
    (0..4).map(|n| format!("{:016x}", number_of(&format!("{image}{n}")))).collect()
}

fn ago(host: &Host<'_>, at: Option<jiff::Timestamp>) -> String {
    let seconds = at.map_or(0, |at| host.world.now().duration_since(at).as_secs().max(0));
    match seconds {
        0..60 => format!("{seconds} seconds ago"),
        60..3600 => format!("{} minutes ago", seconds / 60),
        3600..172_800 => format!("{} hours ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

fn show(host: &Host<'_>, (all, running): (bool, bool), name: Option<&str>, quiet: bool) -> Outcome {
    let mut found = containers(host);
    found.retain(|c| (c.running || (all && !running)) && name.is_none_or(|name| c.name.contains(name)));
    if quiet {
        return Outcome::said(found.iter().map(|c| format!("{}\n", c.id)).collect::<String>());
    }
    let title = ["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE"];
    let mut rows = vec![title.map(str::to_owned).to_vec()];
    for container in found {
        rows.push(vec![
            short(&container.id),
            short(&digest(&container.image)),
            ago(host, container.created),
            if container.running { "Running" } else { "Exited" }.to_owned(),
            container.name,
            container.attempt.to_string(),
            short(&digest(text(&container.pod, "/metadata/uid"))),
            text(&container.pod, "/metadata/name").to_owned(),
            text(&container.pod, "/metadata/namespace").to_owned(),
        ]);
    }
    Outcome::said(table(rows, 6))
}

fn logs(host: &Host<'_>, id: &str, last: Option<usize>) -> Outcome {
    let container = match find(host, id) {
        Ok(container) => container,
        Err(missing) => return missing,
    };
    let (namespace, pod) = (text(&container.pod, "/metadata/namespace"), text(&container.pod, "/metadata/name"));
    match host.world.logs(namespace, pod, &container.name, container.former) {
        Ok(lines) => {
            let skipped = last.map_or(0, |last| lines.len().saturating_sub(last));
            Outcome::said(lines.iter().skip(skipped).map(|line| format!("{}\n", line.text)).collect::<String>())
        }
        Err(refusal) => Outcome::failed(1, format!("FATA[0000] {refusal}\n")),
    }
}

fn inspect(host: &Host<'_>, id: &str) -> Outcome {
    let container = match find(host, id) {
        Ok(container) => container,
        Err(missing) => return missing,
    };
    let pid = if container.running { pid_of(&container.id) } else { 0 };
    let value = json!({
        "status": {
            "id": container.id, "metadata": { "attempt": container.attempt, "name": container.name },
            "state": if container.running { "CONTAINER_RUNNING" } else { "CONTAINER_EXITED" },
            "createdAt": container.created.map(stamp),
            "image": { "image": container.image },
            "labels": {
                "io.kubernetes.container.name": container.name,
                "io.kubernetes.pod.name": container.pod["metadata"]["name"],
                "io.kubernetes.pod.namespace": container.pod["metadata"]["namespace"],
                "io.kubernetes.pod.uid": container.pod["metadata"]["uid"],
            },
        },
        "info": { "sandboxID": digest(text(&container.pod, "/metadata/uid")), "pid": pid, "runtimeType": "io.containerd.runc.v2" },
    });
    Outcome::said(format!("{value:#}\n"))
}

fn stats(host: &Host<'_>) -> Outcome {
    let usage = host.world.pod_metrics(None).unwrap_or_default();
    let mut rows = vec![["CONTAINER", "NAME", "CPU %", "MEM", "DISK", "INODES"].map(str::to_owned).to_vec()];
    for container in containers(host).into_iter().filter(|container| container.running) {
        let pod = usage.iter().find(|m| {
            ["name", "namespace"].iter().all(|field| m["metadata"][field] == container.pod["metadata"][field])
        });
        let of = pod.and_then(|pod| list(pod, "/containers").iter().find(|c| c["name"] == container.name.as_str()));
        let amount = |field: &str, units: &[char]| -> u64 {
            let text = of.and_then(|of| of["usage"][field].as_str()).unwrap_or_default();
            text.trim_end_matches(units).parse().unwrap_or_default()
        };
        let cpu = amount("cpu", &['n']) as f64 / 1e7;
        let memory = amount("memory", &['K', 'i']) as f64 * 1024.0 / 1e6;
        rows.push(vec![
            short(&container.id),
            container.name,
            format!("{cpu:.2}"),
            format!("{memory:.2}MB"),
            "49.15kB".to_owned(),
            "14".to_owned(),
        ]);
    }
    Outcome::said(table(rows, 14))
}

/// A signal after which Go writes down what everybody does, and ends.
fn quit(host: &mut Host<'_>, pid: u64) -> Outcome {
    let found = containers(host).into_iter().find(|container| container.running && pid_of(&container.id) == pid);
    let Some(container) = found else {
        return Outcome::failed(1, format!("kill: ({pid}) - No such process\n"));
    };
    let (namespace, pod) = (text(&container.pod, "/metadata/namespace"), text(&container.pod, "/metadata/name"));
    host.world.quit_container(namespace, pod, &container.name);
    Outcome::silent()
}

/// `ps -ef`: the containers' shims and what runs in them go on when k3s is stopped.
pub fn processes(host: &Host<'_>) -> Outcome {
    let began = host.machine().booted.strftime("%b%d");
    let mut out = String::from("UID          PID    PPID  C STIME TTY          TIME CMD\n");
    let mut line = |user: &str, pid: u64, parent: u64, what: &str| {
        let _ = writeln!(out, "{user:<8} {pid:>7} {parent:>7}  0 {began} ?        00:00:01 {what}");
    };
    line("root", 1, 0, "/sbin/init");
    line("root", 702, 1, "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups");
    if host.k3s_is_up() {
        line("root", 811, 1, "/usr/local/bin/k3s server");
        line("root", 874, 811, "containerd");
    }
    for container in containers(host).into_iter().filter(|container| container.running) {
        let pid = pid_of(&container.id);
        let sandbox = digest(text(&container.pod, "/metadata/uid"));
        let shim = format!(
            "/var/lib/rancher/k3s/data/current/bin/containerd-shim-runc-v2 -namespace k8s.io -id {sandbox} \
                            -address /run/k3s/containerd/containerd.sock"
        );
        line("root", pid - 40, 1, &shim);
        line("65532", pid, pid - 40, &container.name);
    }
    Outcome::said(out)
}
