//! What name servers say: the authorities what the zone says, resolvers what an authority said when they last asked, and
//! any of them a lie, if a fault tells it to.
//!
//! Nothing here is asked for in advance: what a resolver has in its cache follows from what the authorities said when, so
//! that questions leave no trace in the world.

mod authority;
mod cache;
mod key;
mod said;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

pub use authority::Authority;
pub use key::{delegation_signer, key_tag, signing_keys};
pub use said::{Code, Line, Said, Type};

use crate::drill::outside::Site;
use authority::CHOSEN;

/// How many states of the authorities are remembered; the oldest is forgotten first.
const REMEMBERED: usize = 64;

/// A name server says something that is not so.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lie {
    /// The resolver, the authoritative server or the parent zone's.
    pub site: Site,
    /// About which name (`api.example.com`).
    pub name: String,
    /// About which type.
    #[serde(rename = "type")]
    pub kind: Type,
    /// What it says instead.
    pub says: Says,
}

/// What is said instead.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Says {
    /// These records, as a zone file has them; none: the name has no such record.
    Answers(Vec<String>),
    /// This code.
    Code(Code),
}

impl Says {
    /// As an answer; `soa` goes with one that has no records.
    fn instead(&self, name: &str, kind: Type, soa: Line) -> Said {
        match self {
            Self::Answers(texts) if !texts.is_empty() => {
                Said::records(texts.iter().map(|text| Line::new(name, kind, CHOSEN, text)).collect())
            }
            Self::Answers(_) => Said::nothing(Code::NoError, soa),
            Self::Code(code) if code.answers() => Said::nothing(*code, soa),
            Self::Code(code) => Said::code(*code),
        }
    }
}

/// What name servers are told to say, and what the authorities said before.
#[derive(Debug, Default)]
pub struct Names {
    seed: u64,
    lies: Vec<Lie>,
    past: Vec<(Timestamp, Authority)>,
}

impl Names {
    /// Names whose caches expire as the seed says.
    pub fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// A server lies from now on.
    pub fn tell(&mut self, lie: Lie) {
        self.lies.push(lie);
    }

    /// A server does not tell this lie any more.
    pub fn retract(&mut self, lie: &Lie) {
        self.lies.retain(|told| told != lie);
    }

    /// Whether a lie is told.
    pub fn tells(&self, lie: &Lie) -> bool {
        self.lies.contains(lie)
    }

    /// The lies of today.
    pub(super) fn lies(&self) -> &[Lie] {
        &self.lies
    }

    /// Remembers what the authorities say from now on.
    pub(super) fn remember(&mut self, now: Timestamp, present: Authority) {
        self.past.push((now, present));
        if self.past.len() > REMEMBERED {
            self.past.remove(0);
        }
    }

    /// What the authorities say since the last change.
    pub(super) fn last(&self) -> Option<&Authority> {
        self.past.last().map(|(_, authority)| authority)
    }
}

/// The lie of a server about a name and type; the last told counts.
fn lie_of<'a>(lies: &'a [Lie], site: Site, name: &str, kind: Type) -> Option<&'a Says> {
    let about = |lie: &&Lie| lie.site == site && lie.kind == kind && lie.name.eq_ignore_ascii_case(name);
    lies.iter().rev().find(about).map(|lie| &lie.says)
}

#[cfg(test)]
mod tests;
