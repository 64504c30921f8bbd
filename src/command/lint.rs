//! `crashcart lint`

use crate::cli::{LintArgs, Options, exit};
use crate::config::lint;
use crate::config::paths::Folders;

/// Runs the command; the exit code of the program.
pub fn run(_options: &Options, args: LintArgs) -> anyhow::Result<u8> {
    let report = if args.paths.is_empty() { lint::all(&Folders::of_process()) } else { lint::paths(&args.paths) };
    for problem in &report.problems {
        super::say(problem)?;
    }
    super::say(format_args!("{} files, {} problems", report.files, report.problems.len()))?;
    Ok(if report.problems.is_empty() { exit::DONE } else { exit::FAILED })
}
