//! Verification as the situation goes on.

use serde_json::{Value, json};

use crate::action::deeds::testing::*;
use crate::action::{Action, Outcome, Plan, Verification};
use crate::situation::{Kind, Observation, Source, SourceState, Trouble};

/// The change was answered a second after the plan was made.
fn outcome(generation: Option<i64>) -> Outcome {
    Outcome { at: at(1), generation, says: "200 OK".to_owned() }
}

fn verify(shop: &Shop, plan: &Plan, generation: impl Into<Option<i64>>) -> Verification {
    plan.verify(&outcome(generation.into()), &shop.situation())
}

fn waits(verification: Verification) -> String {
    match verification {
        Verification::Waiting(why) => why,
        other => panic!("{other:?}"),
    }
}

fn worked(verification: Verification) -> String {
    match verification {
        Verification::Worked(how) => how,
        other => panic!("{other:?}"),
    }
}

fn failed(verification: Verification) -> String {
    match verification {
        Verification::Failed(why) => why,
        other => panic!("{other:?}"),
    }
}

/// `web` after the server took the roll back: the template is that of revision 41, the controller has not looked yet.
fn taken() -> (Shop, Plan) {
    let mut shop = Shop::new();
    let plan = shop.plan(roll_back("web", 41));
    let mut template = shop.raw(Kind::ReplicaSet, "web-41")["spec"]["template"].clone();
    template["metadata"]["labels"].as_object_mut().unwrap().remove("pod-template-hash");
    shop.change(Kind::Deployment, "web", |d| {
        d["metadata"]["generation"] = json!(43);
        d["spec"]["template"] = template;
    });
    (shop, plan)
}

fn status(shop: &mut Shop, updated: i64, replicas: i64, available: i64) {
    shop.change(Kind::Deployment, "web", |d| {
        d["status"]["observedGeneration"] = json!(43);
        d["status"]["updatedReplicas"] = json!(updated);
        d["status"]["replicas"] = json!(replicas);
        d["status"]["availableReplicas"] = json!(available);
    });
}

