//! The tests that need more than one module: the whole program, the simulated cluster, clients from outside.

mod api;
mod kubectl;
mod replay;
mod small;
mod watcher;
