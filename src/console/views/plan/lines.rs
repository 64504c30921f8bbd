//! What a plan says, line by line.

use crate::action::{Class, DryRun, Fact, Plan, Verdict, Write};
use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::{Piece, split_at_width, width};
use crate::situation::time::age;

/// The column in which values begin.
const COLUMN: usize = 11;

/// What a class means, in the words of the screen.
pub(super) const fn class_words(class: Class) -> &'static str {
    match class {
        Class::R0 => "R0 only reads",
        Class::R1 => "R1 reversible",
        Class::R2 => "R2 affects capacity or traffic",
        Class::R3 => "R3 cannot be undone",
    }
}

/// How a class looks.
pub(super) const fn class_tone(class: Class) -> Tone {
    match class {
        Class::R0 | Class::R1 => Tone::Good,
        Class::R2 => Tone::Warning,
        Class::R3 => Tone::Bad,
    }
}

/// How its key looks once it counts.
pub(super) const fn class_badge(class: Class) -> Tone {
    match class {
        Class::R0 | Class::R1 => Tone::BadgeReadOnly,
        Class::R2 => Tone::BadgeDrill,
        Class::R3 => Tone::BadgeAlert,
    }
}

/// The whole plan, in rows of so many columns.
pub(super) fn of(plan: &Plan, columns: usize, cx: &Context<'_>) -> Vec<Line<()>> {
    let mut lines = head(plan);
    lines.extend(differences(plan, columns, cx));
    lines.extend(labelled("meanwhile", plan.blast_radius.iter().map(|s| (s.clone(), Tone::Text))));
    lines.extend(guards(plan, cx));
    lines.extend(labelled("mind", plan.warnings.iter().map(|s| (s.clone(), Tone::Warning))));
    lines.extend(server(plan, cx));
    lines.extend(labelled("proof", [(format!("{}, within {}", plan.proof.says, age(plan.proof.within)), Tone::Text)]));
    lines.extend(labelled("undo", [(plan.undo.says.clone(), Tone::Text)]));
    lines.push(by_hand(plan, cx));
    lines.push(requests(plan, cx));
    lines
}

/// What a person would type.
fn by_hand(plan: &Plan, cx: &Context<'_>) -> Line<()> {
    let mut pieces = vec![label("by hand"), Piece::new(plan.command.clone(), Tone::Text)];
    if let Some(key) = cx.keymap.key_for(Mode::Plan, Command::Copy) {
        pieces.extend([Piece::new(format!("  {key}"), Tone::Accent), Piece::new(" copies it", Tone::Dim)]);
    }
    Line::new(pieces).indented(COLUMN as u16)
}

/// How many requests there are, and of which kind.
fn requests(plan: &Plan, cx: &Context<'_>) -> Line<()> {
    let of = |write: Write| plan.requests.iter().filter(move |r| r.write == write);
    let changes: Vec<_> = of(Write::Change).map(|r| r.method).collect();
    let notes = of(Write::BookKeeping).count();
    let mut words = format!("{}: {}", plan.requests.len(), changes.join(", "));
    if notes > 0 {
        words = format!("{words}, and {notes} that announces it");
    }
    let mut pieces = vec![label("requests"), Piece::new(words, Tone::Text)];
    if let Some(key) = cx.keymap.key_for(Mode::Plan, Command::Diff) {
        pieces.extend([Piece::new(format!("  {key}"), Tone::Accent), Piece::new(" shows them whole", Tone::Dim)]);
    }
    Line::new(pieces).indented(COLUMN as u16)
}

fn head(plan: &Plan) -> Vec<Line<()>> {
    let cluster = &plan.cluster;
    let short = |uid: &str| uid.chars().take(8).collect::<String>();
    let through = if plan.endpoint == cluster.server { String::new() } else { format!(" through {}", plan.endpoint) };
    let mut lines = vec![
        Line::new(vec![
            label("cluster"),
            Piece::new(cluster.context.to_string(), Tone::Bad),
            Piece::new(format!("  {}{through}  uid {}", cluster.server, short(&cluster.uid)), Tone::Dim),
        ])
        .indented(COLUMN as u16),
    ];
    for (n, object) in plan.objects.iter().enumerate() {
        let space = if object.key.namespace.is_empty() { String::new() } else { format!("{}/", object.key.namespace) };
        lines.push(
            Line::new(vec![
                label(if n == 0 { "object" } else { "" }),
                Piece::new(format!("{} {space}{}", object.kind, object.key.name), Tone::Title),
                Piece::new(format!("  uid {}", short(&object.uid)), Tone::Dim),
            ])
            .indented(COLUMN as u16),
        );
    }
    lines
}

/// Before and after, the values under each other. A long one is cut in the middle, unless that hides what differs.
fn differences(plan: &Plan, columns: usize, cx: &Context<'_>) -> Vec<Line<()>> {
    let mut lines = Vec::new();
    for difference in &plan.differences {
        let room = columns.saturating_sub(COLUMN + 4 + width(&difference.what));
        let cut = |value: &str| middle(value, room, cx.theme.glyphs.ellipsis);
        let (before, after) = (cut(&difference.before), cut(&difference.after));
        let hidden = before == after;
        let sides = [("- ", &difference.before, before, Tone::Bad), ("+ ", &difference.after, after, Tone::Good)];
        for (sign, whole, cut, tone) in sides.into_iter().filter(|(_, whole, ..)| !whole.is_empty()) {
            let head = label(if lines.is_empty() { "changes" } else { "" });
            let value = if hidden { whole } else { &cut };
            let value = Piece::new(format!("{sign}{}: {value}", difference.what), tone);
            lines.push(Line::new(vec![head, value]).indented(COLUMN as u16 + 2));
        }
    }
    lines
}

