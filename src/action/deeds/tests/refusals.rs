//! When there is no plan, when a plan must not be carried out, and what it warns of.

use serde_json::json;

use super::cordoned;
use crate::action::Action;
use crate::action::deeds::testing::*;
use crate::action::plan::{Class, Verdict};
use crate::situation::{Kind, Text};

#[test]
fn another_object_of_that_name_is_not_touched() {
    let mut shop = Shop::new();
    let mut action = delete("web-42-1");
    if let Action::DeletePod { pod } = &mut action {
        pod.uid = Text::new("uid-of-yesterday");
    }
    let refused = shop.try_draft(&action).unwrap_err();
    assert!(refused.what.contains("another object of that name"), "{refused:?}");
    for action in one_of_each() {
        shop.remove(action.target().kind, &action.target().key.name);
        let refused = shop.try_draft(&action).unwrap_err();
        assert!(refused.what.contains("is not there") && !refused.remedy.is_empty(), "{refused:?}");
    }
}

#[test]
fn what_is_being_deleted_is_left_alone() {
    let mut shop = Shop::new();
    let gone = json!("2026-11-22T04:11:00Z");
    shop.change(Kind::Deployment, "web", |d| d["metadata"]["deletionTimestamp"] = gone.clone());
    for action in [restart("web"), roll_back("web", None), scale("web", 5)] {
        assert!(shop.try_draft(&action).unwrap_err().what.contains("is being deleted"), "{action:?}");
    }
    shop.change(Kind::Pod, "web-42-1", |p| p["metadata"]["deletionTimestamp"] = gone);
    assert!(shop.try_draft(&delete("web-42-1")).unwrap_err().what.contains("on its way out"));
}

#[test]
fn nothing_to_do_is_said() {
    let mut shop = Shop::new();
    assert_eq!(shop.try_draft(&scale("web", 3)).unwrap_err().what, "web has 3 replicas already");
    assert!(shop.try_draft(&uncordon("node-1")).unwrap_err().what.contains("not cordoned"));
    cordoned(&mut shop, "node-1", None);
    assert!(shop.try_draft(&cordon("node-1")).unwrap_err().what.contains("cordoned already"));
    let same = shop.try_draft(&roll_back("web", 42)).unwrap_err();
    assert!(same.what.contains("the template of revision 42 already"), "{same:?}");
}

#[test]
fn a_revision_that_is_not_there_is_told_with_those_that_are() {
    let mut shop = Shop::new();
    let refused = shop.try_draft(&roll_back("web", 7)).unwrap_err();
    assert_eq!((refused.what.as_str(), refused.remedy.as_str()), ("web has no revision 7", "there are: 40, 41, 42"));
    let history = "deployment.kubernetes.io/revision-history";
    shop.change(Kind::ReplicaSet, "web-41", |s| s["metadata"]["annotations"][history] = json!("3,7"));
    assert_eq!(shop.try_draft(&roll_back("web", 7)).unwrap_err().remedy, "its template is called revision 41 now");
    let refused = shop.try_draft(&roll_back("office", None)).unwrap_err();
    assert!(refused.what.contains("no former revision"), "{refused:?}");
}

#[test]
fn the_sets_of_others_are_no_revisions() {
    let mut shop = Shop::new();
    for name in ["web-40", "web-41"] {
        shop.change(Kind::ReplicaSet, name, |s| s["metadata"]["ownerReferences"][0]["uid"] = json!("another"));
    }
    assert!(shop.try_draft(&roll_back("web", None)).unwrap_err().what.contains("no former revision"));
    assert!(shop.try_draft(&roll_back("web", 41)).is_err());
}

#[test]
fn the_class_rises_with_what_is_at_stake() {
    let mut shop = Shop::new();
    for (action, class) in [
        (cordon("node-3"), Class::R1),
        (restart("web"), Class::R1),
        (restart("office"), Class::R2),
        (restart("worker"), Class::R2),
        (delete("web-42-1"), Class::R1),
        (delete("office-3-1"), Class::R2),
        (delete("worker-7-2"), Class::R2),
        (delete("ingress-1"), Class::R2),
        (roll_back("web", None), Class::R2),
        (scale("web", 5), Class::R1),
        (scale("web", 2), Class::R2),
    ] {
        assert_eq!(shop.draft(&action).class, class, "{action:?}");
    }
    // Nothing is lost with a pod that is not ready, even if it is the last one.
    shop.put(Kind::Pod, pod("office", "office-3", 1, false));
    assert_eq!(shop.draft(&delete("office-3-1")).class, Class::R1);
    for node in ["node-1", "node-2"] {
        cordoned(&mut shop, node, None);
    }
    assert_eq!(shop.draft(&cordon("node-3")).class, Class::R2, "the last node that takes pods");
}

#[test]
fn a_pod_that_nobody_makes_anew_is_not_deleted() {
    let mut shop = Shop::new();
    shop.change(Kind::Pod, "office-3-1", |p| drop(p["metadata"].as_object_mut().unwrap().remove("ownerReferences")));
    let (verdict, says) = shop.verdict(&delete("office-3-1"), "A04");
    assert_eq!(verdict, Verdict::Refused);
    assert!(says.contains("nobody makes another"), "{says}");
    shop.change(Kind::Pod, "office-3-1", |p| p["metadata"]["ownerReferences"] = json!([owner("Node", "node-1", "u")]));
    assert_eq!(shop.verdict(&delete("office-3-1"), "A04").0, Verdict::Refused);
    shop.change(Kind::Pod, "office-3-1", |p| p["metadata"]["ownerReferences"] = json!([owner("Job", "night", "u")]));
    let (verdict, says) = shop.verdict(&delete("office-3-1"), "A04");
    assert_eq!((verdict, shop.draft(&delete("office-3-1")).class), (Verdict::Raised, Class::R2));
    assert!(says.contains("nobody makes another once"), "{says}");
    shop.change(Kind::Pod, "office-3-1", |p| p["metadata"]["ownerReferences"] = json!([owner("Robot", "r2", "u")]));
    assert_eq!(shop.verdict(&delete("office-3-1"), "A04").0, Verdict::CannotTell);
}

