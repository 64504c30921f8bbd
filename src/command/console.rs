//! `crashcart`: the console.

use super::wiring;
use crate::cli::Options;
use crate::situation::time::Clocks;

/// Runs the command; the exit code of the program.
pub fn run(options: &Options) -> anyhow::Result<u8> {
    let runtime = wiring::runtime()?;
    let mut looks = wiring::looks(options);
    let (profile, found) = wiring::profile(options);
    looks.problems.extend(found);
    let clocks = Clocks::system();
    let target = wiring::target(options);
    wiring::open_console(runtime, target, profile, clocks, looks, None)
}
