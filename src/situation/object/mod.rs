//! The objects as the situation holds them: small, owned, with only the fields that screens and detectors use.
//! An absent optional field is `None`, an empty list or an empty text; a count that the API leaves out when zero is zero.

mod common;
mod network;
mod node;
mod pod;
mod policy;
mod storage;
mod workload;

pub use common::{Amounts, Condition, LEFT_BEHIND, Labels, Lease, Meta, Namespace, Owner, Status};
pub use event::Event;
pub use network::{Endpoint, EndpointSlice, Ingress, Service};
pub use node::{Node, NodeInfo, Taint};
pub use pod::{Container, ContainerState, Phase, Pod, Termination};
pub use policy::{ApiService, Autoscaler, Budget, ConfigMap, KeyHash, Mutating, Quota, Validating, Webhook};
pub use storage::{Claim, EtcdSnapshot, Volume};
pub use workload::{CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet, TemplateContainer};

mod event;

use super::{Key, Kind, Ref};

macro_rules! objects {
    ($($kind:ident => $ty:ident),* $(,)?) => {
        /// An object of any watched kind.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "one variant a kind")]
        pub enum Object { $($kind($ty)),* }

        impl Object {
            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind),* }
            }

            /// What all objects have.
            pub fn meta(&self) -> &Meta {
                match self { $(Self::$kind(o) => &o.meta),* }
            }

            /// What all objects have, to intern it.
            pub fn meta_mut(&mut self) -> &mut Meta {
                match self { $(Self::$kind(o) => &mut o.meta),* }
            }
        }

        $(impl From<$ty> for Object { fn from(o: $ty) -> Self { Self::$kind(o) } })*
    };
}

objects! {
    Node => Node, Lease => Lease, Namespace => Namespace, Pod => Pod, Deployment => Deployment,
    ReplicaSet => ReplicaSet, DaemonSet => DaemonSet, StatefulSet => StatefulSet, Job => Job, CronJob => CronJob,
    Service => Service, EndpointSlice => EndpointSlice, PersistentVolumeClaim => Claim, PersistentVolume => Volume,
    PodDisruptionBudget => Budget, HorizontalPodAutoscaler => Autoscaler, Ingress => Ingress, ConfigMap => ConfigMap,
    ResourceQuota => Quota, ValidatingWebhookConfiguration => Validating, MutatingWebhookConfiguration => Mutating,
    ApiService => ApiService, EtcdSnapshotFile => EtcdSnapshot, Event => Event,
}

impl Object {
    /// Its namespace and name.
    pub fn key(&self) -> &Key {
        &self.meta().key
    }

    /// A typed reference to it.
    pub fn reference(&self) -> Ref {
        self.meta().reference(self.kind())
    }
}
