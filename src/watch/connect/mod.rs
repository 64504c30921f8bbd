//! From a kubeconfig to endpoints that can be asked.
//!
//! Nothing here waits for the cluster: what is wrong on this side of the wire (no file, no such context, a certificate
//! that is no good, a plugin that fails) is a [`Trouble`] with a remedy, and it is tried again later.

mod certificate;
pub(super) mod endpoint;
pub(super) mod explain;
mod kubeconfig;
mod plugin;
mod proxy;
mod secret;
mod trust;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use http::Uri;
use jiff::Timestamp;
use kube::Config;
use kube::config::{AuthInfo, ExecAuthCluster, ExecConfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use self::endpoint::Endpoint;
use self::explain::Way;
use self::kubeconfig::{Chosen, Found};
use self::plugin::Credential;
use self::trust::{Trust, difference};
use super::Target;
use super::pace::Pace;
use crate::config::Profile;
use crate::situation::time::Clock;
use crate::situation::{ClusterId, Text, Trouble};

/// A way into the cluster.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// Which cluster, as the kubeconfig names it.
    pub(super) cluster: ClusterId,
    /// The kubeconfig's server first, then those of the profile.
    pub(super) endpoints: Vec<Arc<Endpoint>>,
    /// When the credentials have to be made anew (wall time).
    pub(super) expires: Option<Timestamp>,
    /// What the server's certificate is held against.
    pub(super) trust: Trust,
    /// How the kubeconfig means another cluster now than at first contact; this is still the way to that of then. Empty: it
    /// means the same.
    pub(super) changed: Text,
}

/// What is read of the process' environment.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    vars: BTreeMap<String, String>,
    home: Option<PathBuf>,
    k3s: PathBuf,
    service_account: PathBuf,
}

impl Surroundings {
    /// This process' own.
    pub(super) fn real() -> Self {
        const NAMES: [&str; 8] = [
            "KUBECONFIG",
            "KUBERNETES_SERVICE_HOST",
            "HTTPS_PROXY",
            "https_proxy",
            "HTTP_PROXY",
            "http_proxy",
            "NO_PROXY",
            "no_proxy",
        ];
        let vars = NAMES.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
        Self {
            vars: vars.collect(),
            home: std::env::home_dir(),
            k3s: PathBuf::from("/etc/rancher/k3s/k3s.yaml"),
            service_account: PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount/token"),
        }
    }

    #[cfg(test)]
    fn of(vars: &[(&str, &str)]) -> Self {
        let vars = vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self { vars, ..Self::default() }
    }

    /// The first of these variables that is set and not empty.
    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().filter_map(|name| self.vars.get(*name)).find(|value| !value.is_empty()).cloned()
    }
}

/// A trouble without a time.
fn trouble(what: &str, remedy: &str) -> Trouble {
    Trouble { what: Text::new(what), remedy: Text::new(remedy), retry_at: None }
}

/// Makes ways into the cluster, again and again.
#[derive(Debug)]
pub(super) struct Connector {
    target: Target,
    env: Surroundings,
    further: Vec<String>,
    pace: Pace,
    wall: Arc<dyn Clock>,
    /// The context of the first success: a `kubectl config use-context` in another window must not turn this console to
    /// another cluster.
    pinned: Option<String>,
    /// The way in since first contact: of what is read later only credentials are taken.
    held: Option<Access>,
    cache: Option<Cached>,
}

/// The kubeconfig files that are read for a target, as far as they exist.
pub fn kubeconfig_files(target: &Target) -> Vec<PathBuf> {
    kubeconfig::files(target, &Surroundings::real())
}

/// A plugin's credential, for as long as it is good.
struct Cached {
    /// As a value, because the order in which its maps are written differs from one reading to the next.
    plugin: serde_json::Value,
    credential: Credential,
}

impl std::fmt::Debug for Cached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cached")
    }
}

/// A config with what is said of it.
struct Plan {
    config: Config,
    proxy: Option<String>,
    cluster: ClusterId,
    plugin: Option<(ExecConfig, Option<ExecAuthCluster>)>,
    context: Option<String>,
}

/// Before this much of its life is left, a credential is made anew.
pub(super) const MARGIN: Duration = Duration::from_mins(1);

impl Connector {
    pub(super) fn new(target: Target, profile: &Profile, pace: Pace, wall: Arc<dyn Clock>, env: Surroundings) -> Self {
        Self { target, env, further: profile.endpoints.clone(), pace, wall, pinned: None, held: None, cache: None }
    }

    /// The cluster has answered: from now on only credentials are taken from the kubeconfig.
    pub(super) fn hold(&mut self, access: &Access) {
        self.held = Some(access.clone());
    }

