//! The profile of the simulated deployment.

use crate::config::Profile;
use crate::config::embedded::Shipped;

/// The profiles that only drills use; also examples to copy from.
pub const PROFILES: &[Shipped] = &[("honeydue", include_str!("../../profiles/honeydue.yaml"))];

/// The profile of the simulated deployment, as shipped.
pub(super) fn profile() -> Profile {
    serde_saphyr::from_str(PROFILES[0].1).expect("the profile that is built in")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_shipped_profile_can_be_read() {
        assert_eq!(super::profile().nodes.len(), 3);
    }
}
