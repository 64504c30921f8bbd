//! The simulated cluster as a whole: the world, its server, the passing of time, and what is broken.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::JoinHandle;

use super::api::{Record, Server, serve};
use super::clock::SimulatedClock;
use super::control::{Written, write_private};
use super::net::{Network, Ports};
#[cfg(feature = "drill")]
use super::nodes::Door;
use super::scenario::Scenario;
use super::store::Store;
use super::world::{Fault, Load, Undo, World};
use super::{deployment, find};
use crate::action::Rehearsal;
use crate::config::Profile;
use crate::situation::time::{Clock, Clocks, SystemClock};

/// How often time is let pass.
const TICK: Duration = Duration::from_millis(40);
/// One API server for each server node.
const SERVERS: usize = 3;

/// What kind of simulation is wanted.
#[derive(Debug, Clone)]
pub struct Options {
    /// The same seed tells the same story.
    pub seed: u64,
    /// What is broken from the beginning.
    pub scenarios: Vec<&'static Scenario>,
    /// Nodes and pods beyond those of the deployment.
    pub load: Load,
    /// How many times faster than life.
    pub speed: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, scenarios: Vec::new(), load: Load::default(), speed: 1.0 }
    }
}

/// A running simulated cluster. Dropping it ends its server and its time.
#[derive(Debug)]
pub struct Simulation {
    world: Arc<Mutex<World>>,
    clock: Arc<SimulatedClock>,
    broken: Mutex<Vec<Broken>>,
    server: Arc<Server>,
    network: Arc<Network>,
    ports: Ports,
    pump: JoinHandle<()>,
}

/// How far a simulation has come while it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The past is being played.
    Past,
    /// Pods beyond those of the deployment are being made.
    Pods {
        /// So many are there.
        made: u32,
        /// So many are wanted.
        of: u32,
    },
}

/// Something that was broken and not yet healed.
#[derive(Debug)]
struct Broken {
    scenario: &'static Scenario,
    since: Timestamp,
    undo: Vec<Undo>,
}

/// How a simulation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// What time it is there.
    pub now: Timestamp,
    /// What was broken and not healed by name.
    pub scenarios: Vec<ScenarioStatus>,
}

/// How one scenario stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioStatus {
    /// The catalogue's id.
    pub id: String,
    /// Since when it is broken.
    pub since: Timestamp,
    /// Whether it works again, whoever mended it.
    pub recovered: bool,
}

