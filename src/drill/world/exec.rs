//! What a process finds in a container: its node, its address, its environment, its files.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::World;
use super::json::{list, map, text, uid};
use super::program::Trade;
use super::random::digest;
use crate::drill::net::Vantage;
use crate::drill::outside::Site;

/// The address of the cluster's name server.
const CLUSTER_DNS: &str = "10.43.0.10";
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Where every pod finds what it is to the API.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Where the containers of a pod live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    /// Its node.
    pub node: String,
    /// Its address.
    pub ip: String,
    /// Whether that is the node's own.
    pub on_host: bool,
    /// The runtime's id for it.
    pub id: String,
    /// The name of its network's namespace.
    pub netns: String,
}

impl Sandbox {
    /// Where its connections come from.
    pub fn vantage(&self) -> Vantage {
        Vantage::Node(self.node.clone())
    }
}

/// What an image holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// One program and nothing else.
    Bare,
    /// A small system with a shell.
    System,
    /// The same with `curl`.
    WithCurl,
    /// The same with `redis-cli`.
    WithRedis,
}

impl Image {
    const fn of(trade: Trade) -> Self {
        match trade {
            Trade::Dns | Trade::Metrics => Self::Bare,
            Trade::Api | Trade::Worker | Trade::Task => Self::WithCurl,
            Trade::Redis => Self::WithRedis,
            Trade::Admin | Trade::Ingress | Trade::Storage | Trade::Other => Self::System,
        }
    }
}

/// What a process finds in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// Where its container lives.
    pub sandbox: Sandbox,
    /// What its image holds.
    pub image: Image,
    /// The container's id.
    pub id: String,
    /// Its environment, in order.
    pub env: Vec<(String, String)>,
    /// Files by path; folders are what their names imply.
    pub files: BTreeMap<String, String>,
    /// Its clock.
    pub now: Timestamp,
}

