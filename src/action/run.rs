//! One execution, from the key to its last answer.
//!
//! The order is what makes it safe: may it be done at all, is it still the plan that was read, is the intent on disk; only
//! then one request, once.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::confirm::Confirmed;
use super::draft::Draft;
use super::execute::{Cancel, Executor, Progress, Refused};
use super::planner::whole_second;
use super::wire::{Reply, Wire};
use super::{Event, Guard, Outcome, Plan, Posture, Request, Standing, Verdict, Write};
use crate::watch::Pinned;

/// A screen that takes no messages is waited for so long, and then no more.
const TELLING: Duration = Duration::from_secs(1);

/// One execution.
pub(super) struct Run {
    executor: Executor,
    confirmed: Confirmed,
    standing: Standing,
    cancel: Cancel,
    progress: mpsc::Sender<Progress>,
    /// The plan's digest.
    execution: String,
}

/// Where one request leads.
enum Step {
    Next,
    End(Progress),
}

impl Run {
    pub(super) fn new(
        executor: Executor,
        confirmed: Confirmed,
        standing: Standing,
        cancel: Cancel,
        progress: mpsc::Sender<Progress>,
    ) -> Self {
        let execution = confirmed.plan().digest();
        Self { executor, confirmed, standing, cancel, progress, execution }
    }

    /// Runs to its end, or to the next safe point.
    pub(super) async fn go(self) {
        let by = self.confirmed.by().to_owned();
        self.record(Event::Confirmed { execution: self.id(), by });
        let end = match self.prepare().await {
            Ok(pinned) => self.send_all(&pinned).await,
            Err(end) => end,
        };
        let event = self.event(&end);
        // It is over either way; a record that cannot be written has been told of by its owner.
        let _ = self.executor.recorder.record_synced(event).await;
        self.tell(end).await;
    }

    fn plan(&self) -> &Plan {
        self.confirmed.plan()
    }

    fn id(&self) -> String {
        self.execution.clone()
    }

    fn record(&self, event: Event) {
        self.executor.recorder.record(event);
    }

    /// The screen may be gone, or stuck: that must not hold the execution up.
    async fn tell(&self, progress: Progress) {
        let _ = timeout(TELLING, self.progress.send(progress)).await;
    }

    /// Whether a request may go out now.
    fn may(&self) -> Result<(), Refused> {
        let no = |what: &str, remedy: &str| Err(Refused { what: what.into(), remedy: remedy.into() });
        let arming = &self.executor.arming;
        if let Some(why) = arming.forbidden() {
            return no(&format!("nothing can be changed: {why}"), "start crashcart without it");
        }
        if self.cancel.cancelled() {
            return no("it was cancelled", "");
        }
        let armed = matches!(arming.posture(self.executor.clocks.wall.now()), Posture::Armed(_));
        // A drill's script has the simulation's own proof instead.
        if armed || self.confirmed.wants_authority().is_some() {
            return Ok(());
        }
        no("read-only: nothing may be changed until it is armed", "arm, then make the plan again")
    }

    /// Everything that has to hold before the first request.
    async fn prepare(&self) -> Result<Pinned, Progress> {
        self.may().map_err(Progress::Refused)?;
        self.tell(Progress::Rereading).await;
        let pinned = self.executor.reader.pin().await.map_err(|trouble| Progress::Refused(trouble.into()))?;
        self.same_cluster(&pinned).map_err(Progress::Refused)?;
        let plan = self.plan();
        let again = self.executor.sketch(&pinned, plan.action.clone(), &self.standing, plan.made).await;
        let (_, draft) = again.map_err(Progress::Refused)?;
        if differs(plan, &draft, &pinned) {
            return Err(self.anew(&pinned).await);
        }
        Ok(pinned)
    }

    /// The cluster is the one that the plan names and, for a script, the simulated one.
    fn same_cluster(&self, pinned: &Pinned) -> Result<(), Refused> {
        let (then, now) = (&self.plan().cluster, pinned.cluster());
        let same = then.uid == now.uid && then.context == now.context && then.server == now.server;
        let simulated = self.confirmed.wants_authority().is_none_or(|authority| authority == pinned.authority());
        if same && simulated {
            return Ok(());
        }
        let what = format!("the plan is for {} ({}), and that is not the cluster here", then.context, then.server);
        Err(Refused { what, remedy: "make the plan again".into() })
    }

    /// What it rests on has changed: the plan as it would be now.
    async fn anew(&self, pinned: &Pinned) -> Progress {
        let made = whole_second(pinned.now());
        let action = self.plan().action.clone();
        match self.executor.plan_on(pinned, action, &self.standing, made).await {
            Ok(plan) => Progress::Stale(Box::new(plan)),
            Err(refused) => Progress::Refused(refused),
        }
    }

