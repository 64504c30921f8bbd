//! What the desk does: orders of screens carried out as far as they need nothing from outside, and what comes back taken in.

mod execution;
mod walks;

use super::app::App;
use super::desk::Order;
use super::errand::{Errand, Message};
use super::screen::Screen;
use super::views;
use crate::action::{Cancel, Posture};
use crate::incident::Entry;

/// Screens of the desk, of each of which there is at most one on the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An open tree.
    Tree(u64),
    /// The plan on the table.
    Plan,
    /// The execution.
    Run,
}

impl Place {
    fn screen(self) -> Box<dyn Screen> {
        match self {
            Self::Tree(id) => Box::new(views::Tree::open(id)),
            Self::Plan => Box::new(views::Plan::new()),
            Self::Run => Box::new(views::Run::new()),
        }
    }
}

/// What the desk needs to remember beyond what screens see.
#[derive(Debug, Default)]
pub struct Hand {
    errands: Vec<Errand>,
    /// Numbers for trees and plans.
    numbers: u64,
    /// The plan that is awaited.
    awaited: u64,
    cancel: Cancel,
}

impl Hand {
    pub(super) fn ask(&mut self, errand: Errand) {
        self.errands.push(errand);
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}

impl App {
    /// What was asked of the runner since the last call.
    pub fn errands(&mut self) -> Vec<Errand> {
        std::mem::take(&mut self.hand.errands)
    }

    /// Carries out what a screen ordered.
    pub(super) fn order(&mut self, order: Order) {
        match order {
            Order::Plan(action, tree) => self.make_plan(action, tree),
            Order::Replan => {
                if let Some(planning) = &self.known.desk.planning {
                    self.make_plan(planning.action.clone(), planning.tree);
                }
            }
            Order::Decline => self.decline(),
            Order::Close(why) => {
                self.decline();
                self.say(format!("the plan was closed and nothing was done: {why}"));
            }
            Order::Execute(confirmed) => self.execute(confirmed),
            Order::ShowRun => self.show(Place::Run),
            Order::Cancel => self.cancel(),
            Order::Undo => self.undo(),
            Order::LookedAt(execution) => self.looked_at(&execution),
            Order::ToggleArming => self.toggle_arming(),
            Order::OpenTree(book, subject) => self.open_tree(book, subject),
            Order::ShowTree(id) => self.show(Place::Tree(id)),
            Order::Take(id, way) => self.take_way(id, way),
            Order::StepBack(id) => self.step_back(id),
            Order::Jump(id, to) => self.jump(id, to),
            Order::CloseTree(id) => self.close_tree(id),
        }
        // The next key must meet what this one led to, not what was on the screen before.
        self.refresh();
    }

    /// Takes in what an errand came back with.
    pub fn message(&mut self, message: Message) {
        match message {
            Message::Planned(number, plan) => self.planned(number, plan),
            Message::Progress(progress) => self.progress(progress),
            Message::Log(query, lines) => self.known.desk.logs.put(query, lines),
            Message::Past(past) => self.past(past),
            Message::Opened(opened) => self.opened(opened),
        }
        self.derive_desk();
        self.refresh();
    }

    pub(in crate::console) fn toggle_arming(&mut self) {
        let wall = self.known.situation.wall;
        if matches!(self.arming.posture(wall), Posture::Armed(_)) {
            self.disarm("by key");
            return;
        }
        if let Some(other) = &self.known.situation.cluster_changed {
            let why = format!("not armed: this is not the cluster of the first contact: {other}");
            return self.say(why);
        }
        if self.known.situation.cluster.uid.is_empty() {
            self.say("not armed: the cluster has not said yet who it is");
            return;
        }
        match self.arming.arm(wall) {
            Ok(()) => {
                self.begin_incident();
                if let Posture::Armed(left) = self.arming.posture(wall) {
                    let until = wall.checked_add(left).unwrap_or(wall);
                    self.write(Entry::Armed { until }, "armed".to_owned());
                    let cluster = &self.known.situation.cluster.context;
                    self.say(format!(
                        "armed for {}: plans for {cluster} may be confirmed",
                        crate::situation::time::age(left)
                    ));
                }
            }
            Err(why) => self.say(why),
        }
        self.look_at_posture();
    }

    pub(super) fn disarm(&mut self, why: &str) {
        self.arming.disarm();
        self.write(Entry::Disarmed { why: why.to_owned() }, format!("read-only again: {why}"));
        self.say(format!("read-only again: {why}"));
        self.known.desk.posture = Some(Posture::ReadOnly);
    }

    /// Shows how the switch stands; an arming that has run out is told.
    pub(super) fn look_at_posture(&mut self) {
        let posture = self.arming.posture(self.known.situation.wall);
        let was = self.known.desk.posture.replace(posture);
        if matches!(was, Some(Posture::Armed(_))) && posture == Posture::ReadOnly {
            self.disarm("the time of arming is over");
        }
    }

    /// Shows a place of the desk: the one that is on the stack already, else a new one.
    pub(in crate::console) fn show(&mut self, place: Place) {
        match self.layer_of(place) {
            Some(at) => self.uncover(at),
            None => self.push_at(place.screen(), Some(place)),
        }
    }

    /// Takes a place of the desk off the stack.
    pub(in crate::console) fn close(&mut self, place: Place) {
        if let Some(at) = self.layer_of(place) {
            self.remove(at);
        }
    }
}
