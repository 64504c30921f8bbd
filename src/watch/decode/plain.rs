//! Leases, namespaces and Events.

use super::meta::MetaWire;
use super::wire::{Time, wire};
use super::{Wire, wires};
use crate::situation::object::{Event, Lease, Meta, Namespace, Object};
use crate::situation::{Key, Text};

wire! {
    struct LeaseWire { metadata: MetaWire, spec: LeaseSpec }

    struct LeaseSpec { holder_identity: Text, renew_time: Time, lease_duration_seconds: Option<u32> }

    struct NamespaceWire { metadata: MetaWire, status: NamespaceStatus }

    struct NamespaceStatus { phase: Text }

    struct EventWire {
        metadata: MetaWire,
        involved_object: Involved,
        r#type: Text,
        reason: Text,
        message: Text,
        count: u32,
        first_timestamp: Time,
        last_timestamp: Time,
        event_time: Time,
        series: Series,
        source: EventSource,
        reporting_component: Text,
    }

    struct Involved { kind: Text, namespace: Text, name: Text, uid: Text }

    struct Series { count: u32, last_observed_time: Time }

    struct EventSource { component: Text }
}

wires! {
    LeaseWire => |wire| {
        Lease {
            meta: wire.metadata.into(),
            holder: wire.spec.holder_identity,
            renewed: wire.spec.renew_time.0,
            seconds: wire.spec.lease_duration_seconds,
        }
    }
    NamespaceWire => |wire| {
        Namespace { meta: wire.metadata.into(), phase: wire.status.phase }
    }
    EventWire => |wire| {
        let meta: Meta = wire.metadata.into();
        let about = wire.involved_object;
        let source = if wire.source.component.is_empty() { wire.reporting_component } else { wire.source.component };
        Event {
            about_kind: about.kind,
            about: Key { namespace: about.namespace, name: about.name },
            about_uid: about.uid,
            warning: wire.r#type == "Warning",
            reason: wire.reason,
            message: wire.message,
            count: wire.count.max(wire.series.count).max(1),
            first: wire.first_timestamp.0.or(wire.event_time.0).or(meta.created),
            last: wire
                .series
                .last_observed_time
                .0
                .max(wire.event_time.0)
                .max(wire.last_timestamp.0)
                .max(meta.created),
            source,
            meta,
        }
    }
}
