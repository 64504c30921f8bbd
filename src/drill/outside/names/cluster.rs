//! CoreDNS in the cluster: names of Services and pods, of the nodes, and everybody else's from the resolvers of its node.

use std::sync::Arc;
use std::time::Duration;

use ::http::{Request, StatusCode};
use bytes::Bytes;
use serde_json::Value;

use super::super::Site;
use super::super::http::{self, Answering, Answers, of_type, plain};
use super::dns::{answer_with, question, receive, send};
use crate::drill::net::{Caller, Place, Service, Serving, Stream, Vantage};
use crate::drill::store::Store;
use crate::drill::world::{Code, Line, Said, Type, World};

/// The cluster's zone.
const ZONE: &str = "cluster.local";
/// Seconds for which its records may be kept.
const TTL: u32 = 5;
/// Seconds for which those of the nodes may be kept.
const HOSTS_TTL: u32 = 60;
/// How long a resolver may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a connection may say nothing.
const IDLE: Duration = Duration::from_secs(10);
/// The resolvers of a node, as its `/etc/resolv.conf` has them.
const UPSTREAM: [Site; 2] = [Site::ResolverOne, Site::ResolverTwo];

/// CoreDNS, whichever pod it is.
#[derive(Debug)]
pub(super) struct ClusterDns;

impl Service for ClusterDns {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        match caller.place {
            Place::Pod { port: 53, .. } => Box::pin(converse(stream, caller)),
            _ => Box::pin(http::serve(stream, None, self, caller)),
        }
    }
}

