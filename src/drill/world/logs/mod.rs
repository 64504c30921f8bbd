//! What containers write: made from the time whenever it is asked for, and always the same.

mod crash;
mod lines;

use jiff::{SignedDuration, Timestamp};

use super::World;
use super::json::{Id, text, time, uid};
use super::kubelet::{Ailment, State};
use super::program::{Course, Trade};
use super::random::mix;
use crate::drill::api::{LogLine, LogRefusal};

/// How far back a log reaches; older lines were rotated away.
const KEPT: SignedDuration = SignedDuration::from_mins(20);

/// One run of a container, for its log.
struct Run<'a> {
    trade: Trade,
    course: Course,
    ailment: Option<&'a Ailment>,
    /// Where an ingress passes requests on to.
    upstreams: Vec<String>,
    /// What makes this run's lines its own.
    seed: String,
    started: Timestamp,
    /// The end of the run, or now.
    until: Timestamp,
    ended: bool,
}

impl World {
    pub(super) fn read_log(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        previous: bool,
    ) -> Result<Vec<LogLine>, LogRefusal> {
        let id = Id::new(namespace, pod);
        self.kubelet_refusal(&id).map_or(Ok(()), |why| Err(LogRefusal::Unreachable(why)))?;
        let Some(run) = self.runs.get(&id) else { return Ok(self.plain_log(&id, container)) };
        let of = run.all().find(|c| c.name == container).unwrap_or(&run.container);
        let (started, until, course, ended) = match (&of.state, &of.last, previous) {
            (State::Running(since), _, false) => (*since, self.now, of.course, false),
            (State::Ended(end), _, false) | (State::Waiting(..), Some(end), false) | (_, Some(end), true) => {
                (end.started, end.finished, end.course, true)
            }
            (State::Waiting(reason, _), None, false) => return Err(LogRefusal::Waiting((*reason).to_owned())),
            (_, None, true) => return Err(LogRefusal::NoPrevious),
        };
        let first = run.container.name == of.name;
        let who = if first { run.uid.clone() } else { format!("{}/{}", run.uid, of.name) };
        let seed = format!("{who}/{}", started.as_second());
        let ailment = run.ailment.as_ref().filter(|_| first && !ended);
        let upstreams = if of.trade == Trade::Ingress { self.upstreams() } else { Vec::new() };
        Ok(Run { trade: of.trade, course, ailment, upstreams, seed, started, until, ended }.lines())
    }

    /// The addresses of the api's pods.
    fn upstreams(&self) -> Vec<String> {
        self.runs
            .values()
            .filter(|r| r.container.trade == Trade::Api && r.container.ready)
            .map(|r| r.ip.clone())
            .collect()
    }

    /// The log of a pod of the load.
    fn plain_log(&self, id: &Id, container: &str) -> Vec<LogLine> {
        let Some(pod) = self.store.get(self.res.pods, &id.namespace, &id.name) else { return Vec::new() };
        let started = time(&pod, "/status/startTime").unwrap_or(self.now);
        let trade = Trade::of(text(&pod, "/spec/containers/0/name"));
        let seed = format!("{}/{container}", uid(&pod));
        let run = Run {
            trade,
            course: Course::Runs,
            ailment: None,
            upstreams: Vec::new(),
            seed,
            started,
            until: self.now,
            ended: false,
        };
        run.lines()
    }
}

impl Run<'_> {
    fn lines(&self) -> Vec<LogLine> {
        let mut lines = Vec::new();
        let begin = self.started.max(self.until - KEPT);
        for (after, text) in lines::opening(self.trade) {
            let at = self.started + SignedDuration::from_millis(*after);
            if at >= begin && at <= self.until {
                lines.push(LogLine { at, text: lines::stamped(self.trade, at, text) });
            }
        }
        let opened = self.started + SignedDuration::from_secs(3);
        for second in begin.max(opened).as_second()..=self.until.as_second() {
            self.second(second, &mut lines);
        }
        if self.ended {
            let last = crash::closing(self.trade, self.course);
            lines.extend(last.into_iter().map(|text| LogLine { at: self.until, text }));
        }
        lines
    }

    fn line(&self, at: Timestamp, chance: u64) -> String {
        match self.trade {
            Trade::Ingress => lines::access(at, chance, self.ailment.is_some(), &self.upstreams),
            trade => lines::line(trade, at, chance),
        }
    }

    /// What is written within one second.
    fn second(&self, second: i64, lines: &mut Vec<LogLine>) {
        let chance = mix(&self.seed, second as u64);
        let many = lines::rate(self.trade, chance);
        for number in 0..many {
            let piece = 1000 / many;
            let chance = mix(&self.seed, (second as u64) << 4 | number);
            let millis = number * piece + chance % piece;
            let Ok(at) = Timestamp::from_millisecond(second * 1000 + millis as i64) else { return };
            if at <= self.until {
                lines.push(LogLine { at, text: self.line(at, chance) });
            }
        }
        if self.ailment.is_some()
            && let Some(text) = crash::complaint(self.trade, second)
            && let Ok(at) = Timestamp::from_second(second)
            && at <= self.until
        {
            lines.push(LogLine { at, text });
        }
    }
}
