//! Who is outside, and where.

use schemars::JsonSchema;
use serde::Deserialize;

/// Something outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Site {
    /// The edge network in front of the nodes.
    Edge,
    /// The API with which the edge and its records are managed.
    EdgeApi,
    /// Another customer of the edge, to compare with.
    EdgeNeighbour,
    /// A public resolver.
    ResolverOne,
    /// Another.
    ResolverTwo,
    /// A third.
    ResolverThree,
    /// An authoritative server of the zone.
    NameserverOne,
    /// The other.
    NameserverTwo,
    /// The parent zone's server.
    Parent,
    /// The database.
    Postgres,
    /// Mail.
    Smtp,
    /// Object storage.
    S3,
    /// The image registry.
    Registry,
    /// The edge's status page.
    EdgeStatus,
    /// The database's status page.
    PostgresStatus,
    /// The storage's status page.
    S3Status,
    /// The machine provider's API.
    Provider,
    /// A host that has nothing to do with any of this, to tell whether the operator's own network works.
    ControlOne,
    /// Another.
    ControlTwo,
}

impl Site {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Edge,
        Self::EdgeApi,
        Self::EdgeNeighbour,
        Self::ResolverOne,
        Self::ResolverTwo,
        Self::ResolverThree,
        Self::NameserverOne,
        Self::NameserverTwo,
        Self::Parent,
        Self::Postgres,
        Self::Smtp,
        Self::S3,
        Self::Registry,
        Self::EdgeStatus,
        Self::PostgresStatus,
        Self::S3Status,
        Self::Provider,
        Self::ControlOne,
        Self::ControlTwo,
    ];

    /// Its addresses.
    pub const fn addresses(self) -> &'static [&'static str] {
        match self {
            Self::Edge => &["203.0.113.201", "203.0.113.202"],
            Self::EdgeApi => &["203.0.113.203"],
            Self::EdgeNeighbour => &["203.0.113.204"],
            Self::ResolverOne => &["203.0.113.221"],
            Self::ResolverTwo => &["203.0.113.222"],
            Self::ResolverThree => &["203.0.113.223"],
            Self::NameserverOne => &["203.0.113.225"],
            Self::NameserverTwo => &["203.0.113.226"],
            Self::Parent => &["203.0.113.227"],
            Self::Postgres => &["203.0.113.231"],
            Self::Smtp => &["203.0.113.232"],
            Self::S3 => &["203.0.113.233"],
            Self::Registry => &["203.0.113.234"],
            Self::EdgeStatus => &["203.0.113.241"],
            Self::PostgresStatus => &["203.0.113.242"],
            Self::S3Status => &["203.0.113.243"],
            Self::Provider => &["203.0.113.244"],
            Self::ControlOne => &["203.0.113.251"],
            Self::ControlTwo => &["203.0.113.252"],
        }
    }

    /// Its host names.
    pub const fn hosts(self) -> &'static [&'static str] {
        match self {
            Self::Edge => &["api.example.com", "admin.example.com"],
            Self::EdgeApi => &["edge-api.example.com"],
            Self::EdgeNeighbour => &["www.edge.example.com"],
            Self::ResolverOne => &["resolver1.example.com"],
            Self::ResolverTwo => &["resolver2.example.com"],
            Self::ResolverThree => &["resolver3.example.com"],
            Self::NameserverOne => &["ns1.example.com"],
            Self::NameserverTwo => &["ns2.example.com"],
            Self::Parent => &["ns.parent.example.com"],
            Self::Postgres => &["db.example.com"],
            Self::Smtp => &["smtp.example.com"],
            Self::S3 => &["s3.example.com"],
            Self::Registry => &["registry.example.com"],
            Self::EdgeStatus => &["edge-status.example.com"],
            Self::PostgresStatus => &["db-status.example.com"],
            Self::S3Status => &["s3-status.example.com"],
            Self::Provider => &["cloud.example.com"],
            Self::ControlOne => &["control1.example.com"],
            Self::ControlTwo => &["control2.example.com"],
        }
    }

    /// The ports on which it listens.
    pub const fn ports(self) -> &'static [u16] {
        match self {
            Self::Edge => &[80, 443],
            // They take questions over HTTPS too.
            Self::ResolverOne | Self::ResolverTwo | Self::ResolverThree => &[53, 443],
            Self::NameserverOne | Self::NameserverTwo | Self::Parent => &[53],
            Self::Postgres => &[5432],
            Self::Smtp => &[465, 587],
            _ => &[443],
        }
    }

    /// Whether it answers datagrams too.
    pub const fn takes_datagrams(self) -> bool {
        matches!(
            self,
            Self::ResolverOne
                | Self::ResolverTwo
                | Self::ResolverThree
                | Self::NameserverOne
                | Self::NameserverTwo
                | Self::Parent
        )
    }

    /// All its names: addresses, then hosts.
    pub fn names(self) -> Vec<&'static str> {
        self.addresses().iter().chain(self.hosts()).copied().collect()
    }
}

/// Who has an address or a host name.
pub fn at(name: &str) -> Option<Site> {
    Site::ALL.into_iter().find(|site| site.addresses().contains(&name) || site.hosts().contains(&name))
}
