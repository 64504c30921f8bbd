//! Who and what the machine is: identity, time, packages.

use std::fmt::Write as _;

use super::Outcome;
use super::host::{Host, text};

/// The packages that wait to be upgraded: name, archive, new version, old version.
const PACKAGES: [(&str, &str, &str, &str); 4] = [
    ("libssl3t64", "noble-updates,noble-security", "3.0.13-0ubuntu3.6", "3.0.13-0ubuntu3.5"),
    ("linux-image-virtual", "noble-updates,noble-security", "6.8.0-106.106", "6.8.0-101.101"),
    ("openssh-server", "noble-updates", "1:9.6p1-3ubuntu13.15", "1:9.6p1-3ubuntu13.14"),
    ("systemd", "noble-updates", "255.4-1ubuntu8.12", "255.4-1ubuntu8.11"),
];

/// What is asked about the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum System {
    /// `echo`
    Echo(String),
    /// `true`, `false`
    Status(bool),
    /// `hostname`
    Hostname,
    /// `whoami`, `id -un`
    User,
    /// `uname -r`, `uname -m`, `uname -a`
    Kernel(char),
    /// `date`; the format, if one was wanted.
    Date(Option<String>),
    /// `uptime`
    Uptime,
    /// `nproc`
    Processors,
    /// `ps -ef`
    Processes,
    /// `which`
    Which(String),
    /// `last -x reboot`
    Reboots,
    /// `apt list --upgradable`
    Upgradable,
    /// `apt-get update`
    Update,
    /// `apt-get -y upgrade`
    Upgrade,
    /// `apt-get clean`
    Clean,
}

impl System {
    /// The question that these words ask.
    pub fn parse(words: &[&str]) -> Option<Self> {
        Some(match words {
            ["echo", rest @ ..] => Self::Echo(rest.join(" ")),
            ["true" | ":"] => Self::Status(true),
            ["false"] => Self::Status(false),
            ["hostname"] => Self::Hostname,
            ["whoami"] | ["id", "-un"] => Self::User,
            ["uname", "-r"] => Self::Kernel('r'),
            ["uname", "-m"] => Self::Kernel('m'),
            ["uname", "-a"] => Self::Kernel('a'),
            ["date"] | ["date", "-u"] => Self::Date(None),
            ["date", format] | ["date", "-u", format] => Self::Date(Some(format.strip_prefix('+')?.to_owned())),
            ["uptime"] => Self::Uptime,
            ["nproc"] => Self::Processors,
            ["ps", "-ef" | "aux"] => Self::Processes,
            ["which", program] => Self::Which((*program).to_owned()),
            ["last", "-x", "reboot"] | ["last", "reboot"] => Self::Reboots,
            ["apt", "list", "--upgradable"] => Self::Upgradable,
            ["apt-get" | "apt", "update"] | ["apt-get", "-q" | "-qq", "update"] => Self::Update,
            ["apt-get" | "apt", rest @ ..] => apt(rest)?,
            _ => return None,
        })
    }

    /// Answers it.
    pub fn run(&self, host: &mut Host<'_>) -> Outcome {
        match self {
            Self::Echo(text) => Outcome::said(format!("{text}\n")),
            Self::Status(well) => Outcome { code: u32::from(!well), ..Outcome::silent() },
            Self::Hostname => Outcome::said(format!("{}\n", host.node)),
            Self::User => Outcome::said(if host.root { "root\n" } else { "deploy\n" }),
            Self::Kernel(what) => kernel(host, *what),
            Self::Date(format) => date(host, format.as_deref()),
            Self::Uptime => uptime(host),
            Self::Processors => Outcome::said("4\n"),
            Self::Processes => super::containers::processes(host),
            Self::Which(program) => which(program),
            Self::Reboots => reboots(host),
            Self::Upgradable => upgradable(host),
            Self::Update | Self::Upgrade | Self::Clean if !host.root => Outcome::failed(
                100,
                "E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)\n\
                 E: Unable to lock directory /var/lib/apt/lists/\n",
            ),
            Self::Update => Outcome::said(
                "Hit:1 http://archive.example.com/ubuntu noble InRelease\nHit:2 http://archive.example.com/ubuntu \
                 noble-updates InRelease\nReading package lists... Done\n",
            ),
            Self::Upgrade => upgrade(host),
            Self::Clean => {
                host.change(|machine| machine.disk.packages = 0);
                Outcome::silent()
            }
        }
    }
}

