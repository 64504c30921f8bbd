//! Metrics, which cannot be watched and are polled.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::decode::metrics;
use super::failure::Failure;
use super::feed::segment;
use super::session::{Closed, Session};
use crate::situation::{Observation, Source, SourceState, Text};

const API: &str = "/apis/metrics.k8s.io/v1beta1";

/// Polls the metrics of nodes.
pub(super) async fn nodes(mut session: Session) -> Closed {
    loop {
        let way = match session.way().await {
            Ok(way) => way,
            Err(closed) => return closed,
        };
        let begun = Instant::now();
        let answer = way.endpoint.read(&format!("{API}/nodes"), session.pace.patience).await;
        let list = answer.and_then(|json| metrics::nodes(&json).map_err(|e| Failure::Garbled(e.into())));
        let (batch, wait) = match list {
            Ok(list) => {
                let heard = Observation::Heard(Source::NodeMetrics, session.clocks.wall.now());
                (vec![Observation::NodeMetrics(list), heard], session.pace.metrics)
            }
            Err(failure) => {
                let wait = wait(&session, &failure);
                let state = state(&session, &failure, "list nodes.metrics.k8s.io", wait);
                (vec![Observation::Source(Source::NodeMetrics, state)], wait)
            }
        };
        if session.send(batch).await.is_err() {
            return Closed;
        }
        let rest = wait.saturating_sub(begun.elapsed());
        if session.pause(rest).await.is_err() {
            return Closed;
        }
    }
}

/// Polls the metrics of pods in the deployment's namespaces and in that of the pod on the screen.
pub(super) async fn pods(mut session: Session, home: Arc<[Text]>, mut shown: watch::Receiver<Option<Text>>) -> Closed {
    let mut limited = false;
    loop {
        let Ok(way) = session.way().await else { return Closed };
        let begun = Instant::now();
        let (mut batch, mut failures, mut heard) = (Vec::new(), Vec::new(), false);
        let on_screen = shown.borrow_and_update().clone();
        for namespace in namespaces(&session, &home, on_screen.as_ref()) {
            let path = format!("{API}/namespaces/{}/pods", segment(&namespace));
            let answer = way.endpoint.read(&path, session.pace.patience).await;
            match answer.and_then(|json| metrics::pods(&json).map_err(|e| Failure::Garbled(e.into()))) {
                Ok(list) => {
                    heard = true;
                    batch.push(Observation::PodMetrics(namespace, list));
                }
                Err(failure) => failures.push((namespace, failure)),
            }
        }
        let mut pause = session.pace.metrics;
        if heard {
            batch.push(Observation::Heard(Source::PodMetrics, session.clocks.wall.now()));
        } else if let Some((_, failure)) = failures.first() {
            pause = wait(&session, failure);
            let state = state(&session, failure, "list pods.metrics.k8s.io", pause);
            batch.push(Observation::Source(Source::PodMetrics, state));
        }
        let partly = heard && !failures.is_empty();
        if partly || limited {
            let names: Vec<&str> = failures.iter().map(|(n, _)| n.as_str()).collect();
            let part = if partly { format!("without {}", names.join(", ")) } else { String::new() };
            batch.push(Observation::Limited(Source::PodMetrics, Text::from(part)));
            limited = partly;
        }
        if session.send(batch).await.is_err() {
            return Closed;
        }
        if rest(&session, &mut shown, pause.saturating_sub(begun.elapsed())).await.is_err() {
            return Closed;
        }
    }
}

/// Waits for the next round, or until another namespace is shown.
async fn rest(session: &Session, shown: &mut watch::Receiver<Option<Text>>, wait: Duration) -> Result<(), Closed> {
    // Somebody who leafs through pods changes it with each key.
    let changed = async {
        let changed = shown.changed().await;
        sleep(session.pace.first_retry / 4).await;
        changed
    };
    let changed = tokio::time::timeout(wait, changed).await;
    match changed {
        Ok(Err(_)) => Err(Closed),
        Ok(Ok(())) | Err(_) => Ok(()),
    }
}

/// Without any of a deployment's own, the namespace of the kubeconfig's context.
fn namespaces(session: &Session, home: &[Text], shown: Option<&Text>) -> BTreeSet<Text> {
    let mut all: BTreeSet<Text> = home.iter().chain(shown).cloned().collect();
    if all.is_empty() {
        all.extend(session.namespace());
    }
    all
}

fn wait(session: &Session, failure: &Failure) -> Duration {
    if failure.missing() || failure.forbidden() {
        return session.pace.slow_retry;
    }
    failure.retry_after().map_or(session.pace.metrics, |asked| asked.max(session.pace.metrics))
}

fn state(session: &Session, failure: &Failure, rule: &str, wait: Duration) -> SourceState {
    if failure.missing() {
        return SourceState::Missing;
    }
    if failure.forbidden() {
        return SourceState::Forbidden(Text::new(rule));
    }
    if failure.of_endpoint() {
        session.suspect();
    }
    let mut trouble = failure.trouble("metrics");
    if matches!(failure, Failure::Refused { code: 500..=599, .. }) {
        trouble.what = Text::new("metrics API not answering");
        trouble.remedy = Text::new("look at the APIService v1beta1.metrics.k8s.io and at metrics-server");
    }
    trouble.retry_at = session.after(wait);
    SourceState::Failed(trouble)
}
