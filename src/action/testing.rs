//! A plan for tests that need one and no cluster.

use serde_json::json;

use super::{Action, Class, DryRun, Fact, Plan, Proof, Request, Undo, Write};
use crate::situation::{ClusterId, Key, Kind, Ref, Text};

/// A restart of shop/api of this class, made at 2026-03-30T04:00:00Z on the loopback.
pub(super) fn plan(class: Class) -> Plan {
    let deployment = Ref { kind: Kind::Deployment, key: Key::new("shop", "api"), uid: Text::new("u-api") };
    let cluster = ClusterId {
        context: Text::new("prod"),
        server: Text::new("https://127.0.0.1:6443"),
        uid: Text::new("u-cluster"),
        ..ClusterId::default()
    };
    let request = Request {
        write: Write::Change,
        method: "PATCH",
        path: "/apis/apps/v1/namespaces/shop/deployments/api".into(),
        content_type: "application/strategic-merge-patch+json",
        body: json!({"spec": {"template": {}}}),
    };
    Plan {
        action: Action::RolloutRestart { deployment: deployment.clone() },
        title: "Restart api".into(),
        class,
        endpoint: cluster.server.clone(),
        cluster,
        objects: vec![deployment],
        requests: vec![request],
        command: "kubectl -n shop rollout restart deploy/api".into(),
        guards: Vec::new(),
        warnings: Vec::new(),
        rights: Vec::new(),
        dry_run: DryRun::Accepted,
        differences: Vec::new(),
        blast_radius: Vec::new(),
        undo: Undo { says: "roll back".into(), action: None },
        proof: Proof { says: "3 of 3".into(), within: jiff::SignedDuration::from_mins(3), workload: None },
        basis: vec![Fact { what: "ready pods of api".into(), value: "3 of 3".into() }],
        made: "2026-03-30T04:00:00Z".parse().expect("a time"),
    }
}
