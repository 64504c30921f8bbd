//! The requests of a plan, whole, as they will be sent.

use crate::action::{Plan, Write};
use crate::config::theme::Tone;
use crate::console::page::Line;
use crate::console::widgets::Piece;
use crate::situation::template;

/// Every request with its body.
pub fn of<L>(plan: &Plan) -> Vec<Line<L>> {
    let mut lines = vec![Line::blank(), Line::of("Requests, in this order", Tone::Title)];
    for (n, request) in (1..).zip(&plan.requests) {
        let kind = match request.write {
            Write::Rehearsal => "rehearsal",
            Write::BookKeeping => "book-keeping",
            Write::Change => "the change",
        };
        lines.push(Line::new(vec![
            Piece::new(format!("{n}  {} {}", request.method, request.path), Tone::Text),
            Piece::new(format!("  {kind}"), Tone::Dim),
        ]));
        lines.push(Line::of(format!("   {}", request.content_type), Tone::Dim));
        let body = serde_json::to_string_pretty(&template::without_env(&request.body)).unwrap_or_default();
        lines.extend(
            body.lines().map(|l| Line::of(format!("   {}", crate::situation::clean(l)), Tone::Dim).indented(6)),
        );
    }
    lines
}
