//! How a pod is at the moment, as far as what it answers tells.

use serde_json::Value;

use super::World;
use super::json::{Id, bytes, text};
use super::kubelet::State;
use super::program::{Course, Trade};
use crate::drill::net::{Place, Route, Vantage, route};
use crate::drill::outside::{Mood, Site};

/// How a pod is at the moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Vitals {
    /// What it does for a living.
    pub trade: Trade,
    /// The tag of its image.
    pub version: String,
    /// Seconds since its container started.
    pub up: i64,
    /// How it treats callers.
    pub manner: Manner,
    /// Whether whatever needs database or cache hangs, whatever these do.
    pub deadlocked: bool,
    /// How many times longer than usual everything takes it: 1 and more.
    pub burden: f64,
    /// The database as it finds it.
    pub database: Dependency,
    /// The cache as it finds it.
    pub cache: Dependency,
}

/// How a pod treats its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It answers.
    Answers,
    /// It takes connections and requests and never answers.
    Hangs,
    /// It ends connections.
    Cuts,
    /// It answers everything with this status.
    Says(u16),
}

impl Manner {
    /// What a probe's complaint tells about it.
    fn told_by(says: &str) -> Self {
        let status = says.rsplit_once("statuscode: ").and_then(|(_, rest)| rest.get(..3)?.parse().ok());
        if let Some(status) = status {
            return Self::Says(status);
        }
        let hangs = ["deadline exceeded", "Timeout", "timeout", "timed out"].iter().any(|word| says.contains(word));
        if hangs { Self::Hangs } else { Self::Cuts }
    }
}

/// Something that a pod needs, as it finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependency {
    /// It answers, so many milliseconds later than usual.
    There(u32),
    /// It refuses, or answers with an error.
    Fails,
    /// It does not answer.
    Silent,
}

impl World {
    /// How a pod is; nothing if nothing of it runs.
    pub fn vitals(&self, namespace: &str, name: &str) -> Option<Vitals> {
        let run = self.runs.get(&Id::new(namespace, name))?;
        let State::Running(since) = run.container.state else { return None };
        let pod = self.store.get(self.res.pods, namespace, name)?;
        let up = self.now.duration_since(since).as_secs();
        Some(Vitals {
            trade: run.container.trade,
            version: run.container.image.rsplit_once(':').map(|(_, tag)| tag.to_owned()).unwrap_or_default(),
            up,
            manner: run.ailment.as_ref().map_or(Manner::Answers, |ailment| Manner::told_by(&ailment.says)),
            deadlocked: self.is_deadlocked(&Id::new(namespace, name)),
            burden: self.exhaustion(&pod).max(self.throttling(&pod)),
            database: self.database_from(&run.node),
            cache: self.cache_from(&run.node, namespace),
        })
    }

    /// How a node's ingress treats its callers; nothing if none listens there.
    pub fn ingress_manner(&self, node: &str) -> Option<Manner> {
        let pods = self.store.list(self.res.pods, Some("kube-system"));
        let pod = pods.iter().find(|p| {
            text(p, "/spec/nodeName") == node
                && Trade::of(text(p, "/spec/containers/0/name")) == Trade::Ingress
                && self.listens(p)
        })?;
        let ailment = self.runs.get(&Id::of(pod))?.ailment.as_ref();
        Some(ailment.map_or(Manner::Answers, |ailment| Manner::told_by(&ailment.says)))
    }

    /// How much longer everything takes a pod whose memory runs out: its collector works more than it does.
    fn exhaustion(&self, pod: &Value) -> f64 {
        let Some(container) = self.runs.get(&Id::of(pod)).map(|run| &run.container) else { return 1.0 };
        let (Course::Leaks(_), State::Running(since), Some(ends)) =
            (container.course, &container.state, container.ends)
        else {
            return 1.0;
        };
        let done = self.now.duration_since(*since).as_secs_f64() / ends.duration_since(*since).as_secs_f64();
        1.0 + 14.0 * done.clamp(0.0, 1.0).powi(4)
    }

    /// How much longer everything takes a pod that is near its CPU limit.
    fn throttling(&self, pod: &Value) -> f64 {
        let limit = thousandths(text(pod, "/spec/containers/0/resources/limits/cpu"));
        let Some((used, _)) = self.usage(pod, self.now).filter(|_| limit > 0.0) else { return 1.0 };
        // Waiting grows without end as the share in use nears one.
        let busy = (used / limit).clamp(0.0, 0.98);
        if busy < 0.7 { 1.0 } else { 0.3 / (1.0 - busy) }
    }

    fn database_from(&self, node: &str) -> Dependency {
        let database = route(self, &Vantage::Node(node.to_owned()), "db.example.com", 5432);
        match (database, self.outside.mood(Site::Postgres)) {
            (Route::Silent, _) | (Route::To(_), Mood::Stalls | Mood::Silent) => Dependency::Silent,
            (Route::Refused, _) | (Route::To(_), Mood::Refuses | Mood::Says(_)) => Dependency::Fails,
            (Route::To(_), Mood::Slow(millis)) => Dependency::There(millis),
            (Route::To(_), Mood::Well) => Dependency::There(0),
        }
    }

