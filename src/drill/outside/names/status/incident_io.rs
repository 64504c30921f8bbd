//! The shape of incident.io: a page with one below it for each region.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::view::{Component, Incident, State, View};
use crate::drill::world::digest;

/// What a path answers.
pub(super) fn body(view: &View, path: &str) -> Option<Value> {
    let regions = || view.cast.groups.iter().map(|(region, _)| *region);
    if path == "/api/v1/summary" {
        let pages = regions().map(|region| json!({ "name": region, "slug": region, "summary": summary(view, region) }));
        let pages: Vec<Value> = pages.collect();
        return Some(json!({ "page_title": title(view), "page_url": url(view), "subpages": pages }));
    }
    let region = path.strip_prefix('/')?.strip_suffix("/api/v1/summary")?;
    regions().any(|known| known == region).then(|| summary(view, region))
}

fn title(view: &View) -> String {
    format!("{} Status", view.cast.title)
}

fn url(view: &View) -> String {
    format!("https://{}", view.site.hosts().first().copied().unwrap_or_default())
}

/// What concerns one region.
fn summary(view: &View, region: &str) -> Value {
    let affected: Vec<&Component> =
        view.components.iter().filter(|c| c.group == region && c.state > State::Operational).collect();
    let incident = view.incident.iter().filter(|_| !affected.is_empty());
    let incidents: Vec<Value> = incident.map(|incident| entry(view, incident, &affected)).collect();
    let shift = view.shifts.iter().filter(|shift| view.those(&[shift.component]).any(|c| c.group == region));
    let maintenances: Vec<Value> = shift
        .map(|shift| {
            let key = format!("{region}/{}", shift.from);
            json!({
                "id": id(&key), "name": "Scheduled maintenance", "status": "maintenance_in_progress",
                "url": format!("{}/maintenances/{}", url(view), id(&key)), "last_update_at": stamp(shift.from),
                "last_update_message": "Maintenance is in progress.", "started_at": stamp(shift.from),
                "scheduled_end_at": stamp(shift.until), "affected_components": components(&affected),
            })
        })
        .collect();
    json!({
        "page_title": format!("{} - {region}", title(view)), "page_url": format!("{}/{region}", url(view)),
        "ongoing_incidents": incidents, "in_progress_maintenances": maintenances, "scheduled_maintenances": [],
    })
}

fn entry(view: &View, incident: &Incident, affected: &[&Component]) -> Value {
    let name = view.headline(incident);
    let key = format!("{name}/{}", incident.since);
    json!({
        "id": id(&key), "name": name, "status": "investigating", "url": format!("{}/incidents/{}", url(view), id(&key)),
        "last_update_at": stamp(incident.since), "last_update_message": "We are investigating this issue.",
        "current_worst_impact": impact(incident.state), "affected_components": components(affected),
    })
}

fn components(affected: &[&Component]) -> Vec<Value> {
    let value = |c: &&Component| {
        let id = id(&format!("{}/{}", c.group, c.name));
        json!({ "id": id, "name": c.name, "group_name": c.group, "current_status": impact(c.state) })
    };
    affected.iter().map(value).collect()
}

const fn impact(state: State) -> &'static str {
    match state {
        State::Major => "full_outage",
        other => other.name(),
    }
}

/// An identifier as long as a ULID.
fn id(what: &str) -> String {
    format!("01{}", &digest(what).to_uppercase()[..24])
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}
