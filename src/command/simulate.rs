//! `crashcart simulate`

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Options, SimulateArgs, SimulateControl, exit};
use crate::drill::control::{self, PrivateFolder, Reply, Request, Written};
use crate::drill::world::Load;
use crate::drill::{self, Progress, Scenario, Simulation};

/// Runs the command; the exit code of the program.
pub fn run(options: &Options, args: SimulateArgs) -> anyhow::Result<u8> {
    if let Some(control) = args.control {
        return speak(options, control);
    }
    let mut scenarios = Vec::new();
    for id in &args.scenario {
        let Some(scenario) = drill::find(id) else { return Ok(unknown(id)) };
        scenarios.push(scenario);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("could not start the simulation's runtime")?;
    let result = runtime.block_on(simulate(args, scenarios));
    runtime.shutdown_background();
    result
}

async fn simulate(args: SimulateArgs, scenarios: Vec<&'static Scenario>) -> anyhow::Result<u8> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    for scenario in &scenarios {
        eprintln!("{}  {}", scenario.id, scenario.title);
    }
    let load = Load { nodes: args.nodes, pods: args.pods, churn: args.churn };
    let options = drill::Options { seed: args.seed, scenarios, load, speed: 1.0 };
    let start = Simulation::start_telling(options, tell);
    let simulation = tokio::select! {
        simulation = start => Arc::new(simulation?),
        _ = interrupt.recv() => return Ok(exit::DONE),
        _ = terminate.recv() => return Ok(exit::DONE),
    };
    let folder = PrivateFolder::create()?;
    let socket = folder.path("control");
    let kubeconfig = args.kubeconfig_out.unwrap_or_else(|| folder.path("kubeconfig"));
    let kubeconfig = std::path::absolute(&kubeconfig).unwrap_or(kubeconfig);
    let _files = Files(simulation.write(&kubeconfig, Some(&socket))?);
    let control = control::listen(simulation.clone(), socket);
    tokio::pin!(control);
    // The socket is there before anybody is told of it.
    if let Some(result) = futures::FutureExt::now_or_never(&mut control) {
        result?;
    }
    announce(&kubeconfig)?;
    tokio::select! {
        result = control => result?,
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(exit::DONE)
}

/// What was written for clients; it goes when the simulation ends, since nothing in it is worth anything then.
struct Files(Vec<Written>);

impl Drop for Files {
    fn drop(&mut self) {
        self.0.iter().for_each(Written::remove);
    }
}

/// Says on a terminal how far the start has come; elsewhere only what begins.
fn tell(progress: Progress) {
    let terminal = std::io::stderr().is_terminal();
    match progress {
        Progress::Past => eprintln!("playing the past…"),
        Progress::Pods { made, of } if terminal => eprint!("\r{made} of {of} pods… "),
        Progress::Pods { made: 0, of } => eprintln!("making {of} pods…"),
        Progress::Pods { .. } => {}
    }
}

/// Says that clients may connect, and how to log in to the nodes. In one piece: a script may be gone once it has read the
/// first line.
fn announce(kubeconfig: &Path) -> std::io::Result<()> {
    let mut text = format!("ready {}\n", kubeconfig.display());
    if cfg!(feature = "drill") {
        let _ = writeln!(text, "nodes: ssh -F {}.ssh_config nbg1-1", kubeconfig.display());
    }
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Says something to a running simulation.
fn speak(options: &Options, control: SimulateControl) -> anyhow::Result<u8> {
    let request = match control {
        SimulateControl::Inject { id } => match drill::find(&id) {
            Some(scenario) => Request::Inject(scenario.id.clone()),
            None => return Ok(unknown(&id)),
        },
        SimulateControl::Heal { id: Some(id) } => match drill::find(&id) {
            Some(scenario) => Request::Heal(Some(scenario.id.clone())),
            None => return Ok(unknown(&id)),
        },
        SimulateControl::Heal { id: None } => Request::Heal(None),
        SimulateControl::Status => Request::Status,
    };
    let from_environment = || std::env::var_os("KUBECONFIG").map(PathBuf::from);
    let kubeconfig = options.kubeconfig.clone().or_else(from_environment);
    let kubeconfig = kubeconfig.context("which simulation? Name its kubeconfig with --kubeconfig")?;
    match control::ask(&kubeconfig, &request)? {
        Reply::Injected(id) => println!("{id} injected"),
        Reply::Healed(ids) if ids.is_empty() => println!("nothing to heal"),
        Reply::Healed(ids) => println!("{} healed", ids.join(", ")),
        Reply::Status(status) => {
            println!("time {}", status.now);
            for scenario in status.scenarios {
                let state = if scenario.recovered { "recovered" } else { "broken" };
                println!("{} {state} since {}", scenario.id, scenario.since);
            }
        }
        Reply::Refused(why) => bail!(why),
    }
    Ok(exit::DONE)
}

/// Says that there is no such drill, and which there are.
pub(super) fn unknown(id: &str) -> u8 {
    eprintln!("crashcart: there is no drill {id:?}. There are:");
    for scenario in drill::scenarios() {
        eprintln!("  {}  {:24}{}", scenario.id, scenario.slug, scenario.title);
    }
    exit::USAGE
}
