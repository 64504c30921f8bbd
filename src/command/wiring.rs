//! What several commands need: the user's files read, the runtime, the way to the cluster.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::runtime::Runtime;

use crate::cli::Options;
use crate::config::colour::{Depth, speaks_unicode};
use crate::config::keymap::Keymap;
use crate::config::paths::Folders;
use crate::config::search::{self, Search};
use crate::config::settings::Settings;
use crate::config::theme::{Glyphs, Theme};
use crate::config::{Problem, Profile};
use crate::console::{self, Setup};
use crate::incident::Journal;
use crate::runbook::Library;
use crate::situation::time::Clocks;
use crate::watch::{self, Target};

/// Threads for everything that talks to the outside; a screen has its own.
const WORKERS: usize = 2;

/// The runtime on which everything that talks to the outside runs.
pub(super) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

/// How the console looks, what its keys mean, what it may do and by which runbooks.
pub(super) struct Looks {
    pub(super) theme: Theme,
    pub(super) keymap: Keymap,
    /// The runbooks.
    pub(super) library: Library,
    /// Why nothing may ever be changed, if so.
    pub(super) forbidden: Option<String>,
    /// What is wrong with the user's files; what they leave out is as shipped.
    pub(super) problems: Vec<Problem>,
}

/// Reads the user's settings, keymap and theme. Flags go before `config.toml`.
pub(super) fn looks(options: &Options) -> Looks {
    let folders = Folders::of_process();
    let env = |name: &str| std::env::var_os(name);
    let (settings, mut problems) = Settings::load(&folders);
    let keymap = options.keymap.as_deref().or(settings.keymap.as_deref()).unwrap_or("default");
    let theme = options.theme.as_deref().or(settings.theme.as_deref()).unwrap_or("dark");
    let plain = options.ascii || settings.ascii || !speaks_unicode(env);
    let glyphs = if plain { Glyphs::ASCII } else { Glyphs::UNICODE };
    let (keymap, found) = Keymap::load(keymap, &folders);
    problems.extend(found);
    let (theme, found) = Theme::load(theme, Depth::from_env(env), glyphs, &folders);
    problems.extend(found);
    let library = Library::load(&folders, options.runbooks.as_deref());
    let forbidden =
        if options.read_only { Some("--read-only") } else { settings.read_only.then_some("read-only in config.toml") };
    Looks { theme, keymap, library, forbidden: forbidden.map(str::to_owned), problems }
}

/// Which cluster the flags mean.
pub(super) fn target(options: &Options) -> Target {
    Target { kubeconfig: options.kubeconfig.clone(), context: options.context.clone() }
}

/// The profile that holds for the cluster the flags mean.
pub(super) fn profile(options: &Options) -> (Arc<Profile>, Vec<Problem>) {
    let kubeconfigs = watch::kubeconfig_files(&target(options));
    let (profile, problems) = search::profile(&Search {
        named: options.profile.as_deref(),
        kubeconfigs: &kubeconfigs,
        context: options.context.as_deref(),
        folders: Folders::of_process(),
    });
    (Arc::new(profile), problems)
}

/// Opens the console on a cluster and runs it until it is quit; the exit code of the program.
pub(super) fn open_console(
    runtime: Runtime,
    target: Target,
    profile: Arc<Profile>,
    clocks: Clocks,
    looks: Looks,
    drill: Option<&str>,
) -> anyhow::Result<u8> {
    let feed = {
        let _there = runtime.enter();
        watch::open(target, Arc::clone(&profile), clocks.clone())
    };
    let Looks { theme, keymap, library, forbidden, problems } = looks;
    let problems = problems.iter().map(ToString::to_string).collect();
    let handle = runtime.handle().clone();
    let journal = Journal::new(Folders::of_process().state.as_deref(), clocks.clone(), drill);
    let diverted = (!profile.dial.is_empty()).then(|| "PROBES DIVERTED".to_owned());
    let banner = drill.map(|id| format!("DRILL {id}")).or(diverted);
    let code = console::run(Setup {
        feed,
        runtime: handle,
        profile,
        theme,
        keymap,
        clocks,
        library,
        journal: journal.clone(),
        forbidden,
        banner,
        problems,
    });
    journal.finish();
    // Whatever still hangs on the network hangs alone.
    runtime.shutdown_background();
    code
}
