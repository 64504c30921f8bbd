//! Events, as the components of a real cluster write them: repeated ones are counted, old ones expire.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::World;
use super::json::{Id, text, time, uid};
use crate::drill::store::stamp;

/// How long an Event is kept after it was last written.
pub const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// When an Event was last written is the latest of these.
const WRITTEN: [&str; 4] = ["/lastTimestamp", "/eventTime", "/series/lastObservedTime", "/metadata/creationTimestamp"];

/// Who reports an Event.
#[derive(Debug, Clone, Copy)]
pub enum Reporter<'a> {
    /// The kubelet of a node.
    Kubelet(&'a str),
    /// A controller, by its component name.
    Controller(&'a str),
    /// The scheduler, which writes the newer kind of Event.
    Scheduler,
}

/// What an Event says.
#[derive(Debug, Clone, Copy)]
pub struct Note<'a> {
    /// `Normal` or `Warning`.
    pub kind: &'static str,
    /// One word.
    pub reason: &'a str,
    /// A sentence.
    pub message: &'a str,
    /// The container it is about, or empty.
    pub container: &'a str,
}

impl<'a> Note<'a> {
    /// A normal one.
    pub const fn normal(reason: &'a str, message: &'a str) -> Self {
        Self { kind: "Normal", reason, message, container: "" }
    }

    /// A warning.
    pub const fn warning(reason: &'a str, message: &'a str) -> Self {
        Self { kind: "Warning", reason, message, container: "" }
    }

    /// The same about one container.
    pub const fn of(self, container: &'a str) -> Self {
        Self { container, ..self }
    }
}

/// Which Events were written lately.
#[derive(Debug, Default)]
pub struct Recorder {
    /// Before this nothing is recorded: it would have expired.
    pub begins: Timestamp,
    recent: BTreeMap<String, (Id, Timestamp)>,
}

impl World {
    /// Records an Event about an object.
    pub(super) fn record(&mut self, about: &Value, reporter: Reporter<'_>, note: Note<'_>) {
        if self.now < self.recorder.begins {
            return;
        }
        let Note { reason, message, container, .. } = note;
        let key = format!("{}/{container}/{reason}/{message}", uid(about));
        if let Some((id, last)) = self.recorder.recent.get_mut(&key) {
            *last = self.now;
            let (id, now) = (id.clone(), stamp(self.now));
            let counted = self.store.modify(self.res.events, &id.namespace, &id.name, |event| {
                event["count"] = (event["count"].as_i64().unwrap_or(1) + 1).into();
                event["lastTimestamp"] = now.into();
            });
            if counted.is_some() {
                return;
            }
        }
        let event = self.event(about, reporter, note);
        let id = Id::of(&event);
        if self.store.create(self.res.events, event, self.now).is_ok() {
            self.recorder.recent.insert(key, (id, self.now));
        }
    }

    fn event(&mut self, about: &Value, reporter: Reporter<'_>, note: Note<'_>) -> Value {
        let name = text(about, "/metadata/name");
        let namespace = match text(about, "/metadata/namespace") {
            "" => "default",
            namespace => namespace,
        };
        let now = stamp(self.now);
        let mut event = json!({
            "metadata": { "name": format!("{name}.18{}", self.random.hex(14)), "namespace": namespace },
            "involvedObject": {
                "apiVersion": about["apiVersion"], "kind": about["kind"], "name": name, "uid": uid(about),
                "resourceVersion": about["metadata"]["resourceVersion"],
            },
            "type": note.kind, "reason": note.reason, "message": note.message, "count": 1,
            "firstTimestamp": now, "lastTimestamp": now, "eventTime": null,
        });
        if about["kind"] == "Node" {
            event["involvedObject"]["uid"] = name.into();
        } else {
            event["involvedObject"]["namespace"] = about["metadata"]["namespace"].clone();
        }
        if !note.container.is_empty() {
            event["involvedObject"]["fieldPath"] = format!("spec.containers{{{}}}", note.container).into();
        }
        self.sign(&mut event, reporter);
        event
    }

    fn sign(&self, event: &mut Value, reporter: Reporter<'_>) {
        match reporter {
            Reporter::Kubelet(node) => {
                event["source"] = json!({ "component": "kubelet", "host": node });
                event["reportingComponent"] = "kubelet".into();
                event["reportingInstance"] = node.into();
            }
            Reporter::Controller(component) => {
                event["source"] = json!({ "component": component });
                event["reportingComponent"] = component.into();
                event["reportingInstance"] = "".into();
            }
            Reporter::Scheduler => {
                event["source"] = json!({});
                event["action"] = "Binding".into();
                event["eventTime"] = self.now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string().into();
                event["firstTimestamp"] = Value::Null;
                event["lastTimestamp"] = Value::Null;
                event["reportingComponent"] = "default-scheduler".into();
                event["reportingInstance"] = "default-scheduler-nbg1-1".into();
                if let Some(event) = event.as_object_mut() {
                    event.remove("count");
                }
            }
        }
    }

    /// Removes what was not written for an hour.
    pub(super) fn expire_events(&mut self) {
        let now = self.now;
        let old = |last: Timestamp| now.duration_since(last) > KEPT;
        self.recorder.recent.retain(|_, (_, last)| !old(*last));
        for event in self.store.list(self.res.events, None) {
            let written = WRITTEN.iter().filter_map(|field| time(&event, field)).max();
            if written.is_some_and(old) {
                let id = Id::of(&event);
                self.store.remove(self.res.events, &id.namespace, &id.name);
            }
        }
    }
}
