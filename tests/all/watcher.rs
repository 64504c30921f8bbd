//! kube-runtime's watcher on the simulated API server.

use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::runtime::watcher::{Config, Event, watcher};

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
