//! Each guard where it holds and where it does not.

use serde_json::json;

use crate::action::deeds::testing::*;
use crate::action::plan::{Class, Verdict};
use crate::action::{Action, Plan};
use crate::config::profile::Role;
use crate::situation::Kind;

fn confirmed(id: &str) -> Shop {
    let mut shop = Shop::new();
    shop.standing.confirmed.insert(id.to_owned());
    shop
}

fn always_pulled(shop: &mut Shop) {
    let always = |o: &mut serde_json::Value, path: &str| {
        o.pointer_mut(path).unwrap()["imagePullPolicy"] = json!("Always");
    };
    shop.change(Kind::Deployment, "web", |d| always(d, "/spec/template/spec/containers/0"));
    shop.change(Kind::ReplicaSet, "web-41", |s| always(s, "/spec/template/spec/containers/0"));
    shop.change(Kind::Pod, "web-42-1", |p| always(p, "/spec/containers/0"));
}

#[test]
fn each_guard_answers_for_the_actions_it_concerns() {
    let mut shop = Shop::new();
    let answered = |shop: &Shop, action: &Action| {
        let draft = shop.draft(action);
        let mut ids: Vec<&str> = draft.guards.iter().map(|g| g.id).filter(|id| id.starts_with('G')).collect();
        ids.extend(draft.warnings.iter().filter_map(|w| w.starts_with("G9:").then_some("G9")));
        ids
    };
    assert_eq!(answered(&shop, &cordon("node-1")), ["G5", "G10", "G11"]);
    assert_eq!(answered(&shop, &restart("web")), ["G5", "G7", "G10", "G11"]);
    assert_eq!(answered(&shop, &delete("web-42-1")), ["G5", "G7", "G10", "G11"]);
    assert_eq!(answered(&shop, &roll_back("web", None)), ["G5", "G7", "G10", "G11", "G9"]);
    assert_eq!(answered(&shop, &scale("web", 2)), ["G5", "G7", "G10", "G11", "G9"]);
    shop.change(Kind::Node, "node-1", |n| n["spec"]["unschedulable"] = json!(true));
    assert_eq!(answered(&shop, &uncordon("node-1")), ["G5", "G10", "G11"]);
}

#[test]
fn g5_a_singleton_is_told_with_its_gap() {
    let shop = Shop::new();
    for action in [restart("worker"), delete("worker-7-2")] {
        let (verdict, says) = shop.verdict(&action, "G5");
        assert_eq!(verdict, Verdict::Raised, "{action:?}");
        assert!(says.contains("expected gap: 12s to become ready, as last time, after up to 20s to end"), "{says}");
        assert_eq!(shop.draft(&action).class, Class::R2);
    }
    for action in [restart("web"), delete("web-42-1"), scale("office", 2), roll_back("web", None)] {
        assert_eq!(shop.verdict(&action, "G5").0, Verdict::Passed, "{action:?}");
    }
}

#[test]
fn g5_a_gap_that_nothing_tells_is_not_made_up() {
    let mut shop = Shop::new();
    shop.change(Kind::Pod, "worker-7-2", |p| p["status"]["containerStatuses"][0]["restartCount"] = json!(3));
    let (_, says) = shop.verdict(&delete("worker-7-2"), "G5");
    assert!(says.contains("is not known"), "{says}");
}

#[test]
fn g5_never_two_of_a_singleton() {
    let mut shop = Shop::new();
    assert_eq!(shop.verdict(&scale("worker", 2), "G5").0, Verdict::Refused);
    assert_eq!(shop.verdict(&scale("worker", 0), "G5").0, Verdict::Raised);
    shop.change(Kind::Deployment, "worker", |d| d["spec"]["strategy"] = json!({}));
    let (verdict, says) = shop.verdict(&restart("worker"), "G5");
    assert_eq!(verdict, Verdict::Refused);
    assert!(says.contains("scale it to 0"), "{says}");
}

#[test]
fn g5_a_node_that_hosts_a_singleton() {
    let mut shop = Shop::new();
    let (verdict, says) = shop.verdict(&cordon("node-2"), "G5");
    assert_eq!((verdict, shop.draft(&cordon("node-2")).class), (Verdict::Raised, Class::R2));
    assert!(says.starts_with("node-2 hosts worker: "), "{says}");
    assert_eq!(shop.verdict(&cordon("node-1"), "G5").0, Verdict::Passed);
    assert_eq!(shop.draft(&cordon("node-1")).class, Class::R1);
    shop.change(Kind::Pod, "worker-7-2", |p| p["spec"]["nodeSelector"] = json!({ "disk": "yes" }));
    assert!(shop.verdict(&cordon("node-2"), "G5").1.contains("worker (bound by its node selector)"));
}

