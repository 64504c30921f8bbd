//! Certificates that servers make for themselves, which nobody vouches for.

use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What a server needs that signs for itself, with a common name and a host name.
///
/// # Errors
/// When the certificate cannot be made.
pub fn own(common_name: &str, host: &str) -> anyhow::Result<Arc<ServerConfig>> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![host.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What Traefik makes for itself when it is given none.
///
/// # Errors
/// When the certificate cannot be made.
pub fn of_traefik() -> anyhow::Result<Arc<ServerConfig>> {
    let chance = KeyPair::generate()?.serialize_der();
    let hash =
        |from: usize| -> String { chance.iter().rev().skip(from).take(16).map(|b| format!("{b:02x}")).collect() };
    own("TRAEFIK DEFAULT CERT", &format!("{}.{}.traefik.default", hash(0), hash(16)))
}
