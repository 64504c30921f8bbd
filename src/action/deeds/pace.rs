//! How a Deployment replaces its pods: what of them may be away and how many more there may be.

use serde_json::Value;

/// The way a rollout goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// All old pods end before the first new one starts.
    AllAtOnce,
    /// Step by step.
    Rolling {
        /// How many pods more than wanted there may be.
        surge: usize,
        /// How many pods fewer than wanted may be available.
        away: usize,
    },
}

impl Pace {
    /// What the spec of a Deployment says, for so many wanted pods.
    pub fn of(deployment: &Value, wanted: usize) -> Self {
        let at = |name: &str| deployment.pointer(&format!("/spec/strategy/{name}"));
        if at("type").and_then(Value::as_str) == Some("Recreate") {
            return Self::AllAtOnce;
        }
        // Percentages of what may come are rounded up, of what may go down; both at zero would stand still.
        let surge = amount(at("rollingUpdate/maxSurge"), wanted, true);
        let away = amount(at("rollingUpdate/maxUnavailable"), wanted, false);
        Self::Rolling { surge, away: if surge == 0 { away.max(1) } else { away } }
    }

    /// How many pods are available at least while a healthy workload is rolled.
    pub const fn least(self, wanted: usize) -> usize {
        match self {
            Self::AllAtOnce => 0,
            Self::Rolling { away, .. } => wanted.saturating_sub(away),
        }
    }

    /// Whether old and new pods are at work at the same time.
    pub const fn overlaps(self) -> bool {
        matches!(self, Self::Rolling { surge: 1.., .. })
    }
}

impl std::fmt::Display for Pace {
    /// `maxSurge 1, maxUnavailable 0`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AllAtOnce => f.write_str("strategy Recreate"),
            Self::Rolling { surge, away } => write!(f, "maxSurge {surge}, maxUnavailable {away}"),
        }
    }
}

/// A number, or a percentage of the wanted pods; absent is 25 %, as the API has it.
fn amount(value: Option<&Value>, wanted: usize, up: bool) -> usize {
    let share = |percent: usize| {
        let parts = wanted.saturating_mul(percent);
        if up { parts.div_ceil(100) } else { parts / 100 }
    };
    match value {
        Some(Value::Number(n)) => n.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or_default(),
        Some(Value::String(text)) => match text.strip_suffix('%').map(str::parse) {
            Some(Ok(percent)) => share(percent),
            _ => text.parse().unwrap_or_default(),
        },
        _ => share(25),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn percentages_are_rounded_as_the_controller_does() {
        for (strategy, wanted, surge, away) in [
            (json!({}), 3, 1, 0),
            (json!({}), 4, 1, 1),
            (json!({ "rollingUpdate": { "maxSurge": 0, "maxUnavailable": 0 } }), 3, 0, 1),
            (json!({ "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": 1 } }), 1, 1, 1),
            (json!({ "rollingUpdate": { "maxSurge": "x%", "maxUnavailable": -1 } }), 1, 0, 1),
        ] {
            let pace = Pace::of(&json!({ "spec": { "strategy": strategy } }), wanted);
            assert_eq!(pace, Pace::Rolling { surge, away }, "{strategy} {wanted}");
        }
        let pace = Pace::of(&json!({ "spec": { "strategy": { "type": "Recreate" } } }), 3);
        assert_eq!((pace, pace.least(3), pace.overlaps()), (Pace::AllAtOnce, 0, false));
    }
}
