//! The world as the API server sees it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::World;
use super::admission::{default_object, default_pod_spec};
use super::job::label_job;
use super::json::{Id, text};
use super::random::uid_for;
use crate::drill::api::{Backend, CHECKS, LogLine, LogRefusal, Unavailable};
use crate::drill::store::Store;

/// The version of k3s that the world runs.
pub(super) const VERSION: &str = "v1.34.6+k3s1";

impl Backend for World {
    fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    fn admit(&mut self, object: &mut Value, new: bool) {
        if text(object, "/kind") == "Service" {
            self.admit_service(object);
        }
        default_object(object);
        match text(object, "/kind") {
            "PersistentVolumeClaim" if new => self.admit_claim(object),
            "Job" if new && object.pointer("/spec/manualSelector") != Some(&true.into()) => {
                let of = Id::of(object);
                let own = format!("job/{}/{}/{}", of.namespace, of.name, self.store.revision());
                object["metadata"]["uid"] = uid_for(&own).into();
                label_job(object);
            }
            "Pod" if new => {
                // A client's pod is no part of the story: it leaves the chances of others as they were.
                let chances = self.random.clone();
                self.admit_pod(object);
                self.random = chances;
            }
            "Pod" => default_pod_spec(&mut object["spec"]),
            _ => {}
        }
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
        CHECKS.iter().map(|check| (*check, true)).collect()
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
