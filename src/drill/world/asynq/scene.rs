//! Who takes part in the queue at the moment, and whom they reach.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::World;
use super::super::kubelet::State;
use super::super::machine::Machine;
use super::super::program::Trade;
use super::super::redis::Redis;
use super::kinds::Need;
use crate::drill::net::{Route, Vantage, route};
use crate::drill::outside::{Mood, Site};

/// A process of the worker that runs.
#[derive(Debug)]
pub struct Process {
    /// Its pod and the start of its container: another start is another process.
    pub uid: String,
    pub since: Timestamp,
    /// The name of its pod.
    pub host: String,
    /// Whether it reaches the queue.
    pub reaches: bool,
    /// Whether what it works on never ends.
    pub stuck: bool,
    /// What it finds of the database, mail and storage.
    pub database: Health,
    pub mail: Health,
    pub storage: Health,
}

/// How a process finds something that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// What every use takes longer, in milliseconds.
    pub delay: u64,
    /// Why its use fails.
    pub error: Option<String>,
}

/// Everything that matters to the queue.
#[derive(Debug)]
pub struct Scene {
    /// The volume of the Redis that answers, if one does.
    pub volume: Option<String>,
    /// How many of those who enqueue for users reach it, as a share.
    pub enqueuers: f64,
    /// Who works on tasks.
    pub processes: Vec<Process>,
    /// The pods whose container has ended, or whose machine has: they had no time to say goodbye.
    pub lost: BTreeSet<String>,
}

impl Scene {
    /// The scene in a world.
    pub fn of(world: &World) -> Self {
        let mut scene = Self { volume: None, enqueuers: 0.0, processes: Vec::new(), lost: BTreeSet::new() };
        let (mut api, mut enqueuers) = (0_u32, 0.0);
        for (id, run) in &world.runs {
            let trade = run.container.trade;
            if !matches!(trade, Trade::Api | Trade::Worker) {
                continue;
            }
            let alive = world.machine(&run.node).is_none_or(Machine::runs_containers);
            let redis = world.redis_from(&run.node, &id.namespace).filter(|_| alive);
            let reaches = scene.meets(redis);
            match (trade, &run.container.state) {
                (Trade::Api, _) => {
                    api += 1;
                    if reaches && run.container.ready && run.ailment.is_none() {
                        // Without the database little can be asked for.
                        let served = world.health(&run.node, Need::Database).error.is_none();
                        enqueuers += if served { 1.0 } else { 0.1 };
                    }
                }
                (_, State::Running(since)) if alive => {
                    // One that has not started up yet takes no part.
                    if run.container.ready || run.ailment.is_some() {
                        scene.processes.push(Process {
                            uid: run.uid.clone(),
                            since: *since,
                            host: id.name.clone(),
                            reaches,
                            stuck: run.ailment.is_some(),
                            database: world.health(&run.node, Need::Database),
                            mail: world.health(&run.node, Need::Mail),
                            storage: world.health(&run.node, Need::Storage),
                        });
                    }
                }
                _ => {
                    scene.lost.insert(run.uid.clone());
                }
            }
        }
        scene.enqueuers = enqueuers / f64::from(api.max(1));
        scene
    }

    /// Whether this is the Redis of the others.
    fn meets(&mut self, redis: Option<Redis>) -> bool {
        let Some(redis) = redis else { return false };
        *self.volume.get_or_insert_with(|| redis.volume.clone()) == redis.volume
    }
}

impl Process {
    /// How it finds what a task needs.
    pub fn health(&self, need: Need) -> Health {
        match need {
            Need::Nothing => Health::default(),
            Need::Database => self.database.clone(),
            Need::Mail => self.mail.clone(),
            Need::Storage => self.storage.clone(),
        }
    }
}

impl World {
    /// How a process on a node finds something outside.
    fn health(&self, node: &str, need: Need) -> Health {
        let (site, port) = match need {
            Need::Database => (Site::Postgres, 5432),
            Need::Mail => (Site::Smtp, 587),
            Need::Storage => (Site::S3, 443),
            Need::Nothing => return Health::default(),
        };
        let host = site.hosts().first().copied().unwrap_or_default();
        let address = site.addresses().first().copied().unwrap_or_default();
        let failed = |delay: u64, error: String| Health { delay, error: Some(in_words(need, &error)) };
        match route(self, &Vantage::Node(node.to_owned()), host, port) {
            Route::Refused => failed(0, format!("dial tcp {address}:{port}: connect: connection refused")),
            Route::Silent => failed(30_000, format!("dial tcp {address}:{port}: i/o timeout")),
            Route::To(_) => match self.outside.mood(site) {
                Mood::Stalls => failed(30_000, "context deadline exceeded".to_owned()),
                Mood::Slow(millis) => Health { delay: u64::from(millis), error: None },
                Mood::Says(said) => failed(200, of_mood(need, &said)),
                Mood::Well | Mood::Refuses | Mood::Silent => Health::default(),
            },
        }
    }
}

fn in_words(need: Need, error: &str) -> String {
    match need {
        Need::Database => format!("failed to connect to `user=app database=app`: db.example.com: {error}"),
        Need::Mail => format!("send mail via smtp.example.com:587: {error}"),
        Need::Storage => format!("operation error S3: PutObject, {error}"),
        Need::Nothing => error.to_owned(),
    }
}

fn of_mood(need: Need, said: &str) -> String {
    match need {
        Need::Database => format!("server error (SQLSTATE {said})"),
        Need::Mail if said == "535" => "535 5.7.8 Incorrect username or password".to_owned(),
        Need::Mail => format!("{said} refused by server"),
        Need::Storage | Need::Nothing => format!("https response error StatusCode: {said}"),
    }
}
