//! `crashcart schema`

use crate::cli::{Options, SchemaArgs};

/// Runs the command; the exit code of the program.
pub fn run(_options: &Options, _args: SchemaArgs) -> anyhow::Result<u8> {
    anyhow::bail!("not built yet")
}

/// Prints completions for a shell.
pub fn completions(_shell: clap_complete::Shell) -> anyhow::Result<u8> {
    anyhow::bail!("not built yet")
}

/// Prints the man page.
pub fn man() -> anyhow::Result<u8> {
    anyhow::bail!("not built yet")
}
