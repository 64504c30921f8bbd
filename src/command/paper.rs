//! Text for a terminal or a pipe: filled to a width, with colours only where they are wanted.

use unicode_width::UnicodeWidthStr;

/// How wide reports are.
pub(super) const WIDTH: usize = 80;

/// Breaks text at blanks so that no line is wider than `width`, which includes the indent; a word that is wider stands
/// alone and is not broken, so that it can be copied. Line ends in the text are kept.
pub(super) fn fill(text: &str, indent: &str, width: usize) -> String {
    text.lines().map(|line| fill_line(line, indent, width)).collect::<Vec<_>>().join("\n")
}

fn fill_line(text: &str, indent: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let full = indent.width() + line.width() + 1 + word.width() > width;
        if full && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
        .iter()
        .map(|l| if l.is_empty() { String::new() } else { format!("{indent}{l}") })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Which colours may be used, and which marks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ink {
    /// Colours: only on a terminal that wants them.
    pub(super) colour: bool,
    /// No characters beyond ASCII.
    pub(super) ascii: bool,
}

/// How a piece of text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Warning,
    Bad,
    Dim,
    Strong,
}

impl Ink {
    /// The text in its colour.
    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Warning => "33",
            Tone::Bad => "31",
            Tone::Dim => "2",
            Tone::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// The text without characters that an ASCII terminal cannot show.
    pub(super) fn plain(self, text: &str) -> String {
        if !self.ascii {
            return text.to_owned();
        }
        let ascii = |c: char| match c {
            '→' => "->".to_owned(),
            '…' => "...".to_owned(),
            '·' | '–' => "-".to_owned(),
            c if c.is_ascii() => c.to_string(),
            _ => "?".to_owned(),
        };
        text.chars().map(ascii).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_filled_and_long_words_are_kept_whole() {
        assert_eq!(fill("one two three", "  ", 9), "  one two\n  three");
        assert_eq!(fill("averyverylongword b", "", 5), "averyverylongword\nb");
        assert_eq!(fill("a\n\nb", " ", 5), " a\n\n b");
        assert_eq!(fill("", " ", 5), "");
    }

    #[test]
    fn ascii_keeps_the_sense() {
        let ink = Ink { ascii: true, colour: false };
        assert_eq!(ink.plain("1 → 2 · 日…"), "1 -> 2 - ?...");
    }
}
