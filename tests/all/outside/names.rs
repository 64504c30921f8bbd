//! Name servers, status pages and the machine provider, asked with dig and curl. These tests have nothing to say where
//! one of the two is missing.

use std::path::PathBuf;
use std::process::Stdio;

use crashcart::config::Profile;
use crashcart::drill::outside::{Mood, Site};
use crashcart::drill::world::{Code, Fault, Lie, Says, Type};
use crashcart::drill::{Options, Simulation};
use serde_json::Value;

#[expect(clippy::disallowed_types, reason = "clients from outside")]
type Command = std::process::Command;

const RESOLVER: &str = "203.0.113.221";
const NAMESERVER: &str = "203.0.113.225";
const PARENT: &str = "203.0.113.227";

/// A simulation, and somebody who asks it.
struct Visit {
    simulation: Simulation,
    profile: Profile,
    home: tempfile::TempDir,
}

impl Visit {
    async fn begin(speed: f64) -> Option<Self> {
        for program in ["dig", "curl"] {
            if found(program).is_none() {
                tracing::warn!("no {program} here: nothing was tested");
                return None;
            }
        }
        let simulation = Simulation::start(Options { speed, ..Options::default() }).await.expect("a simulation");
        let profile = simulation.profile();
        let home = tempfile::tempdir().expect("a folder");
        std::fs::write(home.path().join("ca.pem"), &profile.dial_ca).expect("written");
        let visit = Self { simulation, profile, home };
        // The sockets follow the routes within a moment.
        for place in [RESOLVER, NAMESERVER, PARENT].map(|host| (host, 53)) {
            visit.reached(place.0, place.1).await;
        }
        Some(visit)
    }

    fn set(&self, site: Site, mood: Mood) {
        self.simulation.network().with(|world| world.outside.set(site, mood));
    }

    fn port(&self, host: &str, port: u16) -> u16 {
        let address = self.profile.dial.get(&format!("{host}:{port}")).expect("an address");
        address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port")
    }

