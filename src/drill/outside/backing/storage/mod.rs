//! Object storage that speaks S3 as Backblaze does: one bucket, a key that is bound to it, and the errors that are its own.

mod signature;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use rustls::ServerConfig;
use sha2::{Digest as _, Sha256};

use self::signature::Flaw;
use super::super::http::{self as outside_http, Answering, Answers, Reply, hesitate, of_type};
use super::super::{Mood, Site, Trust};
use super::{fresh, hex, mood, mood_at_first};
use crate::drill::net::{Caller, Service, Serving, Stream, Vantage};

/// The deployment's bucket.
pub const BUCKET: &str = "honeydue-media";
/// Its key.
pub const KEY_ID: &str = "0045f2c81d90ab30000000001";
/// What belongs to the key.
pub const SECRET: &str = "example";
/// An object that is always there.
pub const CANARY: &str = "probe/canary.txt";
/// How far a clock may be off before its signatures count no more.
const TOLERATED: SignedDuration = SignedDuration::from_mins(15);
/// How many objects are kept.
const KEPT: usize = 64;
/// The largest object that is kept.
const LARGEST: usize = 1024 * 1024;

/// The storage.
#[derive(Debug)]
pub struct Storage {
    tls: Arc<ServerConfig>,
    objects: Mutex<BTreeMap<String, Object>>,
}

#[derive(Debug, Clone)]
struct Object {
    bytes: Bytes,
    written: Timestamp,
}

/// An error as S3 names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refusal {
    status: u16,
    code: &'static str,
    message: &'static str,
}

const fn refusal(status: u16, code: &'static str, message: &'static str) -> Refusal {
    Refusal { status, code, message }
}

const DENIED: Refusal = refusal(403, "AccessDenied", "Unauthenticated requests are not allowed for this api");
const NOT_ENTITLED: Refusal = refusal(403, "AccessDenied", "not entitled");
const UNKNOWN_KEY: Refusal =
    refusal(403, "InvalidAccessKeyId", "The key ID you provided does not exist in our records.");
