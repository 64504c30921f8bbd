//! The lines of a journal. Later versions add kinds and fields; readers pass over what they do not know.

use jiff::Timestamp;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of the format.
pub const VERSION: u32 = 1;

/// The first line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// The format's version: 1.
    pub version: u32,
    /// `INC-0007`
    pub incident: String,
    /// The kubeconfig's context.
    pub context: String,
    /// The server's URL.
    pub server: String,
    /// UID of namespace `kube-system`: which cluster this is; empty when it could not be read.
    pub cluster: String,
    /// The drill it is, by its id; absent for a real cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<String>,
    /// The program's version.
    pub program: String,
}

/// One line, as it is read: what happened is kept as it stands, so that nothing of a later version is lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Counts from 1, the header; a gap is a loss.
    pub seq: u64,
    /// Cluster time.
    pub at: Timestamp,
    /// Wall time of the machine that wrote it.
    pub wall: Timestamp,
    /// What happened: an [`Entry`] as JSON.
    #[serde(flatten)]
    pub entry: Value,
}

/// What happened. Serialised with a field `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Entry {
    /// The first line: which incident, on which cluster.
    Opened(Header),
    /// A console took the incident up again. Findings are told anew after it, and the numbers of trees begin anew.
    Resumed {
        /// The program's version.
        program: String,
    },
    /// The console was quit; the incident stays open.
    Left,
    /// A finding came up.
    FindingCame {
        /// As in `crashcart check -o json`.
        #[schemars(with = "Map<String, Value>")]
        finding: Value,
    },
    /// Severity, confidence or title of a finding changed.
    FindingChanged {
        /// As it is now.
        #[schemars(with = "Map<String, Value>")]
        finding: Value,
    },
    /// A finding is no longer supported by what is known.
    FindingGone {
        /// `F14`, `workload-unready`
        id: String,
        /// What it was about: `Deployment/shop/api`.
        subject: String,
    },
    /// A tree was opened.
    TreeOpened {
        /// Tells trees apart that are open at once; until the next `resumed`.
        tree: u64,
        /// The runbook's id.
        runbook: String,
        /// What it was opened on; empty when the runbook's role decides.
        subject: String,
    },
    /// A step was entered; the time spent in it runs until the tree's next line.
    Step {
        /// The tree.
        tree: u64,
        /// The runbook's id.
        runbook: String,
        /// The step's id.
        step: String,
        /// Its question.
        title: String,
        /// What its check gave; null when there is none or it cannot tell.
        result: Option<Value>,
    },
    /// A way was taken: the answer to a step's question.
    Took {
        /// The tree.
        tree: u64,
        /// The runbook's id.
        runbook: String,
        /// The step that was left, by its id.
        step: String,
        /// The answer, in the words of the screen.
        say: String,
        /// Whether it was the suggested one.
        suggested: bool,
        /// The step that it leads to, by its id.
        to: String,
        /// The title of that step.
        title: String,
    },
    /// The operator went back to a step of before.
    Back {
        /// The tree.
        tree: u64,
        /// The runbook's id.
        runbook: String,
        /// The step gone back to, by its id.
        step: String,
    },
    /// A tree came to one of its ends.
    TreeEnded {
        /// The tree.
        tree: u64,
        /// The runbook's id.
        runbook: String,
        /// The last step, by its id.
        step: String,
        /// `resolved`, `watch`, `wait`, `escalate`
        end: String,
        /// What the end says.
        say: String,
    },
    /// A tree was put away.
    TreeClosed {
        /// The tree.
        tree: u64,
        /// The runbook's id.
        runbook: String,
    },
    /// Changes may be confirmed.
    Armed {
        /// Until when (wall time).
        until: Timestamp,
    },
    /// Nothing can be changed any more.
    Disarmed {
        /// Why: a key, the time is up, another cluster.
        why: String,
    },
    /// A plan was put away without a confirmation: nothing was done.
    Declined {
        /// The plan's digest.
        execution: String,
    },
    /// What planner and executor say of one execution.
    Action {
        /// What.
        #[serde(flatten)]
        event: Box<crate::action::Event>,
    },
    /// Somebody looked at what became of an execution whose outcome was unknown; also one of an earlier incident.
    LookedAt {
        /// The plan's digest.
        execution: String,
        /// What there was to see.
        says: String,
    },
    /// The kubeconfig or the server now means another cluster than at first.
    ClusterChanged {
        /// What differs.
        what: String,
    },
    /// A person's words.
    Note {
        /// The words.
        text: String,
    },
    /// The incident is over; nothing follows.
    Closed {
        /// Why.
        why: String,
    },
}

/// One line, as it is written; only for its schema.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "crashcart journal", description = "One line of a journal; the first is of kind `opened`.")]
struct Written {
    /// Counts from 1, the header; a gap is a loss.
    seq: u64,
    /// Cluster time.
    at: Timestamp,
    /// Wall time of the machine that wrote it.
    wall: Timestamp,
    #[serde(flatten)]
    entry: Entry,
}

/// JSON Schema of a line. Kinds and fields may be added, so others are not forbidden.
pub fn schema() -> schemars::Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Written>()
}
