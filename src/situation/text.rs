//! Text that came from outside, made harmless once, where it enters.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Deserializer, Serialize, de};

/// Text from outside (names, messages, images, log lines) that can be shown as it is: it holds no control characters,
/// no escape sequences and no characters that change the direction of the text around them. There is no other way to
/// make one than through [`clean`], so a view or a report never has to think of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text(Arc<str>);

impl Text {
    /// Cleans `raw` and keeps it.
    pub fn new(raw: &str) -> Self {
        let clean = clean(raw);
        if clean.is_empty() { Self::default() } else { Self(Arc::from(clean.as_ref())) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it; absent fields decode to this.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the two share one allocation; used by the interner's tests.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Default for Text {
    /// All empty texts share one allocation: most fields of most objects are empty.
    fn default() -> Self {
        static EMPTY: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from(""));
        Self(EMPTY.clone())
    }
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<String> for Text {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: de::Error>(self, raw: &str) -> Result<Text, E> {
                Ok(Text::new(raw))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// Removes what a terminal or a reader could be fooled with: whole escape sequences (CSI, OSC, DCS and their like, with
/// their parameters), C0 and C1 controls, bidirectional controls, zero-width and other invisible format characters.
/// Tabs and line ends become one blank. Borrows when there is nothing to do.
pub fn clean(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(|b| (0x20..0x7f).contains(&b)) || raw.chars().all(is_plain) {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\x1b' => skip_escape(&mut rest),
            // The eight-bit forms of CSI, DCS, SOS, OSC, PM and APC.
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut rest),
            '\t' | '\n' | '\r' if out.ends_with(' ') => {}
            '\t' | '\n' | '\r' => out.push(' '),
            c if is_plain(c) => out.push(c),
            _ => {}
        }
    }
    Cow::Owned(out)
}

fn is_plain(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'))
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_escape(rest: &mut Rest<'_>) {
    match rest.next() {
        Some('[') => skip_control_sequence(rest),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(rest),
        // Intermediates, then one final character.
        Some(' '..='/') => while matches!(rest.next(), Some(' '..='/')) {},
        _ => {}
    }
}

fn skip_control_sequence(rest: &mut Rest<'_>) {
    while let Some(c) = rest.peek() {
        let done = ('@'..='~').contains(c);
        if !done && !(' '..='?').contains(c) {
            return;
        }
        rest.next();
        if done {
            return;
        }
    }
}

fn skip_string(rest: &mut Rest<'_>) {
    while let Some(c) = rest.next() {
        match c {
            '\x07' | '\u{9c}' => return,
            '\x1b' => {
                if rest.peek() == Some(&'\\') {
                    rest.next();
                }
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_sequences_go_not_just_their_first_byte() {
        assert_eq!(clean("a\x1b[31mred\x1b[0mb"), "aredb");
        assert_eq!(clean("x\x1b]52;c;c2VjcmV0\x07y"), "xy");
        assert_eq!(clean("x\x1b]8;;http://example.com\x1b\\link\x1b]8;;\x1b\\y"), "xlinky");
        assert_eq!(clean("x\u{9b}2Jy\u{9d}0;t\u{9c}z"), "xyz");
        assert_eq!(clean("a\u{202e}b\u{200b}c\u{feff}"), "abc");
        assert_eq!(clean("one\r\n\ttwo"), "one two");
        assert_eq!(clean("\x1b(B日本é"), "日本é");
        assert_eq!(clean("cut\x1b"), "cut");
        assert_eq!(clean("cut\x1b]52;c;never ends"), "cut");
    }

    #[test]
    fn empty_texts_share_one_allocation() {
        assert!(Text::default().same(&Text::new("\x1b[0m")));
    }

    proptest::proptest! {
        #[test]
        fn nothing_dangerous_survives(raw in "\\PC*|[\\x00-\\x1f\\x7f-\\u{9f}a-z\\[\\]\\\\;]*") {
            proptest::prop_assert!(clean(&raw).chars().all(is_plain));
        }
    }
}
