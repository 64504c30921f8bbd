//! Claims for volumes: which node they allow.

use serde_json::Value;

use super::World;
use super::json::{list, text};
use super::label::node_fits;

impl World {
    /// Whether a pod's claims allow it to be on a node; if not, why, in the scheduler's words.
    pub(super) fn claims_allow(&self, pod: &Value, node: &Value) -> Result<(), String> {
        let names = list(pod, "/spec/volumes").iter().map(|v| text(v, "/persistentVolumeClaim/claimName"));
        for name in names.filter(|name| !name.is_empty()) {
            let Some(claim) = self.store.get(self.res.claims, text(pod, "/metadata/namespace"), name) else {
                return Err(format!("persistentvolumeclaim \"{name}\" not found"));
            };
            let Some(volume) = self.store.get(self.res.volumes, "", text(&claim, "/spec/volumeName")) else {
                return Err("pod has unbound immediate PersistentVolumeClaims".to_owned());
            };
            if volume.pointer("/spec/nodeAffinity/required").is_some_and(|required| !node_fits(required, node)) {
                return Err("node(s) didn't match PersistentVolume's node affinity".to_owned());
            }
        }
        Ok(())
    }
}
