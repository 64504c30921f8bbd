//! `/cdn-cgi/trace`: how a visit looks from the edge.

use std::fmt::Write as _;

use http::{Request, header};
use jiff::Timestamp;

use super::super::request::text;
use super::{COLO, Visit, version};

/// One line a fact.
pub fn trace<T>(request: &Request<T>, visit: &Visit, now: Timestamp) -> String {
    let (seconds, millis) = (now.as_second(), now.as_millisecond().rem_euclid(1000));
    let at = format!("{seconds}.{millis:03}");
    let secure = |yes, no| if visit.secure { yes } else { no };
    let lines = [
        ("fl", "671f34"),
        ("h", &visit.host),
        ("ip", &visit.visitor),
        ("ts", &at),
        ("visit_scheme", secure("https", "http")),
        ("uag", text(request, &header::USER_AGENT)),
        ("colo", COLO),
        ("sliver", "none"),
        ("http", version(request.version())),
        ("loc", "DE"),
        ("tls", secure("TLSv1.3", "off")),
        ("sni", secure("plaintext", "off")),
        ("warp", "off"),
        ("gateway", "off"),
        ("rbi", "off"),
        ("kex", secure("X25519", "none")),
    ];
    lines.iter().fold(String::new(), |mut all, (name, value)| {
        let _ = writeln!(all, "{name}={value}");
        all
    })
}
