//! crashcart: an incident console for a small Kubernetes cluster.
//!
//! Data goes one way. A module may use only what stands below it in this list; ARCHITECTURE.md draws the picture.

pub mod cli;
pub mod command;
pub mod config;
pub mod console;
pub mod detect;
pub mod drill;
pub mod situation;
pub mod watch;
