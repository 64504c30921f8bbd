//! The resources that the world works on.

use crate::drill::store::{ResourceId, Store};

macro_rules! resources {
    ($($name:ident: $group:literal $plural:literal),* $(,)?) => {
        /// The resources that the world works on, looked up once.
        #[derive(Debug, Clone, Copy)]
        pub struct Resources { $(pub $name: ResourceId),* }

        impl Resources {
            /// Looks them up.
            ///
            /// # Panics
            /// When the store's catalog lacks one: a fault of ours.
            pub fn new() -> Self {
                Self { $($name: Store::resource($group, $plural).expect($plural)),* }
            }
        }

        impl Default for Resources {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}

resources! {
    pods: "" "pods", nodes: "" "nodes", services: "" "services", events: "" "events",
    claims: "" "persistentvolumeclaims", volumes: "" "persistentvolumes", config_maps: "" "configmaps",
    service_accounts: "" "serviceaccounts", namespaces: "" "namespaces", secrets: "" "secrets",
    deployments: "apps" "deployments", replica_sets: "apps" "replicasets", daemon_sets: "apps" "daemonsets",
    jobs: "batch" "jobs", cron_jobs: "batch" "cronjobs",
    leases: "coordination.k8s.io" "leases", slices: "discovery.k8s.io" "endpointslices",
    budgets: "policy" "poddisruptionbudgets", ingresses: "networking.k8s.io" "ingresses",
    api_services: "apiregistration.k8s.io" "apiservices", snapshots: "k3s.cattle.io" "etcdsnapshotfiles",
}