const MISMATCH: Refusal = refusal(403, "SignatureDoesNotMatch", "Signature validation failed");
const SKEWED: Refusal =
    refusal(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.");
const NO_BUCKET: Refusal = refusal(404, "NoSuchBucket", "The specified bucket does not exist");
const NO_KEY: Refusal = refusal(404, "NoSuchKey", "Key not found");
const MALFORMED: Refusal = refusal(400, "InvalidRequest", "The request is malformed");
const NOT_ALLOWED: Refusal =
    refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource");
const TOO_LARGE: Refusal =
    refusal(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size");

impl Storage {
    /// A storage with a certificate from there.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn new(trust: &Trust) -> anyhow::Result<Self> {
        let mut names: Vec<String> = Site::S3.names().into_iter().map(str::to_owned).collect();
        names.extend(Site::S3.hosts().iter().map(|host| format!("*.{host}")));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let canary = Object { bytes: Bytes::from_static(b"ok\n"), written: Timestamp::UNIX_EPOCH };
        let objects = Mutex::new(BTreeMap::from([(CANARY.to_owned(), canary)]));
        Ok(Self { tls: trust.server(&names, &["http/1.1"])?, objects })
    }

    fn obey(&self, request: &Request<Bytes>, caller: &Caller) -> Result<Reply, Refusal> {
        if let Mood::Says(said) = mood(caller, Site::S3) {
            return Err(of_mood(&said));
        }
        signature::check(request, KEY_ID, SECRET).map_err(|flaw| match flaw {
            Flaw::Absent => DENIED,
            Flaw::Malformed => MALFORMED,
            Flaw::UnknownKey => UNKNOWN_KEY,
            Flaw::Mismatch => MISMATCH,
        })?;
        let (now, skew) = clocks(caller);
        if skew.abs() > TOLERATED {
            return Err(SKEWED);
        }
        let (bucket, key) = place(request);
        match (request.method(), key.as_str()) {
            // The key is bound to its bucket: it may neither list the others nor ask about one.
            (_, "") if bucket.is_empty() => Err(NOT_ENTITLED),
            (&Method::HEAD, "") => Err(NOT_ENTITLED),
            _ if bucket != BUCKET => Err(NO_BUCKET),
            (&Method::GET, "") => Ok(self.list(request)),
            (&Method::GET | &Method::HEAD, _) => self.read(&key),
            (&Method::PUT, _) if !key.is_empty() => self.write(key, request.body(), now),
            (&Method::DELETE, _) if !key.is_empty() => Ok(self.remove(&key)),
            _ => Err(NOT_ALLOWED),
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut BTreeMap<String, Object>) -> T) -> T {
        f(&mut self.objects.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read(&self, key: &str) -> Result<Reply, Refusal> {
        let object = self.with(|objects| objects.get(key).cloned()).ok_or(NO_KEY)?;
        let mut reply = of_type(StatusCode::OK, "text/plain", object.bytes.clone());
        set(&mut reply, header::ETAG, &etag(&object.bytes));
        set(&mut reply, header::LAST_MODIFIED, &object.written.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        set(&mut reply, header::ACCEPT_RANGES, "bytes");
        Ok(reply)
    }

    fn write(&self, key: String, bytes: &Bytes, now: Timestamp) -> Result<Reply, Refusal> {
        if bytes.len() > LARGEST || key.len() > 1024 {
            return Err(TOO_LARGE);
        }
        let tag = etag(bytes);
        self.with(|objects| {
            objects.insert(key, Object { bytes: bytes.clone(), written: now });
            let oldest = objects.iter().filter(|(key, _)| *key != CANARY).min_by_key(|(_, object)| object.written);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()).filter(|_| objects.len() > KEPT) {
                objects.remove(&oldest);
            }
        });
        let mut reply = Reply::default();
        set(&mut reply, header::ETAG, &tag);
        Ok(reply)
    }

    fn remove(&self, key: &str) -> Reply {
        self.with(|objects| objects.remove(key));
        let mut reply = Reply::default();
        *reply.status_mut() = StatusCode::NO_CONTENT;
        reply
    }

    fn list(&self, request: &Request<Bytes>) -> Reply {
        let prefix = parameter(request, "prefix").unwrap_or_default();
        let most = parameter(request, "max-keys").and_then(|n| n.parse().ok()).unwrap_or(1000_usize).min(1000);
        let (found, all) = self.with(|objects| {
            let fitting = objects.iter().filter(|(key, _)| key.starts_with(&prefix));
            let entry = |(key, object): (&String, &Object)| {
                format!(
                    "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size>\
                     <StorageClass>STANDARD</StorageClass></Contents>",
                    escape(key),
                    object.written.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                    escape(&etag(&object.bytes)),
                    object.bytes.len(),
                )
            };
            (fitting.clone().take(most).map(entry).collect::<Vec<_>>(), fitting.count())
        });
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Name>{BUCKET}</Name><Prefix>{}</Prefix><KeyCount>{}</KeyCount><MaxKeys>{most}</MaxKeys>\
             <IsTruncated>{}</IsTruncated>{}</ListBucketResult>",
            escape(&prefix),
            found.len(),
            found.len() < all,
            found.concat(),
        );
        of_type(StatusCode::OK, "application/xml", text)
    }
}

impl Service for Storage {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        Box::pin(async move {
            mood_at_first(&caller, Site::S3).await;
            outside_http::serve(stream, Some(self.tls.clone()), self, caller).await;
        })
    }
}

impl Answers for Storage {
    fn answer(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Answering {
        Box::pin(async move {
            hesitate(&mood(&caller, Site::S3)).await;
            let mut reply = self.obey(&request, &caller).unwrap_or_else(|refusal| refusal.reply(request.uri().path()));
            set(&mut reply, "x-amz-request-id", &hex(&fresh::<8>()));
            set(&mut reply, "x-amz-id-2", &hex(&fresh::<28>()));
            set(&mut reply, header::STRICT_TRANSPORT_SECURITY, "max-age=63072000");
            set(&mut reply, header::CACHE_CONTROL, "max-age=0, no-cache, no-store");
            reply
        })
    }
}

impl Refusal {
    fn reply(self, path: &str) -> Reply {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Error>\n    <Code>{}</Code>\n    \
             <Message>{}</Message>\n    <Resource>{}</Resource>\n</Error>\n",
            self.code,
            self.message,
            escape(path),
        );
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = of_type(status, "application/xml", text);
        if self.status == 503 || self.status == 429 {
            set(&mut reply, header::RETRY_AFTER, "5");
        }
        reply
    }
}

/// What it says in a mood: by status, or by the name of the error.
fn of_mood(said: &str) -> Refusal {
    match said {
        "403" | "AccessDenied" => {
            refusal(403, "AccessDenied", "Transaction cap exceeded, see the Caps & Alerts page to increase your cap.")
        }
        "InvalidAccessKeyId" => UNKNOWN_KEY,
        "SignatureDoesNotMatch" => MISMATCH,
        "RequestTimeTooSkewed" => SKEWED,
        "404" | "NoSuchBucket" => NO_BUCKET,
        "NoSuchKey" => NO_KEY,
        "429" => refusal(429, "TooManyRequests", "too many requests"),
        "503" | "SlowDown" => refusal(503, "SlowDown", "Please reduce your request rate."),
        "ServiceUnavailable" => refusal(503, "ServiceUnavailable", "no tomes available"),
        _ => refusal(500, "InternalError", "An internal error occurred. Please retry your upload."),
    }
}

/// What time it is, and how far the clock of the caller's machine is off.
fn clocks(caller: &Caller) -> (Timestamp, SignedDuration) {
    caller.network.with(|world| {
        let skew = match &caller.from {
            Vantage::Node(node) => world.machine(node).map(|machine| machine.skew),
            Vantage::Operator | Vantage::Edge => None,
        };
        (world.now(), skew.unwrap_or_default())
    })
}

/// The bucket and the key that are meant: by host, or by path.
fn place(request: &Request<Bytes>) -> (String, String) {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let path = decode(request.uri().path().trim_start_matches('/'));
    for own in Site::S3.hosts() {
        if let Some(bucket) = host.strip_suffix(own).and_then(|rest| rest.strip_suffix('.')) {
            return (bucket.to_owned(), path);
        }
    }
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    (bucket.to_owned(), key.to_owned())
}

fn parameter(request: &Request<Bytes>, name: &str) -> Option<String> {
    let pairs = request.uri().query()?.split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| decode(value))
}

