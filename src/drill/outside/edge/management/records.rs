//! The records of the zone: listed, added, changed, removed. Origins follow at once; resolvers follow when they forget.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Call;
use super::envelope::{Answer, Fault};
use super::validation::{beside, record};
use crate::drill::store::stamp;
use crate::drill::world::{Record, World, Zone};

/// How many records a zone may have.
const QUOTA: usize = 1000;
/// When the records that nobody has touched since were made.
const MADE: Timestamp = Timestamp::constant(1_755_162_764, 0);

/// Those that a call asks for.
///
/// # Errors
/// When it asks for a page that there cannot be.
pub fn list(world: &World, call: &Call<'_>) -> Result<Answer, Fault> {
    let zone = &world.outside.zone;
    let is = |name: &str, value: &str| call.asks(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value));
    let fits = |record: &&Record| {
        is("type", record.kind.name())
            && is("name", &record.name)
            && is("name.exact", &record.name)
            && is("content", &record.content)
            && is("content.exact", &record.content)
            && is("proxied", if record.proxied { "true" } else { "false" })
    };
    let mut found: Vec<&Record> = zone.records.iter().filter(fits).collect();
    if call.asks("order").is_some_and(|by| by == "content") {
        found.sort_by(|a, b| a.content.cmp(&b.content));
    }
    if call.asks("direction") == Some("desc") {
        found.reverse();
    }
    let found = found.into_iter().map(|record| describe(zone, record)).collect();
    Answer::page(call, found, 100, 5000)
}

/// One.
///
/// # Errors
/// When there is none of that number.
pub fn read(world: &World, id: &str) -> Result<Answer, Fault> {
    let zone = &world.outside.zone;
    known(zone, id).map(|record| Answer::of(describe(zone, record)))
}

/// A new one.
///
/// # Errors
/// When it is no record, or clashes with another.
pub fn add(world: &mut World, call: &Call<'_>) -> Result<Answer, Fault> {
    let now = world.now();
    let zone = &mut world.outside.zone;
    let new = record(zone, &call.object()?, None)?;
    beside(zone, &new)?;
    if zone.records.len() >= QUOTA {
        return Err(Fault::new(400, 81045, "The record quota has been exceeded."));
    }
    let added = zone.add(new, call.actor.clone(), now);
    Ok(Answer::of(describe(zone, &added)))
}

/// One, changed; `partly`: what the body leaves out stays as it is.
///
/// # Errors
/// When there is none of that number, or it would be no record, or clash with another.
pub fn change(world: &mut World, call: &Call<'_>, id: &str, partly: bool) -> Result<Answer, Fault> {
    let now = world.now();
    let zone = &mut world.outside.zone;
    let before = known(zone, id)?.clone();
    let body = call.object()?;
    let mut new = record(zone, &body, partly.then_some(&before))?;
    new.id = before.id;
    beside(zone, &new)?;
    let changed = zone.replace(new, call.actor.clone(), now).ok_or_else(absent)?;
    Ok(Answer::of(describe(zone, &changed)))
}

/// One, removed.
///
/// # Errors
/// When there is none of that number.
pub fn remove(world: &mut World, call: &Call<'_>, id: &str) -> Result<Answer, Fault> {
    let now = world.now();
    let gone = world.outside.zone.remove(id, call.actor.clone(), now).ok_or_else(absent)?;
    Ok(Answer::of(json!({ "id": gone.id })))
}

fn known<'a>(zone: &'a Zone, id: &str) -> Result<&'a Record, Fault> {
    zone.records.iter().find(|record| record.id == id).ok_or_else(absent)
}

fn absent() -> Fault {
    Fault::new(404, 81044, "Record does not exist.")
}

fn describe(zone: &Zone, record: &Record) -> Value {
    let added = zone.added(&record.id).unwrap_or(MADE);
    let touched = zone.touched(&record.id).unwrap_or(added);
    json!({
        "id": record.id, "zone_id": zone.id, "zone_name": zone.name, "name": record.name, "type": record.kind.name(),
        "content": record.content, "proxiable": record.kind.can_be_proxied(), "proxied": record.proxied,
        "ttl": record.ttl, "settings": {}, "meta": {}, "comment": null, "tags": [],
        "created_on": stamp(added), "modified_on": stamp(touched),
    })
}
