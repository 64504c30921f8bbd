//! `endpoints`: what stands behind the Services that users reach, and whether requests go where they cannot be answered
//! (F26).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::facts::{NAMED, PODS, PodFact, Reference, count, unknown};
use super::subject::{playing, work};
use super::{Asked, Check, Found, ROLE, Tone, WORKLOAD, value};
use crate::action::quoted;
use crate::situation::object::{Endpoint, Labels, Pod, Service, Status};
use crate::situation::{Key, Kind, Situation};

pub(super) const CHECK: Check = Check {
    name: "endpoints",
    summary: "what stands behind the Services of a workload, or behind all that users reach, node by node",
    params: &[ROLE, WORKLOAD],
    schema: || schemars::schema_for!(Endpoints),
    examples,
    run,
};

/// What stands behind Services.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Endpoints {
    /// The Services.
    services: Vec<Behind>,
    /// Endpoints that get requests.
    ready: usize,
    /// Endpoints that get none.
    not_ready: usize,
    /// The same by node.
    nodes: Vec<OnNode>,
    /// Names of Services without a single ready endpoint.
    empty: Vec<String>,
    /// The pods behind; absent when pods cannot be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pods: Option<Vec<PodFact>>,
    /// Pods that get requests although they, or their node, are not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    sick: Option<Vec<PodFact>>,
    /// Pods that get requests and crashed within the last hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    restless: Option<Vec<PodFact>>,
}

/// One Service.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Behind {
    #[serde(flatten)]
    reference: Reference,
    /// Endpoints that get requests.
    ready: usize,
    /// Endpoints that get none.
    not_ready: usize,
}

/// The endpoints on one node.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OnNode {
    /// The node.
    node: String,
    /// Endpoints that get requests.
    ready: usize,
    /// Endpoints that get none.
    not_ready: usize,
}

fn run(asked: &Asked<'_>) -> Found {
    let situation = asked.scene.situation;
    let blind = unknown(situation, &[Kind::EndpointSlice, Kind::Service, Kind::Pod]);
    if !situation.knows(Kind::EndpointSlice) || !situation.knows(Kind::Service) {
        return Found::cannot_tell(blind);
    }
    let mut found = Found { unknown: blind, ..Found::default() };
    let services = match wanted(asked) {
        Ok(services) => services,
        Err(why) => return Found::cannot_tell(why),
    };
    found.command = command(&services);
    let result = look(situation, &services);
    rows(&result, &mut found);
    found.give(&result);
    found
}

/// The Services of the workload that was named; else those that users reach: behind an Ingress, or before a workload
/// whose role serves them. Headless ones list pods that are not ready on purpose and are left out.
fn wanted<'a>(asked: &Asked<'a>) -> Result<Vec<&'a Service>, String> {
    let situation = asked.scene.situation;
    let mut selectors: Vec<(String, &Labels)> = Vec::new();
    let named = asked.role("role").is_some() || asked.reference("workload").is_some();
    if named {
        let work = work(asked)?;
        selectors.extend(work.selector.map(|s| (work.reference.key.namespace.to_string(), s)));
    } else {
        let serving = asked.scene.profile.roles.iter().filter(|(_, r)| r.serves);
        let works = serving.flat_map(|(name, _)| playing(asked.scene, name));
        selectors.extend(works.filter_map(|w| Some((w.reference.key.namespace.to_string(), w.selector?))));
    }
    let routed = |service: &Service| {
        let leads = |i: &&crate::situation::object::Ingress| i.meta.key.namespace == service.meta.key.namespace;
        let mut routes = situation.ingresses.values().filter(leads).flat_map(|i| &i.routes);
        routes.any(|(_, name, _)| *name == service.meta.key.name)
    };
    let selected = |service: &Service| {
        let namespace = &*service.meta.key.namespace;
        selectors.iter().any(|(ns, labels)| ns == namespace && service.selector.selects(labels))
    };
    let addressed = |s: &&Service| !s.cluster_ip.is_empty() && s.cluster_ip != "None";
    let all = situation.services.values().filter(addressed);
    Ok(all.filter(|s| selected(s) || (!named && routed(s))).collect())
}

