//! `crashcart lint`

use crate::cli::{LintArgs, Options};

/// Runs the command; the exit code of the program.
pub fn run(_options: &Options, _args: LintArgs) -> anyhow::Result<u8> {
    anyhow::bail!("not built yet")
}
