//! What a shell on a node answers: a closed list of commands, worked out from the state of the world.
//!
//! A line is taken apart by [`Script`], each command becomes a [`command::Command`] or is not found. No process is started
//! and no file is touched: the files of a node are a few words in the world.

mod command;
mod containers;
mod disk;
mod files;
mod filter;
mod firewall;
mod host;
mod images;
mod journal;
mod k3s;
mod links;
mod pattern;
mod rules;
mod script;
mod system;
mod units;
mod web;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use script::Script;

use super::super::net::Network;
use command::Command;
use host::Host;
use script::{Joint, Simple};

/// What stands for the present second in a line until it is run.
const PRESENT: &str = "\u{e000}now\u{e000}";
/// The lock that consoles take on a node.
const LOCK: &str = "/run/lock/console-maintenance.lock";
/// How deep one shell may be within another.
const DEEPEST: u8 = 3;
/// How often is looked how far the simulated time has come.
const LOOK: Duration = Duration::from_millis(20);

/// What a command left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// On its output.
    pub out: String,
    /// On its standard error.
    pub err: String,
    /// Its exit status.
    pub code: u32,
    /// What it waits for before it ends.
    wait: Wait,
}

/// What a command waits for before it ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Wait {
    #[default]
    Nothing,
    /// Simulated time.
    For(SignedDuration),
    /// k3s to be up, for at most so long.
    K3s(SignedDuration),
}

impl Outcome {
    /// It went well and said something.
    fn said(out: impl Into<String>) -> Self {
        Self { out: out.into(), ..Self::default() }
    }

    /// It went well and said nothing.
    fn silent() -> Self {
        Self::default()
    }

    /// It failed.
    fn failed(code: u32, err: impl Into<String>) -> Self {
        Self { err: err.into(), code, ..Self::default() }
    }

    fn then(self, wait: Wait) -> Self {
        Self { wait, ..self }
    }

    /// The same after what went before.
    fn after(self, before: Self) -> Self {
        Self { out: before.out + &self.out, err: before.err + &self.err, ..self }
    }
}

/// A shell on a node.
#[derive(Debug, Clone)]
pub struct Shell {
    network: Arc<Network>,
    node: String,
}

/// On whose behalf a command runs.
#[derive(Debug, Clone, Copy)]
struct As {
    root: bool,
    depth: u8,
}

type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

impl Shell {
    /// One on a node.
    pub const fn new(network: Arc<Network>, node: String) -> Self {
        Self { network, node }
    }

    /// Where it is.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// What is said to who logs in.
    pub fn greeting(&self) -> String {
        self.network.with(|world| system::greeting(&Host::new(world, &self.node, false)))
    }

    /// Runs a line; `input` is what its first commands read.
    pub async fn run(&self, script: &Script, input: &str) -> Outcome {
        self.run_as(script, input, As { root: false, depth: 0 }).await
    }

