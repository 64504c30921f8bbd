//! The folder of all incidents: `incidents/INC-0007/journal.jsonl`, owner-only.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Seek};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::read::{self, Account};
use super::sheet::Sheet;
use super::{Header, Unknown, VERSION};
use crate::situation::ClusterId;
use crate::situation::time::since;

/// An incident that nothing was written to for so long is not gone on with.
const STALE: SignedDuration = SignedDuration::from_hours(12);
/// How many journals of a cluster are looked at for what they left open, newest first.
const LOOKED_AT: usize = 20;
/// How many folders are asked which cluster they are of.
const ASKED: usize = 500;
/// The name of each journal.
const JOURNAL: &str = "journal.jsonl";
const PREFIX: &str = "INC-";

/// `incidents/` in the state folder.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

/// What earlier runs left of one cluster.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// The incident to go on with, locked.
    pub(super) open: Option<(Sheet, Account)>,
    pub(super) unknown: Vec<Unknown>,
}

impl Folder {
    /// The folder in the user's state folder; it may not exist yet.
    pub(super) fn of(state: &Path) -> Self {
        Self(state.join("incidents"))
    }

    /// The numbers of all incidents, newest first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn numbers(&self) -> io::Result<Vec<u32>> {
        let entries = match std::fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut numbers = Vec::new();
        for entry in entries {
            numbers.extend(entry?.file_name().to_str().and_then(number));
        }
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        Ok(numbers)
    }

    /// Where the journal of an incident is.
    pub(super) fn journal(&self, number: u32) -> PathBuf {
        self.0.join(id(number)).join(JOURNAL)
    }

    /// Begins a new incident; the file is locked and empty. The number is the next that nobody has: making its folder
    /// decides between two programs.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn begin(&self) -> io::Result<(String, Sheet)> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let mut next = self.numbers()?.first().map_or(1, |newest| newest.saturating_add(1));
        let folder = loop {
            let folder = self.0.join(id(next));
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => break folder,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && next < u32::MAX => next += 1,
                Err(error) => return Err(error),
            }
        };
        let path = folder.join(JOURNAL);
        let file = OpenOptions::new().append(true).read(true).create_new(true).mode(0o600).open(&path)?;
        // Another program may look at the empty file just now; only when it is done may a header be seen in it. Where there
        // are no locks, the new folder is still nobody else's.
        if lock(&file) == Lock::Elsewhere {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "another program holds its new file"));
        }
        // The names have to survive a power failure too.
        File::open(&folder)?.sync_all()?;
        File::open(&self.0)?.sync_all()?;
        Ok((id(next), Sheet::new(path, file, 0, true)?))
    }

    /// Looks at what earlier runs left of a cluster. `wall` is the present wall time.
    ///
    /// # Errors
    /// When the folder cannot be read; a journal that cannot be read is passed over.
    pub(super) fn left(&self, cluster: &ClusterId, wall: Timestamp) -> io::Result<Left> {
        let mut left = Left::default();
        let mut looked_at = Vec::new();
        let ours = |number: &u32| {
            let header = read::header(&self.journal(*number)).ok().flatten();
            header.is_some_and(|header| is_of(&header, cluster))
        };
        for number in self.numbers()?.into_iter().take(ASKED).filter(ours).take(LOOKED_AT) {
            let path = self.journal(number);
            let Some((file, account)) = take(&path) else { continue };
            looked_at.extend(account.executions.looked_at().cloned());
            left.unknown.extend(account.executions.unknown(&account.header.incident));
            if left.open.is_none() && goes_on(&account, wall) && lock(&file) == Lock::Ours {
                left.open = reopened(path, file, wall)?;
            }
        }
        left.unknown.retain(|unknown| !looked_at.contains(&unknown.execution));
        left.unknown.sort_by_key(|unknown| unknown.at);
        Ok(left)
    }
}

/// Opens and reads a journal, unless a running program writes to it: what that one does is not unknown.
fn take(path: &Path) -> Option<(File, Account)> {
    let file = OpenOptions::new().read(true).append(true).open(path).ok()?;
    if matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    let account = Account::read(&file).ok()?;
    Some((file, account))
}

/// The file, now that it is ours alone; before, another program may have written to it or closed the incident.
fn reopened(path: PathBuf, mut file: File, wall: Timestamp) -> io::Result<Option<(Sheet, Account)>> {
    file.rewind()?;
    let account = Account::read(&file)?;
    if !goes_on(&account, wall) {
        return Ok(None);
    }
    Ok(Some((Sheet::new(path, file, account.seq, account.ended)?, account)))
}

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    Ours,
    /// Another program's.
    Elsewhere,
    /// There are no locks on this file system.
    None,
}

/// Takes the file for us alone. Another program that only looks at it is soon done.
fn lock(file: &File) -> Lock {
    for pause in [0, 10, 40, 100] {
        std::thread::sleep(Duration::from_millis(pause));
        match file.try_lock() {
            Ok(()) => return Lock::Ours,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(_)) => return Lock::None,
        }
    }
    Lock::Elsewhere
}

/// A drill is never gone on with, nor does it leave anything open.
fn is_of(header: &Header, cluster: &ClusterId) -> bool {
    let same = if cluster.uid.is_empty() {
        header.cluster.is_empty() && header.server == *cluster.server
    } else {
        header.cluster == *cluster.uid
    };
    same && header.drill.is_none()
}

fn goes_on(account: &Account, wall: Timestamp) -> bool {
    !account.closed && account.header.version <= VERSION && since(account.last_wall, wall) < STALE
}

/// `INC-0007`
pub(super) fn id(number: u32) -> String {
    format!("{PREFIX}{number:04}")
}

fn number(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX).filter(|n| n.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}
