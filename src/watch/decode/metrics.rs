//! NodeMetrics and PodMetrics.

use super::meta::MetaWire;
use super::wire::{Resources, Time, wire};
use crate::situation::{Text, Usage};

wire! {
    struct NodeMetricsList { items: Vec<NodeMetricsWire> }

    struct NodeMetricsWire { metadata: MetaWire, timestamp: Time, usage: Resources }

    struct PodMetricsList { items: Vec<PodMetricsWire> }

    struct PodMetricsWire { metadata: MetaWire, timestamp: Time, containers: Vec<ContainerMetricsWire> }

    struct ContainerMetricsWire { name: Text, usage: Resources }
}

/// Usage of nodes by name.
pub(in crate::watch) fn nodes(json: &[u8]) -> serde_json::Result<Vec<(Text, Usage)>> {
    let list: NodeMetricsList = serde_json::from_slice(json)?;
    let usage = |m: NodeMetricsWire| (m.metadata.name, Usage { amounts: m.usage.0, at: m.timestamp.0 });
    Ok(list.items.into_iter().map(usage).collect())
}

/// Usage of the containers of a namespace's pods.
pub(in crate::watch) fn pods(json: &[u8]) -> serde_json::Result<Vec<(Text, Text, Usage)>> {
    let list: PodMetricsList = serde_json::from_slice(json)?;
    Ok(list.items.into_iter().flat_map(containers).collect())
}

fn containers(pod: PodMetricsWire) -> impl Iterator<Item = (Text, Text, Usage)> {
    let (name, at) = (pod.metadata.name, pod.timestamp.0);
    pod.containers.into_iter().map(move |c| (name.clone(), c.name, Usage { amounts: c.usage.0, at }))
}