#[test]
fn g7_nothing_that_serves_is_restarted_without_its_database() {
    let shop = confirmed("F20");
    for action in [restart("web"), roll_back("web", None), delete("web-42-1")] {
        assert_eq!(shop.verdict(&action, "G7").0, Verdict::Refused, "{action:?}");
    }
    for action in [restart("office"), delete("worker-7-2"), delete("ingress-1"), scale("web", 2)] {
        assert_eq!(shop.verdict(&action, "G7").0, Verdict::Passed, "{action:?}");
    }
    assert_eq!(shop.verdict(&scale("web", 5), "G7").0, Verdict::Raised);
    let quiet = Shop::new();
    assert_eq!(quiet.verdict(&restart("web"), "G7").0, Verdict::Passed);
}

#[test]
fn g7_a_pod_that_is_not_ready_has_nothing_to_lose() {
    let mut shop = confirmed("F20");
    shop.put(Kind::Pod, pod("web", "web-42", 1, false));
    assert_eq!(shop.verdict(&delete("web-42-1"), "G7").0, Verdict::Raised);
}

#[test]
fn g7_what_an_ingress_leads_to_serves_without_a_role() {
    let mut shop = confirmed("F20");
    shop.profile.roles.clear();
    assert_eq!(shop.verdict(&restart("web"), "G7").0, Verdict::Passed);
    shop.put(
        Kind::Ingress,
        json!({
            "metadata": { "name": "web", "namespace": "shop", "uid": "i" },
            "spec": { "rules": [{ "host": "example.com", "http": { "paths": [
                { "path": "/", "backend": { "service": { "name": "web", "port": { "number": 80 } } } },
            ] } }] },
        }),
    );
    assert_eq!(shop.verdict(&restart("web"), "G7").0, Verdict::Refused);
}

#[test]
fn g7_without_a_registry_only_images_that_are_there_start() {
    let mut shop = confirmed("F23");
    // Each node runs the present image; nobody knows of the former one.
    assert_eq!(shop.verdict(&restart("web"), "G7").0, Verdict::Passed);
    let (verdict, says) = shop.verdict(&roll_back("web", 41), "G7");
    assert_eq!(verdict, Verdict::CannotTell);
    assert!(says.contains("node-1, node-2, node-3 has registry.example.com/web:r41"), "{says}");
    shop.remove(Kind::Pod, "web-42-3");
    assert!(shop.verdict(&restart("web"), "G7").1.contains("whether node-3 has"));
    shop.change(Kind::Node, "node-3", |n| n["spec"]["unschedulable"] = json!(true));
    assert_eq!(shop.verdict(&restart("web"), "G7").0, Verdict::Passed);
    always_pulled(&mut shop);
    for action in [restart("web"), roll_back("web", 41), delete("web-42-1"), scale("web", 5)] {
        assert_eq!(shop.verdict(&action, "G7").0, Verdict::Refused, "{action:?}");
    }
    assert_eq!(shop.verdict(&scale("web", 2), "G7").0, Verdict::Passed);
}

#[test]
fn g10_and_g11_say_what_is_asked_and_on_what_it_rests() {
    let shop = Shop::new();
    let (_, says) = shop.verdict(&roll_back("web", None), "G10");
    assert!(says.contains("patch deployments.apps in shop") && says.contains("dryRun=All"), "{says}");
    let (_, says) = shop.verdict(&roll_back("web", None), "G11");
    assert!(says.contains("at 04:12:09Z") && says.contains("read again after the key"), "{says}");
}

#[test]
fn a_refusing_guard_stops_the_plan_and_a_raising_one_does_not() {
    let refusal = |plan: Plan| plan.refusal();
    assert!(refusal(confirmed("F20").plan(restart("web"))).unwrap().starts_with("G7: the database is down"));
    assert_eq!(refusal(Shop::new().plan(restart("worker"))), None);
    assert_eq!(refusal(Shop::new().plan(roll_back("web", None))), None, "what is not known does not refuse");
}

#[test]
fn a_role_raises_and_never_lowers() {
    let mut shop = Shop::new();
    for role in ["dns", "cache", "ingress-nginx"] {
        shop.profile.roles.clear();
        shop.profile.roles.insert(role.to_owned(), Role { name: "web".to_owned(), ..Role::default() });
        for action in [restart("web"), delete("web-42-1"), scale("web", 5), scale("web", 1), roll_back("web", None)] {
            assert_eq!(shop.draft(&action).class, Class::R2, "{role} {action:?}");
        }
    }
}
