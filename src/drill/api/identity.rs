//! Who may speak to the server: its certificate authority, its users, and how a request proves to come from one.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rcgen::{KeyUsagePurpose, SanType};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use sha2::{Digest, Sha256};

use super::rights::Rights;

/// The name of the user whose rights can be set.
const RESTRICTED: &str = "restricted";

/// A user of the cluster.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub name: &'static str,
    pub groups: &'static [&'static str],
    /// Told by the review of oneself.
    pub credential: String,
    pub rights: Rights,
}

/// A name and what proves it.
struct Account {
    user: User,
    certificate: Option<CertificateDer<'static>>,
    token: String,
}

/// The accounts of the server.
pub(super) struct Identity {
    accounts: Vec<Account>,
    /// What the restricted user may do.
    restricted: Mutex<Rights>,
}

/// What clients need to know to speak to the server.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub ca_pem: String,
    pub admin_cert_pem: String,
    pub admin_key_pem: String,
    pub admin_token: String,
    pub viewer_token: String,
    pub restricted_token: String,
}

/// Makes an authority, a server certificate for the loopback names and the users.
pub(super) fn establish() -> anyhow::Result<(Identity, Credentials, Arc<ServerConfig>)> {
    let authority = authority().context("could not make the simulated cluster's certificate authority")?;
    let (server, server_key) = issue(&authority, server_params()?)?;
    let (admin, admin_key) = issue(&authority, admin_params()?)?;
    let (admin_token, viewer_token, restricted_token) = (token()?, token()?, token()?);
    let credentials = Credentials {
        ca_pem: authority.pem(),
        admin_cert_pem: admin.pem(),
        admin_key_pem: admin_key.serialize_pem(),
        admin_token: admin_token.clone(),
        viewer_token: viewer_token.clone(),
        restricted_token: restricted_token.clone(),
    };
    let fingerprint = hex(admin.der());
    let admin_user = User {
        name: "system:admin",
        groups: &["system:masters", "system:authenticated"],
        credential: format!("X509SHA256={fingerprint}"),
        rights: Rights::All,
    };
    let plain = |name, groups| User { name, groups, credential: String::new(), rights: Rights::View };
    let viewer = plain("viewer", &["viewers", "system:authenticated"]);
    let restricted = plain(RESTRICTED, &["system:authenticated"]);
    let accounts = vec![
        Account { user: admin_user, certificate: Some(admin.der().clone()), token: admin_token },
        Account { user: viewer, certificate: None, token: viewer_token },
        Account { user: restricted, certificate: None, token: restricted_token },
    ];
    let identity = Identity { accounts, restricted: Mutex::default() };
    Ok((identity, credentials, server_config(&server, &server_key)?))
}

impl Identity {
    /// Who sends a request: by client certificate, else by bearer token. An unknown certificate counts for nothing, as
    /// on a real server, which asks for one but does not insist.
    pub(super) fn user(&self, certificate: Option<&CertificateDer<'_>>, authorization: &str) -> Option<User> {
        let by_certificate = certificate.and_then(|c| self.find(|a| a.certificate.as_ref() == Some(c)));
        let token = authorization.strip_prefix("Bearer ").map(str::trim).filter(|t| !t.is_empty());
        let mut user = by_certificate.or_else(|| token.and_then(|t| self.find(|a| a.token == t)))?.clone();
        if user.name == RESTRICTED {
            user.rights = self.restricted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        }
        Some(user)
    }

    /// Says what the restricted user may do from now on.
    pub(super) fn restrict(&self, rights: Rights) {
        *self.restricted.lock().unwrap_or_else(PoisonError::into_inner) = rights;
    }

    fn find(&self, is: impl Fn(&Account) -> bool) -> Option<&User> {
        self.accounts.iter().find(|a| is(a)).map(|a| &a.user)
    }
}

fn authority() -> anyhow::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.distinguished_name.push(DnType::CommonName, "k3s-server-ca");
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn server_params() -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "kubernetes.default.svc".to_owned()])?;
    params.subject_alt_names.push(SanType::IpAddress(std::net::Ipv4Addr::LOCALHOST.into()));
    params.distinguished_name.push(DnType::CommonName, "k3s");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn admin_params() -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::OrganizationName, "system:masters");
    params.distinguished_name.push(DnType::CommonName, "system:admin");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

fn issue(
    authority: &CertifiedIssuer<'static, KeyPair>,
    mut params: CertificateParams,
) -> anyhow::Result<(rcgen::Certificate, KeyPair)> {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, authority)?, key))
}

/// A secret that nobody can guess, from the same source of chance as the keys.
fn token() -> anyhow::Result<String> {
    Ok(hex(KeyPair::generate()?.serialized_der()))
}

/// The SHA-256 of something, in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

fn server_config(certificate: &rcgen::Certificate, key: &KeyPair) -> anyhow::Result<Arc<ServerConfig>> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(AskForCertificate))
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Asks for a client certificate and takes any whose key the client holds; [`Identity`] decides what it is worth.
#[derive(Debug)]
struct AskForCertificate;

impl ClientCertVerifier for AskForCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