    /// The Service of that name in the pod's namespace, as the pod's node finds it.
    fn cache_from(&self, node: &str, namespace: &str) -> Dependency {
        let Some(service) = self.store.get(self.res.services, namespace, "redis") else { return Dependency::Fails };
        match route(self, &Vantage::Node(node.to_owned()), text(&service, "/spec/clusterIP"), 6379) {
            Route::To(Place::Pod { namespace, name, .. }) => match self.redis(&namespace, &name) {
                Some(redis) if redis.stuck => Dependency::Silent,
                Some(redis) if !redis.loading => Dependency::There(0),
                _ => Dependency::Fails,
            },
            Route::To(_) | Route::Refused => Dependency::Fails,
            Route::Silent => Dependency::Silent,
        }
    }
}

/// Thousandths of a core of a quantity such as `500m`; zero for none.
fn thousandths(quantity: &str) -> f64 {
    match quantity.strip_suffix('m') {
        Some(thousandths) => thousandths.parse().unwrap_or_default(),
        None => bytes(quantity) as f64 * if quantity.is_empty() { 0.0 } else { 1000.0 },
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::drill::world::{Ailing, Fault, InTrouble, Power, Trouble, Weather};

    fn world() -> World {
        World::new(1, "2026-03-01T04:00:00Z".parse().unwrap())
    }

    /// The first pod of a container's name, and its vitals.
    fn of(world: &World, container: &str) -> (String, Vitals) {
        let id = world.runs.iter().find(|(_, run)| run.container.name == container).map(|(id, _)| id.clone()).unwrap();
        let vitals = world.vitals(&id.namespace, &id.name).unwrap();
        (id.name, vitals)
    }

    #[test]
    fn a_complaint_tells_how_callers_are_treated() {
        for (says, manner) in [
            ("HTTP probe failed with statuscode: 503", Manner::Says(503)),
            ("Get \"http://{ip}:8080/ping\": context deadline exceeded (Client.Timeout exceeded)", Manner::Hangs),
            ("Get \"http://{ip}:8000/\": dial tcp: connect: connection refused", Manner::Cuts),
            ("Get \"http://{ip}:8000/\": EOF", Manner::Cuts),
            ("statuscode: ", Manner::Cuts),
        ] {
            assert_eq!(Manner::told_by(says), manner, "{says}");
        }
    }

    #[test]
    fn a_pod_finds_what_it_needs_as_its_node_does() {
        let mut world = world();
        let (name, vitals) = of(&world, "api");
        assert_eq!((vitals.database, vitals.cache), (Dependency::There(0), Dependency::There(0)));
        assert_eq!((vitals.manner, vitals.burden), (Manner::Answers, 1.0));
        let mut database = |mood| {
            world.inject(&Fault::Outside(Weather { site: Site::Postgres, mood }));
            world.vitals("honeydue", &name).unwrap().database
        };
        assert_eq!(database(Mood::Slow(900)), Dependency::There(900));
        assert_eq!(database(Mood::Says("57P03".into())), Dependency::Fails);
        assert_eq!(database(Mood::Refuses), Dependency::Fails);
        assert_eq!(database(Mood::Stalls), Dependency::Silent);
        assert_eq!(database(Mood::Well), Dependency::There(0));
        let redis = world.runs.iter().find(|(_, run)| run.container.name == "redis").map(|(_, run)| run.node.clone());
        let fault = InTrouble { node: redis.unwrap(), trouble: Trouble::Power(Power::Off) };
        world.inject(&Fault::Machine(fault));
        let silent = world.runs.iter().filter(|(_, run)| run.container.name == "api").any(|(id, _)| {
            world.vitals(&id.namespace, &id.name).is_some_and(|vitals| vitals.cache == Dependency::Silent)
        });
        assert!(silent, "the cache's node is off");
    }

    #[test]
    fn ailments_and_leaks_show() {
        let mut world = world();
        let ailing = |workload: &str, namespace: &str, node: Option<&str>| {
            Fault::Ailing(Ailing {
                namespace: namespace.into(),
                workload: workload.into(),
                node: node.map(str::to_owned),
                says: "HTTP probe failed with statuscode: 500".into(),
                deadly: false,
            })
        };
        world.inject(&ailing("api", "honeydue", None));
        world.inject(&ailing("traefik", "kube-system", Some("nbg1-2")));
        assert_eq!(of(&world, "api").1.manner, Manner::Says(500));
        let manners = ["nbg1-1", "nbg1-2"].map(|node| world.ingress_manner(node));
        assert_eq!(manners, [Some(Manner::Answers), Some(Manner::Says(500))]);

        let mut world = self::world();
        let scenario = crate::drill::find("F14").unwrap();
        scenario.faults.iter().for_each(|fault| {
            world.inject(fault);
        });
        let mut worst: f64 = 1.0;
        for _ in 0..180 {
            world.advance(world.now + SignedDuration::from_secs(5));
            let apis = world.runs.iter().filter(|(_, run)| run.container.name == "api");
            let burdens = apis.filter_map(|(id, _)| Some(world.vitals(&id.namespace, &id.name)?.burden));
            worst = burdens.fold(worst, f64::max);
        }
        assert!(worst > 3.0, "a pod near its limit is slow: {worst}");
    }

    #[test]
    fn quantities_of_cpu() {
        assert_eq!(["500m", "2", ""].map(|quantity| thousandths(quantity) as u64), [500, 2000, 0]);
    }
}
