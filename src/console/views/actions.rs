//! What can be done to an object: a choice of actions, and what an action wants to know. Choosing one asks for a plan,
//! which changes nothing.

mod lines;
mod offers;
#[cfg(test)]
mod tests;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use self::offers::{Offer, Wants, fits, targets};
use crate::action::ParamSpec;
use crate::config::keymap::{Command, Mode};
use crate::console::desk::Order;
use crate::console::labels;
use crate::console::page::Page;
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::Canvas;
use crate::situation::{Kind, Ref};

/// As many digits as a number of pods may have.
const DIGITS: usize = 4;

/// Where a line leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    /// To a plan, or to what has to be asked before: the action's name and its target.
    Offer(&'static str, Ref),
    /// To the plan for this revision.
    Revision(u64),
}

/// What is asked.
#[derive(Debug)]
enum Asking {
    /// Which action.
    Action,
    /// How many; what was typed.
    Number(Offer, ParamSpec, String),
    /// Which revision.
    Revision(Offer, ParamSpec),
}

/// The actions for some objects, each known by its UID from when this was opened.
#[derive(Debug)]
pub struct Actions {
    objects: Vec<Ref>,
    asking: Asking,
    page: Page<Link>,
}

impl Actions {
    /// What can be done to these, and to the Deployments behind them.
    pub fn on(objects: Vec<Ref>) -> Self {
        Self { objects, asking: Asking::Action, page: Page::new() }
    }

    fn ask(&mut self, asking: Asking, cx: &Context<'_>) -> Effect {
        self.asking = asking;
        self.page.restart();
        self.refresh(cx);
        Effect::None
    }

    fn choose(&mut self, cx: &Context<'_>) -> Effect {
        match (self.page.selected().cloned(), &self.asking) {
            (Some(Link::Offer(name, target)), _) => {
                let Some(offer) = fits(&target).find(|o| o.spec.name == name) else { return Effect::None };
                match offer.wants() {
                    Wants::Nothing => plan(&offer, None),
                    Wants::Number(param) => {
                        let now = present_number(&offer, cx);
                        self.ask(Asking::Number(offer, param, now), cx)
                    }
                    Wants::Revision(param) => self.ask(Asking::Revision(offer, param), cx),
                }
            }
            (Some(Link::Revision(number)), Asking::Revision(offer, param)) => plan(offer, Some((*param, number))),
            _ => Effect::None,
        }
    }

    /// A key while a number is typed.
    fn edit(typed: &mut String, key: KeyEvent) {
        let number = typed.parse::<u64>().unwrap_or(0);
        match key.code {
            KeyCode::Char('u') if key.modifiers == KeyModifiers::CONTROL => typed.clear(),
            KeyCode::Char(c) if c.is_ascii_digit() && typed.len() < DIGITS => typed.push(c),
            KeyCode::Backspace => _ = typed.pop(),
            KeyCode::Up if number + 1 < 10_u64.pow(DIGITS as u32) => *typed = (number + 1).to_string(),
            KeyCode::Down => *typed = number.saturating_sub(1).to_string(),
            _ => {}
        }
    }
}

/// The number as it is now, to begin with.
fn present_number(offer: &Offer, cx: &Context<'_>) -> String {
    let deployment = (offer.target.kind == Kind::Deployment).then(|| cx.situation.deployments.get(&offer.target.key));
    deployment.flatten().map_or_else(String::new, |d| d.replicas.to_string())
}

fn plan(offer: &Offer, answer: Option<(ParamSpec, u64)>) -> Effect {
    match offer.action(answer) {
        Ok(action) => Effect::Order(Order::Plan(action, None)),
        Err(why) => Effect::Say(why),
    }
}

impl Screen for Actions {
    fn title(&self) -> String {
        let about =
            self.objects.first().map_or_else(String::new, |r| format!(" {}/{}", labels::kind(r.kind), r.key.name));
        format!("Actions{about}")
    }

    fn mode(&self) -> Mode {
        Mode::Detail
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::Open, Command::Down, Command::Up]
    }

    fn typing(&self) -> bool {
        matches!(self.asking, Asking::Number(..))
    }

    fn input(&mut self, key: KeyEvent, cx: &Context<'_>) -> Effect {
        let Asking::Number(offer, param, typed) = &mut self.asking else { return Effect::None };
        match key.code {
            KeyCode::Esc => return self.ask(Asking::Action, cx),
            KeyCode::Enter => {
                return match typed.parse() {
                    Ok(number) => plan(offer, Some((*param, number))),
                    Err(_) => Effect::Say("type a number first".to_owned()),
                };
            }
            _ => Self::edit(typed, key),
        }
        self.refresh(cx);
        Effect::None
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        if self.page.act(command) {
            return Effect::None;
        }
        match command {
            Command::Open => self.choose(cx),
            Command::Back if !matches!(self.asking, Asking::Action) => self.ask(Asking::Action, cx),
            // It is what is shown.
            Command::Act => Effect::None,
            _ => Effect::Ignored,
        }
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        let lines = match &self.asking {
            Asking::Action => lines::menu(&targets(&self.objects, cx), &self.objects, cx),
            Asking::Number(offer, _, typed) => lines::number(offer, typed, cx),
            Asking::Revision(offer, _) => lines::revisions(offer, cx),
        };
        self.page.set(lines);
    }

    fn resize(&mut self, area: Rect) {
        self.page.resize(area.width.saturating_sub(4), area.height.saturating_sub(2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let title = match &self.asking {
            Asking::Action => "What can be done".to_owned(),
            Asking::Number(offer, ..) | Asking::Revision(offer, _) => offer.spec.summary.to_owned(),
        };
        let inner = canvas.pane_noted(area, &title, &self.page.position(), true);
        self.page.draw(inner, canvas);
    }
}
