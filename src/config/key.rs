//! Keys as people write them.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key press: `ctrl-d`, `enter`, `?`, `G`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
];

const MODIFIERS: &[(&str, KeyModifiers)] =
    &[("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT), ("s-", KeyModifiers::SHIFT)];

impl Key {
    /// Ends the program whatever a keymap says.
    pub const INTERRUPT: Self = Self { code: KeyCode::Char('c'), modifiers: KeyModifiers::CONTROL };

    /// A key from its name; `None` when there is no such key.
    pub fn parse(text: &str) -> Option<Self> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((prefix, modifier)) = MODIFIERS.iter().find(|(p, _)| rest.len() > p.len() && rest.starts_with(p))
        {
            modifiers |= *modifier;
            rest = &rest[prefix.len()..];
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() => KeyCode::Char(c),
            _ => named(rest)?,
        };
        Some(Self { code, modifiers }.normal())
    }

    /// Whether confirmations are made with it, so that no keymap may bind it.
    pub fn confirms(self) -> bool {
        matches!(self.code, KeyCode::Char('y' | 'Y'))
    }

    /// Terminals differ in whether they tell the shift of a capital; a capital says it by itself.
    fn normal(mut self) -> Self {
        if self.code == KeyCode::Tab && self.modifiers.contains(KeyModifiers::SHIFT) {
            self.code = KeyCode::BackTab;
        }
        if matches!(self.code, KeyCode::Char(_) | KeyCode::BackTab) {
            self.modifiers -= KeyModifiers::SHIFT;
        }
        self.modifiers &= KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        self
    }
}

fn named(name: &str) -> Option<KeyCode> {
    if let Some((_, code)) = NAMES.iter().find(|(n, _)| *n == name) {
        return Some(*code);
    }
    let number: u8 = name.strip_prefix('f')?.parse().ok()?;
    (1..=12).contains(&number).then_some(KeyCode::F(number))
}

impl From<&KeyEvent> for Key {
    fn from(event: &KeyEvent) -> Self {
        Self { code: event.code, modifiers: event.modifiers }.normal()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (prefix, modifier) in MODIFIERS {
            if self.modifiers.contains(*modifier) {
                f.write_str(prefix)?;
            }
        }
        match self.code {
            KeyCode::BackTab => f.write_str("s-tab"),
            KeyCode::F(number) => write!(f, "f{number}"),
            code => match (NAMES.iter().find(|(_, c)| *c == code), code) {
                (Some((name, _)), _) => f.write_str(name),
                (None, KeyCode::Char(c)) => write!(f, "{c}"),
                (None, other) => write!(f, "{other:?}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_they_were_written() {
        for name in ["q", "G", "?", ":", "-", "space", "ctrl-d", "alt-x", "s-tab", "f12", "pgdn", "ctrl-alt-x", "s-up"]
        {
            let key = Key::parse(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(key.to_string(), name);
        }
        for wrong in ["", "f13", "enterr", "ctrl-", "\u{1b}"] {
            assert!(Key::parse(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn a_capital_is_the_same_key_with_and_without_its_shift() {
        let told = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        let untold = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::NONE);
        assert_eq!(Key::from(&told), Key::from(&untold));
        let back = KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(Key::parse("s-tab"), Some(Key::from(&back)));
    }
}
