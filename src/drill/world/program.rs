//! What runs in a container: how long it takes to start and to stop, and how it goes on.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Deserialize;

/// What a workload does for a living; decides its figures and its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Trade {
    Api,
    Admin,
    Worker,
    Redis,
    Ingress,
    Dns,
    Metrics,
    Storage,
    Task,
    Other,
}

impl Trade {
    /// By the name of its container.
    pub fn of(container: &str) -> Self {
        match container {
            "api" => Self::Api,
            "admin" => Self::Admin,
            "worker" => Self::Worker,
            "redis" => Self::Redis,
            "traefik" => Self::Ingress,
            "coredns" => Self::Dns,
            "metrics-server" => Self::Metrics,
            "local-path-provisioner" => Self::Storage,
            "digest" | "cleanup" => Self::Task,
            _ => Self::Other,
        }
    }

    /// Milliseconds from its start until it answers.
    pub const fn readiness(self) -> (u64, u64) {
        match self {
            Self::Api => (2600, 4200),
            Self::Admin => (3000, 5000),
            Self::Worker => (2000, 3500),
            Self::Ingress => (2500, 9000),
            Self::Metrics => (16_000, 24_000),
            Self::Redis | Self::Dns | Self::Storage | Self::Task | Self::Other => (900, 2200),
        }
    }

    /// Milliseconds from the wish that it stop until it is gone.
    pub const fn stop(self) -> (u64, u64) {
        match self {
            Self::Dns | Self::Ingress => (4500, 6500),
            _ => (700, 2100),
        }
    }

    /// Usual CPU in thousandths of a core, and memory in MiB.
    pub const fn figures(self) -> (f64, f64) {
        match self {
            Self::Api => (42.0, 74.0),
            Self::Admin => (9.0, 118.0),
            Self::Worker => (17.0, 58.0),
            Self::Redis => (6.0, 21.0),
            Self::Ingress => (23.0, 92.0),
            Self::Dns => (4.0, 19.0),
            Self::Metrics => (8.0, 34.0),
            Self::Storage => (1.0, 11.0),
            Self::Task => (90.0, 24.0),
            Self::Other => (5.0, 16.0),
        }
    }
}

/// How a container goes on after its start.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Course {
    /// It runs until it is told to stop.
    #[default]
    Runs,
    /// It ends well after so many seconds, more or less.
    Completes(f64),
    /// It panics after so many seconds: exit code 2, a stack in its log.
    Panics(f64),
    /// It fails after so many seconds: exit code 1.
    Fails(f64),
    /// It takes more and more memory and reaches its limit after so many seconds, more or less.
    Leaks(f64),
}

impl Course {
    /// When it ends, if it does; `chance` between 0 and 1 makes it a little earlier or later.
    pub fn end(self, chance: f64) -> Option<SignedDuration> {
        let (seconds, spread) = match self {
            Self::Runs => return None,
            Self::Completes(s) => (s, 0.2),
            Self::Panics(s) | Self::Fails(s) => (s, 0.1),
            Self::Leaks(s) => (s, 0.5),
        };
        let seconds = seconds * (1.0 + spread * (chance - 0.5));
        Some(SignedDuration::from_millis((seconds * 1000.0) as i64))
    }

    /// Exit code and reason of its end.
    pub const fn verdict(self) -> (i64, &'static str) {
        match self {
            Self::Runs | Self::Completes(_) => (0, "Completed"),
            Self::Panics(_) => (2, "Error"),
            Self::Fails(_) => (1, "Error"),
            Self::Leaks(_) => (137, "OOMKilled"),
        }
    }
}

/// What is known of images: a faulty one has a course of its own.
#[derive(Debug, Default)]
pub struct Programs {
    faulty: BTreeMap<String, Course>,
}

impl Programs {
    /// An image turns out to be faulty.
    pub fn spoil(&mut self, image: &str, course: Course) {
        self.faulty.insert(image.to_owned(), course);
    }

    /// The course of a container.
    pub fn course(&self, container: &str, image: &str) -> Course {
        let usual = match container {
            "digest" => Course::Completes(41.0),
            "cleanup" => Course::Completes(6.0),
            _ => Course::Runs,
        };
        self.faulty.get(image).copied().unwrap_or(usual)
    }
}
