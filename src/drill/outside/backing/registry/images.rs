//! The images that there are: those that the cluster has ever pulled, with manifests that name what the cluster names.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::super::http::{Reply, of_type};
use super::super::hex;
use super::set;
use crate::drill::net::Caller;
use crate::drill::world::image_digest;

/// The media type of a manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an index of manifests.
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The tags of a repository, in order.
pub fn tags(caller: &Caller, host: &str, repository: &str) -> Vec<String> {
    let prefix = format!("{host}/{repository}:");
    caller.network.with(|world| {
        world.outside.images.iter().filter_map(|image| image.strip_prefix(&prefix)).map(str::to_owned).collect()
    })
}

/// One image.
#[derive(Debug)]
pub struct Image {
    name: String,
    tag: String,
}

/// Something with a digest.
#[derive(Debug, PartialEq, Eq)]
pub struct Content {
    media: &'static str,
    digest: String,
    bytes: Bytes,
}

impl Content {
    fn new(media: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { media, digest: format!("sha256:{}", hex(&Sha256::digest(&bytes))), bytes }
    }

    /// How something else refers to it.
    fn descriptor(&self) -> Value {
        json!({ "mediaType": self.media, "digest": self.digest, "size": self.bytes.len() })
    }

    /// The answer that holds it.
    pub fn reply(self) -> Reply {
        let mut reply = of_type(StatusCode::OK, self.media, self.bytes);
        set(&mut reply, "docker-content-digest", &self.digest);
        reply
    }
}

impl Image {
    /// An image by its host, repository and tag.
    pub fn new(host: &str, repository: &str, tag: &str) -> Self {
        Self { name: format!("{host}/{repository}:{tag}"), tag: tag.to_owned() }
    }

    /// The manifest behind a tag or a digest; for a tag the index, if that is wanted.
    pub fn manifest(&self, reference: &str, index: bool) -> Option<Content> {
        let (whole, single) = (self.index(), self.single());
        if reference == whole.digest || (reference == self.tag && index) {
            Some(whole)
        } else if reference == single.digest || reference == self.tag {
            Some(single)
        } else {
            None
        }
    }

    /// The configuration or the layer with a digest.
    pub fn blob(&self, digest: &str) -> Option<Content> {
        [self.config(), self.layer()].into_iter().find(|content| content.digest == digest)
    }

    fn config(&self) -> Content {
        let created = json!({ "org.opencontainers.image.revision": self.tag });
        let config = json!({ "architecture": "amd64", "os": "linux", "config": { "Labels": created },
            "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", image_digest(&self.name))] } });
        Content::new(CONFIG, config.to_string())
    }

    fn layer(&self) -> Content {
        Content::new(LAYER, self.name.clone())
    }

    fn single(&self) -> Content {
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": self.config().descriptor(),
            "layers": [self.layer().descriptor()] });
        Content::new(MANIFEST, manifest.to_string())
    }

    /// It goes by the digest under which the cluster knows the image.
    fn index(&self) -> Content {
        let mut single = self.single().descriptor();
        single["platform"] = json!({ "architecture": "amd64", "os": "linux" });
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [single] });
        Content { digest: format!("sha256:{}", image_digest(&self.name)), ..Content::new(INDEX, index.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_found_by_tag_and_by_digest_down_to_its_layer() {
        let image = Image::new("registry.example.com", "shop/api", "1b77e02");
        let index = image.manifest("1b77e02", true).expect("an index");
        let whole: Value = serde_json::from_slice(&index.bytes).expect("JSON");
        let digest = whole["manifests"][0]["digest"].as_str().expect("a digest");
        let single: Value =
            serde_json::from_slice(&image.manifest(digest, false).expect("a manifest").bytes).expect("JSON");
        let layer = single["layers"][0]["digest"].as_str().expect("a digest");
        assert!(image.blob(layer).is_some());
        assert_eq!(image.manifest(&index.digest, false), Some(index));
        assert_eq!(image.manifest("latest", true), None);
    }
}
