//! Whatever a check gives, and whatever is not known, the walker stands.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::runbook::Scope;
use crate::runbook::check::CHECKS;
use crate::situation::{Kind, Source, SourceState, Trouble};

/// Takes fields and items away, as the bits say.
fn prune(value: &mut Value, bits: &mut impl Iterator<Item = bool>) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, _| bits.next().unwrap_or(true));
            fields.values_mut().for_each(|v| prune(v, bits));
        }
        Value::Array(items) => {
            items.retain(|_| bits.next().unwrap_or(true));
            for item in items {
                prune(item, bits);
            }
        }
        _ => {}
    }
}

fn state(pick: u8) -> SourceState {
    let trouble = Trouble { what: "refused".into(), remedy: "".into(), retry_at: None };
    match pick % 5 {
        0 => SourceState::Live,
        1 => SourceState::Waiting,
        2 => SourceState::Lost(trouble),
        3 => SourceState::Forbidden("list".into()),
        _ => SourceState::Missing,
    }
}

/// A world in which much is wrong at once.
fn chaos() -> World {
    let mut world = World::new();
    world.deploy(NS, "web", 3);
    world.put(mk_set(NS, "web", 2, 600, 0));
    for (i, code) in [(1, 2), (2, 1), (3, 137)] {
        let mut pod = mk_pod(NS, "web", 2, i);
        crash_loops(&mut pod, code, "Error", 4, 60);
        world.put(pod);
    }
    world.put(mk_service(NS, "web"));
    world.put(mk_slice(NS, "web", &[("web-rs1-1", true), ("web-rs2-1", true), ("nobody", true)]));
    world.put(mk_daemon_set("kube-system", "ingress", 3, 2));
    for i in 1..=3 {
        world.put(mk_daemon_pod("kube-system", "ingress", i));
    }
    world.change_pod("kube-system", "ingress-2", |p| unready(p, 400));
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Conditions and texts of both trees on results of which anything may be absent.
    #[test]
    fn results_with_fields_absent_never_panic(bits in proptest::collection::vec(any::<bool>(), 0..400)) {
        let mut bits = bits.into_iter();
        let mut scope = Scope::new();
        for book in library().books {
            for (id, step) in &book.steps {
                let What::Check { check, branches, .. } = &step.what else { continue };
                let check = CHECKS.iter().find(|c| c.name == check).unwrap();
                for mut example in (check.examples)() {
                    prune(&mut example, &mut bits);
                    scope.set("result", &example);
                    scope.set(id, &example);
                    for branch in branches {
                        let _ = branch.when.as_ref().map(|w| w.holds(&scope));
                        prop_assert!(!branch.say.render(&scope).contains("{{"));
                    }
                }
            }
            for step in book.steps.values() {
                prop_assert!(!(step.title.render(&scope) + &step.why.render(&scope)).contains("{{"));
            }
        }
    }

    /// Any way through both trees, while sources come and go and pods vanish.
    #[test]
    fn any_way_can_be_walked_whatever_is_known(moves in proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 1..40)) {
        for book in library().books {
            let mut world = chaos();
            let mut walk = Walk::open(book, None, now());
            let mut logs = Logs::default();
            for (what, which, way) in &moves {
                world.situation.now += SignedDuration::from_secs(i64::from(*what));
                let kind = Kind::ALL[usize::from(*which) % Kind::ALL.len()];
                world.source(Source::Watch(kind), state(*what));
                if what % 7 == 0 {
                    world.situation.pods.pop_first();
                }
                let at = world.situation.now;
                let findings = world.assess().findings;
                let scene = Scene { situation: &world.situation, profile: &world.profile };
                let view = walk.view(scene, &findings, &logs);
                prop_assert!(view.ways.iter().filter(|w| w.verdict == WayVerdict::Suggested).count() <= 1);
                prop_assert!(view.end.is_some() || !view.ways.is_empty());
                walk.observe(&view, at);
                for query in &view.reads {
                    logs.put(query.clone(), if what % 2 == 0 { Ok(log(PANIC)) } else { Err("gone".to_owned()) });
                }
                if view.act.is_some() && what % 3 == 0 {
                    walk.acted(ActResult::Worked("done".to_owned()), at);
                }
                match way % 5 {
                    0 => drop(walk.back(at)),
                    1 => drop(walk.jump(usize::from(*what) % 4, at)),
                    _ => drop(walk.take(usize::from(*way) % view.ways.len().max(1), &view, at)),
                }
                prop_assert!(!walk.path().is_empty());
            }
        }
    }
}
