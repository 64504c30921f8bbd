//! `managedFields`: who set what, and when. A manager has an entry for each subresource that it writes through, one for
//! what it applied and one for what it wrote otherwise.

use http::header;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::look::Look;
use super::Write;
use super::fields::{Changes, FieldSet, Spot, changes};
use crate::drill::store::stamp;

/// How somebody comes to own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Apply,
    Update,
}

/// One entry: its fields, and all else that it says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    told: Value,
    pub fields: FieldSet,
}

/// The entries of an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Managers(pub Vec<Entry>);

/// What says which entry it is.
const KEYS: [&str; 4] = ["manager", "operation", "apiVersion", "subresource"];

/// Notes who made an object of what it was before (null for a new one). What changes nothing is not noted.
pub(super) fn note(write: &Write<'_>, before: &Value, object: &mut Value, now: Timestamp) {
    let mut managers = Managers::wanted(before, object);
    let touched = changes(before, object, Spot::whole(write.def.custom)).without_identity();
    let own = Entry::own(write, Operation::Update);
    managers.disown(&touched, &own);
    managers.change(own, now, |fields| {
        fields.subtract(&touched.removed);
        fields.unite(&touched.set);
    });
    managers.store(object);
}

impl Entry {
    /// The entry of who sends a request, with nothing in it.
    pub(super) fn own(write: &Write<'_>, operation: Operation) -> Self {
        let mut told = json!({
            "manager": manager(write), "operation": if operation == Operation::Apply { "Apply" } else { "Update" },
            "apiVersion": write.def.api_version(), "fieldsType": "FieldsV1",
        });
        if !write.subresource.is_empty() {
            told["subresource"] = write.subresource.into();
        }
        Self { told, fields: FieldSet::default() }
    }

    /// The entry of those who wrote before anybody kept account.
    pub(super) fn before_first_apply(write: &Write<'_>, object: &Value, now: Timestamp) -> Self {
        let fields = changes(&Value::Null, object, Spot::whole(write.def.custom)).without_identity().set;
        let told = json!({"manager": "before-first-apply", "operation": "Update", "apiVersion": write.def.api_version(),
            "fieldsType": "FieldsV1", "time": stamp(now)});
        Self { told, fields }
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        KEYS.iter().all(|key| self.told.get(*key) == other.told.get(*key))
    }

    /// As messages name it.
    pub(super) fn in_words(&self) -> String {
        let mut words = format!("{:?}", self.told.text("manager"));
        if !self.told.text("subresource").is_empty() {
            words = format!("{words} with subresource {:?}", self.told.text("subresource"));
        }
        if self.told.text("operation") == "Update" {
            words = format!("{words} using {}", self.told.text("apiVersion"));
            if !self.told.text("time").is_empty() {
                words = format!("{words} at {}", self.told.text("time"));
            }
        }
        words
    }
}

impl Managers {
    /// Those that an object names.
    pub(super) fn of(object: &Value) -> Self {
        let entry = |told: &Value| {
            let mut told = told.clone();
            let fields = FieldSet::read(&told["fieldsV1"].take());
            told.as_object_mut().map(|t| t.remove("fieldsV1"));
            Entry { told, fields }
        };
        Self(object.items("metadata.managedFields").iter().map(entry).collect())
    }

    /// Those that a changed object is to have: as before, unless whoever changes it says otherwise; an empty list, or
    /// one with an empty first entry, clears them.
    fn wanted(before: &Value, object: &Value) -> Self {
        let given = object.at("metadata.managedFields");
        if given.is_null() { Self::of(before) } else { Self::of(object) }
    }

    /// All their fields.
    pub(super) fn all(&self) -> FieldSet {
        let mut all = FieldSet::default();
        self.0.iter().for_each(|entry| all.unite(&entry.fields));
        all
    }

    /// What somebody touches is no one else's any more, and what went is nobody's.
    pub(super) fn disown(&mut self, touched: &Changes, by: &Entry) {
        for entry in self.0.iter_mut().filter(|e| !e.is(by)) {
            entry.fields.subtract(&touched.set);
            entry.fields.subtract(&touched.removed);
        }
    }

    /// Changes the fields of one entry, made if there is none; it keeps its time if they stay the same.
    pub(super) fn change(&mut self, own: Entry, now: Timestamp, f: impl FnOnce(&mut FieldSet)) {
        let known = self.0.iter().position(|e| e.is(&own)).map(|at| self.0.remove(at));
        let mut entry = known.unwrap_or(own);
        let mut fields = entry.fields.clone();
        f(&mut fields);
        if fields != entry.fields || entry.told.text("time").is_empty() {
            entry.told["time"] = stamp(now).into();
        }
        entry.fields = fields;
        self.0.push(entry);
    }

    /// Writes them into an object, in the order of a real server: who applied first, then the oldest first.
    pub(super) fn store(mut self, object: &mut Value) {
        self.0.retain(|entry| !entry.fields.is_empty());
        self.0.sort_by_cached_key(|e| ["operation", "time", "manager"].map(|key| e.told.text(key).to_owned()));
        let entries = self.0.into_iter().map(|Entry { mut told, fields }| {
            told["fieldsV1"] = fields.write();
            told
        });
        let entries: Vec<_> = entries.collect();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            if entries.is_empty() {
                metadata.remove("managedFields");
            } else {
                metadata.insert("managedFields".into(), entries.into());
            }
        }
    }
}

/// As a client calls itself: by parameter, else by the begin of its user agent.
fn manager(write: &Write<'_>) -> String {
    let asked = write.call.query.text("fieldManager");
    let agent = write.call.header(header::USER_AGENT).split('/').next().unwrap_or_default();
    let name = if asked.is_empty() { agent } else { asked };
    if name.is_empty() { "unknown".to_owned() } else { name.to_owned() }
}
