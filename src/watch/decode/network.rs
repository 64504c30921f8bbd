//! Services, EndpointSlices and Ingresses.

use super::meta::{MetaWire, ModifiedMeta};
use super::wire::{Loose, Pairs, wire};
use super::{Wire, wires};
use crate::situation::Text;
use crate::situation::object::{Endpoint, EndpointSlice, Ingress, Object, Service};

wire! {
    struct ServiceWire { metadata: MetaWire, spec: ServiceSpec }

    struct ServiceSpec {
        r#type: Text,
        #[serde(rename = "clusterIP")]
        cluster_ip: Text,
        selector: Pairs,
        ports: Vec<PortWire>,
    }

    struct PortWire { name: Text, port: u16 }

    struct EndpointSliceWire { metadata: MetaWire, endpoints: Vec<EndpointWire> }

    struct EndpointWire {
        addresses: Vec<Text>,
        conditions: EndpointConditions,
        node_name: Text,
        target_ref: TargetWire,
    }

    struct EndpointConditions { ready: Option<bool>, terminating: bool }

    struct TargetWire { kind: Text, name: Text }

    struct IngressWire { metadata: ModifiedMeta, spec: IngressSpec }

    struct IngressSpec {
        ingress_class_name: Text,
        default_backend: BackendWire,
        rules: Vec<RuleWire>,
        tls: Vec<TlsWire>,
    }

    struct RuleWire { host: Text, http: HttpWire }

    struct HttpWire { paths: Vec<PathWire> }

    struct PathWire { backend: BackendWire }

    struct BackendWire { service: BackendService }

    struct BackendService { name: Text, port: BackendPort }

    struct BackendPort { name: Text, number: Loose }

    struct TlsWire { secret_name: Text }
}

impl BackendWire {
    /// Service and port; `None` for a backend that is no Service.
    fn target(self) -> Option<(Text, Text)> {
        let BackendService { name, port } = self.service;
        let port = if port.name.is_empty() { port.number.0 } else { port.name };
        (!name.is_empty()).then_some((name, port))
    }
}

wires! {
    ServiceWire => |wire| {
        Service {
            meta: wire.metadata.into(),
            kind: wire.spec.r#type,
            cluster_ip: wire.spec.cluster_ip,
            selector: wire.spec.selector.labels(),
            ports: wire.spec.ports.into_iter().map(|p| (p.name, p.port)).collect(),
        }
    }
    EndpointSliceWire => |wire| {
        let meta: crate::situation::object::Meta = wire.metadata.into();
        let endpoint = |e: EndpointWire| Endpoint {
            address: e.addresses.into_iter().next().unwrap_or_default(),
            ready: e.conditions.ready.unwrap_or(true),
            terminating: e.conditions.terminating,
            node: e.node_name,
            pod: if e.target_ref.kind == "Pod" { e.target_ref.name } else { Text::default() },
        };
        EndpointSlice {
            service: meta.labels.get("kubernetes.io/service-name").cloned().unwrap_or_default(),
            meta,
            endpoints: wire.endpoints.into_iter().map(endpoint).collect(),
        }
    }
    IngressWire => |wire| {
        let mut routes = Vec::new();
        if let Some((service, port)) = wire.spec.default_backend.target() {
            routes.push((Text::default(), service, port));
        }
        for rule in wire.spec.rules {
            let targets = rule.http.paths.into_iter().filter_map(|p| p.backend.target());
            routes.extend(targets.map(|(service, port)| (rule.host.clone(), service, port)));
        }
        Ingress {
            meta: wire.metadata.into(),
            class: wire.spec.ingress_class_name,
            routes,
            tls: wire.spec.tls.into_iter().map(|t| t.secret_name).filter(|name| !name.is_empty()).collect(),
        }
    }
}
