//! `crashcart drill`

use crate::cli::{DrillArgs, Options};

/// Runs the command; the exit code of the program.
pub fn run(_options: &Options, _args: DrillArgs) -> anyhow::Result<u8> {
    anyhow::bail!("not built yet")
}
