//! The incident as the console keeps it: when it begins and ends, and findings as they come and go.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::app::App;
use super::errand::Errand;
use crate::action::Posture;
use crate::detect::{Confidence, Finding, Severity};
use crate::incident::{Entry, Opened, Past, Unknown};
use crate::situation::time::since;

/// An incident is over when nothing above info was found for so long.
const QUIET: SignedDuration = SignedDuration::from_mins(10);
/// How much of the story is kept for the screen.
const STORY: usize = 500;

/// Which finding it is: its id and what it is about.
type Which = (String, String);

/// What the console remembers of its record.
#[derive(Debug, Default)]
pub struct Chronicle {
    stage: Stage,
    /// Whether one is to be begun as soon as that is possible.
    wanted: bool,
    /// Findings as they were last written down.
    written: BTreeMap<Which, (Severity, Confidence, String)>,
    /// Since when nothing above info is found.
    quiet: Option<Timestamp>,
    /// How another cluster shows, if one does.
    other: Option<String>,
}

/// How far the record is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is not known yet which cluster this is.
    #[default]
    Unasked,
    /// Earlier runs are looked at.
    Looking,
    /// There is no incident.
    None,
    /// One is being opened.
    Opening,
    /// One is open.
    Open,
    /// None can be written; the fault was told.
    Broken,
}

impl App {
    /// Something happens that belongs to an incident: opens one if there is none.
    pub(super) fn begin_incident(&mut self) {
        match self.chronicle.stage {
            Stage::None => {
                self.chronicle.stage = Stage::Opening;
                self.hand.ask(Errand::OpenJournal(self.known.situation.cluster.clone()));
            }
            // Once it is known what earlier runs left, it is begun or gone on with.
            Stage::Unasked | Stage::Looking => self.chronicle.wanted = true,
            Stage::Opening | Stage::Open | Stage::Broken => {}
        }
    }

    /// Writes an entry down and tells it on the screen's story.
    pub(super) fn write(&mut self, entry: Entry, story: String) {
        self.hand.ask(Errand::Write(Box::new(entry)));
        self.tell(story);
    }

    /// Adds a line to the story.
    pub(super) fn tell(&mut self, story: String) {
        let desk = &mut self.known.desk;
        if desk.story.len() >= STORY {
            desk.story.remove(0);
        }
        desk.story.push((self.known.situation.now, story));
    }

    pub(super) fn past(&mut self, past: Result<Past, String>) {
        match past {
            Ok(Past { opened, unknown }) => {
                self.chronicle.stage = Stage::None;
                for lost in &unknown {
                    self.fault(outcome_unknown(lost));
                }
                self.known.desk.unknown = unknown;
                match opened {
                    Some(opened) => self.opened(Ok(opened)),
                    None if self.chronicle.wanted => self.begin_incident(),
                    None => {}
                }
            }
            Err(why) => self.broken(&why),
        }
    }

    /// Somebody looked at what became of an execution: it is asked about no more.
    pub(super) fn looked_at(&mut self, execution: &str) {
        let unknown = &mut self.known.desk.unknown;
        let Some(place) = unknown.iter().position(|u| u.execution == execution) else { return };
        let lost = unknown.remove(place);
        self.faults.retain(|fault| *fault != outcome_unknown(&lost));
        self.begin_incident();
        let says = "the operator looked at it".to_owned();
        self.write(Entry::LookedAt { execution: execution.to_owned(), says }, format!("looked at: {}", lost.title));
    }

    pub(super) fn opened(&mut self, opened: Result<Opened, String>) {
        match opened {
            Ok(opened) => {
                self.chronicle.stage = Stage::Open;
                self.chronicle.written.clear();
                self.known.desk.incident = Some((opened.incident, opened.began));
                self.record_findings();
            }
            Err(why) => self.broken(&why),
        }
    }

    fn broken(&mut self, why: &str) {
        self.chronicle.stage = Stage::Broken;
        self.fault(format!("no record of this incident can be written, so nothing can be changed: {why}"));
    }

