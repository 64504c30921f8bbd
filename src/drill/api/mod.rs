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
mod mishap;
mod openapi;
mod options;
mod proto;
mod read;
mod record;
mod render;
mod reviews;
mod rights;
mod selector;
mod server;
mod stream;
mod table;
mod view;
mod watch;
mod write;

pub use backend::{Backend, CHECKS, LogLine, LogRefusal, Unavailable};
pub use endpoint::Endpoint;
pub use mishap::Mishap;
pub use record::Record;
pub use rights::{Right, Rights};
pub use server::{Server, serve};
pub(in crate::drill) use write::owned_fields;
