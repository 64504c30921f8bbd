//! An execution: its requests, their answers, and the proof.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::requests;
use crate::action::Verification;
use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::desk::{Order, Running, Stage};
use crate::console::page::{Line, Page};
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::{Canvas, Piece};
use crate::situation::time::{age, since};

/// The execution that runs, or the last one.
#[derive(Debug)]
pub struct Run {
    page: Page<()>,
    requests: bool,
}

impl Default for Run {
    fn default() -> Self {
        Self::new()
    }
}

impl Run {
    /// A screen that shows it.
    pub fn new() -> Self {
        Self { page: Page::new(), requests: false }
    }
}

/// How it stands, in one word and one sentence.
fn verdict(running: &Running, cx: &Context<'_>) -> (&'static str, String, Tone) {
    match &running.stage {
        Stage::Sending { cancelling: true } => ("STOPPING", "before its next request".to_owned(), Tone::Warning),
        Stage::Sending { cancelling: false } => ("SENDING", "the change is on its way".to_owned(), Tone::Accent),
        Stage::Verifying(outcome, verification) => {
            let left = running.plan.proof.within - since(outcome.at, cx.now);
            let says = match verification {
                Verification::Waiting(how) | Verification::Worked(how) | Verification::Failed(how) => how.clone(),
                Verification::Unknown(why) => format!("cannot tell: {why}"),
            };
            ("VERIFYING", format!("{says}; {} left", age(left)), Tone::Accent)
        }
        Stage::Worked(by) => ("WORKED", by.clone(), Tone::Good),
        Stage::Failed(why) => ("FAILED", why.clone(), Tone::Bad),
        Stage::Stopped(why) => ("STOPPED", why.clone(), Tone::Warning),
    }
}

fn lines(running: &Running, requests: bool, cx: &Context<'_>) -> Vec<Line<()>> {
    let (word, says, tone) = verdict(running, cx);
    let mut lines = vec![
        Line::new(vec![Piece::new(format!("{word}  "), tone), Piece::new(says, Tone::Text)]).indented(11),
        Line::blank(),
        Line::new(vec![
            Piece::new("what       ", Tone::Dim),
            Piece::new(running.plan.title.clone(), Tone::Title),
            Piece::new(format!("  confirmed by {}", running.by), Tone::Dim),
        ]),
        Line::of(format!("proof      {}", running.plan.proof.says), Tone::Dim).indented(11),
        Line::of(format!("undo       {}", running.plan.undo.says), Tone::Dim).indented(11),
        Line::of(format!("by hand    {}", running.plan.command), Tone::Dim).indented(11),
        Line::blank(),
        Line::of("What happened", Tone::Title),
    ];
    for (at, says) in &running.log {
        let time = Piece::new(at.strftime("%H:%M:%S  ").to_string(), Tone::Dim);
        lines.push(Line::new(vec![time, Piece::new(says.clone(), Tone::Text)]).indented(10));
    }
    if requests {
        lines.extend(requests::of(&running.plan));
    }
    lines
}

impl Screen for Run {
    fn title(&self) -> String {
        "Execution".to_owned()
    }

    fn mode(&self) -> Mode {
        Mode::Plan
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::Open, Command::Undo, Command::Cancel, Command::Diff, Command::Copy]
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        if self.page.act(command) {
            return Effect::None;
        }
        let Some(running) = &cx.desk.running else { return Effect::Ignored };
        match command {
            Command::Cancel => Effect::Order(Order::Cancel),
            Command::Undo => Effect::Order(Order::Undo),
            Command::Copy => Effect::Copy(running.plan.command.clone()),
            Command::Diff => {
                self.requests = !self.requests;
                self.refresh(cx);
                Effect::None
            }
            Command::Open => running.tree.map_or(Effect::Pop, |tree| Effect::Order(Order::ShowTree(tree))),
            _ => Effect::Ignored,
        }
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        let lines = match &cx.desk.running {
            Some(running) => lines(running, self.requests, cx),
            None => vec![Line::of("nothing is being carried out", Tone::Dim)],
        };
        self.page.set(lines);
    }

    fn resize(&mut self, area: Rect) {
        self.page.resize(area.width.saturating_sub(4), area.height.saturating_sub(2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let inner = canvas.pane_noted(area, "Execution", &self.page.position(), true);
        self.page.draw(inner, canvas);
    }
}
