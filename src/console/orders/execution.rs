//! From an action to a plan, to an execution, to its proof.

use super::Place;
use crate::action::{Action, Cancel, Confirmed, Plan, Progress, Refused, Standing, Verification};
use crate::console::app::App;
use crate::console::desk::{Draft, Planning, Running, Stage};
use crate::console::errand::Errand;
use crate::detect::Confidence;
use crate::incident::Entry;
use crate::runbook::ActResult;
use crate::situation::time::since;

impl App {
    /// What the planner cannot read from the server: confirmed findings, the incident, what a person said in the tree.
    pub(in crate::console) fn standing(&self, tree: Option<u64>) -> Standing {
        let findings = self.known.assessment.findings.iter();
        let confirmed = findings.filter(|f| f.confidence == Confidence::Confirmed).map(|f| f.id.to_owned());
        let incident = self.known.desk.incident.as_ref().map(|(id, _)| id.clone()).unwrap_or_default();
        let walk = tree.and_then(|id| self.known.desk.tree(id)).map(|t| &t.walk);
        let told = walk.map(|w| w.told().into_iter().collect()).unwrap_or_default();
        Standing { confirmed: confirmed.collect(), incident, told }
    }

    pub(in crate::console) fn make_plan(&mut self, action: Action, tree: Option<u64>) {
        self.begin_incident();
        let number = self.hand.number();
        self.hand.awaited = number;
        let standing = self.standing(tree);
        self.hand.ask(Errand::Plan(number, action.clone(), standing.clone()));
        let state = Draft::Making(self.known.situation.wall);
        self.known.desk.planning = Some(Planning { action, tree, standing, state });
        self.show(Place::Plan);
    }

    pub(in crate::console) fn planned(&mut self, number: u64, plan: Result<Box<Plan>, Refused>) {
        // One that was put away, or asked for again, meanwhile.
        if number != self.hand.awaited {
            return;
        }
        if let Some(planning) = &mut self.known.desk.planning {
            planning.state = plan.map_or_else(Draft::Refused, Draft::Ready);
        }
    }

    /// The plan on the table is worth nothing any more.
    pub(in crate::console) fn void_plan(&mut self, why: &str) {
        self.hand.awaited = 0;
        if let Some(planning) = &mut self.known.desk.planning {
            let remedy = "end this program and start it on the cluster that is meant".to_owned();
            planning.state = Draft::Refused(Refused { what: format!("another cluster: {why}"), remedy });
        }
    }

    pub(in crate::console) fn decline(&mut self) {
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

    pub(in crate::console) fn execute(&mut self, confirmed: Box<Confirmed>) {
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

    pub(in crate::console) fn cancel(&mut self) {
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
    pub(in crate::console) fn sending(&self) -> bool {
        self.known.desk.running.as_ref().is_some_and(|r| matches!(r.stage, Stage::Sending { .. }))
    }

    pub(in crate::console) fn undo(&mut self) {
        let running = self.known.desk.running.as_ref();
        match running.and_then(|r| r.plan.undo.action.clone()) {
            Some(action) => self.make_plan(action, None),
            None => self.say(running.map_or_else(|| "nothing was done yet".to_owned(), |r| r.plan.undo.says.clone())),
        }
    }

    pub(in crate::console) fn progress(&mut self, progress: Progress) {
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

    pub(in crate::console) fn stale(&mut self, plan: Box<Plan>) {
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
    pub(in crate::console) fn verify(&mut self) {
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

    pub(in crate::console) fn end_execution(&mut self, stage: Stage, verdict: Option<&str>) {
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
}

/// What was refused, with what to do next.
fn words(refused: &Refused) -> String {
    if refused.remedy.is_empty() { refused.what.clone() } else { format!("{}; {}", refused.what, refused.remedy) }
}
