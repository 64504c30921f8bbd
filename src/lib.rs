//! crashcart: an incident console for a small Kubernetes cluster.
//!
//! Data goes one way, from the bottom of this list to its top; a module uses only what stands below it:
//! [`cli`] and [`command`], [`console`], [`drill`], [`incident`], [`runbook`], [`action`], [`detect`], [`watch`], [`config`],
//! [`situation`].
//! ARCHITECTURE.md draws the picture.

pub mod action;
pub mod cli;
pub mod command;
pub mod config;
pub mod console;
pub mod detect;
pub mod drill;
pub mod incident;
pub mod logging;
pub mod runbook;
pub mod secrets;
pub mod situation;
pub mod watch;
