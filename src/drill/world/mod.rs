//! The world behind the API: controllers, kubelets, workloads and their faults, as events on a queue.
//!
//! Everything that happens is due at a moment and is done at that moment, in an order that the seed alone decides, so
//! that the same seed tells the same story however fast the clock runs. Controllers look at the store and nothing else:
//! whoever changes an object there, a fault, a client or another controller, they answer to it.

mod admission;
mod api_service;
mod asynq;
mod autoscaler;
mod backend;
mod budget;
mod claims;
mod control_plane;
mod cron_job;
mod daemon_set;
mod deadlock;
mod deployment;
mod endpoints;
mod exec;
mod fault;
mod garbage;
mod genesis;
mod indexes;
mod informer;
mod ingress;
mod inside;
mod job;
mod json;
mod kubelet;
mod label;
mod load;
mod logs;
mod machine;
mod meddling;
mod metrics;
mod names;
mod namespaces;
mod node_lifecycle;
mod outside;
mod pods;
mod power;
mod program;
mod pulse;
mod queue;
mod quota;
mod random;
mod reach;
mod recorder;
mod redis;
mod replica_set;
mod resources;
mod revisions;
mod rollout;
mod scaling;
mod schedule;
mod scheduler;
mod services;
mod snapshot;
mod stateful_set;
mod taint;
mod trouble;
mod vitals;
mod zone;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicUsize;

use jiff::{SignedDuration, Timestamp};

use super::store::Store;
use asynq::Asynq;
use informer::Work;
use json::Id;
use kubelet::{PodRun, Step};
use power::MachineStep;
use program::Programs;
use pulse::Pulse;
use queue::Queue;
use random::Random;
use recorder::Recorder;
use redis::Volumes;
use resources::Resources;
use scheduler::Ledger;

pub use deadlock::Deadlock;
pub use exec::{Image, Sandbox, Surroundings};
pub use fault::{Ailing, Fault, InTrouble, Recovery, Rollout, Undo, Weather};
pub use ingress::{Rule as IngressRule, Rules, pick as pick_rule};
pub use inside::{DiaryEntry, Inside, Kept};
pub use load::Load;
pub use machine::{Disk, Firewall, Machine, Member, Power, PowerAction, Rule, Unit, Verdict};
pub use meddling::{Meddling, ZoneChange};
pub use names::{Authority, Code, Lie, Line, Names, Said, Says, Type, delegation_signer, key_tag, signing_keys};
pub use outside::Outside;
pub use power::K3sAction;
pub use program::{Course, Trade};
pub use random::digest as image_digest;
pub(super) use random::{digest, mix};
pub use reach::Reachable;
pub use redis::{Datum, Keyspace, PORT as REDIS_PORT, Redis, in_order};
pub use trouble::Trouble;
pub use vitals::{Dependency, Manner, Vitals};
pub use zone::{Actor, Entry, Kind, Record, Setting, Upstream, Zone};

/// The simulated cluster.
#[derive(Debug)]
pub struct World {
    store: Store,
    res: Resources,
    now: Timestamp,
    queue: Queue<Due>,
    random: Random,
    /// The revision up to which the controllers have seen the store.
    seen: u64,
    work: BTreeSet<Work>,
    recorder: Recorder,
    programs: Programs,
    runs: BTreeMap<Id, PodRun>,
    /// Images that a node has (node, image).
    pulled: BTreeSet<(String, String)>,
    /// The last address given out on each node.
    addresses: BTreeMap<String, u32>,
    /// Claims for which a volume is being made.
    provisioning: BTreeSet<Id>,
    /// What autoscalers remember.
    autoscalers: BTreeMap<Id, autoscaler::Memory>,
    load: Load,
    machines: BTreeMap<String, Machine>,
    volumes: Volumes,
    asynq: Asynq,
    /// The nodes whose etcd members reach a majority.
    quorum: BTreeSet<String>,
    /// The Leases of leaders whose holder is alive.
    leading: BTreeSet<&'static str>,
    /// Since when the controllers that lead listen to the kubelets.
    listening_since: Timestamp,
    /// What nobody attends to at the moment: nobody leads, or nothing can be written.
    stalled: BTreeSet<Work>,
    /// Steps of containers for whose kubelets they came too early, by node.
    held: BTreeMap<String, Vec<(Id, u64, Step)>>,
    /// Since when nodes are gone that had pods.
    missing: BTreeMap<String, Timestamp>,
    /// What the pods of each node take.
    ledger: Ledger,
    /// Pods for which there is no place.
    waiting: BTreeSet<Id>,
    /// Nodes under disk pressure, and since when there is room again.
    pressed: BTreeMap<String, Option<Timestamp>>,
    /// Processes that wait for themselves, by their pods, and since when they run.
    deadlocked: BTreeMap<Id, Timestamp>,
    /// What the ingress of each node knew when it last reached the API.
    remembered: ingress::Remembered,
    /// What is outside the cluster.
    pub outside: Outside,
    /// Whose turn it is among the endpoints of a Service; no part of the story.
    turns: AtomicUsize,
}

