//! Objects as JSON values by resource, with revisions and a log for watches.
//!
//! The store knows nothing of what the objects mean beyond their metadata. The world changes it; the API shows it.

mod catalog;
mod deletion;
mod log;
mod names;
mod resource;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

pub use deletion::{Deletion, Fate, Propagation};
pub use log::{Expired, Happened, Logged, REMEMBERED};
pub(super) use names::Names;
pub use resource::{ResourceDef, ResourceId, STORED, Subresource};

use log::Log;

/// Namespace (empty for the cluster) and name.
type Key = (String, String);

/// Why an object was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is one of that name.
    #[error("{resource} {name:?} already exists")]
    Exists {
        /// `deployments.apps`
        resource: String,
        /// The name that is taken.
        name: String,
    },
    /// It has neither a name nor the beginning of one.
    #[error("name or generateName is required")]
    Nameless,
    /// It is not a JSON object, or its metadata is none.
    #[error("the object is not a JSON object with metadata")]
    Shapeless,
}

/// All objects of the simulated cluster.
#[derive(Debug)]
pub struct Store {
    tables: Vec<Table>,
    revision: watch::Sender<u64>,
    names: Names,
}

#[derive(Debug)]
struct Table {
    objects: BTreeMap<Key, Arc<Value>>,
    log: Log,
}

impl Store {
    /// An empty store; the same seed makes the same UIDs and generated names.
    pub fn new(seed: u64) -> Self {
        let mut names = Names::new(seed);
        let first = 4000 + names.below(1000);
        let tables = ResourceId::all().map(|_| Table { objects: BTreeMap::new(), log: Log::new(first) }).collect();
        Self { tables, revision: watch::Sender::new(first), names }
    }

    /// The resource of that group and plural.
    pub fn resource(group: &str, plural: &str) -> Option<ResourceId> {
        ResourceId::find(group, plural)
    }

    /// The revision of the newest change.
    pub fn revision(&self) -> u64 {
        *self.revision.borrow()
    }

    /// Tells the revision of every change.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Stores a new object. What a server sets (UID, creation time, generation) is kept where the object has it already,
    /// so that history can be played with its own stamps; the revision is always new.
    pub fn create(&mut self, res: ResourceId, object: Value, now: Timestamp) -> Result<Arc<Value>, Refusal> {
        let mut names = self.names.clone();
        let (key, mut object) = self.complete(res, object, now, &mut names)?;
        self.names = names;
        let revision = self.revision() + 1;
        set_revision(&mut object, revision);
        let object = Arc::new(object);
        self.table_mut(res).objects.insert(key, object.clone());
        self.record(res, Logged { happened: Happened::Added, revision, object: object.clone(), previous: None });
        Ok(object)
    }

    /// What [`create`](Self::create) would store, as a dry run answers: without a revision.
    pub fn preview(&self, res: ResourceId, object: Value, now: Timestamp) -> Result<Value, Refusal> {
        self.complete(res, object, now, &mut self.names.clone()).map(|(_, object)| object)
    }

    /// A UID for an object that carries it in fields of its own too; not used up unless it is kept.
    pub fn new_uid(&mut self, kept: bool) -> String {
        if kept { self.names.uid() } else { self.names.clone().uid() }
    }

    /// Fills in what a server sets.
    fn complete(
        &self,
        res: ResourceId,
        mut object: Value,
        now: Timestamp,
        names: &mut Names,
    ) -> Result<(Key, Value), Refusal> {
        let def = res.def();
        let body = object.as_object_mut().ok_or(Refusal::Shapeless)?;
        body.insert("apiVersion".into(), def.stored_version().into());
        body.insert("kind".into(), def.kind.into());
        let meta = body.entry("metadata").or_insert_with(|| json!({})).as_object_mut().ok_or(Refusal::Shapeless)?;
        let key = key_for(res, meta, names)?;
        if self.table(res).objects.contains_key(&key) {
            return Err(Refusal::Exists { resource: def.qualified(), name: key.1 });
        }
        meta.entry("uid").or_insert_with(|| names.uid().into());
        meta.entry("creationTimestamp").or_insert_with(|| stamp(now).into());
        if def.generation {
            meta.entry("generation").or_insert_with(|| 1.into());
        }
        Ok((key, object))
    }

    /// One object.
    pub fn get(&self, res: ResourceId, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.table(res).objects.get(&key(namespace, name)).cloned()
    }

    /// All objects, or those of one namespace, by namespace and name.
    pub fn list(&self, res: ResourceId, namespace: Option<&str>) -> Vec<Arc<Value>> {
        let from = key(namespace.unwrap_or_default(), "");
        let within = self.table(res).objects.range(from..);
        within.take_while(|(k, _)| namespace.is_none_or(|n| n == k.0)).map(|(_, o)| o.clone()).collect()
    }

    /// The objects as they were at a revision, from behind a place on: the rest of a list that was begun then.
    pub fn list_at(
        &self,
        res: ResourceId,
        namespace: Option<&str>,
        (after_namespace, after_name): (&str, &str),
        revision: u64,
    ) -> Result<Vec<Arc<Value>>, Expired> {
        let table = self.table(res);
        let mut then: BTreeMap<Key, Option<&Arc<Value>>> = BTreeMap::new();
        for change in table.log.after(revision)?.rev() {
            then.insert(key_of(&change.object), change.previous.as_ref());
        }
        let after = key(after_namespace, after_name);
        let wanted = |k: &Key| *k > after && namespace.is_none_or(|n| n == k.0);
        let unchanged = table.objects.range(after.clone()..).filter(|(k, _)| !then.contains_key(*k));
        let mut found: Vec<_> = unchanged.filter(|(k, _)| wanted(k)).collect();
        if !then.is_empty() {
            found.extend(then.iter().filter(|(k, _)| wanted(k)).filter_map(|(k, o)| Some((k, (*o)?))));
            found.sort_by_key(|(k, _)| *k);
        }
        Ok(found.into_iter().map(|(_, o)| o.clone()).collect())
    }

