//! All incidents that there are a record of.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::folder::Folder;
use super::read::Account;

/// One incident. What the journal does not tell is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// `INC-0007`
    pub id: String,
    /// Which cluster.
    pub cluster: Option<Cluster>,
    /// When it began (cluster time).
    pub began: Option<Timestamp>,
    /// The last line (cluster time).
    pub last: Option<Timestamp>,
    /// `open` or `closed`; null when the journal cannot be read.
    pub state: Option<&'static str>,
    /// Whether a running program writes to it.
    pub running: bool,
    /// The drill that it was.
    pub drill: Option<String>,
    /// How many requests there are whose outcome nobody knows.
    pub outcome_unknown: usize,
    /// The file.
    pub journal: PathBuf,
    /// Why the journal cannot be read.
    pub problem: Option<String>,
}

/// Which cluster an incident was on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cluster {
    /// The kubeconfig's context.
    pub context: String,
    /// The server's URL.
    pub server: String,
    /// UID of `kube-system`.
    pub uid: String,
}

/// The incidents in the user's state folder, newest first.
///
/// # Errors
/// When the folder cannot be read; a journal that cannot be read is listed with its problem.
pub fn list(state: &Path) -> io::Result<Vec<Listed>> {
    let folder = Folder::of(state);
    let mut all = Vec::new();
    for number in folder.numbers()? {
        let path = folder.journal(number);
        let read = File::open(&path).and_then(|file| Ok((is_running(&file), Account::read(&file)?)));
        all.push((super::folder::id(number), path, read));
    }
    let accounts = all.iter().filter_map(|(_, _, read)| read.as_ref().ok());
    let looked_at: BTreeSet<String> = accounts.flat_map(|(_, a)| a.executions.looked_at().cloned()).collect();
    Ok(all.into_iter().map(|(id, path, read)| listed(id, path, read, &looked_at)).collect())
}

fn listed(id: String, journal: PathBuf, read: io::Result<(bool, Account)>, looked_at: &BTreeSet<String>) -> Listed {
    let blank = Listed {
        id,
        cluster: None,
        began: None,
        last: None,
        state: None,
        running: false,
        drill: None,
        outcome_unknown: 0,
        journal,
        problem: None,
    };
    let (running, account) = match read {
        Ok(read) => read,
        Err(error) => return Listed { problem: Some(error.to_string()), ..blank },
    };
    let unknown = account.executions.unknown(&account.header.incident);
    let outcome_unknown = unknown.iter().filter(|u| !running && !looked_at.contains(&u.execution)).count();
    let header = account.header;
    Listed {
        cluster: Some(Cluster { context: header.context, server: header.server, uid: header.cluster }),
        began: Some(account.began),
        last: Some(account.last),
        state: Some(if account.closed { "closed" } else { "open" }),
        running,
        drill: header.drill,
        outcome_unknown,
        ..blank
    }
}

fn is_running(file: &File) -> bool {
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}
