//! The log of the program itself, only where `--log FILE` asks for one.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

/// What reaches the log. The client logs whole bodies where it cannot decode one, and bodies hold secrets, so it and what
/// lies below it stay out of the log altogether.
pub const FILTER: &str = "info,crashcart=debug,kube=off,kube_client=off,kube_core=off,kube_runtime=off,hyper=off,hyper_util=off,\
rustls=off,h2=off,tower=off";

/// Appends to `file`, which only its owner may read.
pub fn to_file(file: &Path) -> anyhow::Result<()> {
    let log = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("the log {} cannot be written; name another file", file.display()))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(FILTER))
        .with_ansi(false)
        .with_writer(Mutex::new(log))
        .finish();
    tracing::subscriber::set_global_default(subscriber).context("the log was set up twice")
}