/// What is due.
#[derive(Debug)]
enum Due {
    /// A controller looks at an object again.
    Work(Work),
    /// A step in the life of a container, valid only in the turn in which it was planned.
    Kubelet(Id, u64, Step),
    /// Something that comes round.
    Pulse(Pulse),
    /// A step of a machine, valid only in the turn in which it was planned.
    Machine(String, u64, MachineStep),
    /// A page of the past.
    Past(usize),
    /// A machine's firewall is put back, if that plan still stands.
    Revert(String, u64),
}

impl World {
    /// A world whose past ends at `start`, where it stands.
    pub fn new(seed: u64, start: Timestamp) -> Self {
        genesis::create(seed, start)
    }

    fn empty(seed: u64, birth: Timestamp) -> Self {
        let machines: BTreeMap<_, _> = (1..=3).map(|n| (format!("nbg1-{n}"), Machine::server(n, birth))).collect();
        Self {
            quorum: machines.keys().cloned().collect(),
            leading: control_plane::LEADERS.iter().map(|(lease, _)| *lease).collect(),
            listening_since: birth,
            stalled: BTreeSet::new(),
            held: BTreeMap::new(),
            missing: BTreeMap::new(),
            pressed: BTreeMap::new(),
            ledger: Ledger::default(),
            waiting: BTreeSet::new(),
            machines,
            store: Store::new(seed),
            res: Resources::new(),
            now: birth,
            queue: Queue::default(),
            random: Random::new(seed),
            seen: 0,
            work: BTreeSet::new(),
            recorder: Recorder::default(),
            programs: Programs::default(),
            runs: BTreeMap::new(),
            pulled: BTreeSet::new(),
            addresses: BTreeMap::new(),
            provisioning: BTreeSet::new(),
            autoscalers: BTreeMap::new(),
            load: Load::default(),
            deadlocked: BTreeMap::new(),
            volumes: Volumes::default(),
            asynq: Asynq::new(seed),
            remembered: ingress::Remembered::default(),
            outside: Outside::new(seed),
            turns: AtomicUsize::new(0),
        }
    }

    /// The time in there.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The objects.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Lets time pass. A moment in the past changes nothing but lets controllers see what was written meanwhile.
    pub fn advance(&mut self, to: Timestamp) {
        self.outside.remember(self.now);
        self.settle();
        while let Some((at, due)) = self.queue.next(to) {
            self.now = self.now.max(at);
            self.perform(due);
            self.settle();
        }
        self.now = self.now.max(to);
    }

    fn perform(&mut self, due: Due) {
        match due {
            Due::Work(work) => {
                self.work.insert(work);
            }
            Due::Kubelet(id, turn, step) => self.kubelet_step(&id, turn, step),
            Due::Pulse(pulse) => self.pulse(pulse),
            Due::Machine(node, turn, step) => self.machine_step(&node, turn, step),
            Due::Past(page) => self.play_page(page),
            Due::Revert(node, turn) => self.revert_firewall(&node, turn),
        }
    }

    fn plan(&mut self, after: SignedDuration, due: Due) {
        // Time ends in the year 9999; a plan beyond it is never due.
        if let Ok(at) = self.now.checked_add(after) {
            self.queue.plan(at, due);
        }
    }
}

#[cfg(test)]
mod tests;
