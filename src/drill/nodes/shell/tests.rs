//! The commands of the catalogue on a world that stands still, and what follows from them.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

use super::{Outcome, Script, Shell};
use crate::drill::net::{Network, Route, Vantage, route};
use crate::drill::world::{Fault, InTrouble, Member, Power, Trouble, Unit, Verdict, World};

struct Node {
    network: Arc<Network>,
    shell: Shell,
}

impl Node {
    /// A shell on the first node of a healthy world.
    fn new() -> Self {
        Self::on("nbg1-1", World::new(1, start()))
    }

    fn on(node: &str, world: World) -> Self {
        let network = Network::new(Arc::new(Mutex::new(world))).expect("a network");
        let shell = Shell::new(network.clone(), node.to_owned());
        Self { network, shell }
    }

    async fn run(&self, line: &str) -> Outcome {
        self.feed(line, "").await
    }

    async fn feed(&self, line: &str, input: &str) -> Outcome {
        let script = Script::parse(line);
        let running = self.shell.run(&script, input);
        tokio::pin!(running);
        // What waits for simulated time gets it.
        loop {
            tokio::select! {
                outcome = &mut running => return outcome,
                () = tokio::time::sleep(std::time::Duration::from_millis(5)) => self.pass(2),
            }
        }
    }

    /// Lets simulated seconds pass.
    fn pass(&self, seconds: i64) {
        self.network.with(|world| world.advance(world.now() + SignedDuration::from_secs(seconds)));
    }

    fn befall(&self, node: &str, trouble: Trouble) {
        let fault = Fault::Machine(InTrouble { node: node.to_owned(), trouble });
        self.network.with(|world| world.inject(&fault));
    }

    fn k3s(&self) -> Unit {
        self.network.with(|world| world.machine(self.shell.node()).expect("a machine").k3s)
    }
}

fn start() -> Timestamp {
    "2026-03-30T04:00:00Z".parse().expect("a time")
}

/// Every read of the catalogue, and something that its answer holds.
const READS: &[(&str, &str)] = &[
    (
        "systemctl show k3s -p ActiveState,SubState,NRestarts,ExecMainStartTimestamp",
        "ActiveState=active\nSubState=running",
    ),
    ("systemctl show k3s -p ActiveState --value", "active\n"),
    ("systemctl is-active k3s", "active"),
    ("journalctl -u k3s --since -15min --no-pager", "storing new hash"),
    ("sudo k3s kubectl --request-timeout=5s get nodes", "nbg1-3   Ready"),
    ("sudo k3s kubectl get --raw '/readyz?verbose'", "[+]etcd ok"),
    ("curl -s http://127.0.0.1:2381/health", "{\"health\":\"true\",\"reason\":\"\"}"),
    (
        "curl -s http://127.0.0.1:2381/metrics | grep -E 'etcd_server_(has_leader|is_leader|is_learner|leader_changes)|wal_fsync|db_total_size'",
        "etcd_server_has_leader 1",
    ),
    ("curl -s 127.0.0.1:10256/healthz", "\"nodeEligible\": true"),
    ("curl -s 127.0.0.1:10248/healthz", "ok"),
    ("sudo ls -l /var/lib/rancher/k3s/server/db/snapshots", "etcd-snapshot-nbg1-1-"),
    ("sudo ls /var/lib/rancher/k3s/server/db/etcd", "member"),
    ("sudo cat /etc/rancher/k3s/config.yaml", "flannel-iface: enp7s0"),
    ("sudo k3s etcd-snapshot ls", "file:///var/lib/rancher/k3s/server/db/snapshots/"),
    ("sudo k3s crictl ps -a", "traefik"),
    ("sudo k3s crictl ps --name api --state Running -q", ""),
    ("sudo k3s crictl stats", "MEM"),
    ("sudo k3s crictl images", "IMAGE ID"),
    ("sudo k3s certificate check --output table", "client-admin.crt"),
    ("ps -ef | grep shim", "containerd-shim-runc-v2"),
    ("df -P", "/dev/sda1"),
    ("df -P -B1 / /var/lib/rancher", "1-blocks"),
    ("df -Pi /", "IUse%"),
    ("sudo du -xhd1 /var/lib/rancher/k3s /var/log | sort -h", "/var/lib/rancher/k3s/agent"),
    ("free -m", "Mem:"),
    ("vmstat 1 5", "procs"),
    ("ss -ltnup", ":6443"),
    ("ss -s", "TCP:"),
    ("sudo ss -ltnp 'sport = :80'", "traefik"),
    ("ip -br addr", "10.0.0.11/32"),
    ("ip -s link", "RX:"),
    ("ip route", "10.42.1.0/24 via 10.42.1.0 dev flannel.1 onlink"),
    ("networkctl status", "routable"),
    ("ip -d -s link show flannel.1", "vxlan id 1 local 10.0.0.11"),
    ("bridge fdb show dev flannel.1", "dst 10.0.0.12 self permanent"),
    ("ip neigh show dev flannel.1", "10.42.2.0 lladdr"),
    ("cat /run/flannel/subnet.env", "FLANNEL_SUBNET=10.42.0.1/24"),
    ("sudo iptables-save | grep -c KUBE-ROUTER", "3\n"),
    ("sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max", "nf_conntrack_max = 131072"),
    ("sudo ufw status numbered", "[ 1] 22/tcp"),
    ("sudo ufw show added", "ufw allow from 10.0.0.0/24 to any port 2379,2380,10250 proto tcp"),
    ("timedatectl show -p NTPSynchronized", "NTPSynchronized=yes\n"),
    ("chronyc tracking", "Leap status     : Normal"),
    ("date -u +%s", "177484"),
    ("hostname", "nbg1-1\n"),
    ("cat /etc/machine-id /proc/sys/kernel/random/boot_id", "-"),
    ("uptime", "load average"),
    ("apt list --upgradable", "linux-image-virtual"),
    ("uname -r", "6.8.0"),
    ("timeout 10 sudo flock -n -E 75 /run/lock/console-maintenance.lock hostname", "nbg1-1"),
    ("echo one; false || echo two && echo three", "one\ntwo\nthree\n"),
];

