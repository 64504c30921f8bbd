//! Which workload plays which role. Detectors know workloads by their role, never by one team's names.

use crate::config::profile::{Profile, Role};
use crate::situation::Ref;
use crate::situation::object::Labels;

/// The role of a workload, with its name in the profile. The first that fits holds. Labels are those of the workload
/// itself and those it selects its pods by: charts set both, older manifests only the latter.
pub fn of<'a>(profile: &'a Profile, workload: &Ref, labels: [&Labels; 2]) -> Option<(&'a str, &'a Role)> {
    profile.roles.iter().find(|(_, role)| plays(role, workload, labels)).map(|(name, role)| (name.as_str(), role))
}

/// Whether a workload fits a role. A role with neither a name nor labels fits nothing.
fn plays(role: &Role, workload: &Ref, labels: [&Labels; 2]) -> bool {
    let has = |key: &str, value: &str| labels.iter().any(|l| l.get(key).is_some_and(|v| **v == *value));
    let is = |wanted: &str, given: &str| wanted.is_empty() || wanted == given;
    if role.name.is_empty() && role.labels.is_empty() {
        return false;
    }
    is(&role.kind, workload.kind.resource().kind)
        && is(&role.namespace, &workload.key.namespace)
        && is(&role.name, &workload.key.name)
        && (!role.name.is_empty() || role.labels.iter().all(|(k, v)| has(k, v)))
}
