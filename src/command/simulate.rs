//! `crashcart simulate`

use crate::cli::{Options, SimulateArgs};

/// Runs the command; the exit code of the program.
pub fn run(_options: &Options, _args: SimulateArgs) -> anyhow::Result<u8> {
    anyhow::bail!("not built yet")
}
