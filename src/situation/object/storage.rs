//! Claims, volumes and etcd's snapshots.

use jiff::Timestamp;

use super::Meta;
use crate::situation::{Key, Text};

/// A PersistentVolumeClaim.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Claim {
    /// What every object has.
    pub meta: Meta,
    /// `Pending`, `Bound`, `Lost`.
    pub phase: Text,
    /// The volume it is bound to.
    pub volume: Text,
    /// Its storage class.
    pub class: Text,
    /// Bytes: what it has, or asks for while it has none.
    pub size: Option<u64>,
}

/// A PersistentVolume.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Volume {
    /// What every object has.
    pub meta: Meta,
    /// `Available`, `Bound`, `Released`, `Failed`.
    pub phase: Text,
    /// The claim it serves.
    pub claim: Option<Key>,
    /// `Retain` or `Delete`.
    pub reclaim: Text,
    /// Its storage class.
    pub class: Text,
    /// Bytes.
    pub size: Option<u64>,
    /// The nodes it can be used on (host names of its node affinity); empty: any.
    pub nodes: Vec<Text>,
}

/// A snapshot of etcd as k3s lists it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EtcdSnapshot {
    /// What every object has.
    pub meta: Meta,
    /// `spec.snapshotName`
    pub name: Text,
    /// The node that took it, `s3` for an uploaded one.
    pub node: Text,
    /// Where it lies.
    pub location: Text,
    /// Whether it can be restored from.
    pub ready: bool,
    /// When it was taken.
    pub taken: Option<Timestamp>,
    /// Bytes.
    pub size: Option<u64>,
    /// What went wrong, or empty.
    pub error: Text,
}