#[tokio::test]
async fn every_read_of_the_catalogue_is_answered() {
    let node = Node::new();
    for (line, holds) in READS {
        let outcome = node.run(line).await;
        assert_eq!(
            outcome.err.trim_start_matches(
                "\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n"
            ),
            "",
            "{line}"
        );
        assert!(outcome.out.contains(holds), "{line}\n{}", outcome.out);
        assert_eq!(outcome.code, 0, "{line}");
    }
    let rules = node.run("sudo iptables-save -t nat | grep -cE 'KUBE-(SVC|SEP)'").await;
    assert!(rules.out.trim().parse::<u32>().expect("a number") > 10, "{}", rules.out);
}

#[tokio::test]
async fn what_is_no_command_is_not_found() {
    let node = Node::new();
    for (line, code, says) in [
        ("kubectx", 127, "kubectx: command not found"),
        ("sudo etcdctl member list", 1, "sudo: etcdctl: command not found"),
        ("rm -rf /", 127, "rm: command not found"),
        ("df --magic", 2, "df: unrecognized arguments: --magic"),
        ("cat /etc/shadow", 1, "No such file or directory"),
        ("cat ../../etc/passwd", 2, "unrecognized"),
        ("grep root /etc/passwd", 2, "unrecognized"),
        ("curl -s file:///etc/passwd", 2, "unrecognized"),
        ("cat < /etc/passwd", 1, "No such file or directory"),
        ("echo x > /tmp/x", 2, "syntax error"),
        ("echo $(id)", 2, "syntax error"),
        ("sudo ufw reset", 1, "ERROR"),
        ("sudo install -m 600 /dev/stdin /etc/passwd", 1, "Permission denied"),
        ("cat /etc/rancher/k3s/config.yaml", 1, "Permission denied"),
        ("systemctl stop k3s", 1, "authentication required"),
        ("sudo systemctl stop nginx", 5, "not loaded"),
        ("bash -c 'bash -c \"bash -c \\\"bash -c date\\\"\"'", 2, "unrecognized"),
        ("timeout 0.05 bash -c '</dev/tcp/10.42.9.9/80'", 124, ""),
    ] {
        let outcome = node.run(line).await;
        assert_eq!(outcome.code, code, "{line}: {outcome:?}");
        assert!(outcome.err.contains(says), "{line}: {outcome:?}");
    }
    assert!(node.network.with(|world| world.machine("nbg1-1").expect("it").k3s.active()));
}

