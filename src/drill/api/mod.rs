//! The Kubernetes API as clients use it, over real TLS.

mod backend;

pub use backend::{Backend, CHECKS, LogLine, LogRefusal, Unavailable};
