//! What the desk does: orders of screens carried out as far as they need nothing from outside, and what comes back taken in.

use std::sync::Arc;

use super::app::App;
use super::desk::{Draft, OpenTree, Order, Planning, Running, Stage};
use super::errand::{Errand, Message};
use super::screen::Screen;
use super::views;
use crate::action::{Action, Cancel, Confirmed, Plan, Posture, Progress, Refused, Standing, Verification};
use crate::detect::{Confidence, Scene};
use crate::incident::Entry;
use crate::runbook::{ActResult, Book, Taken, View, Walk, WayVerdict};
use crate::situation::Ref;
use crate::situation::time::since;

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

    // ---- plans ----

    /// What the planner cannot read from the server: confirmed findings, the incident, what a person said in the tree.
    fn standing(&self, tree: Option<u64>) -> Standing {
        let findings = self.known.assessment.findings.iter();
        let confirmed = findings.filter(|f| f.confidence == Confidence::Confirmed).map(|f| f.id.to_owned());
        let incident = self.known.desk.incident.as_ref().map(|(id, _)| id.clone()).unwrap_or_default();
        let walk = tree.and_then(|id| self.known.desk.tree(id)).map(|t| &t.walk);
        let told = walk.map(|w| w.told().into_iter().collect()).unwrap_or_default();
        Standing { confirmed: confirmed.collect(), incident, told }
    }

    fn make_plan(&mut self, action: Action, tree: Option<u64>) {
        self.begin_incident();
        let number = self.hand.number();
        self.hand.awaited = number;
        let standing = self.standing(tree);
        self.hand.ask(Errand::Plan(number, action.clone(), standing.clone()));
        let state = Draft::Making(self.known.situation.wall);
        self.known.desk.planning = Some(Planning { action, tree, standing, state });
        self.show(Place::Plan);
    }

    fn planned(&mut self, number: u64, plan: Result<Box<Plan>, Refused>) {
        // One that was put away, or asked for again, meanwhile.
        if number != self.hand.awaited {
            return;
        }
        if let Some(planning) = &mut self.known.desk.planning {
            planning.state = plan.map_or_else(Draft::Refused, Draft::Ready);
        }
    }

    /// The plan on the table is worth nothing any more.
    pub(super) fn void_plan(&mut self, why: &str) {
        self.hand.awaited = 0;
        if let Some(planning) = &mut self.known.desk.planning {
            let remedy = "end this program and start it on the cluster that is meant".to_owned();
            planning.state = Draft::Refused(Refused { what: format!("another cluster: {why}"), remedy });
        }
    }

    fn decline(&mut self) {
        self.hand.awaited = 0;
        let planning = self.known.desk.planning.take();
        if let Some(plan) = planning.as_ref().and_then(|p| match &p.state {
            Draft::Ready(plan) | Draft::Changed(plan, _) => Some(plan),
            Draft::Making(_) | Draft::Refused(_) => None,
        }) {
            let text = format!("put away unconfirmed: {}", plan.title);
            self.write(Entry::Declined { execution: plan.digest() }, text);
        }
        self.close(Place::Plan);
        if let Some(tree) = planning.and_then(|p| p.tree) {
            self.acted(tree, ActResult::Declined);
        }
    }

    fn execute(&mut self, confirmed: Box<Confirmed>) {
        let Some(planning) = self.known.desk.planning.take() else { return };
        if self.sending() {
            self.say("another execution is under way; wait for its end or stop it");
            self.known.desk.planning = Some(planning);
            return;
        }
        let (plan, by) = (Box::new(confirmed.plan().clone()), confirmed.by().to_owned());
        let began = self.known.situation.now;
        let log = vec![(began, format!("confirmed by {by}"))];
        self.tell(format!("confirmed: {}", plan.title));
        let stage = Stage::Sending { cancelling: false };
        // The plan is held against what is found now; what names it (the incident, a person's word) stays as it was.
        let standing = Standing { confirmed: self.standing(None).confirmed, ..planning.standing };
        let tree = planning.tree;
        self.known.desk.running = Some(Running { plan, tree, standing: standing.clone(), by, began, log, stage });
        self.hand.cancel = Cancel::default();
        self.hand.ask(Errand::Execute(confirmed, standing, self.hand.cancel.clone()));
        self.close(Place::Plan);
        self.show(Place::Run);
    }

    fn cancel(&mut self) {
        if let Some(running) = &mut self.known.desk.running
            && let Stage::Sending { cancelling } = &mut running.stage
        {
            *cancelling = true;
            self.hand.cancel.cancel();
        } else {
            self.say("every request was sent already; undo it instead");
        }
    }

    /// Whether requests of an execution are under way.
    pub(super) fn sending(&self) -> bool {
        self.known.desk.running.as_ref().is_some_and(|r| matches!(r.stage, Stage::Sending { .. }))
    }

    fn undo(&mut self) {
        let running = self.known.desk.running.as_ref();
        match running.and_then(|r| r.plan.undo.action.clone()) {
            Some(action) => self.make_plan(action, None),
            None => self.say(running.map_or_else(|| "nothing was done yet".to_owned(), |r| r.plan.undo.says.clone())),
        }
    }

    fn progress(&mut self, progress: Progress) {
        let now = self.known.situation.now;
        let Some(running) = &mut self.known.desk.running else { return };
        let requests = running.plan.requests.len();
        let said = match &progress {
            Progress::Rereading => "reading again what the plan rests on".to_owned(),
            Progress::Stale(_) => "what the plan rests on has changed; nothing was sent".to_owned(),
            Progress::Refused(why) => format!("refused: {why}"),
            Progress::Sending(n) => format!("request {} of {requests} goes out", n + 1),
            Progress::Answered(n, _, says) => format!("request {}: {says}", n + 1),
            Progress::OutcomeUnknown(n, why) => format!("request {}: outcome unknown: {why}", n + 1),
            Progress::Stopped(n, why) => format!("stopped before request {}: {why}", n + 1),
            Progress::Executed(outcome) => format!("carried out: {}", outcome.says),
        };
        running.log.push((now, said.clone()));
        let title = running.plan.title.clone();
        match progress {
            Progress::Stale(plan) => self.stale(plan),
            Progress::Refused(why) => self.end_execution(Stage::Stopped(words(&why)), None),
            Progress::OutcomeUnknown(_, why) => {
                let words = format!("outcome unknown: {why}; look at the object before anything else is done");
                self.end_execution(Stage::Unknown(words), None);
            }
            Progress::Stopped(_, why) => self.end_execution(Stage::Stopped(why), None),
            Progress::Executed(outcome) => {
                running.stage = Stage::Verifying(outcome, Verification::Waiting(String::new()));
            }
            Progress::Rereading | Progress::Sending(_) | Progress::Answered(..) => return,
        }
        self.tell(format!("{title}: {said}"));
    }

    fn stale(&mut self, plan: Box<Plan>) {
        let Some(running) = self.known.desk.running.take() else { return };
        let action = plan.action.clone();
        self.known.desk.planning = Some(Planning {
            action,
            tree: running.tree,
            standing: running.standing,
            state: Draft::Changed(plan, running.plan.basis),
        });
        self.close(Place::Run);
        self.show(Place::Plan);
    }

    /// Looks whether what was executed has worked.
    pub(super) fn verify(&mut self) {
        let now = self.known.situation.now;
        let Some(running) = &mut self.known.desk.running else { return };
        let Stage::Verifying(outcome, verification) = &mut running.stage else { return };
        *verification = running.plan.verify(outcome, &self.known.situation);
        let late = since(outcome.at, now) > running.plan.proof.within;
        let end = match verification {
            Verification::Worked(by) => Stage::Worked(by.clone()),
            Verification::Failed(why) => Stage::Failed(why.clone()),
            Verification::Waiting(how) | Verification::Unknown(how) if late => {
                let limit = crate::situation::time::age(running.plan.proof.within);
                Stage::Failed(format!("not proved within {limit}: {how}"))
            }
            Verification::Waiting(_) | Verification::Unknown(_) => return,
        };
        let verdict = if matches!(end, Stage::Worked(_)) { "worked" } else { "failed" };
        self.end_execution(end, Some(verdict));
    }

    fn end_execution(&mut self, stage: Stage, verdict: Option<&str>) {
        let Some(running) = &mut self.known.desk.running else { return };
        let (says, result) = match &stage {
            Stage::Worked(by) => (by.clone(), ActResult::Worked(by.clone())),
            Stage::Failed(why) | Stage::Unknown(why) | Stage::Stopped(why) => {
                (why.clone(), ActResult::Failed(why.clone()))
            }
            Stage::Sending { .. } | Stage::Verifying(..) => return,
        };
        running.stage = stage;
        let (execution, tree, title) = (running.plan.digest(), running.tree, running.plan.title.clone());
        if let Some(verdict) = verdict {
            let event = crate::action::Event::Verified { execution, verdict: verdict.to_owned(), says: says.clone() };
            self.write(Entry::Action { event: Box::new(event) }, format!("{title}: {verdict}: {says}"));
        }
        if let Some(tree) = tree {
            self.acted(tree, result);
        }
    }

    // ---- arming ----

    fn toggle_arming(&mut self) {
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

    // ---- trees ----

    fn open_tree(&mut self, book: Arc<Book>, subject: Option<Ref>) {
        let same = |t: &&OpenTree| t.walk.book().id == book.id && t.walk.subject() == subject.as_ref();
        if let Some(id) = self.known.desk.trees.iter().find(same).map(|t| t.id) {
            return self.show(Place::Tree(id));
        }
        self.begin_incident();
        let tree = self.hand.number();
        let about = subject.as_ref().map(ToString::to_string).unwrap_or_default();
        let story = format!("opened the tree {}: {}", book.id, book.title);
        self.write(Entry::TreeOpened { tree, runbook: book.id.clone(), subject: about }, story);
        let walk = Walk::open(book, subject, self.known.situation.now);
        self.known.desk.trees.insert(0, OpenTree { id: tree, walk, view: View::default() });
        self.derive_desk();
        self.entered(tree);
        self.show(Place::Tree(tree));
    }

    fn take_way(&mut self, tree: u64, way: usize) {
        let now = self.known.situation.now;
        let Some(open) = self.known.desk.trees.iter_mut().find(|t| t.id == tree) else { return };
        let (view, runbook) = (open.view.clone(), open.walk.book().id.clone());
        let taken = open.walk.take(way, &view, now);
        if let Taken::Refused(why) = taken {
            return self.say(why);
        }
        if let Some(way) = view.ways.get(way) {
            let suggested = way.verdict == WayVerdict::Suggested;
            let story = format!("{runbook}: {} → {}", way.say, way.to.1);
            let (say, (to, title)) = (way.say.clone(), way.to.clone());
            self.write(Entry::Took { tree, runbook, step: view.step, say, suggested, to, title }, story);
        }
        self.derive_desk();
        self.entered(tree);
        if let Taken::Again(at) = taken {
            self.say(format!("you were at this step before, at {}", at.strftime("%H:%M:%SZ")));
        }
    }

    /// Records that a step was entered, and the tree's end if it is one.
    fn entered(&mut self, tree: u64) {
        let Some(open) = self.known.desk.tree(tree) else { return };
        let (runbook, view) = (open.walk.book().id.clone(), open.view.clone());
        let (step, title) = (view.step, view.title);
        let story = format!("{runbook}: {title}");
        self.write(
            Entry::Step { tree, runbook: runbook.clone(), step: step.clone(), title, result: view.result },
            story,
        );
        if let Some((end, say, _)) = view.end {
            let story = format!("{runbook} ends: {}", end.word());
            self.write(Entry::TreeEnded { tree, runbook, step, end: end.word().to_owned(), say }, story);
        }
    }

    fn step_back(&mut self, tree: u64) {
        let now = self.known.situation.now;
        let moved = self.known.desk.trees.iter_mut().find(|t| t.id == tree).is_some_and(|t| t.walk.back(now));
        self.moved_back(tree, moved);
    }

    fn jump(&mut self, tree: u64, to: usize) {
        let now = self.known.situation.now;
        let moved = self.known.desk.trees.iter_mut().find(|t| t.id == tree).is_some_and(|t| t.walk.jump(to, now));
        self.moved_back(tree, moved);
    }

    fn moved_back(&mut self, tree: u64, moved: bool) {
        if !moved {
            return self.say("this is where the tree begins");
        }
        self.derive_desk();
        if let Some(open) = self.known.desk.tree(tree) {
            let (runbook, step) = (open.walk.book().id.clone(), open.view.step.clone());
            let story = format!("{runbook}: back to {}", open.view.title);
            self.write(Entry::Back { tree, runbook, step }, story);
        }
    }

    fn close_tree(&mut self, tree: u64) {
        if let Some(open) = self.known.desk.tree(tree) {
            let runbook = open.walk.book().id.clone();
            let story = format!("closed the tree {runbook}");
            self.write(Entry::TreeClosed { tree, runbook }, story);
        }
        self.known.desk.trees.retain(|t| t.id != tree);
        self.close(Place::Tree(tree));
    }

    fn acted(&mut self, id: u64, result: ActResult) {
        let now = self.known.situation.now;
        if let Some(tree) = self.known.desk.trees.iter_mut().find(|t| t.id == id) {
            tree.walk.acted(result, now);
        }
        self.derive_desk();
    }

    /// Works out everything on the desk anew: steps of open trees, candidates, the proof of an execution.
    pub(super) fn derive_desk(&mut self) {
        let known = &mut self.known;
        let scene = Scene { situation: &known.situation, profile: &known.profile };
        let findings = &known.assessment.findings;
        let desk = &mut known.desk;
        let mut wanted = Vec::new();
        for tree in &mut desk.trees {
            let view = tree.walk.view(scene, findings, &desk.logs);
            tree.walk.observe(&view, known.situation.now);
            // What was just observed may decide the step.
            tree.view = tree.walk.view(scene, findings, &desk.logs);
            wanted.extend(tree.view.reads.iter().cloned());
        }
        desk.candidates = crate::runbook::rank(&desk.library, scene, findings);
        for query in desk.logs.due(wanted, known.situation.wall) {
            self.hand.ask(Errand::Log(query));
        }
    }

    // ---- screens ----

    /// Shows a place of the desk: the one that is on the stack already, else a new one.
    fn show(&mut self, place: Place) {
        match self.layer_of(place) {
            Some(at) => self.uncover(at),
            None => self.push_at(place.screen(), Some(place)),
        }
    }

    /// Takes a place of the desk off the stack.
    fn close(&mut self, place: Place) {
        if let Some(at) = self.layer_of(place) {
            self.remove(at);
        }
    }
}

/// What was refused, with what to do next.
fn words(refused: &Refused) -> String {
    if refused.remedy.is_empty() { refused.what.clone() } else { format!("{}; {}", refused.what, refused.remedy) }
}
