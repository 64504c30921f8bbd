//! systemd: units, transient timers, the machine's own end and beginning, and the keeper of its clock.

use jiff::{SignedDuration, Timestamp};

use super::host::{Host, number_of};
use super::{Outcome, Wait, system};
use crate::drill::world::{K3sAction, Kept, Machine, Member, PowerAction, Unit};

/// How long a start of k3s is waited for.
const START: SignedDuration = SignedDuration::from_secs(90);
/// How long an upgrade of packages takes.
const UPGRADE: SignedDuration = SignedDuration::from_secs(25);
/// The timer that puts the firewall back.
const REVERT: &str = "ufw-revert.timer";

/// What is asked of systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Units {
    /// `systemctl show UNIT -p …`
    Show(String, Vec<String>, bool),
    /// `systemctl is-active UNIT`
    IsActive(String),
    /// `systemctl status UNIT`
    Status(String),
    /// `systemctl start|stop|restart UNIT`
    Change(Verb, String),
    /// `systemctl reboot`
    Reboot,
    /// `systemd-run --unit=ufw-revert --on-active=… sh -c 'cp -a COPY/. /etc/ufw/ && ufw reload'`
    Revert(SignedDuration, String),
    /// `systemd-run --unit=os-upgrade --wait … sh -c 'apt-get …'`
    Upgrade,
    /// `timedatectl show`, all or one property.
    Time(Option<String>),
    /// `timedatectl set-ntp true`
    KeepTime(bool),
    /// `chronyc tracking`, `chronyc makestep`
    Chrony(bool),
}

/// What is done to a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Both.
    Restart,
}

impl Units {
    /// The question or order that these words mean.
    pub fn parse(words: &[&str]) -> Option<Self> {
        Some(match words {
            ["systemctl", rest @ ..] => systemctl(rest)?,
            ["reboot"] => Self::Reboot,
            ["systemd-run", rest @ ..] => run(rest)?,
            ["timedatectl"] | ["timedatectl", "show"] => Self::Time(None),
            ["timedatectl", "show", "-p", name] => Self::Time(Some((*name).to_owned())),
            ["timedatectl", "show", option] => Self::Time(Some(option.strip_prefix("--property=")?.to_owned())),
            ["timedatectl", "set-ntp", on @ ("true" | "false")] => Self::KeepTime(*on == "true"),
            ["chronyc", "tracking"] => Self::Chrony(false),
            ["chronyc", "makestep"] => Self::Chrony(true),
            _ => return None,
        })
    }

    /// Answers or does it.
    pub fn run(&self, host: &mut Host<'_>) -> Outcome {
        let changes = matches!(
            self,
            Self::Change(..) | Self::Reboot | Self::Revert(..) | Self::Upgrade | Self::KeepTime(_) | Self::Chrony(true)
        );
        if changes && !host.root {
            return Outcome::failed(1, "Interactive authentication required.\n");
        }
        match self {
            Self::Show(unit, names, bare) => show(host, unit, names, *bare),
            Self::IsActive(unit) => is_active(host, unit),
            Self::Status(unit) => status(host, unit),
            Self::Change(verb, unit) => change(host, *verb, unit),
            Self::Reboot => {
                host.world.power(host.node, PowerAction::Reboot);
                Outcome::silent()
            }
            Self::Revert(after, copy) => revert(host, *after, copy),
            Self::Upgrade => upgrade(host),
            Self::Time(name) => time(host, name.as_deref()),
            Self::KeepTime(on) => {
                host.change(|machine| keep_time(machine, *on));
                Outcome::silent()
            }
            Self::Chrony(step) => chrony(host, *step),
        }
    }
}