    async fn reached(&self, host: &str, port: u16) {
        let port = self.port(host, port);
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn dig(&self, server: &str, question: &str) -> String {
        let port = self.port(server, 53).to_string();
        let mut words = vec!["@127.0.0.1", "-p", &port, "+tries=1", "+time=5", "+nocookie"];
        words.extend(question.split_whitespace());
        run("dig", &words).await
    }

    /// Only what the records say, sorted.
    async fn short(&self, server: &str, question: &str) -> Vec<String> {
        let text = self.dig(server, &format!("+short {question}")).await;
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// The status and the body of a page; more words for curl.
    async fn curl(&self, host: &str, path: &str, more: &[&str]) -> (String, String) {
        self.reached(host, 443).await;
        let port = self.port(host, 443);
        let (to, url) = (format!("{host}:443:127.0.0.1:{port}"), format!("https://{host}{path}"));
        let ca = self.home.path().join("ca.pem").display().to_string();
        let mut words = vec![
            "-sS",
            "--noproxy",
            "*",
            "--max-time",
            "20",
            "--cacert",
            &ca,
            "--connect-to",
            &to,
            "-w",
            "\n%{http_code}",
        ];
        words.extend(more);
        words.push(&url);
        let text = run("curl", &words).await;
        let (body, status) = text.trim_end().rsplit_once('\n').unwrap_or(("", &text));
        (status.to_owned(), body.to_owned())
    }

    async fn json(&self, host: &str, path: &str, more: &[&str]) -> (String, Value) {
        let (status, body) = self.curl(host, path, more).await;
        let value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {status} {body}"));
        (status, value)
    }
}

fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

async fn run(program: &'static str, words: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("joined").expect("it runs");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn lie(site: Site, name: &str, kind: Type, says: Says) -> Fault {
    Fault::Names(Lie { site, name: name.to_owned(), kind, says })
}

#[tokio::test(flavor = "multi_thread")]
async fn dig_finds_every_kind_of_server() {
    let Some(visit) = Visit::begin(1.0).await else { return };
    for server in [RESOLVER, NAMESERVER] {
        for carrier in ["+notcp", "+tcp"] {
            let addresses = visit.short(server, &format!("{carrier} api.example.com A")).await;
            assert_eq!(addresses, ["203.0.113.201", "203.0.113.202"], "{server} {carrier}");
        }
        assert_eq!(visit.short(server, "example.com NS").await, ["ns1.example.com.", "ns2.example.com."]);
        assert_eq!(visit.short(server, "example.com MX").await, ["10 smtp.example.com."]);
        assert_eq!(visit.short(server, "example.com CAA").await, ["0 issue \"letsencrypt.org\""]);
        assert_eq!(visit.short(server, "example.com TXT").await, ["\"v=spf1 include:smtp.example.com -all\""]);
        assert_eq!(visit.short(server, "db.example.com").await, ["203.0.113.231"]);
        let soa = visit.short(server, "example.com SOA").await;
        assert!(soa[0].starts_with("ns1.example.com. dns.example.com. 2381004512 "), "{soa:?}");
        let nobody = visit.dig(server, "nobody.example.com").await;
        assert!(nobody.contains("status: NXDOMAIN") && nobody.contains("AUTHORITY: 1"), "{nobody}");
    }
    let own = visit.dig(NAMESERVER, "+norecurse aPi.eXample.com").await;
    assert!(own.contains("flags: qr aa;") && own.contains("aPi.eXample.com.\t300\tIN\tA"), "{own}");
    assert!(visit.dig(NAMESERVER, "www.example.org").await.contains("status: REFUSED"));
    assert!(visit.dig(NAMESERVER, "example.com AXFR").await.contains("Transfer failed"));
    assert!(visit.dig(NAMESERVER, "+opcode=NOTIFY example.com SOA").await.contains("status: NOTIMP"));
    let foreign = visit.dig(RESOLVER, "api.example.com").await;
    assert!(foreign.contains("flags: qr rd ra ad;"), "{foreign}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_of_trust_is_there_to_look_at() {
    let Some(visit) = Visit::begin(1.0).await else { return };
    let referral = visit.dig(PARENT, "+norecurse api.example.com").await;
    assert!(referral.contains("ANSWER: 0, AUTHORITY: 3, ADDITIONAL: 3"), "{referral}");
    let signers = visit.short(PARENT, "example.com DS").await;
    assert!(signers.len() == 1 && signers[0].starts_with("2371 13 2 "), "{signers:?}");
    assert_eq!(visit.short(RESOLVER, "example.com DS").await, signers);
    assert_eq!(visit.short(NAMESERVER, "example.com DNSKEY").await.len(), 2);
    let signed = visit.dig(RESOLVER, "+dnssec api.example.com").await;
    assert!(signed.contains("flags: qr rd ra ad;") && signed.contains("RRSIG\tA 13 3 300 "), "{signed}");

    let wrong = Says::Answers(vec![format!("2371 13 2 {}", "0F".repeat(32))]);
    visit.simulation.break_one(&lie(Site::Parent, "example.com", Type::Ds, wrong));
    assert_ne!(visit.short(PARENT, "example.com DS").await, signers);
    assert_eq!(visit.short(RESOLVER, "example.com DS").await, signers, "the resolver still has a copy");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_lie_fail_and_fall_silent_each_by_itself() {
    let Some(visit) = Visit::begin(1.0).await else { return };
    let wrong = Says::Answers(vec!["203.0.113.66".to_owned()]);
    let told = visit.simulation.break_one(&lie(Site::ResolverTwo, "api.example.com", Type::A, wrong)).expect("a fault");
    assert_eq!(visit.short("203.0.113.222", "api.example.com").await, ["203.0.113.66"]);
    assert_eq!(visit.short(RESOLVER, "api.example.com").await.len(), 2);
    visit.simulation.network().with(|world| {
        assert!(world.at_work(&told));
        world.heal(told);
    });
    assert_eq!(visit.short("203.0.113.222", "api.example.com").await.len(), 2);
    let gone = lie(Site::NameserverTwo, "admin.example.com", Type::A, Says::Code(Code::NxDomain));
    visit.simulation.break_one(&gone);
    assert!(visit.dig("203.0.113.226", "admin.example.com").await.contains("status: NXDOMAIN"));

    visit.set(Site::NameserverOne, Mood::Says("SERVFAIL".to_owned()));
    assert!(visit.dig(NAMESERVER, "api.example.com").await.contains("status: SERVFAIL"));
    for mood in [Mood::Silent, Mood::Stalls] {
        visit.set(Site::NameserverOne, mood);
        assert!(visit.dig(NAMESERVER, "+time=1 api.example.com").await.contains("timed out"));
    }
    visit.set(Site::NameserverOne, Mood::Slow(400));
    let slow = visit.dig(NAMESERVER, "api.example.com").await;
    let took = slow.lines().find_map(|line| line.strip_prefix(";; Query time: ")?.strip_suffix(" msec")?.parse().ok());
    assert!(took.is_some_and(|took: u32| took >= 300), "{slow}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_zone_reaches_resolvers_when_their_copies_expire() {
    let Some(visit) = Visit::begin(200.0).await else { return };
    visit.simulation.network().with(|world| {
        world.outside.zone.records.iter_mut().for_each(|record| record.proxied = false);
        world.outside.zone.serial += 1;
    });
    let nodes = ["203.0.113.11", "203.0.113.12", "203.0.113.13"];
    assert_eq!(visit.short(NAMESERVER, "api.example.com").await, nodes);
    // Five minutes pass in a second and a half here.
    while visit.short(RESOLVER, "api.example.com").await != nodes {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn resolvers_answer_over_https() {
    let Some(visit) = Visit::begin(1.0).await else { return };
    let (status, body) = visit.json("resolver1.example.com", "/resolve?name=api.example.com&type=A", &[]).await;
    assert_eq!((status.as_str(), &body["Status"], &body["AD"]), ("200", &0.into(), &true.into()));
    assert_eq!(body["Answer"][0]["data"], "203.0.113.201");
    let (_, body) = visit.json("resolver2.example.com", "/dns-query?name=nobody.example.com", &[]).await;
    assert_eq!((&body["Status"], &body["Authority"][0]["type"]), (&3.into(), &6.into()));
    // A question as a message, in base64: www.example.com A.
    let path = "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB";
    let (status, _) = visit.curl("resolver1.example.com", path, &["-o", "/dev/null"]).await;
    assert!(status.contains("200"), "{status}");
    assert_eq!(visit.curl("resolver1.example.com", "/resolve?name=x&type=NONE", &[]).await.0, "400");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_pages_tell_of_trouble_and_are_late() {
    let Some(visit) = Visit::begin(600.0).await else { return };
    let summary = "/api/v2/summary.json";
    let (_, calm) = visit.json("edge-status.example.com", summary, &[]).await;
    assert_eq!((&calm["status"]["indicator"], &calm["page"]["name"]), (&"none".into(), &"Cloudflare".into()));
    let with = |body: &Value, status: &str| -> Vec<String> {
        let components = body["components"].as_array().expect("components").iter();
        let those = components.filter(|c| c["status"] == status && c["group"] == false);
        those.map(|c| c["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(with(&calm, "under_maintenance").len(), 1, "some part of the edge always is");
    visit.set(Site::EdgeStatus, Mood::Says("FRA: partial_outage".to_owned()));
    visit.set(Site::PostgresStatus, Mood::Says("major_outage".to_owned()));
    visit.set(Site::S3Status, Mood::Says("503".to_owned()));
    assert!(with(&visit.json("edge-status.example.com", summary, &[]).await.1, "partial_outage").is_empty());
    let told = loop {
        let (_, body) = visit.json("edge-status.example.com", summary, &[]).await;
        if body["incidents"][0].is_object() {
            break body;
        }
    };
    assert_eq!(with(&told, "partial_outage"), ["Frankfurt, Germany - (FRA)"]);
    assert_eq!((&told["status"]["indicator"], &told["incidents"][0]["impact"]), (&"major".into(), &"major".into()));
    let unresolved = visit.json("edge-status.example.com", "/api/v2/incidents/unresolved.json", &[]).await.1;
    assert_eq!(unresolved["incidents"][0]["started_at"], told["incidents"][0]["started_at"]);
    let region = "/aws-europe-frankfurt/api/v1/summary";
    let own = loop {
        let (_, body) = visit.json("db-status.example.com", region, &[]).await;
        if body["ongoing_incidents"][0].is_object() {
            break body;
        }
    };
    assert_eq!(own["ongoing_incidents"][0]["current_worst_impact"], "full_outage");
    let (_, all) = visit.json("db-status.example.com", "/api/v1/summary", &[]).await;
    let troubled = all["subpages"].as_array().expect("pages").iter();
    let troubled = troubled.filter(|page| page["summary"]["ongoing_incidents"][0].is_object()).count();
    assert_eq!(troubled, 1);
    assert_eq!(visit.curl("s3-status.example.com", summary, &[]).await.0, "503");
    assert_eq!(visit.curl("edge-status.example.com", "/", &[]).await.0, "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_knows_its_servers_and_switches_them() {
    let Some(visit) = Visit::begin(20.0).await else { return };
    let token = visit.simulation.network().services().outside().provider_token().to_owned();
    let header = format!("Authorization: Bearer {token}");
    let host = "cloud.example.com";
    let get = async |path: &str| visit.json(host, path, &["-H", &header]).await;
    let post = async |path: &str| visit.json(host, path, &["-H", &header, "-X", "POST"]).await;
    let (status, body) = visit.json(host, "/v1/servers", &[]).await;
    assert_eq!((status.as_str(), &body["error"]["code"]), ("401", &"unauthorized".into()));
    let (_, body) = get("/v1/servers?per_page=2").await;
    assert_eq!((&body["meta"]["pagination"]["next_page"], &body["servers"][1]["name"]), (&2.into(), &"nbg1-2".into()));
    let (_, body) = get("/v1/servers?name=nbg1-3&label_selector=cluster%3D%3Dhoneydue").await;
    assert_eq!(body["servers"][0]["public_net"]["ipv4"]["ip"], "203.0.113.13");
    let id = body["servers"][0]["id"].as_u64().expect("a number");
    assert_eq!(get("/v1/servers?label_selector=cluster=other").await.1["servers"], Value::Array(Vec::new()));

    let (status, body) = post(&format!("/v1/servers/{id}/actions/poweroff")).await;
    assert_eq!((status.as_str(), &body["action"]["command"]), ("201", &"stop_server".into()));
    let action = body["action"]["id"].as_u64().expect("a number");
    while get(&format!("/v1/actions/{action}")).await.1["action"]["status"] != "success" {}
    let server = get(&format!("/v1/servers/{id}")).await.1;
    assert_eq!((&server["server"]["status"], &server["server"]["locked"]), (&"off".into(), &false.into()));
    let code = async |path: &str, more: &[&str]| {
        let more = [&["-H", header.as_str()][..], more].concat();
        let (status, body) = visit.json(host, path, &more).await;
        (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let refused = |status: &str, code: &str| (status.to_owned(), code.to_owned());
    assert_eq!(code("/v1/servers/1", &[]).await, refused("404", "not_found"));
    assert_eq!(code("/v1/servers/x", &[]).await, refused("422", "invalid_input"));
    assert_eq!(code(&format!("/v1/servers/{id}/actions/dance"), &["-X", "POST"]).await, refused("404", "not_found"));
    visit.set(Site::Provider, Mood::Says("429".to_owned()));
    assert_eq!(code("/v1/servers", &[]).await, refused("429", "rate_limit_exceeded"));
    let (_, limits) = visit.curl(host, "/v1/servers", &["-H", &header, "-o", "/dev/null", "-D", "-"]).await;
    assert!(limits.contains("ratelimit-limit: 3600") && limits.contains("ratelimit-remaining: 0"), "{limits}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_of_their_own_operators_reach_nothing_outside() {
    let Some(visit) = Visit::begin(1.0).await else { return };
    assert_eq!(visit.curl("control1.example.com", "/", &[]).await.0, "200");
    let cut = visit.simulation.break_one(&Fault::OperatorOffline).expect("a fault");
    assert!(visit.dig(RESOLVER, "+time=1 api.example.com").await.contains("timed out"));
    let blind = async |host: &str| {
        let port = visit.port(host, 443);
        let attempt = tokio::net::TcpStream::connect(("127.0.0.1", port));
        tokio::time::timeout(std::time::Duration::from_millis(300), attempt).await.is_err()
    };
    while !(blind("control1.example.com").await && blind("control2.example.com").await) {}
    visit.simulation.network().with(|world| world.heal(cut));
    visit.reached("control2.example.com", 443).await;
}
