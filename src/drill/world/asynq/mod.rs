//! The queue of the applications: the api enqueues, the worker and its scheduler take, finish, retry and enqueue, all in
//! Redis and by the steps of Asynq 0.26.
//!
//! It has chances of its own, so that what becomes of tasks leaves the rest of the story as it is.

mod kinds;
mod message;
mod past;
mod scene;
mod server;

use jiff::{SignedDuration, Timestamp};

use super::pulse::Pulse;
use super::random::Random;
use super::redis::Keyspace;
use super::{Due, World};
use kinds::Kind;
use message::Task;
use scene::Scene;
use server::Server;

/// How often the queue goes on.
const STEP: SignedDuration = SignedDuration::from_secs(2);
/// The only queue.
const QUEUE: &str = "default";
/// How many tasks there may be waiting; more are not taken.
const MOST: usize = 20_000;
/// How often a task is tried again.
const RETRIES: i64 = 25;
/// How long counts of a day are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How many archived tasks are kept.
const ARCHIVED: usize = 1000;

/// Those who take part, and their chances.
#[derive(Debug)]
pub struct Asynq {
    random: Random,
    servers: Vec<Server>,
    /// What users have caused of the next task, in thousandths.
    begun: u64,
}

/// A key of the queue.
fn key(name: &str) -> String {
    format!("asynq:{{{QUEUE}}}:{name}")
}

fn task_key(id: &str) -> String {
    key(&format!("t:{id}"))
}

impl World {
    /// The queue goes on.
    pub(super) fn work_on_tasks(&mut self) -> SignedDuration {
        let scene = Scene::of(self);
        self.tidy_volumes(scene.volume.as_deref());
        let data = scene.volume.as_ref().map(|volume| self.volumes.at(volume));
        self.asynq.step(&scene, data, self.now);
        STEP
    }

    /// The queue as it is in the middle of its life.
    pub(super) fn begin_tasks(&mut self) {
        let redis = Scene::of(self).volume;
        if let Some(volume) = redis {
            self.asynq.furnish(self.volumes.at(&volume), self.now);
        }
        self.plan(STEP, Due::Pulse(Pulse::Tasks));
    }
}

impl Asynq {
    /// Nobody takes part yet.
    pub const fn new(seed: u64) -> Self {
        Self { random: Random::new(seed ^ 0xa57e_9000), servers: Vec::new(), begun: 0 }
    }

    fn step(&mut self, scene: &Scene, data: Option<&mut Keyspace>, now: Timestamp) {
        let gone = self.servers.extract_if(.., |server| !scene.processes.iter().any(|process| server.is(process)));
        let gone: Vec<Server> = gone.collect();
        for process in &scene.processes {
            if !self.servers.iter().any(|server| server.is(process)) {
                self.servers.push(Server::start(process, now, &mut self.random));
            }
        }
        // Without Redis everybody waits.
        let Some(data) = data else { return };
        data.sweep(now);
        for server in gone.into_iter().filter(|server| !scene.lost.contains(&server.uid)) {
            server.say_goodbye(data);
        }
        self.enqueue_for_users(scene.enqueuers, data, now);
        for process in scene.processes.iter().filter(|process| process.reaches) {
            if let Some(server) = self.servers.iter_mut().find(|server| server.is(process)) {
                server.step(process, data, now, &mut self.random);
            }
        }
    }

    /// What users cause in a step.
    fn enqueue_for_users(&mut self, share: f64, data: &mut Keyspace, now: Timestamp) {
        let chance = self.random.below(2000) as f64;
        self.begun += (kinds::flow(now) * STEP.as_secs_f64() * share * chance) as u64;
        while self.begun >= 1000 {
            self.begun -= 1000;
            let kind = Kind::chosen(self.random.below(100));
            let task = new_task(&kind, &mut self.random);
            if kind.name == "email:reminder" && self.random.below(10) == 0 {
                let at = now + self.random.millis((300_000, 14_400_000));
                schedule(&task, at, data);
            } else {
                enqueue(&task, data, now);
            }
        }
    }
}

/// A number as UUIDs are written.
fn number(random: &mut Random) -> String {
    let mut part = |digits| random.hex(digits);
    format!("{}-{}-4{}-a{}-{}", part(8), part(4), part(3), part(3), part(12))
}

fn new_task(kind: &Kind, random: &mut Random) -> Task {
    Task {
        kind: kind.name.to_owned(),
        payload: format!("{{\"user_id\":{}}}", 1 + random.below(4200)).into_bytes(),
        id: number(random),
        retry: RETRIES,
        timeout: 1800,
        retention: kind.retention,
        ..Task::default()
    }
}

/// Makes a task pending.
fn enqueue(task: &Task, data: &mut Keyspace, now: Timestamp) {
    if data.llen(&key("pending")) >= MOST {
        return;
    }
    data.sadd("asynq:queues", QUEUE);
    let at = task_key(&task.id);
    data.hset(&at, "msg", task.encode(QUEUE));
    data.hset(&at, "state", "pending");
    data.hset(&at, "pending_since", now.as_nanosecond().to_string());
    data.lpush(&key("pending"), task.id.as_str());
}

/// Lets a task wait for its time.
fn schedule(task: &Task, at: Timestamp, data: &mut Keyspace) {
    data.sadd("asynq:queues", QUEUE);
    data.hset(&task_key(&task.id), "msg", task.encode(QUEUE));
    data.hset(&task_key(&task.id), "state", "scheduled");
    data.zadd(&key("scheduled"), at.as_second(), &task.id);
}

/// Counts something for its day and for ever.
fn count(what: &str, data: &mut Keyspace, now: Timestamp) {
    let today = key(&format!("{what}:{}", now.strftime("%Y-%m-%d")));
    if data.incr(&today, 1) == 1 {
        data.expire_at(&today, now + KEPT);
    }
    data.incr(&key(what), 1);
}

#[cfg(test)]
mod tests;