    /// Reads everything again. `fresh`: the credentials of before are no good, so a plugin has to run again.
    pub(super) async fn connect(&mut self, fresh: bool) -> Result<Access, Trouble> {
        if fresh {
            self.cache = None;
        }
        let mut plan = self.plan().await?;
        let trust = Trust::of(&plan.config);
        if let Some(held) = &self.held {
            let changed = difference(held, &plan.cluster, &trust);
            if !changed.is_empty() {
                // Not even its credentials: they belong to the other cluster.
                return Ok(Access { changed, ..held.clone() });
            }
        }
        let mut expires = None;
        if let Some((plugin, cluster)) = plan.plugin.take() {
            let credential = self.credential(&plugin, cluster.as_ref()).await?;
            expires = credential.expiration_timestamp;
            secret::of_plugin(&credential);
            put(&mut plan.config.auth_info, credential);
        }
        certificate::check(&plan.config.auth_info, self.wall.now())?;
        let endpoints = self.endpoints(&plan)?;
        if plan.context.is_some() {
            self.pinned = plan.context;
        }
        let access = Access { cluster: plan.cluster, endpoints, expires, trust, changed: Text::default() };
        if self.held.is_some() {
            self.held = Some(access.clone());
        }
        Ok(access)
    }

    /// Reads the files, on a thread of their own: a home folder may hang.
    async fn plan(&self) -> Result<Plan, Trouble> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let (mut target, env) = (self.target.clone(), self.env.clone());
        target.context = target.context.or_else(|| self.pinned.clone());
        std::thread::spawn(move || {
            // Nobody listens any more when the program ends.
            let _ = answer.send(plan(&target, &env));
        });
        tokio::time::timeout(self.pace.patience, answered)
            .await
            .ok()
            .and_then(Result::ok)
            .unwrap_or_else(|| Err(trouble("reading the kubeconfig takes too long", "check the file system it is on")))
    }

    async fn credential(
        &mut self,
        plugin: &ExecConfig,
        cluster: Option<&ExecAuthCluster>,
    ) -> Result<Credential, Trouble> {
        let name = serde_json::to_value(plugin).unwrap_or_default();
        let now = self.wall.now();
        let soon = now.checked_add(MARGIN).unwrap_or(now);
        let good = |c: &Credential| c.expiration_timestamp.is_none_or(|end| end > soon);
        if let Some(cached) = self.cache.as_ref().filter(|c| c.plugin == name && good(&c.credential)) {
            return Ok(cached.credential.clone());
        }
        let credential = plugin::run(plugin, cluster, self.pace.plugin).await?;
        self.cache = Some(Cached { plugin: name, credential: credential.clone() });
        Ok(credential)
    }

    fn endpoints(&self, plan: &Plan) -> Result<Vec<Arc<Endpoint>>, Trouble> {
        let mut servers = vec![plan.config.cluster_url.clone()];
        for further in &self.further {
            let url = server(further, "the profile's endpoints")?;
            if !servers.contains(&url) {
                servers.push(url);
            }
        }
        let certificate = certificate::name(&plan.config.auth_info);
        let make = |url: Uri| {
            let proxy = proxy::proxy_for(&url, plan.proxy.as_deref(), &self.env)?;
            proxy.as_ref().inspect(|proxy| secret::of_proxy(proxy));
            let way = Way {
                server: url.to_string().trim_end_matches('/').to_owned(),
                proxy: proxy.as_ref().and_then(Uri::host).unwrap_or_default().to_owned(),
                certificate: certificate.clone(),
            };
            let mut config = plan.config.clone();
            // Compressing costs more than it saves where no wire is in between.
            config.disable_compression |= matches!(url.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
            config.cluster_url = url;
            config.proxy_url = proxy;
            Endpoint::new(config, way.clone()).map(Arc::new).map_err(|error| {
                let why = explain::explain(&error, &way);
                trouble(&why.what, &why.remedy)
            })
        };
        servers.into_iter().map(make).collect()
    }
}

/// Puts a plugin's credential where kube looks for it.
fn put(user: &mut AuthInfo, credential: Credential) {
    let base64 = |pem: String| base64::engine::general_purpose::STANDARD.encode(pem);
    user.token = credential.token.map(Into::into).or_else(|| user.token.take());
    if let (Some(certificate), Some(key)) = (credential.client_certificate_data, credential.client_key_data) {
        user.client_certificate_data = Some(base64(certificate));
        user.client_key_data = Some(base64(key).into());
    }
}

fn plan(target: &Target, env: &Surroundings) -> Result<Plan, Trouble> {
    match kubeconfig::find(target, env)? {
        Found::Kubeconfig(config, files) => {
            from_context(kubeconfig::choose(&config, &files, target.context.as_deref())?)
        }
        Found::InCluster => in_cluster(),
    }
}

