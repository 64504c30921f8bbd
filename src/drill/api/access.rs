//! Who may do what: what each user's rights allow, and what every authenticated user may.

use serde_json::{Value, json};

use super::call::{Call, Target};
use super::failure::{Failure, about};
use super::identity::User;
use super::rights::{Rights, grants};

/// Something a user wants to do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wish<'a> {
    /// With a resource or one of its objects.
    Resource { verb: &'a str, group: &'a str, plural: &'a str, subresource: &'a str, namespace: &'a str, name: &'a str },
    /// With a path.
    Path { verb: &'a str, path: &'a str },
}

/// A rule about resources: verbs, API groups, resources.
pub(super) type Rule = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const READ: &[&str] = &["get", "list", "watch"];

/// What ClusterRole `view` allows, with what metrics-server adds to it.
pub(super) const VIEW: &[Rule] = &[
    (
        READ,
        &[""],
        &[
            "configmaps",
            "endpoints",
            "persistentvolumeclaims",
            "persistentvolumeclaims/status",
            "pods",
            "replicationcontrollers",
            "replicationcontrollers/scale",
            "serviceaccounts",
            "services",
            "services/status",
        ],
    ),
    (
        READ,
        &[""],
        &[
            "bindings",
            "limitranges",
            "namespaces/status",
            "pods/log",
            "pods/status",
            "replicationcontrollers/status",
            "resourcequotas",
            "resourcequotas/status",
        ],
    ),
    (READ, &[""], &["namespaces"]),
    (READ, &["", "events.k8s.io"], &["events"]),
    (READ, &["discovery.k8s.io"], &["endpointslices"]),
    (
        READ,
        &["apps"],
        &[
            "controllerrevisions",
            "daemonsets",
            "daemonsets/status",
            "deployments",
            "deployments/scale",
            "deployments/status",
            "replicasets",
            "replicasets/scale",
            "replicasets/status",
            "statefulsets",
            "statefulsets/scale",
            "statefulsets/status",
        ],
    ),
    (READ, &["autoscaling"], &["horizontalpodautoscalers", "horizontalpodautoscalers/status"]),
    (READ, &["batch"], &["cronjobs", "cronjobs/status", "jobs", "jobs/status"]),
    (
        READ,
        &["extensions"],
        &[
            "daemonsets",
            "daemonsets/status",
            "deployments",
            "deployments/scale",
            "deployments/status",
            "ingresses",
            "ingresses/status",
            "networkpolicies",
            "replicasets",
            "replicasets/scale",
            "replicasets/status",
            "replicationcontrollers/scale",
        ],
    ),
    (READ, &["policy"], &["poddisruptionbudgets", "poddisruptionbudgets/status"]),
    (READ, &["networking.k8s.io"], &["ingresses", "ingresses/status", "networkpolicies"]),
    (READ, &["resource.k8s.io"], &["resourceclaims", "resourceclaims/status", "resourceclaimtemplates"]),
    (READ, &["metrics.k8s.io"], &["pods", "nodes"]),
];

/// What every authenticated user may (`system:basic-user`).
pub(super) const BASIC: &[Rule] = &[
    (&["create"], &["authorization.k8s.io"], &["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
    (&["create"], &["authentication.k8s.io"], &["selfsubjectreviews"]),
];

/// Paths that everyone may read who is known at all (`system:public-info-viewer`).
pub(super) const INFO: &[&str] = &["/healthz", "/livez", "/readyz", "/version", "/version/"];

/// Paths that every authenticated user may read (`system:discovery`); [`INFO`] is among them.
pub(super) const PATHS: &[&str] = &[
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
];

/// Whether a user may, and why as a review tells it.
pub(super) fn allows(user: &User, wish: Wish<'_>) -> Option<String> {
    if user.rights == Rights::All {
        return Some(String::new());
    }
    match wish {
        Wish::Path { verb, path } => {
            let known = PATHS.iter().any(|p| p.strip_suffix('*').map_or(*p == path, |begin| path.starts_with(begin)));
            (verb == "get" && known).then(|| by_group("system:discovery"))
        }
        Wish::Resource { verb, group, plural, subresource, .. } => {
            let resource = if subresource.is_empty() { plural.to_owned() } else { format!("{plural}/{subresource}") };
            if grants(BASIC, verb, group, &resource) {
                return Some(by_group("system:basic-user"));
            }
            let role = if user.rights == Rights::View { "view" } else { user.name };
            user.rights.allow(verb, group, &resource).then(|| {
                let name = user.name;
                format!("RBAC: allowed by ClusterRoleBinding {name:?} of ClusterRole {role:?} to User {name:?}")
            })
        }
    }
}

fn by_group(role: &str) -> String {
    format!("RBAC: allowed by ClusterRoleBinding {role:?} of ClusterRole {role:?} to Group \"system:authenticated\"")
}

/// Lets a request through or says why not.
pub(super) fn authorize(user: &User, call: &Call) -> Result<(), Failure> {
    let wish = match &call.target {
        Target::Path(path) => Wish::Path { verb: call.verb(), path },
        Target::Resource(place) => Wish::Resource {
            verb: call.verb(),
            group: &place.group,
            plural: &place.plural,
            subresource: place.subresource.as_deref().unwrap_or_default(),
            namespace: place.namespace.as_deref().unwrap_or_default(),
            name: place.name.as_deref().unwrap_or_default(),
        },
    };
    allows(user, wish).map(drop).ok_or_else(|| forbidden(user, wish))
}

fn forbidden(user: &User, wish: Wish<'_>) -> Failure {
    let user = user.name;
    match wish {
        Wish::Path { verb, path } => {
            let message = format!("forbidden: User {user:?} cannot {verb} path {path:?}");
            Failure::new(403, "Forbidden", message, json!({}))
        }
        Wish::Resource { verb, group, plural, subresource, namespace, name } => {
            let resource = if subresource.is_empty() { plural.to_owned() } else { format!("{plural}/{subresource}") };
            let qualified = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
            let named = if name.is_empty() { qualified } else { format!("{qualified} {name:?}") };
            let scope = if namespace.is_empty() {
                "at the cluster scope".to_owned()
            } else {
                format!("in the namespace {namespace:?}")
            };
            let message = format!(
                "{named} is forbidden: User {user:?} cannot {verb} resource {resource:?} in API group {group:?} {scope}"
            );
            let details: Value = about(group, plural, (!name.is_empty()).then_some(name));
            Failure::new(403, "Forbidden", message, details)
        }
    }
}
