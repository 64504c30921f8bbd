//! Repeated strings share one allocation: ten thousand pods name a handful of nodes, namespaces and images.

use std::collections::HashSet;

use super::Text;
use super::object::{Container, ContainerState, Labels, Meta, Object, TemplateContainer};

/// A set of texts that were seen before.
#[derive(Debug, Default)]
pub struct Interner {
    seen: HashSet<Text>,
}

/// Beyond this many the set is emptied and begins anew; texts in use stay valid.
const LIMIT: usize = 20_000;

impl Interner {
    fn text(&mut self, text: &mut Text) {
        if let Some(known) = self.seen.get(text) {
            *text = known.clone();
            return;
        }
        if self.seen.len() >= LIMIT {
            self.seen.clear();
        }
        self.seen.insert(text.clone());
    }

    fn labels(&mut self, labels: &mut Labels) {
        for (key, value) in &mut labels.0 {
            self.text(key);
            self.text(value);
        }
    }

    fn meta(&mut self, meta: &mut Meta) {
        self.text(&mut meta.key.namespace);
        self.labels(&mut meta.labels);
        if let Some(owner) = &mut meta.owner {
            self.text(&mut owner.kind);
            self.text(&mut owner.name);
            self.text(&mut owner.uid);
        }
    }

    fn container(&mut self, container: &mut Container) {
        self.text(&mut container.name);
        self.text(&mut container.image);
        self.text(&mut container.image_id);
        if let Some(last) = &mut container.last {
            self.text(&mut last.reason);
        }
        match &mut container.state {
            ContainerState::Waiting { reason, .. } => self.text(reason),
            ContainerState::Terminated(t) => self.text(&mut t.reason),
            ContainerState::Absent | ContainerState::Running(_) => {}
        }
    }

    fn templates(&mut self, containers: &mut [TemplateContainer]) {
        for container in containers {
            self.text(&mut container.name);
            self.text(&mut container.image);
        }
    }

    /// Lets the object share what it has in common with others.
    pub fn object(&mut self, object: &mut Object) {
        self.meta(object.meta_mut());
        match object {
            Object::Pod(pod) => {
                self.text(&mut pod.node);
                self.text(&mut pod.reason);
                self.labels(&mut pod.node_selector);
                for container in pod.containers.iter_mut().chain(&mut pod.init) {
                    self.container(container);
                }
                for condition in &mut pod.conditions {
                    self.text(&mut condition.kind);
                    self.text(&mut condition.reason);
                    self.text(&mut condition.message);
                }
            }
            Object::ReplicaSet(set) => {
                self.labels(&mut set.selector);
                self.templates(&mut set.containers);
            }
            Object::Deployment(deployment) => self.templates(&mut deployment.containers),
            Object::Event(event) => {
                self.text(&mut event.about_kind);
                self.text(&mut event.about.namespace);
                self.text(&mut event.reason);
                self.text(&mut event.source);
            }
            _ => {}
        }
    }
}
