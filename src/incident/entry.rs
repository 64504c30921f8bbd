//! The lines of a journal. Later versions add kinds and fields; readers pass over what they do not know.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the format.
pub const VERSION: u32 = 1;

/// The first line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// The format's version.
    pub version: u32,
    /// `INC-0007`
    pub incident: String,
    /// The kubeconfig's context.
    pub context: String,
    /// The server's URL.
    pub server: String,
    /// UID of kube-system.
    pub cluster: String,
    /// The drill it is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<String>,
    /// The program's version.
    pub program: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Counts from 1, the header; a gap is a loss.
    pub seq: u64,
    /// Cluster time.
    pub at: Timestamp,
    /// Wall time of the machine that wrote it.
    pub wall: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub entry: Value,
}

/// What happened. Serialised with a field `kind`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Entry {
    /// The first line.
    Opened(Header),
    /// The console was closed or opened again.
    Resumed {
        program: String,
    },
    Left,
    /// A finding came, changed, or went.
    FindingCame {
        finding: Value,
    },
    FindingChanged {
        finding: Value,
    },
    FindingGone {
        id: String,
        subject: String,
    },
    /// A tree was opened, walked, left.
    TreeOpened {
        runbook: String,
        subject: String,
    },
    Step {
        runbook: String,
        step: String,
        title: String,
        result: Option<Value>,
    },
    Took {
        runbook: String,
        step: String,
        say: String,
        suggested: bool,
        to: String,
    },
    Back {
        runbook: String,
        step: String,
    },
    TreeEnded {
        runbook: String,
        step: String,
        end: String,
        say: String,
    },
    /// stub
    Declined {
        execution: String,
    },
    /// The switch.
    Armed {
        until: Timestamp,
    },
    Disarmed {
        why: String,
    },
    /// What the executor says.
    Action {
        #[serde(flatten)]
        event: Box<crate::action::Event>,
    },
    /// A person's words.
    Note {
        text: String,
    },
    /// The incident is over.
    Closed {
        why: String,
    },
}
