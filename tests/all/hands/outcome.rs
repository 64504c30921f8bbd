//! What becomes of an action that is carried out.

use std::time::Duration;

use crashcart::action::{
    ACTIONS, Action, Cancel, Confirmed, Outcome, Plan, Progress, Rehearsal, Standing, Verification,
};
use crashcart::drill::api::{Mishap, Right, Rights};
use crashcart::situation::Situation;
use jiff::SignedDuration;
use tokio::sync::mpsc;

use super::desk::{Desk, confirm, execute};
use crate::cluster::Cluster;

/// Lets simulated time pass, a second in each tick, until the plan's proof says something.
async fn proof(desk: &mut Desk, plan: &Plan, outcome: &Outcome) -> Verification {
    let world = desk.cluster.world.clone();
    let passing = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(40));
        loop {
            ticks.tick().await;
            let mut world = world.lock().expect("the world");
            let to = world.now() + SignedDuration::from_secs(1);
            world.advance(to);
        }
    });
    let said = |s: &Situation| plan.verify(outcome, s);
    let over = |s: &Situation| matches!(said(s), Verification::Worked(_) | Verification::Failed(_));
    desk.until(&plan.proof.says, over).await;
    passing.abort();
    said(&desk.situation.lock().expect("the situation"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_action_is_carried_out_once_recorded_and_proven() {
    for spec in ACTIONS {
        let mut desk = Desk::new().await;
        let action = desk.action(spec);
        let plan = desk.good_plan(&action).await;
        assert!(!plan.action.target().uid.is_empty(), "the plan is for one object");
        let all = execute(&desk.executor(), confirm(&plan), Cancel::default()).await;
        let Some(Progress::Executed(outcome)) = all.last() else { panic!("{}: {all:?}", spec.name) };
        assert_eq!(outcome.says, "200 OK", "{}", spec.name);
        let sent = desk.cluster.server.changes();
        assert_eq!(sent.len(), plan.requests.len(), "{}", spec.name);
        for (sent, planned) in sent.iter().zip(&plan.requests) {
            let path = sent.path.split('?').next();
            assert_eq!(
                (sent.method.as_str(), path, &sent.body),
                (planned.method, Some(planned.path.as_str()), &planned.body)
            );
        }
        let kinds = desk.memory.kinds();
        assert_eq!(kinds.first(), Some(&"planned"), "{kinds:?}");
        assert_eq!(kinds.iter().filter(|k| **k == "intent").count(), plan.requests.len(), "{kinds:?}");
        assert_eq!(kinds.last(), Some(&"executed"), "{kinds:?}");
        let proof = proof(&mut desk, &plan, outcome).await;
        assert!(matches!(proof, Verification::Worked(_)), "{}: {proof:?}", spec.name);
    }
}

/// The verb and resource of an action's change, as the server's record names them.
fn change(action: &Action) -> (&'static str, String) {
    let verb = if matches!(action, Action::DeletePod { .. }) { "delete" } else { "patch" };
    (verb, action.target().kind.resource().plural.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_leaves_the_outcome_unknown_and_nothing_is_sent_again() {
    for spec in ACTIONS {
        for mishap in [Mishap::CutAfterChange, Mishap::CutBeforeChange] {
            let desk = Desk::new().await;
            let action = desk.action(spec);
            let plan = desk.good_plan(&action).await;
            let (verb, _) = change(&action);
            desk.cluster.server.mishap(verb, "", mishap);
            let all = execute(&desk.executor(), confirm(&plan), Cancel::default()).await;
            assert!(matches!(all.last(), Some(Progress::OutcomeUnknown(..))), "{}: {all:?}", spec.name);
            assert_eq!(desk.memory.kinds().last(), Some(&"unknown"), "{}", spec.name);
            let sent: Vec<_> = desk.cluster.server.changes();
            assert_eq!(sent.iter().filter(|r| r.verb == verb).count(), 1, "{}: {sent:?}", spec.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_executions_at_once_are_refused_and_a_screen_that_goes_stops_nothing() {
    let desk = Desk::new().await;
    let restart = desk.action(crashcart::action::by_name("rollout-restart").expect("an action"));
    let cordon = desk.action(crashcart::action::by_name("cordon").expect("an action"));
    let (first, second) = (desk.good_plan(&restart).await, desk.good_plan(&cordon).await);
    let executor = desk.executor();
    desk.cluster.server.mishap("patch", "deployments", Mishap::StallBeforeAnswer);
    let (tell, mut told) = mpsc::channel(32);
    let running = tokio::spawn({
        let executor = executor.clone();
        async move { executor.execute(confirm(&first), Standing::default(), Cancel::default(), tell).await }
    });
    while !matches!(told.recv().await, Some(Progress::Sending(_))) {}
    // The screen is closed, and whoever waited for the execution with it.
    drop(told);
    running.abort();
    let all = execute(&executor, confirm(&second), Cancel::default()).await;
    let refused = matches!(all.last(), Some(Progress::Refused(r)) if r.what.contains("another action"));
    assert!(refused, "{all:?}");
    assert!(tokio::time::timeout(Duration::from_millis(50), executor.finished()).await.is_err(), "the first goes on");
    assert_eq!(desk.changes(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_refuses_after_the_key_is_told_in_its_words() {
    let cluster = Cluster::start(1).await;
    let config = cluster.server.restricted_kubeconfig().expect("a kubeconfig");
    let file = cluster.write("restricted", &config);
    cluster.server.restrict(Rights::All);
    let desk = Desk::at(cluster, file);
    let action = desk.action(crashcart::action::by_name("cordon").expect("an action"));
    let plan = desk.good_plan(&action).await;
    desk.cluster.server.restrict(Rights::AllBut(vec![Right::new("patch", "", "nodes")]));
    let all = execute(&desk.executor(), confirm(&plan), Cancel::default()).await;
    let Some(Progress::Refused(refused)) = all.last() else { panic!("{all:?}") };
    assert!(refused.what.contains("403") && refused.what.contains("nodes"), "{refused:?}");
    assert!(desk.memory.kinds().ends_with(&["intent", "answered", "refused"]), "{:?}", desk.memory.kinds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_digest_carries_out_the_plan_it_was_printed_for() {
    let desk = Desk::new().await;
    let action = desk.action(crashcart::action::by_name("rollout-restart").expect("an action"));
    let printed = desk.good_plan(&action).await;
    desk.cluster.advance(SignedDuration::from_secs(30));
    let executor = desk.executor();
    let made = crashcart::action::made(&printed.digest()).expect("a time");
    let again = executor.plan_at(action, Standing::default(), made).await.expect("a plan");
    assert_eq!(again.digest(), printed.digest());
    let confirmed = Confirmed::by_digest(again, &printed.digest(), None, made).expect("the same plan");
    let all = execute(&executor, confirmed, Cancel::default()).await;
    assert!(matches!(all.last(), Some(Progress::Executed(_))), "{all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "this test holds the simulated cluster's own handle")]
async fn a_script_needs_no_switch_but_the_simulated_clusters_own_authority() {
    let desk = Desk::new().await;
    let other = Cluster::start(1).await;
    let action = desk.action(crashcart::action::by_name("cordon").expect("an action"));
    let plan = desk.good_plan(&action).await;
    let uid = plan.cluster.uid.to_string();
    let executor = desk.executor_with(crashcart::action::Arming::new(None));
    let foreign = Rehearsal::of_simulation(other.server.ca_pem.clone(), uid.clone());
    let confirmed = Confirmed::by_script(plan.clone(), &foreign).expect("a plan on the loopback");
    let all = execute(&executor, confirmed, Cancel::default()).await;
    assert!(matches!(all.last(), Some(Progress::Refused(_))), "{all:?}");
    assert_eq!(desk.changes(), 0);
    let own = Rehearsal::of_simulation(desk.cluster.server.ca_pem.clone(), uid);
    let confirmed = Confirmed::by_script(plan, &own).expect("the simulated cluster");
    let all = execute(&executor, confirmed, Cancel::default()).await;
    assert!(matches!(all.last(), Some(Progress::Executed(_))), "{all:?}");
}
