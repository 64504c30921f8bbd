//! The way into the cluster, held fast: one endpoint, and the cluster that was met at first contact.
//!
//! What a plan rests on is read through here, from the server and not from the watch, and what the executor sends goes
//! the same way. A pin never moves to another endpoint.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use http::Uri;
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, timeout};

use super::connect::endpoint::{Ask, Endpoint};
use super::decode::{self, Form};
use super::failure::Failure;
use super::feed::{list_form, path, rule, segment};
use super::health;
use super::session::{Met, Session};
use crate::situation::time::Clocks;
use crate::situation::{ClusterId, Kind, Observation, Ref, Situation, Source, SourceState, Text, Trouble};

/// How many objects a page holds.
const PAGE: usize = 500;
/// So many times the patience for one answer is the most that all reads of a plan may take.
const PATIENCE: u32 = 3;

/// A way into the cluster that does not move.
#[derive(Debug, Clone)]
pub struct Pinned {
    endpoint: Arc<Endpoint>,
    met: Arc<Met>,
    skew: SignedDuration,
    patience: Duration,
    clocks: Clocks,
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The HTTP code of the server's no; `None`: no answer, or none that can be understood.
    pub code: Option<u16>,
    /// What failed, and what to do.
    pub trouble: Trouble,
}

impl Unread {
    fn of(failure: &Failure, what: &str) -> Self {
        let code = if let Failure::Refused { code, .. } = failure { Some(*code) } else { None };
        Self { code, trouble: failure.trouble(what) }
    }

    /// This account may not.
    pub fn forbidden(&self) -> bool {
        self.code == Some(403)
    }

    /// There is no such thing.
    pub fn missing(&self) -> bool {
        self.code == Some(404)
    }
}

/// Pins the endpoint that answers now, if the cluster behind it is still the one that was met.
pub(super) async fn pin(mut session: Session) -> Result<Pinned, Trouble> {
    let trouble = |what: Text, remedy: &str| Trouble { what, remedy: Text::new(remedy), retry_at: None };
    let (met, endpoint) = session.met().await.map_err(|what| trouble(what, ""))?;
    let (patience, clocks) = (session.pace.patience, session.clocks.clone());
    let mut pinned = Pinned { endpoint, met, skew: SignedDuration::ZERO, patience, clocks };
    let begun = Instant::now();
    let asked = pinned.ask_uid().await;
    if asked.is_err() {
        // New credentials, or another endpoint, may be what it takes.
        session.suspect();
    }
    let (uid, date) = asked.map_err(|unread| unread.trouble)?;
    if let Some(date) = date {
        pinned.skew = health::skew(date, pinned.clocks.cluster.now(), begun.elapsed());
    }
    if pinned.met.cluster.uid.is_empty() {
        let what = "the cluster's identity is not known: namespace kube-system could not be read at first contact";
        return Err(trouble(Text::new(what), "this account needs: get namespaces kube-system"));
    }
    if uid != pinned.met.cluster.uid {
        // The keeper looks for itself and tells the screen.
        session.suspect();
        return Err(trouble(other_cluster(&pinned.met.cluster, &uid), OTHER_REMEDY));
    }
    Ok(pinned)
}

/// What to do when another cluster is reached.
pub(super) const OTHER_REMEDY: &str = "quit, make sure which cluster is meant, and start crashcart again";

/// What to say when the UID is another.
pub(super) fn other_cluster(met: &ClusterId, uid: &str) -> Text {
    let (server, met) = (&met.server, &met.uid);
    Text::from(format!("{server} is another cluster now: the UID of kube-system is {uid}, and was {met}"))
}

impl Pinned {
    /// The cluster of the first contact.
    pub fn cluster(&self) -> &ClusterId {
        &self.met.cluster
    }

    /// The URL of the endpoint.
    pub fn endpoint(&self) -> &Text {
        &self.endpoint.url
    }

    /// Fingerprint of the authority that the server's certificate has to come from, as [`authority_of_pem`] writes it.
    pub fn authority(&self) -> &Text {
        &self.met.authority
    }

    /// Cluster time.
    pub fn now(&self) -> Timestamp {
        let now = self.clocks.cluster.now();
        now.checked_add(self.skew).unwrap_or(now)
    }

    /// The client, for the executor and nobody else (clippy.toml).
    #[expect(clippy::disallowed_types, reason = "the one place that hands it out")]
    pub(crate) fn client(&self) -> kube::Client {
        self.endpoint.client()
    }

    /// An error of that client, in words.
    pub(crate) fn explain(&self, error: &kube::Error) -> String {
        self.endpoint.explain(error)
    }

    /// How long an answer may be waited for.
    pub(crate) const fn patience(&self) -> Duration {
        self.patience
    }

    /// The UID of namespace kube-system, asked now.
    pub async fn uid(&self) -> Result<Text, Unread> {
        self.ask_uid().await.map(|(uid, _)| uid)
    }

    async fn ask_uid(&self) -> Result<(Text, Option<Timestamp>), Unread> {
        let what = "get namespace kube-system";
        health::uid(&self.endpoint, self.patience).await.map_err(|failure| Unread::of(&failure, what))
    }

