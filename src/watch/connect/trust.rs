//! What a way in is recognised by when the kubeconfig is read again.

use kube::Config;

use super::Access;
use crate::situation::{ClusterId, Text};

/// What a server's certificate is held against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::watch) struct Trust {
    /// Fingerprint of the authorities that may have signed it; `system` for those of this machine, `none` when it is not
    /// looked at.
    pub(in crate::watch) authority: Text,
    /// The name it must have, if that is not the server's.
    name: Text,
}

impl Trust {
    pub(super) fn of(config: &Config) -> Self {
        let authority = match &config.root_cert {
            _ if config.accept_invalid_certs => Text::new("none"),
            Some(certificates) => crate::watch::pin::fingerprint(certificates.clone()),
            None => Text::new("system"),
        };
        Self { authority, name: Text::new(config.tls_server_name.as_deref().unwrap_or_default()) }
    }
}

/// How a kubeconfig that was read again means another cluster; empty: it means the same.
pub(super) fn difference(held: &Access, cluster: &ClusterId, trust: &Trust) -> Text {
    let (now, then) = (&cluster.server, &held.cluster.server);
    let how = if cluster.context != held.cluster.context {
        format!("its context is {} instead of {}", cluster.context, held.cluster.context)
    } else if now != then {
        format!("context {} leads to {now} instead of {then}", cluster.context)
    } else if *trust != held.trust {
        format!("context {} trusts another authority for {now}", cluster.context)
    } else {
        return Text::default();
    };
    Text::from(format!("the kubeconfig now means another cluster: {how}"))
}
