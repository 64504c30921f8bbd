//! `crashcart`: the console.

use crate::cli::Options;

/// Runs the command; the exit code of the program.
pub fn run(_options: &Options) -> anyhow::Result<u8> {
    anyhow::bail!("not built yet")
}
