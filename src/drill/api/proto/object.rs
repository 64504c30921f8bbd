//! The objects that `kubectl create` sends as protobuf, by their field numbers in Kubernetes' `generated.proto`.
//!
//! A body with anything in it that is not listed here is refused whole, so that nothing is lost in silence.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{Content, Field, fields};

/// A field of a message: its number, its name in JSON, what it holds.
type Part = (u64, &'static str, Shape);

/// What a field holds. An empty text or message and a zero count are left out, as in JSON.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Text,
    Count,
    /// A number behind a pointer: zero is said.
    Number,
    Flag,
    Message(&'static [Part]),
    Texts,
    Messages(&'static [Part]),
    /// Texts by text.
    Map,
    /// Bytes by text, in base64 in JSON.
    Bytes,
}

use Shape::{Bytes, Count, Flag, Map as Labels, Message, Messages, Number, Text, Texts};

const OWNER: &[Part] = &[
    (1, "kind", Text),
    (3, "name", Text),
    (4, "uid", Text),
    (5, "apiVersion", Text),
    (6, "controller", Flag),
    (7, "blockOwnerDeletion", Flag),
];
const META: &[Part] = &[
    (1, "name", Text),
    (2, "generateName", Text),
    (3, "namespace", Text),
    (11, "labels", Labels),
    (12, "annotations", Labels),
    (13, "ownerReferences", Messages(OWNER)),
    (14, "finalizers", Texts),
];
const NAMESPACE: &[Part] = &[(1, "metadata", Message(META)), (2, "spec", Message(&[(1, "finalizers", Texts)]))];
const CONFIG_MAP: &[Part] =
    &[(1, "metadata", Message(META)), (2, "data", Labels), (3, "binaryData", Bytes), (4, "immutable", Flag)];
const SECRET: &[Part] = &[
    (1, "metadata", Message(META)),
    (2, "data", Bytes),
    (3, "type", Text),
    (4, "stringData", Labels),
    (5, "immutable", Flag),
];
const ACCOUNT: &[Part] = &[(1, "metadata", Message(META))];
const PORT: &[Part] = &[(1, "name", Text), (2, "hostPort", Count), (3, "containerPort", Count), (4, "protocol", Text)];
const CONTAINER: &[Part] = &[
    (1, "name", Text),
    (2, "image", Text),
    (3, "command", Texts),
    (4, "args", Texts),
    (5, "workingDir", Text),
    (6, "ports", Messages(PORT)),
    (7, "env", Messages(&[(1, "name", Text), (2, "value", Text)])),
    (13, "terminationMessagePath", Text),
    (14, "imagePullPolicy", Text),
    (20, "terminationMessagePolicy", Text),
];
const POD: &[Part] = &[
    (2, "containers", Messages(CONTAINER)),
    (3, "restartPolicy", Text),
    (4, "terminationGracePeriodSeconds", Number),
    (5, "activeDeadlineSeconds", Number),
    (6, "dnsPolicy", Text),
    (7, "nodeSelector", Labels),
    (8, "serviceAccountName", Text),
    (9, "serviceAccount", Text),
    (15, "imagePullSecrets", Messages(&[(1, "name", Text)])),
    (19, "schedulerName", Text),
    (20, "initContainers", Messages(CONTAINER)),
];
const TEMPLATE: &[Part] = &[(1, "metadata", Message(META)), (2, "spec", Message(POD))];
const SELECTOR: &[Part] = &[(1, "matchLabels", Labels)];
const DEPLOYMENT_SPEC: &[Part] = &[
    (1, "replicas", Number),
    (2, "selector", Message(SELECTOR)),
    (3, "template", Message(TEMPLATE)),
    (4, "strategy", Message(&[(1, "type", Text)])),
    (5, "minReadySeconds", Count),
    (6, "revisionHistoryLimit", Number),
    (7, "paused", Flag),
    (9, "progressDeadlineSeconds", Number),
];
const DEPLOYMENT: &[Part] = &[(1, "metadata", Message(META)), (2, "spec", Message(DEPLOYMENT_SPEC))];
const JOB_SPEC: &[Part] = &[
    (1, "parallelism", Number),
    (2, "completions", Number),
    (3, "activeDeadlineSeconds", Number),
    (4, "selector", Message(SELECTOR)),
    (5, "manualSelector", Flag),
    (6, "template", Message(TEMPLATE)),
    (7, "backoffLimit", Number),
    (8, "ttlSecondsAfterFinished", Number),
    (9, "completionMode", Text),
    (10, "suspend", Flag),
    (14, "podReplacementPolicy", Text),
];
const JOB: &[Part] = &[(1, "metadata", Message(META)), (2, "spec", Message(JOB_SPEC))];
const CRON_SPEC: &[Part] = &[
    (1, "schedule", Text),
    (2, "startingDeadlineSeconds", Number),
    (3, "concurrencyPolicy", Text),
    (4, "suspend", Flag),
    (5, "jobTemplate", Message(JOB)),
    (6, "successfulJobsHistoryLimit", Number),
    (7, "failedJobsHistoryLimit", Number),
    (8, "timeZone", Text),
];
const CRON_JOB: &[Part] = &[(1, "metadata", Message(META)), (2, "spec", Message(CRON_SPEC))];

/// An object of a kind that is known here, as JSON without kind and version; `None` if it is not, or holds more.
pub(super) fn of_kind(kind: &str, raw: &[Field<'_>]) -> Option<Value> {
    let parts = match kind {
        "Namespace" => NAMESPACE,
        "ConfigMap" => CONFIG_MAP,
        "Secret" => SECRET,
        "ServiceAccount" => ACCOUNT,
        "Deployment" => DEPLOYMENT,
        "Job" => JOB,
        "CronJob" => CRON_JOB,
        _ => return None,
    };
    message(raw, parts)
}

fn message(raw: &[Field<'_>], parts: &[Part]) -> Option<Value> {
    let mut object = Map::new();
    for (number, content) in raw {
        match parts.iter().find(|(n, ..)| n == number) {
            Some((_, name, shape)) => put(&mut object, name, *shape, *content)?,
            None if hollow(*content) => {}
            None => return None,
        }
    }
    Some(Value::Object(object))
}

fn put(object: &mut Map<String, Value>, name: &str, shape: Shape, content: Content<'_>) -> Option<()> {
    let text = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes));
    match (shape, content) {
        (Text, Content::Bytes(bytes)) => {
            if !bytes.is_empty() {
                object.insert(name.to_owned(), text(bytes));
            }
        }
        (Count, Content::Number(0)) => {}
        (Count | Number, Content::Number(number)) => {
            object.insert(name.to_owned(), (number as i64).into());
        }
        (Flag, Content::Number(number)) => {
            object.insert(name.to_owned(), (number != 0).into());
        }
        (Message(parts), Content::Bytes(bytes)) => {
            object.insert(name.to_owned(), message(&fields(bytes)?, parts)?);
        }
        (Texts, Content::Bytes(bytes)) => items(object, name)?.push(text(bytes)),
        (Messages(parts), Content::Bytes(bytes)) => {
            let item = message(&fields(bytes)?, parts)?;
            items(object, name)?.push(item);
        }
        (Labels | Bytes, Content::Bytes(bytes)) => {
            let entry = fields(bytes)?;
            let (key, value) = (super::find(&entry, 1).unwrap_or_default(), super::find(&entry, 2).unwrap_or_default());
            let value = if matches!(shape, Bytes) { STANDARD.encode(value).into() } else { text(value) };
            let map = object.entry(name).or_insert_with(|| Map::new().into()).as_object_mut()?;
            map.insert(String::from_utf8_lossy(key).into_owned(), value);
        }
        _ => return None,
    }
    Some(())
}

fn items<'a>(object: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Vec<Value>> {
    object.entry(name).or_insert_with(|| Value::Array(Vec::new())).as_array_mut()
}

/// Whether a field says nothing: what Go writes of structures that are there and empty.
fn hollow(content: Content<'_>) -> bool {
    match content {
        Content::Number(number) => number == 0,
        Content::Bytes([]) => true,
        Content::Bytes(bytes) => fields(bytes).is_some_and(|parts| parts.iter().all(|(_, part)| hollow(*part))),
    }
}
