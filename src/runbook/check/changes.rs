//! `changes`: what changed before the trouble of a workload began (F15, F27).

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::facts::{NAMED, Reference, age, seconds, unknown};
use super::revisions::began;
use super::subject::{Work, work};
use super::{Asked, Check, Found, ROLE, Tone, WORKLOAD, value};
use crate::secrets::blot;
use crate::situation::{Change, Kind, Ref, Situation, Subject, changes};

pub(super) const CHECK: Check = Check {
    name: "changes",
    summary: "what changed in the hour before the trouble of a workload began: configuration above all",
    params: &[ROLE, WORKLOAD],
    schema: || schemars::schema_for!(Changes),
    examples,
    run,
};

/// A change so long before it began may have to do with it.
const WINDOW: SignedDuration = SignedDuration::from_mins(60);
/// How many changes a result lists.
const LISTED: usize = 50;
/// What pods read as they start, or what decides how requests reach them.
const CONFIG: [Kind; 6] = [
    Kind::ConfigMap,
    Kind::Ingress,
    Kind::ResourceQuota,
    Kind::HorizontalPodAutoscaler,
    Kind::ValidatingWebhookConfiguration,
    Kind::MutatingWebhookConfiguration,
];

/// What changed near a workload.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Changes {
    /// Changes in the hour before it began, the last one first: of the workload, of its namespace, of the cluster.
    before: Vec<Changed>,
    /// Those of configuration: ConfigMaps, Ingresses, quotas, webhooks. Secrets are never read, so a change of one is not
    /// in here.
    config: Vec<Changed>,
    /// When the trouble began, in seconds ago; absent when nothing tells, and then the last hour is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    began_seconds: Option<i64>,
}

/// One change.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Changed {
    /// What changed.
    subject: Reference,
    /// What happened to it.
    what: String,
    /// More of it, or empty.
    detail: String,
    /// How long ago, in seconds.
    seconds: i64,
    /// How long before the trouble began, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    before_seconds: Option<i64>,
}

fn run(asked: &Asked<'_>) -> Found {
    let situation = asked.scene.situation;
    let work = match work(asked) {
        Ok(work) => work,
        Err(why) => return Found::cannot_tell(why),
    };
    let blind = unknown(situation, &[Kind::ReplicaSet, Kind::ConfigMap]);
    let mut found = Found { unknown: blind, ..Found::default() };
    found.command = format!("kubectl{} get events --sort-by=.metadata.creationTimestamp", work.namespace_flag());
    let began = began(asked, &work);
    let until = began.unwrap_or(situation.now);
    let all = changes(situation);
    let near = all.iter().filter_map(|c| Some((c, object(c)?))).filter(|(c, r)| concerns(&work, r, c));
    let in_time = near.filter(|(c, _)| (SignedDuration::ZERO..=WINDOW).contains(&until.duration_since(c.at)));
    let before: Vec<(Kind, Changed)> =
        in_time.take(LISTED).map(|(c, r)| (r.kind, changed(situation, c, r, began))).collect();
    let config: Vec<Changed> = before.iter().filter(|(k, _)| CONFIG.contains(k)).map(|(_, c)| c.clone()).collect();
    let before = before.into_iter().map(|(_, c)| c).collect();
    let result = Changes { before, config, began_seconds: began.map(|t| seconds(situation, t)) };
    rows(&result, &mut found);
    found.give(&result);
    found
}

fn object(change: &Change) -> Option<&Ref> {
    match &change.subject {
        Subject::Object(r) => Some(r),
        _ => None,
    }
}

/// Whether a change can matter to a workload: it is of the workload, of configuration in its namespace, or of the whole
/// cluster. The turn of a condition is what was found, not what caused it.
fn concerns(work: &Work<'_>, object: &Ref, change: &Change) -> bool {
    let turn = change.what.starts_with("became ") || change.what.contains(" became ");
    let machinery = matches!(object.kind, Kind::CronJob | Kind::Job | Kind::EtcdSnapshotFile | Kind::Event);
    let own = object.kind == work.reference.kind && object.key == work.reference.key;
    let cluster = object.key.namespace.is_empty();
    let namespace = object.key.namespace == work.reference.key.namespace;
    !machinery && (cluster || (!turn && (own || namespace)))
}

fn changed(situation: &Situation, change: &Change, object: &Ref, began: Option<Timestamp>) -> Changed {
    Changed {
        subject: object.into(),
        what: blot(&change.what).into_owned(),
        detail: blot(&change.detail).into_owned(),
        seconds: seconds(situation, change.at),
        before_seconds: began.map(|b| b.duration_since(change.at).as_secs()),
    }
}

fn rows(result: &Changes, found: &mut Found) {
    if let Some(s) = result.began_seconds {
        found.row(Tone::Plain, "it began", format!("{} ago", age(s)));
    }
    for change in result.before.iter().take(NAMED) {
        let config = result.config.iter().any(|c| c.subject == change.subject && c.seconds == change.seconds);
        let when = change
            .before_seconds
            .map_or_else(|| format!("{} ago", age(change.seconds)), |s| format!("{} before it began", age(s)));
        let detail = if change.detail.is_empty() { String::new() } else { format!(" ({})", change.detail) };
        let what = format!("{}/{}", change.subject.kind, change.subject.name);
        let tone = if config { Tone::Warn } else { Tone::Plain };
        found.row(tone, what, format!("{}{detail}, {when}", change.what));
    }
    if result.before.is_empty() {
        found.row(Tone::Good, "changes in the hour before", "none that time stamps or watching tell");
    }
}

fn examples() -> Vec<Value> {
    let full = Changed {
        subject: Reference::example(Kind::ConfigMap, "shop", "web-config"),
        what: "2 keys changed".to_owned(),
        detail: "LIMIT, TIMEOUT".to_owned(),
        seconds: 900,
        before_seconds: Some(120),
    };
    let sparse = Changed { detail: String::new(), before_seconds: None, ..full.clone() };
    vec![
        value(&Changes { before: vec![full.clone()], config: vec![full], began_seconds: Some(780) }),
        value(&Changes { before: vec![sparse], config: Vec::new(), began_seconds: None }),
    ]
}
