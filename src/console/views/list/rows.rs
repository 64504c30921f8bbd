//! What a list has to know of the things it lists.

use std::borrow::Cow;
use std::fmt::Debug;

use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::screen::{Context, Effect};
use crate::situation::{Source, Text};

/// The head of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading {
    /// What it is called.
    pub title: &'static str,
    /// Columns of the terminal it cannot do without.
    pub min: u16,
    /// What it takes where there is room.
    pub want: u16,
    /// Which columns go first where there is no room: the greatest number does; zero stays.
    pub priority: u8,
    /// Whether its cells stand at the right.
    pub right: bool,
    /// Whether its natural order is the greatest first.
    pub down: bool,
    /// Whether the list can be sorted by it.
    pub sorts: bool,
    /// Whether it takes only as much as its longest text needs: `min` of it before other columns get more, `want` at most.
    pub grows: bool,
}

impl Heading {
    /// A column that can be sorted by, at the left, of one width.
    pub const fn new(title: &'static str, columns: u16, priority: u8) -> Self {
        Self { title, min: columns, want: columns, priority, right: false, down: false, sorts: true, grows: false }
    }

    /// Taking up to so much where there is room.
    pub const fn wanting(mut self, want: u16) -> Self {
        self.want = want;
        self
    }

    /// Taking what its longest text needs, up to so much; the least is what it may claim at the cost of other columns.
    pub const fn growing(mut self, want: u16) -> Self {
        self.want = want;
        self.grows = true;
        self
    }

    /// With its cells at the right.
    pub const fn right(mut self) -> Self {
        self.right = true;
        self
    }

    /// With the greatest first.
    pub const fn down(mut self) -> Self {
        self.down = true;
        self
    }

    /// Of no order.
    pub const fn unsorted(mut self) -> Self {
        self.sorts = false;
        self
    }
}

/// One cell of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell<'a> {
    /// What it says.
    pub text: Cow<'a, str>,
    /// What that is.
    pub tone: Tone,
    /// A share of something, drawn as a bar before the text where there is room.
    pub share: Option<f64>,
}

impl<'a> Cell<'a> {
    /// A cell of text.
    pub fn new(text: impl Into<Cow<'a, str>>, tone: Tone) -> Self {
        Self { text: text.into(), tone, share: None }
    }

    /// An empty cell.
    pub fn empty() -> Self {
        Self::new("", Tone::Dim)
    }

    /// A cell whose value is not known.
    pub fn unknown() -> Self {
        Self::new("?", Tone::Unknown)
    }

    /// With a bar of this share.
    pub fn with_share(mut self, share: f64) -> Self {
        self.share = Some(share);
        self
    }
}

/// Where a row stands in an order: by number, then by text. The smallest comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Rank(pub i64, pub Text);

impl From<i64> for Rank {
    fn from(number: i64) -> Self {
        Self(number, Text::default())
    }
}

impl From<&Text> for Rank {
    fn from(text: &Text) -> Self {
        Self(0, text.clone())
    }
}

/// The things of a list. Only what is on the screen is ever formatted; of the rest no more is asked than its identity and
/// its rank.
pub trait Rows: Debug + 'static {
    /// What makes a thing itself, whatever row it stands in.
    type Id: Clone + PartialEq + Debug;
    /// A thing as it is now.
    type Item<'a>;

    /// What the list is called.
    fn title(&self) -> String;
    /// Where its things come from.
    fn sources(&self) -> Vec<Source>;
    /// Where some of its columns come from: without these there are rows, but with gaps.
    fn beside(&self) -> Vec<Source> {
        Vec::new()
    }
    /// What to say when there are none.
    fn none(&self) -> String;
    /// Its columns.
    fn headings(&self) -> &'static [Heading];
    /// The column it is sorted by at first.
    fn first_order(&self) -> usize;
    /// The commands worth a hint.
    fn hints(&self) -> &'static [Command];

    /// The situation changed: put together what takes more than one object.
    fn gather(&mut self, _cx: &Context<'_>) {}
    /// All things, in an order that breaks ties.
    fn items<'a>(&'a self, cx: &'a Context<'a>) -> Vec<Self::Item<'a>>;
    /// A thing by its identity, if it is still there.
    fn find<'a>(&'a self, id: &Self::Id, cx: &'a Context<'a>) -> Option<Self::Item<'a>>;
    /// The identity of a thing.
    fn id(item: &Self::Item<'_>) -> Self::Id;
    /// Whether `new` took the place of `old` under the same name.
    fn succeeds(old: &Self::Id, new: &Self::Id) -> bool;
    /// What a thing is called, for a sentence about it.
    fn name(id: &Self::Id) -> String;
    /// Where a thing stands when sorted by a column.
    fn rank(&self, item: &Self::Item<'_>, column: usize, cx: &Context<'_>) -> Rank;
    /// The text of a growing column, to be measured.
    fn text<'a>(&self, item: &'a Self::Item<'_>, column: usize) -> &'a str;
    /// The texts a filter looks at, with the column that shows them.
    fn searched<'a>(&self, item: &'a Self::Item<'_>) -> Vec<(usize, Cow<'a, str>)>;
    /// A thing as a row, one cell a column.
    fn cells<'a>(&self, item: &'a Self::Item<'_>, cx: &Context<'_>) -> Vec<Cell<'a>>;
    /// What counts beside the number of rows, for the border: `3 unready`.
    fn note(&self, _cx: &Context<'_>) -> String {
        String::new()
    }
    /// Something that holds for the whole list, such as a switch. Returns whether the command was known.
    fn switch(&mut self, _command: Command) -> bool {
        false
    }
    /// A command for the selected thing.
    fn act(&self, command: Command, item: &Self::Item<'_>, cx: &Context<'_>) -> Effect;
}
