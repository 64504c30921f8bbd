//! Redis in the world: the data lie on the volume of its pod and outlive the pod, but not the volume.

mod keyspace;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::World;
use super::json::{Id, entry, list, text, uid};
use super::kubelet::State;
use super::program::Trade;
use super::random::digest;
use crate::drill::net::{Place, Route, Vantage, route};

pub use keyspace::{Datum, Keyspace, in_order};

/// The port on which it listens.
pub const PORT: u16 = 6379;
/// How long it reads its data after a start, before it answers.
const LOADS: SignedDuration = SignedDuration::from_millis(2500);
/// How full its disk may be, per cent, before it cannot write.
const FULL: u64 = 99;

/// How many volumes are kept without a question.
const MANY: usize = 4;

/// The data of every Redis there is, by volume.
#[derive(Debug, Default)]
pub struct Volumes(BTreeMap<String, Keyspace>);

impl Volumes {
    /// The data on a volume; none yet on a new one.
    pub fn at(&mut self, volume: &str) -> &mut Keyspace {
        self.0.entry(volume.to_owned()).or_default()
    }
}

/// The Redis of a pod, as it is at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redis {
    /// On which volume its data are.
    pub volume: String,
    /// Since when it runs.
    pub since: Timestamp,
    /// A number of this run, as long as a SHA-1.
    pub run: String,
    /// The name of its node.
    pub node: String,
    /// Whether it takes connections and answers nothing.
    pub stuck: bool,
    /// Whether it still reads its data.
    pub loading: bool,
    /// Whether its disk takes what it writes.
    pub writes: bool,
    /// The lines of its configuration file.
    pub config: BTreeMap<String, String>,
}

impl World {
    /// The Redis that runs in a pod, if one does.
    pub fn redis(&self, namespace: &str, pod: &str) -> Option<Redis> {
        let run = self.runs.get(&Id::new(namespace, pod)).filter(|run| run.container.trade == Trade::Redis)?;
        let State::Running(since) = run.container.state else { return None };
        let pod = self.store.get(self.res.pods, namespace, pod)?;
        let full = self.machine(&run.node).is_some_and(|machine| machine.disk.percent() >= FULL);
        Some(Redis {
            volume: self.volume_of(namespace, &pod, since),
            since,
            run: digest(&format!("{}/{since}", run.uid)).chars().take(40).collect(),
            node: run.node.clone(),
            stuck: run.ailment.is_some(),
            loading: self.now.duration_since(since) < LOADS,
            writes: !full,
            config: self.redis_config(namespace, &pod),
        })
    }

    /// Its data, to read and to change, with the time there.
    pub fn redis_data(&mut self, redis: &Redis) -> (&mut Keyspace, Timestamp) {
        (self.volumes.at(&redis.volume), self.now)
    }

    /// Forgets the data of claims that are gone and of runs that had none.
    pub(super) fn tidy_volumes(&mut self, used: Option<&str>) {
        if self.volumes.0.len() > MANY {
            let claims = self.store.list(self.res.claims, None);
            let kept = |volume: &str| used == Some(volume) || claims.iter().any(|claim| uid(claim) == volume);
            self.volumes.0.retain(|volume, _| kept(volume));
        }
    }

    /// The claim behind a pod's data; a pod without one begins anew with every start.
    fn volume_of(&self, namespace: &str, pod: &Value, since: Timestamp) -> String {
        let volumes = list(pod, "/spec/volumes");
        let claim = volumes.iter().map(|v| text(v, "/persistentVolumeClaim/claimName")).find(|name| !name.is_empty());
        let claim = claim.and_then(|name| self.store.get(self.res.claims, namespace, name));
        claim.map_or_else(|| format!("{}/{since}", uid(pod)), |claim| uid(&claim).to_owned())
    }

    fn redis_config(&self, namespace: &str, pod: &Value) -> BTreeMap<String, String> {
        let maps = list(pod, "/spec/volumes").iter().map(|volume| text(volume, "/configMap/name"));
        let found = maps.filter(|name| !name.is_empty()).find_map(|name| {
            let map = self.store.get(self.res.config_maps, namespace, name)?;
            Some(entry(&map, "/data", "redis.conf").to_owned()).filter(|text| !text.is_empty())
        });
        let lines = found.unwrap_or_default();
        let pairs = lines.lines().filter_map(|line| line.trim().split_once(' '));
        pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect()
    }

    /// The Redis that processes on a node reach through the Service of that name.
    pub(super) fn redis_from(&self, node: &str, namespace: &str) -> Option<Redis> {
        let service = self.store.get(self.res.services, namespace, "redis")?;
        let way = route(self, &Vantage::Node(node.to_owned()), text(&service, "/spec/clusterIP"), PORT);
        let Route::To(Place::Pod { namespace, name, .. }) = way else { return None };
        self.redis(&namespace, &name).filter(|redis| !redis.stuck && !redis.loading && redis.writes)
    }
}
