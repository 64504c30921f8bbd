//! k3s itself: its kubectl, snapshots of etcd, certificates, reset, installation, the end of everything.

use std::fmt::Write as _;

use jiff::SignedDuration;

use super::super::Etcd;
use super::host::{Host, list, text, time};
use super::units::start_k3s;
use super::{Outcome, Wait, files};
use crate::drill::api::Backend as _;
use crate::drill::store::stamp;
use crate::drill::world::{K3sAction, Kept, Member, Unit};

/// Where snapshots lie.
const FOLDER: &str = "/var/lib/rancher/k3s/server/db/snapshots";
/// How long a snapshot takes.
const SNAPSHOT: SignedDuration = SignedDuration::from_secs(1);
/// How long a reset takes.
const RESET: SignedDuration = SignedDuration::from_secs(8);

/// What is asked of k3s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum K3s {
    /// `k3s --version`
    Version,
    /// `k3s kubectl get nodes`, with more columns.
    Nodes(bool),
    /// `k3s kubectl get --raw PATH`
    Raw(String),
    /// `k3s etcd-snapshot ls`
    Snapshots,
    /// `k3s etcd-snapshot save --name NAME`
    Save(String),
    /// `k3s etcd-snapshot prune --name PREFIX --snapshot-retention N`
    Prune(String, usize),
    /// `k3s certificate check`
    Certificates,
    /// `k3s server --cluster-reset`, from a snapshot.
    Reset(Option<String>),
    /// `k3s-killall.sh`
    KillAll,
    /// `INSTALL_K3S_VERSION=V sh /tmp/k3s.sh server …`, without starting it.
    Install(String, bool),
}

impl K3s {
    /// The question or order that these words mean.
    pub fn parse(words: &[&str]) -> Option<Self> {
        Some(match words {
            ["k3s-killall.sh"] => Self::KillAll,
            ["k3s", "--version" | "-v"] => Self::Version,
            ["k3s", "kubectl", rest @ ..] | ["kubectl", rest @ ..] => kubectl(rest)?,
            ["k3s", "etcd-snapshot", "ls" | "list"] => Self::Snapshots,
            ["k3s", "etcd-snapshot", "save"] => Self::Save("on-demand".to_owned()),
            ["k3s", "etcd-snapshot", "save", "--name", name] if is_name(name) => Self::Save((*name).to_owned()),
            ["k3s", "etcd-snapshot", "prune", "--name", name, "--snapshot-retention", kept] if is_name(name) => {
                Self::Prune((*name).to_owned(), kept.parse().ok()?)
            }
            ["k3s", "certificate", "check"] | ["k3s", "certificate", "check", "--output", "table"] => {
                Self::Certificates
            }
            ["k3s", "server", "--cluster-reset", rest @ ..] => {
                let path = rest.iter().find_map(|word| word.strip_prefix("--cluster-reset-restore-path="));
                rest.iter().all(|word| word.starts_with("--")).then_some(())?;
                Self::Reset(path.map(str::to_owned))
            }
            [first, ..] if first.starts_with("INSTALL_K3S_") => install(words)?,
            _ => return None,
        })
    }

