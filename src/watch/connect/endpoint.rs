//! One API endpoint, which can be asked and not told: there is no way here to send anything but a GET. What is told goes
//! through the client that [`Endpoint::client`] lends to [`Pinned`](crate::watch::Pinned), and so to the executor.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use kube::Config;
use kube::client::{Body, ClientBuilder};
use serde::Deserialize;
use tokio::time::timeout;

use super::explain::{Way, explain, timed_out};
use crate::situation::{Text, clean};
use crate::watch::failure::Failure;

/// What the answer is asked to be.
pub(in crate::watch) const JSON: &str = "application/json";
/// As much of an answer that says no is read.
const NO_LIMIT: usize = 64 << 10;

/// One server of the cluster's API.
#[derive(Clone)]
pub(in crate::watch) struct Endpoint {
    /// Its URL.
    pub(in crate::watch) url: Text,
    #[expect(clippy::disallowed_types, reason = "the one place that holds it; it is only asked, with GET")]
    client: kube::Client,
    way: Way,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Endpoint").field(&self.url).finish()
    }
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub(in crate::watch) struct Ask<'a> {
    /// Path and query.
    pub(in crate::watch) path: &'a str,
    /// The wanted form.
    pub(in crate::watch) accept: &'static str,
    /// Whether the answer comes bit by bit, so that it must not be compressed: newer servers compress each event of a
    /// watch on its own, of which the client would read only the first.
    pub(in crate::watch) stream: bool,
    /// How long to wait for its beginning, and for each of its parts.
    pub(in crate::watch) patience: Duration,
}

/// An answer whose body has not been read.
#[derive(Debug)]
pub(in crate::watch) struct Answer {
    pub(in crate::watch) status: StatusCode,
    headers: HeaderMap,
    body: Body,
    way: Way,
    patience: Duration,
}

impl Endpoint {
    /// Gets ready to ask; connects to nothing yet.
    ///
    /// # Errors
    /// When the certificates or the credentials cannot be used.
    pub(super) fn new(config: Config, way: Way) -> Result<Self, kube::Error> {
        let url = Text::new(config.cluster_url.to_string().trim_end_matches('/'));
        Ok(Self { url, client: ClientBuilder::try_from(config)?.build(), way })
    }

    /// The client itself.
    #[expect(clippy::disallowed_types, reason = "for the pin, which only action/ may ask for it")]
    pub(in crate::watch) fn client(&self) -> kube::Client {
        self.client.clone()
    }

    /// An error of the client, in words.
    pub(in crate::watch) fn explain(&self, error: &kube::Error) -> String {
        explain(error, &self.way).what
    }

    /// Asks, whatever the answer's status.
    pub(in crate::watch) async fn ask(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        let mut request = Request::get(ask.path).header(ACCEPT, ask.accept);
        if ask.stream {
            request = request.header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        let request = request.body(Body::empty()).map_err(|e| Failure::Unreachable(explain(&e, &self.way)))?;
        let response = timeout(ask.patience, self.client.send(request))
            .await
            .map_err(|_| Failure::Unreachable(timed_out(&self.way)))?
            .map_err(|e| Failure::Unreachable(explain(&e, &self.way)))?;
        let (parts, body) = response.into_parts();
        Ok(Answer { status: parts.status, headers: parts.headers, body, way: self.way.clone(), patience: ask.patience })
    }

    /// Asks and takes only a yes.
    pub(in crate::watch) async fn get(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        let answer = self.ask(ask).await?;
        if answer.status.is_success() && !answer.is_page() { Ok(answer) } else { Err(answer.refusal().await) }
    }

    /// Asks for JSON and reads it as a whole.
    pub(in crate::watch) async fn read(&self, path: &str, patience: Duration) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        self.get(Ask { path, accept: JSON, stream: false, patience }).await?.read(&mut body, usize::MAX).await?;
        Ok(body)
    }
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    message: Option<Text>,
}

impl Answer {
    /// The next part of the body; `None` at its end. Waits as long as it takes.
    pub(in crate::watch) async fn part(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(Failure::Unreachable(explain(&error, &self.way))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Reads the body to its end, or to `limit` bytes.
    pub(in crate::watch) async fn read(mut self, into: &mut Vec<u8>, limit: usize) -> Result<(), Failure> {
        into.clear();
        while into.len() < limit {
            match timeout(self.patience, self.part()).await {
                Err(_) => return Err(Failure::Stalled(self.patience)),
                Ok(part) => match part? {
                    Some(part) => into.extend_from_slice(&part),
                    None => return Ok(()),
                },
            }
        }
        Ok(())
    }

    /// The server's time, to the second.
    pub(in crate::watch) fn date(&self) -> Option<Timestamp> {
        let date = self.headers.get(DATE)?.to_str().ok()?;
        jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()
    }

    /// Whether it is a web page, which the API never sends.
    pub(in crate::watch) fn is_page(&self) -> bool {
        self.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
    }

    /// Reads why not.
    pub(in crate::watch) async fn refusal(self) -> Failure {
        let code = self.status.as_u16();
        let page = self.is_page();
        let retry_after =
            self.headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(|s| s.trim().parse().ok());
        let mut body = Vec::new();
        // What has come until it broke off is good enough for a reason.
        let _ = self.read(&mut body, NO_LIMIT).await;
        if page {
            return Failure::Foreign { code, title: title(&body) };
        }
        let status = serde_json::from_slice(&body).unwrap_or(Status { message: None });
        let plain = || Text::new(String::from_utf8_lossy(&body).lines().next().unwrap_or_default());
        Failure::Refused {
            code,
            message: status.message.unwrap_or_else(plain),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }
}

/// The title of a web page.
fn title(page: &[u8]) -> Text {
    let page = String::from_utf8_lossy(page);
    let lower = page.to_ascii_lowercase();
    let inside = lower.find("<title>").map(|at| at + "<title>".len());
    let end = inside.and_then(|from| lower.get(from..)?.find('<').map(|len| from + len));
    let title = inside.zip(end).and_then(|(from, to)| page.get(from..to)).unwrap_or_default();
    Text::new(clean(title.trim()).chars().take(80).collect::<String>().as_str())
}
