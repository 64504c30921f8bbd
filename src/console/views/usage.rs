//! What pods and nodes use, and which share of what they may that is.

use crate::config::theme::Tone;
use crate::console::screen::Context;
use crate::console::widgets::share_tone;
use crate::situation::object::Pod;

/// What a pod's containers use, and what they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// CPU in thousandths of a core.
    pub cpu: Option<u64>,
    /// Bytes.
    pub memory: Option<u64>,
    /// Thousandths of a core; `None` where a container has no limit.
    pub cpu_limit: Option<u64>,
    /// Bytes, likewise.
    pub memory_limit: Option<u64>,
}

/// What a pod uses.
pub fn used(pod: &Pod, cx: &Context<'_>) -> Used {
    let mut sum = Used { cpu_limit: Some(0), memory_limit: Some(0), ..Used::default() };
    let add = |a: Option<u64>, b: Option<u64>| Some(a? + b?);
    for container in &pod.containers {
        let key = (pod.meta.key.clone(), container.name.clone());
        if let Some(usage) = cx.situation.pod_usage.get(&key).and_then(|ring| ring.back()) {
            sum.cpu = add(sum.cpu.or(Some(0)), usage.amounts.cpu_milli);
            sum.memory = add(sum.memory.or(Some(0)), usage.amounts.memory);
        }
        sum.cpu_limit = add(sum.cpu_limit, container.limits.cpu_milli);
        sum.memory_limit = add(sum.memory_limit, container.limits.memory);
    }
    sum
}

/// The share of a limit, where both are known.
pub fn share(used: Option<u64>, limit: Option<u64>) -> Option<f64> {
    Some(used? as f64 / limit.filter(|l| *l > 0)? as f64)
}

/// A share in words, with its tone: `78%`.
pub fn share_words(share: f64) -> (String, Tone) {
    let tone = match share_tone(share) {
        Tone::Gauge => Tone::Text,
        tone => tone,
    };
    (format!("{:.0}%", share * 100.0), tone)
}

/// Thousandths of a core as people say them: `250m`, `1.5`.
pub fn cores(milli: u64) -> String {
    match milli {
        0..1000 => format!("{milli}m"),
        m if m % 1000 == 0 => format!("{}", m / 1000),
        m => format!("{:.1}", m as f64 / 1000.0),
    }
}