    /// Reads these lists (a kind, in one namespace or in all) into a situation of their own; which of them could not be
    /// read, and why, is told apart.
    pub async fn read(&self, lists: &[(Kind, Option<Text>)]) -> (Situation, Vec<(Kind, Unread)>) {
        let mut situation = Situation::new();
        situation.now = self.now();
        situation.wall = self.clocks.wall.now();
        situation.skew = self.skew;
        situation.cluster = self.met.cluster.clone();
        let mut by_kind: BTreeMap<Kind, Vec<Option<&Text>>> = BTreeMap::new();
        for (kind, namespace) in lists {
            by_kind.entry(*kind).or_default().push(namespace.as_ref());
        }
        let asked = by_kind.into_iter().map(|(kind, scopes)| async move { (kind, self.of_kind(kind, scopes).await) });
        let mut unread = Vec::new();
        for (kind, outcome) in join_all(asked).await {
            match outcome {
                Ok(seen) => {
                    situation.apply(Observation::Listing(kind));
                    for observation in seen {
                        situation.apply(observation);
                    }
                    situation.apply(Observation::Listed(kind));
                }
                Err(why) => {
                    situation.apply(Observation::Source(Source::Watch(kind), state(kind, &why)));
                    unread.push((kind, why));
                }
            }
        }
        (situation, unread)
    }

    async fn of_kind(&self, kind: Kind, scopes: Vec<Option<&Text>>) -> Result<Vec<Observation>, Unread> {
        let what = rule("list", kind);
        let decode = |body: &[u8]| {
            let page = decode::page(kind, Form::Whole, body).map_err(Failure::Garbled)?;
            Ok((page.items, page.next))
        };
        let mut all = Vec::new();
        for namespace in scopes {
            let pages = self.pages(kind, namespace, decode).await;
            all.extend(pages.map_err(|failure| Unread::of(&failure, &what))?);
        }
        Ok(all)
    }

    /// Reads a list as the server sends it.
    pub async fn raw_list(&self, kind: Kind, namespace: Option<&Text>) -> Result<Vec<Value>, Unread> {
        let decode = |body: &[u8]| {
            let page: RawPage = serde_json::from_slice(body).map_err(|e| Failure::Garbled(e.into()))?;
            Ok((page.items.unwrap_or_default(), page.metadata.r#continue.filter(|token| !token.is_empty())))
        };
        let pages = self.pages(kind, namespace, decode).await;
        pages.map_err(|failure| Unread::of(&failure, &rule("list", kind)))
    }

    /// Reads one object as the server sends it.
    pub async fn object(&self, object: &Ref) -> Result<Value, Unread> {
        let path = object_path(object);
        let what = format!("get {object}");
        let read = async {
            let body = self.endpoint.read(&path, self.patience).await?;
            serde_json::from_slice(&body).map_err(|e| Failure::Garbled(e.into()))
        };
        self.in_time(read).await.map_err(|failure| Unread::of(&failure, &what))
    }

    /// All pages of one list; when a server takes the token of the next one back, everything in one piece.
    async fn pages<T: Send>(
        &self,
        kind: Kind,
        namespace: Option<&Text>,
        decode: impl Fn(&[u8]) -> Result<(Vec<T>, Option<String>), Failure> + Send + Sync,
    ) -> Result<Vec<T>, Failure> {
        let root = path(kind, namespace.map(Text::as_str));
        let read = async |query: String| {
            let path = format!("{root}{query}");
            let ask = Ask { path: &path, accept: list_form(Form::Whole), stream: false, patience: self.patience };
            let mut body = Vec::new();
            self.endpoint.get(ask).await?.read(&mut body, usize::MAX).await?;
            decode(&body)
        };
        self.in_time(async {
            let (mut all, mut next) = read(format!("?limit={PAGE}")).await?;
            while let Some(token) = next {
                match read(format!("?limit={PAGE}&continue={}", segment(&token))).await {
                    Ok((items, following)) => {
                        all.extend(items);
                        next = following;
                    }
                    Err(failure) if failure.gone() => return read(String::new()).await.map(|(items, _)| items),
                    Err(failure) => return Err(failure),
                }
            }
            Ok(all)
        })
        .await
    }

    /// A server that sends a little from time to time must not be waited for without end.
    async fn in_time<T>(&self, read: impl Future<Output = Result<T, Failure>> + Send) -> Result<T, Failure> {
        let limit = self.patience * PATIENCE;
        timeout(limit, read).await.unwrap_or(Err(Failure::Stalled(limit)))
    }
}

#[derive(Deserialize)]
struct RawPage {
    metadata: RawMeta,
    items: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct RawMeta {
    r#continue: Option<String>,
}

fn state(kind: Kind, why: &Unread) -> SourceState {
    if why.forbidden() {
        SourceState::Forbidden(Text::from(rule("list", kind)))
    } else if why.missing() {
        SourceState::Missing
    } else {
        SourceState::Failed(why.trouble.clone())
    }
}

/// The path of one object.
fn object_path(object: &Ref) -> String {
    let namespace = Some(object.key.namespace.as_str()).filter(|n| !n.is_empty());
    format!("{}/{}", path(object.kind, namespace), segment(&object.key.name))
}

/// Fingerprint of the authorities in a PEM; empty when there is none in it.
pub fn authority_of_pem(pem: &[u8]) -> Text {
    let certificates: Vec<Vec<u8>> =
        CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).map(|der| der.to_vec()).collect();
    if certificates.is_empty() { Text::default() } else { fingerprint(certificates) }
}

/// Fingerprint of authorities, in whatever order they stand.
pub(super) fn fingerprint(mut certificates: Vec<Vec<u8>>) -> Text {
    certificates.sort();
    let mut hash = Sha256::new();
    for certificate in certificates {
        hash.update(Sha256::digest(certificate));
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Text::from(format!("sha256:{hex}"))
}

/// Whether a URL leads to this machine, by its address and not by a name that could mean anything.
pub fn is_loopback(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).map(|host| host.trim_start_matches('[').trim_end_matches(']'));
    host.and_then(|host| host.parse::<IpAddr>().ok()).is_some_and(|address| address.is_loopback())
}
