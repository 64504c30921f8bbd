//! A buffer and a theme together: what a view draws on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border;

use super::text::{fit, width};
use crate::config::theme::{Theme, Tone};

/// A piece of a line: its text and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// What it is.
    pub tone: Tone,
}

impl Piece {
    /// A piece from anything that is text.
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// A buffer and the theme it is drawn in. Nothing drawn leaves the width it was given, nor the buffer.
#[derive(Debug)]
pub struct Canvas<'a> {
    /// The buffer.
    pub buf: &'a mut Buffer,
    /// Colours and glyphs.
    pub theme: &'a Theme,
}

impl<'a> Canvas<'a> {
    /// A canvas over a buffer.
    pub fn new(buf: &'a mut Buffer, theme: &'a Theme) -> Self {
        Self { buf, theme }
    }

    /// Draws `text` from column `x` in at most `max` columns, cut with an ellipsis. Returns the column behind it.
    pub fn text(&mut self, x: u16, y: u16, max: u16, text: &str, tone: Tone) -> u16 {
        self.styled(x, y, max, text, self.theme.style(tone))
    }

    /// The same with a style of the caller's.
    pub fn styled(&mut self, x: u16, y: u16, max: u16, text: &str, style: Style) -> u16 {
        let area = self.buf.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() || max == 0 {
            return x;
        }
        let max = max.min(area.right() - x);
        let fitted = fit(text, usize::from(max), self.theme.glyphs.ellipsis);
        let (end, _) = self.buf.set_stringn(x, y, &fitted, usize::from(max), style);
        end
    }

    /// Draws `text` so that it ends before column `end`, in at most `max` columns. Returns the column it begins in.
    pub fn right(&mut self, end: u16, y: u16, max: u16, text: &str, tone: Tone) -> u16 {
        let columns = width(text).min(usize::from(max)) as u16;
        let x = end.saturating_sub(columns);
        self.text(x, y, columns, text, tone);
        x
    }

    /// Draws the pieces one after the other into the first row of `area`. Returns the column behind the last.
    pub fn line(&mut self, area: Rect, pieces: &[Piece]) -> u16 {
        let mut x = area.left();
        for piece in pieces {
            x = self.text(x, area.top(), area.right().saturating_sub(x), &piece.text, piece.tone);
        }
        x
    }

    /// Draws a border with a title into it; the area inside, with one column of air left and right where there is room.
    pub fn pane(&mut self, area: Rect, title: &str, focus: bool) -> Rect {
        self.pane_noted(area, title, "", focus)
    }

    /// A pane with a note at the right end of its upper border, such as the age of what it shows.
    pub fn pane_noted(&mut self, area: Rect, title: &str, note: &str, focus: bool) -> Rect {
        let area = area.intersection(self.buf.area);
        if area.width < 2 || area.height < 2 {
            return Rect::ZERO;
        }
        self.border(area, focus);
        let tone = if focus { Tone::Accent } else { Tone::Title };
        let room = area.width.saturating_sub(4);
        let start = area.left() + 2;
        let end =
            if title.is_empty() { start } else { self.text(start, area.top(), room, &format!(" {title} "), tone) };
        let left = (area.right() - 2).saturating_sub(end);
        if !note.is_empty() && left > 6 {
            self.right(area.right() - 2, area.top(), left, &format!(" {note} "), Tone::Dim);
        }
        let air = u16::from(area.width > 8);
        Rect { x: area.x + 1 + air, y: area.y + 1, width: area.width - 2 - 2 * air, height: area.height - 2 }
    }

    fn border(&mut self, area: Rect, focus: bool) {
        const ASCII: border::Set<'_> = border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        };
        // The focus must show without colour too: a heavier line.
        let set = match (self.theme.glyphs.lines, focus) {
            (true, false) => border::ROUNDED,
            (true, true) => border::THICK,
            (false, false) => ASCII,
            (false, true) => border::Set { horizontal_top: "=", horizontal_bottom: "=", ..ASCII },
        };
        let style = self.theme.style(if focus { Tone::BorderFocus } else { Tone::Border });
        let (left, right, top, bottom) = (area.left(), area.right() - 1, area.top(), area.bottom() - 1);
        for x in left + 1..right {
            self.cell(x, top, set.horizontal_top, style);
            self.cell(x, bottom, set.horizontal_bottom, style);
        }
        for y in top + 1..bottom {
            self.cell(left, y, set.vertical_left, style);
            self.cell(right, y, set.vertical_right, style);
        }
        self.cell(left, top, set.top_left, style);
        self.cell(right, top, set.top_right, style);
        self.cell(left, bottom, set.bottom_left, style);
        self.cell(right, bottom, set.bottom_right, style);
    }

    fn cell(&mut self, x: u16, y: u16, symbol: &str, style: Style) {
        if let Some(cell) = self.buf.cell_mut((x, y)) {
            cell.set_symbol(symbol).set_style(style);
        }
    }

    /// Draws a bar of `columns`, filled to `ratio`. Returns the column behind it.
    pub fn gauge(&mut self, x: u16, y: u16, columns: u16, ratio: f64, tone: Tone) -> u16 {
        let glyphs = self.theme.glyphs;
        let filled = (ratio.clamp(0.0, 1.0) * f64::from(columns)).round() as u16;
        // Something is never drawn as nothing.
        let filled = if ratio > 0.0 { filled.max(1) } else { filled }.min(columns);
        let (full, empty) = if glyphs.lines { ("■", "·") } else { ("#", ".") };
        for i in 0..columns {
            let (symbol, tone) = if i < filled { (full, tone) } else { (empty, Tone::Border) };
            self.cell(x + i, y, symbol, self.theme.style(tone));
        }
        x + columns
    }

    /// Shows `area` as selected: the tone, and the glyph in its first column.
    pub fn select(&mut self, area: Rect) {
        self.buf.set_style(area.intersection(self.buf.area), self.theme.style(Tone::Selected));
        self.cell(area.left(), area.top(), self.theme.glyphs.selected, self.theme.style(Tone::Accent));
    }

    /// Fills `area` with blanks in a tone.
    pub fn fill(&mut self, area: Rect, tone: Tone) {
        let style = self.theme.style(tone);
        for position in area.intersection(self.buf.area).positions() {
            if let Some(cell) = self.buf.cell_mut(position) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_never_leaves_the_buffer() {
        let theme = crate::console::testing::theme();
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 3));
        let mut canvas = Canvas::new(&mut buf, &theme);
        canvas.text(8, 1, 40, "abcdef", Tone::Text);
        canvas.text(0, 9, 40, "below", Tone::Text);
        canvas.right(3, 0, 40, "abcdef", Tone::Text);
        canvas.gauge(5, 2, 40, 0.5, Tone::Gauge);
        canvas.pane(Rect::new(5, 1, 40, 40), "title", true);
        canvas.select(Rect::new(9, 2, 40, 4));
        canvas.fill(Rect::new(9, 2, 40, 4), Tone::Text);
    }
}
