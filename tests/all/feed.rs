//! The feed on the simulated cluster, without faults.

use crashcart::config::Profile;
use crashcart::situation::{Kind, Source, SourceState};
use crashcart::watch::Target;
use jiff::SignedDuration;

use crate::cluster::{Cluster, Look};

fn profile() -> Profile {
    Profile { namespaces: vec!["honeydue".into()], ..Profile::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_becomes_known_and_stays_so() {
    let cluster = Cluster::start(1).await;
    let target = Target { kubeconfig: Some(cluster.kubeconfig()), context: None };
    let mut look = Look::open(target, &profile());
    look.until_live().await;
    let s = &look.situation;
    assert_eq!(s.nodes.len(), 3);
    assert!(!s.pods.is_empty() && !s.events.is_empty() && !s.replica_sets.is_empty());
    assert!(s.pods.values().all(|p| !p.containers.is_empty() && !p.meta.uid.is_empty()));
    assert_eq!(s.version, "v1.34.6+k3s1");
    assert_eq!(s.cluster.context, "crashcart-sim");
    assert!(!s.node_usage.is_empty() && !s.pod_usage.is_empty());
    assert!(s.sources.values().all(|status| status.skipped.is_empty()), "{:?}", s.sources);
    look.until("the cluster's UID", |s| !s.cluster.uid.is_empty()).await;

    let before = look.situation.leases.clone();
    cluster.advance(SignedDuration::from_secs(60));
    look.until("leases are renewed", |s| s.leases != before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_viewer_may_not_see_is_named_and_the_rest_works() {
    let cluster = Cluster::start(1).await;
    let target = Target { kubeconfig: Some(cluster.kubeconfig()), context: Some("crashcart-sim-viewer".into()) };
    let mut look = Look::open(target, &profile());
    let nodes = Source::Watch(Kind::Node);
    look.until("nodes are forbidden", |s| s.source(&nodes).state == SourceState::Forbidden("list nodes".into())).await;
    look.until("pods are known", |s| s.knows(Kind::Pod) && s.knows(Kind::Deployment)).await;
}
