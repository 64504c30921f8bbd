//! Which workload plays which role. Detectors know workloads by their role, never by one team's names.

use crate::config::profile::{Profile, Role};
use crate::situation::Ref;
use crate::situation::object::Labels;

/// The role of a workload, with its name in the profile. The first that fits holds.
pub(super) fn of<'a>(profile: &'a Profile, workload: &Ref, labels: &Labels) -> Option<(&'a str, &'a Role)> {
    let label = |key: &str| labels.get(key).map(crate::situation::Text::as_str);
    profile.role_of(workload.kind.resource().kind, &workload.key.namespace, &workload.key.name, label)
}
