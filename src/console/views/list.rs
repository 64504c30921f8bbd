//! A list of any kind of thing: sorted, filtered, and with a selection that follows what was selected.
//!
//! ```text
//! ╭ Pods ─────────────────────── 12 of 340 ╮
//! │ /api                                   │  filter, while there is one
//! │   namespace  name      ready  status ↓ │  paint
//! │ ✖ shop       api-7d9f  0/1    CrashLo… │  rows
//! │ ▌ shop       api-8c0a  1/1    Running  │  choice
//! │ api-66f2 is gone                       │  notices
//! ╰────────────────────────────────────────╯
//! ```

mod choice;
mod filter;
mod paint;
mod rows;
#[cfg(test)]
mod tests;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::config::keymap::{Command, Mode};
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::{Canvas, width};
use choice::{Choice, Fate};

pub use filter::{Filter, Fit, Matching, Typed};
pub use paint::filter_line;
pub use rows::{Cell, Heading, Rank, Rows};

/// A list as a screen.
#[derive(Debug)]
pub struct List<R: Rows> {
    rows: R,
    filter: Filter,
    choice: Choice<R::Id>,
    /// The column it is sorted by, and whether in the order opposite to the column's own.
    order: (usize, bool),
    /// How many things there are, shown or not.
    all: usize,
    /// The longest text of each growing column.
    longest: Vec<u16>,
    /// What became of the thing that was selected, until the selection is moved.
    lost: Option<String>,
    height: u16,
}

impl<R: Rows> List<R> {
    /// A list of these rows.
    pub fn of(rows: R) -> Self {
        let order = (rows.first_order(), false);
        Self {
            rows,
            filter: Filter::default(),
            choice: Choice::default(),
            order,
            all: 0,
            longest: Vec::new(),
            lost: None,
            height: 20,
        }
    }

    /// The selected thing.
    pub fn selected(&self) -> Option<&R::Id> {
        self.choice.selected()
    }

    /// Sorts and filters anew; the selection stays on what it was.
    fn index(&mut self, cx: &Context<'_>) {
        let (column, reversed) = self.order;
        let items = self.rows.items(cx);
        self.all = items.len();
        self.longest = longest(&self.rows, &items);
        let mut matching = self.filter.active().then(|| self.filter.matcher());
        let mut ranked: Vec<(Fit, Rank, R::Id)> = items
            .iter()
            .filter_map(|item| {
                let fit = matching.as_mut().map_or(Some(Fit::Whole), |m| m.fit(&self.rows.searched(item)))?;
                Some((fit, self.rows.rank(item, column, cx), R::id(item)))
            })
            .collect();
        // The sort is stable, so that things of one rank stand in the order of their names.
        ranked.sort_by(|a, b| {
            let rank = a.1.cmp(&b.1);
            a.0.cmp(&b.0).then(if reversed { rank.reverse() } else { rank })
        });
        drop(items);
        let fate = self.choice.set(ranked.into_iter().map(|(_, _, id)| id).collect(), R::succeeds);
        match fate {
            Fate::Replaced(old) => self.lost = Some(format!("{} was replaced by another of its name", R::name(&old))),
            Fate::Lost(old) if self.rows.find(&old, cx).is_none() => {
                self.lost = Some(format!("{} is gone", R::name(&old)));
            }
            Fate::Kept | Fate::Lost(_) => {}
        }
        self.fit();
    }

    /// The rows that fit: all but the border, the heads, the filter and the notice.
    fn fit(&mut self) {
        let taken = 3 + u16::from(self.filtering()) + u16::from(self.lost.is_some());
        self.choice.resize(usize::from(self.height.saturating_sub(taken)));
    }

    fn filtering(&self) -> bool {
        self.filter.typing() || self.filter.active()
    }

    fn next_order(&mut self, cx: &Context<'_>) {
        let headings = self.rows.headings();
        let next = (1..=headings.len()).map(|step| (self.order.0 + step) % headings.len());
        let next = next.into_iter().find(|column| headings.get(*column).is_some_and(|h| h.sorts));
        self.order = (next.unwrap_or_default(), false);
        self.index(cx);
    }

    fn filter_changed(&mut self, cx: &Context<'_>) -> Effect {
        self.lost = None;
        self.index(cx);
        Effect::None
    }

    fn act_on_selected(&self, command: Command, cx: &Context<'_>) -> Effect {
        let Some(id) = self.choice.selected() else { return Effect::Ignored };
        match self.rows.find(id, cx) {
            Some(item) => self.rows.act(command, &item, cx),
            None => Effect::Say(format!("{} is gone", R::name(id))),
        }
    }
}

/// The longest text of each growing column.
fn longest<R: Rows>(rows: &R, items: &[R::Item<'_>]) -> Vec<u16> {
    let column = |(column, heading): (usize, &Heading)| {
        if !heading.grows {
            return 0;
        }
        let widths = items.iter().map(|item| width(rows.text(item, column)));
        widths.max().unwrap_or_default().min(usize::from(heading.want)) as u16
    };
    rows.headings().iter().enumerate().map(column).collect()
}

impl<R: Rows> Screen for List<R> {
    fn title(&self) -> String {
        self.rows.title()
    }

    fn mode(&self) -> Mode {
        Mode::List
    }

    fn hints(&self) -> &'static [Command] {
        self.rows.hints()
    }

    fn typing(&self) -> bool {
        self.filter.typing()
    }

    fn input(&mut self, key: KeyEvent, cx: &Context<'_>) -> Effect {
        match self.filter.key(key) {
            Typed::Changed => return self.filter_changed(cx),
            Typed::Other => {
                let command = match key.code {
                    KeyCode::Up => Command::Up,
                    KeyCode::PageUp => Command::PageUp,
                    KeyCode::PageDown => Command::PageDown,
                    _ => Command::Down,
                };
                self.choice.act(command);
            }
            Typed::Same => self.fit(),
        }
        Effect::None
    }

    fn paste(&mut self, text: &str, cx: &Context<'_>) -> Effect {
        self.filter.paste(text);
        self.filter_changed(cx)
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        if self.choice.act(command) {
            self.lost = None;
            self.fit();
            return Effect::None;
        }
        match command {
            Command::Filter | Command::Search => {
                self.filter.begin();
                self.fit();
            }
            // The way back leads first out of the filter, so that nobody leaves a list to see all of it.
            Command::Back | Command::ClearFilter if self.filtering() => {
                self.filter.clear();
                return self.filter_changed(cx);
            }
            Command::NextSort => self.next_order(cx),
            Command::ReverseSort => {
                self.order.1 = !self.order.1;
                self.index(cx);
            }
            other if self.rows.switch(other) => self.refresh(cx),
            other => return self.act_on_selected(other, cx),
        }
        Effect::None
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        self.rows.gather(cx);
        self.index(cx);
    }

    fn resize(&mut self, area: Rect) {
        self.height = area.height;
        self.fit();
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        paint::draw(self, area, &mut Canvas::new(buf, cx.theme), cx);
    }
}
