//! For every action there is: whatever keeps it from being carried out keeps every change from the server.

use std::sync::atomic::Ordering;

use crashcart::action::{ACTIONS, Action, Arming, Cancel, Confirmed, Gate, Plan, Pressed, Progress};
use crashcart::drill::api::{Right, Rights};
use crossterm::event::KeyEventKind;
use jiff::SignedDuration;

use super::desk::{AtIntent, Desk, confirm, execute, keys, press, shown};
use crate::cluster::Cluster;

/// Executes a plan that was confirmed with its key; how it ended.
async fn end(desk: &Desk, confirmed: Confirmed) -> Progress {
    let mut all = execute(&desk.executor(), confirmed, Cancel::default()).await;
    all.pop().expect("a last word")
}

fn refused(end: &Progress, why: &str, action: &Action) {
    let Progress::Refused(refused) = end else { panic!("{}: {end:?}", action.spec().name) };
    assert!(refused.what.contains(why), "{}: {refused:?}", action.spec().name);
}

/// Plans every action on one desk and lets `row` try it; no change may reach the server.
async fn for_every_action(row: impl AsyncFn(&Desk, &Action, Plan)) {
    let desk = Desk::new().await;
    for spec in ACTIONS {
        let action = desk.action(spec);
        let plan = desk.good_plan(&action).await;
        row(&desk, &action, plan).await;
        assert_eq!(desk.cluster.server.changes(), [], "{}", spec.name);
    }
    let rehearsed = desk.cluster.server.requests().iter().filter(|r| r.dry_run).count();
    assert!(rehearsed >= ACTIONS.len(), "each was asked of the server before");
}

