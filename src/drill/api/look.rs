//! Short ways to look into JSON objects of which any part may be absent.

use jiff::Timestamp;
use serde_json::Value;

/// Looks into an object by dotted path (`status.phase`); what is absent reads as empty.
pub(super) trait Look {
    fn at(&self, path: &str) -> &Value;

    fn text(&self, path: &str) -> &str {
        self.at(path).as_str().unwrap_or_default()
    }

    fn int(&self, path: &str) -> i64 {
        self.at(path).as_i64().unwrap_or_default()
    }

    fn items(&self, path: &str) -> &[Value] {
        self.at(path).as_array().map_or(&[], Vec::as_slice)
    }

    fn entries(&self, path: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.at(path).as_object().into_iter().flatten().map(|(k, v)| (k.as_str(), v))
    }

    fn time(&self, path: &str) -> Option<Timestamp> {
        self.text(path).parse().ok()
    }

    fn has(&self, path: &str) -> bool {
        !self.at(path).is_null()
    }

    /// The condition of that type.
    fn condition(&self, kind: &str) -> Option<&Value> {
        self.items("status.conditions").iter().find(|c| c.text("type") == kind)
    }
}

impl Look for Value {
    fn at(&self, path: &str) -> &Value {
        path.split('.').fold(self, |v, part| v.get(part).unwrap_or(&Self::Null))
    }
}

/// Names joined by commas, or `none` if there are none.
pub(super) fn join<'a>(parts: impl IntoIterator<Item = &'a str>, none: &str) -> String {
    let joined = parts.into_iter().collect::<Vec<_>>().join(",");
    if joined.is_empty() { none.to_owned() } else { joined }
}
