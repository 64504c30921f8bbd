//! Plans as the planner makes them, for the six actions on the shop.

use jiff::SignedDuration;
use serde_json::json;

use super::{NOW, at, workload};
use crate::action::{
    Action, Class, Difference, DryRun, Fact, Guard, Plan, Proof, Request, Right, Undo, Verdict, Write,
};
use crate::situation::{ClusterId, Key, Kind, Ref, Text};

fn guard(id: &'static str, verdict: Verdict, says: &str) -> Guard {
    Guard { id, verdict, says: says.into() }
}

fn lines(sentences: &[&str]) -> Vec<String> {
    sentences.iter().map(ToString::to_string).collect()
}

/// What all plans have in common.
fn plan(action: Action, title: &str, class: Class) -> Plan {
    let object = action.target().clone();
    let cluster = ClusterId {
        context: "shop-k3s".into(),
        server: "https://203.0.113.11:6443".into(),
        uid: "7c1e0000-0000-0000-0000-000000000000".into(),
        ..ClusterId::default()
    };
    let resource = object.kind.resource();
    let space = object.key.namespace.clone();
    let within = if space.is_empty() { String::new() } else { format!("/namespaces/{space}") };
    let root = if resource.group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}/v1", resource.group) };
    let events = if space.is_empty() { "default".into() } else { space.clone() };
    let right = |verb, group, resource, namespace: &Text, optional| Right {
        verb,
        group,
        resource,
        namespace: namespace.clone(),
        allowed: Some(true),
        optional,
    };
    let change = Request {
        write: Write::Change,
        method: if object.kind == Kind::Pod { "DELETE" } else { "PATCH" },
        path: format!("{root}{within}/{}/{}", resource.plural, object.key.name),
        content_type: "application/strategic-merge-patch+json",
        body: json!({ "spec": { "template": { "metadata": { "annotations": { "restartedAt": "2026-11-22T04:12:09Z" } } } } }),
    };
    let note = Request {
        write: Write::BookKeeping,
        method: "POST",
        path: format!("/api/v1/namespaces/{events}/events"),
        content_type: "application/json",
        body: json!({ "kind": "Event", "message": format!("crashcart: {title} (INC-0007)") }),
    };
    Plan {
        title: title.into(),
        class,
        endpoint: cluster.server.clone(),
        cluster,
        command: format!("kubectl -n {space} rollout restart deploy/{}", object.key.name),
        guards: vec![
            guard("G5", Verdict::Passed, "no singleton is concerned"),
            guard("G7", Verdict::Passed, "no outage of the database or the registry is confirmed"),
            guard("G10", Verdict::Passed, "the server is asked for the right and tries the change first"),
            guard("G11", Verdict::Passed, "rests on 8 facts read from the server at 04:12:09Z"),
        ],
        warnings: Vec::new(),
        rights: vec![
            right(change_verb(&object), resource.group, resource.plural, &space, false),
            right("create", "", "events", &events, true),
        ],
        requests: vec![change, note],
        dry_run: DryRun::Accepted,
        differences: Vec::new(),
        blast_radius: Vec::new(),
        undo: Undo { says: "none".into(), action: None },
        proof: Proof { says: String::new(), within: SignedDuration::from_mins(15), workload: None },
        basis: vec![
            Fact { what: "generation".into(), value: "42".into() },
            Fact { what: "ready pods of api".into(), value: "3 of 3".into() },
            Fact { what: "budget api allows".into(), value: "1".into() },
        ],
        made: at(NOW),
        objects: vec![object],
        action,
    }
}

fn change_verb(object: &Ref) -> &'static str {
    if object.kind == Kind::Pod { "delete" } else { "patch" }
}

fn node_ref() -> Ref {
    Ref { kind: Kind::Node, key: Key::new("", "node-1"), uid: "uid-nodes-node-1".into() }
}

/// A05 on the api.
pub fn roll_back() -> Plan {
    let deployment = workload("api");
    let undo = Action::RollBack { deployment: deployment.clone(), to: Some(42) };
    let action = Action::RollBack { deployment, to: Some(41) };
    let mut plan = plan(action, "Roll back api to revision 41", Class::R2);
    plan.command = "kubectl -n shop rollout undo deploy/api --to-revision=41".into();
    plan.differences = vec![
        Difference {
            what: "image of api".into(),
            before: "registry.example.com/api:r42".into(),
            after: "registry.example.com/api:r41".into(),
        },
        Difference {
            what: "env DATABASE_PASSWORD of api".into(),
            before: "(hidden)".into(),
            after: "(changed)".into(),
        },
    ];
    plan.blast_radius = lines(&[
        "3 pods of api go one after the other: api-42-1 on node-1, api-42-2 on node-2, api-42-3 on node-3",
        "ready now: 3 of 3; no ready pod goes before a new one is ready (maxSurge 1, maxUnavailable 0)",
        "Service api has 3 ready endpoints now; they change one by one",
        "budget api allows 1 disruption now; a rollout does not ask it",
    ]);
    plan.guards.insert(
        0,
        guard(
            "A05",
            Verdict::CannotTell,
            "nobody was asked whether this release migrated the schema; if it did, the older one may not run with it",
        ),
    );
    plan.warnings = lines(&[
        "G9: temporary: api differs from the manifests in Git until they say so too; the next deployment undoes it",
    ]);
    plan.undo = Undo { says: "roll forward to revision 42".into(), action: Some(undo) };
    plan.proof.says = "3 of 3 pods available, all of them of revision 41".into();
    plan
}

