//! The authority that vouches for the simulated outside, one for each run.

use std::sync::Arc;

use anyhow::Context as _;
use rcgen::KeyUsagePurpose;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};

/// A certificate authority.
pub struct Trust {
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trust")
    }
}

impl Trust {
    /// A new one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn establish() -> anyhow::Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        params.distinguished_name.push(DnType::CommonName, "crashcart simulated outside");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)
            .context("could not make the authority of the simulated outside")?;
        Ok(Self { authority })
    }

    /// Its own certificate, for clients to trust.
    pub fn pem(&self) -> String {
        self.authority.pem()
    }

    /// What a server for these hosts needs; it speaks the given application protocols (`http/1.1`), or any if none.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn server(&self, hosts: &[&str], protocols: &[&str]) -> anyhow::Result<Arc<ServerConfig>> {
        self.config(hosts, protocols, WebPkiClientVerifier::no_client_auth())
    }

    /// The same for a server that wants a certificate of this authority from its clients; there are none.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn guarded(&self, hosts: &[&str], protocols: &[&str]) -> anyhow::Result<Arc<ServerConfig>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone())?;
        let provider = Arc::new(default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        self.config(hosts, protocols, verifier)
    }

    fn config(
        &self,
        hosts: &[&str],
        protocols: &[&str],
        verifier: Arc<dyn ClientCertVerifier>,
    ) -> anyhow::Result<Arc<ServerConfig>> {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts.clone())?;
        params.distinguished_name.push(DnType::CommonName, hosts.first().cloned().unwrap_or_default());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.authority)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        Ok(Arc::new(config))
    }
}
