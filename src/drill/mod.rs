//! The simulated cluster: a discrete-event world, a generic store and a real HTTPS server as its face.

pub mod api;
pub mod store;
pub mod world;
