//! The database, mail, storage, the registry and Redis, judged by the real clients. Where one is not installed, its test has
//! nothing to say.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use crashcart::drill::net::{Network, Vantage};
use crashcart::drill::outside::{Mood, Site};
use crashcart::drill::world::{Fault, Weather};
use crashcart::drill::{Options, Simulation};
use tokio::net::TcpListener;

#[expect(clippy::disallowed_types, reason = "clients from outside")]
type Command = std::process::Command;

/// A simulation, and the authority that its outside is vouched for by.
struct Outside {
    simulation: Simulation,
    home: tempfile::TempDir,
}

/// How a client ended and what it printed, both streams together.
struct Told {
    well: bool,
    text: String,
}

impl Told {
    fn has(&self, part: &str) {
        assert!(self.text.contains(part), "{part:?} is not in:\n{}", self.text);
    }
}

impl Outside {
    async fn start() -> Self {
        let simulation = Simulation::start(Options::default()).await.expect("a simulation");
        let home = tempfile::tempdir().expect("a folder");
        std::fs::write(home.path().join("ca.pem"), simulation.profile().dial_ca).expect("written");
        Self { simulation, home }
    }

    fn ca(&self) -> PathBuf {
        self.home.path().join("ca.pem")
    }

    fn target(&self, host: &str, port: u16) -> SocketAddr {
        let profile = self.simulation.profile();
        profile.dial[&format!("{host}:{port}")].parse().expect("an address")
    }

    fn feels(&self, site: Site, mood: Mood) {
        self.simulation.break_one(&Fault::Outside(Weather { site, mood }));
    }

    fn says(&self, site: Site, what: &str) {
        self.feels(site, Mood::Says(what.to_owned()));
    }

    /// What a program prints; nothing where it is not installed.
    async fn run(&self, program: &str, words: &[&str], stdin: &str) -> Option<Told> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let Some(found) = std::env::split_paths(&path).map(|d| d.join(program)).find(|p| p.is_file()) else {
            tracing::warn!("no {program} here: nothing was tested");
            return None;
        };
        let mut command = Command::new(found);
        command.args(words).env("HOME", self.home.path()).env("PGPASSWORD", "example").env("PGCONNECT_TIMEOUT", "15");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let stdin = stdin.to_owned();
        let running = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn()?;
            // One that has ended already reads no more.
            let _ = child.stdin.take().map(|mut input| input.write_all(stdin.as_bytes()));
            child.wait_with_output()
        });
        let output = running.await.expect("joined").expect("the client runs");
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        Some(Told { well: output.status.success(), text })
    }

    async fn psql(&self, settings: &str) -> Option<Told> {
        let port = self.target("db.example.com", 5432).port();
        let usual = format!("hostaddr=127.0.0.1 port={port} user=app sslrootcert={} ", self.ca().display());
        self.run("psql", &["-X", "-At", "-c", "select 1", &format!("{usual}{settings}")], "").await
    }

    async fn curl(&self, host: &str, words: &[&str]) -> Option<Told> {
        let to = format!("{host}:443:{}", self.target(host, 443));
        let ca = self.ca().display().to_string();
        let usual = ["-sS", "-i", "--max-time", "20", "--connect-to", &to, "--cacert", &ca];
        self.run("curl", &[&usual, words].concat(), "").await
    }
}

const WELL: &str = "host=db.example.com dbname=app sslmode=verify-full";