#[tokio::test]
async fn k3s_is_stopped_and_started() {
    let node = Node::new();
    assert_eq!(node.run("sudo systemctl stop k3s").await.code, 0);
    assert_eq!(node.k3s(), Unit::Inactive);
    assert_eq!(node.run("systemctl is-active k3s").await, Outcome { code: 3, ..Outcome::said("inactive\n") });
    let refused = node.run("curl -sS http://127.0.0.1:2381/health").await;
    assert_eq!((refused.code, refused.err.starts_with("curl: (7) Failed to connect")), (7, true), "{refused:?}");
    assert_eq!(node.run("</dev/tcp/127.0.0.1/6443").await.code, 1);
    assert!(node.run("sudo k3s crictl ps").await.err.contains("containerd.sock"));
    assert!(node.run("ps -ef | grep -c shim").await.out.trim().parse::<u32>().expect("a number") > 0);
    assert_eq!(node.run("sudo k3s kubectl get nodes").await.code, 1);
    assert!(node.run("journalctl -u k3s -n 1 -o cat").await.out.contains("Stopped k3s.service"));
    assert_eq!(node.run("sudo systemctl start k3s && systemctl is-active k3s").await.out, "active\n");
    assert!(node.network.with(|world| world.machine("nbg1-1").expect("it").k3s_runs()));
}

#[tokio::test]
async fn a_snapshot_is_taken_and_pruned() {
    let node = Node::new();
    for _ in 0..4 {
        let saved = node.run("sudo k3s etcd-snapshot save --name pre-upgrade").await;
        assert!(saved.err.contains("Snapshot pre-upgrade-nbg1-1-"), "{saved:?}");
        node.pass(5);
    }
    let count = || async { node.run("sudo k3s etcd-snapshot ls | grep -c pre-upgrade").await.out };
    assert_eq!(count().await, "4\n");
    let pruned = node.run("sudo k3s etcd-snapshot prune --name pre-upgrade --snapshot-retention 3").await;
    assert_eq!(pruned.err.matches("deleted").count(), 1);
    assert_eq!(count().await, "3\n");
}

#[tokio::test]
async fn a_rule_of_the_firewall_is_put_back_unless_that_is_called_off() {
    let node = Node::on("nbg1-2", World::new(1, start()));
    let peer = Vantage::Node("nbg1-1".to_owned());
    let way = |port| node.network.with(|world| route(world, &peer, "10.0.0.12", port));
    node.befall("nbg1-2", Trouble::Blocked(vec![2380]));
    node.pass(120);
    assert_eq!(way(2380), Route::Silent);
    let blocked = node.run("journalctl -k --since -10min -g 'UFW BLOCK'").await.out;
    assert!(blocked.contains("SRC=10.0.0.11 DST=10.0.0.12") && blocked.contains("DPT=2380"), "{blocked}");
    for line in [
        "sudo cp -a /etc/ufw /root/ufw.bak-1",
        "sudo systemd-run --unit=ufw-revert --on-active=3min /bin/sh -c 'cp -a /root/ufw.bak-1/. /etc/ufw/ && ufw reload'",
        "sudo ufw insert 1 allow from 10.0.0.11 to any port 2379,2380,6443,10250 proto tcp",
    ] {
        assert_eq!(node.run(line).await.code, 0, "{line}");
    }
    assert!(matches!(way(2380), Route::To(_)));
    assert_eq!(node.run("systemctl is-active ufw-revert.timer").await.out, "active\n");
    node.pass(181);
    assert_eq!(way(2380), Route::Silent, "it is put back");
    node.run("sudo systemd-run --unit=ufw-revert --on-active=3min /bin/sh -c 'cp -a /root/ufw.bak-1/. /etc/ufw/ && ufw reload'").await;
    assert_eq!(node.run("sudo ufw --force delete deny 2380").await.out, "Rule deleted\nRule deleted (v6)\n");
    assert_eq!(node.run("sudo systemctl stop ufw-revert.timer").await.code, 0);
    node.pass(200);
    assert!(matches!(way(2380), Route::To(_)), "it stays");
}