impl Answers for ClusterDns {
    fn answer(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Answering {
        let ready = caller.network.with(|world| Pod::of(world, &caller.place)).is_some_and(|pod| pod.ready);
        let port = if let Place::Pod { port, .. } = caller.place { port } else { 0 };
        let reply = match (port, request.uri().path()) {
            (8080, "/health") => plain(StatusCode::OK, "OK"),
            (8181, "/ready") if ready => plain(StatusCode::OK, "OK"),
            (8181, "/ready") => plain(StatusCode::SERVICE_UNAVAILABLE, "kubernetes"),
            (9153, "/metrics") => of_type(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", METRICS),
            _ => plain(StatusCode::NOT_FOUND, "404 page not found\n"),
        };
        Box::pin(std::future::ready(reply))
    }
}

/// What it tells of itself, as far as it does not change.
const METRICS: &str = "\
# HELP coredns_build_info A metric with a constant '1' value labeled by version, revision, and goversion from which CoreDNS was built.
# TYPE coredns_build_info gauge
coredns_build_info{goversion=\"go1.25.6\",revision=\"1db4568\",version=\"1.14.1\"} 1
# HELP coredns_plugin_enabled A metric that indicates whether a plugin is enabled on per server and zone basis.
# TYPE coredns_plugin_enabled gauge
coredns_plugin_enabled{name=\"cache\",server=\"dns://:53\",view=\"\",zone=\".\"} 1
coredns_plugin_enabled{name=\"forward\",server=\"dns://:53\",view=\"\",zone=\".\"} 1
coredns_plugin_enabled{name=\"kubernetes\",server=\"dns://:53\",view=\"\",zone=\".\"} 1
";

/// The pod that answers.
struct Pod {
    node: String,
    ready: bool,
}

impl Pod {
    fn of(world: &World, place: &Place) -> Option<Self> {
        let Place::Pod { namespace, name, .. } = place else { return None };
        let pod = world.store().get(Store::resource("", "pods")?, namespace, name)?;
        let conditions = pod["status"]["conditions"].as_array();
        let ready = conditions.is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"));
        Some(Self { node: pod["spec"]["nodeName"].as_str()?.to_owned(), ready })
    }
}

async fn converse(mut stream: Stream, caller: Caller) {
    while let Ok(Some(message)) = tokio::time::timeout(IDLE, receive(&mut stream)).await {
        let Some(reply) = answer(&message, &caller).await else { return };
        if send(&mut stream, &reply).await.is_none() {
            return;
        }
    }
}

async fn answer(message: &[u8], caller: &Caller) -> Option<Vec<u8>> {
    let (now, pod, own, upstream) = caller.network.with(|world| {
        let own = question(message).map(|(name, kind)| within(world, &name, kind));
        (world.now(), Pod::of(world, &caller.place), own, upstream(world))
    });
    let failed = || answer_with(message, now, |_, _| Said::code(Code::ServFail));
    match own {
        // What is no question is answered as such.
        None => failed(),
        Some(Some(_)) if !pod.as_ref().is_some_and(|pod| pod.ready) => failed(),
        Some(Some(said)) => answer_with(message, now, |_, _| said),
        Some(None) => {
            for address in upstream {
                let node = pod.as_ref()?.node.clone();
                let forwarding = forward(message, caller, node, &address);
                if let Ok(Some(reply)) = tokio::time::timeout(PATIENCE, forwarding).await {
                    return Some(reply);
                }
            }
            failed()
        }
    }
}

async fn forward(message: &[u8], caller: &Caller, node: String, address: &str) -> Option<Vec<u8>> {
    let mut stream = caller.network.connect(Vantage::Node(node), address, 53).await.ok()?;
    send(&mut stream, message).await?;
    receive(&mut stream).await
}

/// Whom it asks for names of others, as its configuration says.
fn upstream(world: &World) -> Vec<String> {
    let config = config(world, "Corefile");
    let line = config.lines().map(str::trim).find(|line| line.starts_with("forward "));
    let targets: Vec<String> = line.unwrap_or_default().split_whitespace().skip(2).map(str::to_owned).collect();
    if targets.iter().any(|target| target.starts_with('/')) {
        return UPSTREAM.iter().flat_map(|site| site.addresses()).map(|address| (*address).to_owned()).collect();
    }
    targets
}

fn config(world: &World, key: &str) -> String {
    let maps = Store::resource("", "configmaps");
    let map = maps.and_then(|res| world.store().get(res, "kube-system", "coredns"));
    map.and_then(|map| map["data"][key].as_str().map(str::to_owned)).unwrap_or_default()
}

/// What it says of itself; `None` for a name that others know.
fn within(world: &World, name: &str, kind: Option<Type>) -> Option<Said> {
    let name = name.to_ascii_lowercase();
    if let Some(rest) = name.strip_suffix(ZONE) {
        let labels: Vec<&str> = rest.trim_end_matches('.').split('.').filter(|label| !label.is_empty()).collect();
        let (exists, lines) = in_zone(world, &name, &labels, kind);
        return Some(if lines.is_empty() { nothing(world, exists) } else { Said::records(lines) });
    }
    let hosts = config(world, "NodeHosts");
    let address = hosts.lines().find_map(|line| {
        let (address, host) = line.trim().split_once(char::is_whitespace)?;
        host.split_whitespace().any(|host| host.eq_ignore_ascii_case(&name)).then(|| address.to_owned())
    })?;
    let line = (kind == Some(Type::A)).then(|| Line::new(&name, Type::A, HOSTS_TTL, address));
    Some(Said::records(line.into_iter().collect()))
}

fn nothing(world: &World, exists: bool) -> Said {
    let serial = world.now().as_second();
    let text = format!("ns.dns.{ZONE}. hostmaster.{ZONE}. {serial} 7200 1800 86400 {TTL}");
    let code = if exists { Code::NoError } else { Code::NxDomain };
    Said::nothing(code, Line::new(ZONE, Type::Soa, TTL, text))
}

/// Whether there is a name in the cluster's zone, and its records of a type.
fn in_zone(world: &World, name: &str, labels: &[&str], kind: Option<Type>) -> (bool, Vec<Line>) {
    let line = |kind, text: String| Line::new(name, kind, TTL, text);
    match labels {
        [] | ["svc" | "pod"] => (true, Vec::new()),
        ["dns-version"] => (true, of(kind, Type::Txt, || vec![line(Type::Txt, "1.1.0".to_owned())])),
        [namespace, "svc" | "pod"] => (has_namespace(world, namespace), Vec::new()),
        [ip, namespace, "pod"] => {
            let address = ip.replace('-', ".");
            let exists = address.parse::<std::net::Ipv4Addr>().is_ok() && has_namespace(world, namespace);
            (exists, if exists { of(kind, Type::A, || vec![line(Type::A, address)]) } else { Vec::new() })
        }
        [service, namespace, "svc"] => match Target::of(world, namespace, service) {
            None => (false, Vec::new()),
            Some(found) => {
                let addresses = found.addresses.iter().map(|address| line(Type::A, address.clone()));
                (true, of(kind, Type::A, || addresses.collect()))
            }
        },
        [port, protocol, service, namespace, "svc"] => {
            let Some(found) = Target::of(world, namespace, service) else { return (false, Vec::new()) };
            let wanted = (port.trim_start_matches('_'), protocol.trim_start_matches('_'));
            let number = found.ports.iter().find(|(name, proto, _)| (name.as_str(), proto.as_str()) == wanted);
            let target = format!("{service}.{namespace}.svc.{ZONE}.");
            let lines = number.map(|(_, _, number)| line(Type::Srv, format!("0 100 {number} {target}")));
            (lines.is_some(), of(kind, Type::Srv, || lines.into_iter().collect()))
        }
        _ => (false, Vec::new()),
    }
}

fn of(asked: Option<Type>, kind: Type, lines: impl FnOnce() -> Vec<Line>) -> Vec<Line> {
    if asked == Some(kind) { lines() } else { Vec::new() }
}

fn has_namespace(world: &World, name: &str) -> bool {
    Store::resource("", "namespaces").is_some_and(|res| world.store().get(res, "", name).is_some())
}

/// A Service as names see it.
struct Target {
    addresses: Vec<String>,
    /// Name, protocol in small letters, number.
    ports: Vec<(String, String, u64)>,
}

impl Target {
    fn of(world: &World, namespace: &str, name: &str) -> Option<Self> {
        let service = world.store().get(Store::resource("", "services")?, namespace, name)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let port = |port: &Value| {
            let protocol = port["protocol"].as_str().unwrap_or("TCP").to_ascii_lowercase();
            (text(&port["name"]), protocol, port["port"].as_u64().unwrap_or_default())
        };
        let ports = service["spec"]["ports"].as_array().map(|ports| ports.iter().map(port).collect());
        let own = text(&service["spec"]["clusterIP"]);
        let addresses = if own == "None" { ready_addresses(world, namespace, name) } else { vec![own] };
        Some(Self { addresses, ports: ports.unwrap_or_default() })
    }
}

/// The addresses behind a Service that has none of its own.
fn ready_addresses(world: &World, namespace: &str, name: &str) -> Vec<String> {
    let Some(slices) = Store::resource("discovery.k8s.io", "endpointslices") else { return Vec::new() };
    let slices = world.store().list(slices, Some(namespace));
    let of_service = slices.iter().filter(|s| s["metadata"]["labels"]["kubernetes.io/service-name"] == name);
    let endpoints = of_service.filter_map(|slice| slice["endpoints"].as_array()).flatten();
    let ready = endpoints.filter(|endpoint| endpoint["conditions"]["ready"] == true);
    ready.filter_map(|endpoint| endpoint["addresses"][0].as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
    use hickory_proto::rr::{Name, RecordType};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::drill::net::Network;
    use crate::drill::outside::Mood;
    use crate::drill::world::{Ailing, Fault};

    fn network() -> Arc<Network> {
        let mut world = World::new(1, "2026-03-01T04:00:00Z".parse().unwrap());
        let now = world.now();
        world.advance(now);
        Network::new(Arc::new(Mutex::new(world))).unwrap()
    }

    /// What the cluster's DNS says to a node, as records and code.
    async fn ask(network: &Arc<Network>, to: &str, name: &str, asked: RecordType) -> (ResponseCode, Vec<String>) {
        let mut message = Message::new(7, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(Name::from_ascii(name).unwrap(), asked));
        let mut stream = network.connect(Vantage::Node("nbg1-2".into()), to, 53).await.unwrap();
        send(&mut stream, &message.to_vec().unwrap()).await.unwrap();
        let reply = Message::from_vec(&receive(&mut stream).await.unwrap()).unwrap();
        (reply.metadata.response_code, reply.answers.iter().map(|record| record.data.to_string()).collect())
    }

    async fn get(network: &Arc<Network>, ip: &str, port: u16, path: &str) -> String {
        let mut stream = network.connect(Vantage::Node("nbg1-2".into()), ip, port).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    /// The address of the pod.
    fn address(network: &Arc<Network>) -> String {
        network.with(|world| {
            let pods = world.store().list(Store::resource("", "pods").unwrap(), Some("kube-system"));
            let pod = pods.iter().find(|pod| pod["spec"]["containers"][0]["name"] == "coredns").unwrap();
            pod["status"]["podIP"].as_str().unwrap().to_owned()
        })
    }

    #[tokio::test]
    async fn the_clusters_names_are_those_of_its_services() {
        let network = network();
        let ask = async |name, asked| ask(&network, "10.43.0.10", name, asked).await;
        let one = |text: &str| (ResponseCode::NoError, vec![text.to_owned()]);
        assert_eq!(ask("kubernetes.default.svc.cluster.local.", RecordType::A).await, one("10.43.0.1"));
        assert_eq!(ask("api.honeydue.svc.cluster.local.", RecordType::A).await, one("10.43.18.52"));
        let service = ask("_http._tcp.api.honeydue.svc.cluster.local.", RecordType::SRV).await;
        assert_eq!(service, one("0 100 80 api.honeydue.svc.cluster.local."));
        assert_eq!(ask("10-42-0-9.honeydue.pod.cluster.local.", RecordType::A).await, one("10.42.0.9"));
        assert_eq!(ask("nbg1-3.", RecordType::A).await, one("10.0.0.13"));
        let none = (ResponseCode::NXDomain, Vec::new());
        assert_eq!(ask("nobody.honeydue.svc.cluster.local.", RecordType::A).await, none);
        assert_eq!(ask("api.honeydue.svc.cluster.local.", RecordType::AAAA).await, (ResponseCode::NoError, Vec::new()));
    }

    #[tokio::test]
    async fn other_names_come_from_the_resolvers_of_its_node() {
        let network = network();
        let ask = async || ask(&network, "10.43.0.10", "db.example.com.", RecordType::A).await;
        assert_eq!(ask().await, (ResponseCode::NoError, vec!["203.0.113.231".to_owned()]));
        network.with(|world| world.outside.set(Site::ResolverOne, Mood::Refuses));
        assert_eq!(ask().await.0, ResponseCode::NoError, "the second is asked");
        network.with(|world| world.outside.set(Site::ResolverTwo, Mood::Refuses));
        assert_eq!(ask().await.0, ResponseCode::ServFail);
    }

    #[tokio::test]
    async fn a_pod_that_is_not_ready_says_so_and_knows_no_services() {
        let network = network();
        let ip = address(&network);
        assert!(get(&network, &ip, 8181, "/ready").await.starts_with("HTTP/1.1 200"));
        assert!(get(&network, &ip, 9153, "/metrics").await.contains("coredns_build_info"));
        network.with(|world| {
            let says = "HTTP probe failed with statuscode: 503".to_owned();
            let (namespace, workload) = ("kube-system".to_owned(), "kube-dns".to_owned());
            world.inject(&Fault::Ailing(Ailing { namespace, workload, node: None, says, deadly: false }));
            let later = world.now() + jiff::SignedDuration::from_secs(60);
            world.advance(later);
        });
        assert!(get(&network, &ip, 8181, "/ready").await.starts_with("HTTP/1.1 503"));
        let known = ask(&network, &ip, "api.honeydue.svc.cluster.local.", RecordType::A).await;
        assert_eq!(known, (ResponseCode::ServFail, Vec::new()));
        let attempt = network.connect(Vantage::Node("nbg1-2".into()), "10.43.0.10", 53).await;
        assert!(attempt.is_err(), "no endpoint is left");
    }
}
