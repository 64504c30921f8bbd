//! The snapshots of etcd that k3s takes at midnight and noon, five kept on each server.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::World;
use super::json::{entry, text};
use super::random::mix;
use super::recorder::{Note, Reporter};
use crate::drill::store::stamp;

/// How many scheduled snapshots a server keeps.
const KEPT: usize = 5;

impl World {
    pub(super) fn snapshot_if_due(&mut self) {
        let now = self.now.to_zoned(TimeZone::UTC);
        if now.minute() != 0 || now.hour() % 12 != 0 {
            return;
        }
        for node in self.store.list(self.res.nodes, None) {
            let serves = self.in_quorum(text(&node, "/metadata/name"));
            if serves && entry(&node, "/metadata/labels", "node-role.kubernetes.io/etcd") == "true" {
                self.take_snapshot(&node);
            }
        }
    }

    fn take_snapshot(&mut self, node: &Value) {
        let name = text(node, "/metadata/name").to_owned();
        let taken =
            self.now + jiff::SignedDuration::from_secs(1 + (mix(&name, self.now.as_second() as u64) % 4) as i64);
        let snapshot = snapshot(&name, taken);
        let file = text(&snapshot, "/spec/snapshotName").to_owned();
        let _ = self.store.create(self.res.snapshots, snapshot, taken);
        let message = format!("Snapshot {file} saved on {name}");
        self.record(node, Reporter::Controller("k3s-supervisor"), Note::normal("ETCDSnapshotCreated", &message));
        let mut kept = self.store.list(self.res.snapshots, None);
        kept.retain(|s| text(s, "/spec/nodeName") == name);
        kept.sort_by_key(|s| text(s, "/status/creationTime").to_owned());
        for old in kept.iter().take(kept.len().saturating_sub(KEPT)) {
            self.store.remove(self.res.snapshots, "", text(old, "/metadata/name"));
        }
    }
}

fn snapshot(node: &str, taken: Timestamp) -> Value {
    let seconds = taken.as_second() as u64;
    let file = format!("etcd-snapshot-{node}-{seconds}");
    // The database grows slowly.
    let size = 13_900_000 + seconds / 86_400 % 1000 * 1300 + mix(node, seconds) % 60_000;
    json!({
        "metadata": {
            "name": format!("local-{file}-{:06x}", mix(&file, 3) & 0x00ff_ffff),
            "labels": { "etcd.k3s.cattle.io/snapshot-storage-node": node },
            "annotations": { "etcd.k3s.cattle.io/snapshot-token-hash": "9b3e0d7c51aa" },
        },
        "spec": { "snapshotName": file, "nodeName": node,
            "location": format!("file:///var/lib/rancher/k3s/server/db/snapshots/{file}") },
        "status": { "creationTime": stamp(taken), "readyToUse": true, "size": size.to_string() },
    })
}
