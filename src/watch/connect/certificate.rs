//! What can be said of a client certificate before it is used.

use base64::Engine;
use jiff::Timestamp;
use kube::config::AuthInfo;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use super::trouble;
use crate::situation::Trouble;

/// Looks at the client certificate of `user`.
///
/// # Errors
/// When it cannot be read, is of a form that TLS here does not take, or is not valid at `now` (wall time).
pub(super) fn check(user: &AuthInfo, now: Timestamp) -> Result<(), Trouble> {
    let Some((name, pem)) = read(user)? else { return Ok(()) };
    let der = CertificateDer::from_pem_slice(&pem).map_err(|_| {
        trouble(&format!("{name} is not a PEM certificate"), "copy a fresh kubeconfig from the cluster")
    })?;
    let (_, certificate) = X509Certificate::from_der(&der)
        .map_err(|_| trouble(&format!("{name} cannot be read as X.509"), "copy a fresh kubeconfig from the cluster"))?;
    if certificate.version() != X509Version::V3 {
        return Err(version_one(&name));
    }
    let validity = certificate.validity();
    let time = |t: x509_parser::time::ASN1Time| Timestamp::from_second(t.timestamp()).unwrap_or(now);
    if now > time(validity.not_after) {
        return Err(trouble(
            &format!("{name} expired at {}", time(validity.not_after)),
            "renew it (k3s renews its own when it is restarted within 90 days of the end) and copy the kubeconfig again",
        ));
    }
    if now < time(validity.not_before) {
        return Err(trouble(
            &format!("{name} is valid only from {}", time(validity.not_before)),
            "check the clock of this machine",
        ));
    }
    Ok(())
}

/// What is said of a certificate of version 1, which kubectl takes and the TLS library here does not.
pub(super) fn version_one(name: &str) -> Trouble {
    trouble(
        &format!("{name} is an X.509 version 1 certificate, which is too old a form to log in with"),
        "issue it again as version 3 (openssl x509 -req needs -extfile with any extension), or use a token",
    )
}

/// How the certificate is called in messages, and its PEM.
fn read(user: &AuthInfo) -> Result<Option<(String, Vec<u8>)>, Trouble> {
    if let Some(data) = user.client_certificate_data.as_deref().filter(|d| !d.is_empty()) {
        let name = "the client certificate in the kubeconfig".to_owned();
        let pem = base64::engine::general_purpose::STANDARD
            .decode(data.trim())
            .map_err(|_| trouble(&format!("{name} is not base64"), "copy a fresh kubeconfig from the cluster"))?;
        return Ok(Some((name, pem)));
    }
    let Some(file) = user.client_certificate.as_deref().filter(|f| !f.is_empty()) else { return Ok(None) };
    let pem = std::fs::read(file).map_err(|error| {
        trouble(&format!("cannot read the client certificate {file}: {error}"), "check the path in the kubeconfig")
    })?;
    Ok(Some((format!("the client certificate {file}"), pem)))
}

/// How the client certificate of `user` is called in messages; empty when there is none.
pub(super) fn name(user: &AuthInfo) -> String {
    match (&user.client_certificate_data, &user.client_certificate) {
        (Some(_), _) => "the client certificate in the kubeconfig".to_owned(),
        (_, Some(file)) => format!("the client certificate {file}"),
        _ => String::new(),
    }
}
