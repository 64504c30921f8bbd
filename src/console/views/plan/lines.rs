//! What a plan says, line by line.

use crate::action::{Class, DryRun, Fact, Plan, Verdict};
use crate::config::theme::Tone;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::Piece;
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

/// The whole plan.
pub(super) fn of(plan: &Plan, cx: &Context<'_>) -> Vec<Line<()>> {
    let mut lines = head(plan);
    lines.extend(differences(plan));
    lines.extend(labelled("meanwhile", plan.blast_radius.iter().map(|s| (s.clone(), Tone::Text))));
    lines.extend(guards(plan, cx));
    lines.extend(labelled("mind", plan.warnings.iter().map(|s| (s.clone(), Tone::Warning))));
    lines.extend(server(plan, cx));
    lines.extend(labelled("proof", [(format!("{}, within {}", plan.proof.says, age(plan.proof.within)), Tone::Text)]));
    lines.extend(labelled("undo", [(plan.undo.says.clone(), Tone::Text)]));
    lines.extend(labelled("by hand", [(plan.command.clone(), Tone::Accent)]));
    lines
}

fn head(plan: &Plan) -> Vec<Line<()>> {
    let cluster = &plan.cluster;
    let short = |uid: &str| uid.chars().take(8).collect::<String>();
    let mut lines = vec![
        Line::new(vec![
            label("cluster"),
            Piece::new(cluster.context.to_string(), Tone::Bad),
            Piece::new(format!("  {}  uid {}", plan.endpoint, short(&cluster.uid)), Tone::Dim),
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

fn differences(plan: &Plan) -> Vec<Line<()>> {
    let mut lines = Vec::new();
    for (n, difference) in plan.differences.iter().enumerate() {
        let sides = [("- ", &difference.before, Tone::Bad), ("+ ", &difference.after, Tone::Good)];
        let sides = sides.into_iter().filter(|(_, value, _)| !value.is_empty());
        for (m, (sign, value, tone)) in sides.enumerate() {
            let head = label(if n + m == 0 { "changes" } else { "" });
            let value = Piece::new(format!("{sign}{}: {value}", difference.what), tone);
            lines.push(Line::new(vec![head, value]).indented(COLUMN as u16 + 2));
        }
    }
    lines
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

/// What the server says: rights and dry run.
fn server(plan: &Plan, cx: &Context<'_>) -> Vec<Line<()>> {
    let glyphs = &cx.theme.glyphs;
    let missing = plan.rights.iter().filter(|r| r.allowed != Some(true)).map(|r| {
        let (glyph, tone, word) = match (r.allowed, r.optional) {
            (_, true) => (glyphs.unknown, Tone::Dim, "missing, and not needed"),
            (None, false) => (glyphs.unknown, Tone::Unknown, "could not be asked"),
            (Some(_), false) => (glyphs.bad, Tone::Bad, "missing: deploy/rbac/operator.yaml has the rule"),
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
pub(super) fn what_changed(before: &[Fact], plan: &Plan) -> Vec<Line<()>> {
    let mut lines =
        vec![Line::of("This changed after your key. Nothing was sent; the plan needs its own key.", Tone::Bad)];
    for fact in &plan.basis {
        let was = before.iter().find(|f| f.what == fact.what).map_or("", |f| f.value.as_str());
        if was != fact.value {
            let was = if was.is_empty() { String::new() } else { format!("{was} → ") };
            lines.push(Line::of(format!("  {}: {was}{}", fact.what, fact.value), Tone::Warning).indented(4));
        }
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
