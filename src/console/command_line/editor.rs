//! One line of text with a cursor.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;

use crate::console::widgets::width;

/// As long as a line may grow.
const LIMIT: usize = 512;

/// One line of text with a cursor between two graphemes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Editor {
    before: String,
    after: String,
    whole: String,
}

impl Editor {
    /// The text.
    pub fn text(&self) -> &str {
        &self.whole
    }

    /// Replaces the text; the cursor stands behind it.
    pub fn set(&mut self, text: &str) {
        text.clone_into(&mut self.before);
        self.after.clear();
        self.join();
    }

    /// Puts text in at the cursor.
    pub fn insert(&mut self, text: &str) {
        let room = LIMIT.saturating_sub(self.whole.len());
        let end = text.grapheme_indices(true).map(|(at, g)| at + g.len()).take_while(|end| *end <= room).last();
        self.before.push_str(text.get(..end.unwrap_or(0)).unwrap_or_default());
        self.join();
    }

    /// The text before the cursor, as much of its end as fits into `columns`, and the text behind it.
    pub fn around(&self, columns: usize) -> (&str, &str) {
        let mut start = 0;
        for (at, _) in self.before.grapheme_indices(true) {
            start = at;
            if width(self.before.get(at..).unwrap_or_default()) <= columns {
                break;
            }
        }
        (self.before.get(start..).unwrap_or_default(), &self.after)
    }

    /// A key. Returns whether the text changed.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if control => self.before.clear(),
            KeyCode::Char('k') if control => self.after.clear(),
            KeyCode::Char('w') if control => self.erase_word(),
            KeyCode::Char('a') if control => self.home(),
            KeyCode::Char('e') if control => self.end(),
            KeyCode::Char('h') if control => drop(self.pop_before()),
            KeyCode::Char(c) if !control && !key.modifiers.contains(KeyModifiers::ALT) && !c.is_control() => {
                self.insert(c.encode_utf8(&mut [0; 4]));
                return true;
            }
            KeyCode::Backspace => drop(self.pop_before()),
            KeyCode::Delete => drop(self.pop_after()),
            KeyCode::Left => {
                if let Some(g) = self.pop_before() {
                    self.after.insert_str(0, &g);
                }
            }
            KeyCode::Right => {
                if let Some(g) = self.pop_after() {
                    self.before.push_str(&g);
                }
            }
            KeyCode::Home => self.home(),
            KeyCode::End => self.end(),
            _ => return false,
        }
        self.join()
    }

    fn home(&mut self) {
        self.after.insert_str(0, &std::mem::take(&mut self.before));
    }

    fn end(&mut self) {
        self.before.push_str(&std::mem::take(&mut self.after));
    }

    fn erase_word(&mut self) {
        let kept = self.before.trim_end().rfind([' ', '/']).map_or(0, |at| at + 1);
        self.before.truncate(kept);
    }

    fn pop_before(&mut self) -> Option<String> {
        let (at, _) = self.before.grapheme_indices(true).next_back()?;
        Some(self.before.split_off(at))
    }

    fn pop_after(&mut self) -> Option<String> {
        let end = self.after.graphemes(true).next()?.len();
        Some(self.after.drain(..end).collect())
    }

    fn join(&mut self) -> bool {
        let whole = format!("{}{}", self.before, self.after);
        let changed = whole != self.whole;
        self.whole = whole;
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(editor: &mut Editor, code: KeyCode) {
        editor.key(KeyEvent::new(code, KeyModifiers::NONE));
    }

    #[test]
    fn whole_graphemes_are_erased_and_passed() {
        let mut editor = Editor::default();
        editor.insert("ae\u{301}日");
        press(&mut editor, KeyCode::Left);
        press(&mut editor, KeyCode::Backspace);
        assert_eq!(editor.text(), "a日");
        press(&mut editor, KeyCode::Delete);
        assert_eq!(editor.text(), "a");
    }

    #[test]
    fn a_word_goes_back_to_the_last_blank_or_slash() {
        let mut editor = Editor::default();
        editor.set("pod shop/api-1");
        editor.key(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL));
        assert_eq!(editor.text(), "pod shop/");
    }

    #[test]
    fn the_line_does_not_grow_without_end() {
        let mut editor = Editor::default();
        editor.insert(&"日".repeat(1000));
        assert!(editor.text().len() <= LIMIT);
        assert!(width(editor.around(10).0) <= 10);
    }
}
