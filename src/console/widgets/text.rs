//! Text measured in terminal columns.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::config::theme::Glyphs;

/// Columns that `text` takes, grapheme by grapheme, as the frame counts them.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(UnicodeWidthStr::width).sum() }
}

/// Whether `text` takes at most `columns`.
pub fn matches_width(text: &str, columns: usize) -> bool {
    // No character takes more columns than bytes, so short texts need no measuring.
    text.len() <= columns || width(text) <= columns
}

/// `text` in at most `columns`, cut at a whole grapheme and ended with `ellipsis` where it had to be.
pub fn fit<'a>(text: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    if matches_width(text, columns) {
        return Cow::Borrowed(text);
    }
    let Some(room) = columns.checked_sub(width(ellipsis)) else { return Cow::Borrowed("") };
    let mut used = 0;
    let mut end = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let next = used + width(grapheme);
        if next > room {
            break;
        }
        used = next;
        end = at + grapheme.len();
    }
    let kept = text.get(..end).unwrap_or_default().trim_end();
    Cow::Owned(format!("{kept}{ellipsis}"))
}

/// `text` in lines of at most `columns`, broken at blanks where there are any. Never empty.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let mut word = word;
        let gap = usize::from(used > 0);
        if used + gap + width(word) > columns && used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        } else if gap > 0 {
            line.push(' ');
            used += 1;
        }
        while !matches_width(word, columns) && !word.is_empty() {
            let (head, tail) = split_at_width(word, columns);
            lines.push(head.to_owned());
            word = tail;
        }
        line.push_str(word);
        used += width(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// The longest whole-grapheme prefix of at most `columns` (but at least one grapheme), and the rest.
pub fn split_at_width(text: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += width(grapheme);
        if used > columns && at > 0 {
            return text.split_at(at);
        }
    }
    (text, "")
}

/// A line of bars, one a value, scaled to `max` (or to the greatest value).
pub fn sparkline(values: impl IntoIterator<Item = f64>, max: Option<f64>, glyphs: &Glyphs) -> String {
    let values: Vec<f64> = values.into_iter().collect();
    let top = max.unwrap_or_else(|| values.iter().copied().fold(0.0, f64::max));
    values
        .iter()
        .map(|v| {
            let share = if top > 0.0 { (v / top).clamp(0.0, 1.0) } else { 0.0 };
            let step = (share * (glyphs.spark.len() - 1) as f64).round() as usize;
            glyphs.spark.get(step).copied().unwrap_or(" ")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_columns_not_characters() {
        assert_eq!(fit("api-7d9f", 8, "…"), "api-7d9f");
        assert_eq!(fit("api-7d9f9", 8, "…"), "api-7d9…");
        assert_eq!(fit("日本語のポッド", 7, "…"), "日本語…");
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 2, "…"), "e\u{301}…");
        assert_eq!(fit("abc", 0, "…"), "");
        assert_eq!(fit("abcdef", 3, "~"), "ab~");
    }

    #[test]
    fn words_wrap_and_long_words_break() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("", 8), [""]);
        assert_eq!(wrap("aaaaaaaaaa b", 4), ["aaaa", "aaaa", "aa b"]);
        assert_eq!(wrap("日本語", 1), ["日", "本", "語"]);
    }

    #[test]
    fn bars_follow_the_values() {
        assert_eq!(sparkline([0.0, 5.0, 10.0], None, &Glyphs::UNICODE), "▁▅█");
        assert_eq!(sparkline([0.0, 0.0], None, &Glyphs::ASCII), "__");
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_wider_than_asked(text in "\\PC{0,40}", columns in 0_usize..30) {
            proptest::prop_assert!(width(&fit(&text, columns, "…")) <= columns);
            let columns = columns.max(2);
            for line in wrap(&text, columns) {
                // A grapheme that is wider than the line stands alone.
                proptest::prop_assert!(width(&line) <= columns || line.graphemes(true).count() == 1);
            }
        }
    }
}
