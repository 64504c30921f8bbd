//! One file a screen; a view is a pure function of state: no I/O, no locks, no clocks of its own.

mod blame;
mod changes;
mod dashboard;
mod finding;
mod help;
mod open;
mod problems;
mod sources;

pub use changes::Changes;
pub use dashboard::Dashboard;
pub use finding::Finding;
pub use help::Help;
pub use open::{by_command, by_subject, logs_of};
pub use problems::Problems;
pub use sources::Sources;
