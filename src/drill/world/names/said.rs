//! What a name server says, whatever carries it.

use schemars::JsonSchema;
use serde::Deserialize;

/// The type of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Type {
    A,
    Aaaa,
    Cname,
    Ns,
    Soa,
    Mx,
    Txt,
    Caa,
    Srv,
    Ds,
    Dnskey,
}

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Code {
    /// Well; without records the name has none of that type.
    #[default]
    NoError,
    /// The server failed.
    ServFail,
    /// There is no such name.
    NxDomain,
    /// Not from this server.
    Refused,
}

impl Code {
    /// By the name that it goes by (`SERVFAIL`).
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "NOERROR" => Some(Self::NoError),
            "SERVFAIL" => Some(Self::ServFail),
            "NXDOMAIN" => Some(Self::NxDomain),
            "REFUSED" => Some(Self::Refused),
            _ => None,
        }
    }

    /// Whether it is an answer and no failure.
    pub const fn answers(self) -> bool {
        matches!(self, Self::NoError | Self::NxDomain)
    }
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its name, without the last dot.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// Seconds for which it may be kept.
    pub ttl: u32,
    /// The same when it left the one who is responsible for it.
    pub whole_ttl: u32,
    /// What it says, as a zone file has it.
    pub text: String,
}

impl Line {
    /// A record.
    pub fn new(name: &str, kind: Type, ttl: u32, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), kind, ttl, whole_ttl: ttl, text: text.into() }
    }
}

/// What a server says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// How it ends.
    pub code: Code,
    /// What was asked for.
    pub answers: Vec<Line>,
    /// Who knows more, or that there is nothing to know.
    pub authority: Vec<Line>,
    /// What helps on the way.
    pub additional: Vec<Line>,
    /// Whether the server is responsible for the name.
    pub authoritative: bool,
    /// Whether signatures were found to be right.
    pub authentic: bool,
}

impl Said {
    /// Only a code.
    pub fn code(code: Code) -> Self {
        Self { code, ..Self::default() }
    }

    /// Records, from one that is responsible.
    pub fn records(answers: Vec<Line>) -> Self {
        Self { answers, authoritative: true, ..Self::default() }
    }

    /// That there is nothing, from one that is responsible: no such name, or no such record.
    pub fn nothing(code: Code, soa: Line) -> Self {
        Self { code, authority: vec![soa], authoritative: true, ..Self::default() }
    }

    /// How long it may be kept, in seconds; failures may not.
    pub fn ttl(&self) -> Option<u32> {
        let lines = if self.answers.is_empty() { &self.authority } else { &self.answers };
        self.code.answers().then(|| lines.iter().map(|line| line.ttl).min().unwrap_or(1).max(1))
    }

    /// The same, kept for so many seconds.
    pub fn aged(mut self, seconds: u32) -> Self {
        for line in self.answers.iter_mut().chain(&mut self.authority).chain(&mut self.additional) {
            line.ttl = line.ttl.saturating_sub(seconds);
        }
        self
    }
}
