//! The simulated cluster in this process, and a feed that looks at it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashcart::config::Profile;
use crashcart::drill::api::{Server, serve};
use crashcart::drill::world::World;
use crashcart::situation::object::Pod;
use crashcart::situation::time::Clocks;
use crashcart::situation::{Kind, Situation, Source, SourceState};
use crashcart::watch::{self, Feed, Pace, Target};
use jiff::{SignedDuration, Timestamp};

/// Where the simulated time starts in tests.
pub fn start() -> Timestamp {
    "2026-03-30T04:00:00Z".parse().expect("a time")
}

/// A running simulated cluster whose time stands still until a test moves it.
pub struct Cluster {
    pub world: Arc<Mutex<World>>,
    pub server: Server,
    dir: tempfile::TempDir,
}

impl Cluster {
    pub async fn start(endpoints: usize) -> Self {
        let world = Arc::new(Mutex::new(World::new(1, start())));
        let server = serve(world.clone(), endpoints).await.expect("a server");
        Self { world, server, dir: tempfile::tempdir().expect("a folder") }
    }

    /// Lets simulated time pass.
    pub fn advance(&self, by: SignedDuration) {
        let mut world = self.world.lock().expect("the world");
        let to = world.now() + by;
        world.advance(to);
    }

    /// The server's own kubeconfig, as a file.
    pub fn kubeconfig(&self) -> PathBuf {
        self.write("direct", &self.server.kubeconfig(None).expect("a kubeconfig"))
    }

    /// A file in the cluster's folder.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

/// What the tests' feeds hurry at.
pub fn hurried() -> Pace {
    let ms = Duration::from_millis;
    Pace {
        first_retry: ms(20),
        last_retry: ms(200),
        slow_retry: ms(300),
        health: ms(100),
        health_patience: ms(400),
        metrics: ms(150),
        patience: ms(500),
        watch: ms(2000),
        watch_grace: ms(300),
        plugin: ms(2000),
        lists: 4,
    }
}

/// A feed and the situation that comes of it.
pub struct Look {
    pub feed: Feed,
    pub situation: Situation,
}

impl Look {
    pub fn open(target: Target, profile: &Profile) -> Self {
        Self::open_at(hurried(), target, profile, Clocks::system())
    }

    pub fn open_at(pace: Pace, target: Target, profile: &Profile, clocks: Clocks) -> Self {
        let feed = watch::open_at(pace, target, profile, clocks);
        let mut situation = Situation::new();
        situation.now = start();
        Self { feed, situation }
    }

    /// Applies what comes until the situation is as wanted.
    #[expect(clippy::future_not_send, reason = "each test stays on its thread")]
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Situation) -> bool) {
        let limit = Duration::from_secs(20);
        let reached = tokio::time::timeout(limit, async {
            while !wanted(&self.situation) {
                let batch = self.feed.batches.recv().await.expect("the feed runs");
                for observation in batch {
                    self.situation.apply(observation);
                }
            }
        });
        let reached = reached.await.is_ok();
        assert!(reached, "not within {limit:?}: {what}\n{}", states(&self.situation));
    }

    /// The same, for what comes true without anything being observed.
    pub async fn when(&mut self, what: &str, wanted: impl Fn(&Situation) -> bool) {
        let limit = Duration::from_secs(20);
        let begun = std::time::Instant::now();
        while !wanted(&self.situation) {
            assert!(begun.elapsed() < limit, "not within {limit:?}: {what}\n{}", states(&self.situation));
            let batch = tokio::time::timeout(Duration::from_millis(10), self.feed.batches.recv()).await;
            for observation in batch.ok().flatten().into_iter().flatten() {
                self.situation.apply(observation);
            }
        }
    }

    /// Every watch and poll is live.
    pub async fn until_live(&mut self) {
        self.until("every source is live", all_live).await;
    }
}

/// Whether every source that there can be is live.
pub fn all_live(situation: &Situation) -> bool {
    let polled = [Source::Api, Source::NodeMetrics, Source::PodMetrics];
    Kind::ALL.map(Source::Watch).iter().chain(&polled).all(|s| situation.source(s).live())
}

/// The states of all sources that are not live, for messages.
pub fn states(situation: &Situation) -> String {
    let not_live = situation.sources.iter().filter(|(_, status)| status.state != SourceState::Live);
    not_live.map(|(source, status)| format!("{source}: {}\n", status.state)).collect()
}

/// What two looks at the same cluster must agree on: all objects, less what only watching can tell.
pub fn objects(s: &Situation) -> Vec<String> {
    let plain = |pod: &Pod| {
        let mut pod = pod.clone();
        pod.containers.iter_mut().chain(&mut pod.init).for_each(|c| c.history.clear());
        pod
    };
    let mut all = Vec::new();
    macro_rules! tables {
        ($($table:ident),*) => { $(all.extend(s.$table.values().map(|o| format!("{o:?}")));)* };
    }
    tables!(
        nodes,
        leases,
        namespaces,
        deployments,
        replica_sets,
        daemon_sets,
        stateful_sets,
        jobs,
        cron_jobs,
        services,
        endpoint_slices,
        claims,
        volumes,
        budgets,
        autoscalers,
        ingresses,
        quotas,
        validating,
        mutating,
        api_services,
        etcd_snapshots,
        events
    );
    all.extend(s.pods.values().map(|p| format!("{:?}", plain(p))));
    all.extend(s.config_maps.values().map(|c| format!("{c:?}")));
    all
}
