//! How objects are named.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use super::{Kind, Text};

/// What an object of one kind is called. The namespace is empty for cluster-scoped kinds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Key {
    /// Its namespace, or empty.
    #[serde(default)]
    pub namespace: Text,
    /// Its name.
    pub name: Text,
}

impl Key {
    /// A key from its parts.
    pub fn new(namespace: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() { f.pad(&self.name) } else { f.pad(&format!("{}/{}", self.namespace, self.name)) }
    }
}

/// A typed reference to one object; the UID tells a successor of the same name apart. As JSON it is
/// `{"kind", "namespace", "name", "uid"}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ref {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace and name.
    #[serde(flatten)]
    pub key: Key,
    /// Its UID; empty when not known.
    #[serde(default)]
    pub uid: Text,
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind, self.key.namespace, self.key.name)
    }
}

/// What a finding or a change is about: `Pod/ns/name`, `Node//name`, `Outside//postgres`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An object of the cluster.
    Object(Ref),
    /// An outside service, by its name in the profile.
    Outside(Text),
    /// The API itself, by the name of the part that is meant (`api`, an endpoint).
    Api(Text),
}

impl Subject {
    /// The name without kind and namespace.
    pub fn name(&self) -> &Text {
        match self {
            Self::Object(r) => &r.key.name,
            Self::Outside(n) | Self::Api(n) => n,
        }
    }
}

impl From<Ref> for Subject {
    fn from(r: Ref) -> Self {
        Self::Object(r)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(r) => r.fmt(f),
            Self::Outside(n) => write!(f, "Outside//{n}"),
            Self::Api(n) => write!(f, "Api//{n}"),
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
