//! The deployment's DNS zone, as its owner set it at the edge.

/// The records of the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its name.
    pub name: &'static str,
    /// The edge's number for it.
    pub id: &'static str,
    /// Grows with every change.
    pub serial: u32,
    /// Its records.
    pub records: Vec<Record>,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The edge's number for it.
    pub id: String,
    /// The whole name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// What it says: an address, a name, a text.
    pub content: String,
    /// Whether the world is shown the edge's addresses instead.
    pub proxied: bool,
    /// Seconds; 1 means that the edge chooses.
    pub ttl: u32,
}

/// The type of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    A,
    Aaaa,
    Cname,
    Mx,
    Txt,
    Caa,
}

impl Default for Zone {
    /// Each public host with an address record for each node, proxied.
    fn default() -> Self {
        let mut records = Vec::new();
        for host in ["api.example.com", "admin.example.com"] {
            for node in 11..=13 {
                records.push(Record {
                    id: format!("{:032x}", 0x3e1a_0000 + records.len()),
                    name: host.to_owned(),
                    kind: Kind::A,
                    content: format!("203.0.113.{node}"),
                    proxied: true,
                    ttl: 1,
                });
            }
        }
        Self { name: "example.com", id: "9c1f4e7a02b35d68a1f0c2e49d7b8635", serial: 2_381_004_512, records }
    }
}
