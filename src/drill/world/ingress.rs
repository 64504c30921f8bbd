//! What the ingress of a node routes where: its configuration, made of Ingresses, Services and EndpointSlices.
//!
//! It is read when it is asked for. A node that has lost the API goes on with what it knew last.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::World;
use super::json::{entry, list, text};
use crate::drill::net::{Place, Route, Vantage, route};

/// The class of Ingresses that it serves.
const CLASS: &str = "traefik";

/// What it does with one host and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The host, written small; empty for any.
    host: String,
    path: String,
    exact: bool,
    /// The addresses and ports that are ready behind it.
    pub servers: Vec<(String, u16)>,
}

/// A configuration.
pub type Rules = Arc<Vec<Rule>>;

/// The last configuration of nodes that have lost the API.
pub type Remembered = BTreeMap<String, Rules>;

impl Rule {
    fn fits(&self, host: &str, path: &str) -> bool {
        let host_fits = match self.host.strip_prefix('*') {
            Some(parent) => host.strip_suffix(parent).is_some_and(|label| !label.is_empty() && !label.contains('.')),
            None => self.host.is_empty() || self.host == host,
        };
        host_fits
            && match path.strip_prefix(self.path.trim_end_matches('/')) {
                Some(_) if self.exact => path == self.path,
                Some(rest) => rest.is_empty() || rest.starts_with('/'),
                None => false,
            }
    }
}

/// What fits a host (written small, without port) and path best: the longest rule, as the ingress ranks them.
pub fn pick<'a>(rules: &'a [Rule], host: &str, path: &str) -> Option<&'a Rule> {
    let fitting = rules.iter().filter(|rule| rule.fits(host, path));
    fitting.max_by_key(|rule| (rule.host.len() + rule.path.len(), rule.exact))
}

impl World {
    /// The configuration of a node's ingress.
    pub fn ingress_rules(&self, node: &str) -> Rules {
        if self.reaches_api(node) {
            return self.current_rules();
        }
        self.remembered.get(node).cloned().unwrap_or_default()
    }

    /// Before the ways to the API change: what each ingress knows now, in case it loses the API.
    pub(super) fn remember_rules(&mut self) {
        let nodes: Vec<String> = self.machines.keys().cloned().collect();
        let rules = self.current_rules();
        for node in nodes {
            if self.reaches_api(&node) {
                self.remembered.insert(node, rules.clone());
            }
        }
    }

    /// Whether what runs on a node reaches the API server of any.
    fn reaches_api(&self, node: &str) -> bool {
        let from = Vantage::Node(node.to_owned());
        let mut servers = self.machines.values();
        servers.any(|server| matches!(route(self, &from, &server.private, 6443), Route::To(Place::Api(_))))
    }

    fn current_rules(&self) -> Rules {
        let ingresses = self.store.list(self.res.ingresses, None);
        let ours = ingresses.iter().filter(|i| [CLASS, ""].contains(&text(i, "/spec/ingressClassName")));
        Arc::new(ours.flat_map(|ingress| self.rules_of(ingress)).collect())
    }

    fn rules_of(&self, ingress: &Value) -> Vec<Rule> {
        let namespace = text(ingress, "/metadata/namespace");
        let mut rules = Vec::new();
        for rule in list(ingress, "/spec/rules") {
            for path in list(rule, "/http/paths") {
                // A rule whose Service is missing is left out, so that nothing answers for it.
                let Some(servers) = self.servers(namespace, &path["backend"]["service"]) else { continue };
                rules.push(Rule {
                    host: text(rule, "/host").to_ascii_lowercase(),
                    path: match text(path, "/path") {
                        "" => "/".to_owned(),
                        path => path.to_owned(),
                    },
                    exact: text(path, "/pathType") == "Exact",
                    servers,
                });
            }
        }
        if let Some(backend) = ingress.pointer("/spec/defaultBackend/service")
            && let Some(servers) = self.servers(namespace, backend)
        {
            rules.push(Rule { host: String::new(), path: "/".to_owned(), exact: false, servers });
        }
        rules
    }

