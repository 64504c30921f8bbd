//! What the server says it serves: group by group as of old, and all in one document.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::answer::Answer;
use super::backend::Backend;
use super::failure::Failure;
use super::media::wants_aggregated;
use super::metrics;
use crate::drill::store::{ResourceDef, ResourceId};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Answers `/api`, `/apis` and what lies directly below them.
pub(super) fn answer(backend: &mut dyn Backend, path: &str, accept: &str, host: &str) -> Result<Answer, Failure> {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let groups = groups(backend);
    let known = |group: &str, version: &str| groups.iter().any(|g| (g.name, g.version) == (group, version));
    let plain = |body: Value| Ok(Answer::json(200, &body));
    match parts.as_slice() {
        ["api"] if wants_aggregated(accept) => Ok(aggregated(groups.iter().filter(|g| g.name.is_empty()))),
        ["apis"] if wants_aggregated(accept) => Ok(aggregated(groups.iter().filter(|g| !g.name.is_empty()))),
        ["api"] => plain(json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": host}],
        })),
        ["apis"] => {
            let groups: Vec<_> = groups.iter().filter(|g| !g.name.is_empty()).map(Group::describe).collect();
            plain(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
        }
        ["apis", group] => {
            let group = groups.iter().find(|g| g.name == *group).ok_or_else(Failure::no_page)?;
            let mut body = group.describe();
            body["kind"] = "APIGroup".into();
            body["apiVersion"] = "v1".into();
            plain(body)
        }
        ["api", "v1"] => plain(resources("", "v1")),
        ["apis", group, version] if known(group, version) => {
            if *group == metrics::GROUP {
                metrics::available(backend)?;
            }
            plain(resources(group, version))
        }
        _ => Err(Failure::no_page()),
    }
}

/// A group of resources, in its one version.
struct Group {
    name: &'static str,
    version: &'static str,
    /// Whether what stands behind it does not answer.
    stale: bool,
}

impl Group {
    fn describe(&self) -> Value {
        let version = json!({"groupVersion": format!("{}/{}", self.name, self.version), "version": self.version});
        json!({"name": self.name, "versions": [version], "preferredVersion": version})
    }
}

fn groups(backend: &mut dyn Backend) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for def in ResourceId::all().map(ResourceId::def) {
        if groups.iter().all(|g| g.name != def.group) {
            groups.push(Group { name: def.group, version: def.version, stale: false });
        }
    }
    if !metrics::registered(backend) {
        groups.retain(|g| g.name != metrics::GROUP);
    }
    let stale = metrics::available(backend).is_err();
    for group in groups.iter_mut().filter(|g| g.name == metrics::GROUP) {
        group.stale = stale;
    }
    groups
}

fn of_group(group: &str, version: &str) -> impl Iterator<Item = &'static ResourceDef> {
    ResourceId::all().map(ResourceId::def).filter(move |d| d.group == group && d.version == version)
}

/// The resources of one group and version, subresources beside them.
fn resources(group: &str, version: &str) -> Value {
    let mut all = Vec::new();
    for def in of_group(group, version) {
        let mut entry = json!({
            "name": def.plural, "singularName": def.singular, "namespaced": def.namespaced, "kind": def.kind,
            "verbs": def.verbs,
        });
        told(&mut entry, def);
        if def.stored() {
            entry["storageVersionHash"] = storage_hash(def).into();
        }
        all.push(entry);
        for sub in def.subresources {
            let (group, version, kind) = sub.body;
            let mut entry = json!({
                "name": format!("{}/{}", def.plural, sub.name), "singularName": "", "namespaced": def.namespaced,
                "kind": kind, "verbs": sub.verbs,
            });
            if !version.is_empty() {
                entry["group"] = group.into();
                entry["version"] = version.into();
            }
            all.push(entry);
        }
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let mut body = json!({"kind": "APIResourceList", "groupVersion": group_version, "resources": all});
    if !group.is_empty() {
        body["apiVersion"] = "v1".into();
    }
    body
}

/// Short names and categories, where there are any.
fn told(entry: &mut Value, def: &ResourceDef) {
    if !def.short_names.is_empty() {
        entry["shortNames"] = json!(def.short_names);
    }
    if !def.categories.is_empty() {
        entry["categories"] = json!(def.categories);
    }
}

/// What tells two storage formats apart.
fn storage_hash(def: &ResourceDef) -> String {
    let group = def.view_of.map_or(def.group, |(group, _)| group);
    let hash = Sha256::digest(format!("{group}/{}/{}", def.version, def.kind));
    STANDARD.encode(hash.get(..8).unwrap_or_default())
}

fn aggregated<'a>(groups: impl Iterator<Item = &'a Group>) -> Answer {
    let items: Vec<_> = groups
        .map(|g| {
            let mut version = json!({"version": g.version, "freshness": if g.stale { "Stale" } else { "Current" }});
            if !g.stale {
                version["resources"] = of_group(g.name, g.version).map(aggregated_resource).collect();
            }
            let metadata = if g.name.is_empty() { json!({}) } else { json!({"name": g.name}) };
            json!({"metadata": metadata, "versions": [version]})
        })
        .collect();
    let body = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    });
    match Answer::json(200, &body) {
        Answer::Json { code, body, .. } => Answer::Json { code, body, media: AGGREGATED },
        other => other,
    }
}

fn aggregated_resource(def: &'static ResourceDef) -> Value {
    let kind = |(group, version, kind): (&str, &str, &str)| json!({"group": group, "version": version, "kind": kind});
    let mut entry = json!({
        "resource": def.plural, "responseKind": kind(("", "", def.kind)),
        "scope": if def.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": def.singular, "verbs": def.verbs,
    });
    told(&mut entry, def);
    let below: Vec<_> = def
        .subresources
        .iter()
        .map(|s| json!({"subresource": s.name, "responseKind": kind(s.body), "verbs": s.verbs}))
        .collect();
    if !below.is_empty() {
        entry["subresources"] = below.into();
    }
    entry
}