#[tokio::test]
async fn what_leaves_a_node_can_be_kept_in() {
    let node = Node::new();
    let own = Vantage::Node("nbg1-1".to_owned());
    assert_eq!(node.run("sudo ufw deny out 5432/tcp").await.code, 0);
    assert_eq!(node.network.with(|world| route(world, &own, "db.example.com", 5432)), Route::Silent);
    assert!(node.run("sudo ufw show added").await.out.contains("ufw deny out 5432/tcp"));
    node.run("sudo ufw --force delete deny out 5432/tcp").await;
    assert!(matches!(node.network.with(|world| route(world, &own, "db.example.com", 5432)), Route::To(_)));
    node.run("sudo ufw insert 1 reject proto tcp from any to any port 80,443").await;
    let rules = node.network.with(|world| world.machine("nbg1-1").expect("it").firewall.rules.clone());
    assert_eq!((rules[0].verdict, rules[0].ports.as_slice()), (Verdict::Reject, [80, 443].as_slice()));
}

#[tokio::test]
async fn the_configuration_is_copied_and_replaced() {
    let node = Node::new();
    let install = "sudo cp -a /etc/rancher/k3s/config.yaml /root/k3s-config-7.yaml; sudo install -m 600 /dev/stdin /etc/rancher/k3s/config.yaml";
    assert_eq!(node.feed(install, "server: https://10.0.0.12:6443\n").await.code, 0);
    assert_eq!(node.run("sudo cat /etc/rancher/k3s/config.yaml").await.out, "server: https://10.0.0.12:6443\n");
    node.run("sudo cp -a /root/k3s-config-7.yaml /etc/rancher/k3s/config.yaml").await;
    assert!(node.run("sudo cat /etc/rancher/k3s/config.yaml").await.out.contains("cluster-init: true"));
}

#[tokio::test]
async fn a_member_that_was_removed_joins_with_an_empty_folder() {
    let node = Node::on("nbg1-3", World::new(1, start()));
    node.befall("nbg1-3", Trouble::Etcd(Member::Removed));
    node.pass(60);
    let shown = node.run("systemctl show k3s -p ActiveState,NRestarts").await.out;
    assert!(shown.contains("activating") && !shown.contains("NRestarts=0"), "{shown}");
    assert!(node.run("journalctl -u k3s -g 'permanently removed'").await.code == 0);
    node.run("sudo systemctl stop k3s").await;
    let failed = node.run("sudo systemctl start k3s").await;
    assert!(failed.code == 1 && failed.err.contains("Job for k3s.service failed"), "{failed:?}");
    node.run("sudo systemctl stop k3s; sudo mv /var/lib/rancher/k3s/server/db /var/lib/rancher/k3s/server/db.bad-1")
        .await;
    assert_eq!(node.run("sudo test -d /var/lib/rancher/k3s/server/db").await.code, 1);
    assert_eq!(node.run("sudo systemctl start k3s").await.code, 0);
    node.pass(60);
    assert_eq!(node.network.with(|world| world.machine("nbg1-3").expect("it").etcd), Member::Voter);
}

