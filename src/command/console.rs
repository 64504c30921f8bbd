//! `crashcart`: the console.

use std::sync::Arc;

use anyhow::Context as _;

use crate::cli::Options;
use crate::config::Profile;
use crate::config::keymap::Keymap;
use crate::config::theme::Theme;
use crate::console::{self, Setup};
use crate::situation::time::Clocks;
use crate::watch::{self, Target};

/// Threads for everything that talks to the outside; the screen has its own.
const WORKERS: usize = 2;

/// Runs the command; the exit code of the program.
pub fn run(options: &Options) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let profile = Arc::new(Profile::default());
    let clocks = Clocks::system();
    let target = Target { kubeconfig: options.kubeconfig.clone(), context: options.context.clone() };
    let feed = {
        let _there = runtime.enter();
        watch::open(target, Arc::clone(&profile), clocks.clone())
    };
    let code = console::run(Setup {
        feed,
        runtime: runtime.handle().clone(),
        profile,
        theme: Theme::default(),
        keymap: Keymap::default(),
        clocks,
        banner: None,
        problems: Vec::new(),
    });
    // Whatever still hangs on the network hangs alone.
    runtime.shutdown_background();
    code
}
