//! Which row is selected and which rows are in view.

use std::ops::Range;

use crate::config::keymap::Command;

/// Rows by identity, one of them selected, a window of them in view. The selection follows its thing, not its row.
#[derive(Debug, Clone)]
pub struct Choice<I> {
    rows: Vec<I>,
    at: usize,
    top: usize,
    height: usize,
}

/// What became of the selection when the rows changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate<I> {
    /// It is still there, or there was none.
    Kept,
    /// It is not among the rows any more; its neighbour is selected.
    Lost(I),
    /// Another thing of the same name took its place, and is selected.
    Replaced(I),
}

impl<I> Default for Choice<I> {
    fn default() -> Self {
        Self { rows: Vec::new(), at: 0, top: 0, height: 1 }
    }
}

impl<I: Clone + PartialEq> Choice<I> {
    /// New rows, and what became of the selection.
    pub fn set(&mut self, rows: Vec<I>, succeeds: impl Fn(&I, &I) -> bool) -> Fate<I> {
        let old = self.rows.get(self.at).cloned();
        self.rows = rows;
        let Some(old) = old else {
            self.select(self.at);
            return Fate::Kept;
        };
        if let Some(at) = self.rows.iter().position(|id| *id == old) {
            self.select(at);
            return Fate::Kept;
        }
        let heir = self.rows.iter().position(|id| succeeds(&old, id));
        self.select(heir.unwrap_or(self.at));
        if heir.is_some() { Fate::Replaced(old) } else { Fate::Lost(old) }
    }

    /// The selected thing.
    pub fn selected(&self) -> Option<&I> {
        self.rows.get(self.at)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in view, with their number.
    pub fn view(&self) -> impl Iterator<Item = (usize, &I)> {
        let range = self.window();
        self.rows.iter().enumerate().skip(range.start).take(range.len())
    }

    /// Which rows are in view.
    pub fn window(&self) -> Range<usize> {
        self.top..(self.top + self.height).min(self.rows.len())
    }

    /// The number of the selected row.
    pub fn index(&self) -> usize {
        self.at
    }

    /// How many rows fit.
    pub fn resize(&mut self, height: usize) {
        self.height = height.max(1);
        self.select(self.at);
    }

    /// Selects a row by its number; the last where there are fewer.
    pub fn select(&mut self, at: usize) {
        let last = self.rows.len().saturating_sub(1);
        self.at = at.min(last);
        let lowest = self.rows.len().saturating_sub(self.height);
        self.top = self.top.clamp((self.at + 1).saturating_sub(self.height), self.at).min(lowest);
    }

    /// A command that moves. Returns whether it was one.
    pub fn act(&mut self, command: Command) -> bool {
        let page = self.height.saturating_sub(1).max(1);
        let to = match command {
            Command::Down => self.at.saturating_add(1),
            Command::Up => self.at.saturating_sub(1),
            Command::PageDown => self.at.saturating_add(page),
            Command::PageUp => self.at.saturating_sub(page),
            Command::Top => 0,
            Command::Bottom => usize::MAX,
            _ => return false,
        };
        self.select(to);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A thing with a name and a generation.
    type Thing = (u8, u8);

    fn set(choice: &mut Choice<Thing>, rows: Vec<Thing>) -> Fate<Thing> {
        choice.set(rows, |old, new| old.0 == new.0)
    }

    #[test]
    fn the_selection_follows_its_thing() {
        let mut choice = Choice::default();
        choice.resize(2);
        set(&mut choice, vec![(1, 0), (2, 0), (3, 0)]);
        choice.act(Command::Down);
        assert_eq!(set(&mut choice, vec![(3, 0), (9, 0), (1, 0), (2, 0)]), Fate::Kept);
        assert_eq!((choice.selected(), choice.window()), (Some(&(2, 0)), 2..4));
    }

    #[test]
    fn a_lost_selection_goes_to_its_neighbour_and_says_so() {
        let mut choice = Choice::default();
        set(&mut choice, vec![(1, 0), (2, 0), (3, 0)]);
        choice.act(Command::Down);
        assert_eq!(set(&mut choice, vec![(1, 0), (3, 0)]), Fate::Lost((2, 0)));
        assert_eq!(choice.selected(), Some(&(3, 0)));
        assert_eq!(set(&mut choice, vec![(1, 0), (3, 1)]), Fate::Replaced((3, 0)));
        assert_eq!(choice.selected(), Some(&(3, 1)));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Set(Vec<Thing>),
        Move(Command),
        Resize(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let moves = vec![Command::Up, Command::Down, Command::PageUp, Command::PageDown, Command::Top, Command::Bottom];
        let things = proptest::collection::btree_set((0_u8..30, 0_u8..2), 0..20);
        let things = things.prop_map(|set| set.into_iter().collect::<Vec<_>>()).prop_shuffle();
        let step = prop_oneof![
            things.prop_map(Step::Set),
            proptest::sample::select(moves).prop_map(Step::Move),
            (0_usize..12).prop_map(Step::Resize),
        ];
        proptest::collection::vec(step, 1..40)
    }

    proptest! {
        #[test]
        fn the_selection_is_always_a_row_in_view_and_never_moves_without_cause(steps in steps()) {
            let mut choice: Choice<Thing> = Choice::default();
            for step in steps {
                let before = choice.selected().copied();
                match step {
                    Step::Set(rows) => {
                        let there = before.is_some_and(|b| rows.contains(&b));
                        let fate = set(&mut choice, rows);
                        prop_assert_eq!(fate == Fate::Kept, there || before.is_none());
                        if there {
                            prop_assert_eq!(choice.selected().copied(), before);
                        }
                    }
                    Step::Move(command) => {
                        choice.act(command);
                    }
                    Step::Resize(height) => {
                        choice.resize(height);
                        prop_assert_eq!(choice.selected().copied(), before);
                    }
                }
                prop_assert_eq!(choice.selected().is_none(), choice.is_empty());
                if !choice.is_empty() {
                    prop_assert!(choice.window().contains(&choice.index()));
                }
                prop_assert!(choice.window().len() <= choice.height);
                // No empty rows are shown while there are rows above.
                prop_assert!(choice.window().len() == choice.height.min(choice.len()));
            }
        }
    }
}
