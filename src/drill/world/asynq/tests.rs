use super::super::redis::{Datum, Redis, in_order};
use super::super::{Ailing, Fault, InTrouble, Power, Trouble, Weather};
use super::*;
use crate::drill::outside::{Mood, Site};

fn start() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().expect("a time")
}

fn world() -> World {
    World::new(1, start())
}

fn after(world: &mut World, minutes: i64) {
    world.advance(world.now() + SignedDuration::from_mins(minutes));
}

impl World {
    fn only_redis(&self) -> Redis {
        let pod = self.runs.iter().find(|(_, run)| run.container.name == "redis").expect("a redis");
        self.redis(&pod.0.namespace, &pod.0.name).expect("it runs")
    }

    fn queue<T>(&mut self, look: impl FnOnce(&mut Keyspace, Timestamp) -> T) -> T {
        let redis = self.only_redis();
        let (data, now) = self.redis_data(&redis);
        look(data, now)
    }

    fn pending(&mut self) -> usize {
        self.queue(|data, _| data.llen(&key("pending")))
    }

    fn waiting(&mut self, set: &str) -> Vec<Task> {
        self.queue(|data, _| {
            let ids = data.up_to(&key(set), i64::MAX);
            ids.iter().filter_map(|id| data.hget(&task_key(id), "msg")).map(Task::decode).collect()
        })
    }

    fn processed(&mut self) -> i64 {
        self.queue(|data, now| match data.get(&key("processed"), now) {
            Some(Datum::Text(text)) => String::from_utf8_lossy(text).parse().expect("a number"),
            _ => 0,
        })
    }

    /// How many that are listed tell that they are alive.
    fn alive(&mut self, list: &str) -> usize {
        self.queue(|data, now| match data.get(list, now) {
            Some(Datum::Sorted(sorted)) => {
                in_order(sorted).iter().filter(|(_, score)| *score >= now.as_second() as f64).count()
            }
            _ => 0,
        })
    }

    fn wish_for(&mut self, deployment: &str, replicas: u32) {
        let deployments = self.res.deployments;
        self.store.modify(deployments, "honeydue", deployment, |d| d["spec"]["replicas"] = replicas.into());
    }
}

#[test]
fn a_healthy_queue_is_nearly_empty_and_moves() {
    let mut world = world();
    let before = world.processed();
    after(&mut world, 10);
    assert!(world.pending() < 10, "{}", world.pending());
    let done = world.processed() - before;
    assert!((60..400).contains(&done), "{done} in ten minutes of a morning");
    assert_eq!((world.alive("asynq:servers"), world.alive("asynq:schedulers")), (1, 1));
    assert!(world.waiting("scheduled").len() > 10);
    assert!(world.waiting("retry").len() < 5);
}

#[test]
fn without_a_worker_it_grows_and_with_one_it_drains() {
    let mut world = world();
    world.wish_for("worker", 0);
    after(&mut world, 10);
    assert_eq!((world.alive("asynq:servers"), world.alive("asynq:schedulers")), (0, 0));
    let waiting = world.pending();
    assert!(waiting > 60, "{waiting}");
    assert_eq!(world.queue(|data, _| data.llen(&key("active"))), 0, "given back on the way out");
    world.wish_for("worker", 1);
    after(&mut world, 5);
    assert!(world.pending() < 10, "{} of {waiting}", world.pending());
}

#[test]
fn two_workers_enqueue_periodic_tasks_twice() {
    let mut world = world();
    world.wish_for("worker", 2);
    after(&mut world, 2);
    assert_eq!((world.alive("asynq:servers"), world.alive("asynq:schedulers")), (2, 2));
}

fn ailing(workload: &str) -> Fault {
    let says = "command timed out: \"redis-cli ping\" timed out after 3s".to_owned();
    Fault::Ailing(Ailing { namespace: "honeydue".into(), workload: workload.into(), node: None, says, deadly: false })
}

#[test]
fn a_stuck_worker_lives_and_gets_nothing_done() {
    let mut world = world();
    world.inject(&ailing("worker"));
    after(&mut world, 2);
    let before = world.processed();
    after(&mut world, 6);
    assert_eq!((world.alive("asynq:servers"), world.processed()), (1, before));
    assert!(world.pending() > 40);
    let (active, overdue) =
        world.queue(|data, now| (data.llen(&key("active")), data.up_to(&key("lease"), now.as_second()).len()));
    assert_eq!((active, overdue), (10, 0), "its hands are full, and it says so");
}

