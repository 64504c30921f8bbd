//! Which proxy leads to a server.
//!
//! As kubectl has it: a `proxy-url` in the kubeconfig always holds; otherwise the environment's proxy for the server's
//! scheme, unless `NO_PROXY` names the server. kube itself compares `NO_PROXY` with the proxy's host instead of the
//! server's, so it is not asked.

use std::net::IpAddr;

use http::Uri;

use super::Surroundings;
use crate::situation::Trouble;

/// The proxy for `server`, if any.
///
/// # Errors
/// When it is no URL, or of a kind that is not supported.
pub(super) fn proxy_for(server: &Uri, configured: Option<&str>, env: &Surroundings) -> Result<Option<Uri>, Trouble> {
    if let Some(proxy) = configured.filter(|p| !p.is_empty()) {
        return parse(proxy, "the kubeconfig's proxy-url").map(Some);
    }
    let names: &[&str] = if server.scheme_str() == Some("http") {
        &["HTTP_PROXY", "http_proxy"]
    } else {
        &["HTTPS_PROXY", "https_proxy"]
    };
    let Some(proxy) = env.first(names) else { return Ok(None) };
    let exempt = env.first(&["NO_PROXY", "no_proxy"]).unwrap_or_default();
    if bypasses(server, &exempt) {
        return Ok(None);
    }
    parse(&proxy, names.first().copied().unwrap_or_default()).map(Some)
}

fn parse(proxy: &str, whence: &str) -> Result<Uri, Trouble> {
    let url = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
    let url = url.replacen("socks5h://", "socks5://", 1);
    let trouble =
        |why: &str| super::trouble(&format!("{whence} {why}"), "write it as http://host:port or socks5://host:port");
    let uri: Uri = url.parse().map_err(|_| trouble("is not a URL"))?;
    match uri.scheme_str() {
        Some("http" | "https" | "socks5") if uri.host().is_some() => Ok(uri),
        _ => Err(trouble("is of a kind that is not supported")),
    }
}

/// Whether `server` is reached directly: it is this machine, or `NO_PROXY` names it by address, network, domain (which
/// means its subdomains too) or `.domain` (only those), with or without a port.
fn bypasses(server: &Uri, exempt: &str) -> bool {
    let Some(host) = server.host() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || address.is_some_and(|a| a.is_loopback()) {
        return true;
    }
    let port = server.port_u16().unwrap_or_else(|| if server.scheme_str() == Some("http") { 80 } else { 443 });
    exempt.split(',').map(str::trim).filter(|e| !e.is_empty()).any(|entry| matches(entry, &host, address, port))
}

fn matches(entry: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let Some((network, bits)) = entry.split_once('/') {
        return contains(network, bits, address);
    }
    let (name, wanted) = split_port(entry);
    if wanted.is_some_and(|wanted| wanted != port) {
        return false;
    }
    if let Ok(wanted) = name.parse::<IpAddr>() {
        return address == Some(wanted);
    }
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix('*').unwrap_or(&name);
    match name.strip_prefix('.') {
        Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
        None => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
    }
}

/// `host:port`, `[v6]:port`, or no port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some(rest) = entry.strip_prefix('[') {
        let (host, port) = rest.split_once(']').unwrap_or((rest, ""));
        return (host, port.strip_prefix(':').and_then(|p| p.parse().ok()));
    }
    match entry.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, port.parse().ok()),
        _ => (entry, None),
    }
}

fn contains(network: &str, bits: &str, address: Option<IpAddr>) -> bool {
    let (Ok(network), Ok(bits), Some(address)) = (network.parse::<IpAddr>(), bits.parse::<u32>(), address) else {
        return false;
    };
    match (network, address) {
        (IpAddr::V4(n), IpAddr::V4(a)) => {
            bits <= 32 && (n.to_bits() ^ a.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(n), IpAddr::V6(a)) => {
            bits <= 128 && (n.to_bits() ^ a.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direct(server: &str, exempt: &str) -> bool {
        bypasses(&server.parse().expect("a URL"), exempt)
    }

    #[test]
    fn no_proxy_means_the_server_not_the_proxy() {
        let env = Surroundings::of(&[("HTTPS_PROXY", "proxy.example.com:3128"), ("NO_PROXY", "api.example.com")]);
        let proxy = |server: &str| proxy_for(&server.parse().expect("a URL"), None, &env).expect("a proxy or none");
        assert_eq!(proxy("https://api.example.com:6443"), None);
        assert_eq!(proxy("https://203.0.113.7:6443"), Some("http://proxy.example.com:3128".parse().expect("a URL")));
        assert_eq!(proxy("http://203.0.113.7:8080"), None, "HTTPS_PROXY is for https");
        let forced =
            proxy_for(&"https://api.example.com".parse().expect("a URL"), Some("socks5://p.example.com:1"), &env);
        assert!(forced.expect("a proxy").is_some(), "the kubeconfig's own proxy-url always holds");
    }

    #[test]
    fn no_proxy_in_every_form() {
        for (server, exempt, expected) in [
            ("https://api.example.com", "example.com", true),
            ("https://api.example.com", ".example.com", true),
            ("https://api.example.com", "*.example.com", true),
            ("https://example.com", ".example.com", false),
            ("https://notexample.com", "example.com", false),
            ("https://API.example.com.", "other.org, api.EXAMPLE.com", true),
            ("https://203.0.113.7:6443", "203.0.113.0/24", true),
            ("https://203.0.114.7:6443", "203.0.113.0/24", false),
            ("https://203.0.113.7:6443", "0.0.0.0/0", true),
            ("https://203.0.113.7:6443", "203.0.113.7:6443", true),
            ("https://203.0.113.7:6443", "203.0.113.7:443", false),
            ("https://[2001:db8::1]:6443", "[2001:db8::1]:6443", true),
            ("https://[2001:db8::1]:6443", "2001:db8::/32", true),
            ("https://203.0.113.7", "nonsense/99, ,", false),
            ("https://127.0.0.1:6443", "", true),
            ("https://localhost:6443", "", true),
            ("https://anything.example.com", "*", true),
        ] {
            assert_eq!(direct(server, exempt), expected, "{server} with NO_PROXY={exempt}");
        }
    }
}
