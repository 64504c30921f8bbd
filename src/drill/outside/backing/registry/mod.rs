//! The image registry, as Gitea has it: a challenge, tokens, manifests, and its own health.

mod images;
mod token;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use rustls::ServerConfig;
use serde_json::json;

use self::images::{Content, Image};
use super::super::http::{self as outside_http, Answering, Answers, Reply, hesitate, json, of_type, plain};
use super::super::{Mood, Site, Trust};
use super::{fresh, mood, mood_at_first};
use crate::drill::net::{Caller, Service, Serving, Stream};
use crate::drill::store::stamp;

/// Who may ask for a token by name; without a name anybody may.
const USER: &str = "deploy";
const PASSWORD: &str = "example";

/// The registry.
#[derive(Debug)]
pub struct Registry {
    tls: Arc<ServerConfig>,
    /// What tokens are signed with.
    secret: [u8; 32],
}

impl Registry {
    /// A registry with a certificate from there.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn new(trust: &Trust) -> anyhow::Result<Self> {
        Ok(Self { tls: trust.server(&Site::Registry.names(), &["h2", "http/1.1"])?, secret: fresh() })
    }

    fn obey(&self, request: &Request<Bytes>, caller: &Caller) -> Reply {
        let said = match mood(caller, Site::Registry) {
            Mood::Says(said) => said,
            _ => String::new(),
        };
        if let Some(reply) = of_mood(&said) {
            return reply;
        }
        let path = request.uri().path();
        if path == "/api/healthz" {
            return health(&said, caller);
        }
        if path == "/v2/token" {
            return self.token(request, &said);
        }
        let Some(rest) = path.strip_prefix("/v2") else {
            return of_type(
                StatusCode::NOT_FOUND,
                "text/html; charset=utf-8",
                "<!DOCTYPE html><title>Not Found</title>\n",
            );
        };
        if said == "401" || !self.authorized(request) {
            return challenge();
        }
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "The operation is unsupported.");
        }
        if rest.trim_matches('/').is_empty() {
            return json(StatusCode::OK, &json!({}));
        }
        if said == "404" { unknown_manifest() } else { read(request, rest, caller) }
    }

    /// A token for whoever asks, if what they say of themselves is true.
    fn token(&self, request: &Request<Bytes>, said: &str) -> Reply {
        match basic(request) {
            Some((user, password)) if said == "401" || user != USER || password != PASSWORD => {
                error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "authGroup.Verify")
            }
            named => {
                let token = token::issue(&self.secret, named.as_ref().map(|(user, _)| user.as_str()));
                json(StatusCode::OK, &json!({ "token": token }))
            }
        }
    }

    fn authorized(&self, request: &Request<Bytes>) -> bool {
        let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
        token.is_some_and(|token| token::holds(&self.secret, token))
            || basic(request).is_some_and(|(user, password)| user == USER && password == PASSWORD)
    }
}

impl Service for Registry {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        Box::pin(async move {
            mood_at_first(&caller, Site::Registry).await;
            outside_http::serve(stream, Some(self.tls.clone()), self, caller).await;
        })
    }
}

impl Answers for Registry {
    fn answer(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Answering {
        Box::pin(async move {
            hesitate(&mood(&caller, Site::Registry)).await;
            let mut reply = self.obey(&request, &caller);
            if request.uri().path().starts_with("/v2") {
                set(&mut reply, "docker-distribution-api-version", "registry/2.0");
            }
            reply
        })
    }
}

/// A user and a password.
fn basic(request: &Request<Bytes>) -> Option<(String, String)> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = String::from_utf8(BASE64.decode(value.strip_prefix("Basic ")?).ok()?).ok()?;
    decoded.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

fn host() -> &'static str {
    Site::Registry.hosts().first().copied().unwrap_or_default()
}

/// What is said to those who come without a token.
fn challenge() -> Reply {
    let mut reply = error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "");
    let host = host();
    let value = format!("Bearer realm=\"https://{host}/v2/token\",service=\"container_registry\",scope=\"*\"");
    set(&mut reply, header::WWW_AUTHENTICATE, &value);
    reply
}

/// What it says whatever it is asked.
fn of_mood(said: &str) -> Option<Reply> {
    let proxy = |status: StatusCode| {
        let text = format!(
            "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        of_type(status, "text/html", text)
    };
    Some(match said {
        "429" => {
            let mut reply =
                error(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", "You have reached your pull rate limit.");
            set(&mut reply, header::RETRY_AFTER, "60");
            set(&mut reply, "ratelimit-limit", "100;w=21600");
            set(&mut reply, "ratelimit-remaining", "0;w=21600");
            reply
        }
        "500" => plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error\n"),
        "502" => proxy(StatusCode::BAD_GATEWAY),
        "503" => proxy(StatusCode::SERVICE_UNAVAILABLE),
        "504" => proxy(StatusCode::GATEWAY_TIMEOUT),
        _ => return None,
    })
}

/// Gitea's own health; `fail` is what it says when its database is gone.
fn health(said: &str, caller: &Caller) -> Reply {
    let now = stamp(caller.network.with(|world| world.now()));
    let (word, status) = match said {
        "fail" => ("fail", StatusCode::INTERNAL_SERVER_ERROR),
        _ => ("pass", StatusCode::OK),
    };
    let check = |status: &str| json!([{ "status": status, "time": now }]);
    let checks = json!({ "cache:ping": check("pass"), "database:ping": check(word) });
    json(status, &json!({ "status": word, "description": "Gitea: Git with a cup of tea", "checks": checks }))
}

/// Answers what is read below `/v2`.
fn read(request: &Request<Bytes>, path: &str, caller: &Caller) -> Reply {
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (last, kind) = (parts.pop().unwrap_or_default(), parts.pop().unwrap_or_default());
    let repository = parts.join("/");
    let tags = images::tags(caller, host(), &repository);
    if tags.is_empty() {
        return error(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "repository name not known to registry");
    }
    let of = |tag: &String| Image::new(host(), &repository, tag);
    match (kind, last) {
        ("tags", "list") => json(StatusCode::OK, &json!({ "name": repository, "tags": tags })),
        ("manifests", reference) => {
            let accepts = |media: &str| {
                let mut values =
                    request.headers().get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
                values.any(|value| value.contains(media))
            };
            let index = accepts("index") || accepts("manifest.list") || !accepts(images::MANIFEST);
            let found = tags.iter().map(of).find_map(|image| image.manifest(reference, index));
            found.map_or_else(unknown_manifest, Content::reply)
        }
        ("blobs", digest) => match tags.iter().map(of).find_map(|image| image.blob(digest)) {
            Some(blob) => blob.reply(),
            None => error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "blob unknown to registry"),
        },
        _ => error(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "repository name not known to registry"),
    }
}

fn unknown_manifest() -> Reply {
    error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "manifest unknown to registry")
}

fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    json(status, &json!({ "errors": [{ "code": code, "message": message }] }))
}

fn set(reply: &mut Reply, name: impl header::IntoHeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_says_when_to_come_back() {
        let reply = of_mood("429").expect("an answer");
        assert_eq!(reply.status(), 429);
        assert_eq!(reply.headers()["retry-after"], "60");
        assert!(of_mood("").is_none() && of_mood("fail").is_none());
    }

    #[test]
    fn the_challenge_names_the_realm_on_the_same_host() {
        let told = challenge().headers()["www-authenticate"].to_str().expect("a text").to_owned();
        assert!(told.starts_with("Bearer realm=\"https://registry.example.com/v2/token\""), "{told}");
    }
}
