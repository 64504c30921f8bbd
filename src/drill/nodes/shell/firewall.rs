//! `ufw`: its rules as they are shown, added, taken away.

use std::fmt::Write as _;

use super::Outcome;
use super::host::Host;
use crate::drill::world::{Firewall, Rule, Verdict};

/// What is asked of the firewall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ufw {
    /// `ufw status`; with numbers.
    Status(bool),
    /// `ufw show added`
    Added,
    /// `ufw insert N RULE`, or behind the last.
    Insert(Option<usize>, Rule),
    /// `ufw --force delete RULE`
    Delete(Rule),
    /// `ufw --force delete N`
    DeleteNumber(usize),
    /// `ufw reload`
    Reload,
    /// `ufw --force enable`, `ufw disable`
    Enable(bool),
    /// Words that are no rule.
    Wrong(&'static str),
}

impl Ufw {
    /// The question or order that these words mean.
    pub fn parse(words: &[&str]) -> Option<Self> {
        let ["ufw", rest @ ..] = words else { return None };
        let rest = rest.strip_prefix(&["--force"]).unwrap_or(rest);
        let ruled = |words: &[&str], make: &dyn Fn(Rule) -> Self| match rule(words) {
            Ok(rule) => make(rule),
            Err(why) => Self::Wrong(why),
        };
        Some(match rest {
            ["status"] | ["status", "verbose"] => Self::Status(false),
            ["status", "numbered"] => Self::Status(true),
            ["show", "added"] => Self::Added,
            ["reload"] => Self::Reload,
            ["enable"] => Self::Enable(true),
            ["disable"] => Self::Enable(false),
            ["insert", number, rest @ ..] => match number.parse() {
                Ok(number) => ruled(rest, &|rule| Self::Insert(Some(number), rule)),
                Err(_) => Self::Wrong("Invalid position"),
            },
            ["delete", number] if number.parse::<usize>().is_ok() => Self::DeleteNumber(number.parse().ok()?),
            ["delete", rest @ ..] => ruled(rest, &Self::Delete),
            [verb @ ("allow" | "deny" | "reject"), rest @ ..] => {
                ruled(&[&[*verb], rest].concat(), &|rule| Self::Insert(None, rule))
            }
            _ => Self::Wrong("Invalid syntax"),
        })
    }

    /// Answers or does it.
    pub fn run(&self, host: &mut Host<'_>) -> Outcome {
        if !host.root {
            return Outcome::failed(1, "ERROR: You need to be root to run this script\n");
        }
        let firewall = host.machine().firewall;
        match self {
            Self::Wrong(why) => Outcome::failed(1, format!("ERROR: {why}\n")),
            Self::Status(numbered) => Outcome::said(status(&firewall, *numbered)),
            Self::Added => Outcome::said(added(&firewall)),
            Self::Reload if firewall.enabled => Outcome::said("Firewall reloaded\n"),
            Self::Reload => Outcome::said("Firewall not enabled (skipping reload)\n"),
            Self::Enable(on) => {
                host.change(|machine| machine.firewall.enabled = *on);
                Outcome::said(if *on {
                    "Firewall is active and enabled on system startup\n"
                } else {
                    "Firewall stopped and disabled on system startup\n"
                })
            }
            Self::Insert(at, rule) => insert(host, *at, rule),
            Self::Delete(rule) => delete(host, |rules| rules.iter().position(|known| known == rule)),
            Self::DeleteNumber(number) => delete(host, |rules| number.checked_sub(1).filter(|at| *at < rules.len())),
        }
    }
}