    fn run_as<'a>(&'a self, script: &'a Script, input: &'a str, who: As) -> Running<'a> {
        Box::pin(async move {
            let steps = match script.steps() {
                Ok(steps) => steps,
                Err(complaint) => return Outcome::failed(2, format!("{complaint}\n")),
            };
            let mut all = Outcome::default();
            for (joint, pipeline) in steps {
                let due = match joint {
                    Joint::Then => true,
                    Joint::And => all.code == 0,
                    Joint::Or => all.code != 0,
                };
                if due {
                    all = self.pipeline(pipeline, input, who).await.after(all);
                }
            }
            all
        })
    }

    async fn pipeline(&self, pipeline: &[Simple], input: &str, who: As) -> Outcome {
        let mut input = input.to_owned();
        let mut complaints = String::new();
        let mut last = Outcome::default();
        for simple in pipeline {
            last = self.simple(simple, &input, who).await;
            complaints.push_str(&last.err);
            input.clone_from(&last.out);
        }
        Outcome { err: complaints, ..last }
    }

    async fn simple(&self, simple: &Simple, input: &str, who: As) -> Outcome {
        let now = self.network.with(|world| Host::new(world, &self.node, who.root).now().as_second().to_string());
        let words: Vec<String> = simple.words.iter().map(|word| word.replace(PRESENT, &now)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut outcome = match &simple.from {
            Some(path) => web::open(&self.network, &self.node, path).await,
            None => Outcome::silent(),
        };
        if outcome.code == 0 && !words.is_empty() {
            outcome = self.launch(&words, input, who).await;
        }
        if simple.merged {
            outcome.out.push_str(&std::mem::take(&mut outcome.err));
        }
        if simple.no_output {
            outcome.out.clear();
        }
        if simple.no_errors {
            outcome.err.clear();
        }
        outcome
    }

    /// Runs one command, behind what may stand before it.
    fn launch<'a>(&'a self, words: &'a [&'a str], input: &'a str, who: As) -> Running<'a> {
        Box::pin(async move {
            match words {
                ["sudo", "-n" | "--" | "-E", rest @ ..] | ["sudo", rest @ ..] if !rest.is_empty() => {
                    self.launch(rest, input, As { root: true, ..who }).await
                }
                ["timeout", rest @ ..] => self.limited(rest, input, who).await,
                ["flock", "-n", "-E", code, LOCK, rest @ ..] if !rest.is_empty() => match code.parse::<u8>() {
                    Ok(code) => self.locked(u32::from(code), rest, input, who).await,
                    Err(_) => Outcome::failed(64, format!("flock: exit status value: '{code}'\n")),
                },
                ["bash" | "sh" | "/bin/sh" | "/bin/bash", "-c", line] if who.depth < DEEPEST => {
                    self.run_as(&Script::parse(line), input, As { depth: who.depth + 1, ..who }).await
                }
                _ => self.command(words, input, who).await,
            }
        })
    }

    async fn command(&self, words: &[&str], input: &str, who: As) -> Outcome {
        let outcome = match Command::parse(words) {
            None => return command::unknown(words, who.root),
            Some(Command::Curl(curl)) => curl.run(&self.network, &self.node).await,
            Some(Command::Filter(filter)) => filter.run(input),
            Some(command) => self.network.with(|world| {
                let mut host = Host::new(world, &self.node, who.root);
                command.run(&mut host, input)
            }),
        };
        match outcome.wait {
            Wait::Nothing => {}
            Wait::For(span) => self.pass(span, |_: &Host<'_>| false).await,
            Wait::K3s(span) => self.pass(span, |host: &Host<'_>| host.k3s_is_up()).await,
        }
        outcome
    }

    /// Waits until so much simulated time has passed, or something has come true.
    async fn pass(&self, span: SignedDuration, done: fn(&Host<'_>) -> bool) {
        let look = || self.network.with(|world| (world.now(), done(&Host::new(world, &self.node, true))));
        let end = look().0.checked_add(span).unwrap_or(Timestamp::MAX);
        loop {
            let (now, done) = look();
            if done || now >= end {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// `timeout`: 124 for what takes longer.
    async fn limited(&self, words: &[&str], input: &str, who: As) -> Outcome {
        let (limit, rest) = match words {
            ["-k", _, limit, rest @ ..] | [limit, rest @ ..] => (*limit, rest),
            [] => ("", words),
        };
        let Ok(seconds) = limit.trim_end_matches('s').parse::<f64>() else {
            return Outcome::failed(125, format!("timeout: invalid time interval ‘{limit}’\n"));
        };
        let limit = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        match tokio::time::timeout(limit, self.launch(rest, input, who)).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome::failed(124, ""),
        }
    }

    /// `flock -n`: the code is the caller's where somebody else holds the lock.
    async fn locked(&self, code: u32, words: &[&str], input: &str, who: As) -> Outcome {
        let taken = self.network.with(|world| {
            let free = world.machine(&self.node).is_some_and(|machine| !machine.inside.locked);
            world.change_inside(&self.node, |inside| inside.locked = true);
            free
        });
        if !taken {
            return Outcome::failed(code, "");
        }
        let _held = Held { shell: self };
        self.launch(words, input, who).await
    }
}

/// The lock of a node, until this is dropped.
struct Held<'a> {
    shell: &'a Shell,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.shell.network.with(|world| world.change_inside(&self.shell.node, |inside| inside.locked = false));
    }
}

#[cfg(test)]
mod tests;
