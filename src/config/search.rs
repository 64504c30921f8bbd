//! Which profile holds: the flag or `CRASHCART_PROFILE`, the extension `crashcart` of the kubeconfig's context, the
//! configuration folder by the cluster's API server, else the generic one.

use std::path::{Path, PathBuf};

use kube::config::Kubeconfig;
use serde::Deserialize;

use super::paths::Folders;
use super::source::SourceFile;
use super::{Problem, Profile, embedded};

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct Search<'a> {
    /// `--profile` or `CRASHCART_PROFILE`.
    pub named: Option<&'a Path>,
    /// The kubeconfig files that are read, in their order.
    pub kubeconfigs: &'a [PathBuf],
    /// `--context`; `None`: the current one.
    pub context: Option<&'a str>,
    /// The user's folders.
    pub folders: Folders,
}

/// What our extension of a kubeconfig's context holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Extension {
    /// The profile's path, relative to the kubeconfig.
    pub profile: Option<PathBuf>,
    /// The control socket of a simulated cluster.
    pub socket: Option<PathBuf>,
}

/// The profile that holds, and what is wrong with one that was meant; the generic one then stands in for it.
pub fn profile(search: &Search<'_>) -> (Profile, Vec<Problem>) {
    if let Some(path) = search.named {
        let named = path.to_string_lossy();
        return usable(SourceFile::find(&named, "profiles", "yaml", embedded::PROFILES, &search.folders));
    }
    let (server, extension) = context_of(search);
    if let Some(path) = extension.profile {
        return usable(SourceFile::read(&path));
    }
    by_server(server.as_deref(), &search.folders)
}

fn usable(file: Result<SourceFile, Problem>) -> (Profile, Vec<Problem>) {
    match file.map_err(|problem| vec![problem]).and_then(|file| Profile::read(&file)) {
        Ok(profile) => (profile, Vec::new()),
        Err(problems) => (Profile::generic(), problems),
    }
}

fn by_server(server: Option<&str>, folders: &Folders) -> (Profile, Vec<Problem>) {
    let folder = folders.configured("profiles").and_then(|folder| std::fs::read_dir(folder).ok());
    let mut problems = Vec::new();
    let mut paths: Vec<_> = folder.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths.iter().filter(|p| p.extension().is_some_and(|e| e == "yaml" || e == "yml")) {
        match SourceFile::read(path).map_err(|p| vec![p]).and_then(|file| Profile::read(&file)) {
            Ok(profile) if server.is_some_and(|s| profile.clusters.iter().any(|c| c.trim_end_matches('/') == s)) => {
                return (profile, Vec::new());
            }
            Ok(_) => {}
            Err(found) => problems.extend(found),
        }
    }
    (Profile::generic(), problems)
}

/// The server's URL and our extension of the context that is meant. The first file that has the context decides, as
/// kubectl merges them.
fn context_of(search: &Search<'_>) -> (Option<String>, Extension) {
    let files: Vec<(&PathBuf, Kubeconfig)> =
        search.kubeconfigs.iter().filter_map(|path| Some((path, Kubeconfig::read_from(path).ok()?))).collect();
    let current = files.iter().find_map(|(_, file)| file.current_context.as_deref());
    let Some(name) = search.context.or(current) else { return Default::default() };
    let found = files.iter().find_map(|(path, file)| {
        let context = file.contexts.iter().find(|c| c.name == name)?.context.as_ref()?;
        Some((path, context))
    });
    let Some((path, context)) = found else { return Default::default() };
    let server = files.iter().flat_map(|(_, file)| &file.clusters).find(|c| c.name == context.cluster);
    let server = server.and_then(|c| c.cluster.as_ref()?.server.as_deref()).map(|s| s.trim_end_matches('/').to_owned());
    let ours = context.extensions.iter().flatten().find(|e| e.name == "crashcart");
    let mut extension: Extension =
        ours.and_then(|e| serde_json::from_value(e.extension.clone()).ok()).unwrap_or_default();
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    extension.profile = extension.profile.map(|profile| folder.join(profile));
    (server, extension)
}

/// Our extension of the context that is meant.
pub fn extension(search: &Search<'_>) -> Extension {
    context_of(search).1
}

#[cfg(test)]
mod tests {
    use super::*;

    const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: k\n  cluster: { server: 'https://203.0.113.11:6443/' }\n\
        contexts:\n- name: c\n  context: { cluster: k, user: u }\n- name: d\n  context:\n    cluster: k\n    user: u\n    extensions:\n    - name: crashcart\n      extension: { profile: d.profile.yaml }\n";

    struct World {
        folder: tempfile::TempDir,
        kubeconfigs: Vec<PathBuf>,
    }

    fn world() -> World {
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, KUBECONFIG).unwrap();
        std::fs::write(folder.path().join("d.profile.yaml"), "name: by-extension\n").unwrap();
        let profiles = folder.path().join("config/profiles");
        std::fs::create_dir_all(&profiles).unwrap();
        std::fs::write(profiles.join("a.yaml"), "name: by-server\nclusters: ['https://203.0.113.11:6443']\n").unwrap();
        World { folder, kubeconfigs: vec!["/does/not/exist".into(), kubeconfig] }
    }

    impl World {
        fn search<'a>(&'a self, named: Option<&'a Path>, context: Option<&'a str>) -> Search<'a> {
            let folders = Folders { config: Some(self.folder.path().join("config")), state: None };
            Search { named, kubeconfigs: &self.kubeconfigs, context, folders }
        }
    }

    #[test]
    fn the_order_is_name_extension_server_generic() {
        let world = world();
        let name = |named, context| profile(&world.search(named, context)).0.name;
        assert_eq!(name(Some(Path::new("generic")), Some("d")), "generic");
        assert_eq!(name(None, Some("d")), "by-extension");
        assert_eq!(name(None, None), "by-server");
        assert_eq!(name(None, Some("unknown")), "generic");
    }

    #[test]
    fn a_profile_that_was_meant_and_is_broken_is_told() {
        let world = world();
        let (found, problems) = profile(&world.search(Some(Path::new("/nowhere/x.yaml")), None));
        assert_eq!((found, problems.len()), (Profile::generic(), 1));
    }
}
