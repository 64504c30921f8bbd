//! The scripted operator of a drill: walks the likeliest tree along its suggested branches and confirms its plans.
//!
//! It sees what the console sees, over the same connection, and nothing of the simulation but the proof that the cluster
//! is one. The judge ([`Verdict`]) is told by the simulation itself whether it works again.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::sync::mpsc;

use super::{Ending, Scenario, Simulation};
use crate::action::{Action, Cancel, Confirmed, Executor, Outcome, Plan, Progress, Rehearsal, Standing, Verification};
use crate::config::Profile;
use crate::detect::{Assessment, Confidence, Scene, assess};
use crate::incident::Entry;
use crate::runbook::check::Logs;
use crate::runbook::{ActResult, Library, Taken, View, Walk, WayVerdict, rank};
use crate::situation::Situation;
use crate::situation::time::{Clocks, since};
use crate::watch::Feed;

/// How often it looks when nothing happens (wall time).
const LOOK: Duration = Duration::from_millis(50);
/// A tree that goes on for more steps leads nowhere.
const STEPS: usize = 60;
/// It walks one tree.
const TREE: u64 = 1;
/// Nobody works on one drill for longer (cluster time).
const PATIENCE: SignedDuration = SignedDuration::from_mins(45);
/// How long somebody who does nothing is watched (cluster time).
const IDLE: SignedDuration = SignedDuration::from_mins(15);
/// How long a step may stay without a way to take (cluster time).
const HESITATION: SignedDuration = SignedDuration::from_mins(20);

/// How a drill went: one row of `drill --headless -o json`.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The drill.
    pub id: String,
    /// Whether the finding of that id was found.
    pub detected: bool,
    /// After how many seconds (cluster time, from the beginning of the drill); `null` if it was not.
    pub detect_seconds: Option<f64>,
    /// How the tree ended: `resolved`, `watch`, `wait`, `escalate`, or `stuck`.
    pub end: String,
    /// Whether it works again, as the simulation knows.
    pub recovered: bool,
    /// After how many seconds it worked again; `null` if it did not.
    pub recover_seconds: Option<f64>,
    /// How many steps were walked.
    pub steps: usize,
    /// The actions that were carried out.
    pub actions: Vec<String>,
    /// Those of them that the drill does not ask for.
    pub wrong_actions: usize,
    /// Whether all this is as the drill expects.
    pub as_expected: bool,
}

/// What an operator works with.
#[derive(Debug)]
pub struct Tools {
    /// The running sources.
    pub feed: Feed,
    /// The executor on the same cluster.
    pub executor: Executor,
    /// Where the record goes.
    pub journal: crate::incident::Journal,
    /// The runbooks.
    pub library: Library,
    /// The deployment.
    pub profile: Arc<Profile>,
    /// The clocks of the simulation.
    pub clocks: Clocks,
}

/// Plays one drill to its end.
pub async fn play(simulation: &Simulation, scenario: &Scenario, tools: Tools, idle: bool) -> Verdict {
    let mut operator = Operator::new(tools, simulation.rehearsal());
    let (began, limit) = (operator.clock(), if idle { IDLE } else { PATIENCE });
    let (mut detected, mut recovered, mut end) = (None, None, None);
    while end.is_none() && since(began, operator.situation.now) < limit {
        operator.look().await;
        let now = operator.situation.now;
        if operator.assessment.findings.iter().any(|f| f.id == scenario.id) {
            detected.get_or_insert(now);
        }
        if !idle {
            end = operator.step().await;
        }
        recovered = works_again(simulation, scenario).then(|| recovered.unwrap_or(now));
        // It is judged by what is left when everything came to rest, not by a good moment in between.
        if idle && recovered.is_some() {
            break;
        }
    }
    operator.tools.journal.close("the drill is over");
    let seconds = |at: Option<Timestamp>| at.map(|at| since(began, at).as_secs_f64());
    let wrong = operator.actions.iter().filter(|a| !scenario.actions.contains(a)).count();
    let end = end.unwrap_or_else(|| "stuck".to_owned());
    let as_expected = if idle {
        recovered.is_none()
    } else {
        let ended = end == scenario.end.word() && wrong == 0;
        ended && detected.is_some() && (recovered.is_some() || scenario.end != Ending::Resolved)
    };
    Verdict {
        id: scenario.id.clone(),
        detected: detected.is_some(),
        detect_seconds: seconds(detected),
        end,
        recovered: recovered.is_some(),
        recover_seconds: seconds(recovered),
        steps: operator.steps,
        wrong_actions: wrong,
        actions: operator.actions,
        as_expected,
    }
}

