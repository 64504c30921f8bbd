//! The tests that need more than one module: the whole program, the simulated cluster, clients from outside.

mod act;
mod api;
#[path = "../support/cluster.rs"]
mod cluster;
mod kubectl;
mod operator;
mod outside;
#[path = "../support/proxy.rs"]
mod proxy;
mod replay;
mod small;
mod streams;
#[path = "../support/terminal.rs"]
#[allow(dead_code, reason = "shared with the figures and the pictures")]
mod terminal;
mod watcher;

mod check;
mod console;
mod faults;
mod feed;
mod hands;
mod journal;
mod lint;
mod log;
mod schema;
mod simulate;
mod trees;