    /// Changes an object. A new revision is made only if the change is one; the generation counts changes of `spec`, and
    /// the wish that the object go. Its identity stays as it is whatever `f` does. Nothing if there is no such object.
    pub fn modify(
        &mut self,
        res: ResourceId,
        namespace: &str,
        name: &str,
        f: impl FnOnce(&mut Value),
    ) -> Option<Arc<Value>> {
        let key = key(namespace, name);
        let previous = self.table(res).objects.get(&key)?.clone();
        let mut object = Self::changed(res, &previous, f);
        if object == *previous {
            return Some(previous);
        }
        let revision = self.revision() + 1;
        set_revision(&mut object, revision);
        let object = Arc::new(object);
        self.table_mut(res).objects.insert(key, object.clone());
        let change =
            Logged { happened: Happened::Modified, revision, object: object.clone(), previous: Some(previous) };
        self.record(res, change);
        Some(object)
    }

    /// What a change makes of an object, not stored.
    pub fn changed(res: ResourceId, previous: &Value, f: impl FnOnce(&mut Value)) -> Value {
        let mut object = previous.clone();
        f(&mut object);
        keep_identity(&mut object, previous);
        let begins_to_go = deletion::marked(&object) && !deletion::marked(previous);
        if res.def().generation && (begins_to_go || counts(&object, previous)) {
            let generation = previous.pointer("/metadata/generation").and_then(Value::as_u64).unwrap_or(0) + 1;
            set_meta(&mut object, "generation", generation.into());
        }
        object
    }

    /// Removes an object at once. Watches see it as it was last, with the revision of its end.
    pub fn remove(&mut self, res: ResourceId, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let previous = self.table_mut(res).objects.remove(&key(namespace, name))?;
        let revision = self.revision() + 1;
        let mut object = Value::clone(&previous);
        set_revision(&mut object, revision);
        let object = Arc::new(object);
        let change = Logged { happened: Happened::Deleted, revision, object: object.clone(), previous: Some(previous) };
        self.record(res, change);
        Some(object)
    }

    /// What happened to a resource's objects after a revision, oldest first.
    pub fn changes_after(&self, res: ResourceId, revision: u64) -> Result<Vec<Logged>, Expired> {
        Ok(self.table(res).log.after(revision)?.cloned().collect())
    }

    /// Forgets every change up to now: watches that begin earlier get [`Expired`].
    pub fn compact(&mut self) {
        let now = self.revision();
        for table in &mut self.tables {
            table.log.compact(now);
        }
    }

    fn record(&mut self, res: ResourceId, change: Logged) {
        let revision = change.revision;
        self.table_mut(res).log.push(change);
        self.revision.send_replace(revision);
    }

    fn table(&self, res: ResourceId) -> &Table {
        &self.tables[res.slot()]
    }

    fn table_mut(&mut self, res: ResourceId) -> &mut Table {
        &mut self.tables[res.slot()]
    }
}

/// Where an object belongs; makes its name up if it only begins one.
fn key_for(res: ResourceId, meta: &mut Map<String, Value>, names: &mut Names) -> Result<Key, Refusal> {
    let text = |meta: &Map<String, Value>, field| meta.get(field).and_then(Value::as_str).map(str::to_owned);
    let name = match (text(meta, "name"), text(meta, "generateName")) {
        (Some(name), _) if !name.is_empty() => name,
        (_, Some(begin)) if !begin.is_empty() => format!("{begin}{}", names.suffix()),
        _ => return Err(Refusal::Nameless),
    };
    meta.insert("name".into(), name.clone().into());
    if !res.def().namespaced {
        meta.remove("namespace");
        return Ok((String::new(), name));
    }
    let namespace = text(meta, "namespace").filter(|n| !n.is_empty()).unwrap_or_else(|| "default".to_owned());
    meta.insert("namespace".into(), namespace.clone().into());
    Ok((namespace, name))
}

/// A time as Kubernetes writes it: whole seconds.
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn key(namespace: &str, name: &str) -> Key {
    (namespace.to_owned(), name.to_owned())
}

fn key_of(object: &Value) -> Key {
    let text = |field: &str| object.pointer(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/metadata/namespace"), text("/metadata/name"))
}

/// Whether a change is one that the generation counts: of the `spec`, but for the place that a pod is given.
fn counts(object: &Value, previous: &Value) -> bool {
    let (Some(new), Some(old)) = (object.get("spec"), previous.get("spec")) else {
        return object.get("spec") != previous.get("spec");
    };
    if object["kind"] != "Pod" || old.get("nodeName").is_some() || new.get("nodeName").is_none() {
        return new != old;
    }
    let mut placed = old.clone();
    placed["nodeName"] = new["nodeName"].clone();
    *new != placed
}

fn set_meta(object: &mut Value, field: &str, value: Value) {
    if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.insert(field.to_owned(), value);
    }
}

fn set_revision(object: &mut Value, revision: u64) {
    set_meta(object, "resourceVersion", revision.to_string().into());
}

/// Undoes what a change did to the fields that say which object this is.
fn keep_identity(object: &mut Value, previous: &Value) {
    if object.get("metadata").is_none_or(|m| !m.is_object()) {
        object["metadata"] = previous["metadata"].clone();
    }
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation"] {
        match previous["metadata"].get(field) {
            Some(value) => set_meta(object, field, value.clone()),
            None => {
                object["metadata"].as_object_mut().map(|m| m.remove(field));
            }
        }
    }
}

#[cfg(test)]
mod tests;
