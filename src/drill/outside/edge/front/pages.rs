//! What the edge says when it has nothing better: its error pages, or one line for who does not read HTML.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};

use super::super::super::http::{Reply, of_type};
use super::super::request::text;
use super::Visit;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// An error with this status: of the edge itself (500 to 504) or on the way to the origin (520 to 526).
    Code(u16),
    /// 1000: the records lead back to the edge.
    Circle,
    /// 1001: nobody at the edge has that host.
    Unknown,
    /// 1001: its owner does not let the edge serve that host.
    NotServed,
    /// 1003: it was asked for by address.
    Direct,
    /// 1015: too many requests.
    Limited,
    /// 1016: there is no address behind the host.
    NoOrigin,
    /// 1020: a rule of the owner forbids it.
    Forbidden,
}

impl Trouble {
    /// What a mood's word means.
    pub fn said(word: &str) -> Self {
        match word.parse() {
            Ok(1000) => Self::Circle,
            Ok(1001) => Self::NotServed,
            Ok(1003) => Self::Direct,
            Ok(1015) => Self::Limited,
            Ok(1016) => Self::NoOrigin,
            Ok(1020) => Self::Forbidden,
            Ok(code @ 400..=599) => Self::Code(code),
            _ => Self::Code(500),
        }
    }

    /// Its status, its number and its name.
    const fn told(self) -> (u16, u16, &'static str) {
        match self {
            Self::Code(code) => (code, code, reason(code)),
            Self::Circle => (403, 1000, "DNS points to prohibited IP"),
            Self::Unknown => (409, 1001, "DNS resolution error"),
            Self::NotServed => (530, 1001, "DNS resolution error"),
            Self::Direct => (403, 1003, "Direct IP access not allowed"),
            Self::Limited => (429, 1015, "You are being rate limited"),
            Self::NoOrigin => (530, 1016, "Origin DNS error"),
            Self::Forbidden => (403, 1020, "Access denied"),
        }
    }
}

const fn reason(code: u16) -> &'static str {
    match code {
        500 => "Internal server error",
        502 => "Bad gateway",
        503 => "Service unavailable",
        504 => "Gateway time-out",
        520 => "Web server is returning an unknown error",
        521 => "Web server is down",
        522 => "Connection timed out",
        523 => "Origin is unreachable",
        524 => "A timeout occurred",
        525 => "SSL handshake failed",
        526 => "Invalid SSL certificate",
        _ => "Error",
    }
}

/// The page that tells of it, in the form that the visitor reads.
pub fn page<T>(trouble: Trouble, request: &Request<T>, visit: &Visit) -> Reply {
    let (status, number, name) = trouble.told();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = if text(request, &header::ACCEPT).contains("text/html") {
        of_type(status, "text/html; charset=UTF-8", html(number, name, visit))
    } else {
        of_type(status, "text/plain; charset=UTF-8", format!("error code: {number}"))
    };
    let headers = reply.headers_mut();
    let no_store = "private, max-age=0, no-store, no-cache, must-revalidate, post-check=0, pre-check=0";
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(no_store));
    headers.insert(header::EXPIRES, HeaderValue::from_static("Thu, 01 Jan 1970 00:00:01 GMT"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    reply
}

fn html(number: u16, name: &str, visit: &Visit) -> String {
    let (host, ip) = (escaped(&visit.host), &visit.visitor);
    let ray = visit.ray.split_once('-').map_or(visit.ray.as_str(), |(ray, _)| ray);
    let (edge, origin) = match number {
        520..=526 => ("Working", "Error"),
        _ => ("Error", "Working"),
    };
    format!(
        "<!DOCTYPE html>\n<html class=\"no-js\" lang=\"en-US\">\n<head>\n<title>{host} | {number}: {name}</title>\n\
         <meta charset=\"UTF-8\" />\n<meta name=\"robots\" content=\"noindex, nofollow\" />\n</head>\n<body>\n\
         <div id=\"cf-wrapper\">\n<div id=\"cf-error-details\">\n\
         <h1><span>{name}</span> <span class=\"cf-code-label\">Error code {number}</span></h1>\n\
         <div class=\"cf-status-item\">You: Browser: Working</div>\n\
         <div class=\"cf-status-item\">Frankfurt: Cloudflare: {edge}</div>\n\
         <div class=\"cf-status-item\">{host}: Host: {origin}</div>\n\
         <div class=\"cf-error-footer\">Cloudflare Ray ID: <strong>{ray}</strong> &bull; Your IP: {ip} &bull; \
         Performance &amp; security by Cloudflare</div>\n</div>\n</div>\n</body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A status in words, as the edge's web server writes it before it knows whose site is wanted.
pub fn bare(status: StatusCode) -> Reply {
    let words = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let html = format!(
        "<html>\r\n<head><title>{words}</title></head>\r\n<body>\r\n<center><h1>{words}</h1></center>\r\n\
         <hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
    );
    let mut reply = of_type(status, "text/html", Bytes::from(html));
    reply.headers_mut().insert(HeaderName::from_static("cf-cache-status"), HeaderValue::from_static("DYNAMIC"));
    reply
}

/// What everybody gets first who has not shown yet that they are no machine.
pub fn challenge(visit: &Visit) -> Reply {
    let host = escaped(&visit.host);
    let html = format!(
        "<!DOCTYPE html><html lang=\"en-US\"><head><title>Just a moment...</title></head><body><h1>{host}</h1>\
         <p>Enable JavaScript and cookies to continue</p></body></html>"
    );
    let mut reply = of_type(StatusCode::FORBIDDEN, "text/html; charset=UTF-8", html);
    reply.headers_mut().insert(HeaderName::from_static("cf-mitigated"), HeaderValue::from_static("challenge"));
    reply
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    fn visit() -> Visit {
        Visit {
            ray: "0123456789abcdef-FRA".into(),
            host: "<b>.example.com".into(),
            visitor: "198.51.100.7".into(),
            secure: true,
        }
    }

    async fn body(reply: Reply) -> String {
        String::from_utf8(reply.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[test]
    fn words_are_troubles() {
        let told = ["502", "1016", "1020", "524", "nonsense", "99999", "200"].map(|word| Trouble::said(word).told());
        let status = told.map(|(status, number, _)| (status, number));
        let expected = [(502, 502), (530, 1016), (403, 1020), (524, 524), (500, 500), (500, 500), (500, 500)];
        assert_eq!(status, expected);
    }

    #[tokio::test]
    async fn who_does_not_read_html_gets_one_line() {
        let terse = Request::get("/").header("accept", "*/*").body(()).unwrap();
        let reply = page(Trouble::NotServed, &terse, &visit());
        assert_eq!(reply.status().as_u16(), 530);
        assert_eq!(body(reply).await, "error code: 1001");
        let browser = Request::get("/").header("accept", "text/html,*/*").body(()).unwrap();
        let html = body(page(Trouble::Code(522), &browser, &visit())).await;
        assert!(html.contains("Error code 522") && html.contains("Connection timed out"), "{html}");
        assert!(html.contains("<strong>0123456789abcdef</strong>") && !html.contains("<b>"), "{html}");
    }
}
