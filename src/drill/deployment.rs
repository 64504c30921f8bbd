//! The profile of the simulated deployment.

use crate::config::Profile;

/// The profile of the simulated deployment, as shipped.
pub(super) fn profile() -> Profile {
    serde_saphyr::from_str(include_str!("../../profiles/honeydue.yaml")).expect("the profile that is built in")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_shipped_profile_can_be_read() {
        assert_eq!(super::profile().nodes.len(), 3);
    }
}
