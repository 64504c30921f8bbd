//! Worlds for the tests of screens: small builders, a clock that stands, and a console that is driven by key strings.

mod fixtures;
mod harness;
mod plans;

pub use fixtures::*;
pub use harness::{Console, SIZES};
pub use plans::*;
