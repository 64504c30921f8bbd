//! Claims, volumes and etcd's snapshots.

use super::meta::MetaWire;
use super::wire::{Loose, Time, wire};
use super::{Wire, quantity, wires};
use crate::situation::object::{Claim, EtcdSnapshot, Object, Volume};
use crate::situation::{Key, Text};

wire! {
    struct ClaimWire { metadata: MetaWire, spec: ClaimSpec, status: ClaimStatus }

    struct ClaimSpec { volume_name: Text, storage_class_name: Text, resources: ClaimResources }

    struct ClaimResources { requests: Size }

    struct Size { storage: Loose }

    struct ClaimStatus { phase: Text, capacity: Size }

    struct VolumeWire { metadata: MetaWire, spec: VolumeSpec, status: VolumeStatus }

    struct VolumeSpec {
        capacity: Size,
        claim_ref: ClaimRef,
        persistent_volume_reclaim_policy: Text,
        storage_class_name: Text,
        node_affinity: Affinity,
    }

    struct ClaimRef { namespace: Text, name: Text }

    struct VolumeStatus { phase: Text }

    struct Affinity { required: Terms }

    struct Terms { node_selector_terms: Vec<Term> }

    struct Term { match_expressions: Vec<Expression> }

    struct Expression { key: Text, operator: Text, values: Vec<Text> }

    struct SnapshotWire { metadata: MetaWire, spec: SnapshotSpec, status: SnapshotStatus }

    struct SnapshotSpec { snapshot_name: Text, node_name: Text, location: Text }

    struct SnapshotStatus { ready_to_use: bool, creation_time: Time, size: Loose, error: SnapshotError }

    struct SnapshotError { message: Text }
}

wires! {
    ClaimWire => |wire| {
        let has = quantity::whole(&wire.status.capacity.storage.0);
        Claim {
            meta: wire.metadata.into(),
            phase: wire.status.phase,
            volume: wire.spec.volume_name,
            class: wire.spec.storage_class_name,
            size: has.or_else(|| quantity::whole(&wire.spec.resources.requests.storage.0)),
        }
    }
    VolumeWire => |wire| {
        let claim = wire.spec.claim_ref;
        let terms = wire.spec.node_affinity.required.node_selector_terms.into_iter();
        let hosts = terms.flat_map(|t| t.match_expressions).filter(|e| {
            e.operator == "In" && (e.key == "kubernetes.io/hostname" || e.key == "metadata.name")
        });
        Volume {
            meta: wire.metadata.into(),
            phase: wire.status.phase,
            claim: (!claim.name.is_empty()).then_some(Key { namespace: claim.namespace, name: claim.name }),
            reclaim: wire.spec.persistent_volume_reclaim_policy,
            class: wire.spec.storage_class_name,
            size: quantity::whole(&wire.spec.capacity.storage.0),
            nodes: hosts.flat_map(|e| e.values).collect(),
        }
    }
    SnapshotWire => |wire| {
        EtcdSnapshot {
            meta: wire.metadata.into(),
            name: wire.spec.snapshot_name,
            node: wire.spec.node_name,
            location: wire.spec.location,
            ready: wire.status.ready_to_use,
            taken: wire.status.creation_time.0,
            size: quantity::whole(&wire.status.size.0),
            error: wire.status.error.message,
        }
    }
}
