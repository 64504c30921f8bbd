//! The simulated outside, as clients see it through the profile's map of addresses.

mod backing;
mod edge;
mod names;
#[cfg(feature = "drill")]
mod shell;
mod visitor;
