//! What a runbook's file holds. `docs/files.md` explains it to people; `crashcart schema runbook` to programs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// One troubleshooting tree.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Book {
    /// The catalogue's id, or the team's own; the file has the same name.
    pub id: String,
    /// One line: `Some users see 502, others do not`.
    pub title: String,
    /// Whether people come to it by what users say or by what is broken.
    pub kind: Kind,
    /// Where in the stack: `edge`, `dns`, `node`, `control`, `network`, `workload`, `outside`.
    pub layer: String,
    /// What users say, word by word; the search looks here.
    #[serde(default)]
    pub said: Vec<String>,
    /// Findings that lead here, by id.
    #[serde(default)]
    pub findings: Vec<String>,
    /// What the tree is about when it was not opened on something: a role.
    #[serde(default)]
    pub subject: Option<SubjectRule>,
    /// The first step.
    pub start: String,
    /// The steps by their ids: lower-case words with `-` between them.
    pub steps: BTreeMap<String, Step>,
}

/// How people come to a runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// By what users say.
    Symptom,
    /// By what is broken.
    Failure,
    /// By what is planned.
    Procedure,
}

/// What a tree is about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectRule {
    /// The workload that plays this role in the profile.
    pub role: String,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The question, or what is done: a few words. `{{ CEL }}` is replaced.
    pub title: String,
    /// Why this step, and what its answers mean; for people who have never seen the system.
    #[serde(default)]
    pub why: String,
    /// What it is.
    #[serde(flatten)]
    pub what: What,
}

/// What a step is: exactly one of these.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", untagged)]
pub enum What {
    /// A diagnostic that changes nothing; the first branch whose condition holds is suggested.
    Check {
        /// The check, by name.
        check: String,
        /// Its parameters.
        #[serde(default)]
        with: BTreeMap<String, Value>,
        /// The ways on; the last is `otherwise`.
        branches: Vec<Branch>,
    },
    /// A change, through a plan.
    Act {
        /// The action, by name (`roll-back`).
        act: String,
        /// Its parameters.
        #[serde(default)]
        with: BTreeMap<String, Value>,
        /// What proves, beyond the action's own proof, that it helped.
        verify: Verify,
        /// Where it leads; `worked`, `failed`, and `declined` when the operator does not confirm it.
        then: Then,
    },
    /// Only a person can answer.
    Ask {
        /// Whom: `operator`, `developer`, `owner`.
        ask: String,
        /// The answers.
        answers: Vec<Answer>,
    },
    /// Watch until a condition held for some time.
    Until {
        /// The check, by name.
        until: String,
        /// Its parameters.
        #[serde(default)]
        with: BTreeMap<String, Value>,
        /// CEL over the check's result.
        holds: String,
        /// For how long without a break, `10m`.
        #[serde(rename = "for")]
        lasting: jiff::SignedDuration,
        /// When to give up, `15m`.
        within: jiff::SignedDuration,
        /// Where it leads.
        then: Then,
    },
    /// Something to be done elsewhere, then ticked.
    Note {
        /// What to do, in full.
        note: String,
        /// The next step.
        go: String,
    },
    /// The tree ends.
    End {
        /// How.
        end: Ending,
        /// What it means, and what is left to do.
        say: String,
        /// Whom to tell (`escalate`, `wait`).
        #[serde(default)]
        to: String,
        /// What to attach, in words.
        #[serde(default)]
        attach: Vec<String>,
    },
}

/// What proves that an action helped.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Verify {
    /// The check, by name.
    pub check: String,
    /// Its parameters.
    #[serde(default)]
    pub with: BTreeMap<String, Value>,
    /// CEL over the check's result.
    pub until: String,
    /// How long it may take, `15m` (cluster time, from the end of the action's own proof).
    pub within: jiff::SignedDuration,
}

/// A parameter's value in a file: a role, a number, or CEL that gives a reference, a list of them, or a number.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// A number.
    Number(u64),
    /// A name where the parameter wants one (a role), else CEL: `ingress.unready`, `subject`.
    Text(String),
}

/// One way on from a check.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Branch {
    /// CEL over `result`, the results of earlier steps by their ids (`-` written `_`), `subject` and `findings`; absent
    /// on the last one.
    #[serde(default)]
    pub when: Option<String>,
    /// `true` on the last one.
    #[serde(default)]
    pub otherwise: bool,
    /// What it means that this is so. `{{ CEL }}` is replaced.
    pub say: String,
    /// The next step.
    pub go: String,
}

/// One answer of a person.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Answer {
    /// The answer.
    pub say: String,
    /// The next step.
    pub go: String,
    /// CEL that makes it the suggested one; at most one answer may have none and be suggested by `suggested: true`.
    #[serde(default)]
    pub when: Option<String>,
    /// Suggested when no condition holds: the answer that a drill's scripted operator gives.
    #[serde(default)]
    pub suggested: bool,
}

/// Where a step leads by its result.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Then {
    /// It worked, it holds.
    pub worked: String,
    /// It failed, or the time is up.
    pub failed: String,
    /// It was not confirmed (`act`); the step before when absent.
    #[serde(default)]
    pub declined: Option<String>,
}

/// How a tree ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// It works again.
    Resolved,
    /// Nothing is left to do but to look again later.
    Watch,
    /// A provider has to mend it.
    Wait,
    /// A person has to be called.
    Escalate,
}

impl Ending {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Watch => "watch",
            Self::Wait => "wait",
            Self::Escalate => "escalate",
        }
    }
}
