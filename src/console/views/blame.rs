//! Which change each finding most likely began with, worked out once for a screen.

use jiff::SignedDuration;

use crate::console::freshness::span;
use crate::console::screen::Context;
use crate::detect::{Finding, suspect};
use crate::situation::{Change, Subject};

/// The suspect of one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blamed {
    id: &'static str,
    subjects: Vec<Subject>,
    /// Its place among the changes.
    change: usize,
    /// How long before the finding it was.
    pub before: SignedDuration,
}

impl Blamed {
    /// Whether this is the suspect of `finding`.
    pub fn concerns(&self, finding: &Finding) -> bool {
        self.id == finding.id && self.subjects == finding.subjects
    }

    /// The change, as long as the changes are those it was made from.
    pub fn change<'a>(&self, cx: &Context<'a>) -> Option<&'a Change> {
        cx.changes.get(self.change)
    }

    /// `2 min before F14`
    pub fn words(&self) -> String {
        if self.before.is_zero() {
            return format!("as {} began", self.id);
        }
        format!("{} before {}", span(self.before), self.id)
    }
}

/// The suspects of all findings, in the findings' order.
pub fn blame(cx: &Context<'_>) -> Vec<Blamed> {
    let of = |finding: &Finding| {
        let found = suspect(finding, cx.changes)?;
        let change = cx.changes.iter().position(|c| std::ptr::eq(c, found.change))?;
        Some(Blamed { id: finding.id, subjects: finding.subjects.clone(), change, before: found.before })
    };
    cx.assessment.findings.iter().filter_map(of).collect()
}

/// The words on the change at this place, if it is anybody's suspect.
pub fn words(blamed: &[Blamed], change: usize) -> Option<String> {
    blamed.iter().find(|b| b.change == change).map(Blamed::words)
}
