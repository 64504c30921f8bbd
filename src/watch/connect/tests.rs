//! Real errors from real servers, real files, real processes: what is said of them.

mod held;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::explain::{Cause, Explanation};
use super::*;
use crate::situation::time::{ManualClock, SystemClock};
use crate::watch::connect::endpoint::{Ask, JSON};
use crate::watch::failure::Failure;

const V1: &str = include_str!("../../../tests/recordings/x509-v1.pem");

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "test authority");
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

/// A certificate with its key, in PEM, after `change`.
fn issue(authority: &Authority, change: impl FnOnce(&mut CertificateParams)) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::IpAddress(std::net::Ipv4Addr::LOCALHOST.into())];
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    (params.signed_by(&key, authority).expect("a certificate"), key)
}

/// What a test server does with a connection.
#[derive(Clone)]
enum Serve {
    /// TLS, then this answer.
    Tls(Arc<rustls::ServerConfig>, &'static str),
    /// No TLS, this answer.
    Plain(&'static str),
    /// Accepts and cuts.
    Cut,
    /// Accepts and is silent.
    Silent,
}

async fn serve(how: Serve) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let how = how.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                match how {
                    Serve::Tls(config, answer) => {
                        let Ok(mut tls) = tokio_rustls::TlsAcceptor::from(config).accept(tcp).await else { return };
                        let _ = tls.read(&mut buffer).await;
                        let _ = tls.write_all(answer.as_bytes()).await;
                        let _ = tls.shutdown().await;
                    }
                    Serve::Plain(answer) => {
                        let _ = tcp.read(&mut buffer).await;
                        let _ = tcp.write_all(answer.as_bytes()).await;
                    }
                    Serve::Cut => {}
                    Serve::Silent => tokio::time::sleep(Duration::from_secs(60)).await,
                }
            });
        }
    });
    addr
}

fn tls((certificate, key): &(rcgen::Certificate, KeyPair), clients: Option<&Authority>) -> Arc<rustls::ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let builder = rustls::ServerConfig::builder();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(authority.der().clone()).expect("a root");
            let verifier = rustls::server::WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("a verifier");
            builder.with_client_cert_verifier(verifier)
        }
    };
    let config = builder.with_single_cert(vec![certificate.der().clone()], key).expect("a config");
    Arc::new(config)
}

/// A folder with a kubeconfig in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// One context `c` for this server.
    fn kubeconfig(&self, server: &str, authority: Option<&Authority>, user: &str) -> PathBuf {
        let ca = authority.map_or_else(String::new, |a| {
            format!(", certificate-authority-data: {}", base64::engine::general_purpose::STANDARD.encode(a.pem()))
        });
        let text = format!(
            "current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u, namespace: shop}}}}]\n\
             clusters: [{{name: k, cluster: {{server: '{server}'{ca}}}}}]\nusers: [{{name: u, user: {user}}}]\n"
        );
        self.write("config", &text)
    }
}

fn connector(kubeconfig: PathBuf) -> Connector {
    let target = Target { kubeconfig: Some(kubeconfig), context: None };
    let pace = Pace { plugin: Duration::from_millis(700), ..Pace::default() };
    Connector::new(target, &Profile::default(), pace, Arc::new(SystemClock), Surroundings::default())
}

async fn ask(kubeconfig: PathBuf) -> Result<Vec<u8>, Failure> {
    let access = connector(kubeconfig).connect(false).await.expect("access");
    let ask = Ask { path: "/version", accept: JSON, stream: false, patience: Duration::from_millis(700) };
    let mut body = Vec::new();
    access.endpoints[0].get(ask).await?.read(&mut body, 4096).await?;
    Ok(body)
}

async fn why(kubeconfig: PathBuf) -> Explanation {
    match ask(kubeconfig).await {
        Err(Failure::Unreachable(why)) => why,
        other => panic!("{other:?}"),
    }
}

const YES: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn a_good_server_answers() {
    let (home, authority) = (Home::new(), authority());
    let addr = serve(Serve::Tls(tls(&issue(&authority, |_| {}), None), YES)).await;
    let answer = ask(home.kubeconfig(&format!("https://{addr}"), Some(&authority), "{token: t}")).await;
    assert_eq!(answer.expect("an answer"), b"{}");
}

