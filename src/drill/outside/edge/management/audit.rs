//! Who changed what, newest first.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Call;
use super::envelope::{Answer, Fault};
use crate::drill::store::stamp;
use crate::drill::world::{Entry, World, Zone};

/// The entries that a call asks for.
///
/// # Errors
/// When it asks for times or pages that are none.
pub fn list(world: &World, call: &Call<'_>) -> Result<Answer, Fault> {
    let zone = &world.outside.zone;
    let since = time(call, "since")?.map(|(from, _)| from);
    let before = time(call, "before")?.map(|(_, end)| end);
    let is = |name: &str, value: &str| call.asks(name).is_none_or(|wanted| wanted == value);
    let fits = |entry: &&Entry| {
        since.is_none_or(|since| entry.at >= since)
            && before.is_none_or(|before| entry.at <= before)
            && is("id", &entry.id)
            && is("action.type", entry.action)
            && is("actor.email", &entry.actor.email)
            && is("actor.ip", &entry.actor.ip)
            && is("zone.name", zone.name)
    };
    let mut found: Vec<Value> = zone.audit.iter().filter(fits).map(|entry| describe(zone, entry)).collect();
    if call.asks("direction") != Some("asc") {
        found.reverse();
    }
    Answer::page(call, found, 100, 1000)
}

/// A time of the query: a moment, or a day from its first moment to its last.
fn time(call: &Call<'_>, name: &str) -> Result<Option<(Timestamp, Timestamp)>, Fault> {
    let Some(text) = call.asks(name) else { return Ok(None) };
    if let Ok(at) = text.parse() {
        return Ok(Some((at, at)));
    }
    let day = text.parse::<Date>().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    let begin = day.ok_or_else(|| Fault::new(400, 10404, &format!("Invalid {name}")))?.timestamp();
    Ok(Some((begin, begin.saturating_add(SignedDuration::from_secs(86_399)).unwrap_or(begin))))
}

fn describe(zone: &Zone, entry: &Entry) -> Value {
    let kind = if entry.action == "change_setting" { "zone_settings" } else { "DNS_record" };
    let text = |value: &Value| if value.is_null() { String::new() } else { value.to_string() };
    json!({
        "id": entry.id, "when": stamp(entry.at), "interface": entry.actor.interface,
        "action": { "type": entry.action, "result": true },
        "actor": { "type": "user", "email": entry.actor.email, "ip": entry.actor.ip,
            "id": "5f0c2b9e6d41a8f37be2905d1c74e8a6" },
        "owner": { "id": zone.account }, "resource": { "type": kind, "id": entry.resource },
        "metadata": { "zone_name": zone.name },
        "oldValue": text(&entry.before), "oldValueJson": entry.before,
        "newValue": text(&entry.after), "newValueJson": entry.after,
    })
}
