//! One process of the worker: Asynq's server with its heartbeat, forwarder, recoverer and handlers, and the scheduler.

use jiff::{SignedDuration, Timestamp};

use super::super::random::Random;
use super::super::redis::Keyspace;
use super::kinds::{Kind, PERIODIC};
use super::message::{SchedulerEntry, ServerInfo, Task, WorkerInfo};
use super::scene::Process;
use super::{ARCHIVED, QUEUE, count, enqueue, key, new_task, number, task_key};

/// How many tasks are worked on at a time.
const CONCURRENCY: usize = 10;
/// How long a task belongs to who took it, unless they say again that they have it.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How often the server tells of itself, and how long that holds.
const BEAT: SignedDuration = SignedDuration::from_secs(5);
const ALIVE: SignedDuration = SignedDuration::from_secs(10);
/// The same of the scheduler.
const SCHEDULER_BEAT: SignedDuration = SignedDuration::from_secs(10);
const SCHEDULER_ALIVE: SignedDuration = SignedDuration::from_secs(20);
/// How often tasks whose time has come are forwarded.
const FORWARD: SignedDuration = SignedDuration::from_secs(5);
/// How often tasks that nobody has any more are looked for.
const RECOVER: SignedDuration = SignedDuration::from_mins(1);
/// How long after its end a lease counts as ended, for clocks that differ.
const TOLERATED: SignedDuration = SignedDuration::from_secs(30);
/// How long one that died is remembered in the lists.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// One process.
#[derive(Debug)]
pub struct Server {
    /// Its pod.
    pub uid: String,
    since: Timestamp,
    host: String,
    id: String,
    scheduler: String,
    entries: Vec<String>,
    busy: Vec<Busy>,
    told: Timestamp,
    scheduler_told: Timestamp,
    forwarded: Timestamp,
    recovered: Timestamp,
    /// The minute up to which its scheduler has enqueued.
    minute: i64,
}

/// A task at work.
#[derive(Debug)]
struct Busy {
    task: Task,
    began: Timestamp,
    ends: Timestamp,
    error: Option<String>,
}

impl Server {
    /// A process that has just started up.
    pub fn start(process: &Process, now: Timestamp, random: &mut Random) -> Self {
        let id = number(random);
        let scheduler = format!("{}:1:{}", process.host, number(random));
        let entries = PERIODIC.iter().map(|_| number(random)).collect();
        let long_ago = Timestamp::UNIX_EPOCH;
        Self {
            uid: process.uid.clone(),
            since: process.since,
            host: process.host.clone(),
            id,
            scheduler,
            entries,
            busy: Vec::new(),
            told: long_ago,
            scheduler_told: long_ago,
            forwarded: now,
            recovered: now,
            minute: now.as_second() / 60,
        }
    }

    /// Whether it is this process.
    pub fn is(&self, process: &Process) -> bool {
        self.uid == process.uid && self.since == process.since
    }

    /// It goes on while it reaches Redis.
    pub fn step(&mut self, process: &Process, data: &mut Keyspace, now: Timestamp, random: &mut Random) {
        self.run_scheduler(data, now, random);
        if !process.stuck {
            self.finish(data, now, random);
        }
        if now.duration_since(self.forwarded) >= FORWARD {
            self.forwarded = now;
            forward(data, now);
        }
        if now.duration_since(self.recovered) >= RECOVER {
            self.recovered = now;
            recover(data, now, random);
        }
        self.take(process, data, now, random);
        if now.duration_since(self.told) >= BEAT {
            self.told = now;
            self.beat(data, now);
        }
    }

    fn run_scheduler(&mut self, data: &mut Keyspace, now: Timestamp, random: &mut Random) {
        let minute = now.as_second() / 60;
        // What fell into a time without Redis is not made up for.
        if minute > self.minute {
            for periodic in PERIODIC.iter().filter(|periodic| periodic.due(minute)) {
                enqueue(&new_task(&Kind::named(periodic.kind), random), data, now);
            }
            self.minute = minute;
        }
        if now.duration_since(self.scheduler_told) >= SCHEDULER_BEAT {
            self.scheduler_told = now;
            self.tell_of_scheduler(data, now);
        }
    }

