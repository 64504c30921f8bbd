//! Worlds for the tests of screens: small builders, a clock that stands, and a console that is driven by key strings.

mod fixtures;
mod harness;

pub use fixtures::*;
pub use harness::{Console, SIZES};