fn look(situation: &Situation, services: &[&Service]) -> Endpoints {
    let mut result = Endpoints::default();
    let mut nodes: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut pods: BTreeMap<&Key, (&Pod, bool)> = BTreeMap::new();
    for service in services {
        let key = &service.meta.key;
        let (mut ready, mut not_ready) = (0, 0);
        for endpoint in endpoints(situation, key) {
            let gets = endpoint.ready && !endpoint.terminating;
            *if gets { &mut ready } else { &mut not_ready } += 1;
            let pod =
                situation.pods.get_key_value(&Key { namespace: key.namespace.clone(), name: endpoint.pod.clone() });
            let node = if endpoint.node.is_empty() { pod.map(|(_, p)| &p.node) } else { Some(&endpoint.node) };
            let on = nodes.entry(node.map(ToString::to_string).unwrap_or_default()).or_default();
            *if gets { &mut on.0 } else { &mut on.1 } += 1;
            if let Some((key, pod)) = pod {
                pods.entry(key).or_insert((pod, false)).1 |= gets;
            }
        }
        let name = || key.name.to_string();
        result.empty.extend((ready == 0).then(name));
        result.services.push(Behind { reference: (&service.meta.reference(Kind::Service)).into(), ready, not_ready });
        result.ready += ready;
        result.not_ready += not_ready;
    }
    result.nodes =
        nodes.into_iter().map(|(node, (ready, not_ready))| OnNode { node, ready, not_ready }).take(PODS).collect();
    if situation.knows(Kind::Pod) {
        let fact = |(pod, gets): &(&Pod, bool)| (*gets, deaf(situation, pod), PodFact::of(situation, pod));
        let facts: Vec<_> = pods.values().take(PODS).map(fact).collect();
        let only = |test: &dyn Fn(bool, bool, &PodFact) -> bool| {
            facts.iter().filter(|(g, d, p)| test(*g, *d, p)).map(|(_, _, p)| p.clone()).collect::<Vec<_>>()
        };
        result.pods = Some(only(&|_, _, _| true));
        result.sick = Some(only(&|gets, deaf, p| gets && deaf && p.status != "Terminating"));
        result.restless = Some(only(&|gets, deaf, p| gets && !deaf && p.crashed()));
    }
    result
}

fn endpoints<'a>(situation: &'a Situation, service: &'a Key) -> impl Iterator<Item = &'a Endpoint> {
    let slices = situation.endpoint_slices.values();
    let own = slices.filter(|s| s.meta.key.namespace == service.namespace && s.service == *service.name);
    own.flat_map(|s| &s.endpoints)
}

/// Whether a pod cannot answer: it is not ready, or its node is known not to be.
fn deaf(situation: &Situation, pod: &Pod) -> bool {
    let node = situation.nodes.get(&Key { namespace: "".into(), name: pod.node.clone() });
    !pod.ready() || node.is_some_and(|n| n.ready() != Status::True)
}

fn command(services: &[&Service]) -> String {
    let mut namespaces: Vec<&str> = services.iter().map(|s| &*s.meta.key.namespace).collect();
    namespaces.dedup();
    let scope = match namespaces.as_slice() {
        [one] => format!(" -n {}", quoted(one)),
        _ => " -A".to_owned(),
    };
    format!("kubectl{scope} get endpointslices -o wide")
}

fn rows(result: &Endpoints, found: &mut Found) {
    if result.services.is_empty() {
        return found.row(Tone::Unknown, "Services", "none is known that leads users to it");
    }
    for service in result.services.iter().take(NAMED) {
        let total = service.ready + service.not_ready;
        let tone = match (service.ready, service.not_ready) {
            (0, _) => Tone::Bad,
            (_, 0) => Tone::Good,
            _ => Tone::Warn,
        };
        let says = format!("{} of {} ready", service.ready, count(total, "endpoint"));
        found.row(tone, format!("Service {}", service.reference.name), says);
    }
    if result.nodes.len() > 1 {
        let each: Vec<String> = result
            .nodes
            .iter()
            .take(NAMED)
            .map(|n| format!("{} {}/{}", n.node, n.ready, n.ready + n.not_ready))
            .collect();
        found.row(Tone::Plain, "ready by node", each.join(", "));
    }
    let (Some(sick), Some(restless)) = (&result.sick, &result.restless) else {
        return found.row(Tone::Unknown, "the pods behind", "cannot be seen");
    };
    found.rows.extend(sick.iter().chain(restless).take(NAMED).map(PodFact::row));
    if sick.is_empty() {
        found.row(Tone::Good, "requests to pods that are not ready", "none");
    }
}

fn examples() -> Vec<Value> {
    let service = Behind { reference: Reference::example(Kind::Service, "shop", "web"), ready: 3, not_ready: 0 };
    let restless = PodFact { ready: true, unready_seconds: None, status: "Running".to_owned(), ..PodFact::example() };
    let full = Endpoints {
        services: vec![service],
        ready: 3,
        not_ready: 1,
        nodes: vec![OnNode { node: "node-1".to_owned(), ready: 3, not_ready: 1 }],
        empty: vec!["office".to_owned()],
        pods: Some(vec![PodFact::example(), restless.clone()]),
        sick: Some(vec![PodFact::example()]),
        restless: Some(vec![restless]),
    };
    let bare = Endpoints { pods: Some(vec![PodFact::sparse()]), ..Endpoints::default() };
    let bare = Endpoints { sick: Some(Vec::new()), restless: Some(Vec::new()), ..bare };
    vec![value(&full), value(&bare), value(&Endpoints::default())]
}
