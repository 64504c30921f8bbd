//! The simulated cluster: a discrete-event world, a generic store and a real HTTPS server as its face.
//!
//! [`Simulation`] holds all of it together: it plays the past, lets time pass, and breaks and heals what a [`Scenario`]
//! says. Tests that need no server take the [`world::World`] itself.

pub mod api;
mod clock;
pub mod control;
mod deployment;
pub mod net;
pub mod nodes;
mod operator;
pub mod outside;
pub mod pods;
mod scenario;
mod simulation;
pub mod store;
pub mod world;

pub use deployment::PROFILES;
pub use operator::{Tools, Verdict, play};
pub use scenario::{Difficulty, Ending, FILES, Scenario, find, read, scenarios};
pub use simulation::{Options, Progress, Simulation, Status};
