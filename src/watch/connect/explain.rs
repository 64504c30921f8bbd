//! An error chain in one or two plain sentences with a remedy.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

/// What went wrong on the way to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::watch) enum Cause {
    /// Nobody listens there.
    Refused,
    /// The connection was cut.
    Cut,
    /// No answer in time.
    TimedOut,
    /// The name cannot be resolved.
    Name,
    /// There is no way to that network.
    NoRoute,
    /// The server's certificate comes from an unknown authority.
    Authority,
    /// The server's certificate is not valid now.
    Validity,
    /// The server's certificate is for another name.
    WrongName,
    /// The server refuses our certificate, or wants one.
    ClientCertificate,
    /// Our certificate is of a form that the TLS library refuses.
    VersionOne,
    /// The server speaks HTTP without TLS, or something else.
    NotTls,
    /// The proxy does not let us through.
    Proxy,
    /// TLS fails for another reason.
    Tls,
    /// Our credentials could not be used at all.
    Credentials,
    /// Anything else.
    Other,
}

/// A cause, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::watch) struct Explanation {
    pub(in crate::watch) cause: Cause,
    /// What failed, on what.
    pub(in crate::watch) what: String,
    /// What to do; empty when waiting is all.
    pub(in crate::watch) remedy: String,
}

/// What the sentences name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::watch) struct Way {
    /// The server's URL.
    pub(in crate::watch) server: String,
    /// The proxy's host; empty: none.
    pub(in crate::watch) proxy: String,
    /// How the client certificate is called (`the client certificate /a/b.crt`); empty: none is sent.
    pub(in crate::watch) certificate: String,
}

/// Explains an error on the way to a server.
pub(in crate::watch) fn explain(error: &(dyn Error + 'static), way: &Way) -> Explanation {
    let chain = chain(error);
    let cause = chain.iter().find_map(|e| cause_of(*e)).unwrap_or(Cause::Other);
    let detail = chain.iter().find_map(|e| e.downcast_ref::<rustls::Error>()).map(ToString::to_string);
    let root = chain.last().map(ToString::to_string).unwrap_or_default();
    sentences(cause, way, &detail.unwrap_or(root))
}

/// An answer that did not begin in time.
pub(in crate::watch) fn timed_out(way: &Way) -> Explanation {
    sentences(Cause::TimedOut, way, "")
}

/// The chain of causes; what an [`io::Error`] wraps is a cause of its own, which `source` leaves out.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    const LIMIT: usize = 32;
    let mut found: Vec<&'a (dyn Error + 'static)> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next.filter(|_| found.len() < LIMIT) {
        found.push(error);
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map(|e| e as &(dyn Error + 'static)).or_else(|| error.source());
    }
    found
}

fn cause_of(error: &(dyn Error + 'static)) -> Option<Cause> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(cause_of_tls(tls));
    }
    if let Some(io) = error.downcast_ref::<io::Error>() {
        return match io.kind() {
            io::ErrorKind::ConnectionRefused => Some(Cause::Refused),
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                Some(Cause::Cut)
            }
            io::ErrorKind::TimedOut => Some(Cause::TimedOut),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Some(Cause::NoRoute),
            io::ErrorKind::UnexpectedEof if io.get_ref().is_none_or(|e| !e.is::<rustls::Error>()) => Some(Cause::Cut),
            _ => None,
        };
    }
    if let Some(http) = error.downcast_ref::<hyper::Error>() {
        return (http.is_incomplete_message() || http.is_closed() || http.is_canceled()).then_some(Cause::Cut);
    }
    if error.downcast_ref::<kube::client::AuthError>().is_some() {
        return Some(Cause::Credentials);
    }
    // Types that are private to the HTTP client; their words are all there is.
    match error.to_string().as_str() {
        "dns error" => Some(Cause::Name),
        words if words.starts_with("tunnel error: failed") || words.starts_with("tunnel error: io") => None,
        words if words.starts_with("tunnel error") || words.starts_with("SOCKS error") => Some(Cause::Proxy),
        _ => None,
    }
}

fn cause_of_tls(error: &rustls::Error) -> Cause {
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Cause::Authority,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Cause::Validity,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Cause::WrongName,
            other if format!("{other:?}").contains("UnsupportedCertVersion") => Cause::VersionOne,
            _ => Cause::Tls,
        },
        rustls::Error::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError,
        ) => Cause::ClientCertificate,
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Cause::NotTls,
        _ => Cause::Tls,
    }
}

fn sentences(cause: Cause, way: &Way, detail: &str) -> Explanation {
    let server = &way.server;
    let via = if way.proxy.is_empty() { String::new() } else { format!(" through the proxy {}", way.proxy) };
    let ours = if way.certificate.is_empty() { "our certificate".to_owned() } else { way.certificate.clone() };
    let (what, remedy): (String, String) = match cause {
        Cause::Refused => (
            format!("{server} refuses the connection{via}: nothing listens there"),
            "check that the API server (k3s) runs there and that the kubeconfig's server is right".into(),
        ),
        Cause::Cut => (format!("{server} cut the connection{via}"), String::new()),
        Cause::TimedOut => (
            format!("{server} does not answer{via}"),
            "check the network, the VPN and the firewall on the way to it".into(),
        ),
        Cause::Name => (
            format!("the name in {server} cannot be resolved{via}"),
            "check DNS and the VPN, and the kubeconfig's server".into(),
        ),
        Cause::NoRoute => (format!("there is no route to {server}{via}"), "check the network and the VPN".into()),
        Cause::Authority => (
            format!("the certificate of {server} comes from an authority that the kubeconfig does not know"),
            "if the cluster was made anew, copy its kubeconfig again; otherwise something stands in between, and nothing \
             was sent to it"
                .into(),
        ),
        Cause::Validity => (
            format!("the certificate of {server} is not valid at this time ({detail})"),
            "check this machine's clock; if it is right, restart k3s on that server, which renews its certificate".into(),
        ),
        Cause::WrongName => (
            format!("the certificate of {server} is made for other names ({detail})"),
            "use one of those names in the kubeconfig, set tls-server-name, or add the address to k3s' tls-san".into(),
        ),
        Cause::ClientCertificate => (
            format!("{server} does not accept {ours} ({detail})"),
            "copy a fresh kubeconfig from the cluster; it was made for another cluster, revoked or expired".into(),
        ),
        Cause::VersionOne => {
            let trouble = super::certificate::version_one(&ours);
            (trouble.what.to_string(), trouble.remedy.to_string())
        }
        Cause::NotTls => (
            format!("{server} does not speak TLS{via}"),
            "check the port in the kubeconfig's server, and whether a proxy is in between".into(),
        ),
        Cause::Proxy => (
            format!("the proxy {} does not let us through to {server} ({detail})", way.proxy),
            "check the proxy's address and login, or add the server to NO_PROXY".into(),
        ),
        Cause::Tls => (format!("no secure connection to {server}{via}: {detail}"), String::new()),
        Cause::Credentials => (
            format!("the credentials for {server} cannot be used: {detail}"),
            "log in again with kubectl, or copy a fresh kubeconfig; it is tried again".into(),
        ),
        Cause::Other => (format!("no answer from {server}{via}: {detail}"), String::new()),
    };
    Explanation { cause, what, remedy }
}
