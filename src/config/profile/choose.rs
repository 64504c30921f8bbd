//! Which profile holds.

use std::path::{Path, PathBuf};

use super::Profile;
use crate::config::paths::Folders;
use crate::config::settings::Settings;
use crate::config::source::SourceFile;
use crate::config::{Problem, embedded};

/// Who chose a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `--profile` or `CRASHCART_PROFILE`.
    Argument,
    /// The extension `crashcart` of the kubeconfig's context.
    Kubeconfig,
    /// The cluster's identity, by the user's configuration folder.
    Cluster,
    /// Nobody: the generic one.
    Generic,
}

/// The profile that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// The profile; the generic one where the chosen one cannot be used.
    pub profile: Profile,
    /// Who chose it.
    pub origin: Origin,
    /// What is wrong with the chosen one.
    pub problems: Vec<Problem>,
}

/// Chooses before the cluster is known: the argument, then what the kubeconfig's context names, else the generic one.
pub fn choose(argument: Option<&str>, named_by_kubeconfig: Option<&Path>, folders: &Folders) -> Chosen {
    if let Some(argument) = argument {
        return chosen(SourceFile::find(argument, "profiles", "yaml", embedded::PROFILES, folders), Origin::Argument);
    }
    match named_by_kubeconfig {
        Some(path) => chosen(SourceFile::read(path), Origin::Kubeconfig),
        None => Chosen { profile: Profile::generic(), origin: Origin::Generic, problems: Vec::new() },
    }
}

/// The profile that the user's configuration folder has for a cluster, by the UID of its namespace `kube-system`: the
/// one that `config.toml` names for it, else the first in `profiles/` that lists it. It takes the place of one of
/// [`Origin::Generic`] as soon as the cluster says who it is.
pub fn for_cluster(uid: &str, settings: &Settings, folders: &Folders) -> Option<Chosen> {
    if let Some(name) = settings.profiles.get(uid) {
        return Some(chosen(SourceFile::find(name, "profiles", "yaml", embedded::PROFILES, folders), Origin::Cluster));
    }
    let mut problems = Vec::new();
    for path in own(folders) {
        match SourceFile::read(&path).map_err(|p| vec![p]).and_then(|file| Profile::read(&file)) {
            Ok(profile) if profile.clusters.iter().any(|c| c == uid) => {
                return Some(Chosen { profile, origin: Origin::Cluster, problems });
            }
            Ok(_) => {}
            Err(found) => problems.extend(found),
        }
    }
    // A broken file may have been the one that was meant.
    let unsure = Chosen { profile: Profile::generic(), origin: Origin::Generic, problems };
    (!unsure.problems.is_empty()).then_some(unsure)
}

/// The user's own profiles, by name.
fn own(folders: &Folders) -> Vec<PathBuf> {
    let listing = folders.configured("profiles").and_then(|folder| std::fs::read_dir(folder).ok());
    let mut files: Vec<PathBuf> = listing.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "yaml" || e == "yml"));
    files.sort();
    files
}

fn chosen(file: Result<SourceFile, Problem>, origin: Origin) -> Chosen {
    match file.map_err(|p| vec![p]).and_then(|file| Profile::read(&file)) {
        Ok(profile) => Chosen { profile, origin, problems: Vec::new() },
        Err(problems) => Chosen { profile: Profile::generic(), origin, problems },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "0d1f2a3b-4c5d-6e7f-8091-a2b3c4d5e6f7";

    fn folders(files: &[(&str, &str)]) -> (tempfile::TempDir, Folders) {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("profiles")).unwrap();
        for (name, text) in files {
            std::fs::write(home.path().join(name), text).unwrap();
        }
        let folders = Folders { config: Some(home.path().into()), state: None };
        (home, folders)
    }

    #[test]
    fn the_argument_comes_before_the_kubeconfig_and_that_before_the_generic_one() {
        let (home, folders) = folders(&[("profiles/own.yaml", "name: own\n"), ("b.yaml", "name: b\n")]);
        let named = home.path().join("b.yaml");
        let choice = choose(Some("own"), Some(&named), &folders);
        assert_eq!((choice.profile.name.as_str(), choice.origin), ("own", Origin::Argument));
        let choice = choose(None, Some(&named), &folders);
        assert_eq!((choice.profile.name.as_str(), choice.origin), ("b", Origin::Kubeconfig));
        let choice = choose(None, None, &folders);
        assert_eq!((choice.profile.name.as_str(), choice.origin), ("generic", Origin::Generic));
    }

    #[test]
    fn what_cannot_be_used_is_named_and_the_generic_one_holds() {
        let (home, folders) = folders(&[]);
        let missing = home.path().join("gone.yaml");
        let choice = choose(None, Some(&missing), &folders);
        assert_eq!(choice.profile, Profile::generic());
        assert!(choice.problems[0].to_string().contains("gone.yaml"), "{:?}", choice.problems);
        assert_eq!(choose(Some("nope"), None, &folders).problems.len(), 1);
    }

    #[test]
    fn a_cluster_is_known_by_its_identity() {
        let listed = format!("name: listed\nclusters: [{UID}]\n");
        let (_home, folders) = folders(&[
            ("profiles/a.yaml", "name: other\n"),
            ("profiles/b.yaml", &listed),
            ("profiles/c.yaml", "name: named\n"),
        ]);
        let found = for_cluster(UID, &Settings::default(), &folders).unwrap();
        assert_eq!((found.profile.name.as_str(), found.origin), ("listed", Origin::Cluster));
        let mut settings = Settings::default();
        settings.profiles.insert(UID.to_owned(), "c".to_owned());
        assert_eq!(for_cluster(UID, &settings, &folders).unwrap().profile.name, "named");
        assert!(for_cluster("another", &Settings::default(), &folders).is_none());
    }
}
