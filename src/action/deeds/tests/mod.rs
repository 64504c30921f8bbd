//! Drafts as a whole: exact requests, and what they rest on.

mod refusals;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::testing::*;
use crate::action::draft::{Draft, looks};
use crate::action::plan::Write;
use crate::action::{ACTIONS, Action};
use crate::situation::Kind;
use crate::situation::object::LEFT_BEHIND;

/// A draft as a reader sees it.
fn whole(draft: &Draft) -> String {
    pretty(&json!({
        "title": draft.title,
        "class": draft.class,
        "objects": draft.objects.iter().map(|o| format!("{o} {}", o.uid)).collect::<Vec<_>>(),
        "requests": draft.requests,
        "command": draft.command,
        "guards": draft.guards.iter().map(|g| format!("{} {:?}: {}", g.id, g.verdict, g.says)).collect::<Vec<_>>(),
        "warnings": draft.warnings,
        "rights": draft.rights.iter().map(|r| format!("{r}{}", if r.optional { " (optional)" } else { "" })).collect::<Vec<_>>(),
        "differences": draft.differences,
        "blastRadius": draft.blast_radius,
        "undo": draft.undo,
        "proof": draft.proof,
        "basis": draft.basis.iter().map(|f| format!("{}: {}", f.what, f.value)).collect::<Vec<_>>(),
    }))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

fn cordoned(shop: &mut Shop, node: &str, left: Option<&str>) {
    shop.change(Kind::Node, node, |n| {
        n["spec"]["unschedulable"] = json!(true);
        if let Some(left) = left {
            n["metadata"]["annotations"] = json!({ LEFT_BEHIND: left });
        }
    });
}

/// `web` in the midst of a rollout of revision 42 whose one pod does not become ready.
fn stuck() -> Shop {
    let mut shop = Shop::new();
    for i in 1..=3 {
        shop.remove(Kind::Pod, &format!("web-42-{i}"));
        shop.put(Kind::Pod, pod("web", "web-41", i, true));
    }
    shop.put(Kind::Pod, pod("web", "web-42", 1, false));
    shop.put(Kind::ReplicaSet, set("web", 41, 3));
    shop.put(Kind::ReplicaSet, set("web", 42, 1));
    shop.put(Kind::EndpointSlice, slice("web", &["web-41-1", "web-41-2", "web-41-3"]));
    shop.change(Kind::Deployment, "web", |d| {
        d["status"] = json!({ "observedGeneration": 42, "replicas": 4, "updatedReplicas": 1, "readyReplicas": 3 });
    });
    shop
}

#[test]
fn a_cordon() {
    let draft = Shop::new().draft(&cordon("node-1"));
    assert_snapshot!("cordon", whole(&draft));
}

#[test]
fn an_uncordon() {
    let mut shop = Shop::new();
    cordoned(&mut shop, "node-1", Some("A01 INC-0007 2026-11-22T03:12:00Z"));
    assert_snapshot!("uncordon", whole(&shop.draft(&uncordon("node-1"))));
}

#[test]
fn a_restart() {
    assert_snapshot!("restart", whole(&Shop::new().draft(&restart("web"))));
}

#[test]
fn a_deleted_pod() {
    assert_snapshot!("delete_pod", whole(&Shop::new().draft(&delete("web-42-2"))));
}

#[test]
fn a_roll_back() {
    assert_snapshot!("roll_back", whole(&Shop::new().draft(&roll_back("web", None))));
}

#[test]
fn a_roll_back_out_of_a_stuck_rollout() {
    let draft = stuck().draft(&roll_back("web", None));
    assert_snapshot!(
        "roll_back_stuck",
        json!({
            "title": draft.title, "warnings": draft.warnings, "blastRadius": draft.blast_radius,
        })
    );
}

#[test]
fn more_pods_and_fewer() {
    assert_snapshot!("scale_up", whole(&Shop::new().draft(&scale("web", 5))));
    assert_snapshot!("scale_to_none", whole(&Shop::new().draft(&scale("web", 0))));
}

#[test]
fn what_a_plan_rests_on_is_among_the_lists_it_reads() {
    // The shop gives a draft only what it asks for; so a guard that looks elsewhere finds nothing there.
    for action in one_of_each() {
        let looks = looks(&action);
        assert!(looks.iter().any(|l| l.kind == action.target().kind), "{action:?}");
        for look in looks {
            let namespace = action.target().key.namespace.clone();
            let expected = look.kind.resource().namespaced.then_some(namespace).filter(|n| !n.is_empty());
            assert_eq!(look.namespace, expected, "{action:?} {look:?}");
        }
    }
}

#[test]
fn every_action_has_one_change_and_its_announcement() {
    let mut shop = Shop::new();
    for action in one_of_each() {
        if matches!(action, Action::Uncordon { .. }) {
            cordoned(&mut shop, "node-1", None);
        }
        let draft = shop.draft(&action);
        let kinds: Vec<Write> = draft.requests.iter().map(|r| r.write).collect();
        assert_eq!(kinds, [Write::Change, Write::BookKeeping], "{action:?}");
        assert!(draft.rights.iter().all(|r| r.allowed.is_none()));
        assert_eq!(draft.rights.iter().map(|r| r.optional).collect::<Vec<_>>(), [false, true]);
        assert!(!draft.objects[0].uid.is_empty() && !draft.basis.is_empty() && !draft.blast_radius.is_empty());
        assert_eq!(shop.draft(&action), draft, "the same ground gives the same plan");
        if matches!(action, Action::Uncordon { .. }) {
            shop.put(Kind::Node, node(1));
        }
    }
    assert_eq!(ACTIONS.len(), one_of_each().len(), "a new action needs its row here");
}

#[test]
fn without_an_incident_nothing_pretends_there_is_one() {
    let mut shop = Shop::new();
    shop.standing.incident = String::new();
    let draft = shop.draft(&cordon("node-1"));
    let note = &draft.requests[0].body["metadata"]["annotations"][LEFT_BEHIND];
    assert_eq!(note, "A01 - 2026-11-22T04:12:09Z");
    let draft = shop.draft(&roll_back("web", 41));
    let cause = draft.requests[0].body.as_array().unwrap().last().unwrap()["value"].clone();
    assert_eq!(cause, "crashcart roll-back to revision 41");
}

#[test]
fn before_the_controller_made_a_set_of_it_the_newest_one_is_the_former() {
    let mut shop = Shop::new();
    shop.change(Kind::Deployment, "web", |d| {
        d["spec"]["template"]["spec"]["containers"][0]["image"] = json!("registry.example.com/web:r43");
    });
    let draft = shop.draft(&roll_back("web", None));
    assert_eq!(draft.title, "Roll back web to revision 42");
    assert_eq!(draft.undo.action, None, "the present template is nowhere to go back to");
}

#[test]
fn a_patch_of_operations_fits_the_object_and_only_that() {
    let mut shop = Shop::new();
    for bare in [false, true] {
        if bare {
            shop.change(Kind::Deployment, "web", |d| {
                d["metadata"].as_object_mut().unwrap().remove("annotations");
            });
        }
        let draft = shop.draft(&roll_back("web", 41));
        let patch: json_patch::Patch = serde_json::from_value(draft.requests[0].body.clone()).unwrap();
        let mut object = shop.raw(Kind::Deployment, "web");
        object["metadata"]["resourceVersion"] = json!("99999");
        object["status"] = json!({});
        json_patch::patch(&mut object, &patch).unwrap();
        let image = &object["spec"]["template"]["spec"]["containers"][0]["image"];
        assert_eq!(image, "registry.example.com/web:r41");
        assert_eq!(object["spec"]["template"]["metadata"]["labels"], json!({ "app": "web" }), "without the hash");
        let cause = &object["metadata"]["annotations"]["kubernetes.io/change-cause"];
        assert_eq!(cause, "crashcart roll-back to revision 41 (INC-0007)");
        let mut other = shop.raw(Kind::Deployment, "web");
        other["spec"]["template"]["spec"]["containers"][0]["image"] = json!("registry.example.com/web:r44");
        assert!(json_patch::patch(&mut other, &patch).is_err(), "a spec that changed is not replaced");
    }
}

#[test]
fn secrets_do_not_stand_in_a_plan_but_in_its_request() {
    let draft = Shop::new().draft(&roll_back("web", 41));
    let shown = json!([draft.differences, draft.blast_radius, draft.basis, draft.warnings, draft.undo]).to_string();
    assert!(!shown.contains("hunter"), "{shown}");
    assert_eq!(draft.differences[0].what, "image of web");
    assert_eq!(
        (draft.differences[1].what.as_str(), draft.differences[1].after.as_str()),
        ("env DATABASE_PASSWORD of web", "(changed)")
    );
}

#[test]
fn an_undo_undoes_it() {
    let shop = Shop::new();
    let undo = |action: Action| shop.draft(&action).undo.action;
    assert!(matches!(undo(roll_back("web", 40)), Some(Action::RollBack { to: Some(42), .. })));
    assert!(matches!(undo(scale("web", 5)), Some(Action::Scale { replicas: 3, .. })));
    assert!(matches!(undo(cordon("node-1")), Some(Action::Uncordon { .. })));
    assert!(matches!(undo(restart("web")), Some(Action::RollBack { to: Some(42), .. })));
    assert_eq!(undo(delete("web-42-1")), None);
}

#[test]
fn status_noise_leaves_the_basis_alone_and_a_spec_does_not() {
    type Change = fn(&mut Shop);
    let mut shop = Shop::new();
    let action = roll_back("web", 41);
    let basis = shop.draft(&action).basis;
    shop.change(Kind::Deployment, "web", |d| {
        d["metadata"]["resourceVersion"] = json!("2000");
        d["metadata"]["managedFields"] = json!([{ "manager": "x" }]);
        d["status"]["conditions"] = json!([]);
        d["status"]["unavailableReplicas"] = json!(1);
    });
    assert_eq!(shop.draft(&action).basis, basis);
    let changes: [(&str, Change); 6] = [
        ("generation", |s| s.change(Kind::Deployment, "web", |d| d["metadata"]["generation"] = json!(43))),
        ("template", |s| {
            s.change(Kind::Deployment, "web", |d| d["spec"]["template"]["spec"]["hostNetwork"] = json!(true));
        }),
        ("ready", |s| s.put(Kind::Pod, pod("web", "web-42", 1, false))),
        ("budget", |s| s.put(Kind::PodDisruptionBudget, budget("web", 0))),
        ("node", |s| s.change(Kind::Node, "node-2", |n| n["status"] = json!({}))),
        ("paused", |s| s.change(Kind::Deployment, "web", |d| d["spec"]["paused"] = json!(true))),
    ];
    for (what, change) in changes {
        let mut shop = Shop::new();
        change(&mut shop);
        assert_ne!(shop.draft(&action).basis, basis, "{what}");
    }
}

proptest::proptest! {
    /// Whatever is missing from what the server sends, a plan is made or refused, and nobody panics.
    #[test]
    fn absent_fields_are_no_trouble(which in 0..6_usize, seeds in proptest::collection::vec(proptest::num::u64::ANY, 1..6)) {
        let mut shop = Shop::new();
        let action = &one_of_each()[which];
        let name = action.target().key.name.clone();
        for seed in seeds {
            shop.change(action.target().kind, &name, |o| maim(o, seed));
            shop.change(Kind::ReplicaSet, "web-41", |o| maim(o, seed));
            let mut ground = shop.ground(action);
            let _ = super::super::draft::draft(action, &ground, &shop.profile, &shop.standing, made());
            ground.situation = crate::situation::Situation::new();
            let _ = super::super::draft::draft(action, &ground, &shop.profile, &shop.standing, made());
        }
    }
}

/// Takes one field away, or puts something else in its place, somewhere below `value`; names stay, so that the fixture
/// finds its objects again.
fn maim(value: &mut Value, seed: u64) {
    let (pick, rest) = (seed % 16, seed / 16);
    match value {
        Value::Object(map) if !map.is_empty() => {
            let keys: Vec<String> = map.keys().filter(|k| *k != "name").cloned().collect();
            let Some(key) = keys.get(usize::try_from(pick).unwrap() % keys.len().max(1)) else { return };
            match rest % 4 {
                0 if key != "metadata" => drop(map.remove(key)),
                1 if key != "metadata" => drop(map.insert(key.clone(), json!(-7))),
                _ => maim(&mut map[key], rest / 4),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let at = usize::try_from(pick).unwrap() % items.len();
            maim(&mut items[at], rest);
        }
        _ => {}
    }
}
