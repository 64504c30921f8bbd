//! The edge, its API, the origins and what stands behind them.

use std::collections::BTreeSet;
use std::time::Duration;

use crashcart::drill::net::Vantage;
use crashcart::drill::outside::{Mood, Patience, Site};
use crashcart::drill::world::{
    Ailing, Deadlock, Fault, InTrouble, Machine, Rule, Trouble, Type, Unit, Verdict, Weather,
};
use crashcart::drill::{Options, Simulation};
use http::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::visitor::{Answer, Visitor};

const NODES: [&str; 3] = ["nbg1-1", "nbg1-2", "nbg1-3"];
const ZONE: &str = "/client/v4/zones/9c1f4e7a02b35d68a1f0c2e49d7b8635";

/// A simulation whose edge has little patience, and somebody who visits it.
async fn begin() -> (Simulation, Visitor) {
    let simulation = Simulation::start(Options::default()).await.expect("a simulation");
    let visitor = Visitor::new(&simulation.profile());
    let ms = Duration::from_millis;
    let patience = Patience { edge_connect: ms(400), edge_answer: ms(1500), ingress_connect: ms(400) };
    simulation.network().services().outside().hurry(patience);
    (simulation, visitor)
}

fn outside(site: Site, mood: Mood) -> Fault {
    Fault::Outside(Weather { site, mood })
}

fn machine(node: &str, trouble: Trouble) -> Fault {
    Fault::Machine(InTrouble { node: node.to_owned(), trouble })
}

fn ailing(workload: &str, says: &str) -> Fault {
    let namespace = "honeydue".to_owned();
    Fault::Ailing(Ailing { namespace, workload: workload.into(), node: None, says: says.into(), deadly: false })
}

/// During a fault, then not any more.
async fn during<F: Future<Output = ()>>(simulation: &Simulation, faults: &[Fault], check: impl AsyncFnOnce() -> F) {
    let undo: Vec<_> = faults.iter().filter_map(|fault| simulation.break_one(fault)).collect();
    check().await.await;
    simulation.network().with(|world| undo.into_iter().rev().for_each(|undo| world.heal(undo)));
}

/// A call of the edge's API.
async fn call(visitor: &Visitor, method: &str, path: &str, body: Value) -> Answer {
    let token = "Bearer crashcart-drill-edge-token-0000000000001";
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder().method(method).uri(path).header("authorization", token);
    let request = request.header("host", "edge-api.example.com").body(body).expect("a request");
    visitor.send("edge-api.example.com", 443, request).await
}