    /// The situation was assessed anew: opens, continues or ends the incident.
    pub(super) fn keep_record(&mut self) {
        let serious = self.known.assessment.findings.iter().filter(|f| f.severity > Severity::Info);
        let sure = serious.clone().any(|f| f.confidence == Confidence::Confirmed);
        let quiet = serious.count() == 0;
        match self.chronicle.stage {
            Stage::Unasked if !self.known.situation.cluster.uid.is_empty() => {
                self.chronicle.stage = Stage::Looking;
                self.hand.ask(Errand::LookBack(self.known.situation.cluster.clone()));
            }
            Stage::None if sure => self.begin_incident(),
            Stage::Open => {
                self.record_findings();
                self.end_when_quiet(quiet);
            }
            _ => {}
        }
    }

    /// Another cluster is meant or reached than at first contact: nothing may be changed, and plans are void.
    pub(super) fn watch_identity(&mut self) {
        let changed = self.known.situation.cluster_changed.as_ref().map(ToString::to_string);
        if changed == self.chronicle.other {
            return;
        }
        self.chronicle.other.clone_from(&changed);
        let Some(what) = changed else { return };
        self.void_plan(&what);
        if self.arming.posture(self.known.situation.wall) != Posture::ReadOnly {
            self.disarm("another cluster answers");
        }
        self.write(Entry::ClusterChanged { what: what.clone() }, format!("another cluster: {what}"));
        self.fault(format!("this is not the cluster of the first contact, so nothing can be changed: {what}"));
    }

    fn end_when_quiet(&mut self, quiet: bool) {
        let now = self.known.situation.now;
        // While the API is silent nothing can be said to be well, and what the operator works on is not over.
        let busy = !self.known.desk.trees.is_empty() || self.known.desk.planning.is_some();
        if !quiet || busy || !self.known.situation.has_data() {
            self.chronicle.quiet = None;
            return;
        }
        let from = *self.chronicle.quiet.get_or_insert(now);
        if since(from, now) >= QUIET {
            let why = "nothing above info was found for ten minutes";
            self.hand.ask(Errand::CloseJournal(why.to_owned()));
            self.tell(format!("the incident is over: {why}"));
            self.known.desk.incident = None;
            self.chronicle.stage = Stage::None;
            self.chronicle.quiet = None;
        }
    }

    /// Writes down what came, changed and went since the last time.
    fn record_findings(&mut self) {
        let found: BTreeMap<Which, &Finding> = self.known.assessment.findings.iter().map(|f| (which(f), f)).collect();
        let mut lines = Vec::new();
        for (which, finding) in &found {
            let now = (finding.severity, finding.confidence, finding.title.clone());
            let before = self.chronicle.written.insert(which.clone(), now.clone());
            let value = || serde_json::to_value(finding).unwrap_or_default();
            match before {
                None => lines.push((
                    Entry::FindingCame { finding: value() },
                    format!("found {}: {}", finding.id, finding.title),
                )),
                Some(before) if before != now => lines.push((
                    Entry::FindingChanged { finding: value() },
                    format!("{} is now: {}", finding.id, finding.title),
                )),
                Some(_) => {}
            }
        }
        let gone: Vec<Which> = self.chronicle.written.keys().filter(|w| !found.contains_key(*w)).cloned().collect();
        for (id, subject) in gone {
            self.chronicle.written.remove(&(id.clone(), subject.clone()));
            let story = format!("{id} is gone");
            lines.push((Entry::FindingGone { id, subject }, story));
        }
        for (entry, story) in lines {
            self.write(entry, story);
        }
    }
}

/// The words for a request whose outcome nobody knows.
fn outcome_unknown(lost: &Unknown) -> String {
    let at = lost.at.strftime("%H:%M:%SZ");
    format!("outcome unknown: {} ({}, {at}); i says what to look at", lost.title, lost.target)
}

fn which(finding: &Finding) -> Which {
    (finding.id.to_owned(), finding.subject().map(ToString::to_string).unwrap_or_default())
}
