//! `crashcart`: the console.

use std::sync::Arc;

use super::wiring;
use crate::cli::Options;
use crate::console::{self, Setup};
use crate::situation::time::Clocks;
use crate::watch;

/// Runs the command; the exit code of the program.
pub fn run(options: &Options) -> anyhow::Result<u8> {
    let runtime = wiring::runtime()?;
    let wiring::Looks { theme, keymap, mut problems } = wiring::looks(options);
    let (profile, found) = wiring::profile(options);
    problems.extend(found);
    let clocks = Clocks::system();
    let feed = {
        let _there = runtime.enter();
        watch::open(wiring::target(options), Arc::clone(&profile), clocks.clone())
    };
    let code = console::run(Setup {
        feed,
        runtime: runtime.handle().clone(),
        profile,
        theme,
        keymap,
        clocks,
        banner: None,
        problems: problems.iter().map(ToString::to_string).collect(),
    });
    // Whatever still hangs on the network hangs alone.
    runtime.shutdown_background();
    code
}
