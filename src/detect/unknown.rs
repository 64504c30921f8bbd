//! What is not known, and why: never left out, never taken for a good sign.

use crate::config::Profile;
use crate::situation::{Kind, Situation, Source, SourceState, Text, time};

/// Every source that cannot be taken at face value, with the reason in words.
pub(super) fn unknown(situation: &Situation, profile: &Profile) -> Vec<(Source, String)> {
    let mut sources: Vec<Source> = vec![Source::Api];
    sources.extend(Kind::ALL.into_iter().map(Source::Watch));
    sources.extend([Source::NodeMetrics, Source::PodMetrics]);
    sources.extend(profile.outside.keys().map(|name| Source::Outside(Text::new(name))));
    for source in situation.sources.keys() {
        if !sources.contains(source) {
            sources.push(source.clone());
        }
    }
    sources.into_iter().filter_map(|source| Some((reason(situation, &source)?, source))).map(|(r, s)| (s, r)).collect()
}

fn reason(situation: &Situation, source: &Source) -> Option<String> {
    let status = situation.source(source);
    match &status.state {
        SourceState::Live if !status.limited.is_empty() => Some(status.limited.to_string()),
        SourceState::Live => skipped(&status.skipped),
        // Optional kinds that this cluster does not have, such as k3s' own elsewhere, are no gap.
        SourceState::Missing if matches!(source, Source::Watch(kind) if !kind.resource().needed) => None,
        SourceState::Waiting if matches!(source, Source::Outside(_)) => Some("not probed by this version".to_owned()),
        SourceState::Lost(_) => {
            let age = situation.age_of(source).map(|a| format!(" (as of {} ago)", time::age(a))).unwrap_or_default();
            Some(format!("{}{age}", status.state))
        }
        state => Some(state.to_string()),
    }
}

fn skipped(skipped: &[(Text, Text)]) -> Option<String> {
    let (name, why) = skipped.first()?;
    let more = match skipped.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    Some(format!("could not read {name}{more}: {why}"))
}