#[test]
fn nobody_lives_where_redis_does_not_answer() {
    let mut world = world();
    let before = world.processed();
    world.inject(&ailing("redis"));
    after(&mut world, 5);
    assert_eq!((world.alive("asynq:servers"), world.processed()), (0, before));
}

#[test]
fn a_paused_queue_waits() {
    let mut world = world();
    world.queue(|data, _| data.set(&key("paused"), "1", None));
    after(&mut world, 5);
    assert!(world.pending() > 20);
    assert_eq!(world.alive("asynq:servers"), 1);
    world.queue(|data, _| data.del(&key("paused")));
    after(&mut world, 3);
    assert!(world.pending() < 10);
}

#[test]
fn only_what_needs_the_mail_fails_without_it_and_comes_again_when_it_is_back() {
    let mut world = world();
    let undo = world.inject(&Fault::Outside(Weather { site: Site::Smtp, mood: Mood::Says("535".to_owned()) }));
    after(&mut world, 10);
    let waiting = world.waiting("retry");
    assert!(waiting.len() > 10, "{}", waiting.len());
    assert!(waiting.iter().filter(|task| task.error.contains("535")).all(|task| task.kind == "email:reminder"));
    assert!(waiting.iter().any(|task| task.retried > 1));
    world.heal(undo.expect("an undo"));
    after(&mut world, 60);
    assert!(world.waiting("retry").len() < waiting.len() / 4, "{}", world.waiting("retry").len());
}

#[test]
fn what_a_dead_machine_had_in_its_hands_is_recovered_by_the_next_worker() {
    let mut world = world();
    world.inject(&Fault::Outside(Weather { site: Site::Smtp, mood: Mood::Stalls }));
    after(&mut world, 2);
    let node = world.runs.values().find(|run| run.container.name == "worker").expect("a worker").node.clone();
    assert_ne!(node, world.only_redis().node, "another seed is needed");
    let held: Vec<String> = world.queue(|data, now| match data.get(&key("active"), now) {
        Some(Datum::List(ids)) => ids.iter().map(|id| String::from_utf8_lossy(id).into_owned()).collect(),
        _ => Vec::new(),
    });
    assert!(!held.is_empty());
    world.inject(&Fault::Machine(InTrouble { node, trouble: Trouble::Power(Power::Off) }));
    after(&mut world, 2);
    assert_eq!(world.alive("asynq:servers"), 0);
    let overdue = world.queue(|data, now| data.up_to(&key("lease"), now.as_second()).len());
    assert!(overdue > 0, "leases nobody renews");
    // The pod is replaced after five minutes.
    after(&mut world, 10);
    assert_eq!(world.alive("asynq:servers"), 1);
    // What is not done by now was tried again.
    let (tried, overdue) = world.queue(|data, now| {
        let tasks = held.iter().filter_map(|id| data.hget(&task_key(id), "msg")).map(Task::decode);
        (tasks.map(|task| task.retried).collect::<Vec<_>>(), data.up_to(&key("lease"), now.as_second()).len())
    });
    assert!(!tried.is_empty() && !tried.contains(&0) && overdue == 0, "{tried:?}, {overdue} overdue");
}

#[test]
fn data_outlive_the_pod_and_not_its_volume() {
    let mut world = world();
    let before = world.queue(|data, now| data.count(now).0);
    let delete = |world: &mut World| {
        let pod = world.runs.iter().find(|(_, run)| run.container.name == "redis").expect("a redis").0.clone();
        world.delete_pod(&pod);
        after(world, 1);
    };
    delete(&mut world);
    assert!(world.queue(|data, now| data.count(now).0) > before / 2);
    // The same name, another claim.
    let claims = world.res.claims;
    let claim = world.store.get(claims, "honeydue", "redis-data").expect("a claim");
    world.store.remove(claims, "honeydue", "redis-data");
    let mut again = (*claim).clone();
    again["metadata"] = serde_json::json!({ "name": "redis-data", "namespace": "honeydue" });
    let now = world.now();
    world.store.create(claims, again, now).expect("created");
    delete(&mut world);
    assert!(world.queue(|data, now| data.count(now).0) < before / 4);
}

#[test]
fn the_same_seed_tells_the_same_of_the_queue() {
    let tell = |mut world: World| {
        after(&mut world, 7);
        world.queue(|data, now| data.keys(now).map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(tell(world()), tell(world()));
}
