//! Pods: the status column sums up phase, conditions and container states by rules of its own.

use jiff::Timestamp;
use serde_json::Value;

use super::column::{AGE, Cell, Column, NAME, Printer, age, name, or};
use super::since::ago;
use crate::drill::api::look::Look;
use crate::drill::store::ResourceDef;

pub(super) fn printer(def: &ResourceDef) -> Option<Printer> {
    ((def.group, def.kind) == ("", "Pod")).then_some(Printer {
        columns: const {
            &[
                NAME,
                Column::text("Ready"),
                Column::text("Status"),
                Column::text("Restarts"),
                AGE,
                Column::wide("IP"),
                Column::wide("Node"),
                Column::wide("Nominated Node"),
                Column::wide("Readiness Gates"),
            ]
        },
        cells,
    })
}

fn cells(pod: &Value, now: Timestamp) -> Vec<Cell> {
    let summary = Summary::of(pod);
    vec![
        name(pod),
        format!("{}/{}", summary.ready, summary.containers).into(),
        summary.status.into(),
        match summary.last_restart {
            Some(at) if summary.restarts > 0 => format!("{} ({} ago)", summary.restarts, ago(Some(at), now)).into(),
            _ => summary.restarts.to_string().into(),
        },
        age(pod, now),
        or(pod.text("status.podIP"), "<none>"),
        or(pod.text("spec.nodeName"), "<none>"),
        or(pod.text("status.nominatedNodeName"), "<none>"),
        gates(pod),
    ]
}

fn gates(pod: &Value) -> Cell {
    let gates = pod.items("spec.readinessGates");
    if gates.is_empty() {
        return "<none>".into();
    }
    let met = |g: &&Value| pod.condition(g.text("conditionType")).is_some_and(|c| c.text("status") == "True");
    format!("{}/{}", gates.iter().filter(met).count(), gates.len()).into()
}

/// What the cells say of a pod's containers.
#[derive(Default)]
struct Summary {
    containers: usize,
    ready: usize,
    status: String,
    restarts: i64,
    last_restart: Option<Timestamp>,
}

impl Summary {
    fn of(pod: &Value) -> Self {
        let sidecars = pod.items("spec.initContainers").iter().filter(|c| is_sidecar(c)).count();
        let mut summary = Self {
            containers: pod.items("spec.containers").len() + sidecars,
            status: or_else(pod.text("status.reason"), pod.text("status.phase")).to_owned(),
            ..Self::default()
        };
        if pod.condition("PodScheduled").is_some_and(|c| c.text("reason") == "SchedulingGated") {
            summary.status = "SchedulingGated".into();
        }
        let initializing = summary.look_at_init(pod);
        if !initializing || is_true(pod, "Initialized") {
            summary.look_at_containers(pod);
        }
        if pod.has("metadata.deletionTimestamp") {
            if pod.text("status.reason") == "NodeLost" {
                summary.status = "Unknown".into();
            } else if !matches!(pod.text("status.phase"), "Succeeded" | "Failed") {
                summary.status = "Terminating".into();
            }
        }
        summary
    }

    fn restarted(&mut self, container: &Value) {
        self.restarts += container.int("restartCount");
        self.last_restart = self.last_restart.max(container.time("lastState.terminated.finishedAt"));
    }

    /// The init containers, in order, up to the first that is not done. Whether there is such a one.
    fn look_at_init(&mut self, pod: &Value) -> bool {
        let specs = pod.items("spec.initContainers");
        let (mut restarts, mut last) = (0, None);
        let mut initializing = false;
        for (n, container) in pod.items("status.initContainerStatuses").iter().enumerate() {
            self.restarted(container);
            let sidecar = specs.iter().any(|s| s.text("name") == container.text("name") && is_sidecar(s));
            if sidecar {
                restarts += container.int("restartCount");
                last = last.max(container.time("lastState.terminated.finishedAt"));
            }
            let terminated = container.at("state.terminated");
            let waiting = container.text("state.waiting.reason");
            if !terminated.is_null() && terminated.int("exitCode") == 0 {
                continue;
            }
            if sidecar && container.at("started") == true {
                self.ready += usize::from(container.at("ready") == true);
                continue;
            }
            self.status = if !terminated.is_null() {
                format!("Init:{}", ended(terminated))
            } else if !matches!(waiting, "" | "PodInitializing") {
                format!("Init:{waiting}")
            } else {
                format!("Init:{n}/{}", specs.len())
            };
            initializing = true;
            break;
        }
        if !initializing || is_true(pod, "Initialized") {
            (self.restarts, self.last_restart) = (restarts, last);
        }
        initializing
    }

