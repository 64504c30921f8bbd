//! The application's own API. `/api/livez` and `/api/health/` need nothing but the process, `/api/health/deep/` asks
//! database and cache, everything else needs both and a login.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use serde_json::{Value, json};

use super::super::super::http::{Reply, json, plain};
use super::super::request::{path_of, text};
use super::{LOOK, vitals, work};
use crate::drill::net::Caller;
use crate::drill::world::{Dependency, Vitals};

/// Collections that a login shows, and what is in them.
const COLLECTIONS: [(&str, &str); 6] = [
    ("/api/tasks/", "task"),
    ("/api/residences/", "residence"),
    ("/api/contractors/", "contractor"),
    ("/api/documents/", "document"),
    ("/api/notifications/", "notification"),
    ("/api/users/", "user"),
];

/// Answers one request.
pub async fn respond(request: &Request<Bytes>, vitals: Vitals, caller: &Caller) -> Reply {
    let path = path_of(request);
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match path {
        "/api/livez" => plain(StatusCode::OK, "ok"),
        "/api/health/" | "/api/health" if reads => {
            work(3.0, &vitals).await;
            json(StatusCode::OK, &health(&vitals))
        }
        "/api/health/deep/" if reads => {
            let vitals = dependencies(vitals, caller).await;
            work(11.0, &vitals).await;
            let status = if well(&vitals) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            json(status, &health(&vitals))
        }
        "/api/lookups/" if reads => {
            work(6.0, &vitals).await;
            json(
                StatusCode::OK,
                &json!({ "priorities": ["low", "medium", "high", "urgent"],
                "frequencies": ["once", "weekly", "monthly", "quarterly", "yearly"] }),
            )
        }
        "/api/auth/login/" | "/api/auth/refresh/" if *request.method() == Method::POST => {
            let vitals = dependencies(vitals, caller).await;
            work(64.0, &vitals).await;
            if well(&vitals) { error(StatusCode::UNAUTHORIZED, "invalid credentials") } else { unavailable() }
        }
        _ => match COLLECTIONS.iter().find(|(prefix, _)| path.starts_with(prefix)) {
            Some((prefix, kind)) => collection(request, (prefix, kind), vitals, caller).await,
            None => error(StatusCode::NOT_FOUND, "Not Found"),
        },
    }
}

async fn collection(request: &Request<Bytes>, (prefix, kind): (&str, &str), vitals: Vitals, caller: &Caller) -> Reply {
    if !text(request, &header::AUTHORIZATION).starts_with("Bearer ") {
        work(2.0, &vitals).await;
        let mut reply = error(StatusCode::UNAUTHORIZED, "authentication required");
        reply.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return reply;
    }
    let vitals = dependencies(vitals, caller).await;
    work(27.0, &vitals).await;
    if !well(&vitals) {
        return unavailable();
    }
    let own = path_of(request).strip_prefix(prefix).unwrap_or_default().trim_end_matches('/');
    match (request.method(), own) {
        (&Method::GET | &Method::HEAD, "") => {
            let results: Vec<_> = (1..=3).map(|id| item(kind, id)).collect();
            json(StatusCode::OK, &json!({ "count": results.len(), "results": results }))
        }
        (&Method::GET | &Method::HEAD, id) => match id.parse() {
            Ok(id @ 1..=3) => json(StatusCode::OK, &item(kind, id)),
            _ => error(StatusCode::NOT_FOUND, "Not Found"),
        },
        _ => error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
    }
}

fn item(kind: &str, id: u64) -> Value {
    json!({ "id": id, "kind": kind, "title": format!("{kind} {id}"), "archived": false })
}

/// The pod once database and cache have answered it, well or not. There is no deadline for either: a request waits as
/// long as they are silent, or the process waits for itself.
async fn dependencies(mut now: Vitals, caller: &Caller) -> Vitals {
    while now.deadlocked || now.database == Dependency::Silent || now.cache == Dependency::Silent {
        tokio::time::sleep(LOOK).await;
        let Some(later) = vitals(caller) else { return std::future::pending().await };
        now = later;
    }
    for dependency in [now.database, now.cache] {
        if let Dependency::There(millis @ 1..) = dependency {
            tokio::time::sleep(std::time::Duration::from_millis(u64::from(millis))).await;
        }
    }
    now
}

const fn well(vitals: &Vitals) -> bool {
    matches!((vitals.database, vitals.cache), (Dependency::There(_), Dependency::There(_)))
}

fn health(vitals: &Vitals) -> Value {
    json!({
        "status": if well(vitals) { "healthy" } else { "degraded" }, "version": vitals.version, "uptime": vitals.up,
        "checks": { "database": check(vitals.database, 3), "cache": check(vitals.cache, 1) },
    })
}

fn check(dependency: Dependency, usual: u32) -> Value {
    match dependency {
        Dependency::There(more) => json!({ "status": "up", "latency_ms": usual.saturating_add(more) }),
        Dependency::Fails => json!({ "status": "down", "error": "connection failed" }),
        Dependency::Silent => json!({ "status": "down", "error": "context deadline exceeded" }),
    }
}

fn unavailable() -> Reply {
    error(StatusCode::SERVICE_UNAVAILABLE, "service temporarily unavailable")
}

fn error(status: StatusCode, message: &str) -> Reply {
    json(status, &json!({ "error": message }))
}