/// A text without its percent signs.
fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", hex(&Sha256::digest(bytes)[..16]))
}

fn set(reply: &mut Reply, name: impl header::IntoHeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(host: &str, path: &str) -> Request<Bytes> {
        Request::get(path).header("host", host).body(Bytes::new()).expect("a request")
    }

    #[test]
    fn a_bucket_is_named_by_host_or_by_path() {
        let is = |host: &str, path: &str| place(&request(host, path));
        let meant = |bucket: &str, key: &str| (bucket.to_owned(), key.to_owned());
        assert_eq!(is("media.s3.example.com:443", "/a/b%20c"), meant("media", "a/b c"));
        assert_eq!(is("s3.example.com", "/media/a/b"), meant("media", "a/b"));
        assert_eq!(is("s3.example.com", "/media"), meant("media", ""));
        assert_eq!(is("s3.example.com", "/"), meant("", ""));
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        assert_eq!(decode("%"), "%");
        assert_eq!(decode("%4"), "%4");
        assert_eq!(decode("%zz%41"), "%zzA");
    }

    #[test]
    fn a_slow_down_says_when_to_come_back() {
        let reply = of_mood("503").reply("/<x>");
        assert_eq!(reply.status(), 503);
        assert_eq!(reply.headers()["retry-after"], "5");
    }
}
