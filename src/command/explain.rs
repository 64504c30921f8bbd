//! `crashcart explain`

use crate::cli::{ExplainArgs, Options};

/// Runs the command; the exit code of the program.
pub fn run(_options: &Options, _args: ExplainArgs) -> anyhow::Result<u8> {
    anyhow::bail!("not built yet")
}
