//! A choice among rows that follows what was chosen, never the row it stood in.

use std::ops::Range;

use crate::config::keymap::Command;

/// Rows by identity, one of them chosen.
#[derive(Debug, Clone)]
pub struct Pick<I> {
    items: Vec<I>,
    at: usize,
}

impl<I> Default for Pick<I> {
    fn default() -> Self {
        Self { items: Vec::new(), at: 0 }
    }
}

impl<I: PartialEq> Pick<I> {
    /// New rows. What was chosen stays chosen wherever it is now; if it is gone, its neighbour is.
    pub fn set(&mut self, items: Vec<I>) {
        let chosen = self.items.get(self.at);
        let found = chosen.and_then(|chosen| items.iter().position(|item| item == chosen));
        self.at = found.unwrap_or(self.at).min(items.len().saturating_sub(1));
        self.items = items;
    }

    /// What is chosen.
    pub fn chosen(&self) -> Option<&I> {
        self.items.get(self.at)
    }

    /// The row of what is chosen.
    pub fn index(&self) -> usize {
        self.at
    }

    /// The rows.
    pub fn items(&self) -> &[I] {
        &self.items
    }

    /// Chooses a row by what it is. Returns whether it is there.
    pub fn choose(&mut self, item: &I) -> bool {
        let found = self.items.iter().position(|i| i == item);
        self.at = found.unwrap_or(self.at);
        found.is_some()
    }

    /// A command that moves the choice, `page` rows being in view. Returns whether it was one.
    pub fn act(&mut self, command: Command, page: usize) -> bool {
        let page = page.saturating_sub(1).max(1);
        let last = self.items.len().saturating_sub(1);
        self.at = match command {
            Command::Down => self.at.saturating_add(1).min(last),
            Command::Up => self.at.saturating_sub(1),
            Command::PageDown => self.at.saturating_add(page).min(last),
            Command::PageUp => self.at.saturating_sub(page),
            Command::Top => 0,
            Command::Bottom => last,
            _ => return false,
        };
        true
    }
}

/// Which of `all` rows are shown in `height`, so that row `at` is among them and as little as possible lies outside.
pub fn window(at: usize, all: usize, height: usize) -> Range<usize> {
    let start = at.saturating_sub(height / 2).min(all.saturating_sub(height));
    start..(start + height).min(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_follows_its_object() {
        let mut pick = Pick::default();
        pick.set(vec!["a", "b", "c"]);
        pick.act(Command::Down, 10);
        pick.set(vec!["x", "a", "b"]);
        assert_eq!(pick.chosen(), Some(&"b"));
        pick.set(vec!["x", "a"]);
        assert_eq!(pick.chosen(), Some(&"a"));
        pick.set(vec![]);
        assert_eq!(pick.chosen(), None);
    }

    proptest::proptest! {
        #[test]
        fn the_window_holds_the_choice(at in 0_usize..50, more in 0_usize..50, height in 1_usize..20) {
            let all = at + 1 + more;
            let shown = window(at, all, height);
            proptest::prop_assert!(shown.contains(&at));
            proptest::prop_assert_eq!(shown.len(), height.min(all));
        }
    }
}