#[test]
fn a_spent_budget_raises_a_deletion_that_does_not_ask_it() {
    let mut shop = Shop::new();
    shop.put(Kind::PodDisruptionBudget, budget("web", 0));
    let draft = shop.draft(&delete("web-42-1"));
    assert_eq!(draft.class, Class::R2);
    assert!(draft.guards.iter().any(|g| g.says.contains("budget web allows no disruption")));
    shop.unseen.push((Kind::PodDisruptionBudget, "forbidden".to_owned()));
    let draft = shop.draft(&delete("web-42-1"));
    assert!(draft.blast_radius.iter().any(|l| l == "budgets are not known: forbidden"), "{:?}", draft.blast_radius);
}

#[test]
fn a_paused_deployment_is_neither_restarted_nor_rolled_back_but_scaled() {
    let mut shop = Shop::new();
    shop.change(Kind::Deployment, "web", |d| d["spec"]["paused"] = json!(true));
    for (action, id) in [(restart("web"), "A03"), (roll_back("web", None), "A05")] {
        let (verdict, says) = shop.verdict(&action, id);
        assert_eq!(verdict, Verdict::Refused);
        assert!(says.contains("A27 first: kubectl -n shop rollout resume deploy/web"), "{says}");
    }
    assert!(shop.draft(&scale("web", 5)).guards.iter().all(|g| g.verdict != Verdict::Refused));
}

#[test]
fn a_migration_is_a_persons_word() {
    let mut shop = Shop::new();
    let mut says = |told: &[&str]| {
        shop.standing.told = told.iter().map(|t| (*t).to_owned()).collect();
        shop.guard(&roll_back("web", 41), "A05").map(|g| g.verdict)
    };
    assert_eq!(says(&[]), Some(Verdict::CannotTell));
    assert_eq!(says(&["colour: no"]), Some(Verdict::CannotTell));
    assert_eq!(says(&["migrated: No"]), Some(Verdict::Passed));
    assert_eq!(says(&["migrated: No, or the old program is known to work with it"]), Some(Verdict::Passed));
    assert_eq!(says(&["migrated: Yes, or nobody can say"]), Some(Verdict::Refused));
    assert_eq!(says(&["migration: Yes, and a developer confirmed that the old binary works"]), Some(Verdict::Passed));
    assert_eq!(says(&["schema: yes"]), Some(Verdict::Refused));
    assert_eq!(says(&["migration: nobody knows"]), Some(Verdict::Refused));
    assert_eq!(says(&["migration: yes, and it is not compatible"]), Some(Verdict::Refused));
    assert_eq!(says(&["migrated: no", "schema: yes"]), Some(Verdict::Refused));
    // A release that differs in its configuration alone brings no other binary.
    shop.standing.told.clear();
    shop.change(Kind::ReplicaSet, "web-41", |s| {
        s["spec"]["template"]["spec"]["containers"][0]["image"] = json!("registry.example.com/web:r42");
    });
    assert_eq!(shop.guard(&roll_back("web", 41), "A05"), None);
}

#[test]
fn what_undoes_a_scaling_is_told() {
    let mut shop = Shop::new();
    let told = |shop: &Shop, n: u32| shop.draft(&scale("web", n)).warnings.join("\n");
    assert!(!told(&shop, 5).contains("autoscaler"));
    shop.put(Kind::HorizontalPodAutoscaler, autoscaler("web"));
    assert!(told(&shop, 5).contains("autoscaler web (2 to 6) scales this Deployment too and will undo it"));
    assert!(told(&shop, 0).contains("they all fail"));
    shop.put(
        Kind::ResourceQuota,
        json!({
            "metadata": { "name": "compute", "namespace": "shop", "uid": "q" },
            "status": { "hard": { "pods": "10" }, "used": { "pods": "9" } },
        }),
    );
    assert!(told(&shop, 5).contains("pods 9 of 10"), "{}", told(&shop, 5));
    assert!(!told(&shop, 2).contains("quota"));
    for kind in [Kind::ResourceQuota, Kind::HorizontalPodAutoscaler] {
        shop.unseen.push((kind, "forbidden".to_owned()));
    }
    let told = told(&shop, 5);
    assert!(told.contains("whether a quota leaves room") && told.contains("whether an autoscaler will undo"), "{told}");
}

#[test]
fn whose_cordon_is_lifted_is_told() {
    let mut shop = Shop::new();
    cordoned(&mut shop, "node-1", None);
    assert!(shop.draft(&uncordon("node-1")).warnings.join("\n").contains("somebody else"));
    cordoned(&mut shop, "node-1", Some("A01 INC-0003 2026-11-20T03:12:00Z"));
    assert!(shop.draft(&uncordon("node-1")).warnings.join("\n").contains("INC-0003"));
    cordoned(&mut shop, "node-1", Some("A01 INC-0007 2026-11-22T03:12:00Z"));
    assert_eq!(shop.draft(&uncordon("node-1")).warnings, [""; 0]);
}