#[tokio::test]
async fn the_last_one_standing_is_reset() {
    let node = Node::new();
    for other in ["nbg1-2", "nbg1-3"] {
        node.befall(other, Trouble::Power(Power::Off));
    }
    node.pass(20);
    assert_eq!(
        node.run("curl -s http://127.0.0.1:2381/health").await.out,
        "{\"health\":\"false\",\"reason\":\"RAFT NO LEADER\"}"
    );
    let early = node.run("sudo k3s server --cluster-reset").await;
    assert!(early.code == 1 && early.err.contains("address already in use"), "{early:?}");
    node.run("sudo systemctl stop k3s; sudo cp -a /var/lib/rancher/k3s/server/db /root/db-1").await;
    let reset = node.run("sudo k3s server --cluster-reset").await;
    assert!(reset.err.contains("Managed etcd cluster membership has been reset"), "{reset:?}");
    assert_eq!(node.run("sudo systemctl start k3s").await.code, 0);
    assert!(node.network.with(|world| world.has_quorum()));
}

#[tokio::test]
async fn packages_are_upgraded_and_the_machine_is_started_anew() {
    let node = Node::new();
    let upgraded = node
        .run("sudo systemd-run --unit=os-upgrade --wait --collect -E DEBIAN_FRONTEND=noninteractive -E NEEDRESTART_MODE=a sh -c \"apt-get update && apt-get -y -o Dpkg::Options::=--force-confold upgrade\"")
        .await;
    assert!(upgraded.code == 0 && upgraded.err.contains("Finished with result: success"), "{upgraded:?}");
    assert_eq!(node.run("apt list --upgradable").await.out, "Listing... Done\n");
    let boot = node.run("cat /proc/sys/kernel/random/boot_id").await.out;
    node.run("test -f /var/run/reboot-required && sudo systemctl reboot").await;
    node.pass(120);
    assert_eq!(node.run("test -f /var/run/reboot-required").await.code, 1);
    assert_ne!(node.run("cat /proc/sys/kernel/random/boot_id").await.out, boot);
}

#[tokio::test]
async fn disks_are_cleaned() {
    let node = Node::new();
    node.befall("nbg1-1", Trouble::Disk(92));
    let percent = || node.network.with(|world| world.machine("nbg1-1").expect("it").disk.percent());
    let before = percent();
    for line in ["sudo journalctl --vacuum-size=300M", "sudo apt-get clean", "sudo k3s crictl rmi --prune"] {
        assert_eq!(node.run(line).await.code, 0, "{line}");
    }
    assert!(percent() < before);
}

#[tokio::test]
async fn links_clocks_and_limits_are_set() {
    let node = Node::new();
    node.befall("nbg1-1", Trouble::PublicLink);
    node.befall("nbg1-1", Trouble::Clock(90));
    assert!(node.run("ip -br addr").await.out.contains("eth0             DOWN"));
    assert!(node.run("date -u +%M:%S").await.out.starts_with("01:3"));
    node.run("sudo ip link set dev eth0 up").await;
    node.run("sudo timedatectl set-ntp true; sudo systemctl restart systemd-timesyncd").await;
    assert_eq!(node.run("timedatectl show -p NTPSynchronized").await.out, "NTPSynchronized=yes\n");
    node.run("sudo sysctl -w net.netfilter.nf_conntrack_max=262144").await;
    assert!(node.run("sysctl net.netfilter.nf_conntrack_max").await.out.contains("262144"));
    node.run("sudo ethtool -K flannel.1 tx-checksum-ip-generic off").await;
    assert!(node.run("ethtool -k flannel.1").await.out.contains("tx-checksum-ip-generic: off"));
    let machine = node.network.with(|world| world.machine("nbg1-1").expect("it").clone());
    assert!(machine.public_link && machine.skew.is_zero());
}

#[tokio::test]
async fn containers_are_looked_at_and_told_to_quit() {
    let node = Node::new();
    let ids = node.run("sudo k3s crictl ps --name api --state Running -q").await.out;
    let id = ids.lines().next().expect("an api container on the first node");
    let inspected = node.run(&format!("sudo k3s crictl inspect {id}")).await.out;
    let value: serde_json::Value = serde_json::from_str(&inspected).expect("JSON");
    assert!(node.run(&format!("sudo k3s crictl logs --tail 5 {id}")).await.out.lines().count() == 5);
    let pid = value["info"]["pid"].as_u64().expect("a process");
    assert_eq!(node.run(&format!("sudo kill -QUIT {pid}")).await.code, 0);
    node.pass(30);
    assert_eq!(node.run(&format!("sudo kill -QUIT {pid}")).await.code, 1, "it is gone");
    let all = node.run("sudo k3s crictl ps -a --name api").await.out;
    assert!(all.contains("Exited"), "{all}");
    let dump = node.run(&format!("sudo k3s crictl logs {id} | grep -c goroutine")).await.out;
    assert_ne!(dump, "0\n");
}

