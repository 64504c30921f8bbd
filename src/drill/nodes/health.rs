//! The health ports on a node's loopback: the kubelet's (10248), kube-proxy's (10256), etcd's (2381).

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::super::net::{Caller, Place, Service, Serving, Stream};
use super::super::outside::http::{self as web, Answering, Answers, Reply};
use super::super::world::World;
use super::Etcd;

/// Upper bounds of the buckets of the time that etcd's log takes to reach the disk, in seconds, with the share below each.
const FSYNC: [(&str, f64); 14] = [
    ("0.001", 0.41),
    ("0.002", 0.83),
    ("0.004", 0.962),
    ("0.008", 0.991),
    ("0.016", 0.9978),
    ("0.032", 0.9994),
    ("0.064", 0.9999),
    ("0.128", 1.0),
    ("0.256", 1.0),
    ("0.512", 1.0),
    ("1.024", 1.0),
    ("2.048", 1.0),
    ("4.096", 1.0),
    ("8.192", 1.0),
];
/// How long kube-proxy's rules have not been written once it is broken.
const STALE: SignedDuration = SignedDuration::from_mins(11);

/// The health ports.
#[derive(Debug)]
pub struct Health;

impl Service for Health {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        Box::pin(async move { web::serve(stream, None, self, caller).await })
    }
}

impl Answers for Health {
    fn answer(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Answering {
        Box::pin(async move {
            let Place::Health { node, port } = &caller.place else { return missing() };
            let path = request.uri().path();
            caller.network.with(|world| match (port, path) {
                (10248, "/healthz") => web::plain(StatusCode::OK, "ok"),
                (10256, "/healthz" | "/livez") => proxy(world, node),
                (2381, "/health") => member(world, node),
                (2381, "/metrics") => metrics(world, node),
                _ => missing(),
            })
        })
    }
}

fn missing() -> Reply {
    web::plain(StatusCode::NOT_FOUND, "404 page not found\n")
}

fn proxy(world: &World, node: &str) -> Reply {
    let works = world.machine(node).is_some_and(|machine| machine.service_rules);
    let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S%.9f +0000 UTC").to_string();
    let now = world.now();
    let updated = if works { now } else { now - STALE };
    let status = if works { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = format!(
        "{{\"lastUpdated\": \"{}\",\"currentTime\": \"{}\", \"nodeEligible\": true}}",
        time(updated),
        time(now)
    );
    web::of_type(status, "application/json", body)
}

fn member(world: &World, node: &str) -> Reply {
    let healthy = Etcd::seen_from(world, node).is_some_and(|etcd| etcd.healthy());
    let (status, body) = if healthy {
        (StatusCode::OK, r#"{"health":"true","reason":""}"#)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, r#"{"health":"false","reason":"RAFT NO LEADER"}"#)
    };
    web::plain(status, body)
}

fn metrics(world: &World, node: &str) -> Reply {
    let Some(etcd) = Etcd::seen_from(world, node) else { return missing() };
    let up = world.machine(node).map_or(SignedDuration::ZERO, |machine| world.now().duration_since(machine.booted));
    let learner = etcd.member == super::super::world::Member::Learner;
    let size = 14_700_000 + etcd.revision % 100_000 * 21;
    let mut text = String::new();
    let mut gauge = |name: &str, value: u64| {
        let _ = writeln!(text, "# TYPE {name} gauge\n{name} {value}");
    };
    gauge("etcd_debugging_mvcc_current_revision", etcd.revision);
    gauge("etcd_mvcc_db_total_size_in_bytes", size);
    gauge("etcd_mvcc_db_total_size_in_use_in_bytes", size * 7 / 10);
    gauge("etcd_server_has_leader", u64::from(etcd.has_leader));
    gauge("etcd_server_is_leader", u64::from(etcd.is_leader));
    gauge("etcd_server_is_learner", u64::from(learner));
    let _ = writeln!(text, "# TYPE etcd_server_leader_changes_seen_total counter");
    let _ = writeln!(text, "etcd_server_leader_changes_seen_total {}", if etcd.has_leader { 2 } else { 3 });
    fsync(&mut text, up);
    web::of_type(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text)
}

/// Some two writes a second since the machine was started.
fn fsync(text: &mut String, up: SignedDuration) {
    const NAME: &str = "etcd_disk_wal_fsync_duration_seconds";
    let count = up.as_secs().max(0) as u64 * 2;
    let _ = writeln!(text, "# TYPE {NAME} histogram");
    for (bound, share) in FSYNC {
        let _ = writeln!(text, "{NAME}_bucket{{le=\"{bound}\"}} {}", (count as f64 * share) as u64);
    }
    let _ = writeln!(text, "{NAME}_bucket{{le=\"+Inf\"}} {count}");
    let _ = writeln!(text, "{NAME}_sum {:.6}", count as f64 * 0.001_42);
    let _ = writeln!(text, "{NAME}_count {count}");
}