fn apt(words: &[&str]) -> Option<System> {
    let mut verb = None;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "-o" => {
                rest.next()?;
            }
            "upgrade" => verb = Some(System::Upgrade),
            "clean" => verb = Some(System::Clean),
            "-y" | "-q" | "-qq" => {}
            _ => return None,
        }
    }
    verb
}

/// What is said to who logs in.
pub fn greeting(host: &Host<'_>) -> String {
    let restart = if host.inside().reboot_required { "\n*** System restart required ***\n" } else { "" };
    format!(
        "Welcome to Ubuntu 24.04.4 LTS (GNU/Linux {} x86_64)\n\n * Documentation:  https://help.ubuntu.com\n{restart}\n",
        release(host)
    )
}

fn release(host: &Host<'_>) -> String {
    text(&host.own(), "/status/nodeInfo/kernelVersion").to_owned()
}

fn kernel(host: &Host<'_>, what: char) -> Outcome {
    let release = release(host);
    Outcome::said(match what {
        'r' => format!("{release}\n"),
        'm' => "x86_64\n".to_owned(),
        _ => format!("Linux {} {release} #101-Ubuntu SMP PREEMPT_DYNAMIC x86_64 x86_64 x86_64 GNU/Linux\n", host.node),
    })
}

fn date(host: &Host<'_>, format: Option<&str>) -> Outcome {
    let now = host.now();
    match format {
        None => Outcome::said(format!("{}\n", now.strftime("%a %b %e %H:%M:%S UTC %Y"))),
        Some(format) => {
            let format = format.replace("%N", "%9f");
            match jiff::fmt::strtime::format(&format, &now.to_zoned(jiff::tz::TimeZone::UTC)) {
                Ok(text) => Outcome::said(format!("{text}\n")),
                Err(_) => Outcome::failed(1, format!("date: invalid date ‘+{format}’\n")),
            }
        }
    }
}

fn uptime(host: &Host<'_>) -> Outcome {
    let up = host.world.now().duration_since(host.machine().booted).as_secs().max(0);
    let (days, hours, minutes) = (up / 86_400, up / 3_600 % 24, up / 60 % 60);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        days => format!("{days} days, "),
    };
    let clock = host.now().strftime("%H:%M:%S");
    let load = super::disk::load(host);
    Outcome::said(format!(
        " {clock} up {days}{hours:2}:{minutes:02},  1 user,  load average: {load:.2}, {:.2}, {:.2}\n",
        load * 0.94,
        load * 0.91
    ))
}

/// What is installed: not everything that one would wish for.
fn which(program: &str) -> Outcome {
    let at = match program {
        "k3s" | "k3s-killall.sh" | "kubectl" | "crictl" | "ctr" => "/usr/local/bin",
        "ufw" | "iptables-save" | "ethtool" | "sysctl" | "ip" => "/usr/sbin",
        "curl" | "ss" | "journalctl" | "systemctl" | "bash" | "timeout" | "flock" => "/usr/bin",
        _ => return Outcome { code: 1, ..Outcome::silent() },
    };
    Outcome::said(format!("{at}/{program}\n"))
}

fn reboots(host: &Host<'_>) -> Outcome {
    let booted = host.machine().booted;
    Outcome::said(format!(
        "reboot   system boot  {:<16} {}   still running\n\nwtmp begins {}\n",
        release(host),
        booted.strftime("%a %b %e %H:%M"),
        booted.strftime("%a %b %e %H:%M:%S %Y")
    ))
}

fn upgradable(host: &Host<'_>) -> Outcome {
    let mut text = String::from("Listing... Done\n");
    if host.inside().outdated {
        for (name, archive, new, old) in PACKAGES {
            let _ = writeln!(text, "{name}/{archive} {new} amd64 [upgradable from: {old}]");
        }
    }
    let err = "\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n";
    Outcome { err: err.to_owned(), ..Outcome::said(text) }
}

/// Upgrades what waits; a kernel among it needs a start of the machine.
pub fn upgrade(host: &mut Host<'_>) -> Outcome {
    let outdated = host.inside().outdated;
    let count = if outdated { PACKAGES.len() } else { 0 };
    host.change(|machine| {
        if outdated {
            machine.inside.outdated = false;
            machine.inside.reboot_required = true;
            machine.disk.packages += 180;
        }
    });
    Outcome::said(format!(
        "Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\n\
         Calculating upgrade... Done\n{count} upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
    ))
}
