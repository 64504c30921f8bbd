//! Building blocks of the wire form: what an absent or null field means, times, maps, amounts, conditions.

use std::fmt;

use jiff::Timestamp;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::quantity;
use crate::situation::Text;
use crate::situation::object::{Amounts, Condition, Labels, Status};

/// Declares structs as they come over the wire: only the fields that are used, camelCase, each of them absent, null or
/// given. They have no `Debug`, so that nothing of an object can slip into a log.
macro_rules! wire {
    ($($(#[$meta:meta])* struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $ty:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Default, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(in crate::watch) struct $name {
            $(
                #[serde(default, deserialize_with = "crate::watch::decode::wire::nullable")]
                $(#[$field_meta])*
                pub(in crate::watch) $field: $ty,
            )*
        }
    )*};
}
pub(super) use wire;

/// A null is as good as an absent field.
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A time; one that cannot be read counts as absent, because an object is worth more than one of its times.
#[derive(Default, Clone, Copy)]
pub(in crate::watch) struct Time(pub(in crate::watch) Option<Timestamp>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Time;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }
            fn visit_str<E: de::Error>(self, raw: &str) -> Result<Time, E> {
                Ok(Time(raw.parse().ok()))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// A map of texts, sorted by key.
#[derive(Default)]
pub(in crate::watch) struct Pairs(Vec<(Text, Text)>);

impl Pairs {
    pub(super) fn labels(self) -> Labels {
        Labels(self.0.into_boxed_slice())
    }

    pub(super) fn into_vec(self) -> Vec<(Text, Text)> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(4));
                while let Some((key, value)) = map.next_entry::<Text, Option<Text>>()? {
                    pairs.push((key, value.unwrap_or_default()));
                }
                pairs.sort_unstable();
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// Text that the API writes as a string or as a number (`50%`, `1`).
#[derive(Default)]
pub(in crate::watch) struct Loose(pub(super) Text);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Loose;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a number")
            }
            fn visit_str<E: de::Error>(self, raw: &str) -> Result<Loose, E> {
                Ok(Loose(Text::new(raw)))
            }
            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Loose, E> {
                Ok(Loose(Text::from(n.to_string())))
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Loose, E> {
                Ok(Loose(Text::from(n.to_string())))
            }
            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Loose, E> {
                Ok(Loose(Text::from(n.to_string())))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A resource list, of which only cpu, memory, pods and ephemeral storage are kept.
#[derive(Default)]
pub(in crate::watch) struct Resources(pub(in crate::watch) Amounts);

impl<'de> Deserialize<'de> for Resources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Resources;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of quantities")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Resources, A::Error> {
                let mut amounts = Amounts::default();
                while let Some((key, value)) = map.next_entry::<Text, Option<Loose>>()? {
                    let value = value.unwrap_or_default().0;
                    match key.as_str() {
                        "cpu" => amounts.cpu_milli = quantity::milli(&value),
                        "memory" => amounts.memory = quantity::whole(&value),
                        "pods" => amounts.pods = quantity::whole(&value),
                        "ephemeral-storage" => amounts.storage = quantity::whole(&value),
                        _ => {}
                    }
                }
                Ok(Resources(amounts))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

wire! {
    struct Selector { match_labels: Pairs }

    struct ConditionWire {
        r#type: Text,
        status: Status,
        reason: Text,
        message: Text,
        last_transition_time: Time,
        last_heartbeat_time: Time,
        last_update_time: Time,
    }
}

/// Conditions as the situation holds them.
pub(super) fn conditions(wire: Vec<ConditionWire>) -> Vec<Condition> {
    exact(wire.into_iter().map(|c| Condition {
        kind: c.r#type,
        status: c.status,
        reason: c.reason,
        message: c.message,
        since: c.last_transition_time.0,
        heard: c.last_heartbeat_time.0.or(c.last_update_time.0),
    }))
}

/// Collects without spare room: lists that are kept for ten thousand pods may not be half empty.
pub(super) fn exact<T>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut list: Vec<T> = items.collect();
    list.shrink_to_fit();
    list
}
