//! The server as its owner holds it: addresses, credentials, the kubeconfig to reach it with.

use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;

use super::backend::Backend;
use super::endpoint::Endpoint;
use super::face::Face;
use super::identity::establish;
use super::mishap::Mishap;
use super::record::Record;
use super::rights::Rights;
use crate::drill::net::Network;

/// The name of the administrator's context, and of the cluster.
const ADMIN: &str = "crashcart-sim";
/// The name of the context of the user who may only look.
const VIEWER: &str = "crashcart-sim-viewer";
/// The name of the context of the user whose rights can be set.
const RESTRICTED: &str = "crashcart-sim-restricted";

/// A running API server. It stops, and cuts all connections, when it is dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens: one address for each server node, all with the same world behind them.
    pub endpoints: Vec<Endpoint>,
    /// The authority that signed the server's certificate.
    pub ca_pem: String,
    /// The administrator's client certificate.
    pub admin_cert_pem: String,
    /// Its key.
    pub admin_key_pem: String,
    /// The administrator's token, for clients without certificates.
    pub admin_token: String,
    /// The token of the user who has ClusterRole `view`.
    pub viewer_token: String,
    /// The token of the user whose rights [`Server::restrict`] sets; ClusterRole `view` before that.
    pub restricted_token: String,
    face: Arc<Face>,
}

/// Serves a world at so many addresses on the loopback, each on a free port.
///
/// # Errors
/// When certificates cannot be made or no port can be had.
pub async fn serve(backend: Arc<Mutex<impl Backend>>, endpoints: usize) -> anyhow::Result<Server> {
    anyhow::ensure!(endpoints > 0, "an API server needs at least one address");
    let (identity, credentials, tls) = establish().context("could not set up the simulated cluster's TLS")?;
    let face = Arc::new(Face::new(backend, identity, credentials.ca_pem.clone()));
    let tls = TlsAcceptor::from(tls);
    let mut open = Vec::with_capacity(endpoints);
    for _ in 0..endpoints {
        open.push(Endpoint::open(face.clone(), tls.clone()).await?);
    }
    Ok(Server {
        endpoints: open,
        ca_pem: credentials.ca_pem,
        admin_cert_pem: credentials.admin_cert_pem,
        admin_key_pem: credentials.admin_key_pem,
        admin_token: credentials.admin_token,
        viewer_token: credentials.viewer_token,
        restricted_token: credentials.restricted_token,
        face,
    })
}

impl Server {
    /// `https://127.0.0.1:40123` of the first address.
    pub fn url(&self) -> String {
        self.endpoints.first().map(Endpoint::url).unwrap_or_default()
    }

    /// Every request that reached the server, oldest first; of very many the last.
    pub fn requests(&self) -> Vec<Record> {
        self.face.records.all()
    }

    /// Those that were to change something: no reading, no dry runs, no reviews of rights.
    pub fn changes(&self) -> Vec<Record> {
        self.requests().into_iter().filter(Record::is_change).collect()
    }

    /// Says what the restricted user may do from now on.
    pub fn restrict(&self, rights: Rights) {
        self.face.identity.restrict(rights);
    }

    /// Makes trouble for the next request with that verb (`patch`, `create`, `delete`) to that resource
    /// (`deployments`, `deployments/scale`; empty for any) that is no dry run.
    pub fn mishap(&self, verb: &str, resource: &str, mishap: Mishap) {
        self.face.mishaps.plan(verb, resource, mishap);
    }

    /// Says by which network commands and connections reach pods; without one every kubelet is out of reach. Once.
    pub fn join(&self, network: &Arc<Network>) {
        let _ = self.face.network.set(network.clone());
    }

    /// A kubeconfig with the restricted user's context alone.
    ///
    /// # Errors
    /// When it cannot be written as YAML.
    pub fn restricted_kubeconfig(&self) -> anyhow::Result<String> {
        let user = json!({"token": self.restricted_token});
        self.config(RESTRICTED, &[(RESTRICTED, user)], None)
    }

    /// A kubeconfig with a context for each user, the administrator's being current; `extension` becomes each context's
    /// extension `crashcart` (`{"profile": …}`). It holds the credentials: keep it private.
    ///
    /// # Errors
    /// When it cannot be written as YAML.
    pub fn kubeconfig(&self, extension: Option<&Value>) -> anyhow::Result<String> {
        let admin = json!({
            "client-certificate-data": base64(&self.admin_cert_pem),
            "client-key-data": base64(&self.admin_key_pem),
        });
        let viewer = json!({"token": self.viewer_token});
        self.config(ADMIN, &[(ADMIN, admin), (VIEWER, viewer)], extension)
    }

    /// A kubeconfig with a context of the same name for each of the users.
    fn config(&self, current: &str, users: &[(&str, Value)], extension: Option<&Value>) -> anyhow::Result<String> {
        let context = |(name, _): &(&str, Value)| {
            let mut context = json!({"cluster": ADMIN, "user": name, "namespace": "default"});
            if let Some(extension) = extension {
                context["extensions"] = json!([{"name": "crashcart", "extension": extension}]);
            }
            json!({"name": name, "context": context})
        };
        let cluster = json!({"server": self.url(), "certificate-authority-data": base64(&self.ca_pem)});
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": current,
            "clusters": [{"name": ADMIN, "cluster": cluster}],
            "contexts": users.iter().map(context).collect::<Vec<_>>(),
            "users": users.iter().map(|(name, user)| json!({"name": name, "user": user})).collect::<Vec<_>>(),
        });
        serde_saphyr::to_string(&config).context("could not write the kubeconfig")
    }
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}
