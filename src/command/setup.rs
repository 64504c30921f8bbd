//! What several commands need before they begin: the target and the profile that holds for it.

use std::path::PathBuf;

use crate::cli::Options;
use crate::config::paths::Folders;
use crate::config::search::{self, Search};
use crate::config::{Problem, Profile};
use crate::watch::Target;

/// Which cluster is meant.
pub(super) fn target(options: &Options) -> Target {
    Target { kubeconfig: options.kubeconfig.clone(), context: options.context.clone() }
}

/// The profile that holds, and what is wrong with one that was meant.
pub(super) fn profile(options: &Options) -> (Profile, Vec<Problem>) {
    let kubeconfigs = kubeconfigs(options.kubeconfig.clone());
    search::profile(&Search {
        named: options.profile.as_deref(),
        kubeconfigs: &kubeconfigs,
        context: options.context.as_deref(),
        folders: Folders::of_process(),
    })
}

/// The files that may describe the context, as connecting reads them.
fn kubeconfigs(named: Option<PathBuf>) -> Vec<PathBuf> {
    if let Some(file) = named {
        return vec![file];
    }
    if let Some(list) = std::env::var_os("KUBECONFIG").filter(|l| !l.is_empty()) {
        return std::env::split_paths(&list).collect();
    }
    let own = std::env::home_dir().map(|home| home.join(".kube/config"));
    own.into_iter().chain([PathBuf::from("/etc/rancher/k3s/k3s.yaml")]).collect()
}
