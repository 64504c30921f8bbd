//! One look at one endpoint.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::Instant;

use super::Batch;
use super::connect::endpoint::{Answer, Ask, Endpoint, JSON};
use super::failure::Failure;
use super::pace::Pace;
use crate::situation::time::Clocks;
use crate::situation::{EndpointHealth, Observation, Source, SourceState, Text, Trouble};

/// The `Date` header counts whole seconds; a difference below this is none.
const RESOLUTION: SignedDuration = SignedDuration::from_millis(1500);
/// As much of a health page is read.
const LIMIT: usize = 64 << 10;

/// What a look showed.
#[derive(Debug)]
pub(super) struct Probe {
    health: EndpointHealth,
    failure: Option<Failure>,
    /// Server time minus cluster clock.
    pub(super) skew: Option<SignedDuration>,
}

impl Probe {
    /// It answers and takes our credentials.
    pub(super) fn alive(&self) -> bool {
        self.failure.is_none()
    }

    /// It is alive and every readiness check passes.
    pub(super) fn ready(&self) -> bool {
        self.alive() && self.health.ready()
    }

    /// It does not take our credentials.
    pub(super) fn refused(&self) -> bool {
        self.failure.as_ref().is_some_and(Failure::unauthorized)
    }

    /// What is wrong, in words.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.failure.as_ref().map(|failure| failure.trouble("the API server"))
    }

    /// What there is to say of it.
    pub(super) fn observations(self, now: Timestamp) -> Batch {
        let source = Source::Endpoint(self.health.endpoint.clone());
        let state = match self.trouble() {
            None => Observation::Heard(source, now),
            Some(trouble) => Observation::Source(source, SourceState::Failed(trouble)),
        };
        vec![Observation::Health(self.health), state]
    }
}

/// Asks `/readyz?verbose` and `/livez?verbose`.
pub(super) async fn probe(endpoint: &Endpoint, clocks: &Clocks, pace: Pace) -> Probe {
    let (ready, live) = tokio::join!(check(endpoint, "/readyz", clocks, pace), check(endpoint, "/livez", clocks, pace));
    let mut health = EndpointHealth {
        endpoint: endpoint.url.clone(),
        live: live.map(|page| page.checks).unwrap_or_default(),
        at: Some(clocks.cluster.now()),
        ..EndpointHealth::default()
    };
    match ready {
        Ok(answer) => {
            health.ready = answer.checks;
            health.answered = true;
            health.latency = Some(answer.latency);
            Probe { health, failure: None, skew: answer.skew }
        }
        Err(failure) => {
            // 401 is an answer: the server is alive.
            health.answered = failure.unauthorized();
            Probe { health, failure: Some(failure), skew: None }
        }
    }
}

struct Page {
    checks: Vec<(Text, bool)>,
    latency: SignedDuration,
    skew: Option<SignedDuration>,
}

async fn check(endpoint: &Endpoint, path: &str, clocks: &Clocks, pace: Pace) -> Result<Page, Failure> {
    let begun = Instant::now();
    let full = format!("{path}?verbose");
    let ask = Ask { path: &full, accept: "text/plain, */*", stream: false, patience: pace.health_patience };
    let answer = endpoint.ask(ask).await?;
    let took = begun.elapsed();
    if answer.is_page() || answer.status.as_u16() == 401 {
        return Err(answer.refusal().await);
    }
    let status = answer.status;
    let skew = answer.date().map(|date| skew(date, clocks.cluster.now(), took));
    let mut checks = read(answer).await?;
    if status.is_server_error() && checks.iter().all(|(_, ok)| *ok) {
        // Not the API's own page: some front says that it is not there.
        checks.push((Text::from(format!("{} (HTTP {})", path.trim_start_matches('/'), status.as_u16())), false));
    }
    Ok(Page { checks, latency: SignedDuration::try_from(took).unwrap_or_default(), skew })
}

async fn read(answer: Answer) -> Result<Vec<(Text, bool)>, Failure> {
    let mut body = Vec::new();
    answer.read(&mut body, LIMIT).await?;
    Ok(checks(&String::from_utf8_lossy(&body)))
}

/// `[+]etcd ok`, `[-]etcd failed: reason withheld`
fn checks(page: &str) -> Vec<(Text, bool)> {
    let line = |line: &str| {
        let (rest, passes) = match (line.strip_prefix("[+]"), line.strip_prefix("[-]")) {
            (Some(rest), _) => (rest, true),
            (_, Some(rest)) => (rest, false),
            _ => return None,
        };
        Some((Text::new(rest.split(' ').next().unwrap_or_default()), passes))
    };
    page.lines().filter_map(line).collect()
}

/// The server said `date` some time within the last `took`.
pub(super) fn skew(date: Timestamp, now: Timestamp, took: Duration) -> SignedDuration {
    let half_second = SignedDuration::from_millis(500);
    let half_way = SignedDuration::try_from(took / 2).unwrap_or_default();
    let skew = date.duration_since(now) + half_second + half_way;
    if skew.abs() <= RESOLUTION { SignedDuration::ZERO } else { skew }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: Text,
}

#[derive(Deserialize)]
struct Object {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    uid: Text,
}

/// `/version` and the UID of namespace kube-system; the UID is empty when we may not see it.
pub(super) async fn identify(
    endpoint: &Endpoint,
    patience: Duration,
) -> (Result<Text, Failure>, Result<Text, Failure>) {
    let version = async {
        let body = endpoint.read("/version", patience).await?;
        let version: Version = serde_json::from_slice(&body).map_err(|e| Failure::Garbled(e.into()))?;
        Ok(version.git_version)
    };
    let known = async {
        match uid(endpoint, patience).await {
            Ok((uid, _)) => Ok(uid),
            Err(failure) if failure.forbidden() => Ok(Text::default()),
            Err(failure) => Err(failure),
        }
    };
    tokio::join!(version, known)
}

/// The UID of namespace kube-system, and the server's time.
pub(super) async fn uid(endpoint: &Endpoint, patience: Duration) -> Result<(Text, Option<Timestamp>), Failure> {
    let ask = Ask { path: "/api/v1/namespaces/kube-system", accept: JSON, stream: false, patience };
    let answer = endpoint.get(ask).await?;
    let date = answer.date();
    let mut body = Vec::new();
    answer.read(&mut body, LIMIT).await?;
    let object: Object = serde_json::from_slice(&body).map_err(|e| Failure::Garbled(e.into()))?;
    Ok((object.metadata.uid, date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_health_page_names_what_fails() {
        let page = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]poststarthook/x ok\nreadyz check failed\n";
        let expected = [("ping", true), ("etcd", false), ("poststarthook/x", true)];
        assert_eq!(checks(page), expected.map(|(name, ok)| (Text::new(name), ok)));
    }

    #[test]
    fn the_date_header_tells_no_difference_below_its_own_resolution() {
        let now: Timestamp = "2026-01-01T00:00:10.9Z".parse().expect("a time");
        let date = |text: &str| text.parse::<Timestamp>().expect("a time");
        assert_eq!(skew(date("2026-01-01T00:00:10Z"), now, Duration::ZERO), SignedDuration::ZERO);
        let ahead = skew(date("2026-01-01T00:02:10Z"), now, Duration::from_millis(200));
        assert_eq!(ahead.as_millis(), 119_700);
    }
}