    fn tell_of_scheduler(&self, data: &mut Keyspace, now: Timestamp) {
        let at = format!("asynq:schedulers:{{{}}}", self.scheduler);
        let minute = |minute: i64| Timestamp::from_second(minute * 60).unwrap_or(now);
        data.del(&at);
        for (id, periodic) in self.entries.iter().zip(PERIODIC) {
            let (last, next) = periodic.around(now.as_second() / 60);
            let entry = SchedulerEntry {
                id,
                spec: periodic.spec,
                kind: periodic.kind,
                next: minute(next),
                previous: minute(last),
            };
            data.rpush(&at, entry.encode());
        }
        data.expire_at(&at, now + SCHEDULER_ALIVE);
        list_as_alive("asynq:schedulers", &at, now + SCHEDULER_ALIVE, data, now);
    }

    fn server_key(&self) -> String {
        format!("asynq:servers:{{{}:1:{}}}", self.host, self.id)
    }

    fn workers_key(&self) -> String {
        format!("asynq:workers:{{{}:1:{}}}", self.host, self.id)
    }

    fn beat(&self, data: &mut Keyspace, now: Timestamp) {
        let end = now + ALIVE;
        let (server, workers) = (self.server_key(), self.workers_key());
        let info = ServerInfo {
            host: &self.host,
            id: &self.id,
            concurrency: CONCURRENCY,
            queue: QUEUE,
            started: self.since,
            busy: self.busy.len(),
        };
        data.set(&server, info.encode(), Some(end));
        data.del(&workers);
        for busy in &self.busy {
            let info = WorkerInfo {
                host: &self.host,
                server: &self.id,
                task: &busy.task,
                queue: QUEUE,
                started: busy.began,
                deadline: busy.began + SignedDuration::from_secs(busy.task.timeout),
            };
            data.hset(&workers, &busy.task.id, info.encode());
            data.zadd(&key("lease"), (now + LEASE).as_second(), &busy.task.id);
        }
        data.expire_at(&workers, end);
        list_as_alive("asynq:servers", &server, end, data, now);
        list_as_alive("asynq:workers", &workers, end, data, now);
    }

    /// Takes tasks until its hands are full.
    fn take(&mut self, process: &Process, data: &mut Keyspace, now: Timestamp, random: &mut Random) {
        while self.busy.len() < CONCURRENCY && data.get(&key("paused"), now).is_none() {
            let Some(id) = data.rpoplpush(&key("pending"), &key("active")) else { return };
            let at = task_key(&id);
            data.hset(&at, "state", "active");
            data.hdel(&at, "pending_since");
            data.zadd(&key("lease"), (now + LEASE).as_second(), &id);
            let Some(task) = data.hget(&at, "msg").map(Task::decode) else {
                // A task that somebody has deleted: there is nothing to do.
                drop_task(&id, data);
                continue;
            };
            let kind = Kind::named(&task.kind);
            let health = process.health(kind.need);
            let takes = random.millis(kind.takes) + SignedDuration::from_millis(health.delay as i64);
            let unlucky = (kind.name == "push:task_due" && random.below(250) == 0)
                .then(|| "push: unexpected status 503 Service Unavailable".to_owned());
            self.busy.push(Busy { task, began: now, ends: now + takes, error: health.error.or(unlucky) });
        }
    }

    /// Finishes what has come to its end.
    fn finish(&mut self, data: &mut Keyspace, now: Timestamp, random: &mut Random) {
        for busy in self.busy.extract_if(.., |busy| busy.ends <= now) {
            // Somebody else has recovered it meanwhile.
            if !data.zrem(&key("lease"), &busy.task.id) {
                continue;
            }
            data.lrem(&key("active"), &busy.task.id);
            match busy.error {
                None => complete(busy.task, data, now),
                Some(error) => retry(busy.task, error, data, now, random),
            }
        }
    }

