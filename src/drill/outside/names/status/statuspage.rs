//! The shape of Statuspage, version 2 of its API.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::view::{Component, Incident, Shift, State, View};
use crate::drill::world::mix;

/// What a path answers.
pub(super) fn body(view: &View, path: &str) -> Option<Value> {
    let page = page(view);
    let incidents: Vec<Value> = view.incident.iter().map(|incident| self::incident(view, incident)).collect();
    let maintenances: Vec<Value> = view.shifts.iter().map(|shift| maintenance(view, shift)).collect();
    let upcoming = |status: &str| maintenances.iter().filter(|m| m["status"] == status).cloned().collect::<Vec<_>>();
    Some(match path {
        "/api/v2/summary.json" => json!({
            "page": page, "components": components(view), "incidents": incidents,
            "scheduled_maintenances": maintenances, "status": status(view),
        }),
        "/api/v2/status.json" => json!({ "page": page, "status": status(view) }),
        "/api/v2/components.json" => json!({ "page": page, "components": components(view) }),
        "/api/v2/incidents.json" | "/api/v2/incidents/unresolved.json" => {
            json!({ "page": page, "incidents": incidents })
        }
        "/api/v2/scheduled-maintenances.json" => json!({ "page": page, "scheduled_maintenances": maintenances }),
        "/api/v2/scheduled-maintenances/active.json" => {
            json!({ "page": page, "scheduled_maintenances": upcoming("in_progress") })
        }
        "/api/v2/scheduled-maintenances/upcoming.json" => {
            json!({ "page": page, "scheduled_maintenances": upcoming("scheduled") })
        }
        _ => return None,
    })
}

fn page(view: &View) -> Value {
    let host = view.site.hosts().first().copied().unwrap_or_default();
    json!({
        "id": id(view, "page"), "name": view.cast.title, "url": format!("https://{host}"), "time_zone": "Etc/UTC",
        "updated_at": stamp(view.updated),
    })
}

/// The one word for the whole page.
fn status(view: &View) -> Value {
    let (indicator, description) = match view.incident.as_ref().map(|incident| incident.state) {
        Some(State::Major) => ("critical", "Major System Outage"),
        Some(State::Partial) => ("major", "Partial System Outage"),
        Some(State::Degraded) => ("minor", "Minor Service Outage"),
        _ => ("none", "All Systems Operational"),
    };
    json!({ "indicator": indicator, "description": description })
}

const fn impact(state: State) -> &'static str {
    match state {
        State::Major => "critical",
        State::Partial => "major",
        State::Degraded => "minor",
        State::Maintenance => "maintenance",
        State::Operational => "none",
    }
}

/// All components, groups among them, each before its own.
fn components(view: &View) -> Vec<Value> {
    let mut all = Vec::new();
    for (position, (group, _)) in view.cast.groups.iter().enumerate() {
        let own: Vec<&Component> = view.components.iter().filter(|c| c.group == *group).collect();
        if !group.is_empty() {
            let worst = own.iter().map(|c| c.state).max().unwrap_or(State::Operational);
            let since = own.iter().map(|c| c.since).max().unwrap_or(view.updated);
            let mut value = entry(view, group, worst, since, position + 1);
            value["group"] = true.into();
            value["components"] = own.iter().map(|c| id(view, c.name)).collect();
            all.push(value);
        }
        all.extend(own.iter().enumerate().map(|(position, c)| component(view, c, position + 1)));
    }
    all
}

fn component(view: &View, component: &Component, position: usize) -> Value {
    let mut value = entry(view, component.name, component.state, component.since, position);
    if !component.group.is_empty() {
        value["group_id"] = id(view, component.group).into();
    }
    value
}

fn entry(view: &View, name: &str, state: State, since: Timestamp, position: usize) -> Value {
    json!({
        "id": id(view, name), "name": name, "status": state.name(), "created_at": "2018-05-11T09:41:02.174Z",
        "updated_at": stamp(since), "position": position, "description": null, "showcase": false, "start_date": null,
        "group_id": null, "page_id": id(view, "page"), "group": false, "only_show_if_degraded": false,
    })
}

fn incident(view: &View, incident: &Incident) -> Value {
    let name = view.headline(incident);
    let key = format!("{name}/{}", incident.since);
    let affected: Vec<Value> = view.those(&incident.affected).map(|c| component(view, c, 1)).collect();
    // A page says that it looks for the cause first, and a quarter of an hour later that it has it.
    let identified = view.now.duration_since(incident.since).as_mins() >= 15;
    let latest = if identified { stamp(later(incident.since, 15)) } else { stamp(incident.since) };
    let changes: Vec<Value> = view.those(&incident.affected).map(|c| {
        json!({ "code": id(view, c.name), "name": c.name, "old_status": "operational", "new_status": c.state.name() })
    }).collect();
    let update = |status: &str, body: &str, at: &str| {
        json!({
            "id": id(view, &format!("{key}/{status}")), "status": status, "body": body, "incident_id": id(view, &key),
            "created_at": at, "updated_at": at, "display_at": at, "affected_components": changes,
            "deliver_notifications": true, "custom_tweet": null, "tweet_id": null,
        })
    };
    let opened = stamp(incident.since);
    let mut updates = vec![update("investigating", "We are investigating this issue.", &opened)];
    if identified {
        let body = "The issue has been identified and a fix is being implemented.";
        updates.insert(0, update("identified", body, &latest));
    }
    json!({
        "id": id(view, &key), "name": name, "status": if identified { "identified" } else { "investigating" },
        "created_at": opened, "updated_at": latest, "monitoring_at": null, "resolved_at": null,
        "impact": impact(incident.state), "shortlink": format!("https://stspg.io/{}", id(view, &key)),
        "started_at": opened, "page_id": id(view, "page"), "incident_updates": updates, "components": affected,
    })
}

fn maintenance(view: &View, shift: &Shift) -> Value {
    let name = view.components.get(shift.component).map_or("", |c| c.name);
    let code = name.rsplit_once('(').map_or(name, |(_, code)| code.trim_end_matches(')'));
    let place = name.split(',').next().unwrap_or_default();
    let from = shift.from;
    let title = format!("{code} ({place}) on {}", from.strftime("%Y-%m-%d"));
    let running = from <= view.now;
    let key = format!("{title}/{from}");
    let announced = later(from, -6 * 24 * 60);
    let components: Vec<Value> = view.those(&[shift.component]).map(|c| component(view, c, 1)).collect();
    json!({
        "id": id(view, &key), "name": title, "status": if running { "in_progress" } else { "scheduled" },
        "created_at": stamp(announced), "updated_at": stamp(if running { from } else { announced }),
        "monitoring_at": null, "resolved_at": null, "impact": "maintenance",
        "shortlink": format!("https://stspg.io/{}", id(view, &key)), "started_at": stamp(announced),
        "page_id": id(view, "page"), "incident_updates": [], "components": components,
        "scheduled_for": stamp(from), "scheduled_until": stamp(shift.until),
    })
}

fn later(at: Timestamp, minutes: i64) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap_or(at)
}

/// Twelve letters and digits that belong to something of this page.
fn id(view: &View, what: &str) -> String {
    const LETTERS: &[u8; 32] = b"0123456789bcdfghjklmnpqrstvwxyz2";
    let number = mix(what, view.site as u64);
    (0..12).map(|n| char::from(LETTERS[(number >> (5 * n)) as usize % LETTERS.len()])).collect()
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}