fn works_again(simulation: &Simulation, scenario: &Scenario) -> bool {
    simulation.status().scenarios.iter().any(|s| s.id == scenario.id && s.recovered)
}

#[derive(Debug)]
struct Operator {
    tools: Tools,
    proof: Rehearsal,
    situation: Situation,
    assessment: Assessment,
    logs: Logs,
    walk: Option<Walk>,
    /// A change that was carried out and is not proved yet.
    proving: Option<(Box<Plan>, Outcome)>,
    /// Since when there is nothing to take.
    waiting: Option<Timestamp>,
    steps: usize,
    actions: Vec<String>,
    /// Whether the record was opened.
    recording: bool,
}

impl Operator {
    fn new(tools: Tools, proof: Rehearsal) -> Self {
        Self {
            tools,
            proof,
            situation: Situation::new(),
            assessment: Assessment::default(),
            logs: Logs::default(),
            walk: None,
            proving: None,
            waiting: None,
            steps: 0,
            actions: Vec::new(),
            recording: false,
        }
    }

    fn clock(&mut self) -> Timestamp {
        let cluster = self.tools.clocks.cluster.now();
        self.situation.now = cluster.checked_add(self.situation.skew).unwrap_or(cluster);
        self.situation.wall = self.tools.clocks.wall.now();
        self.situation.now
    }

