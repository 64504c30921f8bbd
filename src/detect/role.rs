//! Which workload plays which role. Detectors know workloads by their role, never by one team's names.

use crate::config::profile::{Profile, Role};
use crate::situation::Ref;
use crate::situation::object::Labels;

/// The role of a workload, with its name in the profile. The first that fits holds. Labels are those of the workload
/// itself and those it selects its pods by: charts set both, older manifests only the latter.
pub fn of<'a>(profile: &'a Profile, workload: &Ref, labels: [&Labels; 2]) -> Option<(&'a str, &'a Role)> {
    let has = |key: &str, value: &str| labels.iter().any(|l| l.get(key).is_some_and(|v| *v == value));
    let (kind, key) = (workload.kind.resource().kind, &workload.key);
    let mut roles = profile.roles.iter();
    roles.find(|(_, role)| role.fits(kind, &key.namespace, &key.name, has)).map(|(name, role)| (name.as_str(), role))
}
