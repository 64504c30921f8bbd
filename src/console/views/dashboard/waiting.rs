//! Before anything is known: what is waited for, from whom, and what to do if it does not come.

use ratatui::layout::Rect;

use crate::config::theme::Tone;
use crate::console::screen::Context;
use crate::console::widgets::{Canvas, wrap};
use crate::situation::time::{age, since};
use crate::situation::{Kind, Source, SourceState, Trouble};

/// Draws what is waited for.
pub fn draw(area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>) {
    let mut y = area.y;
    for (text, tone, indent) in lines(cx) {
        for (i, row) in wrap(&text, usize::from(area.width.saturating_sub(indent + 2))).iter().enumerate() {
            if y >= area.bottom() {
                return;
            }
            let x = area.x + indent + if i > 0 { 2 } else { 0 };
            canvas.text(x, y, area.right().saturating_sub(x), row, tone);
            y += 1;
        }
    }
}

fn lines(cx: &Context<'_>) -> Vec<(String, Tone, u16)> {
    let cluster = &cx.situation.cluster;
    let whom = match (cluster.server.is_empty(), cluster.context.is_empty()) {
        (false, false) => format!("{} ({})", cluster.context, cluster.server),
        (false, true) => cluster.server.to_string(),
        (true, false) => cluster.context.to_string(),
        (true, true) => "a cluster".to_owned(),
    };
    let glyphs = cx.theme.glyphs;
    match cx.situation.source(&Source::Api).state {
        SourceState::Failed(trouble) | SourceState::Lost(trouble) => {
            let mut lines = vec![(format!("{} no answer from {whom}", glyphs.bad), Tone::Bad, 0)];
            lines.extend(trouble_lines(cx, &trouble));
            lines
        }
        SourceState::Forbidden(rule) => vec![
            (format!("{} {whom} refuses this account: needs {rule}", glyphs.bad), Tone::Bad, 0),
            (format!("signed in as {}", cluster.user), Tone::Dim, 2),
        ],
        SourceState::Missing | SourceState::NotConfigured => vec![
            (format!("{} no cluster is configured", glyphs.unknown), Tone::Unknown, 0),
            ("name one with --kubeconfig FILE or KUBECONFIG; on a k3s server /etc/rancher/k3s/k3s.yaml is found by itself. `crashcart drill` needs no cluster.".to_owned(), Tone::Text, 2),
        ],
        SourceState::Waiting | SourceState::Listing(_) | SourceState::Live => {
            let mut lines = vec![(format!("{} waiting for the first answer of {whom}", glyphs.unknown), Tone::Unknown, 0)];
            lines.extend(kinds(cx));
            lines
        }
    }
}

fn trouble_lines(cx: &Context<'_>, trouble: &Trouble) -> Vec<(String, Tone, u16)> {
    let mut lines = vec![(trouble.what.to_string(), Tone::Text, 2)];
    if !trouble.remedy.is_empty() {
        lines.push((trouble.remedy.to_string(), Tone::Accent, 2));
    }
    if let Some(at) = trouble.retry_at {
        lines.push((format!("tried again in {}", age(since(cx.situation.wall, at))), Tone::Dim, 2));
    }
    lines
}

/// What is being listed, and what may not be.
fn kinds(cx: &Context<'_>) -> Vec<(String, Tone, u16)> {
    let told = |kind: Kind| {
        let source = Source::Watch(kind);
        let tone = match cx.situation.source(&source).state {
            SourceState::Waiting => return None,
            SourceState::Forbidden(_) | SourceState::Failed(_) => Tone::Warning,
            _ => Tone::Dim,
        };
        Some((format!("{source}: {}", cx.situation.source(&source).state), tone, 2))
    };
    Kind::ALL.into_iter().filter(|k| k.resource().needed).filter_map(told).collect()
}
