//! The way in is pinned at first contact.

use crashcart::situation::Kind;

use super::desk::Desk;
use crate::cluster::Cluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kubeconfig_that_comes_to_mean_another_cluster_is_told_and_not_followed() {
    let (cluster, other) = (Cluster::start(1).await, Cluster::start(1).await);
    let (own, foreign) = (cluster.server.kubeconfig(None), other.server.kubeconfig(None));
    let (own, foreign) = (own.expect("a kubeconfig"), foreign.expect("a kubeconfig"));
    let file = cluster.write("config", &own);
    let mut desk = Desk::at(cluster, file);
    let action = desk.action(crashcart::action::by_name("cordon").expect("an action"));
    desk.until("the cluster is known", |s| !s.cluster.uid.is_empty() && s.knows(Kind::Node)).await;
    let uid = desk.situation.lock().expect("the situation").cluster.uid.clone();

    desk.cluster.write("config", &foreign);
    desk.cluster.server.endpoints[0].refuse(true);
    desk.until("the difference is told", |s| s.cluster_changed.is_some()).await;
    let told = desk.situation.lock().expect("the situation").cluster_changed.clone().expect("told");
    assert!(told.contains("another cluster") && told.contains(other.server.url().as_str()), "{told}");
    desk.cluster.server.endpoints[0].refuse(false);
    let planned = desk.plan(&action).await;
    assert!(planned.is_err_and(|why| why.what.contains("another cluster")), "a plan while the file means another");
    assert!(other.server.requests().is_empty(), "the other cluster was never asked, nor given credentials");

    desk.cluster.write("config", &own);
    desk.cluster.server.endpoints[0].refuse(true);
    desk.until("the file is right again", |s| s.cluster_changed.is_none()).await;
    desk.cluster.server.endpoints[0].refuse(false);
    desk.until("the cluster answers", |s| s.source(&crashcart::situation::Source::Api).live()).await;
    assert_eq!(desk.situation.lock().expect("the situation").cluster.uid, uid);
    desk.good_plan(&action).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_cluster_behind_the_same_address_is_told() {
    let mut desk = Desk::new().await;
    desk.until("the cluster is known", |s| !s.cluster.uid.is_empty()).await;
    let uid = desk.situation.lock().expect("the situation").cluster.uid.clone();
    desk.replace("", "namespaces", ("", "kube-system"));
    desk.cluster.server.endpoints[0].refuse(true);
    desk.until("it is lost", |s| !s.source(&crashcart::situation::Source::Api).live()).await;
    desk.cluster.server.endpoints[0].refuse(false);
    desk.until("the difference is told", |s| s.cluster_changed.as_ref().is_some_and(|how| how.contains("kube-system")))
        .await;
    assert_eq!(desk.situation.lock().expect("the situation").cluster.uid, uid, "what was met stays what it was");
}