fn systemctl(words: &[&str]) -> Option<Units> {
    let named = |unit: &str| unit.strip_suffix(".service").unwrap_or(unit).to_owned();
    Some(match words {
        ["show", unit, rest @ ..] => {
            let bare = rest.contains(&"--value");
            let mut wanted = Vec::new();
            let mut rest = rest.iter();
            while let Some(word) = rest.next() {
                let list = match *word {
                    "-p" => *rest.next()?,
                    "--value" | "--no-pager" => continue,
                    word => word.strip_prefix("--property=")?,
                };
                wanted.extend(list.split(',').map(str::to_owned));
            }
            Units::Show(named(unit), wanted, bare)
        }
        ["is-active", unit] => Units::IsActive(named(unit)),
        ["status", unit, ..] => Units::Status(named(unit)),
        ["start", unit] => Units::Change(Verb::Start, named(unit)),
        ["stop", unit] => Units::Change(Verb::Stop, named(unit)),
        ["restart", unit] => Units::Change(Verb::Restart, named(unit)),
        ["reboot"] => Units::Reboot,
        _ => return None,
    })
}

/// The two transient units that there are, and no others.
fn run(words: &[&str]) -> Option<Units> {
    let (name, rest) = words.split_first()?;
    match *name {
        "--unit=ufw-revert" => {
            let [span, "/bin/sh" | "sh", "-c", line] = rest else { return None };
            let span = span.strip_prefix("--on-active=")?;
            let copy = line.strip_prefix("cp -a ")?.strip_suffix("/. /etc/ufw/ && ufw reload")?;
            Some(Units::Revert(span_of(span)?, copy.to_owned()))
        }
        "--unit=os-upgrade" => {
            let line = rest.last()?;
            let options = rest.split_last()?.1;
            let known = |word: &&str| {
                let words = ["--wait", "--collect", "--pipe", "-E", "sh", "/bin/sh", "-c"];
                words.contains(word) || word.starts_with("DEBIAN_FRONTEND=") || word.starts_with("NEEDRESTART_MODE=")
            };
            let upgrades = line.starts_with("apt-get") && line.contains("upgrade");
            (options.iter().all(known) && upgrades).then_some(Units::Upgrade)
        }
        _ => None,
    }
}

/// `3min`, `90s`, `1h`.
pub fn span_of(text: &str) -> Option<SignedDuration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: i64 = digits.parse().ok().filter(|n| (0..=1_000_000).contains(n))?;
    match text.get(digits.len()..)? {
        "" | "s" | "sec" | "seconds" => Some(SignedDuration::from_secs(number)),
        "m" | "min" | "minutes" => Some(SignedDuration::from_mins(number)),
        "h" | "hours" => Some(SignedDuration::from_hours(number)),
        "d" | "days" => Some(SignedDuration::from_hours(number * 24)),
        _ => None,
    }
}

/// The properties of a unit; nothing for one that there is not.
fn properties(host: &Host<'_>, unit: &str) -> Option<Vec<(&'static str, String)>> {
    let machine = host.machine();
    let since = machine.inside.changed.filter(|_| unit == "k3s").unwrap_or(machine.booted).max(machine.booted);
    let (active, sub, restarts) = match unit {
        "k3s" => match machine.k3s {
            Unit::Active if machine.starting => ("activating", "start", machine.restarts),
            Unit::Active => ("active", "running", machine.restarts),
            Unit::Inactive => ("inactive", "dead", 0),
            Unit::Failed => ("failed", "failed", machine.restarts),
        },
        "systemd-timesyncd" if !machine.in_step => ("inactive", "dead", 0),
        "ufw" if !machine.firewall.enabled => ("inactive", "dead", 0),
        "ssh" | "systemd-journald" | "systemd-timesyncd" => ("active", "running", 0),
        "ufw" => ("active", "exited", 0),
        REVERT if machine.inside.revert.is_some() => ("active", "waiting", 0),
        _ => return None,
    };
    let running = matches!(sub, "running" | "start");
    let stamp = if active == "inactive" { String::new() } else { systemd_time(since) };
    let pid = 600 + number_of(&format!("{unit}{}", since.as_second())) % 3000;
    Some(vec![
        ("Type", if unit == "k3s" { "notify" } else { "simple" }.to_owned()),
        ("Restart", "always".to_owned()),
        ("NRestarts", restarts.to_string()),
        ("MainPID", if running { pid.to_string() } else { "0".to_owned() }),
        ("Result", if active == "failed" { "exit-code" } else { "success" }.to_owned()),
        ("ExecMainStartTimestamp", stamp.clone()),
        ("Id", if unit.contains('.') { unit.to_owned() } else { format!("{unit}.service") }),
        ("LoadState", "loaded".to_owned()),
        ("ActiveState", active.to_owned()),
        ("SubState", sub.to_owned()),
        ("UnitFileState", "enabled".to_owned()),
        ("ActiveEnterTimestamp", if active == "active" { stamp } else { String::new() }),
    ])
}

