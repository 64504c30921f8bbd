//! G11: a plan rests on facts of one moment, which are read again after the key.

use super::{Answer, Case, Deed};
use crate::action::deeds::words::count;

pub(super) fn ask(case: &Case<'_>, deed: &Deed<'_>) -> Answer {
    let read = case.made.strftime("%H:%M:%SZ");
    let facts = count(deed.basis.len(), "fact");
    Answer::Pass(format!("rests on {facts} read from the server at {read}; they are read again after the key"))
}
