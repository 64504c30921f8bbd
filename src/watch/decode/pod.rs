//! Pods.

use super::Wire;
use super::meta::MetaWire;
use super::wire::{ConditionWire, Pairs, Resources, Time, conditions, exact, wire};
use crate::situation::Text;
use crate::situation::object::{Container, ContainerState, Object, Phase, Pod, Termination};

wire! {
    struct PodWire { metadata: MetaWire, spec: Spec, status: PodStatus }

    struct Spec {
        node_name: Text,
        host_network: bool,
        containers: Vec<ContainerWire>,
        init_containers: Vec<ContainerWire>,
        volumes: Vec<VolumeWire>,
        node_selector: Pairs,
    }

    struct ContainerWire { name: Text, image: Text, resources: ResourcesWire }

    struct ResourcesWire { limits: Resources, requests: Resources }

    struct VolumeWire { persistent_volume_claim: ClaimSource }

    struct ClaimSource { claim_name: Text }

    struct PodStatus {
        phase: Phase,
        reason: Text,
        message: Text,
        #[serde(rename = "podIP")]
        pod_ip: Text,
        conditions: Vec<ConditionWire>,
        container_statuses: Vec<ContainerStatus>,
        init_container_statuses: Vec<ContainerStatus>,
        start_time: Time,
    }

    struct ContainerStatus {
        name: Text,
        #[serde(rename = "imageID")]
        image_id: Text,
        ready: bool,
        restart_count: u32,
        state: StateWire,
        last_state: StateWire,
    }

    struct StateWire {
        waiting: Option<WaitingWire>,
        running: Option<RunningWire>,
        terminated: Option<TerminatedWire>,
    }

    struct WaitingWire { reason: Text, message: Text }

    struct RunningWire { started_at: Time }

    struct TerminatedWire { exit_code: i32, reason: Text, message: Text, started_at: Time, finished_at: Time }
}

impl From<TerminatedWire> for Termination {
    fn from(wire: TerminatedWire) -> Self {
        Self {
            exit_code: wire.exit_code,
            reason: wire.reason,
            message: wire.message,
            started: wire.started_at.0,
            finished: wire.finished_at.0,
        }
    }
}

impl From<StateWire> for ContainerState {
    fn from(wire: StateWire) -> Self {
        match (wire.terminated, wire.running, wire.waiting) {
            (Some(end), _, _) => Self::Terminated(end.into()),
            (_, Some(running), _) => Self::Running(running.started_at.0),
            (_, _, Some(waiting)) => Self::Waiting { reason: waiting.reason, message: waiting.message },
            _ => Self::Absent,
        }
    }
}

/// Joins spec and status by name, in the spec's order.
fn join(spec: Vec<ContainerWire>, mut status: Vec<ContainerStatus>) -> Vec<Container> {
    exact(spec.into_iter().map(|c| {
        let at = status.iter().position(|s| s.name == c.name);
        let s = at.map(|at| status.swap_remove(at)).unwrap_or_default();
        Container {
            name: c.name,
            image: c.image,
            image_id: s.image_id,
            ready: s.ready,
            restarts: s.restart_count,
            state: s.state.into(),
            last: s.last_state.terminated.map(Into::into),
            history: Vec::new(),
            limits: c.resources.limits.0,
            requests: c.resources.requests.0,
        }
    }))
}

impl Wire for PodWire {
    fn version(&mut self) -> String {
        std::mem::take(&mut self.metadata.resource_version)
    }

    fn object(self) -> Object {
        let (spec, status) = (self.spec, self.status);
        let claims = spec.volumes.into_iter().map(|v| v.persistent_volume_claim.claim_name);
        Pod {
            meta: self.metadata.into(),
            node: spec.node_name,
            phase: status.phase,
            reason: status.reason,
            message: status.message,
            ip: status.pod_ip,
            host_network: spec.host_network,
            conditions: conditions(status.conditions),
            containers: join(spec.containers, status.container_statuses),
            init: join(spec.init_containers, status.init_container_statuses),
            claims: exact(claims.filter(|name| !name.is_empty())),
            node_selector: spec.node_selector.labels(),
            started: status.start_time.0,
        }
        .into()
    }
}
