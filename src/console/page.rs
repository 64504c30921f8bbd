//! A page: lines of text that wrap and scroll, some of which lead somewhere.
//!
//! The link that is selected is kept by what it leads to, so it stays itself when lines come and go above it.

use ratatui::layout::Rect;

use super::widgets::{Canvas, Piece, split_at_width, width};
use crate::config::keymap::Command;
use crate::config::theme::Tone;

/// A line of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<L> {
    /// What it says.
    pub pieces: Vec<Piece>,
    /// What stands at the right end of its first row.
    pub right: Option<Piece>,
    /// How far its further rows are indented.
    pub indent: u16,
    /// What it leads to.
    pub link: Option<L>,
}

impl<L> Line<L> {
    /// A line of pieces.
    pub fn new(pieces: Vec<Piece>) -> Self {
        Self { pieces, right: None, indent: 0, link: None }
    }

    /// A line of one piece.
    pub fn of(text: impl Into<String>, tone: Tone) -> Self {
        Self::new(vec![Piece::new(text, tone)])
    }

    /// An empty line.
    pub fn blank() -> Self {
        Self::new(Vec::new())
    }

    /// With further rows indented.
    pub fn indented(mut self, indent: u16) -> Self {
        self.indent = indent;
        self
    }

    /// With something at the right end.
    pub fn with_right(mut self, text: impl Into<String>, tone: Tone) -> Self {
        self.right = Some(Piece::new(text, tone));
        self
    }

    /// Leading somewhere.
    pub fn leading(mut self, link: Option<L>) -> Self {
        self.link = link;
        self
    }
}

/// A row as it is drawn: which line it belongs to, where it begins, its pieces.
#[derive(Debug, Clone)]
struct Row {
    line: usize,
    x: u16,
    pieces: Vec<Piece>,
}

/// A page with its scroll position and its selected link.
#[derive(Debug, Clone)]
pub struct Page<L> {
    lines: Vec<Line<L>>,
    rows: Vec<Row>,
    selected: Option<L>,
    /// Which of the links that lead to the same place is meant.
    nth: usize,
    offset: usize,
    columns: u16,
    height: u16,
}

impl<L: PartialEq + Clone> Page<L> {
    /// An empty page.
    pub fn new() -> Self {
        Self { lines: Vec::new(), rows: Vec::new(), selected: None, nth: 0, offset: 0, columns: 80, height: 20 }
    }

    /// New lines. The selection stays on what it was on; if that is gone, it goes to the first link.
    pub fn set(&mut self, lines: Vec<Line<L>>) {
        self.lines = lines;
        let same = self.links().filter(|(_, l)| Some(*l) == self.selected.as_ref()).count();
        self.nth = self.nth.min(same.saturating_sub(1));
        if same == 0 {
            self.choose(0);
        }
        self.lay_out();
    }

    /// The space there is; one column at the left is kept for the mark of the selection.
    pub fn resize(&mut self, columns: u16, height: u16) {
        self.columns = columns.saturating_sub(1).max(1);
        self.height = height.max(1);
        self.lay_out();
    }

    /// Selects the first link that leads there, and brings it into view. Nothing happens if there is none.
    pub fn select(&mut self, link: &L) {
        let place = self.links().position(|(_, l)| l == link);
        if let Some(place) = place {
            self.choose(place);
            let row = self.links().nth(place).map_or(0, |(line, _)| self.row_of(line));
            self.show(row);
        }
    }

    /// Selects the first link that leads there, wherever the view stands, unless one of them is selected already.
    pub fn keep(&mut self, link: &L) {
        let place = self.links().position(|(_, l)| l == link);
        if let Some(place) = place.filter(|_| self.selected.as_ref() != Some(link)) {
            self.choose(place);
        }
    }

    /// Forgets where it stood: other lines, from the top.
    pub fn restart(&mut self) {
        self.lines.clear();
        self.selected = None;
        (self.nth, self.offset) = (0, 0);
    }

    /// What is selected.
    pub fn selected(&self) -> Option<&L> {
        self.selected.as_ref()
    }

    /// A command that moves. Returns whether it was one.
    pub fn act(&mut self, command: Command) -> bool {
        let page = usize::from(self.height.saturating_sub(1)).max(1);
        match command {
            Command::Down => self.step(true),
            Command::Up => self.step(false),
            Command::PageDown => self.scroll_to(self.offset.saturating_add(page)),
            Command::PageUp => self.scroll_to(self.offset.saturating_sub(page)),
            Command::Top => self.scroll_to(0),
            Command::Bottom => self.scroll_to(usize::MAX),
            _ => return false,
        }
        true
    }