fn in_cluster() -> Result<Plan, Trouble> {
    let mut config = Config::incluster().map_err(|error| {
        trouble(&format!("this pod's service account cannot be used: {error}"), "pass --kubeconfig FILE")
    })?;
    pin_down(&mut config);
    secret::of_user(&config.auth_info);
    let cluster = ClusterId {
        context: Text::new("in-cluster"),
        server: Text::from(config.cluster_url.to_string()),
        user: Text::new("service account"),
        namespace: Text::new(&config.default_namespace),
        ..ClusterId::default()
    };
    Ok(Plan { config, proxy: None, cluster, plugin: None, context: None })
}

/// What every client here has: no retries of its own (the watches do that, and a writer must never), and a deadline for
/// connecting.
fn pin_down(config: &mut Config) {
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(5));
}

fn from_context(chosen: Chosen) -> Result<Plan, Trouble> {
    let Chosen { name, context, cluster, mut user } = chosen;
    let url = server(cluster.server.as_deref().unwrap_or_default(), &format!("context {name}"))?;
    let namespace = context.namespace.filter(|n| !n.is_empty()).unwrap_or_else(|| "default".to_owned());
    let mut config = Config::new(url);
    pin_down(&mut config);
    config.default_namespace.clone_from(&namespace);
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.disable_compression = cluster.disable_compression.unwrap_or(false);
    config.tls_server_name = cluster.tls_server_name.clone().filter(|n| !n.is_empty());
    config.root_cert = authority(&cluster)?;
    let plugin = take_plugin(&mut user, &cluster)?;
    secret::of_user(&user);
    config.auth_info = user;
    let cluster_id = ClusterId {
        context: Text::from(name.clone()),
        server: Text::new(config.cluster_url.to_string().trim_end_matches('/')),
        user: Text::from(context.user.unwrap_or_default()),
        namespace: Text::from(namespace),
        ..ClusterId::default()
    };
    Ok(Plan { config, proxy: cluster.proxy_url, cluster: cluster_id, plugin, context: Some(name) })
}

/// Takes the plugin out, so that kube does not run it; one that kube would run for an old `auth-provider` is refused.
fn take_plugin(
    user: &mut AuthInfo,
    cluster: &kube::config::Cluster,
) -> Result<Option<(ExecConfig, Option<ExecAuthCluster>)>, Trouble> {
    if let Some(provider) = user.auth_provider.as_ref().filter(|p| p.name != "oidc") {
        return Err(trouble(
            &format!("the kubeconfig uses the auth-provider {}, which Kubernetes gave up in 1.26", provider.name),
            "let the provider's tool write the kubeconfig anew: it will use an exec plugin",
        ));
    }
    // As with kubectl, a token or a login in the file comes before the plugin.
    let Some(plugin) = user.exec.take() else { return Ok(None) };
    if user.token.is_some() || user.token_file.is_some() || user.username.is_some() {
        return Ok(None);
    }
    let shown = if plugin.provide_cluster_info {
        let shown = ExecAuthCluster::try_from(cluster)
            .map_err(|_| trouble("the cluster's certificate-authority cannot be read", "correct the kubeconfig"))?;
        Some(shown)
    } else {
        None
    };
    Ok(Some((plugin, shown)))
}

fn server(url: &str, whence: &str) -> Result<Uri, Trouble> {
    let uri: Option<Uri> = url.parse().ok();
    uri.filter(|u| matches!(u.scheme_str(), Some("https" | "http")) && u.host().is_some()).ok_or_else(|| {
        trouble(&format!("{whence}: the server \"{url}\" is not a URL"), "write it as https://host:port")
    })
}

/// The authorities that may have signed the server's certificate; `None`: those of the system.
fn authority(cluster: &kube::config::Cluster) -> Result<Option<Vec<Vec<u8>>>, Trouble> {
    let (name, pem) = if let Some(data) = cluster.certificate_authority_data.as_deref().filter(|d| !d.is_empty()) {
        let name = "certificate-authority-data in the kubeconfig".to_owned();
        let pem = base64::engine::general_purpose::STANDARD.decode(data.trim());
        (name.clone(), pem.map_err(|_| trouble(&format!("{name} is not base64"), "copy a fresh kubeconfig"))?)
    } else if let Some(file) = cluster.certificate_authority.as_deref().filter(|f| !f.is_empty()) {
        let pem = std::fs::read(file).map_err(|error| {
            trouble(
                &format!("cannot read the certificate authority {file}: {error}"),
                "check the path in the kubeconfig",
            )
        })?;
        (format!("the certificate authority {file}"), pem)
    } else {
        return Ok(None);
    };
    let certificates: Vec<Vec<u8>> =
        CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).map(|der| der.to_vec()).collect();
    if certificates.is_empty() {
        return Err(trouble(&format!("{name} holds no PEM certificate"), "copy a fresh kubeconfig from the cluster"));
    }
    Ok(Some(certificates))
}
