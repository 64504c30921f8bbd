//! The hands on the simulated cluster: what may reach the server, and what may not, by the server's own record.

mod as_kubectl;
mod desk;
mod matrix;
mod outcome;
mod wrong_cluster;
