//! Events as a list.

use std::borrow::Cow;

use super::group::{Group, GroupId, about, group};
use super::{SOURCE, mark, object_words};
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::labels;
use crate::console::screen::{Context, Effect};
use crate::console::views::list::{Cell, Heading, List, Rank, Rows};
use crate::console::views::open;
use crate::situation::time::{age, since};
use crate::situation::{Ref, Source, Text};

/// The list of events.
pub type Events = List<EventRows>;

impl Events {
    /// All events.
    pub fn all() -> Self {
        Self::of(EventRows { about: None, ..EventRows::default() })
    }

    /// Events about one object and what it is made of.
    pub fn about(object: Ref) -> Self {
        Self::of(EventRows { about: Some(object), ..EventRows::default() })
    }
}

/// Events as rows.
#[derive(Debug, Default)]
pub struct EventRows {
    about: Option<Ref>,
    only_warnings: bool,
    groups: Vec<Group>,
    /// How many events the groups hold, and how many of the groups are no warnings.
    calm: usize,
}

const HEADINGS: &[Heading] = &[
    Heading::new("", 1, 0).unsorted(),
    Heading::new("last", 7, 0).right(),
    Heading::new("count", 5, 3).wanting(6).right().down(),
    Heading::new("reason", 14, 0).wanting(22),
    Heading::new("namespace", 8, 4).growing(20),
    Heading::new("object", 20, 0).growing(56),
    Heading::new("message", 18, 1).wanting(400).unsorted(),
];

const LAST: usize = 1;
const COUNT: usize = 2;
const REASON: usize = 3;
const NAMESPACE: usize = 4;
const OBJECT: usize = 5;
const MESSAGE: usize = 6;

/// A group with its object's name put together.
#[derive(Debug)]
pub struct EventItem<'a> {
    group: &'a Group,
    object: String,
}

impl<'a> EventItem<'a> {
    fn of(group: &'a Group) -> Self {
        Self { group, object: object_words(group) }
    }
}

impl Rows for EventRows {
    type Id = GroupId;
    type Item<'a> = EventItem<'a>;

    fn title(&self) -> String {
        match &self.about {
            Some(r) => format!("Events {}/{}", labels::kind(r.kind), r.key.name),
            None => "Events".to_owned(),
        }
    }

    fn sources(&self) -> Vec<Source> {
        vec![SOURCE]
    }

    fn none(&self) -> String {
        let forgets = "; the cluster forgets events after an hour or so";
        match (self.calm, self.only_warnings) {
            (calm, true) if calm > 0 => format!("no warnings ({calm} other events)"),
            _ => format!("no events{forgets}"),
        }
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn first_order(&self) -> usize {
        LAST
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::Open, Command::Warnings, Command::Filter, Command::NextSort, Command::ReverseSort, Command::Copy]
    }

    fn gather(&mut self, cx: &Context<'_>) {
        self.groups = match &self.about {
            Some(object) => group(about(cx.situation, object)),
            None => group(cx.situation.events.values()),
        };
        self.calm = self.groups.iter().filter(|g| !g.warning).count();
    }

    fn items<'a>(&'a self, _cx: &'a Context<'a>) -> Vec<EventItem<'a>> {
        self.groups.iter().filter(|g| g.warning || !self.only_warnings).map(EventItem::of).collect()
    }

    fn find<'a>(&'a self, id: &GroupId, _cx: &'a Context<'a>) -> Option<EventItem<'a>> {
        self.groups.iter().find(|g| g.id == *id).map(EventItem::of)
    }

    fn id(item: &EventItem<'_>) -> GroupId {
        item.group.id.clone()
    }

    fn succeeds(_old: &GroupId, _new: &GroupId) -> bool {
        false
    }

    fn name(id: &GroupId) -> String {
        format!("event {} of {}", id.reason, id.about)
    }

    fn rank(&self, item: &EventItem<'_>, column: usize, _cx: &Context<'_>) -> Rank {
        let group = item.group;
        match column {
            COUNT => (-(group.count as i64)).into(),
            REASON => (&group.id.reason).into(),
            NAMESPACE => (&group.id.about.namespace).into(),
            OBJECT => Rank(0, Text::new(&item.object)),
            // The groups come warnings first and newest first, and the sort is stable.
            _ => 0.into(),
        }
    }

    fn text<'a>(&self, item: &'a EventItem<'_>, column: usize) -> &'a str {
        if column == NAMESPACE { &item.group.id.about.namespace } else { &item.object }
    }

    fn searched<'a>(&self, item: &'a EventItem<'_>) -> Vec<(usize, Cow<'a, str>)> {
        let id = &item.group.id;
        vec![
            (REASON, Cow::Borrowed(&*id.reason)),
            (NAMESPACE, Cow::Borrowed(&*id.about.namespace)),
            (OBJECT, Cow::Borrowed(&*item.object)),
            (MESSAGE, Cow::Borrowed(&*id.message)),
        ]
    }

    fn cells<'a>(&self, item: &'a EventItem<'_>, cx: &Context<'_>) -> Vec<Cell<'a>> {
        let group = item.group;
        let (glyph, tone) = mark(group.warning, cx);
        let last = group.last.map_or_else(|| "?".to_owned(), |at| age(since(at, cx.now)));
        vec![
            Cell::new(glyph, tone),
            Cell::new(last, Tone::Text),
            Cell::new(format!("×{}", group.count), if group.count > 1 { Tone::Text } else { Tone::Dim }),
            Cell::new(group.id.reason.to_string(), if group.warning { tone } else { Tone::Text }),
            Cell::new(group.id.about.namespace.to_string(), Tone::Dim),
            Cell::new(item.object.clone(), Tone::Text),
            Cell::new(group.id.message.to_string(), Tone::Dim),
        ]
    }

    fn note(&self, cx: &Context<'_>) -> String {
        let mut words = Vec::new();
        if self.only_warnings {
            words.push(format!("only warnings, {} others hidden", self.calm));
        }
        if cx.situation.events_dropped > 0 {
            words.push(format!("{} older not kept", cx.situation.events_dropped));
        }
        words.join(" · ")
    }

    fn switch(&mut self, command: Command) -> bool {
        let known = command == Command::Warnings;
        self.only_warnings ^= known;
        known
    }

    fn act(&self, command: Command, item: &EventItem<'_>, cx: &Context<'_>) -> Effect {
        match (command, item.group.object()) {
            (Command::Copy, _) => {
                Effect::Copy(format!("{} {}: {}", item.object, item.group.id.reason, item.group.id.message))
            }
            // Its events are what is shown.
            (Command::Events, _) if self.about.is_some() => Effect::None,
            (Command::Open | Command::Logs | Command::Events | Command::Act, Some(object)) => {
                open::act_on(command, &object, cx)
            }
            (Command::Open | Command::Act, None) => {
                Effect::Say(format!("{} is of a kind that is not shown here", item.object))
            }
            _ => Effect::Ignored,
        }
    }
}
