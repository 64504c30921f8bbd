//! What a profile must not say.

use std::net::SocketAddr;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::{Outside, Profile, Role};
use crate::config::Problem;
use crate::config::source::{SourceFile, suggest};
use crate::config::yaml::Lines;

/// Kinds that can play a role.
pub const WORKLOADS: &[&str] = &["Deployment", "DaemonSet", "StatefulSet"];
/// Kinds of outside service.
pub const OUTSIDE: &[&str] = &["edge", "dns", "postgres", "s3", "smtp", "registry"];

/// Everything that is wrong with a profile, in the file's order within each part.
pub(super) fn check(profile: &Profile, file: &SourceFile, lines: &Lines) -> Vec<Problem> {
    let mut check = Check { file, lines, problems: Vec::new() };
    check.names(profile);
    for (i, url) in profile.endpoints.iter().enumerate() {
        check.endpoint(&i.to_string(), url);
    }
    for (name, role) in &profile.roles {
        check.role(name, role);
    }
    check.nodes(profile);
    for (name, outside) in &profile.outside {
        check.outside(name, outside);
    }
    for (from, to) in &profile.dial {
        check.dial(from, to);
    }
    check.dial_ca(&profile.dial_ca);
    check.problems.sort_by_key(|p| p.line);
    check.problems
}

struct Check<'a> {
    file: &'a SourceFile,
    lines: &'a Lines,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn say(&mut self, path: &[&str], message: String, fix: impl Into<String>) {
        let file = self.file.path.clone();
        self.problems.push(Problem { file, line: self.lines.of(path), message, fix: fix.into() });
    }

    fn names(&mut self, profile: &Profile) {
        if profile.name.is_empty() {
            self.say(&[], "the profile has no name".to_owned(), "write name: NAME at the top");
        }
        for (i, cluster) in profile.clusters.iter().enumerate() {
            if !is_https(cluster) {
                let fix = "write the URL of its API server, as in the kubeconfig";
                self.say(&["clusters", &i.to_string()], format!("{cluster:?} identifies no cluster"), fix);
            }
        }
        for (i, namespace) in profile.namespaces.iter().enumerate() {
            if !is_label(namespace) {
                let message = format!("{namespace:?} is not the name of a namespace");
                self.say(&["namespaces", &i.to_string()], message, "use lower-case letters, digits and -");
            }
        }
    }

    fn endpoint(&mut self, index: &str, url: &str) {
        if url.contains('@') {
            let message = "an API endpoint holds no user and no password".to_owned();
            self.say(&["endpoints", index], message, "write https://HOST:PORT; credentials come from the kubeconfig");
        } else if !is_https(url) {
            self.say(&["endpoints", index], format!("{url:?} is not an API endpoint"), "write https://HOST:PORT");
        }
    }

    fn role(&mut self, name: &str, role: &Role) {
        if !role.kind.is_empty() && !WORKLOADS.contains(&role.kind.as_str()) {
            let fix = suggest(&role.kind, WORKLOADS.iter().copied());
            self.say(&["roles", name, "kind"], format!("a {:?} cannot play the role {name}", role.kind), fix);
        }
        if role.name.is_empty() && role.labels.is_empty() {
            let message = format!("nothing says which workload plays the role {name}");
            self.say(&["roles", name], message, "give it a name or labels");
        }
    }

    fn nodes(&mut self, profile: &Profile) {
        let mut seen = std::collections::BTreeMap::new();
        for (i, node) in profile.nodes.iter().enumerate() {
            let index = i.to_string();
            if node.name.is_empty() {
                self.say(&["nodes", &index], "a node has no name".to_owned(), "give its name in Kubernetes");
            } else if let Some(first) = seen.insert(&node.name, self.lines.of(&["nodes", &index])) {
                let message = format!("node {:?} is listed twice, first on line {first}", node.name);
                self.say(&["nodes", &index], message, "remove one of them");
            }
            for (field, address) in [("public", &node.public), ("private", &node.private)] {
                if !address.is_empty() && address.parse::<std::net::IpAddr>().is_err() {
                    let message = format!("{address:?} is not an IP address");
                    self.say(&["nodes", &index, field], message, "write it as 203.0.113.11 or 2001:db8::11");
                }
            }
            // What begins with a dash would be taken for an option.
            if node.ssh.starts_with('-') || node.ssh.contains(char::is_whitespace) {
                let message = format!("{:?} is not an alias for ssh", node.ssh);
                self.say(&["nodes", &index, "ssh"], message, "write a Host of ~/.ssh/config, or USER@HOST");
            }
        }
    }

    fn outside(&mut self, name: &str, outside: &Outside) {
        if !OUTSIDE.contains(&outside.kind.as_str()) {
            let fix = suggest(&outside.kind, OUTSIDE.iter().copied());
            self.say(&["outside", name, "kind"], format!("{:?} is not a kind of outside service", outside.kind), fix);
        }
        if !is_host_port(&outside.address) {
            let message = format!("{:?} is not an address to probe", outside.address);
            self.say(&["outside", name, "address"], message, "write HOST:PORT");
        }
    }

    fn dial_ca(&mut self, pem: &str) {
        if !pem.is_empty() && CertificateDer::from_pem_slice(pem.as_bytes()).is_err() {
            let fix = "paste a PEM block, or remove dialCa";
            self.say(&["dialCa"], "dialCa holds no certificate".to_owned(), fix);
        }
    }

    fn dial(&mut self, from: &str, to: &str) {
        if !is_host_port(from) {
            self.say(&["dial", from], format!("{from:?} is not an address that is probed"), "write HOST:PORT");
        }
        if !to.parse::<SocketAddr>().is_ok_and(|a| a.ip().is_loopback() && a.port() != 0) {
            let message = format!("{to:?} is not an address of this machine: a profile cannot divert probes elsewhere");
            self.say(&["dial", from], message, "write 127.0.0.1:PORT, or remove the dial: map");
        }
    }
}

fn is_https(url: &str) -> bool {
    url.parse::<http::Uri>().is_ok_and(|u| {
        u.scheme_str() == Some("https")
            && u.authority().is_some_and(|a| !a.host().is_empty() && !a.as_str().contains('@'))
            && u.query().is_none()
    })
}

fn is_label(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| plain(b) || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_host_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:_".contains(&b))
            && !host.starts_with('-')
            && port.parse::<u16>().is_ok_and(|p| p != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_told_from_what_only_looks_like_them() {
        for good in ["example.com:443", "203.0.113.1:80", "[2001:db8::1]:22"] {
            assert!(is_host_port(good), "{good}");
        }
        for bad in ["", "example.com", ":80", "example.com:0", "example.com:99999", "-oProxyCommand=x:22", "a b:80"] {
            assert!(!is_host_port(bad), "{bad}");
        }
        assert!(is_label("kube-system") && !is_label("-a") && !is_label("A") && !is_label(""));
    }
}