/// A03 on the api.
pub fn restart() -> Plan {
    let mut plan = plan(Action::RolloutRestart { deployment: workload("api") }, "Restart api", Class::R1);
    plan.command = "kubectl -n shop rollout restart deploy/api".into();
    plan.blast_radius = lines(&[
        "3 pods of api go one after the other: api-42-1 on node-1, api-42-2 on node-2, api-42-3 on node-3",
        "ready now: 3 of 3; no ready pod goes before a new one is ready (maxSurge 1, maxUnavailable 0)",
        "budget api allows 1 disruption now; a rollout does not ask it",
    ]);
    plan.undo.says = "none is needed: the pods are the same, only younger".into();
    plan.proof.says = "3 of 3 pods available, all of them new".into();
    plan
}

/// A06 on the api, down to one pod.
pub fn scale_down() -> Plan {
    let deployment = workload("api");
    let undo = Action::Scale { deployment: deployment.clone(), replicas: 3 };
    let mut plan = plan(Action::Scale { deployment, replicas: 1 }, "Scale api down to 1 (from 3)", Class::R2);
    plan.command = "kubectl -n shop scale deploy/api --replicas=1".into();
    plan.differences = vec![Difference { what: "replicas".into(), before: "3".into(), after: "1".into() }];
    plan.blast_radius = lines(&[
        "2 of 3 pods of api go; the controller chooses which",
        "Service api keeps 1 of 3 ready endpoints",
        "budget api allows 1 disruption now; scaling does not ask it",
    ]);
    plan.warnings = lines(&["users' requests pass through api: one pod bears all of them"]);
    plan.undo = Undo { says: "scale api to 3 again".into(), action: Some(undo) };
    plan.proof.says = "1 of 1 pods available".into();
    plan
}

/// A04 on a pod of the api.
pub fn delete_pod() -> Plan {
    let pod = Ref { kind: Kind::Pod, key: Key::new("shop", "api-42f9c-c8v7t"), uid: "uid-pods-api-42f9c-c8v7t".into() };
    let mut plan = plan(Action::DeletePod { pod }, "Delete pod api-42f9c-c8v7t", Class::R1);
    plan.command = "kubectl -n shop delete pod api-42f9c-c8v7t".into();
    plan.blast_radius = lines(&[
        "api-42f9c-c8v7t on node-3 goes; it gets up to 20s to end",
        "Service api keeps 2 of 3 ready endpoints",
    ]);
    plan.warnings = lines(&["its logs go with it: save them first if they matter"]);
    plan.undo.says = "none: a deleted pod does not come back; its controller makes a new one".into();
    plan.proof.says = "api-42f9c-c8v7t is gone and a new pod of api is ready".into();
    plan
}

/// A01 on a node.
pub fn cordon() -> Plan {
    let undo = Action::Uncordon { node: node_ref() };
    let mut plan = plan(Action::Cordon { node: node_ref() }, "Cordon node node-1", Class::R1);
    plan.command = "kubectl cordon node-1".into();
    plan.blast_radius = lines(&[
        "no new pods go to node-1; the 3 pods there stay and work on",
        "2 of 3 nodes take new pods afterwards",
    ]);
    plan.undo = Undo { says: "uncordon it; until then it is listed as left behind".into(), action: Some(undo) };
    plan.proof.says = "taint node.kubernetes.io/unschedulable appears".into();
    plan.proof.within = SignedDuration::from_secs(10);
    plan
}

/// A01 the other way.
pub fn uncordon() -> Plan {
    let mut plan = plan(Action::Uncordon { node: node_ref() }, "Uncordon node node-1", Class::R1);
    plan.command = "kubectl uncordon node-1".into();
    plan.blast_radius = lines(&["new pods may go to node-1 again; none moves by itself"]);
    plan.undo.says = "cordon it again".into();
    plan.proof.says = "taint node.kubernetes.io/unschedulable is gone".into();
    plan
}
