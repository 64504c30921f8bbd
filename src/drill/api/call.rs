//! What a request asks for: its path taken apart as a real API server does, its query, its media type.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};
use percent_encoding::percent_decode_str;

use super::stream::Upgrade;

/// A request, taken apart.
#[derive(Debug)]
pub(super) struct Call {
    pub method: Method,
    pub target: Target,
    pub query: Query,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// What it wants its connection to become.
    pub upgrade: Option<Upgrade>,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A resource, or one of its objects.
    Resource(Place),
    /// Anything else: health, discovery, version.
    Path(String),
}

/// Where in the API an object or a list is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub group: String,
    pub version: String,
    pub plural: String,
    pub namespace: Option<String>,
    pub name: Option<String>,
    pub subresource: Option<String>,
}

impl Call {
    /// A request whose body has yet to come.
    pub(super) fn new(method: Method, uri: &Uri, headers: HeaderMap) -> Self {
        let query = Query::parse(uri.query().unwrap_or_default());
        Self { method, target: Target::parse(uri.path()), query, headers, body: Bytes::new(), upgrade: None }
    }

    /// The verb that authorisation sees.
    pub(super) fn verb(&self) -> &'static str {
        let Target::Resource(place) = &self.target else { return self.plain_verb() };
        let named = place.name.is_some();
        match self.method {
            Method::GET | Method::HEAD if !named && self.query.flag("watch") => "watch",
            Method::GET | Method::HEAD if !named => "list",
            Method::DELETE if !named => "deletecollection",
            Method::POST => "create",
            _ => self.plain_verb(),
        }
    }

    fn plain_verb(&self) -> &'static str {
        match self.method {
            Method::GET | Method::HEAD => "get",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            Method::OPTIONS => "options",
            _ => "post",
        }
    }

    /// The media type of the body, without parameters.
    pub(super) fn media(&self) -> &str {
        self.header(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim()
    }

    /// A header's text; empty if it is absent or not text.
    pub(super) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

impl Target {
    /// Takes a path apart: `/api/v1/namespaces/x/pods/y/log`, `/apis/apps/v1/deployments`.
    pub(super) fn parse(path: &str) -> Self {
        let other = || Self::Path(path.to_owned());
        let parts: Vec<String> = path.split('/').filter(|p| !p.is_empty()).map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return other(),
        };
        let place = match rest {
            [] => return other(),
            // What hangs below a namespace itself is two things of its own; all else are its resources.
            ["namespaces", name, sub @ ("status" | "finalize")] => Place::of("namespaces", None, &[*name, *sub]),
            ["namespaces", namespace, plural, rest @ ..] => Place::of(plural, Some(*namespace), rest),
            [plural, rest @ ..] => Place::of(plural, None, rest),
        };
        place.map_or_else(other, |p| Self::Resource(Place { group: group.into(), version: version.into(), ..p }))
    }
}

impl Place {
    fn of(plural: &str, namespace: Option<&str>, rest: &[&str]) -> Option<Self> {
        let (name, subresource) = match rest {
            [] => (None, None),
            [name] => (Some(*name), None),
            [name, sub] => (Some(*name), Some(*sub)),
            [name, "proxy", ..] => (Some(*name), Some("proxy")),
            _ => return None,
        };
        Some(Self {
            plural: plural.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.map(str::to_owned),
            subresource: subresource.map(str::to_owned),
            ..Self::default()
        })
    }
}

/// The parameters of a request, decoded.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|p| !p.is_empty());
        let plus = |text: &str| decode(&text.replace('+', " "));
        Self(
            pairs
                .map(|p| p.split_once('=').map_or_else(|| (plus(p), String::new()), |(k, v)| (plus(k), plus(v))))
                .collect(),
        )
    }

    /// The first value of a parameter; `None` if it is absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    /// All values of a parameter.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(k, _)| k == name).map(|(_, v)| v.as_str())
    }

    /// A parameter's value; empty if it is absent.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// Whether a switch is on: there, and neither `0` nor `false`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| v != "0" && !v.eq_ignore_ascii_case("false"))
    }
}

/// Percent-decoding; what is not a valid escape stays as it is.
fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a path leads, on one line: group/version, resource, namespace, name, subresource.
    fn place(path: &str) -> Option<String> {
        let Target::Resource(p) = Target::parse(path) else { return None };
        let optional = [p.namespace, p.name, p.subresource].map(|part| part.unwrap_or_else(|| "-".to_owned()));
        Some(format!("{}/{} {} {}", p.group, p.version, p.plural, optional.join(" ")))
    }

    #[test]
    fn paths_lead_where_a_real_server_leads_them() {
        for (path, want) in [
            ("/api/v1/nodes", "/v1 nodes - - -"),
            ("/api/v1/namespaces/x", "/v1 namespaces - x -"),
            ("/api/v1/namespaces/x/status", "/v1 namespaces - x status"),
            ("/api/v1/namespaces/x/pods/y/log", "/v1 pods x y log"),
            ("/apis/apps/v1/namespaces/x/deployments/", "apps/v1 deployments x - -"),
            ("/api/v1/namespaces/x/pods/a%2Fb", "/v1 pods x a/b -"),
        ] {
            assert_eq!(place(path).as_deref(), Some(want), "{path}");
        }
        for path in ["/api", "/api/v1", "/apis/apps/v1", "/readyz/etcd", "/", "/api/v1/pods/a/b/c/d"] {
            assert_eq!(place(path), None, "{path}");
        }
    }

    #[test]
    fn queries_are_decoded() {
        let query = Query::parse("labelSelector=n+in+%281%2C2%29&watch=1&x=%zz&empty&no=false");
        assert_eq!(query.text("labelSelector"), "n in (1,2)");
        assert_eq!((query.text("x"), query.get("empty"), query.get("none")), ("%zz", Some(""), None));
        assert!(query.flag("watch") && query.flag("empty") && !query.flag("no") && !query.flag("none"));
    }
}