fn systemd_time(at: Timestamp) -> String {
    at.strftime("%a %Y-%m-%d %H:%M:%S UTC").to_string()
}

fn show(host: &Host<'_>, unit: &str, names: &[String], bare: bool) -> Outcome {
    let known = properties(host, unit).unwrap_or_else(|| {
        let absent = [("LoadState", "not-found"), ("ActiveState", "inactive"), ("SubState", "dead")];
        absent.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    });
    let wanted = known.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|n| n == name));
    let line = |(name, value): &(&str, String)| {
        if bare { format!("{value}\n") } else { format!("{name}={value}\n") }
    };
    Outcome::said(wanted.map(line).collect::<String>())
}

fn state(host: &Host<'_>, unit: &str, name: &str) -> Option<String> {
    properties(host, unit)?.into_iter().find(|(n, _)| *n == name).map(|(_, value)| value)
}

fn is_active(host: &Host<'_>, unit: &str) -> Outcome {
    let state = state(host, unit, "ActiveState").unwrap_or_else(|| "inactive".to_owned());
    Outcome { code: if state == "active" { 0 } else { 3 }, ..Outcome::said(format!("{state}\n")) }
}

fn status(host: &Host<'_>, unit: &str) -> Outcome {
    let Some(active) = state(host, unit, "ActiveState") else {
        return Outcome::failed(4, format!("Unit {unit}.service could not be found.\n"));
    };
    let sub = state(host, unit, "SubState").unwrap_or_default();
    let since = state(host, unit, "ExecMainStartTimestamp").unwrap_or_default();
    let title = if unit == "k3s" { "k3s.service - Lightweight Kubernetes" } else { unit };
    let text = format!(
        "● {title}\n     Loaded: loaded (/etc/systemd/system/{unit}.service; enabled; preset: enabled)\n     \
         Active: {active} ({sub}) since {since}\n"
    );
    Outcome { code: if active == "active" { 0 } else { 3 }, ..Outcome::said(text) }
}

fn change(host: &mut Host<'_>, verb: Verb, unit: &str) -> Outcome {
    match (unit, verb) {
        ("k3s", Verb::Stop) => {
            host.world.k3s(host.node, K3sAction::Stop);
            Outcome::silent()
        }
        ("k3s", Verb::Start) => start_k3s(host, K3sAction::Start),
        ("k3s", Verb::Restart) => start_k3s(host, K3sAction::Restart),
        ("systemd-timesyncd", Verb::Stop) => {
            host.change(|machine| keep_time(machine, false));
            Outcome::silent()
        }
        ("systemd-timesyncd", _) => {
            host.change(|machine| keep_time(machine, true));
            Outcome::silent()
        }
        (REVERT, Verb::Stop) if host.inside().revert.is_some() => {
            host.world.change_inside(host.node, |inside| inside.revert = None);
            Outcome::silent()
        }
        _ => {
            let verb = if verb == Verb::Stop { "stop" } else { "start" };
            let name = if unit.contains('.') { unit.to_owned() } else { format!("{unit}.service") };
            Outcome::failed(5, format!("Failed to {verb} {name}: Unit {name} not loaded.\n"))
        }
    }
}