    fn scene(&self) -> Scene<'_> {
        Scene { situation: &self.situation, profile: &self.tools.profile }
    }

    /// Takes in what becomes known, for a moment.
    async fn look(&mut self) {
        let deadline = tokio::time::Instant::now() + LOOK;
        while let Ok(Some(batch)) = tokio::time::timeout_at(deadline, self.tools.feed.batches.recv()).await {
            for observation in batch {
                self.situation.apply(observation);
            }
        }
        self.clock();
        self.open_journal().await;
        self.assessment = assess(self.scene());
    }

    /// Opens the record once it is known which cluster this is.
    async fn open_journal(&mut self) {
        let cluster = self.situation.cluster.clone();
        if self.recording || cluster.uid.is_empty() {
            return;
        }
        self.recording = true;
        let journal = self.tools.journal.clone();
        // Where it cannot be written the executor refuses, and says why.
        let _ = tokio::task::spawn_blocking(move || journal.open(&cluster)).await;
    }

    /// One move, if one can be made now; how the tree ended, if it did.
    async fn step(&mut self) -> Option<String> {
        if self.prove() {
            return None;
        }
        let now = self.situation.now;
        let mut walk = self.walk.take().or_else(|| self.choose())?;
        let view = self.view(&mut walk).await;
        if let Some((end, ..)) = &view.end {
            self.steps += 1;
            let (runbook, step) = (walk.book().id.clone(), view.step.clone());
            let end = end.word().to_owned();
            self.write(Entry::TreeEnded { tree: TREE, runbook, step, end: end.clone(), say: view.title.clone() });
            return Some(end);
        }
        let stuck = match way(&view) {
            Some(way) => {
                self.waiting = None;
                self.take(&mut walk, &view, way)
            }
            None if view.act.is_some() && !walk.acting() => self.act(&mut walk, &view).await,
            None => since(*self.waiting.get_or_insert(now), now) > HESITATION,
        };
        self.walk = Some(walk);
        (stuck || self.steps > STEPS).then(|| "stuck".to_owned())
    }

    /// Opens the likeliest tree, once something speaks for one.
    fn choose(&self) -> Option<Walk> {
        let candidates = rank(&self.tools.library, self.scene(), &self.assessment.findings);
        let first = candidates.into_iter().next().filter(|c| c.score > 0)?;
        let (runbook, subject) = (first.book.id.clone(), first.subject.as_ref().map(ToString::to_string));
        self.write(Entry::TreeOpened { tree: TREE, runbook, subject: subject.unwrap_or_default() });
        Some(Walk::open(first.book, first.subject, self.situation.now))
    }

    async fn view(&mut self, walk: &mut Walk) -> View {
        let now = self.situation.now;
        let view = walk.look(self.scene(), &self.assessment.findings, &self.logs, now);
        let due = self.logs.due(view.reads.clone(), self.situation.wall);
        if due.is_empty() {
            return view;
        }
        for query in due {
            let lines = self.tools.feed.reader.whole_log(query.clone()).await;
            self.logs.put(query, lines);
        }
        walk.look(self.scene(), &self.assessment.findings, &self.logs, now)
    }

    /// Takes a way; whether it leads nowhere.
    fn take(&mut self, walk: &mut Walk, view: &View, way: usize) -> bool {
        self.steps += 1;
        if let Some(w) = view.ways.get(way) {
            let suggested = w.verdict == WayVerdict::Suggested;
            let (runbook, step, (to, title)) = (walk.book().id.clone(), view.step.clone(), w.to.clone());
            self.write(Entry::Took { tree: TREE, runbook, step, say: w.say.clone(), suggested, to, title });
        }
        matches!(walk.take(way, view, self.situation.now), Taken::Refused(_))
    }

    /// Makes the plan of an `act` step, confirms it and carries it out; whether there is nothing to do it to.
    async fn act(&mut self, walk: &mut Walk, view: &View) -> bool {
        let Some(action) = view.act.as_ref().and_then(|a| a.choices.first().cloned()) else { return true };
        match self.carry_out(action, walk).await {
            Ok(proving) => self.proving = Some(proving),
            Err(why) => walk.acted(ActResult::Failed(why), self.situation.now),
        }
        false
    }

    async fn carry_out(&mut self, action: Action, walk: &Walk) -> Result<(Box<Plan>, Outcome), String> {
        let findings = self.assessment.findings.iter().filter(|f| f.confidence == Confidence::Confirmed);
        let standing = Standing {
            confirmed: findings.map(|f| f.id.to_owned()).collect(),
            incident: String::new(),
            told: walk.told().into_iter().collect(),
        };
        let plan = self.tools.executor.plan(action, standing.clone()).await.map_err(|r| r.to_string())?;
        if let Some(why) = plan.refusal() {
            return Err(why);
        }
        let (id, kept) = (plan.action.spec().id.to_owned(), Box::new(plan.clone()));
        let confirmed = Confirmed::by_script(plan, &self.proof)?;
        let outcome = self.execute(confirmed, standing).await?;
        self.actions.push(id);
        Ok((kept, outcome))
    }

    async fn execute(&self, confirmed: Confirmed, standing: Standing) -> Result<Outcome, String> {
        let (progress, mut steps) = mpsc::channel(16);
        let executor = self.tools.executor.clone();
        let execution = tokio::spawn(async move {
            executor.execute(confirmed, standing, Cancel::default(), progress).await;
        });
        let mut end = Err("the execution ended without a word".to_owned());
        while let Some(step) = steps.recv().await {
            match step {
                Progress::Executed(outcome) => end = Ok(outcome),
                Progress::Stale(_) => end = Err("what the plan rests on has changed".to_owned()),
                Progress::Refused(why) => end = Err(why.to_string()),
                Progress::OutcomeUnknown(_, why) | Progress::Stopped(_, why) => end = Err(why),
                Progress::Rereading | Progress::Sending(_) | Progress::Answered(..) => {}
            }
        }
        // It has sent its last word; a fault in it is one without a word.
        let _ = execution.await;
        end
    }

    /// Whether a change is still to be proved.
    fn prove(&mut self) -> bool {
        let Some((plan, outcome)) = &self.proving else { return false };
        let late = since(outcome.at, self.situation.now) > plan.proof.within;
        let result = match plan.verify(outcome, &self.situation) {
            Verification::Worked(by) => ActResult::Worked(by),
            Verification::Failed(why) => ActResult::Failed(why),
            Verification::Waiting(why) | Verification::Unknown(why) if late => ActResult::Failed(why),
            Verification::Waiting(_) | Verification::Unknown(_) => return true,
        };
        let (verdict, says) = match &result {
            ActResult::Worked(says) => ("worked", says.clone()),
            ActResult::Failed(says) => ("failed", says.clone()),
            ActResult::Declined => ("declined", String::new()),
        };
        let event = crate::action::Event::Verified { execution: plan.digest(), verdict: verdict.to_owned(), says };
        self.write(Entry::Action { event: Box::new(event) });
        self.proving = None;
        if let Some(walk) = &mut self.walk {
            walk.acted(result, self.situation.now);
        }
        false
    }

    fn write(&self, entry: Entry) {
        self.tools.journal.write(entry);
    }
}

/// The way to take now: the suggested one, or the only one that a person decides.
fn way(view: &View) -> Option<usize> {
    let suggested = view.ways.iter().position(|w| w.verdict == WayVerdict::Suggested);
    let only = || (view.ways.len() == 1 && view.ways[0].verdict == WayVerdict::Open && view.act.is_none()).then_some(0);
    suggested.or_else(only)
}
