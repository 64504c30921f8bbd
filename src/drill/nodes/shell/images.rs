//! Images of a node: which there are, copies of them to other nodes.

use std::fmt::Write as _;

use super::Outcome;
use super::containers::{digest, short, table};
use super::host::{Host, list as items, number_of, text};

/// What names an image in an archive.
const NAME_IN_ARCHIVE: &str = "\"io.containerd.image.name\":\"";
/// The room of a header in an archive.
const BLOCK: usize = 512;

/// Repository and tag of an image.
fn tagged(image: &str) -> (String, String) {
    let (name, tag) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((image, "latest"));
    (name.to_owned(), tag.to_owned())
}

/// `crictl images`
pub fn list(host: &Host<'_>) -> Outcome {
    let mut rows = vec![["IMAGE", "TAG", "IMAGE ID", "SIZE"].map(str::to_owned).to_vec()];
    for image in host.world.images_of(host.node) {
        let (name, tag) = tagged(&image);
        let size = 14.0 + (number_of(&image) % 600) as f64 / 10.0;
        rows.push(vec![name, tag, short(&digest(&image)), format!("{size:.1}MB")]);
    }
    Outcome::said(table(rows, 4))
}

/// Forgets the images that no container uses.
pub fn prune(host: &mut Host<'_>) -> Outcome {
    let used: Vec<String> = host
        .pods()
        .iter()
        .flat_map(|pod| items(pod, "/spec/containers").iter().map(|c| text(c, "/image").to_owned()).collect::<Vec<_>>())
        .collect();
    let mut outcome = Outcome::silent();
    for image in host.world.images_of(host.node).into_iter().filter(|image| !used.contains(image)) {
        host.world.remove_image(host.node, &image);
        let _ = writeln!(outcome.out, "Deleted: {image}");
    }
    host.change(|machine| machine.disk.images = 0);
    outcome
}

/// `crictl rmi REF`
pub fn remove(host: &mut Host<'_>, image: &str) -> Outcome {
    if !host.world.images_of(host.node).iter().any(|known| known == image) {
        return Outcome::failed(
            1,
            format!("ERRO[0000] no such image {image}\nFATA[0000] unable to remove the image(s)\n"),
        );
    }
    host.world.remove_image(host.node, image);
    Outcome::said(format!("Deleted: {image}\n"))
}

/// An archive with nothing in it but the name of the image.
pub fn export(host: &Host<'_>, image: &str) -> Outcome {
    if !host.world.images_of(host.node).iter().any(|known| known == image) {
        return Outcome::failed(1, format!("ctr: image \"{image}\": not found\n"));
    }
    let index = format!(
        "{{\"schemaVersion\":2,\"manifests\":[{{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\
         \"digest\":\"sha256:{}\",\"size\":1201,\"annotations\":{{{NAME_IN_ARCHIVE}{image}\"}}}}]}}",
        digest(image)
    );
    Outcome::said(archive("index.json", &index))
}

/// A tar archive with one file.
fn archive(name: &str, content: &str) -> String {
    let fields = |checksum: &str| {
        format!(
            "{name:\0<100}0000644\u{0}0000000\u{0}0000000\u{0}{:011o}\u{0}00000000000\u{0}{checksum}0{:\0<100}ustar\u{0}00",
            content.len(),
            ""
        )
    };
    let sum: u64 = fields("        ").bytes().map(u64::from).sum();
    let header = fields(&format!("{sum:06o}\u{0} "));
    let filled = |text: &str| format!("{text}{}", "\0".repeat(text.len().next_multiple_of(BLOCK) - text.len()));
    format!("{}{}{}", filled(&header), filled(content), "\0".repeat(2 * BLOCK))
}

/// Takes the image that an archive names.
pub fn import(host: &mut Host<'_>, input: &str) -> Outcome {
    let named = input.split_once(NAME_IN_ARCHIVE).and_then(|(_, rest)| rest.split_once('"'));
    let Some((image, _)) = named.filter(|(image, _)| !image.is_empty() && image.len() < 256) else {
        return Outcome::failed(1, "ctr: unrecognized image format\n");
    };
    host.world.add_image(host.node, image);
    Outcome::said(format!("unpacking {image} (sha256:{})...done\n", digest(image)))
}
