//! Drills of the simulated cluster, in process: whoever follows the suggestions recovers it, and does nothing else.

use jiff::Timestamp;

use super::*;
use crate::action::Action;
use crate::detect::played::{Eyes, start};
use crate::drill::api::Backend;
use crate::drill::store::{Deletion, Store};
use crate::drill::world::World as Played;
use crate::drill::{Scenario, find};
use crate::runbook::{Ending, rank};

/// An operator who does what is suggested.
struct Operator {
    eyes: Eyes,
    logs: Logs,
    walk: Walk,
    actions: Vec<&'static str>,
}

fn broken(scenario: &Scenario) -> Eyes {
    let mut world = Played::new(7, start());
    for fault in &scenario.faults {
        world.inject(fault);
    }
    let until = world.now() + scenario.warm_up;
    world.advance(until);
    Eyes::open(world)
}

impl Operator {
    /// Opens the tree that ranks first.
    fn open(id: &str) -> Self {
        let eyes = broken(find(id).unwrap());
        let scene = Scene { situation: &eyes.situation, profile: &eyes.profile };
        let best = rank(&library(), scene, &eyes.assess().findings).remove(0);
        assert_eq!(best.book.id, id, "{best:#?}");
        let walk = Walk::open(best.book, best.subject, eyes.situation.now);
        Self { eyes, logs: Logs::default(), walk, actions: Vec::new() }
    }

    fn now(&self) -> Timestamp {
        self.eyes.situation.now
    }

    fn view(&self) -> View {
        let scene = Scene { situation: &self.eyes.situation, profile: &self.eyes.profile };
        self.walk.view(scene, &self.eyes.assess().findings, &self.logs)
    }

    /// Looks, reads what is wanted, acts or goes on; the end, once there.
    fn step(&mut self) -> Option<Ending> {
        let at = self.now();
        let view = self.view();
        self.walk.observe(&view, at);
        let view = self.view();
        for query in &view.reads {
            let (pod, container) = (&query.pod, &*query.container);
            let read = self.eyes.world.logs(&pod.namespace, &pod.name, container, query.previous);
            let lines =
                read.map(|all| all.iter().map(|l| LogLine { at: Some(l.at), text: (*l.text).into() }).collect());
            self.logs.put(query.clone(), lines.map_err(|e| e.to_string()));
        }
        if let Some((ending, ..)) = view.end {
            return Some(ending);
        }
        if let Some(act) = view.act.as_ref().filter(|_| self.walk.acted.is_none()) {
            let action = act.choices.first().unwrap_or_else(|| panic!("{act:?}"));
            self.actions.push(action.spec().name);
            carry_out(&mut self.eyes.world, action);
            self.walk.acted(ActResult::Worked("done".to_owned()), at);
        } else if let Some(way) = view.ways.iter().position(|w| w.verdict == WayVerdict::Suggested) {
            self.walk.take(way, &view, at);
            return None;
        }
        self.eyes.pass(SignedDuration::from_secs(5));
        None
    }

    fn play(&mut self) -> Ending {
        let deadline = self.now() + SignedDuration::from_mins(45);
        while self.now() < deadline {
            if let Some(ending) = self.step() {
                return ending;
            }
        }
        panic!("stuck: {:#?}", self.view());
    }
}

fn carry_out(world: &mut Played, action: &Action) {
    let key = action.target().key.clone();
    match action {
        Action::RollBack { to, .. } => {
            let sets = world.store().list(Store::resource("apps", "replicasets").unwrap(), Some(&key.namespace));
            let is = |set: &serde_json::Value| {
                let revision = &set["metadata"]["annotations"]["deployment.kubernetes.io/revision"];
                let owner = &set["metadata"]["ownerReferences"][0]["name"];
                *owner == *key.name && revision.as_str().and_then(|r| r.parse().ok()) == *to
            };
            let mut template = sets.iter().find(|s| is(s)).unwrap()["spec"]["template"].clone();
            template["metadata"]["labels"].as_object_mut().unwrap().remove("pod-template-hash");
            let deployments = Store::resource("apps", "deployments").unwrap();
            world.store_mut().modify(deployments, &key.namespace, &key.name, |d| d["spec"]["template"] = template);
        }
        Action::DeletePod { .. } => {
            let (pods, now) = (Store::resource("", "pods").unwrap(), world.now());
            world.store_mut().delete(pods, &key.namespace, &key.name, Deletion::default(), now).unwrap();
        }
        other => panic!("nobody needs {other:?}"),
    }
    let now = world.now();
    world.advance(now);
}

trait StoreMut {
    fn store_mut(&mut self) -> &mut Store;
}

impl StoreMut for Played {
    fn store_mut(&mut self) -> &mut Store {
        Backend::store(self)
    }
}

fn recovers(id: &str, actions: &[&str], steps: &[&str]) {
    let mut operator = Operator::open(id);
    let scenario = find(id).unwrap();
    assert!(!scenario.recovered.iter().all(|r| operator.eyes.world.recovered(r)), "{id}: nothing is broken");
    assert_eq!(operator.play(), Ending::Resolved);
    assert_eq!(operator.actions, actions);
    let path: Vec<&str> = operator.walk.path().iter().map(|v| v.step.as_str()).collect();
    assert_eq!(path, steps);
    assert!(scenario.recovered.iter().all(|r| operator.eyes.world.recovered(r)), "{id}: it is not recovered");
}

#[test]
fn f15_is_recovered_by_going_back() {
    let steps = ["last-words", "how-many", "with-deploy", "migrated", "roll-back", "watch", "resolved"];
    recovers("F15", &["roll-back"], &steps);
}

#[test]
fn f26_is_recovered_by_one_fresh_pod() {
    let steps = ["ingress", "ingress-node", "restart-ingress", "watch-ingress", "each-node", "resolved"];
    recovers("F26", &["delete-pod"], &steps);
}
