//! What a page shows at a moment: its components, the incident if there is one, and the maintenance that there always is.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::super::super::{Mood, Site};
use super::cast::{Cast, SERVICES, cast};
use crate::drill::world::{World, mix};

/// How late a page is, in seconds: at least, and at most so much more.
const LAG: (u64, u64) = (300, 1500);
/// How long one maintenance of a part of the edge lasts, in seconds; the next follows at once.
const SHIFT: i64 = 6 * 3600;

/// The state of a component, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Operational,
    Maintenance,
    Degraded,
    Partial,
    Major,
}

impl State {
    /// By the name that pages use.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "operational" => Self::Operational,
            "under_maintenance" => Self::Maintenance,
            "degraded_performance" => Self::Degraded,
            "partial_outage" => Self::Partial,
            "major_outage" => Self::Major,
            _ => return None,
        })
    }

    /// Its name on the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Maintenance => "under_maintenance",
            Self::Degraded => "degraded_performance",
            Self::Partial => "partial_outage",
            Self::Major => "major_outage",
        }
    }
}

/// One component.
#[derive(Debug)]
pub(super) struct Component {
    pub group: &'static str,
    pub name: &'static str,
    pub state: State,
    /// When its state last changed, as far as the page tells.
    pub since: Timestamp,
}

/// What somebody wrote about a trouble.
#[derive(Debug)]
pub(super) struct Incident {
    pub state: State,
    /// When it was opened.
    pub since: Timestamp,
    /// Where its components stand in the list.
    pub affected: Vec<usize>,
}

/// A maintenance.
#[derive(Debug)]
pub(super) struct Shift {
    pub from: Timestamp,
    pub until: Timestamp,
    /// Where its component stands in the list.
    pub component: usize,
}

/// What a page shows.
#[derive(Debug)]
pub(super) struct View {
    pub site: Site,
    pub cast: &'static Cast,
    pub components: Vec<Component>,
    pub incident: Option<Incident>,
    /// The maintenance of now, then the next.
    pub shifts: Vec<Shift>,
    pub now: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

impl View {
    /// What the page of a service shows now.
    pub fn of(world: &World, site: Site) -> Self {
        let (cast, now) = (cast(site), world.now());
        let mut view = Self {
            site,
            cast,
            components: Vec::new(),
            incident: None,
            shifts: shifts(site, cast, now),
            now,
            updated: now,
        };
        let begun = view.shifts.first().map_or_else(|| moment(now.as_second() / SHIFT * SHIFT), |shift| shift.from);
        let all = cast.groups.iter().flat_map(|(group, names)| names.iter().map(move |name| (*group, *name)));
        let quiet = moment(begun.as_second() - 40 * 86_400);
        view.components.extend(all.map(|(group, name)| Component {
            group,
            name,
            state: State::Operational,
            since: quiet,
        }));
        if let Some(shift) = view.shifts.first() {
            view.set(&[shift.component], State::Maintenance, begun);
        }
        view.updated = begun;
        view.trouble(world);
        view
    }

    fn trouble(&mut self, world: &World) {
        let Some(began) = world.outside.since(self.site) else { return };
        let seed = began.as_second().cast_unsigned();
        let lag = SignedDuration::from_secs((LAG.0 + mix(self.cast.title, seed) % LAG.1) as i64);
        let (Mood::Says(says), Ok(since)) = (world.outside.mood(self.site), began.checked_add(lag)) else { return };
        let (about, state) = says.rsplit_once(": ").unwrap_or(("", &says));
        let Some(state) = State::named(state.trim()).filter(|_| since <= self.now) else { return };
        let code = format!("({about})");
        let concerns = |c: &Component| match about {
            "" => self.cast.main.contains(&c.name) || self.cast.main.contains(&c.group),
            about => c.name == about || c.group == about || c.name.ends_with(&code),
        };
        let affected: Vec<usize> =
            self.components.iter().enumerate().filter(|(_, c)| concerns(c)).map(|(i, _)| i).collect();
        self.set(&affected, state, since);
        self.updated = self.updated.max(since);
        if state == State::Maintenance {
            let until = moment(since.as_second() + SHIFT);
            self.shifts.extend(affected.first().map(|component| Shift { from: since, until, component: *component }));
        } else if state > State::Operational {
            self.incident = Some(Incident { state, since, affected });
        }
    }

    fn set(&mut self, which: &[usize], state: State, since: Timestamp) {
        for at in which {
            if let Some(component) = self.components.get_mut(*at) {
                (component.state, component.since) = (state, since);
            }
        }
    }

    /// The components of a list of places.
    pub fn those<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = &'a Component> {
        places.iter().filter_map(|place| self.components.get(*place))
    }

    /// The title of the incident.
    pub fn headline(&self, incident: &Incident) -> String {
        let names: Vec<&str> = self.those(&incident.affected).map(|c| c.name).take(2).collect();
        let what = match incident.state {
            State::Major => "Outage",
            State::Partial => "Increased error rates",
            _ => "Degraded performance",
        };
        format!("{what}: {}", names.join(", "))
    }

    /// The page for people.
    pub fn html(&self) -> String {
        let title = self.cast.title;
        let mut page = format!(
            "<!doctype html>\n<html><head><title>{title} Status</title></head>\n<body><h1>{title} Status</h1>\n"
        );
        if let Some(incident) = &self.incident {
            let _ = writeln!(page, "<div class=\"incident\"><h2>{}</h2></div>", self.headline(incident));
        }
        page.push_str("<ul>\n");
        for component in &self.components {
            let _ = writeln!(page, "<li>{} <span>{}</span></li>", component.name, component.state.name());
        }
        page.push_str("</ul></body></html>\n");
        page
    }
}

/// Some part of the edge is always in maintenance; never the one that serves here.
fn shifts(site: Site, cast: &Cast, now: Timestamp) -> Vec<Shift> {
    if site != Site::EdgeStatus {
        return Vec::new();
    }
    let names = cast.groups.iter().flat_map(|(group, names)| names.iter().map(move |name| (*group, *name)));
    let parts: Vec<usize> = names
        .enumerate()
        .filter(|(_, (group, name))| *group != SERVICES && !name.ends_with("(FRA)"))
        .map(|(place, _)| place)
        .collect();
    let number = now.as_second().div_euclid(SHIFT);
    let shift = |number: i64| {
        let place = mix("maintenance", number.cast_unsigned()) % (parts.len() as u64).max(1);
        let component = *parts.get(place as usize)?;
        Some(Shift { from: moment(number * SHIFT), until: moment((number + 1) * SHIFT), component })
    };
    [number, number + 1].into_iter().filter_map(shift).collect()
}

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}
