use jiff::{SignedDuration, Timestamp};

use super::World;
use super::json::text;

fn start() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().expect("a time")
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let story = |seed, steps: i64| {
        let mut world = World::new(seed, start());
        for step in 1..=steps {
            world.advance(start() + SignedDuration::from_secs(1800 * step / steps));
        }
        let events = world.store.list(world.res.events, None);
        events.iter().map(|e| e.to_string()).collect::<Vec<_>>()
    };
    let once = story(1, 1);
    assert!(!once.is_empty());
    assert_eq!(once, story(1, 977), "the pace of the clock must not matter");
    assert_ne!(once, story(2, 1));
}

#[test]
fn the_deployment_stands() {
    let world = World::new(1, start());
    let pods = world.store.list(world.res.pods, None);
    let names: Vec<_> = pods.iter().map(|p| text(p, "/metadata/name")).collect();
    assert_eq!(pods.len(), 12, "{names:?}");
}

#[test]
fn dump() {
    let begun = std::time::Instant::now();
    let mut world = World::new(1, start());
    eprintln!("genesis {:?}", begun.elapsed());
    let begun = std::time::Instant::now();
    world.advance(start() + SignedDuration::from_hours(1));
    eprintln!("an hour {:?}", begun.elapsed());
    for res in [
        world.res.pods,
        world.res.replica_sets,
        world.res.deployments,
        world.res.events,
        world.res.snapshots,
        world.res.jobs,
        world.res.slices,
        world.res.api_services,
        world.res.budgets,
    ] {
        for o in world.store.list(res, None) {
            match o["kind"].as_str().unwrap_or_default() {
                "Event" => eprintln!(
                    "{} {} {} {} {} {}",
                    o["lastTimestamp"],
                    o["eventTime"],
                    text(&o, "/type"),
                    text(&o, "/reason"),
                    text(&o, "/metadata/name"),
                    text(&o, "/message")
                ),
                kind => eprintln!(
                    "{kind} {}/{} created {} {}",
                    text(&o, "/metadata/namespace"),
                    text(&o, "/metadata/name"),
                    text(&o, "/metadata/creationTimestamp"),
                    {
                        let s = o["status"].to_string();
                        if kind == "Pod" {
                            format!(
                                "{} {} {}",
                                o["spec"]["nodeName"], o["status"]["phase"], o["status"]["containerStatuses"]
                            )
                        } else {
                            s
                        }
                    }
                ),
            }
        }
    }
}
