//! The tests that need more than one module: the whole program, the simulated cluster, clients from outside.

#[path = "../support/terminal.rs"]
#[allow(dead_code, reason = "shared with the figures and the pictures")]
mod terminal;

// mod console;
mod check;
