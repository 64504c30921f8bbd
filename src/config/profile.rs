//! The profile: which workload plays which role, the outside services, how to reach nodes and endpoints.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::source::SourceFile;
use super::{Problem, embedded};

/// The description of one deployment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Profile {
    /// What it is called, for the banner and the record.
    pub name: String,
    /// The clusters it describes, by the URL of their API server; for the search in the configuration folder.
    pub clusters: Vec<String>,
    /// Namespaces of the deployment: their ConfigMaps are hashed, their pods' metrics polled.
    pub namespaces: Vec<String>,
    /// Further API endpoints (`https://host:port`) that serve the same cluster; reads fail over to them.
    pub endpoints: Vec<String>,
    /// Workloads by role. Well-known roles: `ingress`, `dns`, `metrics`, `storage`, `cache`, `worker`; others are the
    /// deployment's own.
    pub roles: BTreeMap<String, Role>,
    /// The nodes and how to reach them.
    pub nodes: Vec<NodeAccess>,
    /// Outside services by name; what is not in here is "not configured".
    pub outside: BTreeMap<String, Outside>,
    /// Where probes really go, for a drill: `203.0.113.11:80: 127.0.0.1:40123`. All targets must be loopback.
    pub dial: BTreeMap<String, String>,
}

/// What plays a role.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Role {
    /// `Deployment`, `DaemonSet` or `StatefulSet`; empty: any of them.
    pub kind: String,
    /// Its namespace; empty: any.
    pub namespace: String,
    /// Its name; empty: by its labels.
    pub name: String,
    /// Labels the workload must have; used when it has no name.
    pub labels: BTreeMap<String, String>,
    /// There must never be two of it at work (a scheduler, a cache with a local volume).
    pub singleton: bool,
    /// Users' requests pass through it.
    pub serves: bool,
}

/// How to reach a node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NodeAccess {
    /// Its name in Kubernetes.
    pub name: String,
    /// The alias for `ssh`.
    pub ssh: String,
    /// Its public address.
    pub public: String,
    /// Its private address.
    pub private: String,
}

/// An outside service.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Outside {
    /// `edge`, `postgres`, `s3`, `smtp`, `registry`.
    pub kind: String,
    /// Host and port to probe.
    pub address: String,
}

/// The kinds of workload a role can be played by.
const KINDS: [&str; 3] = ["Deployment", "DaemonSet", "StatefulSet"];

impl Profile {
    /// The one that holds where no other is chosen: roles by the usual labels.
    pub fn generic() -> Self {
        let file = SourceFile { path: "profiles/generic.yaml".into(), text: embedded::PROFILES[0].1.to_owned() };
        Self::read(&file).unwrap_or_default()
    }

    /// Reads a profile. A wrong profile would look at the wrong things, so any problem refuses the whole file.
    pub fn read(file: &SourceFile) -> Result<Self, Vec<Problem>> {
        let profile: Self = serde_saphyr::from_str(&file.text).map_err(|error| {
            let line = error.location().map_or(0, |l| usize::try_from(l.line()).unwrap_or(0));
            let message = error.without_snippet().to_string().lines().collect::<Vec<_>>().join(" ");
            let fix = "crashcart schema profile describes the format".to_owned();
            vec![Problem { file: file.path.clone(), line, message, fix }]
        })?;
        let problems = profile.problems(file);
        if problems.is_empty() { Ok(profile) } else { Err(problems) }
    }

    fn problems(&self, file: &SourceFile) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut report = |needle: &str, message: String, fix: &str| {
            let start = file.text.find(needle).unwrap_or(0);
            problems.push(file.problem(&(start..start), message, fix));
        };
        for endpoint in &self.endpoints {
            if !endpoint.starts_with("https://") {
                report(endpoint, format!("endpoint {endpoint:?} is no https URL"), "write https://HOST:6443");
            }
        }
        for (name, role) in &self.roles {
            if !role.kind.is_empty() && !KINDS.contains(&role.kind.as_str()) {
                let message = format!("role {name:?} has kind {:?}", role.kind);
                report(&role.kind, message, "write Deployment, DaemonSet or StatefulSet, or leave it out");
            }
            if role.name.is_empty() && role.labels.is_empty() {
                report(name, format!("role {name:?} names no workload"), "give it a name or labels");
            }
        }
        for (from, to) in &self.dial {
            let target = to.parse::<std::net::SocketAddr>();
            if target.is_ok_and(|a| a.ip().is_loopback()) {
                continue;
            }
            let message = format!("dial {from:?} leads to {to:?}, which is no loopback address");
            report(to, message, "dial is for drills only: write 127.0.0.1:PORT");
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Profile, Vec<String>> {
        let file = SourceFile { path: "mine.yaml".into(), text: text.to_owned() };
        Profile::read(&file).map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_generic_profile_is_sound() {
        assert!(Profile::generic().roles.contains_key("ingress"));
    }

    #[test]
    fn mistakes_name_line_and_fix() {
        let problems = read(
            "name: mine\nendpoints:\n  - http://203.0.113.11:6443\nroles:\n  api:\n    kind: Pod\n    name: api\n  web: {}\n\
             dial:\n  203.0.113.11:80: 203.0.113.12:80\n",
        );
        assert_eq!(
            problems.unwrap_err(),
            [
                "mine.yaml:3: endpoint \"http://203.0.113.11:6443\" is no https URL; write https://HOST:6443",
                "mine.yaml:6: role \"api\" has kind \"Pod\"; write Deployment, DaemonSet or StatefulSet, or leave it out",
                "mine.yaml:8: role \"web\" names no workload; give it a name or labels",
                "mine.yaml:10: dial \"203.0.113.11:80\" leads to \"203.0.113.12:80\", which is no loopback address; dial is for drills only: write 127.0.0.1:PORT",
            ]
        );
    }

    #[test]
    fn unknown_fields_and_hostile_yaml_are_refused_with_their_line() {
        let problems = read("name: x\nrolse: {}\n").unwrap_err();
        assert!(problems[0].starts_with("mine.yaml:2: ") && problems[0].contains("rolse"), "{problems:?}");
        let bomb = format!(
            "a0: &a0 [x]\n{}",
            (1..40).map(|i| format!("a{i}: &a{i} [*a{0}, *a{0}]\n", i - 1)).collect::<String>()
        );
        assert!(read(&bomb).is_err());
        assert!(read("- just\n- a list\n").is_err());
    }
}
