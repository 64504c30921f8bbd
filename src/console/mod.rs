//! The full-screen program: one loop, messages in, state updated, frame drawn.

pub mod screen;
pub mod views;

pub use screen::{Context, Effect, Screen};
