//! Entries in words, for the screen that tells the incident.

use serde_json::Value;

use super::Entry;
use crate::action::Event;

impl Entry {
    /// One line in words; `None` for what is not worth one.
    pub fn story(&self) -> Option<String> {
        let told = match self {
            Self::Opened(header) => format!("{} began", header.incident),
            Self::Resumed { .. } => "taken up again".to_owned(),
            Self::Left => "the console was left".to_owned(),
            Self::FindingCame { finding } => format!("found {}", named(finding)),
            Self::FindingChanged { finding } => format!("{} now", named(finding)),
            Self::FindingGone { id, subject } => format!("{id} is gone: {subject}"),
            Self::TreeOpened { runbook, subject, .. } if subject.is_empty() => format!("opened tree {runbook}"),
            Self::TreeOpened { runbook, subject, .. } => format!("opened tree {runbook} on {subject}"),
            Self::Took { say, suggested, title, .. } => {
                let other = if *suggested { "" } else { " (not the suggested way)" };
                format!("took \"{say}\" → {title}{other}")
            }
            Self::Back { runbook, step, .. } => format!("went back to {step} in {runbook}"),
            Self::TreeEnded { runbook, end, say, .. } => format!("{runbook} ended: {end}: {say}"),
            Self::Armed { until } => format!("armed until {}", until.strftime("%H:%M:%SZ")),
            Self::Disarmed { why } => format!("read-only again: {why}"),
            Self::Declined { .. } => "the plan was put away, nothing was done".to_owned(),
            Self::Action { event } => return event_story(event),
            Self::LookedAt { says, .. } => format!("looked at what became of it: {says}"),
            Self::ClusterChanged { what } => format!("another cluster: {what}"),
            Self::Note { text } => format!("note: {text}"),
            Self::Closed { why } => format!("the incident is over: {why}"),
            Self::Step { .. } | Self::TreeClosed { .. } => return None,
        };
        Some(told)
    }
}

fn event_story(event: &Event) -> Option<String> {
    let told = match event {
        Event::Planned { plan, .. } => format!("planned: {}", plan.title),
        Event::Confirmed { by, .. } => format!("confirmed by {by}"),
        Event::Refused { why, .. } => format!("refused: {why}"),
        Event::Answered { code, says, .. } => format!("answered: {code} {says}"),
        Event::OutcomeUnknown { why, .. } => format!("outcome unknown: {why}"),
        Event::Stopped { why, .. } => format!("stopped: {why}"),
        Event::Verified { verdict, says, .. } => format!("{verdict}: {says}"),
        Event::Intent { .. } | Event::Executed { .. } => return None,
    };
    Some(told)
}

/// `F14 api runs out of memory`
fn named(finding: &Value) -> String {
    let field = |name: &str| finding.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("{} {}", field("id"), field("title")).trim().to_owned()
}