/// Starts k3s with the configuration and the data of etcd that are there.
pub fn start_k3s(host: &mut Host<'_>, action: K3sAction) -> Outcome {
    host.change(join);
    host.world.k3s(host.node, action);
    if host.machine().etcd_broken() {
        return Outcome::failed(
            1,
            "Job for k3s.service failed because the control process exited with error code.\nSee \"systemctl status \
             k3s.service\" and \"journalctl -xeu k3s.service\" for details.\n",
        );
    }
    // The containers' own programs were there all the time.
    host.change(|machine| machine.containers = true);
    report_version(host);
    Outcome::silent().then(Wait::K3s(START))
}

/// A member without data joins the cluster that its configuration names, or begins one of its own.
fn join(machine: &mut Machine) {
    if machine.inside.database {
        return;
    }
    let joins = machine.inside.k3s_config.lines().any(|line| line.starts_with("server:"));
    machine.inside.database = true;
    machine.etcd = if joins { Member::Fresh } else { Member::Removed };
}

fn report_version(host: &mut Host<'_>) {
    if let Some(version) = host.inside().k3s_version {
        host.world.report_version(host.node, &version);
    }
}

fn keep_time(machine: &mut Machine, on: bool) {
    machine.in_step = on;
    if on {
        machine.skew = SignedDuration::ZERO;
    }
}

fn revert(host: &mut Host<'_>, after: SignedDuration, copy: &str) -> Outcome {
    let inside = host.inside();
    if inside.revert.is_some() {
        let text =
            "Failed to start transient timer unit: Unit ufw-revert.timer was already loaded or has a fragment file.\n";
        return Outcome::failed(1, text);
    }
    if !matches!(inside.copies.get(copy), Some(Kept::Firewall(_))) {
        // The real one would be armed and fail when it is due; so does this.
        host.world.note_inside(host.node, "systemd", format!("ufw-revert: {copy} is not there"));
    }
    host.world.arm_revert(host.node, copy, after);
    let err = "Running timer as unit: ufw-revert.timer\nWill run service as unit: ufw-revert.service\n";
    Outcome { err: err.to_owned(), ..Outcome::silent() }
}

fn upgrade(host: &mut Host<'_>) -> Outcome {
    let began = host.now();
    let done = system::upgrade(host);
    let err = format!(
        "Running as unit: os-upgrade.service\nFinished with result: success\nMain processes terminated with: \
         code=exited/status=0\nService runtime: {}s\n",
        UPGRADE.as_secs()
    );
    host.world.note_inside(host.node, "systemd", format!("os-upgrade.service: started at {began}"));
    Outcome { err, out: String::new(), ..done }.then(Wait::For(UPGRADE))
}

fn time(host: &Host<'_>, name: Option<&str>) -> Outcome {
    let in_step = host.machine().in_step;
    let yes = |holds: bool| if holds { "yes" } else { "no" };
    let all = [
        ("Timezone", "Etc/UTC".to_owned()),
        ("LocalRTC", "no".to_owned()),
        ("CanNTP", "yes".to_owned()),
        ("NTP", yes(in_step).to_owned()),
        ("NTPSynchronized", yes(in_step).to_owned()),
        ("TimeUSec", systemd_time(host.now())),
    ];
    let wanted = all.iter().filter(|(n, _)| name.is_none_or(|name| name == *n));
    Outcome::said(wanted.map(|(name, value)| format!("{name}={value}\n")).collect::<String>())
}

fn chrony(host: &mut Host<'_>, step: bool) -> Outcome {
    if step {
        host.change(|machine| keep_time(machine, true));
        return Outcome::said("200 OK\n");
    }
    let machine = host.machine();
    let off = machine.skew.as_secs_f64();
    let side = if off < 0.0 { "slow" } else { "fast" };
    let (stratum, leap) = if machine.in_step { (3, "Normal") } else { (0, "Not synchronised") };
    Outcome::said(format!(
        "Reference ID    : CB0071FB (control1.example.com)\nStratum         : {stratum}\nSystem time     : {:.9} \
         seconds {side} of NTP time\nLeap status     : {leap}\n",
        off.abs() + 0.000_031
    ))
}