/// The result of a call that must succeed.
async fn result(visitor: &Visitor, method: &str, path: &str, body: Value) -> Value {
    let answer = call(visitor, method, path, body).await;
    let said = answer.json();
    assert_eq!((answer.status.as_u16(), &said["success"]), (200, &json!(true)), "{method} {path}: {said}");
    said["result"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_reach_the_application_through_the_edge() {
    let (_simulation, visitor) = begin().await;
    let health = visitor.get("api.example.com", "/api/health/").await;
    assert_eq!(health.status, 200, "{}", health.body);
    assert_eq!((health.json()["status"].as_str(), health.header("server")), (Some("healthy"), "cloudflare"));
    assert_eq!(health.header("cf-cache-status"), "DYNAMIC");
    let ray = health.header("cf-ray").to_owned();
    assert!(ray.len() == 20 && ray.ends_with("-FRA"), "{ray}");
    assert_ne!(visitor.get("api.example.com", "/api/livez").await.header("cf-ray"), ray);
    assert_eq!(visitor.get("api.example.com", "/api/health/deep/").await.status, 200);
    assert_eq!(visitor.get("api.example.com", "/api/tasks/").await.status, 401);

    let admin = visitor.get("admin.example.com", "/").await;
    assert_eq!((admin.status.as_u16(), admin.header("x-powered-by")), (200, "Next.js"));
    let trace = visitor.get("api.example.com", "/cdn-cgi/trace").await;
    for line in ["h=api.example.com", "ip=198.51.100.7", "visit_scheme=https", "colo=FRA", "tls=TLSv1.3", "warp=off"] {
        assert!(trace.body.lines().any(|l| l == line), "{line} in {}", trace.body);
    }
    let plain = visitor.get_from("203.0.113.202", "api.example.com", "/cdn-cgi/trace").await;
    assert!(plain.body.contains("visit_scheme=http\n") && plain.body.contains("tls=off\n"), "{}", plain.body);
    let neighbour = visitor.get("www.edge.example.com", "/cdn-cgi/trace").await;
    assert!(neighbour.body.contains("h=www.edge.example.com\n"), "{}", neighbour.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_answer_as_the_cluster_is() {
    let (simulation, visitor) = begin().await;
    let at = |host: &'static str, path: &'static str| visitor.get_from("203.0.113.12", host, path);
    let unknown = at("unknown.example.com", "/").await;
    assert_eq!(unknown.told(), (404, "404 page not found\n"));
    assert_eq!(unknown.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(unknown.header("x-content-type-options"), "nosniff");
    assert_eq!(at("API.example.com:80", "/api/livez").await.told(), (200, "ok"));

    let ping = simulation.network().connect(Vantage::Node("nbg1-2".into()), "127.0.0.1", 8080).await.expect("a stream");
    assert_eq!(raw(ping, b"GET /ping HTTP/1.0\r\n\r\n").await.rsplit("\r\n").next(), Some("OK"));

    during(&simulation, &[ailing("api", "EOF")], async || async {
        assert_eq!(at("api.example.com", "/api/livez").await.told(), (502, "Bad Gateway"));
    })
    .await;
    during(&simulation, &[ailing("api", "HTTP probe failed with statuscode: 500")], async || async {
        assert_eq!(at("api.example.com", "/api/health/").await.status, 500);
    })
    .await;
    // Without its way to the others a node serves what runs on it and no more.
    during(&simulation, &[machine("nbg1-2", Trouble::Overlay)], async || async {
        let mut statuses = BTreeSet::new();
        for _ in 0..6 {
            statuses.insert(at("api.example.com", "/api/livez").await.status.as_u16());
        }
        assert!(statuses.contains(&504), "{statuses:?}");
        assert_eq!(visitor.get_from("203.0.113.11", "unknown.example.com", "/").await.status, 404);
    })
    .await;
    during(&simulation, &[outside(Site::Postgres, Mood::Refuses)], async || async {
        assert_eq!(at("api.example.com", "/api/health/").await.json()["status"], "degraded");
        assert_eq!(at("api.example.com", "/api/health/deep/").await.status, 503);
        assert_eq!(at("api.example.com", "/api/livez").await.status, 200);
    })
    .await;
    let scenario = crashcart::drill::find("F17").expect("a drill");
    simulation.inject(scenario);
    until(|| at("admin.example.com", "/"), |answer| answer.told() == (503, "no available server\n")).await;
}

/// Asks again until the answer is as wanted.
async fn until<F: Future<Output = Answer>>(ask: impl Fn() -> F, wanted: impl Fn(&Answer) -> bool) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let answer = ask().await;
        if wanted(&answer) {
            return;
        }
        assert!(tokio::time::Instant::now() < patience, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ingress_shows_the_certificate_that_it_made_itself() {
    let (simulation, _) = begin().await;
    let address = simulation.profile().dial["203.0.113.11:443"].clone();
    let Some(said) = output("openssl", &["s_client", "-connect", &address, "-servername", "api.example.com"]) else {
        return;
    };
    assert!(said.contains("TRAEFIK DEFAULT CERT") && said.contains("self-signed certificate"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edge_has_a_code_for_each_failure_on_the_way() {
    let (simulation, visitor) = begin().await;
    let get = || visitor.get("api.example.com", "/api/livez");
    let all = |trouble: &Trouble| NODES.map(|node| machine(node, trouble.clone()));

    // One dead node is hidden, three are not.
    during(&simulation, &[machine("nbg1-1", Trouble::Blocked(vec![80]))], async || async {
        for _ in 0..4 {
            assert_eq!(get().await.status, 200);
        }
    })
    .await;
    during(&simulation, &all(&Trouble::Blocked(vec![80])), async || async {
        assert_eq!(get().await.told(), (522, "error code: 522"));
    })
    .await;
    // Refused, as an operator does to steer a node out.
    let reject = Rule {
        verdict: Verdict::Reject,
        from: String::new(),
        ports: vec![80, 443],
        outgoing: false,
        protocol: "tcp".into(),
    };
    let steer_out = |nodes: &[&str]| {
        let network = simulation.network();
        let insert = |m: &mut Machine| m.firewall.rules.insert(0, reject.clone());
        network.with(|world| nodes.iter().for_each(|node| world.change_machine(node, insert)));
    };
    let let_in = |m: &mut Machine| m.firewall.rules.retain(|rule| *rule != reject);
    steer_out(&NODES[..2]);
    for _ in 0..3 {
        assert_eq!(get().await.status, 200);
    }
    steer_out(&NODES[2..]);
    assert_eq!(get().await.told(), (521, "error code: 521"));
    simulation.network().with(|world| NODES.iter().for_each(|node| world.change_machine(node, let_in)));
    assert_eq!(get().await.status, 200);
    during(&simulation, &[ailing("api", "context deadline exceeded")], async || async {
        assert_eq!(get().await.told(), (524, "error code: 524"));
    })
    .await;
    let deadlock = Deadlock { namespace: "honeydue".into(), workload: "api".into(), node: None };
    during(&simulation, &[Fault::Deadlock(deadlock)], async || async {
        assert_eq!(visitor.get("api.example.com", "/api/health/").await.status, 200, "what is shallow answers");
        assert_eq!(visitor.get("api.example.com", "/api/health/deep/").await.told(), (524, "error code: 524"));
    })
    .await;
    // What the origin itself says is passed on.
    during(&simulation, &[ailing("api", "EOF")], async || async {
        assert_eq!(get().await.told(), (502, "Bad Gateway"));
    })
    .await;
    during(&simulation, &[outside(Site::Edge, Mood::Says("502".into()))], async || async {
        assert_eq!(get().await.told(), (502, "error code: 502"));
        let browser = Request::get("/").header("host", "api.example.com").header("accept", "text/html");
        let page = visitor.ask("api.example.com", 443, browser).await;
        assert!(page.body.contains("Bad gateway") && page.body.contains("Cloudflare Ray ID"), "{}", page.body);
        assert_eq!(visitor.get("www.edge.example.com", "/").await.status, 502, "the neighbour suffers too");
    })
    .await;
    let by_address = visitor.get_from("203.0.113.201", "203.0.113.201", "/").await;
    assert_eq!(by_address.told(), (403, "error code: 1003"));
    let stranger = visitor.get_from("203.0.113.201", "www.example.org", "/").await;
    assert_eq!(stranger.told(), (409, "error code: 1001"));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_decide_which_origins_the_edge_uses() {
    let (simulation, visitor) = begin().await;
    let get = || visitor.get("api.example.com", "/api/livez");
    let path = format!("{ZONE}/dns_records");
    let listed = call(&visitor, "GET", &format!("{path}?type=A&name=api.example.com&per_page=2"), Value::Null).await;
    assert_eq!(listed.json()["result_info"]["total_count"], 3);
    let all = result(&visitor, "GET", &format!("{path}?name=api.example.com"), Value::Null).await;
    let id_of = |ip: &str| -> String {
        let record = all.as_array().and_then(|all| all.iter().find(|record| record["content"] == ip));
        record.and_then(|record| record["id"].as_str()).expect("a record").to_owned()
    };
    // Only the node that is then cut off is left.
    for ip in ["203.0.113.12", "203.0.113.13"] {
        result(&visitor, "DELETE", &format!("{path}/{}", id_of(ip)), Value::Null).await;
    }
    assert_eq!(get().await.status, 200);
    let cut_off = simulation.break_one(&machine("nbg1-1", Trouble::Blocked(vec![80])));
    assert_eq!(get().await.status.as_u16(), 522);
    let again = json!({ "type": "A", "name": "api", "content": "203.0.113.12", "proxied": true, "ttl": 1 });
    let added = result(&visitor, "POST", &path, again.clone()).await;
    assert_eq!((&added["name"], &added["proxied"]), (&json!("api.example.com"), &json!(true)));
    assert_eq!(get().await.status, 200);
    let twice = call(&visitor, "POST", &path, again).await;
    assert_eq!((twice.status.as_u16(), &twice.json()["errors"][0]["code"]), (400, &json!(81058)));
    simulation.network().with(|world| world.heal(cut_off.expect("a fault")));

    // Without a proxied record the edge serves nothing for the name.
    for record in [id_of("203.0.113.11"), added["id"].as_str().expect("a number").to_owned()] {
        let grey = json!({ "proxied": false, "ttl": 60 });
        let changed = result(&visitor, "PATCH", &format!("{path}/{record}"), grey).await;
        assert_eq!((&changed["proxied"], &changed["ttl"]), (&json!(false), &json!(60)));
    }
    assert_eq!(get().await.told(), (530, "error code: 1001"));
    let nowhere = json!({ "type": "CNAME", "name": "www", "content": "gone.example.com", "proxied": true });
    result(&visitor, "POST", &path, nowhere).await;
    let www = visitor.get_from("203.0.113.201", "www.example.com", "/").await;
    assert_eq!(www.told(), (530, "error code: 1016"));

    let log = "/client/v4/accounts/e07d4b1c9a52f3860b7ce1d4a96f2583/audit_logs";
    let entries = result(&visitor, "GET", &format!("{log}?direction=asc"), Value::Null).await;
    let actions = entries.as_array().expect("a list").iter().map(|e| e["action"]["type"].as_str().unwrap_or_default());
    let actions: Vec<_> = actions.collect();
    assert_eq!(actions, ["rec_del", "rec_del", "rec_add", "rec_set", "rec_set", "rec_add"]);
    let first = &entries[0];
    assert_eq!((&first["actor"]["ip"], &first["interface"]), (&json!("198.51.100.7"), &json!("API")));
    assert_eq!(first["oldValueJson"]["content"], "203.0.113.12");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_change_what_the_edge_does() {
    let (_simulation, visitor) = begin().await;
    let get = || visitor.get("api.example.com", "/api/livez");
    let set = async |name: &str, value: Value| {
        let changed =
            result(&visitor, "PATCH", &format!("{ZONE}/settings/{name}"), json!({ "value": value.clone() })).await;
        assert_eq!((&changed["id"], &changed["value"]), (&json!(name), &value));
    };
    assert_eq!(result(&visitor, "GET", &format!("{ZONE}/settings/ssl"), Value::Null).await["value"], "flexible");
    set("ssl", json!("full")).await;
    assert_eq!(get().await.status, 200, "any certificate will do");
    set("ssl", json!("strict")).await;
    assert_eq!(get().await.told(), (526, "error code: 526"));
    set("ssl", json!("flexible")).await;
    set("security_level", json!("under_attack")).await;
    let challenge = get().await;
    assert_eq!((challenge.status.as_u16(), challenge.header("cf-mitigated")), (403, "challenge"));
    set("security_level", json!("medium")).await;
    set("always_use_https", json!("on")).await;
    let redirect = visitor.get_from("203.0.113.201", "api.example.com", "/x?y=1").await;
    assert_eq!(redirect.header("location"), "https://api.example.com/x?y=1");
    let wrong = call(&visitor, "PATCH", &format!("{ZONE}/settings/ssl"), json!({ "value": "on" })).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["errors"][0]["code"]), (400, &json!(1007)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_of_the_edge_knows_who_may_do_what() {
    let (simulation, visitor) = begin().await;
    let verified = call(&visitor, "GET", "/client/v4/user/tokens/verify", Value::Null).await;
    assert_eq!(verified.json()["result"]["status"], "active");
    assert!(verified.header("ratelimit-policy").contains("q=1200;w=300"));
    let with = async |path: &str, authorization: &str| {
        let request = Request::get(path).header("host", "edge-api.example.com");
        let request = if authorization.is_empty() { request } else { request.header("authorization", authorization) };
        let answer = visitor.ask("edge-api.example.com", 443, request).await;
        (answer.status.as_u16(), answer.json()["errors"][0]["code"].as_u64())
    };
    let verify = "/client/v4/user/tokens/verify";
    assert_eq!(with(verify, "").await, (400, Some(9106)));
    assert_eq!(with(verify, "Bearer short").await, (400, Some(6003)));
    assert_eq!(with(verify, "Bearer 0123456789012345678901234567890123456789").await, (401, Some(1000)));
    assert_eq!(with(ZONE, "Bearer 0123456789012345678901234567890123456789").await, (403, Some(9109)));
    assert_eq!(with("/client/v4/ips", "").await, (200, None));
    let code = async |path: &str| {
        let answer = call(&visitor, "GET", path, Value::Null).await;
        (answer.status.as_u16(), answer.json()["errors"][0]["code"].as_u64())
    };
    assert_eq!(code("/client/v4/zones/00000000000000000000000000000000").await, (403, Some(10000)));
    assert_eq!(code("/client/v4/zones/x").await, (404, Some(7003)));
    assert_eq!(code("/client/v4/nonsense").await, (404, Some(7003)));
    assert_eq!(code(&format!("{ZONE}/dns_records/nobody")).await, (404, Some(81044)));
    assert_eq!(code(&format!("{ZONE}/dns_records?per_page=0")).await, (400, Some(1004)));
    let zones = result(&visitor, "GET", "/client/v4/zones?name=example.com", Value::Null).await;
    assert_eq!(zones[0]["id"], ZONE.rsplit('/').next().expect("a number"));
    assert_eq!(call(&visitor, "PATCH", verify, Value::Null).await.status, 404);
    let signed = result(&visitor, "GET", &format!("{ZONE}/dnssec"), Value::Null).await;
    let digest = signed["digest"].as_str().filter(|digest| digest.len() == 64).expect("a digest");
    let parent =
        simulation.network().with(|world| world.outside.authority_says(Site::Parent, "example.com", Some(Type::Ds)));
    assert!(format!("{parent:?}").contains(digest), "{digest} at the parent: {parent:?}");

    during(&simulation, &[outside(Site::EdgeApi, Mood::Says("503".into()))], async || async {
        assert_eq!(call(&visitor, "GET", verify, Value::Null).await.told(), (503, "error code: 503"));
        assert_eq!(visitor.get("api.example.com", "/api/livez").await.status, 200, "the edge goes on");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingress_without_the_api_goes_on_with_what_it_knew() {
    let (simulation, visitor) = begin().await;
    simulation.break_one(&machine("nbg1-1", Trouble::K3s(Unit::Inactive)));
    simulation.break_one(&machine("nbg1-1", Trouble::PrivateLink));
    simulation.network().with(|world| {
        let rules = world.ingress_rules("nbg1-1");
        assert!(!rules.is_empty());
    });
    assert_eq!(visitor.get_from("203.0.113.11", "unknown.example.com", "/").await.status, 404);
    assert_ne!(visitor.get_from("203.0.113.11", "api.example.com", "/api/livez").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_requests_harm_nobody() {
    let (simulation, visitor) = begin().await;
    let dial = |address: &'static str| visitor.dialer.connect(address, 80);
    let edge = async |request: Vec<u8>| raw(dial("203.0.113.201").await.expect("a connection"), &request).await;
    let origin = async |request: Vec<u8>| raw(dial("203.0.113.11").await.expect("a connection"), &request).await;
    // Connections that begin and do not go on stay open meanwhile.
    let mut half_open = Vec::new();
    for begun in [
        &b""[..],
        b"G",
        b"GET / HTTP/1.1\r\nHost: api.exam",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx",
    ] {
        for address in ["203.0.113.201", "203.0.113.11"] {
            let mut stream = dial(address).await.expect("a connection");
            stream.write_all(begun).await.expect("a beginning");
            half_open.push(stream);
        }
    }
    let starts = |answer: &str, status: &str| answer.split(' ').nth(1) == Some(status);
    let old = edge(b"GET /api/livez HTTP/1.0\r\nHost: api.example.com\r\n\r\n".to_vec()).await;
    assert!(starts(&old, "200"), "{old}");
    let nameless = edge(b"GET / HTTP/1.0\r\n\r\n".to_vec()).await;
    assert!(starts(&nameless, "400") && nameless.contains("<center>cloudflare</center>"), "{nameless}");
    let nameless = origin(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec()).await;
    assert!(starts(&nameless, "400") && nameless.contains("missing required Host header"), "{nameless}");
    let bulky =
        format!("GET / HTTP/1.1\r\nHost: api.example.com\r\nX: {}\r\nConnection: close\r\n\r\n", "x".repeat(200_000));
    let bulky = edge(bulky.into_bytes()).await;
    assert!(starts(&bulky, "431"), "{}", &bulky[..bulky.len().min(300)]);
    let endless = format!("GET /{} HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n", "x".repeat(20_000));
    assert!(starts(&edge(endless.into_bytes()).await, "414"));
    for host in
        ["<script>", "a b", "api.example.com\u{7f}", "..", "[::1]:80", "api.example.com/../x", &"a".repeat(9000)]
    {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n");
        for answer in [edge(request.clone().into_bytes()).await, origin(request.into_bytes()).await] {
            assert!(!starts(&answer, "200") && !answer.contains("<script>"), "{host}: {answer}");
        }
    }
    for garbage in
        [&b"\0\0\0\0\r\n\r\n"[..], b"\x16\x03\x01\x02\x00\x01", b"CONNECT api.example.com:80 HTTP/1.1\r\n\r\n"]
    {
        for answer in [edge(garbage.to_vec()).await, origin(garbage.to_vec()).await] {
            assert!(!starts(&answer, "200"), "{answer}");
        }
    }
    assert_eq!(visitor.get("api.example.com", "/api/livez").await.status, 200);
    drop(half_open);
    drop(simulation);
}

/// What comes back to some bytes until the other side ends, or says nothing for a while.
async fn raw(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, request: &[u8]) -> String {
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let mut room = [0; 8192];
    while let Ok(Ok(length @ 1..)) = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut room)).await {
        answer.extend_from_slice(&room[..length]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_sees_what_it_would_see() {
    let (simulation, _) = begin().await;
    let profile = simulation.profile();
    let dir = tempfile::tempdir().expect("a folder");
    let authority = dir.path().join("ca.pem");
    std::fs::write(&authority, &profile.dial_ca).expect("a file");
    let to = format!("api.example.com:443:{}", profile.dial["api.example.com:443"]);
    let authority = authority.to_str().expect("a path").to_owned();
    let url = "https://api.example.com/api/health/";
    for version in ["--http1.1", "--http2"] {
        let args = ["-sS", "-i", version, "--max-time", "20", "--cacert", &authority, "--connect-to", &to, url];
        let Some(said) = output("curl", &args) else { return };
        assert!(said.starts_with("HTTP/") && said.contains(" 200"), "{said}");
        assert!(said.contains("server: cloudflare") && said.contains("\"status\":\"healthy\""), "{said}");
    }
}

/// What a program says, standard error included; nothing, with a notice, where it is missing.
#[expect(clippy::disallowed_types, reason = "these tests look at the simulation with other people's clients")]
fn output(program: &str, args: &[&str]) -> Option<String> {
    let mut command = std::process::Command::new(program);
    match command.args(args).stdin(std::process::Stdio::null()).output() {
        Ok(output) => {
            Some(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
        }
        Err(error) => {
            eprintln!("skipped: {program} cannot be run: {error}");
            None
        }
    }
}