/// A rule as `ufw` is told it: the short form (`22/tcp`) or the long one (`from A to any port P proto tcp`).
fn rule(words: &[&str]) -> Result<Rule, &'static str> {
    let (verdict, mut rest) = words.split_first().ok_or("Invalid syntax")?;
    let verdict = match *verdict {
        "allow" => Verdict::Allow,
        "deny" => Verdict::Deny,
        "reject" => Verdict::Reject,
        _ => return Err("Invalid syntax"),
    };
    let mut rule = Rule { verdict, from: String::new(), ports: Vec::new(), protocol: String::new(), outgoing: false };
    if let [direction @ ("in" | "out"), behind @ ..] = rest {
        rule.outgoing = *direction == "out";
        rest = behind;
    }
    if rest.is_empty() {
        return Err("Invalid syntax");
    }
    if let [short] = rest {
        let (ports, protocol) = short.split_once('/').unwrap_or((short, ""));
        (rule.ports, rule.protocol) = (ports_of(ports)?, protocol_of(protocol)?);
        rest = &[];
    }
    while let [key, value, behind @ ..] = rest {
        match *key {
            "from" => rule.from = source(value)?,
            "to" if *value == "any" => {}
            "port" => rule.ports = ports_of(value)?,
            "proto" => rule.protocol = protocol_of(value)?,
            _ => return Err("Invalid syntax"),
        }
        rest = behind;
    }
    if !rest.is_empty() {
        return Err("Wrong number of arguments");
    }
    if rule.ports.len() > 1 && rule.protocol.is_empty() {
        return Err("Must specify 'tcp' or 'udp' with multiple ports");
    }
    Ok(rule)
}

fn ports_of(text: &str) -> Result<Vec<u16>, &'static str> {
    let ports: Result<Vec<u16>, _> = text.split(',').map(str::parse).collect();
    ports.ok().filter(|ports| ports.len() <= 15 && !ports.contains(&0)).ok_or("Bad port")
}

fn protocol_of(text: &str) -> Result<String, &'static str> {
    match text {
        "" | "any" => Ok(String::new()),
        "tcp" | "udp" => Ok(text.to_owned()),
        _ => Err("Unsupported protocol"),
    }
}

/// An address or a network whose mask ends between two numbers, as the world keeps it.
fn source(text: &str) -> Result<String, &'static str> {
    const BAD: &str = "Bad source address";
    if text == "any" {
        return Ok(String::new());
    }
    let (address, mask) = text.split_once('/').unwrap_or((text, "32"));
    let address: std::net::Ipv4Addr = address.parse().map_err(|_| BAD)?;
    let [a, b, c, _] = address.octets();
    match mask {
        "0" => Ok(String::new()),
        "8" => Ok(format!("{a}.")),
        "16" => Ok(format!("{a}.{b}.")),
        "24" => Ok(format!("{a}.{b}.{c}.")),
        "32" => Ok(address.to_string()),
        _ => Err(BAD),
    }
}

/// The same as `ufw` writes it.
fn network(from: &str) -> String {
    if !from.ends_with('.') {
        return from.to_owned();
    }
    let numbers = from.trim_end_matches('.').split('.').count();
    format!("{from}{}/{}", vec!["0"; 4 - numbers.min(4)].join("."), numbers * 8)
}

fn insert(host: &mut Host<'_>, at: Option<usize>, rule: &Rule) -> Outcome {
    let rules = host.machine().firewall.rules;
    let inserting = at.is_some();
    if rules.contains(rule) {
        return Outcome::said(format!("Skipping {} existing rule\n", if inserting { "inserting" } else { "adding" }));
    }
    let at = match at {
        None => rules.len(),
        Some(number) if (1..=rules.len().max(1)).contains(&number) => number - 1,
        Some(number) => return Outcome::failed(1, format!("ERROR: Invalid position '{number}'\n")),
    };
    host.change(|machine| machine.firewall.rules.insert(at.min(machine.firewall.rules.len()), rule.clone()));
    let done = if inserting { "inserted" } else { "added" };
    let twin = if rule.from.is_empty() { format!("Rule {done} (v6)\n") } else { String::new() };
    Outcome::said(format!("Rule {done}\n{twin}"))
}

fn delete(host: &mut Host<'_>, which: impl FnOnce(&[Rule]) -> Option<usize>) -> Outcome {
    let rules = host.machine().firewall.rules;
    let Some(at) = which(&rules) else { return Outcome::said("Could not delete non-existent rule\n") };
    let twin = rules.get(at).is_some_and(|rule| rule.from.is_empty());
    host.change(|machine| {
        machine.firewall.rules.remove(at);
    });
    Outcome::said(if twin { "Rule deleted\nRule deleted (v6)\n" } else { "Rule deleted\n" })
}

fn ports(rule: &Rule) -> String {
    rule.ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",")
}