    async fn send_all(&self, pinned: &Pinned) -> Progress {
        let wire = Wire::new(pinned);
        let mut outcome = Outcome { at: pinned.now(), ..Outcome::default() };
        let mut changed = false;
        for (number, request) in self.plan().requests.iter().enumerate() {
            if let Err(end) = self.ready(number, request, changed).await {
                return end;
            }
            self.tell(Progress::Sending(number)).await;
            let reply = wire.carry_out(request).await;
            if request.write == Write::Change
                && let Reply::Done(_, says, object) = &reply
            {
                let generation = object.pointer("/metadata/generation").and_then(serde_json::Value::as_i64);
                outcome = Outcome { at: pinned.now(), generation, says: says.clone() };
            }
            match self.answered(number, request, reply, changed).await {
                Step::Next => changed |= request.write == Write::Change,
                Step::End(end) => return end,
            }
        }
        Progress::Executed(outcome)
    }

    /// The last look before a request, and its intent on disk.
    async fn ready(&self, number: usize, request: &Request, changed: bool) -> Result<(), Progress> {
        self.may().map_err(|why| stop(number, why, changed))?;
        let intent = Event::Intent { execution: self.id(), number, request: request.clone() };
        if let Err(error) = self.executor.recorder.record_synced(intent).await {
            let what = format!("the record of the incident cannot be written: {error}");
            let remedy = "nothing is changed without a record: make room for it, or correct its folder's owner";
            return Err(stop(number, Refused { what, remedy: remedy.into() }, changed));
        }
        // Writing took its time. The record holds an intent now, so it has to hold that nothing came of it.
        self.may().map_err(|why| Progress::Stopped(number, why.what))
    }

    /// What an answer means for what comes after it.
    async fn answered(&self, number: usize, request: &Request, reply: Reply, changed: bool) -> Step {
        let (code, says) = match &reply {
            Reply::Done(code, says, _) | Reply::No(code, says) => (*code, says.clone()),
            // Nobody needs to know what became of an announcement.
            Reply::NotSent(why) | Reply::Lost(why) if request.write == Write::BookKeeping => (0, why.clone()),
            Reply::NotSent(why) => return Step::End(Progress::Stopped(number, why.clone())),
            Reply::Lost(why) => return Step::End(Progress::OutcomeUnknown(number, why.clone())),
        };
        self.record(Event::Answered { execution: self.id(), number, code, says: says.clone() });
        self.tell(Progress::Answered(number, code, says.clone())).await;
        match reply {
            Reply::No(code, _) if request.write != Write::BookKeeping => {
                Step::End(stop(number, Refused { what: says, remedy: remedy(code).into() }, changed))
            }
            _ => Step::Next,
        }
    }

    fn event(&self, end: &Progress) -> Event {
        let execution = self.id();
        match end {
            Progress::OutcomeUnknown(number, why) => {
                Event::OutcomeUnknown { execution, number: *number, why: why.clone() }
            }
            Progress::Stopped(number, why) => Event::Stopped { execution, number: *number, why: why.clone() },
            Progress::Executed(outcome) => Event::Executed { execution, outcome: outcome.clone() },
            Progress::Refused(refused) => Event::Refused { execution, why: refused.what.clone() },
            Progress::Stale(_) | Progress::Rereading | Progress::Sending(_) | Progress::Answered(..) => {
                Event::Refused { execution, why: "what it rests on has changed since it was made".into() }
            }
        }
    }
}

/// Nothing was changed yet, or not everything.
fn stop(number: usize, why: Refused, changed: bool) -> Progress {
    if changed { Progress::Stopped(number, why.what) } else { Progress::Refused(why) }
}

/// Whether the plan as it would be made now is another (G11).
fn differs(plan: &Plan, draft: &Draft, pinned: &Pinned) -> bool {
    let verdicts = |guards: &[Guard]| guards.iter().map(|g| (g.id, g.verdict)).collect::<Vec<(&str, Verdict)>>();
    plan.endpoint != *pinned.endpoint()
        || plan.class != draft.class
        || plan.basis != draft.basis
        || plan.objects != draft.objects
        || plan.requests != draft.requests
        || verdicts(&plan.guards) != verdicts(&draft.guards)
}

const fn remedy(code: u16) -> &'static str {
    match code {
        401 => "log in again; credentials are read anew by themselves",
        403 => "this account lacks the right: ask for it, or use another context",
        404 => "the object is gone: look what became of it",
        409 | 422 => "it has changed since the plan was made: make the plan again",
        429 | 503 => "the server is overloaded: wait a little, then make the plan again",
        _ => "read what the server says, then make the plan again",
    }
}
