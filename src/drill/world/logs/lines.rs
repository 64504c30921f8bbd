//! The lines of workloads that are well, or nearly.

use jiff::Timestamp;

use crate::drill::world::program::Trade;

/// How many lines are written in a second.
pub(super) fn rate(trade: Trade, chance: u64) -> u64 {
    match trade {
        Trade::Api => [0, 1, 1, 2, 0, 1, 3, 0][pick(chance, 8)],
        Trade::Ingress => [1, 2, 1, 3, 2, 1, 4, 2][pick(chance, 8)],
        Trade::Worker => u64::from(chance.is_multiple_of(7)),
        Trade::Admin => u64::from(chance.is_multiple_of(23)),
        Trade::Task => u64::from(chance.is_multiple_of(3)),
        Trade::Redis => u64::from(chance.is_multiple_of(67)),
        Trade::Dns => u64::from(chance.is_multiple_of(911)),
        Trade::Other => u64::from(chance.is_multiple_of(31)),
        Trade::Metrics | Trade::Storage => 0,
    }
}

fn pick(chance: u64, of: usize) -> usize {
    (chance >> 9) as usize % of
}

/// One line, written at that time.
pub(super) fn line(trade: Trade, at: Timestamp, chance: u64) -> String {
    match trade {
        Trade::Api => request(at, chance),
        Trade::Worker => task(at, chance),
        Trade::Admin => {
            let page = ["/", "/users", "/residences", "/tasks", "/login"][pick(chance, 5)];
            format!(" GET {page} 200 in {}ms", 8 + chance % 90)
        }
        Trade::Task => {
            stamped(trade, at, &format!("processed batch size={} left={}", 20 + chance % 80, at.as_second() % 400))
        }
        Trade::Redis => {
            let text = [
                "1 changes in 3600 seconds. Saving...",
                "Background saving started by pid 41",
                "DB saved on disk",
                "Background saving terminated with success",
            ][pick(chance, 4)];
            stamped(trade, at, text)
        }
        Trade::Dns => "[INFO] Reloading complete".to_owned(),
        _ => stamped(trade, at, &format!("tick {}", chance % 10_000)),
    }
}