/// The controller has made revision 43 of the former set.
fn turned(shop: &mut Shop) {
    shop.change(Kind::ReplicaSet, "web-41", |s| {
        s["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!("43");
    });
}

fn replaced(shop: &mut Shop) {
    for i in 1..=3 {
        shop.remove(Kind::Pod, &format!("web-42-{i}"));
        shop.put(Kind::Pod, pod("web", "web-41", i, true));
    }
}

#[test]
fn a_roll_back_from_the_answer_to_the_proof() {
    let (mut shop, plan) = taken();
    assert!(waits(verify(&shop, &plan, 43)).contains("has not seen the change"));
    status(&mut shop, 0, 3, 3);
    assert!(waits(verify(&shop, &plan, 43)).contains("no ReplicaSet of the new template"));
    turned(&mut shop);
    assert_eq!(waits(verify(&shop, &plan, 43)), "0 of 3 pods are of revision 43");
    status(&mut shop, 2, 4, 3);
    assert_eq!(waits(verify(&shop, &plan, 43)), "2 of 3 pods are of revision 43");
    status(&mut shop, 3, 4, 4);
    assert_eq!(waits(verify(&shop, &plan, 43)), "1 old pod is still there");
    status(&mut shop, 3, 3, 2);
    assert_eq!(waits(verify(&shop, &plan, 43)), "2 of 3 available");
    status(&mut shop, 3, 3, 3);
    assert_eq!(waits(verify(&shop, &plan, 43)), "3 old pods are still there", "the pods say otherwise");
    replaced(&mut shop);
    assert_eq!(worked(verify(&shop, &plan, 43)), "3 of 3 available on revision 43");
}

#[test]
fn the_watch_may_be_behind_the_answer() {
    let shop = Shop::new();
    let plan = shop.plan(roll_back("web", 41));
    assert!(waits(verify(&shop, &plan, 43)).contains("has not seen"), "as it was before the change");
    assert!(waits(verify(&shop, &plan, None)).contains("no ReplicaSet"), "without a generation the template tells");
}

#[test]
fn only_a_verdict_on_the_new_rollout_counts() {
    let (mut shop, plan) = taken();
    status(&mut shop, 0, 4, 3);
    turned(&mut shop);
    let exceeded = |seconds: i64| {
        json!([{ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out",
            "lastUpdateTime": at(seconds).to_string() }])
    };
    shop.change(Kind::Deployment, "web", |d| d["status"]["conditions"] = exceeded(-300));
    waits(verify(&shop, &plan, 43));
    shop.change(Kind::Deployment, "web", |d| d["status"]["conditions"] = exceeded(600));
    assert!(failed(verify(&shop, &plan, 43)).contains("no progress in time"));
    shop.change(Kind::Deployment, "web", |d| d["status"]["observedGeneration"] = json!(42));
    assert!(waits(verify(&shop, &plan, 43)).contains("has not seen"), "a verdict before the change was seen");
}

#[test]
fn a_quota_that_keeps_pods_back_is_named() {
    let (mut shop, plan) = taken();
    status(&mut shop, 1, 3, 3);
    turned(&mut shop);
    shop.change(Kind::Deployment, "web", |d| {
        d["status"]["conditions"] =
            json!([{ "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota" }]);
    });
    assert!(waits(verify(&shop, &plan, 43)).contains("exceeded quota"));
}

#[test]
fn somebody_elses_change_is_not_our_success() {
    let (mut shop, plan) = taken();
    status(&mut shop, 3, 3, 3);
    let mut other = set("web", 44, 3);
    other["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!("44");
    shop.put(Kind::ReplicaSet, other);
    shop.change(Kind::Deployment, "web", |d| {
        d["metadata"]["generation"] = json!(44);
        d["status"]["observedGeneration"] = json!(44);
    });
    assert!(failed(verify(&shop, &plan, 43)).contains("somebody changed web since"));
    shop.remove(Kind::Deployment, "web");
    assert!(failed(verify(&shop, &plan, 43)).contains("is gone"));
    shop.put(Kind::Deployment, deployment("web", 42, 3));
    shop.change(Kind::Deployment, "web", |d| d["metadata"]["uid"] = json!("another"));
    assert!(failed(verify(&shop, &plan, 43)).contains("is gone"));
}

#[test]
fn a_restart_is_proved_by_its_stamp() {
    let mut shop = Shop::new();
    let plan = shop.plan(restart("web"));
    status(&mut shop, 3, 3, 3);
    shop.change(Kind::Deployment, "web", |d| d["metadata"]["generation"] = json!(43));
    assert!(waits(verify(&shop, &plan, 43)).contains("no ReplicaSet"), "all is well, but nothing was restarted");
    let mut new = set("web", 43, 3);
    let stamped = |new: &mut Value, stamp: &str| {
        new["spec"]["template"]["metadata"]["annotations"] = json!({ "kubectl.kubernetes.io/restartedAt": stamp });
    };
    stamped(&mut new, "2026-11-22T05:12:09+01:00");
    shop.put(Kind::ReplicaSet, new.clone());
    for i in 1..=3 {
        shop.remove(Kind::Pod, &format!("web-42-{i}"));
        shop.put(Kind::Pod, pod("web", "web-43", i, true));
    }
    assert_eq!(worked(verify(&shop, &plan, 43)), "3 of 3 available on revision 43");
    stamped(&mut new, "2026-11-22T04:12:08Z");
    shop.put(Kind::ReplicaSet, new);
    waits(verify(&shop, &plan, 43));
}

#[test]
fn a_scaling_is_proved_by_pods_and_refuted_by_another_number() {
    let mut shop = Shop::new();
    let plan = shop.plan(scale("web", 1));
    shop.change(Kind::Deployment, "web", |d| {
        d["metadata"]["generation"] = json!(43);
        d["spec"]["replicas"] = json!(1);
    });
    assert!(waits(verify(&shop, &plan, 43)).contains("has not seen"));
    status(&mut shop, 3, 3, 3);
    assert_eq!(waits(verify(&shop, &plan, 43)), "3 pods there, 1 wanted");
    status(&mut shop, 1, 1, 1);
    assert_eq!(worked(verify(&shop, &plan, 43)), "1 of 1 available");
    shop.change(Kind::Deployment, "web", |d| {
        d["metadata"]["generation"] = json!(44);
        d["spec"]["replicas"] = json!(2);
        d["status"]["observedGeneration"] = json!(44);
    });
    assert!(failed(verify(&shop, &plan, 43)).contains("set it to 2"));
}

#[test]
fn the_subresource_answers_without_a_generation() {
    let mut shop = Shop::new();
    let plan = shop.plan(scale("web", 1));
    assert_eq!(waits(verify(&shop, &plan, None)), "it still wants 3", "the watch is behind");
    shop.change(Kind::Deployment, "web", |d| d["spec"]["replicas"] = json!(2));
    assert!(failed(verify(&shop, &plan, None)).contains("set it to 2"));
}

#[test]
fn scaled_to_none_leaves_no_pod() {
    let mut shop = Shop::new();
    let plan = shop.plan(scale("web", 0));
    shop.change(Kind::Deployment, "web", |d| {
        d["metadata"]["generation"] = json!(43);
        d["spec"]["replicas"] = json!(0);
        d["status"] = json!({ "observedGeneration": 43, "replicas": 1, "updatedReplicas": 1 });
    });
    waits(verify(&shop, &plan, 43));
    shop.change(Kind::Deployment, "web", |d| d["status"] = json!({ "observedGeneration": 43 }));
    assert_eq!(worked(verify(&shop, &plan, 43)), "0 of 0 available");
}

fn successor(shop: &mut Shop, created: i64, ready: bool) {
    let mut new = pod("web", "web-42", 9, ready);
    new["metadata"]["creationTimestamp"] = json!(at(created).to_string());
    shop.put(Kind::Pod, new);
}

#[test]
fn a_deleted_pod_is_gone_and_replaced() {
    let mut shop = Shop::new();
    let plan = shop.plan(delete("web-42-1"));
    assert_eq!(waits(verify(&shop, &plan, None)), "web-42-1 is still there");
    shop.change(Kind::Pod, "web-42-1", |p| p["metadata"]["deletionTimestamp"] = json!(at(20).to_string()));
    successor(&mut shop, 1, true);
    assert_eq!(waits(verify(&shop, &plan, None)), "web-42-1 is ending");
    shop.remove(Kind::Pod, "web-42-1");
    successor(&mut shop, -60, true);
    assert!(waits(verify(&shop, &plan, None)).contains("no new pod yet"), "one of before is no successor");
    successor(&mut shop, 1, false);
    assert!(waits(verify(&shop, &plan, None)).contains("web-42-9 is not ready yet"));
    successor(&mut shop, 1, true);
    assert_eq!(worked(verify(&shop, &plan, None)), "web-42-1 is gone, web-42-9 is ready; 3 of 3 ready");
}

#[test]
fn a_pod_of_the_same_name_is_another_one() {
    let mut shop = Shop::new();
    let plan = shop.plan(delete("ingress-1"));
    let mut again = pod("ingress", "ingress", 1, true);
    again["metadata"]["uid"] = json!("another");
    again["metadata"]["creationTimestamp"] = json!(at(3).to_string());
    shop.put(Kind::Pod, again);
    assert!(worked(verify(&shop, &plan, None)).contains("ingress-1 is ready"));
}

#[test]
fn a_workload_that_went_makes_no_other() {
    let mut shop = Shop::new();
    let plan = shop.plan(delete("web-42-1"));
    shop.remove(Kind::Pod, "web-42-1");
    shop.remove(Kind::Deployment, "web");
    assert!(failed(verify(&shop, &plan, None)).contains("nobody makes another"));
}

#[test]
fn a_cordon_needs_its_taint_and_an_uncordon_its_absence() {
    let mut shop = Shop::new();
    let plan = shop.plan(cordon("node-1"));
    waits(verify(&shop, &plan, None));
    shop.change(Kind::Node, "node-1", |n| n["spec"]["unschedulable"] = json!(true));
    assert!(waits(verify(&shop, &plan, None)).contains("taint"));
    let back = shop.plan(uncordon("node-1"));
    shop.change(Kind::Node, "node-1", |n| {
        n["spec"]["taints"] = json!([{ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" }]);
    });
    worked(verify(&shop, &plan, None));
    waits(verify(&shop, &back, None));
    shop.change(Kind::Node, "node-1", |n| n["spec"] = json!({}));
    worked(verify(&shop, &back, None));
    shop.remove(Kind::Node, "node-1");
    failed(verify(&shop, &back, None));
}

#[test]
fn what_is_not_seen_is_not_gone() {
    let mut shop = Shop::new();
    let (pod, web) = (shop.plan(delete("web-42-1")), shop.plan(restart("web")));
    let unknown = |plan: &Plan, situation: &crate::situation::Situation| match plan.verify(&outcome(None), situation) {
        Verification::Unknown(why) => why,
        other => panic!("{other:?}"),
    };
    shop.remove(Kind::Pod, "web-42-1");
    shop.remove(Kind::Deployment, "web");
    let mut situation = shop.situation();
    for (kind, name) in [(Kind::Pod, "shop/web-42-1"), (Kind::Deployment, "shop/web")] {
        situation.apply(Observation::Skipped(kind, name.into(), "spec: a map".into()));
    }
    assert!(unknown(&pod, &situation).contains("shop/web-42-1 could not be read"));
    assert!(unknown(&web, &situation).contains("shop/web could not be read"));
    let mut situation = crate::situation::Situation::new();
    for kind in Kind::ALL {
        situation.apply(Observation::Source(Source::Watch(kind), SourceState::Live));
        situation.apply(Observation::Limited(Source::Watch(kind), "only in a; elsewhere needs list pods".into()));
    }
    assert!(unknown(&pod, &situation).contains("only in a"));
    assert!(unknown(&web, &situation).contains("only in a"));
}

#[test]
fn a_lost_watch_proves_nothing() {
    let mut shop = Shop::new();
    for action in one_of_each() {
        if matches!(action, Action::Uncordon { .. }) {
            shop.change(Kind::Node, "node-1", |n| n["spec"]["unschedulable"] = json!(true));
        }
        let plan = shop.plan(action);
        let mut situation = shop.situation();
        let kind = plan.objects[0].kind;
        let trouble = Trouble { what: "connection reset".into(), remedy: "".into(), retry_at: None };
        situation.apply(Observation::Source(Source::Watch(kind), SourceState::Lost(trouble)));
        let verification = plan.verify(&outcome(None), &situation);
        let Verification::Unknown(why) = verification else { panic!("{verification:?}") };
        assert!(why.contains("connection reset"), "{why}");
        shop.change(Kind::Node, "node-1", |n| n["spec"] = json!({}));
    }
}
