//! The way from the edge to the origins: one after the other, and the edge's code for what went wrong.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, header};

use super::super::super::http::Reply;
use super::super::onward::{self, Failed, Way};
use super::super::patience::Shared;
use super::Visit;
use crate::drill::net::{Caller, Vantage};

/// For so long an origin that did not take a connection is tried last.
const SHUNNED: Duration = Duration::from_secs(30);
/// How many origins may keep one visitor waiting for a connection.
const WAITS: usize = 2;

/// The way to the origins.
#[derive(Debug)]
pub struct Origins {
    patience: Arc<Shared>,
    turn: AtomicUsize,
    /// When an origin last did not take a connection.
    silent: Mutex<BTreeMap<String, Instant>>,
}

/// How the edge speaks to the origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Plain HTTP.
    Plain,
    /// TLS, with any certificate.
    Secure,
    /// TLS, with a certificate that somebody vouches for.
    Strict,
}

impl Target {
    /// What the zone's mode means for a visit.
    pub fn of(mode: &str, secure: bool) -> Self {
        match mode {
            "full" if secure => Self::Secure,
            "strict" | "origin_pull" if secure => Self::Strict,
            _ => Self::Plain,
        }
    }
}

impl Origins {
    /// It.
    pub fn new(patience: Arc<Shared>) -> Self {
        Self { patience, turn: AtomicUsize::new(0), silent: Mutex::default() }
    }

    /// The answer of one of these addresses.
    ///
    /// # Errors
    /// The edge's code for what went wrong with the last that was tried.
    pub async fn ask(
        &self,
        addresses: &[String],
        target: Target,
        request: &Request<Bytes>,
        visit: &Visit,
        caller: &Caller,
    ) -> Result<Reply, u16> {
        let (mut code, mut waits) = (523, 0);
        for address in self.order(addresses) {
            match self.try_one(&address, target, request, visit, caller).await {
                Ok(mut reply) => {
                    let dynamic = HeaderValue::from_static("DYNAMIC");
                    reply.headers_mut().insert(HeaderName::from_static("cf-cache-status"), dynamic);
                    return Ok(reply);
                }
                Err(failed) => {
                    code = code_of(failed);
                    if failed == Failed::Unconnected {
                        self.shun(&address);
                        waits += 1;
                    }
                    // Only what never reached an origin may go to another.
                    let elsewhere = matches!(failed, Failed::Refused | Failed::Unconnected | Failed::Unreachable);
                    if !elsewhere || waits >= WAITS {
                        break;
                    }
                }
            }
        }
        Err(code)
    }

    /// Whose turn it is comes first; who was silent a moment ago comes last.
    fn order(&self, addresses: &[String]) -> Vec<String> {
        let mut order = addresses.to_vec();
        if !order.is_empty() {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed) % order.len();
            order.rotate_left(turn);
        }
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.retain(|_, since| since.elapsed() < SHUNNED);
        order.sort_by_key(|address| silent.contains_key(address));
        order
    }

    fn shun(&self, address: &str) {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.insert(address.to_owned(), Instant::now());
    }

    async fn try_one(
        &self,
        address: &str,
        target: Target,
        request: &Request<Bytes>,
        visit: &Visit,
        caller: &Caller,
    ) -> Result<Reply, Failed> {
        let patience = self.patience.get();
        let way = Way {
            network: &caller.network,
            from: Vantage::Edge,
            address,
            port: if target == Target::Plain { 80 } else { 443 },
            tls: (target != Target::Plain).then_some(visit.host.as_str()),
            connect: patience.edge_connect,
            answer: Some(patience.edge_answer),
        };
        if target == Target::Strict {
            // The origins have no certificate but those they made themselves.
            onward::reach(&way).await?;
            return Err(Failed::Untrusted);
        }
        onward::send(&way, to_origin(request, visit)).await
    }
}

const fn code_of(failed: Failed) -> u16 {
    match failed {
        Failed::Refused => 521,
        Failed::Unconnected => 522,
        Failed::Unreachable => 523,
        Failed::Unanswered => 524,
        Failed::Handshake => 525,
        Failed::Untrusted => 526,
        Failed::Invalid => 520,
    }
}

/// The visitor's request as an origin gets it.
fn to_origin(request: &Request<Bytes>, visit: &Visit) -> Request<Bytes> {
    let mut onward = request.clone();
    let target = request.uri().path_and_query().and_then(|target| target.as_str().parse().ok());
    *onward.uri_mut() = target.unwrap_or_default();
    let scheme = if visit.secure { "https" } else { "http" };
    let said = [
        (header::HOST, visit.host.clone()),
        (HeaderName::from_static("cf-connecting-ip"), visit.visitor.clone()),
        (HeaderName::from_static("cf-ipcountry"), "DE".to_owned()),
        (HeaderName::from_static("cf-ray"), visit.ray.clone()),
        (HeaderName::from_static("cf-visitor"), format!("{{\"scheme\":\"{scheme}\"}}")),
        (HeaderName::from_static("cdn-loop"), "cloudflare; loops=1".to_owned()),
        (HeaderName::from_static("x-forwarded-for"), visit.visitor.clone()),
        (HeaderName::from_static("x-forwarded-proto"), scheme.to_owned()),
    ];
    for (name, value) in said {
        if let Ok(value) = HeaderValue::from_str(&value) {
            onward.headers_mut().insert(name, value);
        }
    }
    onward
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).to_vec()
    }

    #[test]
    fn every_origin_has_its_turn_and_the_silent_come_last() {
        let origins = Origins::new(Arc::default());
        let firsts: Vec<_> = (0..6).map(|_| origins.order(&addresses())[0].clone()).collect();
        assert_eq!(firsts, ["a", "b", "c", "a", "b", "c"]);
        origins.shun("a");
        for _ in 0..3 {
            assert_eq!(origins.order(&addresses())[2], "a");
        }
        assert!(origins.order(&[]).is_empty());
    }

    #[test]
    fn each_failure_has_its_code() {
        let codes = [
            (Failed::Invalid, 520),
            (Failed::Refused, 521),
            (Failed::Unconnected, 522),
            (Failed::Unreachable, 523),
            (Failed::Unanswered, 524),
            (Failed::Handshake, 525),
            (Failed::Untrusted, 526),
        ];
        for (failed, code) in codes {
            assert_eq!(code_of(failed), code, "{failed:?}");
        }
    }

    #[test]
    fn only_the_full_modes_speak_tls_and_only_for_visits_over_tls() {
        for (mode, secure, target) in [
            ("flexible", true, Target::Plain),
            ("full", true, Target::Secure),
            ("full", false, Target::Plain),
            ("strict", true, Target::Strict),
            ("strict", false, Target::Plain),
            ("off", false, Target::Plain),
        ] {
            assert_eq!(Target::of(mode, secure), target, "{mode}");
        }
    }
}