#[tokio::test]
async fn each_way_to_fail_has_its_sentence() {
    let (home, authority) = (Home::new(), authority());
    let good = || issue(&authority, |_| {});
    let expired = issue(&authority, |p| p.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let other_name = issue(&authority, |p| {
        p.subject_alt_names = vec![SanType::DnsName("a.example.com".try_into().expect("a name"))];
    });
    let strange = issue(&super::tests::authority(), |_| {});
    let cases = [
        (Serve::Tls(tls(&expired, None), YES), Cause::Validity, "is not valid at this time"),
        (Serve::Tls(tls(&other_name, None), YES), Cause::WrongName, "a.example.com"),
        (Serve::Tls(tls(&strange, None), YES), Cause::Authority, "authority that the kubeconfig does not know"),
        (Serve::Tls(tls(&good(), Some(&super::tests::authority())), YES), Cause::ClientCertificate, "does not accept"),
        (Serve::Plain("HTTP/1.1 400 Bad Request\r\n\r\n"), Cause::NotTls, "does not speak TLS"),
        (Serve::Cut, Cause::Cut, "cut the connection"),
        (Serve::Silent, Cause::TimedOut, "does not answer"),
    ];
    let certificate = issue(&authority, |_| {});
    let pem = home.write("mine.crt", &certificate.0.pem());
    let key = home.write("mine.key", &certificate.1.serialize_pem());
    for (how, cause, words) in cases {
        let addr = serve(how).await;
        let user = format!("{{client-certificate: {}, client-key: {}}}", pem.display(), key.display());
        let why = why(home.kubeconfig(&format!("https://{addr}"), Some(&authority), &user)).await;
        assert_eq!(why.cause, cause, "{why:?}");
        assert!(why.what.contains(words) && why.what.contains(&addr.to_string()), "{why:?}");
        if cause == Cause::ClientCertificate {
            assert!(why.what.contains("mine.crt"), "the certificate is named: {why:?}");
        }
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let refused = why(home.kubeconfig(&format!("https://{closed}"), None, "{}")).await;
    assert_eq!(refused.cause, Cause::Refused, "{refused:?}");
    let nowhere = why(home.kubeconfig("https://no-such-host.invalid:6443", None, "{}")).await;
    assert!(matches!(nowhere.cause, Cause::Name | Cause::TimedOut), "{nowhere:?}");
}

#[tokio::test]
async fn a_web_page_is_not_the_api() {
    let home = Home::new();
    let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nconnection: close\r\n\r\n\
                <html><head><TITLE>Please\x1b[31m log in</TITLE></head></html>";
    let addr = serve(Serve::Plain(page)).await;
    let failure = ask(home.kubeconfig(&format!("http://{addr}"), None, "{}")).await.expect_err("a page");
    let trouble = failure.trouble("list pods");
    assert_eq!(trouble.what, "list pods: not the Kubernetes API answered but a web page (HTTP 200, \"Please log in\")");
    assert!(trouble.remedy.contains("proxy"));
}

#[tokio::test]
async fn certificates_that_are_no_good_are_named_before_they_are_used() {
    let (home, authority) = (Home::new(), authority());
    let old = home.write("old.crt", V1);
    let key = home.write("key.pem", &KeyPair::generate().expect("a key").serialize_pem());
    let user = |certificate: &Path| {
        format!("{{client-certificate: {}, client-key: {}}}", certificate.display(), key.display())
    };
    let connect = |certificate: PathBuf| {
        let config = home.kubeconfig("https://127.0.0.1:1", None, &user(&certificate));
        async move { connector(config).connect(false).await.expect_err("no access") }
    };
    let trouble = connect(old.clone()).await;
    assert!(trouble.what.contains("old.crt") && trouble.what.contains("version 1"), "{trouble:?}");
    assert!(trouble.remedy.contains("version 3"), "{trouble:?}");

    let (expired, _) = issue(&authority, |p| p.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let trouble = connect(home.write("expired.crt", &expired.pem())).await;
    assert!(trouble.what.contains("expired.crt expired at 2020-01-01T00:00:00Z"), "{trouble:?}");

    let trouble = connect(home.write("nonsense.crt", "hello")).await;
    assert!(trouble.what.contains("nonsense.crt is not a PEM certificate"), "{trouble:?}");
    let trouble = connect(home.0.path().join("absent.crt")).await;
    assert!(trouble.what.contains("absent.crt") && trouble.what.contains("No such file"), "{trouble:?}");
}

#[test]
fn what_the_tls_library_says_of_version_one_is_understood() {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KeyPair::generate().expect("a key").serialize_der()));
    let certificate = CertificateDer::from_pem_slice(V1.as_bytes()).expect("a certificate");
    let error = rustls::ClientConfig::builder()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_client_auth_cert(vec![certificate], key)
        .expect_err("too old");
    let way = Way { certificate: "the client certificate /a/b.crt".into(), ..Way::default() };
    let why = explain::explain(&error, &way);
    assert_eq!(why.cause, Cause::VersionOne, "{error:?}");
    assert!(why.what.starts_with("the client certificate /a/b.crt is an X.509 version 1"), "{why:?}");
}

#[test]
fn kubeconfigs_are_found_and_merged_as_kubectl_does() {
    let home = Home::new();
    let one = home.write("one", "current-context: a\ncontexts: [{name: a, context: {cluster: k, user: u}}]\n");
    let two = home.write(
        "sub/two",
        "current-context: b\ncontexts: [{name: a, context: {cluster: other, user: u}}, {name: b, context: {cluster: k, user: u}}]\n\
         clusters: [{name: k, cluster: {server: 'https://203.0.113.1:6443', certificate-authority: ca.crt}}]\n\
         users: [{name: u, user: {tokenFile: ../token, exec: {command: ./bin/login, apiVersion: x}}}]\n",
    );
    let list = format!("{}:{}::{}", home.0.path().join("absent").display(), one.display(), two.display());
    let env = Surroundings::of(&[("KUBECONFIG", &list)]);
    let Ok(Found::Kubeconfig(config, files)) = kubeconfig::find(&Target::default(), &env) else { panic!("not found") };
    let chosen = kubeconfig::choose(&config, &files, None).expect("a context");
    assert_eq!((chosen.name.as_str(), chosen.context.cluster.as_str()), ("a", "k"), "the first file wins");
    let inside = |path: &str| Some(home.0.path().join("sub").join(path).display().to_string());
    assert_eq!(chosen.cluster.certificate_authority, inside("ca.crt"), "relative to its own file");
    assert_eq!(chosen.user.token_file, inside("../token"));
    assert_eq!(chosen.user.exec.and_then(|e| e.command), inside("./bin/login"));

    let trouble = kubeconfig::choose(&config, &files, Some("nope")).expect_err("no such context");
    assert!(trouble.what.contains("no context nope") && trouble.remedy.contains("there are: a, b"), "{trouble:?}");
}

#[test]
fn without_a_kubeconfig_k3s_own_is_taken_and_without_that_it_says_where_it_looked() {
    let home = Home::new();
    let mut env = Surroundings {
        home: Some(home.0.path().to_owned()),
        k3s: home.0.path().join("k3s.yaml"),
        ..Surroundings::default()
    };
    let trouble = kubeconfig::find(&Target::default(), &env).expect_err("nothing there");
    assert!(trouble.what.contains("~/.kube/config") && trouble.remedy.contains("crashcart drill"), "{trouble:?}");
    home.write("k3s.yaml", "current-context: default\n");
    home.write(".kube/config", "apiVersion: v1\n");
    let found = |env: &Surroundings| match kubeconfig::find(&Target::default(), env) {
        Ok(Found::Kubeconfig(config, _)) => config.current_context,
        Ok(Found::InCluster) => Some("in-cluster".into()),
        Err(trouble) => panic!("{trouble:?}"),
    };
    assert_eq!(found(&env).as_deref(), Some("default"), "a config without contexts is none");
    env.vars.insert("KUBERNETES_SERVICE_HOST".into(), "203.0.113.1".into());
    env.service_account = home.write("token", "t");
    assert_eq!(found(&env).as_deref(), Some("in-cluster"));
    home.write(".kube/config", "contexts: [{name: mine, context: {cluster: k}}]\ncurrent-context: mine\n");
    assert_eq!(found(&env).as_deref(), Some("mine"));
}

#[test]
fn a_broken_kubeconfig_is_named_by_line_and_not_quoted() {
    let home = Home::new();
    let file = home.write("config", "users:\n- name: u\n  user:\n    token: [hunter2\nclusters: 7\n");
    let target = Target { kubeconfig: Some(file), context: None };
    let trouble = kubeconfig::find(&target, &Surroundings::default()).expect_err("broken");
    assert!(trouble.what.contains("config, line ") && !format!("{trouble:?}").contains("hunter2"), "{trouble:?}");
}

/// An executable script.
fn script(home: &Home, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = home.0.path().join(name);
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(format!("#!/bin/sh\n{text}").as_bytes()).expect("a script");
    drop(file);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    path
}

fn with_plugin(home: &Home, command: &Path, more: &str) -> Connector {
    let user =
        format!("{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: '{}'{more}}}}}", command.display());
    connector(home.kubeconfig("https://127.0.0.1:1", None, &user))
}

#[tokio::test]
async fn a_plugin_runs_once_without_a_terminal_until_its_credential_ends_or_is_refused() {
    let home = Home::new();
    let count = home.0.path().join("count");
    // `read` would wait for ever if there were a terminal.
    let text = format!(
        "read line; echo run >> {}\ncase \"$KUBERNETES_EXEC_INFO\" in *'\"interactive\":false'*) ;; *) exit 9;; esac\n\
         [ \"$WHO\" = me ] || exit 8\n\
         printf 'kind: ExecCredential\\nstatus:\\n  token: abc\\n  expirationTimestamp: \"2026-01-01T01:00:00Z\"\\n'\n",
        count.display()
    );
    let plugin = script(&home, "plugin", &text);
    let wall = ManualClock::new("2026-01-01T00:00:00Z".parse().expect("a time"));
    let mut connector = with_plugin(&home, &plugin, ", env: [{name: WHO, value: me}], interactiveMode: Always");
    connector.wall = Arc::new(wall.clone());
    let runs = || std::fs::read_to_string(&count).expect("it ran").lines().count();
    let access = connector.connect(false).await.expect("access");
    assert_eq!(access.expires, "2026-01-01T01:00:00Z".parse().ok());
    connector.connect(false).await.expect("access");
    assert_eq!(runs(), 1, "its credential is kept while it is good");
    connector.connect(true).await.expect("access");
    assert_eq!(runs(), 2, "a refused credential is not");
    wall.advance(jiff::SignedDuration::from_secs(3_550));
    connector.connect(false).await.expect("access");
    assert_eq!(runs(), 3, "one that ends in a minute is not");
}

#[tokio::test]
async fn a_plugin_that_fails_hangs_or_is_absent_is_explained() {
    let home = Home::new();
    let failing = script(&home, "failing", "echo 'please \x1b[31mlog in' >&2; exit 3");
    let trouble = with_plugin(&home, &failing, "").connect(false).await.expect_err("it fails");
    assert!(trouble.what.contains("please log in") && trouble.what.contains("exit status: 3"), "{trouble:?}");

    let begun = std::time::Instant::now();
    let hanging = script(&home, "hanging", "echo 'open this page' >&2\nsleep 60");
    let trouble = with_plugin(&home, &hanging, "").connect(false).await.expect_err("it hangs");
    assert!(trouble.what.contains("gave no answer"), "{trouble:?}");
    assert!(begun.elapsed() < Duration::from_secs(20));

    let absent = home.0.path().join("absent");
    let trouble =
        with_plugin(&home, &absent, ", installHint: 'brew install it'").connect(false).await.expect_err("absent");
    assert!(trouble.what.contains("was not found") && trouble.remedy.contains("brew install it"), "{trouble:?}");

    let silent = script(&home, "silent", "echo secret-token");
    let trouble = with_plugin(&home, &silent, "").connect(false).await.expect_err("no credential");
    assert!(
        trouble.what.contains("printed no credential") && !format!("{trouble:?}").contains("secret-token"),
        "{trouble:?}"
    );
}