    /// Scrolls to the next heading down, or up.
    pub fn section(&mut self, down: bool) {
        let is_heading = |row: &Row| {
            let line = self.lines.get(row.line);
            line.and_then(|l| l.pieces.first()).is_some_and(|p| p.tone == Tone::Title && row.x == 0)
        };
        let mut headings = self.rows.iter().enumerate().filter(|(_, row)| is_heading(row)).map(|(at, _)| at);
        let to = if down {
            headings.find(|at| *at > self.offset).unwrap_or(self.offset)
        } else {
            headings.take_while(|at| *at < self.offset).last().unwrap_or(0)
        };
        self.scroll_to(to);
    }

    fn links(&self) -> impl Iterator<Item = (usize, &L)> {
        self.lines.iter().enumerate().filter_map(|(i, line)| Some((i, line.link.as_ref()?)))
    }

    /// The place of the selected link among all links.
    fn place(&self) -> Option<usize> {
        let same = self.links().enumerate().filter(|(_, (_, l))| Some(*l) == self.selected.as_ref());
        same.map(|(place, _)| place).nth(self.nth)
    }

    /// Selects the link at a place.
    fn choose(&mut self, place: usize) {
        let chosen = self.links().nth(place).map(|(_, l)| l.clone());
        self.nth = self.links().take(place).filter(|(_, l)| Some(*l) == chosen.as_ref()).count();
        self.selected = chosen;
    }

    /// The first row of a line.
    fn row_of(&self, line: usize) -> usize {
        self.rows.iter().position(|row| row.line == line).unwrap_or(0)
    }

    fn last_offset(&self) -> usize {
        self.rows.len().saturating_sub(usize::from(self.height))
    }

    /// To the next link if it is in reach of the eye, else one row on.
    fn step(&mut self, down: bool) {
        let next = self.place().and_then(|at| if down { Some(at + 1) } else { at.checked_sub(1) });
        let next = next.and_then(|place| Some((place, self.row_of(self.links().nth(place)?.0))));
        let view = self.offset..self.offset + usize::from(self.height);
        match next {
            Some((place, row)) if row + 1 >= view.start && row <= view.end => {
                self.choose(place);
                self.show(row);
            }
            _ if down => self.offset = (self.offset + 1).min(self.last_offset()),
            _ => self.offset = self.offset.saturating_sub(1),
        }
    }

    fn show(&mut self, row: usize) {
        let height = usize::from(self.height);
        if row < self.offset {
            self.offset = row;
        } else if row >= self.offset + height {
            self.offset = row + 1 - height;
        }
    }

    /// Scrolls, and takes the selection along to the nearest link that is in view.
    fn scroll_to(&mut self, offset: usize) {
        let whole = offset == usize::MAX;
        self.offset = offset.min(self.last_offset());
        let view = self.offset..self.offset + usize::from(self.height);
        let places = (0_usize..).zip(self.links());
        let in_view: Vec<usize> =
            places.filter(|(_, (line, _))| view.contains(&self.row_of(*line))).map(|(place, _)| place).collect();
        let place = if whole { in_view.last() } else { in_view.first() };
        if let Some(place) = place {
            self.choose(*place);
        }
    }

    fn lay_out(&mut self) {
        let columns = usize::from(self.columns);
        self.rows = self.lines.iter().enumerate().flat_map(|(i, line)| wrap_line(i, line, columns)).collect();
        self.offset = self.offset.min(self.last_offset());
    }

    /// Draws the rows in view.
    pub fn draw(&self, area: Rect, canvas: &mut Canvas<'_>) {
        let selected = self.place().and_then(|place| self.links().nth(place)).map(|(line, _)| line);
        let shown = self.rows.iter().enumerate().skip(self.offset).zip(area.top()..area.bottom());
        for ((at, row), y) in shown {
            let Some(line) = self.lines.get(row.line) else { continue };
            let x = area.x + 1 + row.x;
            canvas.line(Rect { x, y, width: area.right().saturating_sub(x), height: 1 }, &row.pieces);
            let first = at == 0 || self.rows.get(at - 1).is_none_or(|before| before.line != row.line);
            if let (true, Some(right)) = (first, &line.right) {
                canvas.right(area.right(), y, area.width, &right.text, right.tone);
            }
            if selected == Some(row.line) {
                let band = Rect { y, height: 1, ..area };
                if first {
                    canvas.select(band);
                } else {
                    canvas.buf.set_style(band, canvas.theme.style(Tone::Selected));
                }
            }
        }
    }

    /// Whether these lines would be in view all at once.
    pub fn holds(&self, lines: &[Line<L>]) -> bool {
        let columns = usize::from(self.columns);
        let rows: usize = lines.iter().map(|line| wrap_line(0, line, columns).len()).sum();
        rows <= usize::from(self.height)
    }

    /// How many rows all its lines take.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Whether the last row is in view.
    pub fn at_end(&self) -> bool {
        self.offset >= self.last_offset()
    }

