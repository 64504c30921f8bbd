//! `crashcart drill`

mod headless;

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::json;

use super::simulate::unknown;
use super::wiring;
use crate::cli::{DrillArgs, Options, Output, exit};
use crate::drill::control::PrivateFolder;
use crate::drill::{self, Scenario, Simulation};
use crate::watch::Target;

/// The pace of a drill that nobody watches.
const HEADLESS: f64 = 60.0;
/// Paces that a console can keep up with.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.1..=600.0;

/// Runs the command; the exit code of the program.
pub fn run(options: &Options, args: DrillArgs) -> anyhow::Result<u8> {
    if args.list {
        return list(args.output);
    }
    let headless = args.headless || args.idle;
    let speed = args.speed.unwrap_or(if headless { HEADLESS } else { 1.0 });
    if !SPEEDS.contains(&speed) {
        eprintln!("crashcart: --speed {speed} is out of range: {} to {}", SPEEDS.start(), SPEEDS.end());
        return Ok(exit::USAGE);
    }
    if args.all {
        let all: Vec<_> = drill::scenarios().iter().collect();
        return headless::run(options, &all, speed, args.seed, args.idle, args.output);
    }
    let chosen = match args.id {
        Some(id) => id,
        None => match choose()? {
            Choice::Drill(id) => id,
            Choice::Nothing => return Ok(exit::DONE),
            Choice::NobodyToAsk => return Ok(exit::USAGE),
        },
    };
    match drill::find(&chosen) {
        Some(scenario) if headless => headless::run(options, &[scenario], speed, args.seed, args.idle, args.output),
        Some(scenario) => open(options, scenario, speed, args.seed),
        None => Ok(unknown(&chosen)),
    }
}

/// Starts the simulated cluster in this process and opens the console on it.
fn open(options: &Options, scenario: &'static Scenario, pace: f64, seed: u64) -> anyhow::Result<u8> {
    println!("{}  {}\n{}", scenario.id, scenario.title, scenario.hint);
    let runtime = wiring::runtime()?;
    let wanted = drill::Options { seed, scenarios: vec![scenario], speed: pace, ..drill::Options::default() };
    let simulation = runtime.block_on(Simulation::start(wanted))?;
    let folder = PrivateFolder::create()?;
    let kubeconfig = folder.path("kubeconfig");
    let _files = simulation.write(&kubeconfig, None)?;
    let looks = wiring::looks(options);
    let (profile, clocks) = (Arc::new(simulation.profile()), simulation.clocks());
    let target = Target { kubeconfig: Some(kubeconfig), context: None };
    let code = wiring::open_console(runtime, target, profile, clocks, looks, Some(&scenario.id));
    drop((simulation, folder));
    code
}

fn list(output: Output) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    match output {
        Output::Text => {
            for s in drill::scenarios() {
                writeln!(out, "{}  {:22}{:8}{}", s.id, s.slug, s.difficulty.word(), s.title)?;
            }
        }
        Output::Json => {
            let entry = |s: &Scenario| json!({ "id": s.id, "slug": s.slug, "title": s.title, "difficulty": s.difficulty, "end": s.end });
            let all: Vec<_> = drill::scenarios().iter().map(entry).collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        }
    }
    Ok(exit::DONE)
}

/// What comes of the menu.
enum Choice {
    /// An id or a slug.
    Drill(String),
    /// An empty line: not now.
    Nothing,
    /// There is no terminal.
    NobodyToAsk,
}

/// Asks which drill, by number, id or slug.
fn choose() -> anyhow::Result<Choice> {
    if !std::io::stdin().is_terminal() {
        eprintln!("crashcart: which drill? Name one:");
        for s in drill::scenarios() {
            eprintln!("  crashcart drill {}  {}", s.id, s.title);
        }
        return Ok(Choice::NobodyToAsk);
    }
    println!("Each drill breaks the simulated cluster in one way and opens the console on it.\n");
    for (number, s) in (1..).zip(drill::scenarios()) {
        println!("  {number}  {}  {:8}{}", s.id, s.difficulty.word(), s.title);
    }
    print!("\nWhich one? A number, or Enter for none: ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("could not read the answer")?;
    let answer = answer.trim();
    let numbered = answer.parse().ok().and_then(|n: usize| drill::scenarios().get(n.checked_sub(1)?));
    Ok(match numbered {
        Some(scenario) => Choice::Drill(scenario.id.clone()),
        None if answer.is_empty() => Choice::Nothing,
        None => Choice::Drill(answer.to_owned()),
    })
}