/// The same with a desk of its own for each, for what leaves traces.
async fn for_every_action_alone(row: impl AsyncFn(Desk, Action, Plan) -> Desk) {
    for spec in ACTIONS {
        let desk = Desk::new().await;
        let action = desk.action(spec);
        let plan = desk.good_plan(&action).await;
        let desk = row(desk, action, plan).await;
        assert_eq!(desk.cluster.server.changes(), [], "{}", spec.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only() {
    for_every_action(async |desk, action, plan| {
        let executor = desk.executor_with(Arming::new(Some("--read-only is set")));
        let all = execute(&executor, confirm(&plan), Cancel::default()).await;
        refused(all.last().expect("a last word"), "--read-only", action);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_armed() {
    for_every_action(async |desk, action, plan| {
        let all = execute(&desk.executor_with(Arming::new(None)), confirm(&plan), Cancel::default()).await;
        refused(all.last().expect("a last word"), "armed", action);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_key() {
    for_every_action(async |_, _, _| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_before_the_wait_is_over() {
    for_every_action(async |_, action, plan| {
        let mut gate = Gate::new(&plan);
        assert!(press(&mut gate, &plan, 2000).is_none(), "{}: it was never shown", action.spec().name);
        let mut gate = Gate::new(&plan);
        gate.shown(false, shown());
        assert!(press(&mut gate, &plan, 2000).is_none(), "{}: its end was not shown", action.spec().name);
        let mut gate = Gate::new(&plan);
        gate.shown(true, shown());
        assert!(press(&mut gate, &plan, 100).is_none(), "{}: it was only just shown", action.spec().name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pasted_keys() {
    for_every_action(async |_, action, plan| {
        let mut gate = Gate::new(&plan);
        gate.shown(true, shown());
        assert!(matches!(gate.pasted(), Pressed::Close(_)));
        assert!(press(&mut gate, &plan, 2000).is_none(), "{}", action.spec().name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_repeat() {
    for_every_action(async |_, action, plan| {
        let name = action.spec().name;
        let mut told = Gate::new(&plan);
        told.shown(true, shown());
        let mut untold = told.clone();
        for key in keys(&plan) {
            let mut repeat = key;
            repeat.kind = KeyEventKind::Repeat;
            let at = shown() + SignedDuration::from_secs(2);
            assert!(matches!(told.key(&repeat, at, &plan), Pressed::Close(_) | Pressed::Ignored), "{name}");
        }
        assert!(press(&mut told, &plan, 3000).is_none(), "{name}");
        for n in 0..60 {
            let key = keys(&plan).pop().expect("a key");
            let pressed = untold.key(&key, shown() + SignedDuration::from_millis(33 * n), &plan);
            assert!(!matches!(pressed, Pressed::Confirmed(_)), "{name}: held since before it was shown");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rbac_denied() {
    let cluster = Cluster::start(1).await;
    let config = cluster.server.restricted_kubeconfig().expect("a kubeconfig");
    let file = cluster.write("restricted", &config);
    cluster.server.restrict(Rights::All);
    let desk = Desk::at(cluster, file);
    for spec in ACTIONS {
        let action = desk.action(spec);
        let plan = desk.good_plan(&action).await;
        let needed = plan.rights.iter().filter(|right| !right.optional);
        let needed: Vec<_> = needed.map(|right| Right::new(right.verb, right.group, right.resource)).collect();
        assert!(!needed.is_empty(), "{}: it names no right", spec.name);
        desk.cluster.server.restrict(Rights::AllBut(needed));
        let plan = desk.plan(&action).await.expect("a plan to read");
        assert!(plan.refusal().is_some_and(|why| why.contains("lacks a right")), "{}: {plan:#?}", spec.name);
        let mut gate = Gate::new(&plan);
        gate.shown(true, shown());
        assert!(press(&mut gate, &plan, 2000).is_none(), "{}", spec.name);
        assert!(Confirmed::by_digest(plan.clone(), &plan.digest(), Some("api"), plan.made).is_err(), "{}", spec.name);
        assert_eq!(desk.cluster.server.changes(), [], "{}", spec.name);
        desk.cluster.server.restrict(Rights::All);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stale_facts() {
    for_every_action_alone(async |desk, action, plan| {
        let confirmed = confirm(&plan);
        desk.make_stale(&action);
        let end = end(&desk, confirmed).await;
        let told = match &end {
            Progress::Refused(_) => true,
            Progress::Stale(new) => new.digest() != plan.digest(),
            _ => false,
        };
        assert!(told, "{}: {end:?}", action.spec().name);
        desk
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_object_of_the_same_name() {
    for_every_action_alone(async |desk, action, plan| {
        let confirmed = confirm(&plan);
        let resource = action.target().kind.resource();
        let key = action.target().key.clone();
        desk.replace(resource.group, resource.plural, (&key.namespace, &key.name));
        let end = end(&desk, confirmed).await;
        assert!(matches!(end, Progress::Refused(_)), "{}: {end:?}", action.spec().name);
        desk
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_cluster() {
    for_every_action_alone(async |desk, action, plan| {
        let confirmed = confirm(&plan);
        desk.replace("", "namespaces", ("", "kube-system"));
        refused(&end(&desk, confirmed).await, "another cluster", &action);
        assert!(desk.plan(&action).await.is_err_and(|why| why.what.contains("another cluster")));
        desk
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_for_another_desk() {
    let other = Desk::new().await;
    for_every_action(async |desk, action, plan| {
        refused(&end(&other, confirm(&plan)).await, "not the cluster here", action);
        assert_eq!((desk.changes(), other.changes()), (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_arming() {
    for_every_action(async |desk, action, plan| {
        let arming = Arming::new(None);
        let begun = shown() - crashcart::action::HOLDS - SignedDuration::from_secs(1);
        arming.arm(begun).expect("nothing forbids it");
        let all = execute(&desk.executor_with(arming), confirm(&plan), Cancel::default()).await;
        refused(all.last().expect("a last word"), "armed", action);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled() {
    for_every_action(async |desk, action, plan| {
        let cancel = Cancel::default();
        cancel.cancel();
        let all = execute(&desk.executor(), confirm(&plan), cancel).await;
        refused(all.last().expect("a last word"), "cancelled", action);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_or_disarmed_while_the_intent_is_written() {
    for_every_action(async |desk, action, plan| {
        let cancel = Cancel::default();
        let arming = Arming::new(None);
        arming.arm(shown()).expect("nothing forbids it");
        for (hook, cancel) in
            [(AtIntent::Cancel(cancel.clone()), cancel), (AtIntent::Disarm(arming.clone()), Cancel::default())]
        {
            *desk.memory.at_intent.lock().expect("the hook") = Some(hook);
            let all = execute(&desk.executor_with(arming.clone()), confirm(&plan), cancel).await;
            assert!(matches!(all.last(), Some(Progress::Stopped(0, _))), "{}: {all:?}", action.spec().name);
            assert_eq!(desk.memory.kinds().last(), Some(&"stopped"), "the record says that nothing came of it");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_cannot_be_written() {
    for_every_action(async |desk, action, plan| {
        desk.memory.broken.store(true, Ordering::SeqCst);
        refused(&end(desk, confirm(&plan)).await, "no space left", action);
        desk.memory.broken.store(false, Ordering::SeqCst);
    })
    .await;
}