    /// Where the view stands, for the pane's border: empty when all is in view.
    pub fn position(&self) -> String {
        let (height, all) = (usize::from(self.height), self.rows.len());
        if all <= height {
            return String::new();
        }
        format!("{}-{} of {all}", self.offset + 1, (self.offset + height).min(all))
    }
}

impl<L: PartialEq + Clone> Default for Page<L> {
    fn default() -> Self {
        Self::new()
    }
}

fn wrap_line<L>(index: usize, line: &Line<L>, columns: usize) -> Vec<Row> {
    let indent = usize::from(line.indent).min(columns / 2);
    let reserved = line.right.as_ref().map_or(0, |r| width(&r.text) + 2);
    let mut rows = vec![Row { line: index, x: 0, pieces: Vec::new() }];
    let mut left = columns.saturating_sub(reserved).max(columns / 2);
    for piece in &line.pieces {
        for token in piece.text.split_inclusive(' ') {
            let mut token = token;
            if width(token.trim_end()) > left && left < columns - indent {
                rows.push(Row { line: index, x: indent as u16, pieces: Vec::new() });
                left = columns - indent;
            }
            while width(token.trim_end()) > left {
                let (head, tail) = split_at_width(token, left);
                add(&mut rows, head, piece.tone);
                rows.push(Row { line: index, x: indent as u16, pieces: Vec::new() });
                left = columns - indent;
                token = tail;
            }
            // A blank that does not fit is the end of the row.
            let fitting = if width(token) > left { token.trim_end() } else { token };
            add(&mut rows, fitting, piece.tone);
            left = left.saturating_sub(width(token));
        }
    }
    rows
}

fn add(rows: &mut [Row], text: &str, tone: Tone) {
    let Some(row) = rows.last_mut() else { return };
    match row.pieces.last_mut() {
        Some(last) if last.tone == tone => last.text.push_str(text),
        _ => row.pieces.push(Piece::new(text, tone)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(links: &[usize], count: usize) -> Page<usize> {
        let mut page = Page::new();
        page.resize(21, 5);
        page.set(lines_with(links, count));
        page
    }

    fn lines_with(links: &[usize], count: usize) -> Vec<Line<usize>> {
        (0..count).map(|i| Line::of(format!("line {i}"), Tone::Text).leading(links.contains(&i).then_some(i))).collect()
    }

    #[test]
    fn links_in_reach_are_stepped_to_and_the_rest_scrolls() {
        let mut page = page(&[0, 2, 12], 20);
        page.act(Command::Down);
        assert_eq!(page.selected(), Some(&2));
        for _ in 0..7 {
            page.act(Command::Down);
        }
        assert_eq!((page.selected(), page.offset), (Some(&2), 7));
        page.act(Command::Down);
        assert_eq!((page.selected(), page.offset), (Some(&12), 8));
    }

    #[test]
    fn the_selection_follows_what_it_leads_to() {
        let mut page = page(&[0, 2, 4], 6);
        page.act(Command::Down);
        page.set(lines_with(&[2, 4], 6));
        assert_eq!(page.selected(), Some(&2));
        page.set(lines_with(&[4], 6));
        assert_eq!(page.selected(), Some(&4));
        page.set(lines_with(&[], 6));
        assert_eq!(page.selected(), None);
    }

    #[test]
    fn of_several_links_to_the_same_place_one_is_selected() {
        let same = |count: usize| (0..count).map(|_| Line::of("same", Tone::Text).leading(Some(7))).collect();
        let mut page = page(&[], 0);
        page.set(same(3));
        page.act(Command::Down);
        page.act(Command::Down);
        assert_eq!((page.selected(), page.place()), (Some(&7), Some(2)));
        page.act(Command::Down);
        assert_eq!(page.place(), Some(2));
        page.set(same(2));
        assert_eq!(page.place(), Some(1));
        page.act(Command::Up);
        assert_eq!(page.place(), Some(0));
    }

    #[test]
    fn long_lines_wrap_with_their_indent() {
        let line: Line<()> =
            Line::new(vec![Piece::new("since ", Tone::Dim), Piece::new("one two three four", Tone::Text)]);
        let rows = wrap_line(0, &line.indented(6), 14);
        let texts: Vec<_> = rows.iter().map(|r| (r.x, r.pieces.iter().map(|p| &*p.text).collect::<String>())).collect();
        assert_eq!(texts, [(0, "since one two ".into()), (6, "three ".into()), (6, "four".into())]);
    }

    proptest::proptest! {
        #[test]
        fn no_row_is_too_wide(text in "\\PC{0,60}", columns in 4_usize..40, indent in 0_u16..50) {
            let line: Line<()> = Line::of(text, Tone::Text).indented(indent);
            for row in wrap_line(0, &line, columns) {
                let used: usize = row.pieces.iter().map(|p| width(p.text.trim_end())).sum();
                proptest::prop_assert!(usize::from(row.x) + used <= columns.max(2));
            }
        }
    }
}
