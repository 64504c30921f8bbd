//! `wget` and `curl`, as far as one fetches a page with them to see whether it is there.

mod curl;
mod fetch;
mod trust;
mod wget;

pub(super) use curl::run as curl;
pub(super) use wget::run as wget;
