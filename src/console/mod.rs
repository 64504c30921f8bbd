//! The full-screen program: one loop, messages in, state updated, frame drawn.
//!
//! [`run`] takes the terminal and everything the console needs, and gives both back when it ends. A key goes through
//! `app` to the screen on top of its stack, which answers with an [`Effect`]; observations go into the one situation,
//! from which `known` derives findings; `pace` says when to draw, and `terminal` writes what differs.

mod app;
mod chronicle;
mod clipboard;
mod command_line;
pub mod desk;
mod errand;
mod event_loop;
mod frame;
pub mod freshness;
mod known;
pub mod labels;
mod orders;
mod pace;
pub mod page;
mod panics;
pub mod pick;
pub mod screen;
mod signals;
mod terminal;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod views;
pub mod widgets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::runtime::Handle;

pub use screen::{Context, Effect, Screen};

use crate::action::{Arming, Executor};
use crate::cli::exit;
use crate::config::Profile;
use crate::config::keymap::Keymap;
use crate::config::theme::Theme;
use crate::incident::Journal;
use crate::runbook::Library;
use crate::situation::time::Clocks;
use crate::watch::Feed;

/// Everything the console needs; whoever opens it makes the parts.
#[derive(Debug)]
pub struct Setup {
    /// The running sources.
    pub feed: Feed,
    /// Where the feed's tasks run; logs are read there too.
    pub runtime: Handle,
    /// The deployment.
    pub profile: Arc<Profile>,
    /// Colours and glyphs.
    pub theme: Theme,
    /// Keys.
    pub keymap: Keymap,
    /// The two clocks.
    pub clocks: Clocks,
    /// The runbooks.
    pub library: Library,
    /// Where the record of an incident is written.
    pub journal: Journal,
    /// Why nothing may ever be changed, if so: `--read-only`.
    pub forbidden: Option<String>,
    /// A few words for the badge of a drill (`DRILL F15`); `None` on a real cluster.
    pub banner: Option<String>,
    /// What is wrong with the user's files, as sentences; shown until the program ends.
    pub problems: Vec<String>,
}

/// Opens the console and runs it until it is quit. Call it from a plain thread, not from within a runtime's task. Returns
/// the exit code: 0 when quit, 128 and the signal's number when a signal ended it, 70 after a fault of ours.
///
/// # Errors
/// When there is no terminal that can show it, or the terminal breaks.
pub fn run(setup: Setup) -> anyhow::Result<u8> {
    terminal::check()?;
    let faults = panics::Faults::watch();
    // The fault has been told by then; what is left is to end with its code.
    let result = catch_unwind(AssertUnwindSafe(|| run_guarded(setup, faults))).unwrap_or(Ok(exit::FAULT));
    drop(std::panic::take_hook());
    result
}

fn run_guarded(setup: Setup, faults: panics::Faults) -> anyhow::Result<u8> {
    let Setup { feed, runtime, profile, theme, keymap, clocks, library, journal, forbidden, banner, problems } = setup;
    let own = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .context("cannot start the console's own runtime")?;
    let signals = signals::Listener::start().context("cannot listen for signals")?;
    let arming = Arming::new(forbidden.as_deref());
    let recorder = Arc::new(journal.clone());
    let executor = Executor::new(feed.reader.clone(), profile.clone(), clocks.clone(), arming.clone(), recorder);
    let runner = errand::Runner::new(runtime.clone(), feed.reader.clone(), executor, journal);
    let mut app = app::App::new(profile, theme, keymap, banner);
    app.equip(library, arming, forbidden);
    for problem in problems {
        app.fault(problem);
    }
    let terminal = terminal::Terminal::take()?;
    own.block_on(event_loop::Loop::new(app, terminal, feed, runner, clocks, runtime).run(signals, faults))
}
