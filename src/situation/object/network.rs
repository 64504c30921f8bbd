//! Services, what stands behind them, and the way in.

use super::{Labels, Meta};
use crate::situation::Text;

/// A Service.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Service {
    /// What every object has.
    pub meta: Meta,
    /// `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`.
    pub kind: Text,
    /// Its cluster address; empty or `None` for headless ones.
    pub cluster_ip: Text,
    /// Which pods it means; empty when somebody else fills its EndpointSlices.
    pub selector: Labels,
    /// Ports with their names.
    pub ports: Vec<(Text, u16)>,
}

/// A slice of the endpoints of one Service.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndpointSlice {
    /// What every object has.
    pub meta: Meta,
    /// The Service, from label `kubernetes.io/service-name`.
    pub service: Text,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoint {
    /// Its first address.
    pub address: Text,
    /// Ready; absent counts as true, as the API says.
    pub ready: bool,
    /// Terminating.
    pub terminating: bool,
    /// The node it is on.
    pub node: Text,
    /// The pod behind it.
    pub pod: Text,
}

/// An Ingress.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ingress {
    /// What every object has.
    pub meta: Meta,
    /// Its class.
    pub class: Text,
    /// Host, Service and port (name or number) of each path.
    pub routes: Vec<(Text, Text, Text)>,
    /// Names of the TLS secrets (never their content).
    pub tls: Vec<Text>,
}
