//! `crashcart check`: findings, headless.

pub(super) mod gather;
mod json;
mod rbac;
#[cfg(test)]
mod tests;
mod text;

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use super::paper::Ink;
use super::wiring;
use crate::cli::{CheckArgs, Options, Output, exit};
use crate::config::Profile;
use crate::detect::{Assessment, Scene, Severity, assess};
use crate::situation::time::Clocks;
use crate::situation::{Kind, Situation, Source, SourceState};
use crate::watch::{self, Pace};

pub use json::Report;

/// How often the probes go round.
pub(super) const ROUND: Duration = Duration::from_secs(1);
/// Exit code when something critical was found.
const CRITICAL: u8 = 2;
/// Exit code when a source that is required did not answer.
const CANNOT_TELL: u8 = 3;

/// Runs the command; the exit code of the program.
pub fn run(options: &Options, args: CheckArgs) -> anyhow::Result<u8> {
    let CheckArgs { output, timeout, watch, rbac } = args;
    let (profile, problems) = wiring::profile(options);
    for problem in problems {
        eprintln!("crashcart: {problem}");
    }
    let clocks = Clocks::system();
    // Three rounds of probes in a few seconds, not in a quarter of a minute.
    let pace = Pace { health: ROUND, ..Pace::default() };
    let runtime = wiring::runtime()?;
    let situation = runtime.block_on(async {
        let mut feed = watch::open_at(pace, wiring::target(options), &profile, clocks.clone());
        gather::gather(&mut feed, &profile, &clocks, timeout, watch).await
    });
    // Whatever still hangs must not keep the program from ending.
    runtime.shutdown_background();
    print(options, output, rbac, &situation, &profile)
}

fn print(
    options: &Options,
    output: Output,
    access: bool,
    situation: &Situation,
    profile: &Profile,
) -> anyhow::Result<u8> {
    let mut out = io::stdout().lock();
    let ink = Ink { colour: out.is_terminal() && std::env::var_os("NO_COLOR").is_none(), ascii: options.ascii };
    if access {
        match output {
            Output::Text => write!(out, "{}", rbac::text(situation, ink))?,
            Output::Json => writeln!(out, "{}", serde_json::to_string_pretty(&rbac::Access::of(situation))?)?,
        }
        return Ok(if api_answers(situation) { exit::DONE } else { CANNOT_TELL });
    }
    let assessment = assess(Scene { situation, profile });
    let code = verdict(situation, &assessment);
    match output {
        Output::Text => write!(out, "{}", text::report(situation, &assessment, code, ink))?,
        Output::Json => writeln!(out, "{}", serde_json::to_string_pretty(&Report::of(situation, &assessment))?)?,
    }
    Ok(code)
}

/// The exit code: critical before "could not tell" before warnings.
fn verdict(situation: &Situation, assessment: &Assessment) -> u8 {
    let worst = assessment.findings.iter().map(|f| f.severity).max();
    match worst {
        Some(Severity::Critical) => CRITICAL,
        _ if !could_tell(situation) => CANNOT_TELL,
        Some(Severity::Warning) => exit::FAILED,
        Some(Severity::Info) | None => exit::DONE,
    }
}

/// Whether the API and every kind that is needed answered. A kind that is forbidden or not served did answer.
fn could_tell(situation: &Situation) -> bool {
    let needed = Kind::ALL.into_iter().filter(|k| k.resource().needed).map(Source::Watch);
    api_answers(situation) && needed.into_iter().all(|source| answered(&situation.source(&source).state))
}

fn api_answers(situation: &Situation) -> bool {
    answered(&situation.source(&Source::Api).state)
}

const fn answered(state: &SourceState) -> bool {
    matches!(state, SourceState::Live | SourceState::Forbidden(_) | SourceState::Missing | SourceState::NotConfigured)
}
