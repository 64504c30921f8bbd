//! The profile: which workload plays which role, the outside services, how to reach nodes and endpoints.

mod check;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::{OUTSIDE, WORKLOADS};

use super::source::SourceFile;
use super::{Problem, embedded, yaml};

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
    /// The configuration file for `ssh` that knows the nodes' aliases, if it is not the user's own.
    pub ssh_config: String,
    /// Outside services by name; what is not in here is "not configured".
    pub outside: BTreeMap<String, Outside>,
    /// Where probes really go, for a drill: `203.0.113.11:80: 127.0.0.1:40123`. All targets must be loopback.
    pub dial: BTreeMap<String, String>,
    /// For a drill, the authority (PEM) behind the certificates of what `dial` leads to; trusted for nothing else.
    pub dial_ca: String,
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
    /// Labels the workload must have; used when it has no name. `a|b` means either value.
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
    /// `edge`, `dns`, `postgres`, `s3`, `smtp`, `registry`.
    pub kind: String,
    /// Host and port to probe.
    pub address: String,
}

impl Profile {
    /// Reads a profile from a file's text. It is used only whole: a profile with a mistake could divert probes or blame
    /// the wrong workload.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(file: &SourceFile) -> Result<Self, Vec<Problem>> {
        let (profile, lines): (Self, _) = yaml::read(file).map_err(|problem| vec![problem])?;
        let problems = check::check(&profile, file, &lines);
        if problems.is_empty() { Ok(profile) } else { Err(problems) }
    }

    /// The one that holds where no other is chosen: roles by the usual labels.
    pub fn generic() -> Self {
        let text = embedded::PROFILES.iter().find(|(name, _)| *name == "generic").map_or("", |(_, text)| text);
        Self::read(&SourceFile { path: "profiles/generic.yaml".into(), text: text.to_owned() }).unwrap_or_default()
    }
}

impl Role {
    /// Whether a workload fits the role; `labelled` tells whether it has a label of that key and value. A role with
    /// neither a name nor labels fits nothing.
    pub fn fits(&self, kind: &str, namespace: &str, name: &str, labelled: impl Fn(&str, &str) -> bool) -> bool {
        let is = |wanted: &str, given: &str| wanted.is_empty() || wanted == given;
        let has_labels = || self.labels.iter().all(|(key, values)| values.split('|').any(|value| labelled(key, value)));
        is(&self.kind, kind)
            && is(&self.namespace, namespace)
            && if self.name.is_empty() { !self.labels.is_empty() && has_labels() } else { self.name == name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Profile, Vec<String>> {
        let file = SourceFile { path: "p.yaml".into(), text: text.to_owned() };
        Profile::read(&file).map_err(|all| all.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_generic_profile_finds_roles_by_the_usual_labels() {
        let profile = Profile::generic();
        let role = |kind: &str, namespace: &str, name: &str, label: (&str, &str)| {
            let mut roles = profile.roles.iter();
            roles.find(|(_, r)| r.fits(kind, namespace, name, |k, v| (k, v) == label)).map(|(name, _)| name.as_str())
        };
        let app = "app.kubernetes.io/name";
        assert_eq!(role("DaemonSet", "kube-system", "traefik", (app, "traefik")), Some("ingress"));
        assert_eq!(role("Deployment", "web", "controller", (app, "ingress-nginx")), Some("ingress"));
        assert_eq!(role("Deployment", "kube-system", "x", ("k8s-app", "kube-dns")), Some("dns"));
        assert_eq!(role("Deployment", "kube-system", "m", ("k8s-app", "metrics-server")), Some("metrics"));
        assert_eq!(role("Deployment", "web", "m", ("k8s-app", "metrics-server")), None);
        assert_eq!(role("Deployment", "web", "shop", ("app", "shop")), None);
    }

    #[test]
    fn a_profile_survives_being_written_and_read_back() {
        let text = "name: a\nroles: { api: { kind: Deployment, name: api, serves: true } }\ndial: { \"203.0.113.1:80\": \"127.0.0.1:4000\" }\n";
        let profile = read(text).unwrap();
        assert_eq!(read(&serde_saphyr::to_string(&profile).unwrap()).unwrap(), profile);
    }

    #[test]
    fn every_mistake_is_named_in_the_order_of_the_file() {
        let text = "\
name: a
clusters: [nonsense]
endpoints:
  - http://203.0.113.1:6443
roles:
  api: { kind: Deploymnet, name: api }
  web: {}
nodes:
  - { name: one, public: 203.0.113.300 }
  - { name: one, ssh: -oProxyCommand=x }
outside:
  db: { kind: postgres, address: db.example.com }
dial:
  203.0.113.1:80: 198.51.100.7:80
";
        assert_eq!(
            read(text).unwrap_err(),
            [
                r#"p.yaml:2: "nonsense" identifies no cluster; write the URL of its API server, as in the kubeconfig"#,
                r#"p.yaml:4: "http://203.0.113.1:6443" is not an API endpoint; write https://HOST:PORT"#,
                r#"p.yaml:6: a "Deploymnet" cannot play the role api; did you mean "Deployment"?"#,
                r"p.yaml:7: nothing says which workload plays the role web; give it a name or labels",
                r#"p.yaml:9: "203.0.113.300" is not an IP address; write it as 203.0.113.11 or 2001:db8::11"#,
                r#"p.yaml:10: node "one" is listed twice, first on line 9; remove one of them"#,
                r#"p.yaml:10: "-oProxyCommand=x" is not an alias for ssh; write a Host of ~/.ssh/config, or USER@HOST"#,
                r#"p.yaml:12: "db.example.com" is not an address to probe; write HOST:PORT"#,
                r#"p.yaml:14: "198.51.100.7:80" is not an address of this machine: a profile cannot divert probes elsewhere; write 127.0.0.1:PORT, or remove the dial: map"#
            ]
        );
    }
}
