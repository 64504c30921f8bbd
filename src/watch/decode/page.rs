//! Pages of a list and events of a watch.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::wire::{nullable, wire};
use super::{Wire, network, node, plain, pod, policy, storage, workload};
use crate::situation::{Key, Kind, Observation, Text};

/// How much of an object is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::watch) enum Form {
    /// All of it.
    Whole,
    /// `PartialObjectMetadata`: values never travel.
    Metadata,
}

/// One page of a list.
#[derive(Debug)]
pub(in crate::watch) struct Page {
    /// What is on it: seen or skipped.
    pub(in crate::watch) items: Vec<Observation>,
    /// Where a watch goes on from.
    pub(in crate::watch) version: String,
    /// The token of the next page.
    pub(in crate::watch) next: Option<String>,
}

/// One event of a watch.
#[derive(Debug)]
pub(in crate::watch) enum WatchEvent {
    /// An object was added, changed, deleted, or could not be decoded; the version it came with.
    Observed(Observation, String),
    /// Nothing happened up to this version.
    Bookmark(String),
    /// The server ends the watch: HTTP code, message.
    Error(u16, Text),
}

/// Why an answer is not what it should be; without any of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::watch) enum Undecodable {
    /// It ends in the middle.
    Truncated,
    /// It is no JSON, or not of the shape that was asked for.
    Other(String),
}

impl From<serde_json::Error> for Undecodable {
    fn from(error: serde_json::Error) -> Self {
        if error.is_eof() { Self::Truncated } else { Self::Other(expectation(&error)) }
    }
}

