//! kube-runtime's watcher on the simulated API server.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::runtime::reflector::Store;
use kube::runtime::watcher::{Config, Event, watcher};
use kube::runtime::{WatchStreamExt as _, reflector};
use serde_json::json;

use crate::api::{User, client};
use crate::small::{Running, Small, resource};

#[expect(clippy::disallowed_types, reason = "a client from outside")]
type Api<K> = kube::Api<K>;

/// Names of what the first list brought.
async fn first_list(
    stream: &mut (impl futures::Stream<Item = kube::runtime::watcher::Result<Event<ConfigMap>>> + Unpin),
) -> usize {
    let mut found = 0;
    loop {
        match stream.try_next().await.expect("no error").expect("an event") {
            Event::Init => {}
            Event::InitApply(_) => found += 1,
            Event::InitDone => return found,
            other => panic!("{other:?} before the list was done"),
        }
    }
}

async fn follows(config: Config) {
    let running = Running::start(Small::shop()).await;
    let api: Api<ConfigMap> = Api::namespaced(client(&running, User::Viewer), "shop");
    let mut stream = watcher(api, config).boxed();
    assert_eq!(first_list(&mut stream).await, 250);
    running.touch("", "configmaps", "cm-007", "changed");
    let Some(Event::Apply(changed)) = stream.try_next().await.expect("no error") else { panic!("no change came") };
    assert_eq!(changed.metadata.name.as_deref(), Some("cm-007"));
    running.small().store.remove(resource("", "configmaps"), "shop", "cm-008");
    let Some(Event::Delete(gone)) = stream.try_next().await.expect("no error") else { panic!("no deletion came") };
    assert_eq!(gone.metadata.name.as_deref(), Some("cm-008"));
}

#[tokio::test]
async fn a_watcher_that_lists_by_pages_and_watches_sees_everything() {
    follows(Config::default().page_size(100)).await;
}

#[tokio::test]
async fn a_watcher_that_streams_its_list_sees_everything() {
    follows(Config::default().streaming_lists()).await;
}

#[tokio::test]
async fn a_log_can_be_read() {
    let running = Running::start(Small::shop()).await;
    let api: Api<Pod> = Api::namespaced(client(&running, User::Viewer), "shop");
    let log = api.logs("web-1", &kube::api::LogParams { tail_lines: Some(2), ..Default::default() }).await;
    assert_eq!(log.expect("a log"), "line 3\nline 4\n");
}

/// Creates, changes and deletes things; each word another time.
fn churn(small: &mut Small, word: &str) {
    let maps = resource("", "configmaps");
    for number in (0..250).step_by(7) {
        let name = format!("cm-{number:03}");
        if number % 2 == 0 {
            small.store.modify(maps, "shop", &name, |o| o["data"]["word"] = word.into());
        } else {
            small.store.remove(maps, "shop", &name);
            small.put("", "configmaps", json!({"metadata": {"name": format!("{word}-{number}"), "namespace": "shop"}}));
        }
    }
}

/// Follows until what is kept equals what the server has, errors on the way or not.
async fn until_equal<E>(
    mut events: impl Stream<Item = Result<E, kube::runtime::watcher::Error>> + Unpin,
    kept: &Store<ConfigMap>,
    running: &Running,
) {
    let same = || {
        let version = |map: &Arc<ConfigMap>| (map.metadata.name.clone(), map.metadata.resource_version.clone());
        let kept: BTreeMap<_, _> = kept.state().iter().map(version).collect();
        let list = running.small().store.list(resource("", "configmaps"), None);
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let there = list.iter().map(|o| (text(&o["metadata"]["name"]), text(&o["metadata"]["resourceVersion"])));
        kept == there.collect()
    };
    let reached = tokio::time::timeout(Duration::from_secs(60), async {
        while !same() {
            let _ = events.next().await.expect("a watcher goes on");
        }
    });
    reached.await.expect("the reflector has what the server has");
}

/// A reflector through a list that is compacted under it, a watch that goes on, and one that has to list again.
async fn keeps_up(config: Config) {
    let running = Running::start(Small::shop()).await;
    let api: Api<ConfigMap> = Api::namespaced(client(&running, User::Viewer), "shop");
    let (kept, writer) = reflector::store();
    let mut events = pin!(watcher(api, config).default_backoff().reflect(writer));

    let small = running.small.clone();
    let disturbing = tokio::spawn(async move {
        for round in 0..40 {
            {
                let mut small = small.lock().expect("the cluster");
                churn(&mut small, &format!("early{round}"));
                small.store.compact();
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    until_equal(&mut events, &kept, &running).await;
    disturbing.await.expect("an end");
    until_equal(&mut events, &kept, &running).await;

    churn(&mut running.small(), "quietly");
    until_equal(&mut events, &kept, &running).await;

    for word in ["cut", "again"] {
        running.server.endpoints[0].refuse(true);
        while events.next().await.expect("a watcher goes on").is_ok() {}
        churn(&mut running.small(), word);
        running.small().store.compact();
        running.server.endpoints[0].refuse(false);
        until_equal(&mut events, &kept, &running).await;
    }
    assert!(kept.state().len() >= 250 - 18);
}

#[tokio::test]
async fn a_paged_watcher_keeps_up_through_relists() {
    keeps_up(Config::default().page_size(20)).await;
}

#[tokio::test]
async fn a_streaming_watcher_keeps_up_through_relists() {
    keeps_up(Config::default().streaming_lists()).await;
}