#[tokio::test(flavor = "multi_thread")]
async fn psql_logs_in_with_the_password_over_tls() {
    let outside = Outside::start().await;
    let Some(told) = outside.psql(WELL).await else { return };
    assert!(told.well && told.text == "1\n", "{}", told.text);
    let ask = async |settings: &str| outside.psql(settings).await.expect("psql").text;
    let plain = ask("host=db.example.com dbname=app sslmode=disable").await;
    assert!(plain.contains("connection is insecure (try using `sslmode=require`)"), "{plain}");
    let nameless = ask(&format!("{WELL} sslsni=0")).await;
    assert!(nameless.contains("Endpoint ID is not specified"), "{nameless}");
    let optional = ask(&format!("{WELL} sslsni=0 options=endpoint=db")).await;
    assert_eq!(optional, "1\n");
    let wrong = ask(&format!("{WELL} password=wrong")).await;
    assert!(wrong.contains("password authentication failed for user 'app'"), "{wrong}");
    let stranger = ask(&format!("{WELL} user=stranger")).await;
    assert!(stranger.contains("password authentication failed for user 'stranger'"), "{stranger}");
    let missing = ask("host=db.example.com dbname=missing sslmode=require").await;
    assert!(missing.contains("database \"missing\" does not exist"), "{missing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn psql_is_told_what_ails_the_database() {
    let outside = Outside::start().await;
    for (state, text) in [
        ("57P03", "the database system is starting up"),
        ("53300", "remaining connection slots are reserved"),
        ("53400", "exceeded the compute time quota"),
        ("28P01", "password authentication failed"),
    ] {
        outside.says(Site::Postgres, state);
        let Some(told) = outside.psql(WELL).await else { return };
        told.has(text);
    }
    outside.feels(Site::Postgres, Mood::Stalls);
    let stalled = outside.psql(&format!("{WELL} connect_timeout=2")).await.expect("psql");
    stalled.has("timeout expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_out_after_starttls_and_a_login() {
    let outside = Outside::start().await;
    let server = outside.target("smtp.example.com", 587);
    let mail = |password: &'static str| {
        let port = server.port().to_string();
        let words = ["--server", "127.0.0.1", "--port", &port, "-tls", "--auth", "PLAIN", "--auth-user"];
        let rest = [
            "noreply@example.com",
            "--auth-password",
            password,
            "--from",
            "noreply@example.com",
            "--to",
            "a@example.com",
        ];
        words.into_iter().chain(rest).map(str::to_owned).collect::<Vec<_>>()
    };
    let swaks = async |password| {
        let words = mail(password);
        outside.run("swaks", &words.iter().map(String::as_str).collect::<Vec<_>>(), "").await
    };
    if let Some(told) = swaks("example").await {
        if told.text.contains("TLS not available") {
            tracing::warn!("swaks has no TLS here: nothing was tested with it");
        } else {
            told.has("235 2.0.0");
            told.has("250 2.0.0 Ok: queued");
            assert!(told.well, "{}", told.text);
            swaks("wrong").await.expect("swaks").has("535 5.7.8");
            outside.says(Site::Smtp, "450");
            swaks("example").await.expect("swaks").has("450 4.7.1");
        }
    }
    outside.feels(Site::Smtp, Mood::Well);
    let (ca, said) = (outside.ca().display().to_string(), "EHLO me\r\nMAIL FROM:<a@b>\r\nQUIT\r\n");
    for (port, tls) in [(587, &["-starttls", "smtp"][..]), (465, &[][..])] {
        let to = outside.target("smtp.example.com", port).to_string();
        let words = ["s_client", "-connect", &to, "-CAfile", &ca, "-servername", "smtp.example.com", "-quiet"];
        let strict = ["-verify_return_error", "-verify_hostname", "smtp.example.com", "-ign_eof"];
        let Some(told) = outside.run("openssl", &[&words[..], &strict, tls].concat(), said).await else { return };
        told.has("250 AUTH PLAIN LOGIN");
        told.has("530 5.7.0 Authentication required");
        told.has("221 2.0.0 Bye");
    }
}

const SIGNED: [&str; 4] = ["--aws-sigv4", "aws:amz:us-west-004:s3", "--user", "0045f2c81d90ab30000000001:example"];

#[tokio::test(flavor = "multi_thread")]
async fn storage_answers_signed_requests() {
    let outside = Outside::start().await;
    let signed = async |words: &[&str]| outside.curl("s3.example.com", &[&SIGNED, words].concat()).await;
    let bucket = "https://s3.example.com/honeydue-media";
    let Some(list) = signed(&[&format!("{bucket}?list-type=2&max-keys=1")]).await else { return };
    list.has("HTTP/1.1 200 OK");
    list.has("<Key>probe/canary.txt</Key>");
    list.has("x-amz-request-id: ");
    let ask = async |words: &[&str]| signed(words).await.expect("curl");
    ask(&["-X", "PUT", "-d", "hello", &format!("{bucket}/probe/x")]).await.has("200 OK");
    ask(&[&format!("{bucket}/probe/x")]).await.has("\r\n\r\nhello");
    let head = ask(&["-I", &format!("{bucket}/probe/canary.txt")]).await;
    head.has("content-length: 3");
    assert!(head.text.ends_with("\r\n\r\n"), "no body: {}", head.text);
    ask(&["-X", "DELETE", &format!("{bucket}/probe/x")]).await.has("204 No Content");
    ask(&[&format!("{bucket}/probe/x")]).await.has("<Code>NoSuchKey</Code>");
    ask(&["-I", bucket]).await.has("403 Forbidden");
    ask(&["https://s3.example.com/other/x"]).await.has("<Code>NoSuchBucket</Code>");
    let bare = async |words: &[&str]| outside.curl("s3.example.com", words).await.expect("curl");
    bare(&[bucket]).await.has("<Code>AccessDenied</Code>");
    let wrong = ["--aws-sigv4", "aws:amz:us-west-004:s3", "--user", "0045f2c81d90ab30000000001:other", bucket];
    bare(&wrong).await.has("<Code>SignatureDoesNotMatch</Code>");
    bare(&["--aws-sigv4", "aws:amz:us-west-004:s3", "--user", "x:y", bucket])
        .await
        .has("<Code>InvalidAccessKeyId</Code>");
    outside.says(Site::S3, "503");
    let slow = ask(&[bucket]).await;
    slow.has("<Code>SlowDown</Code>");
    slow.has("retry-after: ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_has_what_the_cluster_has_pulled() {
    let outside = Outside::start().await;
    let base = "https://registry.example.com";
    let Some(first) = outside.curl("registry.example.com", &["--http1.1", &format!("{base}/v2/")]).await else {
        return;
    };
    first.has("401 Unauthorized");
    first.has("Bearer realm=\"https://registry.example.com/v2/token\",service=\"container_registry\",scope=\"*\"");
    let ask = async |words: &[&str]| {
        outside.curl("registry.example.com", &[&["--http1.1"], words].concat()).await.expect("curl")
    };
    let token = ask(&[&format!("{base}/v2/token?service=container_registry")]).await.text;
    let token = token.split('"').nth(3).expect("a token").to_owned();
    let bearer = format!("Authorization: Bearer {token}");
    let read = async |path: &str| ask(&["-H", &bearer, &format!("{base}/v2/{path}")]).await;
    read("").await.has("200 OK");
    read("honeydue/api/tags/list").await.has("9f3c1d2");
    let manifest = read("honeydue/api/manifests/9f3c1d2").await;
    manifest.has("docker-content-digest: sha256:");
    manifest.has("application/vnd.oci.image.index.v1+json");
    let digest = manifest.text.split("docker-content-digest: ").nth(1).and_then(|rest| rest.lines().next());
    read(&format!("honeydue/api/manifests/{}", digest.expect("a digest").trim())).await.has("200 OK");
    read("honeydue/api/manifests/0000000").await.has("MANIFEST_UNKNOWN");
    read("honeydue/none/manifests/latest").await.has("NAME_UNKNOWN");
    ask(&["--user", "deploy:wrong", &format!("{base}/v2/token")]).await.has("401");
    ask(&[&format!("{base}/api/healthz")]).await.has("\"status\":\"pass\"");
    outside.says(Site::Registry, "429");
    let limited = read("honeydue/api/manifests/9f3c1d2").await;
    limited.has("TOOMANYREQUESTS");
    limited.has("ratelimit-remaining: 0;w=21600");
    outside.says(Site::Registry, "fail");
    ask(&[&format!("{base}/api/healthz")]).await.has("\"status\":\"fail\"");
}

/// A socket on the loopback that leads to the Service of redis, as a forwarded port does.
async fn forwarded(network: Arc<Network>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let network = network.clone();
            tokio::spawn(async move {
                let from = Vantage::Node("nbg1-2".to_owned());
                if let Ok(mut far) = network.connect(from, "10.43.93.11", 6379).await {
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                }
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_cli_reads_the_queue_and_pauses_it() {
    let outside = Outside::start().await;
    let port = forwarded(outside.simulation.network().clone()).await.port().to_string();
    let cli = async |words: &[&str]| {
        let told = outside.run("redis-cli", &[&["-p", &port], words].concat(), "").await?;
        Some(told.text.trim_end().to_owned())
    };
    let Some(pong) = cli(&["PING"]).await else { return };
    assert_eq!(pong, "PONG");
    let ask = async |words: &[&str]| cli(words).await.expect("redis-cli");
    assert_eq!(ask(&["SMEMBERS", "asynq:queues"]).await, "default");
    assert_eq!(ask(&["-3", "SCARD", "asynq:queues"]).await, "1");
    let now = outside.simulation.clocks().cluster.now().as_second().to_string();
    let servers = ask(&["ZRANGEBYSCORE", "asynq:servers", &now, "+inf"]).await;
    assert!(servers.starts_with("asynq:servers:{worker-") && servers.lines().count() == 1, "{servers}");
    assert!(ask(&["GET", &servers]).await.contains("active"));
    let schedulers = ask(&["ZRANGEBYSCORE", "asynq:schedulers", &now, "+inf"]).await;
    assert_eq!(ask(&["LLEN", &schedulers]).await, "6");
    assert!(ask(&["INFO", "persistence"]).await.contains("rdb_last_bgsave_status:ok"));
    assert_eq!(ask(&["CONFIG", "GET", "maxmemory-policy"]).await, "maxmemory-policy\nnoeviction");
    let keys = ask(&["--scan", "--pattern", "asynq:{default}:*"]).await;
    assert!(keys.lines().any(|key| key == "asynq:{default}:scheduled"), "{keys}");
    assert_eq!(ask(&["SET", "asynq:{default}:paused", &now, "NX"]).await, "OK");
    assert_eq!(ask(&["EXISTS", "asynq:{default}:paused"]).await, "1");
    assert_eq!(ask(&["DEL", "asynq:{default}:paused"]).await, "1");
    assert!(ask(&["FLUSHALL"]).await.contains("ERR unknown command"));
    let piped = outside.run("redis-cli", &["-p", &port], "PING\nDBSIZE\nGET asynq:queues\n").await.expect("redis-cli");
    piped.has("PONG");
    piped.has("WRONGTYPE");
}