impl Surroundings {
    /// The value of a variable; empty if there is none.
    pub fn variable(&self, name: &str) -> &str {
        self.env.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

impl World {
    /// Where the containers of a pod live.
    ///
    /// # Errors
    /// When its node's kubelet does not answer or the pod has no sandbox yet, in the API server's words.
    pub fn sandbox(&self, pod: &Value) -> Result<Sandbox, String> {
        let node = text(pod, "/spec/nodeName").to_owned();
        if let Some(machine) = self.machine(&node)
            && !(machine.running() && machine.k3s.active())
        {
            let host = &machine.private;
            return Err(format!(
                "error dialing backend: proxy error from 127.0.0.1:6443 while dialing {host}:10250, code 502: 502 Bad Gateway"
            ));
        }
        let ip = text(pod, "/status/podIP").to_owned();
        if ip.is_empty() {
            return Err(format!("failed to find sandbox of pod {:?}", text(pod, "/metadata/name")));
        }
        let mut id = digest(&format!("sandbox/{}", uid(pod)));
        let netns = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| id.get(part).unwrap_or_default()).join("-");
        id.truncate(64);
        Ok(Sandbox { node, ip, on_host: pod["spec"]["hostNetwork"] == true, id, netns })
    }

    /// What a process finds in a container of a pod; nothing if the pod has no such container.
    pub fn surroundings(&self, pod: &Value, container: &str, sandbox: Sandbox) -> Option<Surroundings> {
        let spec = list(pod, "/spec/containers").iter().find(|c| text(c, "/name") == container)?;
        let status = list(pod, "/status/containerStatuses").iter().find(|c| text(c, "/name") == container)?;
        Some(Surroundings {
            image: Image::of(Trade::of(container)),
            id: text(status, "/containerID").trim_start_matches("containerd://").to_owned(),
            env: self.environment(pod, spec, &sandbox),
            files: self.files(pod, spec, &sandbox),
            now: self.now,
            sandbox,
        })
    }

    fn environment(&self, pod: &Value, container: &Value, sandbox: &Sandbox) -> Vec<(String, String)> {
        let namespace = text(pod, "/metadata/namespace");
        let mut env = vec![("PATH".to_owned(), PATH.to_owned()), ("HOSTNAME".to_owned(), hostname(pod, sandbox))];
        for source in list(container, "/envFrom") {
            let config = self.store.get(self.res.config_maps, namespace, text(source, "/configMapRef/name"));
            let data = config.as_deref().and_then(|c| map(c, "/data")).into_iter().flatten();
            env.extend(data.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))));
        }
        for variable in list(container, "/env") {
            let name = text(variable, "/name").to_owned();
            let value = self.value_of(variable, namespace, pod);
            env.retain(|(known, _)| *known != name);
            env.push((name, value));
        }
        env.extend(self.service_links(namespace));
        env.push(("HOME".to_owned(), "/root".to_owned()));
        env
    }

    fn value_of(&self, variable: &Value, namespace: &str, pod: &Value) -> String {
        let from = &variable["valueFrom"];
        if let Some(reference) = from.get("configMapKeyRef") {
            let config = self.store.get(self.res.config_maps, namespace, text(reference, "/name"));
            return config
                .map(|c| super::json::entry(&c, "/data", text(reference, "/key")).to_owned())
                .unwrap_or_default();
        }
        if let Some(reference) = from.get("secretKeyRef") {
            return self.secret(namespace, text(reference, "/name"), text(reference, "/key"));
        }
        match text(from, "/fieldRef/fieldPath") {
            "" => text(variable, "/value").to_owned(),
            path => text(pod, &format!("/{}", path.replace('.', "/"))).to_owned(),
        }
    }

    fn secret(&self, namespace: &str, name: &str, key: &str) -> String {
        use base64::Engine as _;
        let Some(secret) = self.store.get(self.res.secrets, namespace, name) else { return String::new() };
        let coded = super::json::entry(&secret, "/data", key);
        let bytes = base64::engine::general_purpose::STANDARD.decode(coded).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The variables that name the Services of a namespace.
    fn service_links(&self, namespace: &str) -> Vec<(String, String)> {
        let mut links = Vec::new();
        let own = self.store.list(self.res.services, Some(namespace));
        let kubernetes = self.store.get(self.res.services, "default", "kubernetes");
        for service in kubernetes.iter().chain(&own) {
            let ip = text(service, "/spec/clusterIP");
            let Some(port) = list(service, "/spec/ports").first() else { continue };
            if ip.is_empty() || ip == "None" {
                continue;
            }
            let name = text(service, "/metadata/name").to_uppercase().replace('-', "_");
            links.push((format!("{name}_SERVICE_HOST"), ip.to_owned()));
            links.push((format!("{name}_SERVICE_PORT"), port["port"].to_string()));
            links.push((format!("{name}_PORT"), format!("tcp://{ip}:{}", port["port"])));
        }
        links
    }

    fn files(&self, pod: &Value, container: &Value, sandbox: &Sandbox) -> BTreeMap<String, String> {
        let (namespace, host) = (text(pod, "/metadata/namespace"), hostname(pod, sandbox));
        let ip = &sandbox.ip;
        let mut files: BTreeMap<String, String> = [
            ("/etc/hostname", format!("{host}\n")),
            (
                "/etc/hosts",
                format!(
                    "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
                     fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n{ip}\t{host}\n"
                ),
            ),
            ("/etc/resolv.conf", resolver(pod, namespace)),
            ("/etc/os-release", "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME=\"Alpine Linux v3.22\"\n".into()),
        ]
        .map(|(path, content)| (path.to_owned(), content))
        .into();
        files.insert(format!("{ACCOUNT}/namespace"), namespace.to_owned());
        if let Some(root) = self.store.get(self.res.config_maps, namespace, "kube-root-ca.crt") {
            files.insert(format!("{ACCOUNT}/ca.crt"), super::json::entry(&root, "/data", "ca.crt").to_owned());
        }
        files.extend(self.mounted(pod, container));
        files
    }

    /// What is mounted of ConfigMaps.
    fn mounted(&self, pod: &Value, container: &Value) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for mount in list(container, "/volumeMounts") {
            let mut volumes = list(pod, "/spec/volumes").iter();
            let Some(volume) = volumes.find(|v| v["name"] == mount["name"]) else { continue };
            let name = text(volume, "/configMap/name");
            let Some(config) = self.store.get(self.res.config_maps, text(pod, "/metadata/namespace"), name) else {
                continue;
            };
            for (key, value) in map(&config, "/data").into_iter().flatten() {
                let path = format!("{}/{key}", text(mount, "/mountPath").trim_end_matches('/'));
                files.insert(path, value.as_str().unwrap_or_default().to_owned());
            }
        }
        files
    }
}

fn hostname(pod: &Value, sandbox: &Sandbox) -> String {
    if sandbox.on_host { sandbox.node.clone() } else { text(pod, "/metadata/name").to_owned() }
}

/// `/etc/resolv.conf` of a pod: the cluster's name server, or that of its node.
fn resolver(pod: &Value, namespace: &str) -> String {
    let policy = text(pod, "/spec/dnsPolicy");
    let on_host = pod["spec"]["hostNetwork"] == true;
    if policy == "Default" || (on_host && policy != "ClusterFirstWithHostNet") {
        let server = Site::ResolverOne.addresses().first().copied().unwrap_or_default();
        return format!("nameserver {server}\n");
    }
    format!(
        "search {namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver {CLUSTER_DNS}\noptions ndots:5\n"
    )
}
