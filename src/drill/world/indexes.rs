//! The numbers of an indexed Job's pods.

use std::sync::Arc;

use serde_json::Value;

use super::json::entry;

/// The index of a pod.
pub(super) fn index_of(pod: &Value) -> Option<i64> {
    entry(pod, "/metadata/annotations", "batch.kubernetes.io/job-completion-index").parse().ok()
}

/// The indexes of pods as a status tells them: `0,2-4`.
pub(super) fn told_indexes(pods: &[Arc<Value>]) -> String {
    let mut indexes: Vec<i64> = pods.iter().filter_map(|pod| index_of(pod)).collect();
    indexes.sort_unstable();
    indexes.dedup();
    let mut told: Vec<(i64, i64)> = Vec::new();
    for index in indexes {
        match told.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => told.push((index, index)),
        }
    }
    let range = |(from, to): &(i64, i64)| match to - from {
        0 => from.to_string(),
        1 => format!("{from},{to}"),
        _ => format!("{from}-{to}"),
    };
    told.iter().map(range).collect::<Vec<_>>().join(",")
}
