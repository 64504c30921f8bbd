//! The simulated outside, as clients see it through the profile's map of addresses.

mod edge;
#[cfg(feature = "drill")]
mod shell;
mod visitor;
