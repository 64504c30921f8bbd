//! The world as the API server sees it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::World;
use super::admission::{default_object, default_pod, give_address};
use super::json::text;
use crate::drill::api::{Backend, CHECKS, LogLine, LogRefusal, Unavailable};
use crate::drill::store::Store;

/// The version of k3s that the world runs.
pub(super) const VERSION: &str = "v1.34.6+k3s1";

impl Backend for World {
    fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    fn complete(&self, object: &mut Value) {
        if text(object, "/kind") == "Service" {
            self.keep_service(object);
        }
        default_object(object);
        if text(object, "/kind") == "Pod" {
            default_pod(object);
        }
    }

    fn admit(&mut self, object: &mut Value) {
        match text(object, "/kind") {
            "PersistentVolumeClaim" => self.admit_claim(object),
            "Pod" => {
                // A client's pod is no part of the story: it leaves the chances of others as they were.
                let chances = self.random.clone();
                self.admit_pod(object);
                self.random = chances;
            }
            "Service" => {
                self.admit_service(object);
                give_address(object);
            }
            _ => {}
        }
    }

    fn outage(&self) -> Option<String> {
        (!self.has_quorum()).then(|| "etcdserver: request timed out".to_owned())
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn logs(&self, namespace: &str, pod: &str, container: &str, previous: bool) -> Result<Vec<LogLine>, LogRefusal> {
        self.read_log(namespace, pod, container, previous)
    }

    fn node_metrics(&self) -> Result<Vec<Value>, Unavailable> {
        self.node_usages()
    }

    fn pod_metrics(&self, namespace: Option<&str>) -> Result<Vec<Value>, Unavailable> {
        self.pod_usages(namespace)
    }

    fn readyz(&self) -> Vec<(&'static str, bool)> {
        let passes = |check: &str| self.has_quorum() || !matches!(check, "etcd" | "etcd-readiness");
        CHECKS.iter().map(|check| (*check, passes(check))).collect()
    }

    fn version(&self) -> Value {
        json!({
            "major": "1", "minor": "34", "emulationMajor": "1", "emulationMinor": "34", "minCompatibilityMajor": "1",
            "minCompatibilityMinor": "33", "gitVersion": VERSION, "gitCommit": "9f35b4e1d1a04ce2a2a5d6f3c1c7d7b0e4b5a3f2",
            "gitTreeState": "clean", "buildDate": "2026-03-20T18:04:11Z", "goVersion": "go1.24.13", "compiler": "gc",
            "platform": "linux/amd64",
        })
    }
}