    /// Answers or does it.
    pub fn run(&self, host: &mut Host<'_>) -> Outcome {
        if *self == Self::Version {
            return Outcome::said(format!("k3s version {} (9f35b4e1)\ngo version go1.24.13\n", version(host)));
        }
        if !host.root {
            let text = "time=\"\" level=warning msg=\"Unable to read /etc/rancher/k3s/k3s.yaml, please start server with \
                        --write-kubeconfig-mode\"\nerror: error loading config file \"/etc/rancher/k3s/k3s.yaml\": open \
                        /etc/rancher/k3s/k3s.yaml: permission denied\n";
            return Outcome::failed(1, text);
        }
        match self {
            Self::Version => Outcome::silent(),
            Self::Nodes(wide) => nodes(host, *wide),
            Self::Raw(path) => raw(host, path),
            Self::Snapshots => snapshots(host),
            Self::Save(name) => save(host, name),
            Self::Prune(name, kept) => prune(host, name, *kept),
            Self::Certificates => certificates(host),
            Self::Reset(path) => reset(host, path.as_deref()),
            Self::KillAll => kill_all(host),
            Self::Install(version, start) => install_version(host, version, *start),
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() < 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
}

fn kubectl(words: &[&str]) -> Option<K3s> {
    let words: Vec<&str> = words.iter().filter(|word| !word.starts_with("--request-timeout=")).copied().collect();
    match words.as_slice() {
        ["get", "nodes" | "node" | "no"] => Some(K3s::Nodes(false)),
        ["get", "nodes" | "node" | "no", "-o", "wide"] => Some(K3s::Nodes(true)),
        ["get", "--raw", path] => Some(K3s::Raw((*path).to_owned())),
        _ => None,
    }
}

fn install(words: &[&str]) -> Option<K3s> {
    let at = words.iter().position(|word| !word.contains('='))?;
    let (settings, ["sh", "/tmp/k3s.sh", "server", ..]) = words.split_at(at) else { return None };
    let setting = |name: &str| settings.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    let version = setting("INSTALL_K3S_VERSION")?;
    let shaped = version.starts_with("v1.") && version.contains("+k3s") && version.len() < 32;
    shaped.then(|| K3s::Install(version.to_owned(), setting("INSTALL_K3S_SKIP_START") != Some("true")))
}

fn version(host: &Host<'_>) -> String {
    host.inside().k3s_version.unwrap_or_else(|| text(&host.own(), "/status/nodeInfo/kubeletVersion").to_owned())
}

/// Why the API server on this node does not answer, if it does not.
fn no_api(host: &Host<'_>) -> Option<Outcome> {
    if !host.k3s_is_up() {
        let text =
            "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?\n";
        return Some(Outcome::failed(1, text));
    }
    let healthy = Etcd::seen_from(host.world, host.node).is_some_and(|etcd| etcd.healthy());
    (!healthy).then(|| Outcome::failed(1, "Error from server: etcdserver: request timed out\n"))
}

fn age(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

fn nodes(host: &Host<'_>, wide: bool) -> Outcome {
    if let Some(failure) = no_api(host) {
        return failure;
    }
    let mut rows = vec![["NAME", "STATUS", "ROLES", "AGE", "VERSION", "INTERNAL-IP"].map(str::to_owned)];
    for node in host.objects("", "nodes") {
        let ready = list(&node, "/status/conditions").iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
        let cordoned = node["spec"]["unschedulable"] == true;
        let state = if ready { "Ready" } else { "NotReady" };
        let roles = node["metadata"]["labels"].as_object().into_iter().flatten();
        let roles: Vec<&str> = roles.filter_map(|(label, _)| label.strip_prefix("node-role.kubernetes.io/")).collect();
        let created = time(&node, "/metadata/creationTimestamp").unwrap_or_else(|| host.world.now());
        rows.push([
            text(&node, "/metadata/name").to_owned(),
            if cordoned { format!("{state},SchedulingDisabled") } else { state.to_owned() },
            if roles.is_empty() { "<none>".to_owned() } else { roles.join(",") },
            age(host.world.now().duration_since(created)),
            text(&node, "/status/nodeInfo/kubeletVersion").to_owned(),
            text(&node, "/status/addresses/0/address").to_owned(),
        ]);
    }
    let columns = if wide { 6 } else { 5 };
    Outcome::said(super::containers::table(rows.iter().map(|row| row[..columns].to_vec()).collect(), 3))
}

fn raw(host: &Host<'_>, path: &str) -> Outcome {
    if !host.k3s_is_up() {
        return no_api(host).unwrap_or_default();
    }
    let (path, verbose) = path.split_once('?').map_or((path, false), |(path, query)| (path, query.contains("verbose")));
    let kind = path.trim_start_matches('/');
    if kind == "version" {
        return Outcome::said(format!("{:#}", host.world.version()));
    }
    if !matches!(kind, "readyz" | "livez") {
        return Outcome::failed(1, "Error from server (NotFound): the server could not find the requested resource\n");
    }
    let healthy = Etcd::seen_from(host.world, host.node).is_some_and(|etcd| etcd.healthy());
    let mut text = String::new();
    let mut failed = 0;
    for (check, passes) in host.world.readyz() {
        if passes && (healthy || !check.starts_with("etcd")) {
            let _ = writeln!(text, "[+]{check} ok");
        } else {
            failed += 1;
            let _ = writeln!(text, "[-]{check} failed: reason withheld");
        }
    }
    if failed > 0 {
        let err = format!(
            "Error from server (InternalError): an error on the server (\"{text}{kind} check failed\") has prevented the request from succeeding\n"
        );
        return Outcome::failed(1, err);
    }
    Outcome::said(if verbose { format!("{text}{kind} check passed\n") } else { "ok".to_owned() })
}

/// Snapshots are listed and made by a server that runs.
fn no_server(host: &Host<'_>) -> Option<Outcome> {
    let refused =
        "FATA[0000] Get \"https://127.0.0.1:6443/db/info\": dial tcp 127.0.0.1:6443: connect: connection refused\n";
    let leaderless = "FATA[0010] etcdserver: request timed out\n";
    no_api(host).map(|_| Outcome::failed(1, if host.k3s_is_up() { leaderless } else { refused }))
}

fn snapshots(host: &Host<'_>) -> Outcome {
    if let Some(failure) = no_server(host) {
        return failure;
    }
    let mut rows = vec![["Name", "Location", "Size", "Created"].map(str::to_owned).to_vec()];
    for (name, size, at) in files::snapshots(host) {
        rows.push(vec![name.clone(), format!("file://{FOLDER}/{name}"), size.to_string(), stamp(at)]);
    }
    Outcome::said(super::containers::table(rows, 1))
}

fn save(host: &mut Host<'_>, name: &str) -> Outcome {
    if let Some(failure) = no_server(host) {
        return failure;
    }
    let disk = host.machine().disk;
    if disk.used() >= disk.size {
        return Outcome::failed(1, format!("FATA[0000] write {FOLDER}/{name}: no space left on device\n"));
    }
    let file = host.world.save_snapshot(host.node, name);
    host.change(|machine| machine.disk.snapshots += 14);
    let at = stamp(host.now());
    let err = format!("time=\"{at}\" level=info msg=\"Snapshot {file} saved.\"\n");
    Outcome { err, ..Outcome::silent() }.then(Wait::For(SNAPSHOT))
}

fn prune(host: &mut Host<'_>, prefix: &str, kept: usize) -> Outcome {
    if let Some(failure) = no_server(host) {
        return failure;
    }
    let mut found: Vec<_> = host
        .objects("k3s.cattle.io", "etcdsnapshotfiles")
        .into_iter()
        .filter(|s| text(s, "/spec/nodeName") == host.node && text(s, "/spec/snapshotName").starts_with(prefix))
        .collect();
    found.sort_by_key(|snapshot| text(snapshot, "/status/creationTime").to_owned());
    let mut outcome = Outcome::silent();
    for snapshot in found.iter().take(found.len().saturating_sub(kept)) {
        let file = text(snapshot, "/spec/snapshotName");
        host.world.drop_snapshot(text(snapshot, "/metadata/name"));
        host.change(|machine| machine.disk.snapshots = machine.disk.snapshots.saturating_sub(14));
        let _ = writeln!(outcome.err, "time=\"{}\" level=info msg=\"Snapshot {file} deleted.\"", stamp(host.now()));
    }
    outcome
}

fn certificates(host: &Host<'_>) -> Outcome {
    let born = time(&host.own(), "/metadata/creationTimestamp").unwrap_or_else(|| host.world.now());
    let ends = born + SignedDuration::from_hours(365 * 24);
    let left = ends.duration_since(host.now());
    let status = if left.is_negative() {
        "EXPIRED"
    } else if left < SignedDuration::from_hours(120 * 24) {
        "WARNING"
    } else {
        "OK"
    };
    let mut rows =
        vec![["FILENAME", "SUBJECT", "USAGES", "EXPIRES", "RESIDUAL TIME", "STATUS"].map(str::to_owned).to_vec()];
    for (file, subject, usage) in [
        ("client-admin.crt", "CN=system:admin,O=system:masters", "ClientAuth"),
        ("client-kube-apiserver.crt", "CN=system:apiserver,O=system:masters", "ClientAuth"),
        ("serving-kube-apiserver.crt", "CN=kube-apiserver", "ServerAuth"),
        ("client.crt", "CN=etcd-client", "ClientAuth"),
        ("server-client.crt", "CN=etcd-server", "ServerAuth,ClientAuth"),
        ("peer-server-client.crt", "CN=etcd-peer", "ServerAuth,ClientAuth"),
        ("client-kubelet.crt", "CN=system:node,O=system:nodes", "ClientAuth"),
        ("serving-kubelet.crt", "CN=kubelet", "ServerAuth"),
    ] {
        let expires = ends.strftime("%b %d, %Y %H:%M UTC").to_string();
        let left = format!("{} days", left.as_hours() / 24);
        rows.push([file, subject, usage, &expires, &left, status].map(str::to_owned).to_vec());
    }
    Outcome::said(super::containers::table(rows, 3))
}

/// Makes this member the only one. The others have to join anew.
fn reset(host: &mut Host<'_>, path: Option<&str>) -> Outcome {
    let machine = host.machine();
    let fatal = |why: &str| Outcome::failed(1, format!("FATA[0000] {why}\n"));
    if machine.k3s != Unit::Inactive {
        return fatal(
            "starting kubernetes: preparing server: failed to bootstrap cluster data: listen tcp :6443: bind: address already in use",
        );
    }
    if let Some(path) = path {
        let file = path.rsplit('/').next().unwrap_or_default();
        if !files::snapshots(host).iter().any(|(name, ..)| name == file) {
            return fatal(&format!("etcd: snapshot path does not exist: {path}"));
        }
    } else if !machine.inside.database || machine.etcd == Member::Corrupt {
        return fatal("starting kubernetes: preparing server: start managed database: etcd datastore is not found");
    }
    let others: Vec<String> = host.peers().into_iter().map(|(name, _)| name).collect();
    for other in others {
        host.world.change_machine(&other, |machine| machine.etcd = Member::Removed);
    }
    host.change(|machine| {
        machine.etcd = Member::Voter;
        machine.inside.database = true;
    });
    let err = format!(
        "time=\"{}\" level=info msg=\"Managed etcd cluster membership has been reset, restart without --cluster-reset flag \
         now. Backup and delete ${{datadir}}/server/db on each peer etcd server and rejoin the nodes\"\n",
        stamp(host.now())
    );
    Outcome { err, ..Outcome::silent() }.then(Wait::For(RESET))
}

fn kill_all(host: &mut Host<'_>) -> Outcome {
    host.world.kill_all(host.node);
    host.change(|machine| machine.overlay = false);
    Outcome {
        err: "[INFO]  Stopping k3s\n+ systemctl stop k3s.service\n+ ip link delete cni0\n+ ip link delete flannel.1\n"
            .to_owned(),
        ..Outcome::silent()
    }
}

fn install_version(host: &mut Host<'_>, version: &str, start: bool) -> Outcome {
    if !matches!(host.inside().copies.get("/tmp/k3s.sh"), Some(Kept::Installer)) {
        return Outcome::failed(2, "sh: 0: cannot open /tmp/k3s.sh: No such file\n");
    }
    host.world.change_inside(host.node, |inside| inside.k3s_version = Some(version.to_owned()));
    let mut out = format!(
        "[INFO]  Using {version} as release\n[INFO]  Installing k3s to /usr/local/bin/k3s\n[INFO]  systemd: Creating \
         service file /etc/systemd/system/k3s.service\n"
    );
    if !start {
        return Outcome::said(out);
    }
    out.push_str("[INFO]  systemd: Starting k3s\n");
    let started = start_k3s(host, K3sAction::Restart);
    started.after(Outcome::said(out))
}
