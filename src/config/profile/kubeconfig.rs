//! The profile that a kubeconfig names: the extension `crashcart` of the context, `{profile: PATH}`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::source::SourceFile;

/// The kubeconfig files that hold, by kubectl's rules and k3s' own file at last. Only files that exist.
pub fn files(argument: Option<&Path>, get: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let there = |files: Vec<PathBuf>| files.into_iter().filter(|f| f.is_file()).collect::<Vec<_>>();
    if let Some(file) = argument {
        return there(vec![file.to_owned()]);
    }
    if let Some(list) = get("KUBECONFIG").filter(|list| !list.is_empty()) {
        return there(std::env::split_paths(&list).filter(|p| !p.as_os_str().is_empty()).collect());
    }
    let own = get("HOME").map(|home| PathBuf::from(home).join(".kube/config")).filter(|f| f.is_file());
    there(vec![own.unwrap_or_else(|| "/etc/rancher/k3s/k3s.yaml".into())])
}

/// The profile that the context names, relative to the file that the context is in. The first file that says something
/// wins, as for kubectl. `None` also where a file cannot be read: connecting says that better.
pub fn named_by(files: &[PathBuf], context: Option<&str>) -> Option<PathBuf> {
    let parsed: Vec<(&Path, Kubeconfig)> = files.iter().filter_map(|f| Some((f.as_path(), parse(f)?))).collect();
    let current = || parsed.iter().map(|(_, k)| k.current_context.as_str()).find(|name| !name.is_empty());
    let wanted = context.or_else(current)?;
    let (file, context) =
        parsed.iter().find_map(|(file, k)| Some((*file, k.contexts.iter().find(|c| c.name == wanted)?)))?;
    let extension = context.context.extensions.iter().find(|e| e.name == "crashcart")?;
    let profile = extension.extension.get("profile")?.as_str()?;
    Some(file.parent().unwrap_or_else(|| Path::new("")).join(profile))
}

fn parse(file: &Path) -> Option<Kubeconfig> {
    let file = SourceFile::read(file).ok()?;
    serde_saphyr::from_str(&file.text).ok()
}

#[derive(Deserialize)]
struct Kubeconfig {
    #[serde(default, rename = "current-context")]
    current_context: String,
    #[serde(default)]
    contexts: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    context: Context,
}

#[derive(Deserialize, Default)]
struct Context {
    #[serde(default)]
    extensions: Vec<Extension>,
}

#[derive(Deserialize)]
struct Extension {
    name: String,
    #[serde(default)]
    extension: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_names_a_profile_relative_to_its_own_file() {
        let home = tempfile::tempdir().unwrap();
        let (one, two) = (home.path().join("one"), home.path().join("sub/two"));
        std::fs::create_dir(home.path().join("sub")).unwrap();
        std::fs::write(&one, "current-context: b\ncontexts: [{ name: a, context: { cluster: x } }]\n").unwrap();
        let text = "contexts:\n- name: b\n  context:\n    cluster: x\n    extensions:\n    - name: minikube\n      extension: 7\n    - name: crashcart\n      extension: { profile: two.profile.yaml, socket: /run/x }\n";
        std::fs::write(&two, text).unwrap();
        let files = [one, two];
        let expected = home.path().join("sub/two.profile.yaml");
        assert_eq!(named_by(&files, None), Some(expected.clone()));
        assert_eq!(named_by(&files, Some("b")), Some(expected));
        assert_eq!(named_by(&files, Some("a")), None);
        assert_eq!(named_by(&files, Some("gone")), None);
    }

    #[test]
    fn the_files_are_those_of_kubectl() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".kube")).unwrap();
        let own = home.path().join(".kube/config");
        let other = home.path().join("other");
        for file in [&own, &other] {
            std::fs::write(file, "").unwrap();
        }
        let env = |list: Option<&str>| {
            let (list, home) = (list.map(OsString::from), home.path().as_os_str().to_owned());
            move |name: &str| {
                if name == "HOME" { Some(home.clone()) } else { list.clone().filter(|_| name == "KUBECONFIG") }
            }
        };
        assert_eq!(files(Some(&other), env(None)), [other.as_path()]);
        assert_eq!(files(None, env(Some(&format!(":{}:/gone", other.display())))), [other.as_path()]);
        assert_eq!(files(None, env(None)), [own.as_path()]);
    }
}
