//! What sources send to the one owner of the situation.

use jiff::{SignedDuration, Timestamp};

use super::object::{Amounts, Object};
use super::{Key, Kind, Source, SourceState, Text};

/// One thing that became known. Sources send these in batches over bounded channels; [`super::Situation::apply`] is
/// the only place where they change anything.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// A first list or a relist of a kind begins: what is not [`Observation::Seen`] before [`Observation::Listed`] is gone.
    Listing(Kind),
    /// An object as it is now.
    Seen(Box<Object>),
    /// The list is complete.
    Listed(Kind),
    /// An object was deleted.
    Gone(Kind, Key),
    /// An object could not be decoded: its name, and why.
    Skipped(Kind, Text, Text),
    /// Only a part of a source may be read: which, and what is missing; empty: all of it.
    Limited(Source, Text),
    /// A source's state changed.
    Source(Source, SourceState),
    /// A source was heard at this wall time (an answer, a bookmark); its state becomes live.
    Heard(Source, Timestamp),
    /// Which cluster this is.
    Cluster(ClusterId),
    /// What is reached now is not the cluster of the first contact, and how that shows; empty: it is.
    ClusterChanged(Text),
    /// `/version`'s `gitVersion`.
    Version(Text),
    /// Server time minus the cluster clock's time, from the `Date` header of an answer.
    Skew(SignedDuration),
    /// One endpoint's health.
    Health(EndpointHealth),
    /// NodeMetrics of every node that has any.
    NodeMetrics(Vec<(Text, Usage)>),
    /// PodMetrics of one namespace: pod, container, usage. What is not in it has none.
    PodMetrics(Text, Vec<(Text, Text, Usage)>),
}

/// What a kubeconfig and the first contact say of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterId {
    /// The kubeconfig's context, or `in-cluster`.
    pub context: Text,
    /// The server's URL.
    pub server: Text,
    /// UID of namespace `kube-system`; empty until known.
    pub uid: Text,
    /// Who we are, as the kubeconfig names the user.
    pub user: Text,
    /// The namespace of the context, or `default`.
    pub namespace: Text,
}

/// Health of one API endpoint.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndpointHealth {
    /// Its URL.
    pub endpoint: Text,
    /// `/readyz?verbose`: each check and whether it passes; empty when it did not answer.
    pub ready: Vec<(Text, bool)>,
    /// `/livez?verbose`, likewise.
    pub live: Vec<(Text, bool)>,
    /// Whether it answered at all (401 is an answer: the server is alive).
    pub answered: bool,
    /// How long the `/readyz` took.
    pub latency: Option<SignedDuration>,
    /// When (cluster time).
    pub at: Option<Timestamp>,
}

impl EndpointHealth {
    /// Whether every readiness check passes, as far as an answer came.
    pub fn ready(&self) -> bool {
        self.answered && self.ready.iter().all(|(_, ok)| *ok)
    }
}

/// What something uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// CPU and memory; the rest is `None`.
    pub amounts: Amounts,
    /// The end of the window it was measured over (cluster time).
    pub at: Option<Timestamp>,
}