impl Simulation {
    /// Plays the past, breaks what is to be broken, opens the server and lets time pass.
    ///
    /// # Errors
    /// When the server cannot listen on the loopback.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        Self::start_telling(options, |_| {}).await
    }

    /// The same, and says how far it has come.
    ///
    /// # Errors
    /// When the server cannot listen on the loopback.
    pub async fn start_telling(options: Options, tell: impl Fn(Progress) + Send + 'static) -> anyhow::Result<Self> {
        let now = SystemClock.now();
        let (world, broken) = tokio::task::spawn_blocking(move || {
            let (world, broken) = play(&options, now, &tell);
            ((world, options.speed), broken)
        })
        .await
        .context("the simulated world could not be built")?;
        let (world, speed) = world;
        let clock = Arc::new(SimulatedClock::new(now, speed));
        let world = Arc::new(Mutex::new(world));
        let server = Arc::new(serve(world.clone(), SERVERS).await?);
        let network = Network::new(world.clone())?;
        network.tell_of_apis(server.endpoints.iter().map(super::api::Endpoint::addr).collect());
        server.join(&network);
        let ports = Ports::open(&network)?;
        #[cfg(feature = "drill")]
        network.services().nodes().tell_of_doors(&doors(&network, &ports));
        let pump = tokio::spawn(pump(world.clone(), clock.clone(), server.clone()));
        Ok(Self { world, clock, broken: Mutex::new(broken), server, network, ports, pump })
    }

    /// The addresses of the API, one for each server node.
    pub fn endpoints(&self) -> Vec<String> {
        self.server.endpoints.iter().map(super::api::Endpoint::url).collect()
    }

    /// The clocks for a console in the same process: cluster time is the simulated clock.
    pub fn clocks(&self) -> Clocks {
        Clocks { cluster: self.clock.clone(), wall: Arc::new(SystemClock) }
    }

    /// The profile of the deployment, with this simulation's addresses in it.
    pub fn profile(&self) -> Profile {
        let dial = self.ports.dial().iter().map(|(address, socket)| (address.clone(), socket.to_string()));
        Profile {
            endpoints: self.endpoints(),
            dial: dial.collect(),
            dial_ca: self.network.services().trust().pem(),
            ..deployment::profile()
        }
    }

    /// The kubeconfig, without an extension.
    ///
    /// # Errors
    /// When it cannot be written as YAML.
    pub fn kubeconfig(&self) -> anyhow::Result<String> {
        self.server.kubeconfig(None)
    }

    /// Writes the kubeconfig, and beside it the profile that it names; `socket` is where a control connection listens.
    /// A file that is not a simulation's is never overwritten.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, kubeconfig: &Path, socket: Option<&Path>) -> anyhow::Result<Vec<Written>> {
        let name = kubeconfig.file_name().and_then(|n| n.to_str()).context("the kubeconfig needs a file name")?;
        let profile = format!("{name}.profile.yaml");
        let mut extension = json!({ "profile": profile });
        if let Some(socket) = socket {
            extension["socket"] = socket.display().to_string().into();
        }
        let (ssh_config, mut written) = self.write_access(kubeconfig, name)?;
        let told = Profile { ssh_config, ..self.profile() };
        let text = serde_saphyr::to_string(&told).context("could not write the profile as YAML")?;
        written.push(write_private(&kubeconfig.with_file_name(profile), &text)?);
        written.push(write_private(&kubeconfig.with_file_name(format!("{name}.tokens.yaml")), &self.tokens())?);
        written.push(write_private(kubeconfig, &self.server.kubeconfig(Some(&extension))?)?);
        Ok(written)
    }

    /// What the APIs outside want to see, as a file.
    fn tokens(&self) -> String {
        let outside = self.network.services().outside();
        let (edge, provider) = (outside.edge_token(), outside.provider_token());
        format!(
            "# Bearer tokens of this crashcart-sim, for its edge-api.example.com and cloud.example.com\nedge: {edge}\nprovider: {provider}\n"
        )
    }

    /// Writes what `ssh` needs beside the kubeconfig; the configuration's path, and what was written.
    #[cfg(feature = "drill")]
    fn write_access(&self, kubeconfig: &Path, name: &str) -> anyhow::Result<(String, Vec<Written>)> {
        let beside = |what: &str| kubeconfig.with_file_name(format!("{name}.{what}"));
        let (config, key, hosts) = (beside("ssh_config"), beside("ssh_key"), beside("known_hosts"));
        let (doors, keys) = (doors(&self.network, &self.ports), self.network.services().nodes().keys());
        let written = vec![
            write_private(&key, &keys.identity()?)?,
            write_private(&hosts, &keys.known_hosts(&doors)?)?,
            write_private(&config, &keys.config(&doors, &key, &hosts))?,
        ];
        Ok((config.display().to_string(), written))
    }

    /// Without an SSH server there is nothing to write.
    #[cfg(not(feature = "drill"))]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "it stands for the one that writes")]
    fn write_access(&self, _kubeconfig: &Path, _name: &str) -> anyhow::Result<(String, Vec<Written>)> {
        Ok((String::new(), Vec::new()))
    }

    /// The proof that this cluster is a simulated one, for the scripted operator.
    #[expect(clippy::disallowed_methods, reason = "the one place that can make it: it holds the simulated cluster")]
    pub fn rehearsal(&self) -> Rehearsal {
        let world = lock(&self.world);
        let system = Store::resource("", "namespaces").and_then(|res| world.store().get(res, "", "kube-system"));
        let uid = system.as_ref().and_then(|ns| ns["metadata"]["uid"].as_str()).unwrap_or_default();
        Rehearsal::of_simulation(self.server.ca_pem.clone(), uid.to_owned())
    }

    /// The server, for its users and its record of requests.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The network with all that stands on it.
    pub const fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// Breaks something that is no scenario, now; how to undo it.
    pub fn break_one(&self, fault: &Fault) -> Option<Undo> {
        let mut world = lock(&self.world);
        world.advance(self.clock.now());
        world.inject(fault)
    }

    /// Every request that reached the server, oldest first.
    pub fn requests(&self) -> Vec<Record> {
        self.server.requests()
    }

    /// Those that were to change something: no reading, no dry runs, no reviews of rights.
    pub fn changes(&self) -> Vec<Record> {
        self.server.changes()
    }

    /// Breaks something, now. Nothing happens if it is broken already.
    pub fn inject(&self, scenario: &'static Scenario) {
        let mut broken = lock(&self.broken);
        if broken.iter().any(|b| b.scenario.id == scenario.id) {
            return;
        }
        let mut world = lock(&self.world);
        world.advance(self.clock.now());
        broken.push(break_now(&mut world, scenario));
    }

    /// Undoes one fault, or all. Returns the ids of what was healed.
    pub fn heal(&self, id: Option<&str>) -> Vec<String> {
        let wanted = id.and_then(find).map(|s| s.id.as_str());
        let mut broken = lock(&self.broken);
        let mut world = lock(&self.world);
        world.advance(self.clock.now());
        let mut healed = Vec::new();
        // The last fault first, so that what two of them changed ends as it was before both.
        let chosen: Vec<_> =
            broken.extract_if(.., |b| id.is_none() || Some(b.scenario.id.as_str()) == wanted).collect();
        for item in chosen.into_iter().rev() {
            item.undo.into_iter().rev().for_each(|undo| world.heal(undo));
            healed.push(item.scenario.id.clone());
        }
        healed
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        let broken = lock(&self.broken);
        let mut world = lock(&self.world);
        world.advance(self.clock.now());
        let stands = |b: &Broken| ScenarioStatus {
            id: b.scenario.id.clone(),
            since: b.since,
            recovered: !b.undo.iter().any(|u| world.at_work(u))
                && b.scenario.recovered.iter().all(|r| world.recovered(r)),
        };
        Status { now: world.now(), scenarios: broken.iter().map(stands).collect() }
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

/// A world whose past holds the faults, each begun its warm-up before `now`.
fn play(options: &Options, now: Timestamp, tell: &dyn Fn(Progress)) -> (World, Vec<Broken>) {
    tell(Progress::Past);
    let mut scenarios = options.scenarios.clone();
    scenarios.sort_by_key(|s| std::cmp::Reverse(s.warm_up));
    let longest = scenarios.first().map_or(SignedDuration::ZERO, |s| s.warm_up);
    let mut world = World::new(options.seed, now - longest);
    let mut broken = Vec::new();
    for scenario in scenarios {
        world.advance(now - scenario.warm_up);
        broken.push(break_now(&mut world, scenario));
    }
    world.advance(now);
    world.burden_telling(options.load, &|made| tell(Progress::Pods { made, of: options.load.pods }));
    (world, broken)
}

fn break_now(world: &mut World, scenario: &'static Scenario) -> Broken {
    let since = world.now();
    let undo = scenario.faults.iter().filter_map(|fault| world.inject(fault)).collect();
    Broken { scenario, since, undo }
}

/// Where the shells of the nodes are.
#[cfg(feature = "drill")]
fn doors(network: &Network, ports: &Ports) -> Vec<Door> {
    let machines = network.with(|world| world.machines().clone());
    let door = |(node, machine): (String, crate::drill::world::Machine)| {
        let address = *ports.dial().get(&format!("{}:22", machine.public))?;
        Some(Door { node, address, names: vec![machine.public, machine.private] })
    };
    machines.into_iter().filter_map(door).collect()
}

/// Lets time pass until it is aborted. The address of a node whose API server is gone refuses.
async fn pump(world: Arc<Mutex<World>>, clock: Arc<SimulatedClock>, server: Arc<Server>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let answers: Vec<bool> = {
            let mut world = lock(&world);
            world.advance(clock.now());
            world.machines().keys().map(|node| world.serves_api(node)).collect()
        };
        for (endpoint, answers) in server.endpoints.iter().zip(answers) {
            endpoint.refuse(!answers);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
