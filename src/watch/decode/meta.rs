//! What every object has.

use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::wire::{Pairs, Time, nullable, wire};
use crate::situation::object::{Meta, Owner};
use crate::situation::{Key, Text};

/// `metadata`, with what is read of annotations (nothing, or a struct) and of `managedFields` (nothing, or [`Modified`]).
#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "A: Default + Deserialize<'de>, M: Default + Deserialize<'de>"))]
pub(in crate::watch) struct MetaWire<A = IgnoredAny, M = IgnoredAny> {
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::watch) name: Text,
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::watch) namespace: Text,
    #[serde(default, deserialize_with = "nullable")]
    uid: Text,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) resource_version: String,
    #[serde(default, deserialize_with = "nullable")]
    creation_timestamp: Time,
    #[serde(default, deserialize_with = "nullable")]
    deletion_timestamp: Time,
    #[serde(default, deserialize_with = "nullable")]
    finalizers: Vec<Text>,
    #[serde(default, deserialize_with = "nullable")]
    labels: Pairs,
    #[serde(default, deserialize_with = "nullable")]
    owner_references: Vec<OwnerWire>,
    #[serde(default, deserialize_with = "nullable")]
    generation: i64,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) annotations: A,
    #[serde(default, deserialize_with = "nullable")]
    managed_fields: M,
}

/// `metadata` of a kind whose changes are told by `managedFields` alone.
pub(super) type ModifiedMeta = MetaWire<IgnoredAny, Modified>;

wire! {
    struct OwnerWire { kind: Text, name: Text, uid: Text, controller: bool }

    struct ManagedWire { time: Time, subresource: Text }
}

/// The newest time in `managedFields` that is not a status write.
#[derive(Default)]
pub(super) struct Modified(Option<Timestamp>);

impl<'de> Deserialize<'de> for Modified {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Modified;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of managed fields")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Modified, A::Error> {
                let mut newest = None;
                while let Some(entry) = seq.next_element::<ManagedWire>()? {
                    if entry.subresource.is_empty() {
                        newest = newest.max(entry.time.0);
                    }
                }
                Ok(Modified(newest))
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}

impl From<IgnoredAny> for Modified {
    fn from(_: IgnoredAny) -> Self {
        Self(None)
    }
}

impl<A, M: Into<Modified>> From<MetaWire<A, M>> for Meta {
    fn from(wire: MetaWire<A, M>) -> Self {
        let owner = wire.owner_references.into_iter().find(|o| o.controller);
        Self {
            key: Key { namespace: wire.namespace, name: wire.name },
            uid: wire.uid,
            created: wire.creation_timestamp.0,
            deleting: wire.deletion_timestamp.0,
            finalizers: wire.finalizers,
            labels: wire.labels.labels(),
            owner: owner.map(|o| Owner { kind: o.kind, name: o.name, uid: o.uid }),
            generation: wire.generation,
            modified: wire.managed_fields.into().0,
        }
    }
}
