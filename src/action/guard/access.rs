//! G10: what this account may, and what the server would say, is asked before the key.

use super::{Answer, Case, Deed};

pub(super) fn ask(_: &Case<'_>, deed: &Deed<'_>) -> Answer {
    let right = &deed.right;
    Answer::Pass(format!("the server is asked for the right ({right}) and tries the change first (dryRun=All)"))
}