    fn look_at_containers(&mut self, pod: &Value) {
        let mut running = false;
        for container in pod.items("status.containerStatuses").iter().rev() {
            self.restarted(container);
            let (waiting, terminated) = (container.text("state.waiting.reason"), container.at("state.terminated"));
            if !waiting.is_empty() {
                self.status = waiting.into();
            } else if !terminated.is_null() {
                self.status = ended(terminated);
            } else if container.at("ready") == true && container.has("state.running") {
                running = true;
                self.ready += 1;
            }
        }
        if self.status == "Completed" && running {
            self.status = if is_true(pod, "Ready") { "Running" } else { "NotReady" }.into();
        }
    }
}

fn or_else<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}

fn is_sidecar(container: &Value) -> bool {
    container.text("restartPolicy") == "Always"
}

fn is_true(pod: &Value, condition: &str) -> bool {
    pod.condition(condition).is_some_and(|c| c.text("status") == "True")
}

/// Why a container ended, in a word.
fn ended(terminated: &Value) -> String {
    match (terminated.text("reason"), terminated.int("signal")) {
        ("", 0) => format!("ExitCode:{}", terminated.int("exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(pod: &Value) -> String {
        let now = "2026-01-01T00:10:00Z".parse().expect("a time");
        let cells = cells(pod, now);
        cells[1..4].iter().map(|c| c.as_str().expect("text")).collect::<Vec<_>>().join(" ")
    }

    fn pod(status: &Value) -> Value {
        json!({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "c"}]}, "status": status})
    }

    #[test]
    fn a_crashing_container_gives_the_status_and_the_time_of_the_last_restart() {
        let crashed = json!({"phase": "Running", "containerStatuses": [{
            "name": "c", "ready": false, "restartCount": 5, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-01T00:08:00Z"}},
        }]});
        assert_eq!(row(&pod(&crashed)), "0/1 CrashLoopBackOff 5 (2m ago)");
    }

    #[test]
    fn init_containers_show_how_far_they_are() {
        let mut waiting = pod(&json!({"phase": "Pending", "initContainerStatuses": [
            {"name": "a", "restartCount": 0, "state": {"terminated": {"exitCode": 0}}},
            {"name": "b", "restartCount": 2, "state": {"running": {}}},
        ]}));
        waiting["spec"]["initContainers"] = json!([{"name": "a"}, {"name": "b"}]);
        assert_eq!(row(&waiting), "0/1 Init:1/2 2");
    }

    #[test]
    fn a_sidecar_counts_as_a_container() {
        let mut both = pod(&json!({"phase": "Running", "initContainerStatuses": [
            {"name": "s", "restartCount": 1, "started": true, "ready": true, "state": {"running": {}}},
        ], "containerStatuses": [{"name": "c", "ready": true, "restartCount": 0, "state": {"running": {}}}]}));
        both["spec"]["initContainers"] = json!([{"name": "s", "restartPolicy": "Always"}]);
        assert_eq!(row(&both), "2/2 Running 1");
    }

    #[test]
    fn deletion_and_exit_codes_show() {
        let mut leaving = pod(&json!({"phase": "Running", "containerStatuses": [
            {"name": "c", "restartCount": 0, "state": {"terminated": {"exitCode": 3}}},
        ]}));
        assert_eq!(row(&leaving), "0/1 ExitCode:3 0");
        leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        assert_eq!(row(&leaving), "0/1 Terminating 0");
    }
}
