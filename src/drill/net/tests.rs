//! Who reaches what, and that the sockets do as the routes say.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpStream;

use super::*;
use crate::drill::outside::{Mood, Site};
use crate::drill::world::{Power, Trouble, Unit};

fn world() -> World {
    World::new(1, "2026-03-01T04:00:00Z".parse::<Timestamp>().unwrap())
}

fn from(node: &str) -> Vantage {
    Vantage::Node(node.to_owned())
}

/// The address of a ready pod whose container has that name, and its node.
fn pod(world: &World, container: &str) -> (String, String) {
    let pods = crate::drill::store::Store::resource("", "pods").map(|res| world.store().list(res, None)).unwrap();
    let pod = pods.iter().find(|p| p["spec"]["containers"][0]["name"] == container).unwrap();
    let text = |pointer: &str| pod.pointer(pointer).and_then(|v| v.as_str()).unwrap().to_owned();
    (text("/status/podIP"), text("/spec/nodeName"))
}

fn leads(world: &World, from: &Vantage, host: &str, port: u16) -> bool {
    matches!(route(world, from, host, port), Route::To(_))
}

#[test]
fn the_operator_reaches_what_is_public_and_nothing_else() {
    let world = world();
    let route = |host, port| route(&world, &Vantage::Operator, host, port);
    assert_eq!(route("203.0.113.11", 22), Route::To(Place::Shell("nbg1-1".into())));
    assert_eq!(route("203.0.113.12", 80), Route::To(Place::Ingress { node: "nbg1-2".into(), tls: false }));
    assert_eq!(route("db.example.com", 5432), Route::To(Place::Site { site: Site::Postgres, port: 5432 }));
    // The firewall drops what it does not allow; private addresses and pods have no way from here.
    for (host, port) in [("203.0.113.11", 10250), ("203.0.113.11", 8080), ("10.0.0.11", 22), ("10.42.0.7", 8000)] {
        assert_eq!(route(host, port), Route::Silent, "{host}:{port}");
    }
    assert_eq!(route("db.example.com", 80), Route::Silent);
    assert_eq!(route("198.51.100.1", 443), Route::Silent);
}

#[test]
fn nodes_reach_peers_pods_and_services() {
    let world = world();
    let (ip, node) = pod(&world, "api");
    for own in ["nbg1-1", "nbg1-2", "nbg1-3"] {
        assert!(leads(&world, &from(own), &ip, 8000), "{own}");
        assert!(leads(&world, &from(own), "10.43.18.52", 80), "{own} to the Service");
        assert!(leads(&world, &from(own), "127.0.0.1", 10248), "{own} to itself");
    }
    assert_eq!(route(&world, &from(&node), &ip, 9), Route::Refused);
    assert_eq!(route(&world, &from(&node), "10.43.18.52", 81), Route::Silent);
    assert_eq!(route(&world, &from("nbg1-1"), "10.0.0.12", 2380), Route::To(Place::Etcd("nbg1-2".into())));
    assert_eq!(route(&world, &from("nbg1-1"), "10.0.0.12", 9), Route::Silent);
    assert_eq!(route(&world, &from("nbg1-1"), "127.0.0.1", 9), Route::Refused);
}

#[test]
fn trouble_cuts_what_it_would_cut() {
    let (ip, node) = pod(&world(), "api");
    let other = ["nbg1-1", "nbg1-2", "nbg1-3"].into_iter().find(|n| *n != node).unwrap();
    let during = |trouble: &Trouble, check: &dyn Fn(&World)| {
        let mut world = world();
        world.change_machine(&node, |m| trouble.befall(m));
        check(&world);
    };
    let address = |world: &World| world.machine(&node).map(|m| (m.public.clone(), m.private.clone())).unwrap();
    during(&Trouble::Overlay, &|world| {
        assert_eq!(route(world, &from(other), &ip, 8000), Route::Silent);
        assert!(leads(world, &from(&node), &ip, 8000), "its own pods are near");
    });
    during(&Trouble::Power(Power::Off), &|world| {
        assert_eq!(route(world, &Vantage::Operator, &address(world).0, 22), Route::Silent);
        assert_eq!(route(world, &from(&node), "127.0.0.1", 22), Route::Silent);
    });
    during(&Trouble::PublicLink, &|world| {
        assert_eq!(route(world, &Vantage::Operator, &address(world).0, 22), Route::Silent);
        assert!(leads(world, &from(other), &address(world).1, 22), "a peer still reaches it");
        assert_eq!(route(world, &from(&node), "db.example.com", 5432), Route::Silent);
    });
    during(&Trouble::K3s(Unit::Inactive), &|world| {
        assert_eq!(route(world, &from(other), &address(world).1, 6443), Route::Refused);
        assert!(leads(world, &Vantage::Operator, &address(world).0, 80), "containers go on");
    });
    during(&Trouble::ServiceRules, &|world| {
        assert_eq!(route(world, &from(&node), "10.43.18.52", 80), Route::Silent);
    });
    during(&Trouble::Blocked(vec![80]), &|world| {
        assert_eq!(route(world, &Vantage::Operator, &address(world).0, 80), Route::Silent);
        assert!(leads(world, &Vantage::Operator, &address(world).0, 22));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_take_refuse_and_swallow_as_the_routes_say() {
    let network = Network::new(Arc::new(Mutex::new(world()))).unwrap();
    let ports = Ports::open(&network).unwrap();
    let database = ports.dial()["db.example.com:5432"];
    assert_eq!(ports.dial()["203.0.113.231:5432"], database);
    let set = |mood| network.with(|world| world.outside.set(Site::Postgres, mood));
    until(database, |outcome| matches!(outcome, Ok(Ok(_)))).await;
    set(Mood::Refuses);
    until(database, |outcome| matches!(outcome, Ok(Err(e)) if e.kind() == ErrorKind::ConnectionRefused)).await;
    set(Mood::Silent);
    until(database, Result::is_err).await;
    set(Mood::Well);
    until(database, |outcome| matches!(outcome, Ok(Ok(_)))).await;
    drop(ports);
    until(database, |outcome| matches!(outcome, Ok(Err(_)))).await;
}

/// Tries to connect until it ends as wanted; no answer within a moment is an end too.
async fn until(
    address: SocketAddr,
    wanted: impl Fn(&Result<io::Result<TcpStream>, tokio::time::error::Elapsed>) -> bool,
) {
    loop {
        let outcome = tokio::time::timeout(Duration::from_millis(400), TcpStream::connect(address)).await;
        if wanted(&outcome) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