#[tokio::test]
async fn an_image_is_copied_to_another_node() {
    let from = Node::new();
    let to = Node { network: from.network.clone(), shell: Shell::new(from.network.clone(), "nbg1-2".to_owned()) };
    let image = "registry.example.com/honeydue/extra:1";
    from.network.with(|world| world.add_image("nbg1-1", image));
    let exported = from.run(&format!("sudo k3s ctr -n k8s.io images export --platform linux/amd64 - {image}")).await;
    assert_eq!(exported.out.len() % 512, 0);
    let imported = to.feed("sudo k3s ctr -n k8s.io images import -", &exported.out).await;
    assert_eq!(imported.code, 0, "{imported:?}");
    assert!(to.run("sudo k3s crictl images").await.out.contains("honeydue/extra"));
    assert_eq!(to.feed("sudo k3s ctr -n k8s.io images import -", "rubbish").await.code, 1);
}

#[tokio::test]
async fn the_lock_of_another_console_is_respected() {
    let node = Node::new();
    let line = "sudo flock -n -E 75 /run/lock/console-maintenance.lock systemctl stop k3s";
    node.network.with(|world| world.change_inside("nbg1-1", |inside| inside.locked = true));
    assert_eq!(node.run(line).await.code, 75);
    assert_eq!(node.k3s(), Unit::Active);
    node.network.with(|world| world.change_inside("nbg1-1", |inside| inside.locked = false));
    assert_eq!(node.run(line).await.code, 0);
    assert_eq!(
        node.run("sudo flock -n -E 75 /run/lock/console-maintenance.lock hostname").await.code,
        0,
        "it was let go"
    );
}

#[tokio::test]
async fn installed_versions_are_pinned() {
    let node = Node::new();
    let install = "sudo INSTALL_K3S_VERSION=v1.34.7+k3s1 sh /tmp/k3s.sh server";
    assert_eq!(node.run(install).await.code, 2, "it was not fetched");
    assert_eq!(node.run("curl -sfL https://get.k3s.io -o /tmp/k3s.sh").await.code, 0);
    assert_eq!(node.run(install).await.code, 0);
    assert!(node.run("k3s --version").await.out.starts_with("k3s version v1.34.7+k3s1"));
    assert!(node.run("sudo k3s kubectl get nodes").await.out.contains("v1.34.7+k3s1"));
}

#[tokio::test]
async fn memory_that_runs_out_is_in_the_journal() {
    let node = Node::new();
    assert_eq!(node.run("journalctl -k -g 'Memory cgroup out of memory|Out of memory'").await.code, 1);
    let scenario = crate::drill::find("F14").expect("the drill");
    node.network.with(|world| scenario.faults.iter().for_each(|fault| drop(world.inject(fault))));
    node.pass(900);
    let killed = node.run("journalctl -k -g 'Memory cgroup out of memory|Out of memory'").await;
    assert!(killed.out.contains("(api)"), "{killed:?}");
}

#[tokio::test]
async fn the_end_of_everything_leaves_no_shim() {
    let node = Node::new();
    assert_eq!(node.run("sudo k3s-killall.sh").await.code, 0);
    assert_eq!(node.run("ps -ef | grep -c shim").await.out, "0\n");
    assert!(node.run("ip route").await.out.lines().all(|line| !line.contains("10.42.")));
}

#[tokio::test]
async fn asking_changes_nothing() {
    let node = Node::new();
    let before = node.network.with(|world| (world.store().revision(), world.machines().clone()));
    for (line, _) in READS {
        node.shell.run(&Script::parse(line), "").await;
    }
    assert!(node.network.with(|world| (world.store().revision(), world.machines().clone()) == before));
}
