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

/// The name of the administrator's context, and of the cluster.
const ADMIN: &str = "crashcart-sim";
/// The name of the context of the user who may only look.
const VIEWER: &str = "crashcart-sim-viewer";

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
    })
}

impl Server {
    /// `https://127.0.0.1:40123` of the first address.
    pub fn url(&self) -> String {
        self.endpoints.first().map(Endpoint::url).unwrap_or_default()
    }

    /// A kubeconfig with a context for each user, the administrator's being current; `extension` becomes each context's
    /// extension `crashcart` (`{"profile": …}`). It holds the credentials: keep it private.
    ///
    /// # Errors
    /// When it cannot be written as YAML.
    pub fn kubeconfig(&self, extension: Option<&Value>) -> anyhow::Result<String> {
        let base64 = |text: &str| STANDARD.encode(text);
        let context = |name: &str, user: &str| {
            let mut context = json!({"cluster": ADMIN, "user": user, "namespace": "default"});
            if let Some(extension) = extension {
                context["extensions"] = json!([{"name": "crashcart", "extension": extension}]);
            }
            json!({"name": name, "context": context})
        };
        let cluster = json!({"server": self.url(), "certificate-authority-data": base64(&self.ca_pem)});
        let admin = json!({
            "client-certificate-data": base64(&self.admin_cert_pem),
            "client-key-data": base64(&self.admin_key_pem),
        });
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": ADMIN,
            "clusters": [{"name": ADMIN, "cluster": cluster}],
            "contexts": [context(ADMIN, ADMIN), context(VIEWER, VIEWER)],
            "users": [{"name": ADMIN, "user": admin}, {"name": VIEWER, "user": {"token": self.viewer_token}}],
        });
        serde_saphyr::to_string(&config).context("could not write the kubeconfig")
    }
}
