//! The ways on from a step, each with what speaks for it.

use jiff::SignedDuration;

use super::Look;
use crate::runbook::format::{Answer, Branch, Then};
use crate::runbook::{Expression, View, Way, WayVerdict};
use crate::situation::time;

impl Look<'_> {
    /// The branches of a check: the first whose condition holds is suggested. What cannot be told is not taken for false:
    /// it is said at a suggestion that stands below it, and `otherwise` then cannot be told either. `blind`: why the
    /// check gave no result, if so.
    pub(super) fn branches(&self, branches: &[Branch], blind: Option<&str>) -> Vec<Way> {
        let mut ways: Vec<Way> = Vec::new();
        let mut suggested = false;
        let mut untold: Option<String> = None;
        for branch in branches {
            let mut say = branch.say.render(&self.scope);
            let holds = match (&branch.when, blind) {
                (_, Some(why)) => Err(why.to_owned()),
                (Some(when), None) => when.holds(&self.scope),
                (None, None) => untold.as_ref().map_or(Ok(!suggested), |why| Err(format!("of one above it: {why}"))),
            };
            let verdict = match holds {
                Ok(true) if suggested => WayVerdict::Holds,
                Ok(true) => {
                    suggested = true;
                    if let Some(why) = &untold {
                        say = format!("{say} (one above it cannot be told: {why})");
                    }
                    WayVerdict::Suggested
                }
                Ok(false) => WayVerdict::RuledOut,
                Err(_) if branch.when.is_none() && suggested => WayVerdict::RuledOut,
                Err(why) => {
                    untold.get_or_insert_with(|| why.clone());
                    WayVerdict::CannotTell(why)
                }
            };
            ways.push(self.way(say, &branch.go, verdict));
        }
        ways
    }

    /// The answers of a person: one is suggested if its condition holds, else the one that the file suggests.
    pub(super) fn answers(&self, answers: &[Answer]) -> Vec<Way> {
        let holds: Vec<Option<Result<bool, String>>> =
            answers.iter().map(|a| a.when.as_ref().map(|when| when.holds(&self.scope))).collect();
        let first = holds.iter().position(|h| matches!(h, Some(Ok(true))));
        let suggested = first.or_else(|| answers.iter().position(|a| a.suggested));
        let each = answers.iter().zip(holds).enumerate();
        each.map(|(i, (answer, holds))| {
            let verdict = match holds {
                _ if suggested == Some(i) => WayVerdict::Suggested,
                Some(Err(why)) => WayVerdict::CannotTell(why),
                _ => WayVerdict::Open,
            };
            self.way(answer.say.render(&self.scope), &answer.go, verdict)
        })
        .collect()
    }

    /// The one way on from something that was done elsewhere.
    pub(super) fn tick(&self, go: &str) -> Way {
        self.way("done".to_owned(), go, WayVerdict::Suggested)
    }

    /// How an `until` step stands: its condition, on live facts, without a break for `lasting`, before `within` is over.
    pub(super) fn until(
        &self,
        holds: &Expression,
        (lasting, within): (SignedDuration, SignedDuration),
        then: &Then,
        view: &mut View,
    ) {
        let now = self.proof(holds, view);
        let held = self.walk.holding.filter(|_| view.holds).map_or(SignedDuration::ZERO, |since| self.since(since));
        let left = within.saturating_sub(view.spent);
        let worked = view.holds && held >= lasting;
        let failed = !worked && left <= SignedDuration::ZERO;
        view.progress = match now {
            _ if worked => format!("held for {}", time::age(held)),
            Ok(true) => format!("holds since {}, needs {}; {}", time::age(held), time::age(lasting), left_words(left)),
            Ok(false) => format!("does not hold yet, needs {}; {}", time::age(lasting), left_words(left)),
            Err(why) => format!("cannot tell: {why}; {}", left_words(left)),
        };
        let verdict = |suggested: bool| if suggested { WayVerdict::Suggested } else { WayVerdict::Open };
        view.ways = vec![
            self.way("it held".to_owned(), &then.worked, verdict(worked)),
            self.way("it did not hold in time".to_owned(), &then.failed, verdict(failed)),
        ];
    }

    /// Whether a condition holds, with [`View::holds`] set: facts that are not live prove nothing.
    pub(super) fn proof(&self, condition: &Expression, view: &mut View) -> Result<bool, String> {
        let holds = match (&view.unknown, &view.result) {
            (Some(why), _) => Err(why.clone()),
            (None, None) => Err("nothing is known of it yet".to_owned()),
            (None, Some(_)) => condition.holds(&self.scope),
        };
        view.holds = holds == Ok(true);
        holds
    }

    /// A way to a step, with that step's title.
    pub(super) fn way(&self, say: String, to: &str, verdict: WayVerdict) -> Way {
        let title = self.walk.book.steps.get(to).map(|s| s.title.render(&self.scope)).unwrap_or_default();
        Way { say, to: (to.to_owned(), title), verdict }
    }
}

/// `12m left`
pub(super) fn left_words(left: SignedDuration) -> String {
    if left <= SignedDuration::ZERO { "the time is up".to_owned() } else { format!("{} left", time::age(left)) }
}