const fn verb(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Deny => "deny",
        Verdict::Reject => "reject",
    }
}

fn status(firewall: &Firewall, numbered: bool) -> String {
    if !firewall.enabled {
        return "Status: inactive\n".to_owned();
    }
    let indent = if numbered { "     " } else { "" };
    let title = |a: &str, b: &str, c: &str| format!("{indent}{a:<26} {b:<11} {c}\n");
    let mut text = format!("Status: active\n\n{}{}", title("To", "Action", "From"), title("--", "------", "----"));
    let plain = firewall.rules.iter().map(|rule| (rule, ""));
    // What holds for everybody holds for IPv6 too, in rules of their own.
    let twins = firewall.rules.iter().filter(|rule| rule.from.is_empty()).map(|rule| (rule, " (v6)"));
    for (number, (rule, family)) in plain.chain(twins).enumerate() {
        let target = match (ports(rule), rule.protocol.as_str()) {
            (ports, _) if ports.is_empty() => format!("Anywhere{family}"),
            (ports, "") => format!("{ports}{family}"),
            (ports, protocol) => format!("{ports}/{protocol}{family}"),
        };
        let from = if rule.from.is_empty() { format!("Anywhere{family}") } else { network(&rule.from) };
        let direction = if rule.outgoing { "OUT" } else { "IN" };
        let action = if numbered || rule.outgoing {
            format!("{} {direction}", verb(rule.verdict).to_uppercase())
        } else {
            verb(rule.verdict).to_uppercase()
        };
        let number = if numbered { format!("[{:>2}] ", number + 1) } else { String::new() };
        let _ = writeln!(text, "{number}{target:<26} {action:<11} {from}");
    }
    text + "\n"
}

fn added(firewall: &Firewall) -> String {
    let mut text = String::from("Added user rules (see 'ufw status' for running firewall):\n");
    for rule in &firewall.rules {
        let direction = if rule.outgoing { " out" } else { "" };
        let proto = if rule.protocol.is_empty() { String::new() } else { format!(" proto {}", rule.protocol) };
        let port = if rule.ports.is_empty() { String::new() } else { format!(" port {}", ports(rule)) };
        let verb = verb(rule.verdict);
        let line = if rule.from.is_empty() && !rule.ports.is_empty() {
            let protocol = if rule.protocol.is_empty() { String::new() } else { format!("/{}", rule.protocol) };
            format!("ufw {verb}{direction} {}{protocol}\n", ports(rule))
        } else {
            let from = if rule.from.is_empty() { "any".to_owned() } else { network(&rule.from) };
            let to = if port.is_empty() { String::new() } else { format!(" to any{port}{proto}") };
            format!("ufw {verb}{direction} from {from}{to}\n")
        };
        text.push_str(&line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Rule, &'static str> {
        rule(&line.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn rules_are_read_as_they_are_written() {
        let peers = read("allow from 10.0.0.12 to any port 2379,2380,6443,10250 proto tcp").unwrap();
        assert_eq!((peers.from.as_str(), peers.ports.len(), peers.protocol.as_str()), ("10.0.0.12", 4, "tcp"));
        assert_eq!(read("allow from 10.42.0.0/16").unwrap().from, "10.42.");
        let steered = read("reject proto tcp from any to any port 80,443").unwrap();
        assert_eq!((steered.verdict, steered.ports), (Verdict::Reject, vec![80, 443]));
        let out = read("deny out 5432/tcp").unwrap();
        assert!(out.outgoing && out.ports == [5432]);
        for wrong in
            ["allow", "allow from", "allow 99999/tcp", "allow from 10.0.0.0/19", "allow 22/icmp", "allow 1,2", "a b"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_can_be_read_back() {
        let machine = crate::drill::world::Machine::server(1, jiff::Timestamp::UNIX_EPOCH);
        let mut firewall = machine.firewall;
        firewall.rules.push(read("deny out 5432/tcp").unwrap());
        firewall.rules.push(read("deny from any").unwrap());
        let text = added(&firewall);
        let back: Vec<Rule> = text.lines().filter_map(|line| read(line.strip_prefix("ufw ")?).ok()).collect();
        assert_eq!(back, firewall.rules, "{text}");
    }
}