wire! {
    /// What even an object that cannot be decoded should have.
    struct Named { metadata: NameWire }

    struct NameWire { namespace: Text, name: Text, resource_version: String }

    struct StatusWire { code: u16, message: Text }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct List<T> {
    metadata: ListMeta,
    #[serde(default = "Vec::new", deserialize_with = "nullable_list")]
    items: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMeta {
    resource_version: String,
    #[serde(default, deserialize_with = "nullable")]
    r#continue: String,
}

fn nullable_list<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    nullable(d)
}

#[derive(Deserialize)]
struct Envelope<'a> {
    r#type: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Which wire struct a kind has.
macro_rules! with_wire {
    ($kind:expr, $form:expr, $f:ident($($arg:expr),*)) => {
        match ($kind, $form) {
            (Kind::Node, _) => $f::<node::NodeWire>($($arg),*),
            (Kind::Lease, _) => $f::<plain::LeaseWire>($($arg),*),
            (Kind::Namespace, _) => $f::<plain::NamespaceWire>($($arg),*),
            (Kind::Pod, _) => $f::<pod::PodWire>($($arg),*),
            (Kind::Deployment, _) => $f::<workload::DeploymentWire>($($arg),*),
            (Kind::ReplicaSet, _) => $f::<workload::ReplicaSetWire>($($arg),*),
            (Kind::DaemonSet, _) => $f::<workload::DaemonSetWire>($($arg),*),
            (Kind::StatefulSet, _) => $f::<workload::StatefulSetWire>($($arg),*),
            (Kind::Job, _) => $f::<workload::JobWire>($($arg),*),
            (Kind::CronJob, _) => $f::<workload::CronJobWire>($($arg),*),
            (Kind::Service, _) => $f::<network::ServiceWire>($($arg),*),
            (Kind::EndpointSlice, _) => $f::<network::EndpointSliceWire>($($arg),*),
            (Kind::PersistentVolumeClaim, _) => $f::<storage::ClaimWire>($($arg),*),
            (Kind::PersistentVolume, _) => $f::<storage::VolumeWire>($($arg),*),
            (Kind::PodDisruptionBudget, _) => $f::<policy::BudgetWire>($($arg),*),
            (Kind::HorizontalPodAutoscaler, _) => $f::<policy::AutoscalerWire>($($arg),*),
            (Kind::Ingress, _) => $f::<network::IngressWire>($($arg),*),
            (Kind::ConfigMap, Form::Whole) => $f::<policy::ConfigMapWire>($($arg),*),
            (Kind::ConfigMap, Form::Metadata) => $f::<policy::ConfigMapMetaWire>($($arg),*),
            (Kind::ResourceQuota, _) => $f::<policy::QuotaWire>($($arg),*),
            (Kind::ValidatingWebhookConfiguration, _) => $f::<policy::ValidatingWire>($($arg),*),
            (Kind::MutatingWebhookConfiguration, _) => $f::<policy::MutatingWire>($($arg),*),
            (Kind::ApiService, _) => $f::<policy::ApiServiceWire>($($arg),*),
            (Kind::EtcdSnapshotFile, _) => $f::<storage::SnapshotWire>($($arg),*),
            (Kind::Event, _) => $f::<plain::EventWire>($($arg),*),
        }
    };
}

/// Decodes one page of a list.
///
/// # Errors
/// When it is not a list at all; an object that cannot be decoded is [`Observation::Skipped`] instead.
pub(in crate::watch) fn page(kind: Kind, form: Form, json: &[u8]) -> Result<Page, Undecodable> {
    with_wire!(kind, form, page_of(kind, json))
}

/// Decodes one line of a watch.
///
/// # Errors
/// When it is no watch event.
pub(in crate::watch) fn event(kind: Kind, form: Form, line: &[u8]) -> Result<WatchEvent, Undecodable> {
    with_wire!(kind, form, event_of(kind, line))
}

fn page_of<T: Wire + DeserializeOwned>(kind: Kind, json: &[u8]) -> Result<Page, Undecodable> {
    let Ok(list) = serde_json::from_slice::<List<T>>(json) else { return careful_page::<T>(kind, json) };
    let items = list.items.into_iter().map(|wire| named(kind, wire.object())).collect();
    Ok(turn(list.metadata, items))
}

/// The same, object by object; bytes that are no UTF-8 are replaced, which changes no structure.
fn careful_page<T: Wire + DeserializeOwned>(kind: Kind, json: &[u8]) -> Result<Page, Undecodable> {
    let json = String::from_utf8_lossy(json);
    let list: List<&RawValue> = serde_json::from_str(&json)?;
    let items = list.items.into_iter().map(|raw| one::<T>(kind, raw).0).collect();
    Ok(turn(list.metadata, items))
}

fn turn(meta: ListMeta, items: Vec<Observation>) -> Page {
    Page { items, version: meta.resource_version, next: Some(meta.r#continue).filter(|token| !token.is_empty()) }
}

fn event_of<T: Wire + DeserializeOwned>(kind: Kind, line: &[u8]) -> Result<WatchEvent, Undecodable> {
    let line = String::from_utf8_lossy(line);
    let Envelope { r#type, object } = serde_json::from_str(&line)?;
    match r#type.as_str() {
        "ADDED" | "MODIFIED" => {
            let (seen, version) = one::<T>(kind, object);
            Ok(WatchEvent::Observed(seen, version))
        }
        "DELETED" => {
            let NameWire { namespace, name, resource_version } = serde_json::from_str::<Named>(object.get())?.metadata;
            Ok(WatchEvent::Observed(Observation::Gone(kind, Key { namespace, name }), resource_version))
        }
        "BOOKMARK" => Ok(WatchEvent::Bookmark(serde_json::from_str::<Named>(object.get())?.metadata.resource_version)),
        "ERROR" => {
            let status: StatusWire = serde_json::from_str(object.get())?;
            Ok(WatchEvent::Error(status.code, status.message))
        }
        _ => Err(Undecodable::Other("an event of an unknown type".to_owned())),
    }
}

/// One object and its version.
fn one<T: Wire + DeserializeOwned>(kind: Kind, raw: &RawValue) -> (Observation, String) {
    match serde_json::from_str::<T>(raw.get()) {
        Ok(mut wire) => {
            let version = wire.version();
            (named(kind, wire.object()), version)
        }
        Err(error) => {
            let meta = serde_json::from_str::<Named>(raw.get()).unwrap_or_default().metadata;
            let name = match (meta.namespace.as_str(), meta.name.as_str()) {
                (_, "") => Text::new("one without a readable name"),
                ("", name) => Text::new(name),
                (namespace, name) => Text::from(format!("{namespace}/{name}")),
            };
            (Observation::Skipped(kind, name, Text::from(expectation(&error))), meta.resource_version)
        }
    }
}

/// An object without a name could be told from no other.
fn named(kind: Kind, object: crate::situation::object::Object) -> Observation {
    if object.key().name.is_empty() {
        return Observation::Skipped(kind, Text::new("one without a name"), Text::new("it has no metadata.name"));
    }
    Observation::Seen(Box::new(object))
}

/// What was expected, where. The rest of the message may quote values and is left out: what stands after the last
/// "expected" comes from our own types.
fn expectation(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(before, _)| before);
    let expected: Cow<'_, str> = match message.rsplit_once(", expected ") {
        Some((_, expected)) if error.is_data() => format!("expected {expected}").into(),
        _ if error.is_data() => "not of the shape that was expected".into(),
        _ => "no valid JSON".into(),
    };
    format!("{expected} at column {}", error.column())
}