    /// What it does when it is told to stop: gives back what it had, and signs off.
    pub fn say_goodbye(self, data: &mut Keyspace) {
        for busy in &self.busy {
            if data.zrem(&key("lease"), &busy.task.id) {
                data.lrem(&key("active"), &busy.task.id);
                data.rpush(&key("pending"), busy.task.id.as_str());
                data.hset(&task_key(&busy.task.id), "state", "pending");
            }
        }
        let scheduler = format!("asynq:schedulers:{{{}}}", self.scheduler);
        let lists = [
            ("asynq:servers", self.server_key()),
            ("asynq:workers", self.workers_key()),
            ("asynq:schedulers", scheduler),
        ];
        for (list, member) in lists {
            data.zrem(list, &member);
            data.del(&member);
        }
    }
}

fn list_as_alive(list: &str, member: &str, end: Timestamp, data: &mut Keyspace, now: Timestamp) {
    for dead in data.up_to(list, (now - REMEMBERED).as_second()) {
        data.zrem(list, &dead);
    }
    data.zadd(list, end.as_second(), member);
}

/// A task is done: gone, or kept for a while.
fn complete(mut task: Task, data: &mut Keyspace, now: Timestamp) {
    let at = task_key(&task.id);
    if task.retention > 0 {
        task.completed = now.as_second();
        data.hset(&at, "msg", task.encode(QUEUE));
        data.hset(&at, "state", "completed");
        data.zadd(&key("completed"), now.as_second() + task.retention, &task.id);
    } else {
        data.del(&at);
    }
    count("processed", data, now);
}

/// A task has failed: it comes again later and later, until it is given up.
fn retry(mut task: Task, error: String, data: &mut Keyspace, now: Timestamp, random: &mut Random) {
    let at = task_key(&task.id);
    let delay = task.retried.pow(4) + 15 + random.below(30) as i64 * (task.retried + 1);
    let again = task.retried < task.retry;
    task.failed = now.as_second();
    task.error = error;
    if again {
        task.retried += 1;
        data.zadd(&key("retry"), now.as_second() + delay, &task.id);
    } else {
        data.zadd(&key("archived"), now.as_second(), &task.id);
        let archived = data.up_to(&key("archived"), i64::MAX);
        for id in archived.iter().take(archived.len().saturating_sub(ARCHIVED)) {
            data.zrem(&key("archived"), id);
            data.del(&task_key(id));
        }
    }
    data.hset(&at, "msg", task.encode(QUEUE));
    data.hset(&at, "state", if again { "retry" } else { "archived" });
    count("processed", data, now);
    count("failed", data, now);
}

/// Makes pending what is due, and forgets what was kept long enough.
fn forward(data: &mut Keyspace, now: Timestamp) {
    for set in ["scheduled", "retry"] {
        for id in data.up_to(&key(set), now.as_second()).into_iter().take(100) {
            data.zrem(&key(set), &id);
            data.lpush(&key("pending"), id.as_str());
            data.hset(&task_key(&id), "state", "pending");
            data.hset(&task_key(&id), "pending_since", now.as_nanosecond().to_string());
        }
    }
    for id in data.up_to(&key("completed"), now.as_second()) {
        data.zrem(&key("completed"), &id);
        data.del(&task_key(&id));
    }
}

/// Tries again what those who died had in their hands.
fn recover(data: &mut Keyspace, now: Timestamp, random: &mut Random) {
    for id in data.up_to(&key("lease"), (now - TOLERATED).as_second()) {
        data.zrem(&key("lease"), &id);
        data.lrem(&key("active"), &id);
        if let Some(task) = data.hget(&task_key(&id), "msg").map(Task::decode) {
            retry(task, "asynq: task lease expired".to_owned(), data, now, random);
        }
    }
}

fn drop_task(id: &str, data: &mut Keyspace) {
    data.lrem(&key("active"), id);
    data.zrem(&key("lease"), id);
    data.del(&task_key(id));
}
