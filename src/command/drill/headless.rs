//! `crashcart drill --headless`: drills without a screen, one after the other.

use std::io::Write as _;
use std::sync::Arc;

use crate::action::{Arming, Executor};
use crate::cli::{Options, Output, exit};
use crate::command::wiring;
use crate::config::paths::Folders;
use crate::drill::control::PrivateFolder;
use crate::drill::{self, Scenario, Simulation, Tools, Verdict};
use crate::incident::Journal;
use crate::runbook::Library;
use crate::watch::{self, Target};

/// Plays drills and prints how they went; the exit code of the program.
pub(super) fn run(
    flags: &Options,
    drills: &[&'static Scenario],
    pace: f64,
    seed: u64,
    idle: bool,
    output: Output,
) -> anyhow::Result<u8> {
    let folders = Folders::of_process();
    let library = Library::load(&folders, flags.runbooks.as_deref());
    for problem in &library.problems {
        eprintln!("crashcart: {problem}");
    }
    let runtime = wiring::runtime()?;
    let mut verdicts = Vec::new();
    for scenario in drills {
        let wanted = drill::Options { seed, scenarios: vec![*scenario], speed: pace, ..drill::Options::default() };
        let row = runtime.block_on(play(wanted, scenario, library.clone(), idle))?;
        if output == Output::Text {
            tell(&row)?;
        }
        verdicts.push(row);
    }
    runtime.shutdown_background();
    if output == Output::Json {
        writeln!(std::io::stdout().lock(), "{}", serde_json::to_string_pretty(&verdicts)?)?;
    }
    Ok(if verdicts.iter().all(|v| v.as_expected) { exit::DONE } else { exit::FAILED })
}

async fn play(
    wanted: drill::Options,
    scenario: &'static Scenario,
    library: Library,
    idle: bool,
) -> anyhow::Result<Verdict> {
    let simulation = Simulation::start(wanted).await?;
    let folder = PrivateFolder::create()?;
    let kubeconfig = folder.path("kubeconfig");
    let _files = simulation.write(&kubeconfig, None)?;
    let (profile, clocks) = (Arc::new(simulation.profile()), simulation.clocks());
    let target = Target { kubeconfig: Some(kubeconfig), context: None };
    let feed = watch::open(target, profile.clone(), clocks.clone());
    // Nobody will want to read it: it goes with the simulation.
    let journal = Journal::new(Some(&folder.path("state")), clocks.clone(), Some(&scenario.id));
    let recorder = Arc::new(journal.clone());
    let executor = Executor::new(feed.reader.clone(), profile.clone(), clocks.clone(), Arming::new(None), recorder);
    let tools = Tools { feed, executor, journal: journal.clone(), library, profile, clocks };
    let row = drill::play(&simulation, scenario, tools, idle).await;
    journal.finish();
    Ok(row)
}

/// One drill on one line.
fn tell(verdict: &Verdict) -> std::io::Result<()> {
    let seconds = |s: Option<f64>| s.map_or_else(|| "-".to_owned(), |s| format!("{s:.0} s"));
    let actions = if verdict.actions.is_empty() { "none".to_owned() } else { verdict.actions.join(", ") };
    writeln!(
        std::io::stdout().lock(),
        "{}  {}  end {}, detected after {}, recovered after {}, {} steps, actions {actions}, {} wrong",
        verdict.id,
        if verdict.as_expected { "as expected" } else { "NOT as expected" },
        verdict.end,
        seconds(verdict.detect_seconds),
        seconds(verdict.recover_seconds),
        verdict.steps,
        verdict.wrong_actions,
    )
}
