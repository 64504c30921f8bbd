//! Name servers, status pages, the machine provider's API, and hosts to compare with.

mod cluster;
mod control;
mod dns;
mod provider;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{StatusCode, Uri};

use super::http::unescaped;
use super::{Site, Trust};
use crate::drill::net::{Place, Service};
use cluster::ClusterDns;
use control::Control;
use dns::NameServer;
use provider::Provider;
use status::StatusPage;

/// What answers there.
#[derive(Debug)]
pub struct Services {
    sites: BTreeMap<Site, Arc<dyn Service>>,
    provider: Arc<Provider>,
    cluster: Arc<ClusterDns>,
}

impl Services {
    /// All of it; certificates come from `trust`.
    ///
    /// # Errors
    /// When a certificate cannot be made.
    pub fn new(trust: &Arc<Trust>) -> anyhow::Result<Self> {
        let provider = Provider::new(trust)?;
        let mut sites: BTreeMap<Site, Arc<dyn Service>> = BTreeMap::new();
        sites.insert(Site::Provider, provider.clone());
        for server in NameServer::all(trust)? {
            sites.insert(server.site(), server);
        }
        for site in [Site::EdgeStatus, Site::PostgresStatus, Site::S3Status] {
            sites.insert(site, StatusPage::new(site, trust)?);
        }
        for site in [Site::ControlOne, Site::ControlTwo] {
            sites.insert(site, Control::new(site, trust)?);
        }
        Ok(Self { sites, provider, cluster: Arc::new(ClusterDns) })
    }

    /// What answers at a place.
    pub fn at(&self, place: &Place) -> Option<Arc<dyn Service>> {
        match place {
            Place::Site { site, .. } => self.sites.get(site).cloned(),
            Place::Pod { namespace, name, .. } if namespace == "kube-system" && name.starts_with("coredns-") => {
                Some(self.cluster.clone())
            }
            _ => None,
        }
    }

    /// What the machine provider's API wants to see, for this run.
    pub fn provider_token(&self) -> &str {
        self.provider.token()
    }
}

/// The parameters of a request.
fn query(uri: &Uri) -> BTreeMap<String, String> {
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (unescaped(key), unescaped(value))).collect()
}

/// The status that a number stands for.
fn status_named(code: &str) -> Option<StatusCode> {
    code.parse::<u16>().ok().and_then(|number| StatusCode::from_u16(number).ok())
}
