//! Trees as entries of a list: a title, what people say, what speaks for it.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use super::Id;
use crate::config::theme::Tone;
use crate::console::desk::OpenTree;
use crate::console::labels;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::views::list::{Filter, Fit, Matching};
use crate::console::widgets::{Piece, fit};
use crate::runbook::{Book, Candidate};
use crate::situation::time::age;

/// One tree.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// One that is open.
    Open(&'a OpenTree),
    /// A runbook.
    Book(&'a Candidate),
}

impl Entry<'_> {
    fn book(&self) -> &Book {
        match self {
            Self::Open(tree) => tree.walk.book(),
            Self::Book(candidate) => &candidate.book,
        }
    }

    fn id(&self) -> Id {
        match self {
            Self::Open(tree) => Id::Open(tree.id),
            Self::Book(candidate) => Id::Book(candidate.book.id.clone()),
        }
    }

    /// What a filter looks at.
    fn searched(&self) -> Vec<(usize, Cow<'_, str>)> {
        let book = self.book();
        let said = book.said.iter().chain(&book.findings).chain([&book.title, &book.id, &book.layer]);
        let now = match self {
            Self::Open(tree) => &tree.view.title,
            Self::Book(candidate) => &candidate.why,
        };
        said.chain([now]).map(|text| (0, Cow::Borrowed(text.as_str()))).collect()
    }
}

/// All trees: open ones first, then the likeliest.
pub fn all<'a>(cx: &Context<'a>) -> Vec<Entry<'a>> {
    let open = cx.desk.trees.iter().map(Entry::Open);
    open.chain(cx.desk.candidates.iter().map(Entry::Book)).collect()
}

/// Those that fit what is filtered for, the best first; open ones still before the others.
pub fn matching<'a>(all: Vec<Entry<'a>>, filter: &Filter) -> Vec<Entry<'a>> {
    let mut matching = filter.matcher();
    let mut fitting: Vec<(bool, Fit, Entry<'a>)> = all
        .into_iter()
        .filter_map(|entry| Some((matches!(entry, Entry::Book(_)), matching.fit(&entry.searched())?, entry)))
        .collect();
    fitting.sort_by_key(|(book, fit, _)| (*book, *fit));
    fitting.into_iter().map(|(_, _, entry)| entry).collect()
}

/// The entries line by line, under headings where there are open trees.
pub fn lines(entries: &[Entry<'_>], filter: &Filter, columns: usize, cx: &Context<'_>) -> Vec<Line<Id>> {
    let mut matching = filter.active().then(|| filter.matcher());
    let mut lines = Vec::new();
    let open = entries.iter().filter(|e| matches!(e, Entry::Open(_))).count();
    if open > 0 {
        lines.push(Line::of("Open", Tone::Title));
    }
    for (place, entry) in entries.iter().enumerate() {
        if place == open && open > 0 {
            lines.extend([Line::blank(), Line::of("Open another", Tone::Title)]);
        }
        match entry {
            Entry::Open(tree) => lines.extend(of_tree(tree, entry, matching.as_mut(), cx)),
            Entry::Book(candidate) => lines.extend(of_book(candidate, entry, matching.as_mut(), columns, cx)),
        }
    }
    lines
}

fn of_tree(tree: &OpenTree, entry: &Entry<'_>, m: Option<&mut Matching<'_>>, cx: &Context<'_>) -> Vec<Line<Id>> {
    let book = entry.book();
    let mut pieces = vec![Piece::new(format!(" {} ", cx.theme.glyphs.live), Tone::Accent)];
    pieces.extend(marked(&book.title, Tone::Title, m));
    if let Some(about) = &tree.view.subject {
        pieces.push(Piece::new(format!("  {}/{}", labels::kind(about.kind), about.key.name), Tone::Accent));
    }
    let spent = format!("step {} · {}  {}", tree.walk.path().len(), age(tree.view.spent), book.id);
    let now = Line::of(format!("     at: {}", tree.view.title), Tone::Text).indented(9);
    vec![Line::new(pieces).indented(5).with_right(spent, Tone::Dim).leading(Some(entry.id())), now]
}

fn of_book(
    candidate: &Candidate,
    entry: &Entry<'_>,
    mut m: Option<&mut Matching<'_>>,
    columns: usize,
    cx: &Context<'_>,
) -> Vec<Line<Id>> {
    let book = entry.book();
    let likely = candidate.score > 0;
    let glyphs = &cx.theme.glyphs;
    let (glyph, tone) = if likely { (glyphs.warning, Tone::Warning) } else { (" ", Tone::Dim) };
    let mut pieces = vec![Piece::new(format!(" {glyph} "), tone)];
    pieces.extend(marked(&book.title, if likely { Tone::Title } else { Tone::Text }, m.as_deref_mut()));
    let right = Piece::new(book.id.clone(), Tone::Dim);
    let title = Line::new(pieces).indented(5).leading(Some(entry.id()));
    let mut lines = vec![title.with_right(right.text, right.tone)];
    let said = said(book, m.as_deref_mut());
    if !said.is_empty() {
        let said = fit(&said, columns.saturating_sub(5), glyphs.ellipsis).into_owned();
        let lead = Piece::new("     ", Tone::Dim);
        lines.push(Line::new([vec![lead], marked(&said, Tone::Dim, m)].concat()).indented(5));
    }
    if likely && !candidate.why.is_empty() {
        let lead = Piece::new("     now: ", Tone::Warning);
        lines.push(Line::new(vec![lead, Piece::new(candidate.why.clone(), Tone::Text)]).indented(10));
    } else if cx.situation.has_data() {
        lines.push(Line::of("     nothing that is seen speaks for it", Tone::Dim));
    } else {
        lines.push(Line::of("     ? nothing is known yet that could speak for it", Tone::Unknown));
    }
    lines
}

/// What people say, in one line; what fits the filter first.
fn said(book: &Book, m: Option<&mut Matching<'_>>) -> String {
    let mut said: Vec<&String> = book.said.iter().collect();
    if let Some(m) = m {
        said.sort_by_cached_key(|text| m.fit(&[(0, Cow::Borrowed(text.as_str()))]).map_or(2, |fit| fit as u8));
    }
    said.into_iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(" · ")
}

/// A text with what the filter matched of it.
fn marked(text: &str, tone: Tone, matching: Option<&mut Matching<'_>>) -> Vec<Piece> {
    let matched = matching.map(|m| m.matched(text)).unwrap_or_default();
    let mut pieces: Vec<Piece> = Vec::new();
    for (place, grapheme) in (0_u32..).zip(text.graphemes(true)) {
        let tone = if matched.binary_search(&place).is_ok() { Tone::Match } else { tone };
        match pieces.last_mut() {
            Some(last) if last.tone == tone => last.text.push_str(grapheme),
            _ => pieces.push(Piece::new(grapheme, tone)),
        }
    }
    pieces
}
