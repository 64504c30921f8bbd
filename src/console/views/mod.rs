//! One file a screen; a view is a pure function of state: no I/O, no locks, no clocks of its own.

mod blame;
mod cells;
mod changes;
mod dashboard;
mod exits;
mod finding;
mod help;
mod list;
mod nodes;
mod open;
mod pods;
mod problems;
mod sources;
mod usage;
mod verdict;
mod workloads;

pub use changes::Changes;
pub use dashboard::Dashboard;
pub use finding::Finding;
pub use help::Help;
pub use nodes::Nodes;
pub use open::{by_command, by_subject, logs_of};
pub use pods::Pods;
pub use problems::Problems;
pub use sources::Sources;
pub use workloads::Workloads;