    /// The ready endpoints behind a backend; nothing if there is no such Service or port.
    fn servers(&self, namespace: &str, backend: &Value) -> Option<Vec<(String, u16)>> {
        let name = text(backend, "/name");
        let service = self.store.get(self.res.services, namespace, name)?;
        let wanted = &backend["port"];
        let mut ports = list(&service, "/spec/ports").iter();
        let is_it = |p: &&Value| match wanted["name"].as_str() {
            Some(name) => text(p, "/name") == name,
            None => p["port"] == wanted["number"],
        };
        let port = text(ports.find(is_it)?, "/name").to_owned();
        let slices = self.store.list(self.res.slices, Some(namespace));
        let own = slices.iter().filter(|s| entry(s, "/metadata/labels", "kubernetes.io/service-name") == name);
        Some(own.flat_map(|slice| ready(slice, &port)).collect())
    }
}

/// The ready addresses of a slice with the number of a named port.
fn ready(slice: &Value, port: &str) -> Vec<(String, u16)> {
    let named = list(slice, "/ports").iter().find(|p| text(p, "/name") == port);
    let Some(number) = named.and_then(|p| p["port"].as_u64()).and_then(|n| u16::try_from(n).ok()) else {
        return Vec::new();
    };
    let endpoints = list(slice, "/endpoints").iter().filter(|e| e["conditions"]["ready"] != false);
    endpoints.map(|e| (text(e, "/addresses/0").to_owned(), number)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::json;

    use super::*;
    use crate::drill::world::{Trouble, Unit};

    fn world() -> World {
        World::new(1, "2026-03-01T04:00:00Z".parse().unwrap())
    }

    fn rule(host: &str, path: &str, exact: bool) -> Rule {
        Rule { host: host.into(), path: path.into(), exact, servers: Vec::new() }
    }

    #[test]
    fn the_longest_rule_that_fits_wins() {
        let rules = [
            rule("", "/", false),
            rule("api.example.com", "/", false),
            rule("api.example.com", "/v2", false),
            rule("api.example.com", "/v2", true),
            rule("*.example.com", "/", false),
        ];
        let which = |host, path| rules.iter().position(|r| Some(r) == pick(&rules, host, path));
        assert_eq!(which("api.example.com", "/"), Some(1));
        assert_eq!(which("api.example.com", "/v2"), Some(3));
        assert_eq!(which("api.example.com", "/v2/x"), Some(2));
        assert_eq!(which("api.example.com", "/v22"), Some(1));
        assert_eq!(which("x.example.com", "/"), Some(4));
        assert_eq!(which("a.b.example.com", "/"), Some(0));
        assert_eq!(pick(&rules[1..], "example.org", "/"), None);
    }

    #[test]
    fn a_rule_has_the_ready_endpoints_and_goes_with_its_service() {
        let mut world = world();
        let servers = |world: &World, host| {
            let rules = world.ingress_rules("nbg1-1");
            pick(&rules, host, "/").map(|rule| rule.servers.len())
        };
        assert_eq!((servers(&world, "api.example.com"), servers(&world, "admin.example.com")), (Some(3), Some(1)));
        assert_eq!(servers(&world, "other.example.com"), None);
        world.store.modify(world.res.deployments, "honeydue", "admin", |d| d["spec"]["replicas"] = json!(0));
        world.advance(world.now + SignedDuration::from_secs(60));
        assert_eq!(servers(&world, "admin.example.com"), Some(0));
        world.store.remove(world.res.services, "honeydue", "admin");
        assert_eq!(servers(&world, "admin.example.com"), None);
    }

    #[test]
    fn without_the_api_it_keeps_its_last_configuration() {
        let mut world = world();
        // One node's own API server is not the only one: it goes on with another's.
        world.change_machine("nbg1-1", |m| Trouble::K3s(Unit::Inactive).befall(m));
        assert!(world.reaches_api("nbg1-1"));
        world.change_machine("nbg1-1", |m| Trouble::PrivateLink.befall(m));
        assert!(!world.reaches_api("nbg1-1"));
        world.store.remove(world.res.ingresses, "honeydue", "admin");
        assert!(pick(&world.ingress_rules("nbg1-1"), "admin.example.com", "/").is_some());
        assert!(pick(&world.ingress_rules("nbg1-2"), "admin.example.com", "/").is_none());
        world.change_machine("nbg1-1", |m| Trouble::PrivateLink.mend(m));
        assert!(pick(&world.ingress_rules("nbg1-1"), "admin.example.com", "/").is_none());
    }
}
