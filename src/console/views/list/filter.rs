//! A fuzzy filter that is typed, and what of a text it matched.

use std::borrow::Cow;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::console::command_line::editor::Editor;

/// A filter: words that all must match, each anywhere in one of the texts of a row. `'word` matches to the letter, `!word`
/// excludes, `^word` and `word$` match at an end.
#[derive(Debug, Default)]
pub struct Filter {
    editor: Editor,
    typing: bool,
    pattern: Pattern,
}

/// What came of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// The filter is another one now.
    Changed,
    /// Nothing that matters for the rows.
    Same,
    /// A key that moves the selection while the filter is typed.
    Other,
}

impl Filter {
    /// Whether it is being typed.
    pub fn typing(&self) -> bool {
        self.typing
    }

    /// Begins to type, with what there is.
    pub fn begin(&mut self) {
        self.typing = true;
    }

    /// Nothing is filtered any more.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether anything is filtered.
    pub fn active(&self) -> bool {
        !self.pattern.atoms.is_empty()
    }

    /// What was typed, with the cursor's place: as much as fits into `columns`.
    pub fn around(&self, columns: usize) -> (&str, &str) {
        self.editor.around(columns)
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        self.editor.text()
    }

    /// A key while it is typed.
    pub fn key(&mut self, key: KeyEvent) -> Typed {
        match (key.code, key.modifiers) {
            (KeyCode::Esc, _) => {
                self.clear();
                Typed::Changed
            }
            (KeyCode::Backspace, KeyModifiers::NONE) if self.text().is_empty() => {
                self.clear();
                Typed::Changed
            }
            (KeyCode::Enter, _) => {
                self.typing = false;
                Typed::Same
            }
            (KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown, _) => Typed::Other,
            _ if self.editor.key(key) => self.parse(),
            _ => Typed::Same,
        }
    }

    /// Text that was pasted; its line ends become blanks.
    pub fn paste(&mut self, text: &str) -> Typed {
        self.editor.insert(&crate::situation::clean(text));
        self.parse()
    }

    fn parse(&mut self) -> Typed {
        self.pattern = Pattern::parse(self.editor.text(), CaseMatching::Smart, Normalization::Smart);
        Typed::Changed
    }

    /// What matches it.
    pub fn matcher(&self) -> Matching<'_> {
        Matching { pattern: &self.pattern, matcher: Matcher::new(Config::DEFAULT), buffer: Vec::new() }
    }
}

/// A filter at work; holds the memory that matching needs.
#[derive(Debug)]
pub struct Matching<'a> {
    pattern: &'a Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

/// How well a row fits: words that stand in it as they were typed come before those whose letters are scattered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Every word stands in it as it was typed.
    Whole,
    /// Of some word only the letters do, in their order.
    Scattered,
}

/// Whether a word stands in a text, in whatever case.
fn whole(text: &str, word: Utf32Str<'_>) -> bool {
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    word.is_empty() || text.windows(word.len()).any(|w| w == word)
}

impl Matching<'_> {
    /// How well a row with these texts fits; `None` when it does not.
    pub fn fit(&mut self, texts: &[(usize, Cow<'_, str>)]) -> Option<Fit> {
        let mut fit = Fit::Whole;
        for atom in &self.pattern.atoms {
            let mut fits = texts.iter().map(|(_, text)| {
                let text = Utf32Str::new(text, &mut self.buffer);
                atom.score(text, &mut self.matcher).is_some()
            });
            let kept = if atom.negative { fits.all(|f| f) } else { fits.any(|f| f) };
            if !kept {
                return None;
            }
            if !texts.iter().any(|(_, text)| whole(text, atom.needle_text())) {
                fit = Fit::Scattered;
            }
        }
        Some(fit)
    }

    /// The graphemes of a text that matched, by number, sorted.
    pub fn matched(&mut self, text: &str) -> Vec<u32> {
        let mut found = Vec::new();
        for atom in self.pattern.atoms.iter().filter(|atom| !atom.negative) {
            let text = Utf32Str::new(text, &mut self.buffer);
            atom.indices(text, &mut self.matcher, &mut found);
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Filter {
        let mut filter = Filter::default();
        filter.begin();
        for c in text.chars() {
            filter.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        }
        filter
    }

    fn keeps(filter: &str, texts: &[&str]) -> bool {
        let texts: Vec<_> = texts.iter().map(|t| (0, Cow::Borrowed(*t))).collect();
        typed(filter).matcher().fit(&texts).is_some()
    }

    #[test]
    fn a_word_as_typed_fits_better_than_its_letters() {
        let fit = |text: &str| typed("api").matcher().fit(&[(0, Cow::Borrowed(text))]);
        assert_eq!(fit("shop/API-1"), Some(Fit::Whole));
        assert_eq!(fit("admin-pods-1f"), None);
        assert_eq!(fit("a-pod-in"), Some(Fit::Scattered));
    }

    #[test]
    fn each_word_may_match_another_text() {
        assert!(keeps("api crash", &["shop/api-7d9f", "CrashLoopBackOff"]));
        assert!(keeps("a7d", &["shop/api-7d9f"]));
        assert!(!keeps("api crash", &["shop/api-7d9f", "Running"]));
        assert!(!keeps("apicrash", &["shop/api", "crash"]));
    }

    #[test]
    fn an_exclusion_holds_for_every_text() {
        assert!(!keeps("!running", &["api", "Running"]));
        assert!(keeps("!running", &["api", "Pending"]));
    }

    #[test]
    fn what_matched_is_told_by_grapheme() {
        assert_eq!(typed("日c").matcher().matched("a\u{301}日bc"), [1, 3]);
        assert_eq!(typed("x").matcher().matched("abc"), [0_u32; 0]);
    }

    #[test]
    fn escape_clears_and_enter_keeps() {
        let mut filter = typed("api");
        assert_eq!(filter.key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)), Typed::Same);
        assert!(!filter.typing() && filter.active());
        assert_eq!(filter.key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)), Typed::Changed);
        assert!(!filter.active());
    }
}
