//! What a runbook's file holds. `docs/files.md` explains it to people; `crashcart schema runbook` to programs.
//!
//! Files are read by [`super::read`], which finds their mistakes; expressions are compiled there, once.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cel::{Expression, Template};

/// One troubleshooting tree.
#[derive(Debug, Clone, PartialEq)]
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
    pub said: Vec<String>,
    /// Findings that lead here, by id.
    pub findings: Vec<String>,
    /// What the tree is about when it was not opened on something: a role.
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
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The question, or what is done: a few words.
    pub title: Template,
    /// Why this step, and what its answers mean; for people who have never seen the system. May be empty.
    pub why: Template,
    /// What it is.
    pub what: What,
}

/// What a step is: exactly one of these.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A diagnostic that changes nothing; the first branch whose condition holds is suggested.
    Check {
        /// The check, by name.
        check: String,
        /// Its parameters.
        with: BTreeMap<String, Value>,
        /// The ways on; the last is `otherwise`.
        branches: Vec<Branch>,
    },
    /// A change, through a plan.
    Act {
        /// The action, by name (`roll-back`).
        act: String,
        /// Its parameters.
        with: BTreeMap<String, Value>,
        /// What proves, beyond the action's own proof, that it helped.
        verify: Verify,
        /// Where it leads; `worked`, `failed`, and `declined` when the operator does not confirm it.
        then: Then,
    },
    /// Only a person can answer.
    Ask {
        /// Whom.
        ask: Person,
        /// The answers.
        answers: Vec<Answer>,
    },
    /// Watch until a condition held for some time.
    Until {
        /// The check, by name.
        until: String,
        /// Its parameters.
        with: BTreeMap<String, Value>,
        /// CEL over the check's result.
        holds: Expression,
        /// For how long without a break.
        lasting: SignedDuration,
        /// When to give up.
        within: SignedDuration,
        /// Where it leads.
        then: Then,
    },
    /// Something to be done elsewhere, then ticked.
    Note {
        /// What to do, in full.
        note: Template,
        /// The next step.
        go: String,
    },
    /// The tree ends.
    End {
        /// How.
        end: Ending,
        /// What it means, and what is left to do.
        say: Template,
        /// Whom to tell (`escalate`, `wait`); may be empty.
        to: String,
        /// What to attach, in words.
        attach: Vec<Template>,
    },
}

/// Who can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Person {
    /// Whoever sits at the console.
    Operator,
    /// Who knows the program.
    Developer,
    /// Who decides what it may cost.
    Owner,
}

/// What proves that an action helped.
#[derive(Debug, Clone, PartialEq)]
pub struct Verify {
    /// The check, by name.
    pub check: String,
    /// Its parameters.
    pub with: BTreeMap<String, Value>,
    /// CEL over the check's result.
    pub until: Expression,
    /// How long it may take (cluster time, from the end of the action's own proof).
    pub within: SignedDuration,
}

/// A parameter's value in a file: a role, a number, or CEL that gives a reference, a list of them, or a number.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// A number.
    Number(u64),
    /// A name where the parameter wants one (a role: [`Expression::text`]), else CEL: `ingress.unready`, `subject`.
    Text(Expression),
}

/// One way on from a check.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Branch {
    /// CEL over `result`, the results of earlier steps by their ids (`-` written `_`), `subject` and `findings`; absent
    /// on the last one.
    #[serde(default)]
    pub when: Option<Expression>,
    /// `true` on the last one, which is taken when none of the others holds.
    #[serde(default)]
    pub otherwise: bool,
    /// What it means that this is so.
    pub say: Template,
    /// The next step.
    pub go: String,
}

/// One answer of a person.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Answer {
    /// The answer.
    pub say: Template,
    /// The next step.
    pub go: String,
    /// CEL over the results of earlier steps that makes it the suggested one.
    #[serde(default)]
    pub when: Option<Expression>,
    /// Suggested when no condition holds, at most one: the answer that a drill's scripted operator gives.
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

/// How a tree ends, and a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
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
