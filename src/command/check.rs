//! `crashcart check`

use crate::cli::{CheckArgs, Options};

/// Runs the command; the exit code of the program.
pub fn run(_options: &Options, _args: CheckArgs) -> anyhow::Result<u8> {
    anyhow::bail!("not built yet")
}
