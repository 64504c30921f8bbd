//! What users say: all trees, open ones first, then the likeliest, because their first branches are evaluated already.

use std::borrow::Cow;

use super::list::{Cell, Heading, List, Rank, Rows};
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::desk::{OpenTree, Order};
use crate::console::screen::{Context, Effect};
use crate::runbook::Candidate;
use crate::situation::Source;
use crate::situation::time::age;

/// The list of trees.
pub type Trees = List<TreeRows>;

impl Trees {
    /// The screen.
    pub fn new() -> Self {
        Self::of(TreeRows)
    }
}

impl Default for Trees {
    fn default() -> Self {
        Self::new()
    }
}

/// Trees as rows.
#[derive(Debug)]
pub struct TreeRows;

/// Which tree a row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Id {
    /// One that is open.
    Open(u64, String),
    /// A runbook.
    Book(String),
}

/// A row.
#[derive(Debug)]
pub enum Item<'a> {
    /// A tree that is open.
    Open(&'a OpenTree, usize),
    /// A runbook, and how likely it is: its place.
    Book(&'a Candidate, usize),
}

const HEADINGS: &[Heading] = &[
    Heading::new("", 1, 0).unsorted(),
    Heading::new("what users say", 30, 0).growing(56).unsorted(),
    Heading::new("what speaks for it", 20, 0).growing(90),
    Heading::new("id", 5, 1).wanting(8).unsorted(),
];
const SAID: usize = 1;
const WHY: usize = 2;
const ID: usize = 3;

impl Rows for TreeRows {
    type Id = Id;
    type Item<'a> = Item<'a>;
    const BEGINS_AT_TOP: bool = true;

    fn title(&self) -> String {
        "Trees".to_owned()
    }

    fn sources(&self) -> Vec<Source> {
        Vec::new()
    }

    fn none(&self) -> String {
        "there are no runbooks".to_owned()
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn first_order(&self) -> usize {
        WHY
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::Open, Command::Filter]
    }

    fn items<'a>(&'a self, cx: &'a Context<'a>) -> Vec<Item<'a>> {
        let open = cx.desk.trees.iter().enumerate().map(|(n, tree)| Item::Open(tree, n));
        let books = cx.desk.candidates.iter().enumerate().map(|(n, book)| Item::Book(book, n));
        open.chain(books).collect()
    }

    fn find<'a>(&'a self, id: &Id, cx: &'a Context<'a>) -> Option<Item<'a>> {
        self.items(cx).into_iter().find(|item| Self::id(item) == *id)
    }

    fn id(item: &Item<'_>) -> Id {
        match item {
            Item::Open(tree, _) => Id::Open(tree.id, tree.walk.book().title.clone()),
            Item::Book(candidate, _) => Id::Book(candidate.book.id.clone()),
        }
    }

    fn succeeds(_old: &Id, _new: &Id) -> bool {
        false
    }

    fn name(id: &Id) -> String {
        match id {
            Id::Open(_, name) | Id::Book(name) => format!("the tree {name}"),
        }
    }

    fn rank(&self, item: &Item<'_>, _column: usize, _cx: &Context<'_>) -> Rank {
        match item {
            Item::Open(_, place) => (*place as i64).into(),
            // Behind every open one.
            Item::Book(_, place) => (1000 + *place as i64).into(),
        }
    }

    fn text<'a>(&self, item: &'a Item<'_>, column: usize) -> &'a str {
        match (item, column) {
            (Item::Open(tree, _), SAID) => &tree.walk.book().title,
            (Item::Open(tree, _), WHY) => &tree.view.title,
            (Item::Book(candidate, _), SAID) => &candidate.book.title,
            (Item::Book(candidate, _), WHY) => &candidate.why,
            _ => "",
        }
    }

    fn searched<'a>(&self, item: &'a Item<'_>) -> Vec<(usize, Cow<'a, str>)> {
        let book = match item {
            Item::Open(tree, _) => tree.walk.book(),
            Item::Book(candidate, _) => &candidate.book,
        };
        let said = format!("{} {}", book.said.join(" "), book.findings.join(" "));
        vec![(SAID, Cow::Borrowed(&*book.title)), (ID, Cow::Borrowed(&*book.id)), (WHY, Cow::Owned(said))]
    }

    fn cells<'a>(&self, item: &'a Item<'_>, cx: &Context<'_>) -> Vec<Cell<'a>> {
        match item {
            Item::Open(tree, _) => vec![
                Cell::new(cx.theme.glyphs.live, Tone::Accent),
                Cell::new(&*tree.walk.book().title, Tone::Title),
                Cell::new(format!("open, {}: {}", age(tree.view.spent), tree.view.title), Tone::Accent),
                Cell::new(&*tree.walk.book().id, Tone::Dim),
            ],
            Item::Book(candidate, _) => {
                let likely = candidate.score > 0;
                let why = if likely { candidate.why.as_str() } else { "nothing seen speaks for it" };
                vec![
                    Cell::new(if likely { cx.theme.glyphs.warning } else { "" }, Tone::Warning),
                    Cell::new(&*candidate.book.title, if likely { Tone::Title } else { Tone::Text }),
                    Cell::new(why, if likely { Tone::Text } else { Tone::Dim }),
                    Cell::new(&*candidate.book.id, Tone::Dim),
                ]
            }
        }
    }

    fn act(&self, command: Command, item: &Item<'_>, _cx: &Context<'_>) -> Effect {
        match (command, item) {
            (Command::Open, Item::Open(tree, _)) => Effect::Order(Order::ShowTree(tree.id)),
            (Command::Open, Item::Book(candidate, _)) => {
                Effect::Order(Order::OpenTree(candidate.book.clone(), candidate.subject.clone()))
            }
            (Command::CloseTree, Item::Open(tree, _)) => Effect::Order(Order::CloseTree(tree.id)),
            _ => Effect::Ignored,
        }
    }
}
