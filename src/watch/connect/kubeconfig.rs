//! Which kubeconfig, which context: the rules that kubectl has.

use std::path::{Path, PathBuf};

use kube::config::{AuthInfo, Cluster, Context, Kubeconfig};

use super::{Surroundings, trouble};
use crate::situation::{Trouble, clean};
use crate::watch::Target;

/// Where the way to the cluster is written.
#[derive(Debug)]
pub(super) enum Found {
    /// In one or several files, merged.
    Kubeconfig(Box<Kubeconfig>, String),
    /// In the environment of this pod.
    InCluster,
}

/// A context with what it names.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) name: String,
    pub(super) context: Context,
    pub(super) cluster: Cluster,
    pub(super) user: AuthInfo,
}

/// The kubeconfig files that [`find`] would read, as far as they exist; for what is beside the way to the cluster (the
/// profile's choice).
pub(in crate::watch) fn files(target: &Target, env: &Surroundings) -> Vec<PathBuf> {
    let listed = || {
        let list = env.first(&["KUBECONFIG"])?;
        Some(std::env::split_paths(&list).filter(|p| !p.as_os_str().is_empty()).collect())
    };
    let usual = || env.home.iter().map(|home| home.join(".kube/config")).chain([env.k3s.clone()]).collect();
    let named: Vec<PathBuf> = target.kubeconfig.clone().map(|f| vec![f]).or_else(listed).unwrap_or_else(usual);
    named.into_iter().filter(|p| p.exists()).collect()
}

/// Looks where [`Target::kubeconfig`] says.
///
/// # Errors
/// When there is nothing, or what there is cannot be read.
pub(super) fn find(target: &Target, env: &Surroundings) -> Result<Found, Trouble> {
    if let Some(file) = &target.kubeconfig {
        return read(std::slice::from_ref(file));
    }
    if let Some(list) = env.first(&["KUBECONFIG"]) {
        let files: Vec<PathBuf> = std::env::split_paths(&list).filter(|p| !p.as_os_str().is_empty()).collect();
        // As with kubectl, a file of the list that does not exist is no mistake.
        let there: Vec<PathBuf> = files.iter().filter(|p| p.exists()).cloned().collect();
        if there.is_empty() && !files.is_empty() {
            return Err(trouble(
                &format!("KUBECONFIG names only files that do not exist: {list}"),
                "correct KUBECONFIG or unset it",
            ));
        }
        if !there.is_empty() {
            return read(&there);
        }
    }
    if let Some(file) = env.home.as_ref().map(|home| home.join(".kube/config")).filter(|file| file.exists()) {
        let found = read(&[file])?;
        if matches!(&found, Found::Kubeconfig(config, _) if !config.contexts.is_empty()) {
            return Ok(found);
        }
    }
    if env.first(&["KUBERNETES_SERVICE_HOST"]).is_some() && env.service_account.exists() {
        return Ok(Found::InCluster);
    }
    if env.k3s.exists() {
        return read(std::slice::from_ref(&env.k3s));
    }
    Err(trouble(
        &format!("no kubeconfig: neither KUBECONFIG nor ~/.kube/config nor {} is there", env.k3s.display()),
        "pass --kubeconfig FILE, or try `crashcart drill`, which needs no cluster",
    ))
}

fn read(files: &[PathBuf]) -> Result<Found, Trouble> {
    let mut merged = Kubeconfig::default();
    for file in files {
        let config = Kubeconfig::read_from(file).map_err(|error| unreadable(file, &error))?;
        merged = merged.merge(config).map_err(|error| unreadable(file, &error))?;
    }
    let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    Ok(Found::Kubeconfig(Box::new(merged), names.join(", ")))
}

fn unreadable(file: &Path, error: &kube::config::KubeconfigError) -> Trouble {
    use kube::config::KubeconfigError as E;
    let file = file.display();
    match error {
        E::ReadConfig(io, _) if io.kind() == std::io::ErrorKind::PermissionDenied => trouble(
            &format!("cannot read the kubeconfig {file}: permission denied"),
            "run as a user who may read it (sudo), or copy it",
        ),
        E::ReadConfig(io, _) => trouble(&format!("cannot read the kubeconfig {file}: {io}"), "check the path"),
        // The message of a YAML error quotes the lines around it, tokens and keys among them.
        E::Parse(error) => {
            let line = error.location().map_or_else(String::new, |l| format!(", line {}", l.line()));
            trouble(&format!("the kubeconfig {file}{line} is not valid YAML or not a kubeconfig"), "correct the file")
        }
        other => trouble(&format!("the kubeconfig {file}: {other}"), "correct the file"),
    }
}

/// Chooses the context: `wanted`, else the file's current one.
///
/// # Errors
/// When it does not exist, or names a cluster or a user that does not.
pub(super) fn choose(config: &Kubeconfig, files: &str, wanted: Option<&str>) -> Result<Chosen, Trouble> {
    let known = || {
        let names: Vec<&str> = config.contexts.iter().map(|c| c.name.as_str()).take(12).collect();
        if names.is_empty() { format!("{files} has no contexts") } else { format!("there are: {}", names.join(", ")) }
    };
    let Some(name) = wanted.or(config.current_context.as_deref()).filter(|n| !n.is_empty()) else {
        return Err(trouble(&format!("no current context in {files}"), &format!("pass --context NAME; {}", known())));
    };
    let context = config.contexts.iter().find(|c| c.name == name).and_then(|c| c.context.clone());
    let Some(context) = context else {
        return Err(trouble(
            &format!("no context {} in {files}", clean(name)),
            &format!("pass --context NAME; {}", known()),
        ));
    };
    let cluster = config.clusters.iter().find(|c| c.name == context.cluster).and_then(|c| c.cluster.clone());
    let Some(cluster) = cluster else {
        return Err(trouble(
            &format!("context {name} names the cluster {}, which is not in {files}", context.cluster),
            "correct the kubeconfig",
        ));
    };
    // As with kubectl, no user or an unknown one means: without credentials.
    let user = config.auth_infos.iter().find(|u| Some(&u.name) == context.user.as_ref());
    let user = user.and_then(|u| u.auth_info.clone()).unwrap_or_default();
    Ok(Chosen { name: name.to_owned(), context, cluster, user })
}
