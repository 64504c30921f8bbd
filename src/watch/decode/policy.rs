//! Budgets, autoscalers, ConfigMaps, quotas, webhooks and APIServices.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::LazyLock;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::meta::{MetaWire, ModifiedMeta};
use super::wire::{ConditionWire, Loose, Pairs, Selector, conditions, wire};
use super::{Wire, wires};
use crate::situation::Text;
use crate::situation::object::{
    ApiService, Autoscaler, Budget, ConfigMap, KeyHash, Mutating, Object, Quota, Validating, Webhook,
};

/// The keys of a map with the hash of their values; the values go no further than the hasher.
#[derive(Default)]
pub(in crate::watch) struct Hashes(Vec<KeyHash>);

impl<'de> Deserialize<'de> for Hashes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Hashes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hashes, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, Hash(hash))) = map.next_entry()? {
                    keys.push(KeyHash { key, hash });
                }
                Ok(Hashes(keys))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

struct Hash(u64);

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Hash;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Hash, E> {
                // Keyed anew in each run, so that a hash that leaks tells nothing of a short value.
                static KEYED: LazyLock<std::hash::RandomState> = LazyLock::new(std::hash::RandomState::new);
                Ok(Hash(KEYED.hash_one(value)))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Hash, E> {
                self.visit_str("")
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

wire! {
    struct ConfigMapWire { metadata: ModifiedMeta, data: Hashes, binary_data: Hashes }

    /// A ConfigMap asked for as metadata only.
    struct ConfigMapMetaWire { metadata: ModifiedMeta }

    struct BudgetWire { metadata: ModifiedMeta, spec: BudgetSpec, status: BudgetStatus }

    struct BudgetSpec { selector: Selector, min_available: Loose, max_unavailable: Loose }

    struct BudgetStatus { disruptions_allowed: i32, current_healthy: i32, desired_healthy: i32, expected_pods: i32 }

    struct AutoscalerWire { metadata: ModifiedMeta, spec: AutoscalerSpec, status: AutoscalerStatus }

    struct AutoscalerSpec { scale_target_ref: ScaleTarget, min_replicas: Option<i32>, max_replicas: i32 }

    struct ScaleTarget { kind: Text, name: Text }

    struct AutoscalerStatus { current_replicas: i32, desired_replicas: i32, conditions: Vec<ConditionWire> }

    struct QuotaWire { metadata: ModifiedMeta, spec: QuotaSpec, status: QuotaStatus }

    struct QuotaSpec { hard: Pairs }

    struct QuotaStatus { hard: Pairs, used: Pairs }

    struct ValidatingWire { metadata: ModifiedMeta, webhooks: Vec<WebhookWire> }

    struct MutatingWire { metadata: ModifiedMeta, webhooks: Vec<WebhookWire> }

    struct WebhookWire { name: Text, failure_policy: Text, client_config: ClientConfig }

    struct ClientConfig { service: Option<ServiceRef> }

    struct ServiceRef { namespace: Text, name: Text }

    struct ApiServiceWire { metadata: MetaWire, spec: ApiServiceSpec, status: ApiServiceStatus }

    struct ApiServiceSpec { service: Option<ServiceRef> }

    struct ApiServiceStatus { conditions: Vec<ConditionWire> }
}

impl From<ServiceRef> for (Text, Text) {
    fn from(wire: ServiceRef) -> Self {
        (wire.namespace, wire.name)
    }
}

impl From<WebhookWire> for Webhook {
    fn from(wire: WebhookWire) -> Self {
        Self {
            name: wire.name,
            // In version 1 an absent policy means Fail.
            fails_closed: wire.failure_policy != "Ignore",
            service: wire.client_config.service.map(Into::into),
        }
    }
}

/// Resource, used, hard; what is only wanted so far counts as not used.
fn quota_amounts(spec: QuotaSpec, status: QuotaStatus) -> Vec<(Text, Text, Text)> {
    let used = status.used.labels();
    let hard = status.hard.into_vec();
    let hard = if hard.is_empty() { spec.hard.into_vec() } else { hard };
    hard.into_iter().map(|(name, hard)| (name.clone(), used.get(&name).cloned().unwrap_or_default(), hard)).collect()
}

wires! {
    ConfigMapWire => |wire| {
        let mut keys = wire.data.0;
        keys.extend(wire.binary_data.0);
        keys.sort_by(|a, b| a.key.cmp(&b.key));
        ConfigMap { meta: wire.metadata.into(), keys: Some(keys) }
    }
    ConfigMapMetaWire => |wire| {
        ConfigMap { meta: wire.metadata.into(), keys: None }
    }
    BudgetWire => |wire| {
        Budget {
            meta: wire.metadata.into(),
            selector: wire.spec.selector.match_labels.labels(),
            min_available: wire.spec.min_available.0,
            max_unavailable: wire.spec.max_unavailable.0,
            allowed: wire.status.disruptions_allowed,
            healthy: wire.status.current_healthy,
            desired: wire.status.desired_healthy,
            expected: wire.status.expected_pods,
        }
    }
    AutoscalerWire => |wire| {
        Autoscaler {
            meta: wire.metadata.into(),
            target: (wire.spec.scale_target_ref.kind, wire.spec.scale_target_ref.name),
            min: wire.spec.min_replicas.unwrap_or(1),
            max: wire.spec.max_replicas,
            current: wire.status.current_replicas,
            desired: wire.status.desired_replicas,
            conditions: conditions(wire.status.conditions),
        }
    }
    QuotaWire => |wire| {
        Quota { meta: wire.metadata.into(), amounts: quota_amounts(wire.spec, wire.status) }
    }
    ValidatingWire => |wire| {
        Validating { meta: wire.metadata.into(), hooks: wire.webhooks.into_iter().map(Into::into).collect() }
    }
    MutatingWire => |wire| {
        Mutating { meta: wire.metadata.into(), hooks: wire.webhooks.into_iter().map(Into::into).collect() }
    }
    ApiServiceWire => |wire| {
        ApiService {
            meta: wire.metadata.into(),
            service: wire.spec.service.map(Into::into),
            conditions: conditions(wire.status.conditions),
        }
    }
}