/// `text` in at most `columns`, with its middle left out where it has to be. Values this short are never cut.
fn middle(text: &str, columns: usize, ellipsis: &str) -> String {
    let room = columns.saturating_sub(width(ellipsis));
    if width(text) <= columns || room < 12 {
        return text.to_owned();
    }
    let (head, rest) = split_at_width(text, room / 2);
    let mut tail = rest;
    while width(tail) > room - width(head) {
        tail = split_at_width(tail, 1).1;
    }
    format!("{head}{ellipsis}{tail}")
}

/// Guards that have something to say, one line each; those that passed share one.
fn guards(plan: &Plan, cx: &Context<'_>) -> Vec<Line<()>> {
    let glyphs = &cx.theme.glyphs;
    let look = |verdict: Verdict| match verdict {
        Verdict::Passed => (glyphs.good, Tone::Good),
        Verdict::Refused => (glyphs.bad, Tone::Bad),
        Verdict::Raised => (glyphs.warning, Tone::Warning),
        Verdict::CannotTell => (glyphs.unknown, Tone::Unknown),
    };
    let speaking = plan.guards.iter().filter(|g| g.verdict != Verdict::Passed).map(|g| {
        let (glyph, tone) = look(g.verdict);
        (format!("{glyph} {} {}", g.id, g.says), tone)
    });
    let passed: Vec<_> = plan.guards.iter().filter(|g| g.verdict == Verdict::Passed).map(|g| g.id).collect();
    let passed = (!passed.is_empty()).then(|| (format!("{} {} passed", glyphs.good, passed.join(", ")), Tone::Good));
    labelled("guards", speaking.chain(passed))
}

/// What the server says: rights and dry run. What is well is said in a word.
fn server(plan: &Plan, cx: &Context<'_>) -> Vec<Line<()>> {
    let glyphs = &cx.theme.glyphs;
    let missing = plan.rights.iter().filter(|r| r.allowed != Some(true)).map(|r| {
        let (glyph, tone, word) = match (r.allowed, r.optional) {
            (Some(false), true) => (glyphs.unknown, Tone::Dim, "missing; it goes without, unannounced"),
            (Some(false), false) => {
                (glyphs.bad, Tone::Bad, "missing; ask for this rule, deploy/rbac/operator.yaml has it")
            }
            _ => (glyphs.unknown, Tone::Unknown, "could not be asked"),
        };
        (format!("{glyph} {r}: {word}"), tone)
    });
    let granted: Vec<_> = plan.rights.iter().filter(|r| r.allowed == Some(true)).map(ToString::to_string).collect();
    let granted = (!granted.is_empty()).then(|| (format!("{} {}", glyphs.good, granted.join(", ")), Tone::Good));
    let mut lines = labelled("rights", missing.chain(granted));
    let dry = match &plan.dry_run {
        DryRun::Accepted => (format!("{} the server would accept it", glyphs.good), Tone::Good),
        DryRun::Refused(why) => (format!("{} the server would refuse it: {why}", glyphs.bad), Tone::Bad),
        DryRun::Unknown(why) => (format!("{} could not be asked: {why}", glyphs.unknown), Tone::Unknown),
    };
    lines.extend(labelled("dry run", [dry]));
    lines
}

/// Which facts differ from those of the plan before, which a key confirmed.
pub(super) fn what_changed(before: &[Fact], plan: &Plan, cx: &Context<'_>) -> Vec<Line<()>> {
    let alarm = format!(
        "{} This changed after your key. Nothing was sent; the plan needs its own key.",
        cx.theme.glyphs.warning
    );
    let mut lines = vec![Line::of(alarm, Tone::Bad).indented(2)];
    let value = |facts: &[Fact], what: &str| facts.iter().find(|f| f.what == what).map(|f| f.value.clone());
    let gone = before.iter().filter(|f| value(&plan.basis, &f.what).is_none());
    for fact in plan.basis.iter().chain(gone) {
        let (was, is) = (value(before, &fact.what), value(&plan.basis, &fact.what));
        if was != is {
            let word = |value: Option<String>| value.unwrap_or_else(|| "not known".to_owned());
            let pieces = vec![
                Piece::new(format!("  {}: ", fact.what), Tone::Text),
                Piece::new(word(was), Tone::Dim),
                Piece::new(format!(" {} ", cx.theme.glyphs.arrow), Tone::Dim),
                Piece::new(word(is), Tone::Warning),
            ];
            lines.push(Line::new(pieces).indented(4));
        }
    }
    if lines.len() == 1 {
        lines.push(Line::of("  what guards say of it, or what would be sent, is not as it was", Tone::Warning));
    }
    lines.push(Line::blank());
    lines
}

fn label(text: &str) -> Piece {
    Piece::new(format!("{text:COLUMN$}"), Tone::Dim)
}

/// Sentences under one label.
fn labelled(name: &str, sentences: impl IntoIterator<Item = (String, Tone)>) -> Vec<Line<()>> {
    let line = |(n, (text, tone)): (usize, (String, Tone))| {
        Line::new(vec![label(if n == 0 { name } else { "" }), Piece::new(text, tone)]).indented(COLUMN as u16)
    };
    sentences.into_iter().enumerate().map(line).collect()
}
