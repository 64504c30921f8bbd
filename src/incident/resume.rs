//! What earlier runs left open: requests whose outcome nobody knows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Line;
use crate::action::Action;
use crate::situation::{Ref, clean};

/// A request that was about to go out when the program ended, or that got no answer: nobody knows whether it was carried
/// out. It is known to be looked at once an [`Entry::LookedAt`](super::Entry::LookedAt) names its execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The incident.
    pub incident: String,
    /// The plan's digest.
    pub execution: String,
    /// The plan's title: `Roll back api to revision 41`.
    pub title: String,
    /// What a person would type.
    pub command: String,
    /// When the request was about to go out (cluster time).
    pub at: Timestamp,
    /// What it was done to: `Deployment/shop/api`.
    pub target: String,
    /// The action, to judge it or to plan it again; `None` when the journal does not tell.
    pub action: Option<Action>,
    /// What to look at to know, in words, with the command.
    pub check: String,
}

/// The executions of a journal, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Executions {
    all: BTreeMap<String, Execution>,
    looked_at: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Execution {
    title: String,
    command: String,
    action: Option<Action>,
    /// The last request that changes something: `PATCH /apis/…`.
    request: String,
    stands: Stands,
}

#[derive(Debug, Default, Clone, Copy)]
enum Stands {
    /// Nothing is in the air.
    #[default]
    Settled,
    /// This request was about to go out.
    Sent { number: u64, at: Timestamp },
    /// It got no answer.
    Lost { at: Timestamp },
}

impl Executions {
    /// Takes a line of the journal into account.
    pub(super) fn note(&mut self, line: &Line) {
        let entry = &line.entry;
        let id = text(entry, "execution");
        match line.kind() {
            "looked-at" => {
                self.looked_at.insert(id);
            }
            "action" => self.all.entry(id).or_default().note(entry, line.at),
            _ => {}
        }
    }

    /// The executions that somebody looked at, of whatever incident.
    pub(super) fn looked_at(&self) -> impl Iterator<Item = &String> {
        self.looked_at.iter()
    }

    /// Those whose outcome is not known, by time.
    pub(super) fn unknown(&self, incident: &str) -> Vec<Unknown> {
        let open = self.all.iter().filter(|(id, _)| !self.looked_at.contains(*id));
        let mut unknown: Vec<Unknown> = open.filter_map(|(id, e)| e.unknown(incident, id)).collect();
        unknown.sort_by_key(|u| u.at);
        unknown
    }
}

impl Execution {
    fn note(&mut self, entry: &Value, at: Timestamp) {
        let number = entry["number"].as_u64().unwrap_or_default();
        match (entry["event"].as_str().unwrap_or_default(), self.stands) {
            ("planned", _) => {
                let plan = &entry["plan"];
                self.title = text(plan, "title");
                self.command = text(plan, "command");
                self.action = Action::deserialize(&plan["action"]).ok();
            }
            ("intent", _) if entry["request"]["write"] == "change" => {
                let request = &entry["request"];
                self.request = format!("{} {}", text(request, "method"), text(request, "path"));
                self.stands = Stands::Sent { number, at };
            }
            ("outcome-unknown", Stands::Sent { number: sent, at }) if sent == number => {
                self.stands = Stands::Lost { at }
            }
            ("answered", Stands::Sent { number: sent, .. }) if sent == number => self.stands = Stands::Settled,
            ("executed" | "stopped" | "refused", Stands::Sent { .. }) => self.stands = Stands::Settled,
            ("verified", _) if entry["verdict"] == "worked" => self.stands = Stands::Settled,
            _ => {}
        }
    }

    fn unknown(&self, incident: &str, id: &str) -> Option<Unknown> {
        let (Stands::Sent { at, .. } | Stands::Lost { at }) = self.stands else { return None };
        let target = self.action.as_ref().map_or_else(String::new, |a| a.target().to_string());
        let check = match &self.action {
            Some(action) => check(action, at),
            None => format!("the journal does not hold the plan; look at what this request changes: {}", self.request),
        };
        Some(Unknown {
            incident: incident.to_owned(),
            execution: id.to_owned(),
            title: if self.title.is_empty() { self.request.clone() } else { self.title.clone() },
            command: self.command.clone(),
            at,
            target,
            action: self.action.clone(),
            check,
        })
    }
}

/// What to look at to know whether an action was carried out, in words and with the command.
fn check(action: &Action, at: Timestamp) -> String {
    let get = |r: &Ref, path: &str| {
        let namespace = if r.key.namespace.is_empty() { String::new() } else { format!("-n {} ", r.key.namespace) };
        let kind = r.kind.to_string().to_ascii_lowercase();
        format!("kubectl {namespace}get {kind} {} -o jsonpath='{path}'", r.key.name)
    };
    match action {
        Action::Cordon { node } => {
            format!("is {} unschedulable? {}", node.key.name, get(node, "{.spec.unschedulable}"))
        }
        Action::Uncordon { node } => {
            format!(
                "is {} schedulable again (no answer means yes)? {}",
                node.key.name,
                get(node, "{.spec.unschedulable}")
            )
        }
        Action::RolloutRestart { deployment } => format!(
            "was {} restarted at {} or later? {}",
            deployment.key.name,
            at.strftime("%H:%M:%SZ"),
            get(deployment, r"{.spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt}")
        ),
        Action::DeletePod { pod } => format!(
            "is the pod of UID {} gone (not found, or another UID)? {}",
            pod.uid,
            get(pod, "{.metadata.uid} {.metadata.deletionTimestamp}")
        ),
        Action::RollBack { deployment, to } => {
            let wanted = to.map_or_else(|| "a former revision".to_owned(), |to| format!("revision {to}"));
            format!(
                "which revision is present, the one before or one that equals {wanted}? kubectl -n {} rollout history \
                 deployment/{}",
                deployment.key.namespace, deployment.key.name
            )
        }
        Action::Scale { deployment, replicas } => {
            format!("are {replicas} pods wanted of {}? {}", deployment.key.name, get(deployment, "{.spec.replicas}"))
        }
    }
}

/// A text of the journal, harmless for a screen.
fn text(value: &Value, field: &str) -> String {
    clean(value.get(field).and_then(Value::as_str).unwrap_or_default()).into_owned()
}
