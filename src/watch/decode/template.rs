//! Pod templates of workloads.

use std::sync::Arc;

use serde::de::{Deserialize, Deserializer};
use serde_json::Value;

use super::wire::wire;
use crate::situation::object::TemplateContainer;
use crate::situation::{Text, template};

wire! {
    /// A template of which only the containers' names and images are read.
    struct TemplateWire { spec: TemplateSpec }

    struct TemplateSpec { containers: Vec<TemplateContainerWire> }

    struct TemplateContainerWire { name: Text, image: Text }
}

impl TemplateWire {
    pub(super) fn containers(self) -> Vec<TemplateContainer> {
        self.spec.containers.into_iter().map(|c| TemplateContainer { name: c.name, image: c.image }).collect()
    }
}

/// A template that is kept as a whole, in one canonical form, so that two revisions can be compared.
pub(super) struct WholeTemplate {
    /// Compact JSON with sorted keys and cleaned strings.
    pub(super) canonical: Arc<str>,
    /// Its containers.
    pub(super) containers: Vec<TemplateContainer>,
}

impl Default for WholeTemplate {
    fn default() -> Self {
        Self { canonical: Arc::from(""), containers: Vec::new() }
    }
}

impl<'de> Deserialize<'de> for WholeTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let containers = value.pointer("/spec/containers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let containers = containers.iter().map(container).collect();
        Ok(Self { containers, canonical: template::canonical(value) })
    }
}

fn container(value: &Value) -> TemplateContainer {
    let field = |name| Text::new(value.get(name).and_then(Value::as_str).unwrap_or_default());
    TemplateContainer { name: field("name"), image: field("image") }
}
