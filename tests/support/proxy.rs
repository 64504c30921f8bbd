//! A proxy between a feed and the simulated cluster that makes one kind of request fail.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cluster::Cluster;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    List,
    Watch,
    Health,
    Metrics,
    Log,
}

impl What {
    pub const ALL: [Self; 5] = [Self::List, Self::Watch, Self::Health, Self::Metrics, Self::Log];

    fn of(path: &str, query: &str) -> Option<Self> {
        match path {
            "/readyz" | "/livez" => Some(Self::Health),
            _ if path.starts_with("/apis/metrics.k8s.io") => Some(Self::Metrics),
            _ if path.ends_with("/log") => Some(Self::Log),
            _ if query.contains("watch=true") => Some(Self::Watch),
            _ if query.contains("limit=") => Some(Self::List),
            _ => None,
        }
    }
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut, in the middle of the answer if there is one.
    Reset,
    /// The answer begins and never ends.
    Stall,
    /// The answer ends in the middle, as if that were its end.
    Truncate,
    /// A web page.
    Page,
    /// This status, and after how many seconds to come back.
    Status(u16, Option<u64>),
}

type Body = StreamBody<Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, std::io::Error>> + Send>>>;

/// A running proxy. It stops, and cuts all connections, when it is dropped.
pub struct Proxy {
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

struct Shared {
    #[expect(clippy::disallowed_types, reason = "the test's own way to the server")]
    upstream: kube::Client,
    faults: Mutex<BTreeMap<What, Fault>>,
    /// How many requests failed, and how many came in all.
    failed: Mutex<BTreeMap<What, usize>>,
    asked: Mutex<BTreeMap<What, usize>>,
    /// Only requests with this token get through; empty: every one.
    token: Mutex<String>,
    /// This path is forbidden.
    denied: Mutex<Option<&'static str>>,
    changed: watch::Sender<u64>,
    open: watch::Sender<bool>,
}

impl Proxy {
    pub async fn start(cluster: &Cluster) -> Self {
        let file = kube::config::Kubeconfig::read_from(cluster.kubeconfig()).expect("a kubeconfig");
        let options = kube::config::KubeConfigOptions::default();
        let mut config = kube::Config::from_custom_kubeconfig(file, &options).await.expect("a config");
        config.default_retry = false;
        config.disable_compression = true;
        let shared = Arc::new(Shared {
            upstream: config.try_into().expect("a client"),
            faults: Mutex::default(),
            failed: Mutex::default(),
            asked: Mutex::default(),
            token: Mutex::default(),
            denied: Mutex::default(),
            changed: watch::Sender::new(0),
            open: watch::Sender::new(true),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let mut task = JoinSet::new();
        task.spawn(listen(listener, addr, shared.clone()));
        Self { addr, shared, _task: task }
    }

    /// A kubeconfig that leads through here.
    pub fn kubeconfig(&self, token: &str) -> String {
        format!(
            "current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
             clusters: [{{name: k, cluster: {{server: 'http://{}'}}}}]\nusers: [{{name: u, user: {{token: {token}}}}}]\n",
            self.addr
        )
    }

    /// Lets requests of this kind fail, those under way too.
    pub fn break_(&self, what: What, fault: Fault) {
        self.shared.faults.lock().expect("faults").insert(what, fault);
        self.shared.changed.send_modify(|n| *n += 1);
    }

    /// Everything works again; what hangs goes on hanging, as it does in life.
    pub fn heal(&self) {
        self.shared.faults.lock().expect("faults").clear();
    }

    /// Refuses connections and cuts those that stand, or accepts them again.
    pub fn refuse(&self, refuse: bool) {
        self.shared.open.send_replace(!refuse);
    }

    /// Lets only this token through.
    pub fn demand(&self, token: &str) {
        token.clone_into(&mut self.shared.token.lock().expect("token"));
    }

    /// Forbids exactly this path, or nothing.
    pub fn deny(&self, path: Option<&'static str>) {
        *self.shared.denied.lock().expect("denied") = path;
    }

    pub fn failed(&self, what: What) -> usize {
        self.shared.failed.lock().expect("failed").get(&what).copied().unwrap_or_default()
    }

    pub fn asked(&self, what: What) -> usize {
        self.shared.asked.lock().expect("asked").get(&what).copied().unwrap_or_default()
    }
}

async fn listen(listener: TcpListener, addr: SocketAddr, shared: Arc<Shared>) {
    let mut open = shared.open.subscribe();
    let mut listener = Some(listener);
    loop {
        let mut connections = JoinSet::new();
        let here = match listener.take() {
            Some(listener) => listener,
            None => TcpListener::bind(addr).await.expect("the same port"),
        };
        loop {
            tokio::select! {
                accepted = here.accept() => {
                    let Ok((tcp, _)) = accepted else { continue };
                    let shared = shared.clone();
                    connections.spawn(async move {
                        let service = service_fn(move |request| answer(request, shared.clone()));
                        let http = hyper::server::conn::http1::Builder::new();
                        let _ = http.serve_connection(TokioIo::new(tcp), service).await;
                    });
                }
                closed = open.wait_for(|open| !open) => {
                    if closed.is_err() { return }
                    break;
                }
            }
        }
        drop((here, connections));
        if open.wait_for(|open| *open).await.is_err() {
            return;
        }
    }
}

/// No answer at all: hyper cuts the connection.
#[derive(Debug, thiserror::Error)]
#[error("cut")]
struct Cut;

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Body>, Cut> {
    let what = What::of(request.uri().path(), request.uri().query().unwrap_or_default());
    let fault = what.and_then(|what| {
        *shared.asked.lock().expect("asked").entry(what).or_default() += 1;
        let fault = shared.faults.lock().expect("faults").get(&what).copied();
        if fault.is_some() {
            *shared.failed.lock().expect("failed").entry(what).or_default() += 1;
        }
        fault
    });
    let wanted = shared.token.lock().expect("token").clone();
    let given = request.headers().get(http::header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !wanted.is_empty() && given != format!("Bearer {wanted}") {
        return Ok(status(401, None));
    }
    if shared.denied.lock().expect("denied").is_some_and(|path| path == request.uri().path()) {
        return Ok(status(403, None));
    }
    match fault {
        Some(Fault::Status(code, after)) => Ok(status(code, after)),
        Some(Fault::Page) => Ok(page()),
        Some(fault) if what == Some(What::Watch) => Ok(broken_watch(fault)),
        fault => forward(request, shared, what, fault).await,
    }
}

fn status(code: u16, after: Option<u64>) -> Response<Body> {
    let body = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": "injected", "reason": "Injected",
    });
    let mut response = full(body.to_string());
    *response.status_mut() = StatusCode::from_u16(code).expect("a status");
    response.headers_mut().insert("content-type", "application/json".parse().expect("a type"));
    if let Some(after) = after {
        response.headers_mut().insert("retry-after", after.into());
    }
    response
}

fn page() -> Response<Body> {
    let mut response = full("<html><title>Welcome to the hotel</title></html>".into());
    response.headers_mut().insert("content-type", "text/html; charset=utf-8".parse().expect("a type"));
    response
}

fn full(text: String) -> Response<Body> {
    Response::new(StreamBody::new(stream::iter([Ok(Frame::data(Bytes::from(text)))]).boxed()))
}

/// A watch that breaks in the middle of its first event.
fn broken_watch(fault: Fault) -> Response<Body> {
    let half = stream::iter([Ok(Frame::data(Bytes::from_static(br#"{"type":"MODIFIED","object":{"metadata":{"na"#)))]);
    Response::new(StreamBody::new(half.chain(ending(fault)).boxed()))
}

/// How a broken body goes on.
fn ending(fault: Fault) -> Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, std::io::Error>> + Send>> {
    match fault {
        Fault::Stall => stream::pending().boxed(),
        Fault::Reset => stream::iter([Err(std::io::Error::other("cut"))]).boxed(),
        _ => stream::empty().boxed(),
    }
}

async fn forward(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    what: Option<What>,
    fault: Option<Fault>,
) -> Result<Response<Body>, Cut> {
    let (mut parts, _) = request.into_parts();
    parts.headers.remove(http::header::AUTHORIZATION);
    parts.headers.remove(http::header::HOST);
    let request = Request::from_parts(parts, kube::client::Body::empty());
    let response = shared.upstream.send(request).await.map_err(|_| Cut)?;
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(http::header::TRANSFER_ENCODING);
    let body = match fault {
        None => through(body, shared, what),
        Some(fault) => {
            parts.headers.remove(http::header::CONTENT_LENGTH);
            // Of a stream that may never end, the first part is the half.
            let first = body.into_data_stream().next().await;
            let first = first.and_then(Result::ok).unwrap_or_default();
            let half = first.slice(..first.len() / 2);
            stream::iter([Ok(Frame::data(half))]).chain(ending(fault)).boxed()
        }
    };
    Ok(Response::from_parts(parts, StreamBody::new(body)))
}

/// Passes a body through until a fault for this kind of request is made.
fn through(
    body: kube::client::Body,
    shared: Arc<Shared>,
    what: Option<What>,
) -> Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, std::io::Error>> + Send>> {
    let mut changed = shared.changed.subscribe();
    let broken = async move {
        loop {
            if changed.changed().await.is_err() {
                futures::future::pending::<Infallible>().await;
            }
            if let Some(fault) = what.and_then(|w| shared.faults.lock().expect("faults").get(&w).copied()) {
                return fault;
            }
        }
    };
    let parts = body.into_data_stream().map(|part| part.map(Frame::data).map_err(std::io::Error::other));
    let state = (parts, Box::pin(broken), None);
    let stream = stream::unfold(state, |(mut parts, mut broken, end)| async move {
        if let Some(mut end) = end {
            let next = StreamExt::next(&mut end).await?;
            return Some((next, (parts, broken, Some(end))));
        }
        tokio::select! {
            part = parts.next() => Some((part?, (parts, broken, None))),
            fault = &mut broken => {
                let mut end = ending(fault);
                // The fault is used up; a future that is done is never polled again.
                let next = end.next().await?;
                Some((next, (parts, broken, Some(end))))
            }
        }
    });
    stream.boxed()
}