/// A text as the workload's logger writes it.
pub(super) fn stamped(trade: Trade, at: Timestamp, text: &str) -> String {
    match trade {
        Trade::Api | Trade::Worker | Trade::Task => {
            format!(r#"{{"time":"{}","level":"INFO","msg":"{text}"}}"#, at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
        }
        Trade::Redis => format!("1:M {} * {text}", at.strftime("%d %b %Y %H:%M:%S%.3f")),
        Trade::Metrics => format!("I{}       1 {text}", at.strftime("%m%d %H:%M:%S%.6f")),
        Trade::Storage => format!("time=\"{}\" level=info msg=\"{text}\"", at.strftime("%Y-%m-%dT%H:%M:%SZ")),
        Trade::Ingress => format!("{} INF {text}", at.strftime("%Y-%m-%dT%H:%M:%SZ")),
        Trade::Other => format!("{} {text}", at.strftime("%Y-%m-%dT%H:%M:%SZ")),
        Trade::Admin | Trade::Dns => text.to_owned(),
    }
}

/// What a workload writes when it starts, with milliseconds since then.
pub(super) fn opening(trade: Trade) -> Vec<(i64, String)> {
    let lines: &[(i64, &str)] = match trade {
        Trade::Api => &[
            (40, "starting api"),
            (190, "database connected"),
            (420, "migrations: lock taken, nothing to apply"),
            (470, "redis connected"),
            (610, "listening on :8000"),
        ],
        Trade::Worker => &[
            (50, "starting worker"),
            (260, "database connected"),
            (340, "asynq: starting processing, concurrency 10"),
            (360, "scheduler registered 6 periodic tasks"),
        ],
        Trade::Admin => &[
            (700, "   ▲ Next.js 15.3.2"),
            (705, "   - Local:        http://localhost:3000"),
            (1900, " ✓ Ready in 1184ms"),
        ],
        Trade::Redis => &[
            (20, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo"),
            (60, "Running mode=standalone, port=6379."),
            (130, "DB loaded from append only file: 0.041 seconds"),
            (140, "Ready to accept connections tcp"),
        ],
        Trade::Ingress => &[
            (90, "Traefik version 3.6.9 built on 2026-03-02T09:11:40Z"),
            (240, "Starting provider *ingress.Provider"),
            (260, "ingress label selector is: \\\"\\\""),
        ],
        Trade::Dns => &[
            (300, ".:53"),
            (310, "[INFO] plugin/reload: Running configuration SHA512 = 1b226df79860026c"),
            (330, "CoreDNS-1.14.1"),
            (340, "linux/amd64, go1.25.7, 1db4568"),
        ],
        Trade::Metrics => &[
            (400, "serving.go:380] \"Generated self-signed cert\""),
            (900, "secure_serving.go:211] \"Serving securely on [::]:10250\""),
        ],
        Trade::Storage => &[(200, "Applied config"), (380, "Provisioner started")],
        Trade::Task => &[(30, "starting"), (210, "database connected")],
        Trade::Other => &[(100, "started")],
    };
    lines.iter().map(|(after, text)| (*after, (*text).to_owned())).collect()
}

const PATHS: [(&str, &str); 8] = [
    ("GET", "/api/tasks/"),
    ("GET", "/api/residences/"),
    ("GET", "/api/health/"),
    ("POST", "/api/tasks/complete/"),
    ("GET", "/api/contractors/"),
    ("GET", "/api/documents/"),
    ("POST", "/api/auth/refresh/"),
    ("GET", "/api/notifications/"),
];

fn request(at: Timestamp, chance: u64) -> String {
    let (method, path) = PATHS[pick(chance, 8)];
    let status = match (method, chance % 61) {
        (_, 0) => 404,
        (_, 1) => 401,
        ("POST", _) => 201,
        _ => 200,
    };
    let took = 2.0 + (chance % 1000) as f64 / 11.0;
    format!(
        r#"{{"time":"{}","level":"INFO","msg":"request","method":"{method}","path":"{path}","status":{status},"ms":{took:.1},"ip":"203.0.113.{}","id":"{:08x}"}}"#,
        at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        100 + chance % 100,
        chance as u32,
    )
}

/// One line of an ingress's access log.
pub(super) fn access(at: Timestamp, chance: u64, ailing: bool, upstreams: &[String]) -> String {
    let (method, path) = PATHS[pick(chance, 8)];
    let (status, took) = match (ailing, chance % 5) {
        (true, 0..=2) => (504, 30_000 + chance % 40),
        (true, _) => (502, 3000 + chance % 60),
        (false, _) if chance.is_multiple_of(97) => (404, 3),
        (false, _) => (200, 3 + chance % 90),
    };
    let upstream = upstreams.get(pick(chance, upstreams.len().max(1)));
    let upstream = upstream.map_or_else(|| "-".to_owned(), |ip| format!("http://{ip}:8000"));
    format!(
        "203.0.113.{} - - [{}] \"{method} {path} HTTP/1.1\" {status} {} \"-\" \"-\" {} \"honeydue-api-api-example-com@kubernetes\" \"{upstream}\" {took}ms",
        100 + chance % 100,
        at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        200 + chance % 4000,
        at.as_second() % 900_000,
    )
}

fn task(at: Timestamp, chance: u64) -> String {
    let kind = ["email:reminder", "push:task_due", "task:recur", "export:pdf", "session:expire"][pick(chance, 5)];
    format!(
        r#"{{"time":"{}","level":"INFO","msg":"task done","type":"{kind}","id":"{:08x}","ms":{}}}"#,
        at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        chance as u32,
        20 + chance % 700,
    )
}
