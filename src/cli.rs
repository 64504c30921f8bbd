//! The command line, as `contracts.md` of the project fixes it: commands, flags and exit codes change only by addition.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Exit codes that hold for every command.
pub mod exit {
    /// Done.
    pub const DONE: u8 = 0;
    /// Failed; `check`: warnings.
    pub const FAILED: u8 = 1;
    /// Wrong usage.
    pub const USAGE: u8 = 64;
    /// A fault of ours.
    pub const FAULT: u8 = 70;
}

/// An incident console for a small Kubernetes cluster: what is broken, since when, why, and the next safe step.
#[derive(Debug, Parser)]
#[command(name = "crashcart", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// Flags that hold for every command where they make sense.
    #[command(flatten)]
    pub options: Options,
    /// The command; none opens the console.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that hold for every command where they make sense.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Kubeconfig file [default: `KUBECONFIG`, ~/.kube/config, in-cluster, /etc/rancher/k3s/k3s.yaml]
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Profile of the deployment
    #[arg(long, global = true, value_name = "FILE", env = "CRASHCART_PROFILE")]
    pub profile: Option<PathBuf>,
    /// Never offer to change anything
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Keymap, by name or file
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub keymap: Option<String>,
    /// Theme, by name or file
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub theme: Option<String>,
    /// Only ASCII on the screen
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Folder with runbooks of your own
    #[arg(long, global = true, value_name = "DIR")]
    pub runbooks: Option<PathBuf>,
    /// Write a log of the program itself to this file
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Findings, headless: for cron, CI and one-line SSH
    Check(CheckArgs),
    /// One action, headless: --dry-run prints the plan and its digest, --yes DIGEST carries exactly that plan out
    Act(ActArgs),
    /// The console on the simulated cluster, with a fault
    Drill(DrillArgs),
    /// Only the simulated cluster, for kubectl and other clients
    Simulate(SimulateArgs),
    /// What a finding means and how it is told from others
    Explain(ExplainArgs),
    /// Check runbooks, drills, profiles, keymaps and themes: the shipped ones and yours, or those named
    Lint(LintArgs),
    /// The incidents that there is a record of
    Incidents(IncidentsArgs),
    /// The record of an incident, as a file
    Journal(JournalArgs),
    /// JSON Schema of a file format
    Schema(SchemaArgs),
    /// Shell completions on standard output
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// The man page on standard output
    Man,
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// `crashcart check`
#[derive(Debug, Clone, Copy, Args)]
pub struct CheckArgs {
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
    /// How long to wait for answers
    #[arg(long, default_value = "10s", value_parser = duration)]
    pub timeout: Duration,
    /// Go on until every finding is confirmed or this time is up
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub watch: Option<Duration>,
    /// What this account may see and do
    #[arg(long)]
    pub rbac: bool,
}

/// `crashcart act`
#[derive(Debug, Args)]
pub struct ActArgs {
    /// The action, by id or name (`A03`, `rollout-restart`)
    pub action: String,
    /// What it is done to: Deployment/NAMESPACE/NAME, Pod/NAMESPACE/NAME, Node//NAME
    #[arg(required = true, value_name = "TARGET")]
    pub targets: Vec<String>,
    /// A parameter of the action (`replicas=2`, `to=41`; repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub with: Vec<(String, String)>,
    /// Print the plan and its digest; nothing is changed
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Carry out the plan with this digest, if it is at most ten minutes old and nothing it rests on has changed
    #[arg(long, value_name = "DIGEST")]
    pub yes: Option<String>,
    /// The target's name once more, for what cannot be undone
    #[arg(long, value_name = "NAME", requires = "yes")]
    pub name: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
    /// How long to look at the cluster before the plan is made
    #[arg(long, default_value = "10s", value_parser = duration)]
    pub timeout: Duration,
}

/// `crashcart drill`
#[derive(Debug, Args)]
pub struct DrillArgs {
    /// The drill, by id or slug (`F15`, `api-pod-panics`); none opens a menu
    pub id: Option<String>,
    /// List the drills
    #[arg(long)]
    pub list: bool,
    /// Every drill, one after the other (with --headless)
    #[arg(long, requires = "headless", conflicts_with = "id")]
    pub all: bool,
    /// Without a screen: a scripted operator follows the suggested branches and confirms
    #[arg(long)]
    pub headless: bool,
    /// Headless, and do nothing: what becomes of it by itself
    #[arg(long)]
    pub idle: bool,
    /// How many times faster than life [default: 1; headless: 60]
    #[arg(long)]
    pub speed: Option<f64>,
    /// Seed of the simulated world
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How to print a list or a result
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// `crashcart simulate`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SimulateArgs {
    /// Speak to a running simulation
    #[command(subcommand)]
    pub control: Option<SimulateControl>,
    /// Fault to start with, by id or slug (repeatable)
    #[arg(long, value_name = "ID")]
    pub scenario: Vec<String>,
    /// Where to write the kubeconfig [default: a fresh file in the temporary folder]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig_out: Option<PathBuf>,
    /// Nodes in all; the deployment has three
    #[arg(long, default_value_t = 3)]
    pub nodes: u32,
    /// Pods beyond those of the deployment
    #[arg(long, default_value_t = 0)]
    pub pods: u32,
    /// Pod updates a second
    #[arg(long, default_value_t = 0)]
    pub churn: u32,
    /// Seed of the simulated world
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// `crashcart simulate inject|heal|status`, over the socket named in the kubeconfig (`--kubeconfig`).
#[derive(Debug, Subcommand)]
pub enum SimulateControl {
    /// Break something
    Inject {
        /// The fault, by id or slug
        id: String,
    },
    /// Undo a fault, or all of them
    Heal {
        /// The fault, by id or slug
        id: Option<String>,
    },
    /// What is broken, and what time it is there
    Status,
}

/// `crashcart explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The finding; none lists all
    pub id: Option<String>,
}

/// `crashcart lint`
#[derive(Debug, Args)]
pub struct LintArgs {
    /// Files or folders; none: all shipped ones and your own
    pub paths: Vec<PathBuf>,
}

/// `crashcart incidents`
#[derive(Debug, Clone, Copy, Args)]
pub struct IncidentsArgs {
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// `crashcart journal`
#[derive(Debug, Args)]
pub struct JournalArgs {
    /// What to do with it
    #[command(subcommand)]
    pub command: JournalCommand,
}

/// `crashcart journal verify`
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Check that a journal is whole: header, every line, no gap
    Verify {
        /// The file: a journal.jsonl
        file: PathBuf,
    },
}

/// `crashcart schema`
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// The format
    #[arg(value_enum)]
    pub kind: SchemaKind,
}

/// Formats that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the names say it")]
pub enum SchemaKind {
    Runbook,
    Drill,
    Profile,
    Keymap,
    Theme,
    Journal,
    Check,
}

/// `replicas=2`
fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| "write it as KEY=VALUE".to_owned())?;
    Ok((key.to_owned(), value.to_owned()))
}

/// `10s`, `2m`, `1h30m`, `500ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration =
        text.parse().map_err(|_| "expected a duration such as 10s, 2m or 1h30m".to_owned())?;
    Duration::try_from(span).map_err(|_| "a duration cannot be negative".to_owned())
}
