//! What the program's own log may hold.

use std::io::Write;
use std::sync::{Arc, Mutex};

use crashcart::config::Profile;
use crashcart::drill::api::Backend;
use crashcart::drill::store::Store;
use crashcart::logging::FILTER;
use crashcart::situation::{Kind, Source};
use crashcart::watch::Target;
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::cluster::{Cluster, Look, start};

const SECRET: &str = "hunter2-correct-horse";

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// On one thread, so that the log of this test is the log of all that it starts.
#[tokio::test]
async fn a_secret_in_an_object_that_cannot_be_decoded_is_in_no_log_and_no_observation() {
    let kept = Kept::default();
    let writer = kept.clone();
    let filter = EnvFilter::new(FILTER);
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || writer.clone()).with_ansi(false).finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let cluster = Cluster::start(1).await;
    let pods = Store::resource("", "pods").expect("pods");
    let bad = |name: &str| {
        json!({
            "metadata": {"name": name, "namespace": "honeydue", "labels": {"password": {"nested": SECRET}}},
            "spec": {"containers": [{"name": "a", "env": [{"name": "PASSWORD", "value": SECRET}]}], "nodeName": [SECRET]},
        })
    };
    let plant = |name: &str| {
        let mut world = cluster.world.lock().expect("the world");
        Backend::store(&mut *world).create(pods, bad(name), start()).expect("planted");
    };
    plant("planted-before");
    let profile = Profile { namespaces: vec!["honeydue".into()], ..Profile::default() };
    let mut look = Look::open(Target { kubeconfig: Some(cluster.kubeconfig()), context: None }, &profile);
    let source = Source::Watch(Kind::Pod);
    look.until("the first is named", |s| s.source(&source).skipped.len() == 1 && s.knows(Kind::Pod)).await;
    plant("planted-while-watching");
    look.until("the second is named", |s| s.source(&source).skipped.len() == 2).await;
    drop(guard);

    let s = &look.situation;
    let skipped = s.source(&source).skipped;
    let names: Vec<&str> = skipped.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["honeydue/planted-before", "honeydue/planted-while-watching"]);
    assert!(!format!("{s:?}").contains(SECRET), "the situation holds the secret");
    let log = String::from_utf8_lossy(&kept.0.lock().expect("the log")).into_owned();
    assert!(log.contains("planted-before") && log.contains("left out"), "{log}");
    for line in log.lines() {
        assert!(!line.contains(SECRET), "{line}");
    }
}
