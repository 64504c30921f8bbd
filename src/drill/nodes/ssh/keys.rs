//! The keys of a run: one for each node, one for the user.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use russh::keys::key::safe_rng;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{PrivateKey, PublicKey};

use super::Door;

/// What each file of ours says, to know it from another's.
const MARK: &str = "crashcart-sim";

/// The keys of a run.
#[derive(Debug)]
pub struct Keys {
    user: PrivateKey,
    /// By node, made when they are first asked for.
    nodes: Mutex<BTreeMap<String, PrivateKey>>,
}

impl Keys {
    pub(super) fn generate() -> Self {
        let mut user = fresh();
        user.set_comment(format!("deploy@{MARK}"));
        Self { user, nodes: Mutex::default() }
    }

    /// The user's public key: the only one that is let in.
    pub(super) fn admitted(&self) -> &PublicKey {
        self.user.public_key()
    }

    /// By what a node is known.
    pub(super) fn of_node(&self, node: &str) -> PrivateKey {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        nodes.entry(node.to_owned()).or_insert_with(fresh).clone()
    }

    /// The user's private key as a file for `ssh -i`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn identity(&self) -> anyhow::Result<String> {
        let key = self.user.to_openssh(LineEnding::LF).context("could not write the key of the simulated nodes")?;
        Ok(format!("{}\n# {MARK}\n", key.trim_end()))
    }

    /// A `known_hosts` file; each node with all its names.
    ///
    /// # Errors
    /// When a key cannot be written.
    pub fn known_hosts(&self, doors: &[Door]) -> anyhow::Result<String> {
        let mut text = format!("# {MARK}: the nodes of a simulated cluster\n");
        for Door { node, address, names } in doors {
            let key = self.of_node(node);
            let key = key.public_key().to_openssh().context("could not write the key of a simulated node")?;
            let key = key.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
            let _ = writeln!(text, "{node},{},[{}]:{} {key}", names.join(","), address.ip(), address.port());
        }
        Ok(text)
    }

    /// A configuration for `ssh -F` with the nodes' aliases; the files beside it hold the identity and the known hosts.
    pub fn config(&self, doors: &[Door], identity: &Path, known_hosts: &Path) -> String {
        let mut text = format!("# {MARK}: the nodes of a simulated cluster\n");
        for Door { node, address, .. } in doors {
            let _ = writeln!(
                text,
                "Host {node}\n  HostName {}\n  Port {}\n  HostKeyAlias {node}",
                address.ip(),
                address.port()
            );
        }
        // Words behind the last Host hold for all of them.
        let _ = writeln!(
            text,
            "Host *\n  User deploy\n  IdentityFile \"{}\"\n  IdentitiesOnly yes\n  IdentityAgent none\n  \
             UserKnownHostsFile \"{}\"\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes",
            identity.display(),
            known_hosts.display()
        );
        text
    }
}

fn fresh() -> PrivateKey {
    Ed25519Keypair::random(&mut safe_rng()).into()
}
