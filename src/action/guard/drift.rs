//! G9: what is changed by hand is temporary until the manifests say so too.

use super::{Answer, Case, Deed};

pub(super) fn ask(_: &Case<'_>, deed: &Deed<'_>) -> Answer {
    Answer::Tell(format!(
        "temporary: {} differs from the manifests in Git until they say so too; the next deployment undoes it",
        deed.object.key.name
    ))
}
