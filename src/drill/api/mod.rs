//! The Kubernetes API as clients use it, over real TLS.
//!
//! [`serve`] puts a [`Backend`] behind one or more addresses on the loopback. A request goes: `endpoint` (TLS, HTTP) →
//! `face` (who, what, whether) → the module that answers it.

mod access;
mod answer;
mod backend;
mod call;
mod discovery;
mod endpoint;
mod face;
mod failure;
mod health;
mod identity;
mod logs;
mod look;
mod media;
mod metrics;
mod options;
mod proto;
mod read;
mod render;
mod reviews;
mod selector;
mod server;
mod table;
mod view;
mod watch;

pub use backend::{Backend, CHECKS, LogLine, LogRefusal, Unavailable};
pub use endpoint::Endpoint;
pub use server::{Server, serve};
