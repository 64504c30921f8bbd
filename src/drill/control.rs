//! How a running simulation is spoken to from outside: one line of JSON each way over an owner-only Unix socket, which
//! the kubeconfig's extension names.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;

use super::{Simulation, Status, find};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// What every kubeconfig and profile of a simulation holds, to know one from another's.
const MARKS: [&str; 2] = ["crashcart-sim", "honeydue"];

/// What a running simulation is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// Break something.
    Inject(String),
    /// Undo one fault, or all.
    Heal(Option<String>),
    /// How it stands.
    Status,
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// It is broken now: the catalogue's id.
    Injected(String),
    /// These were healed.
    Healed(Vec<String>),
    /// How it stands.
    Status(Status),
    /// Nothing was done; why.
    Refused(String),
}

/// A folder that only its owner can enter; it goes, with what is in it, when this is dropped.
#[derive(Debug)]
pub struct PrivateFolder(PathBuf);

impl PrivateFolder {
    /// A fresh one in the temporary folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create() -> anyhow::Result<Self> {
        let base = std::env::temp_dir();
        let process = std::process::id();
        for number in 0..1000 {
            let path = base.join(format!("crashcart-{process}-{number}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("could not make the folder {}", path.display()));
                }
            }
        }
        bail!("no free name for a folder in {}", base.display())
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Writes a file that only its owner can read, in one step. One that is there already must be a simulation's.
///
/// # Errors
/// When another's file is in the way, or it cannot be written.
pub fn write_private(path: &Path, text: &str) -> anyhow::Result<Written> {
    if let Ok(known) = std::fs::read_to_string(path) {
        ensure!(
            known.trim().is_empty() || MARKS.iter().any(|mark| known.contains(mark)),
            "{} exists and was not written by a simulation; choose another file, or move it away",
            path.display()
        );
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let draft = PathBuf::from(draft);
    let written = create_private(&draft).and_then(|mut file| file.write_all(text.as_bytes()));
    written.and_then(|()| std::fs::rename(&draft, path)).with_context(|| {
        let _ = std::fs::remove_file(&draft);
        format!("could not write {}", path.display())
    })?;
    Ok(Written { path: path.to_owned(), text: text.to_owned() })
}

/// A file that a simulation has written for others to read.
#[derive(Debug, Clone)]
#[must_use = "it stays behind unless somebody removes it"]
pub struct Written {
    path: PathBuf,
    text: String,
}

impl Written {
    /// Removes it, unless somebody has written something else there meanwhile.
    pub fn remove(&self) {
        if std::fs::read_to_string(&self.path).is_ok_and(|now| now == self.text) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn create_private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Answers requests on a socket until it is aborted.
///
/// # Errors
/// When it cannot listen there.
pub async fn listen(simulation: Arc<Simulation>, socket: PathBuf) -> anyhow::Result<()> {
    let listener = UnixListener::bind(&socket).with_context(|| format!("could not listen on {}", socket.display()))?;
    std::fs::set_permissions(&socket, Permissions::from_mode(0o600))
        .with_context(|| format!("could not keep {} to its owner", socket.display()))?;
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { continue };
        let (read, mut write) = stream.split();
        let mut line = String::new();
        let read = tokio::time::timeout(PATIENCE, tokio::io::BufReader::new(read).read_line(&mut line)).await;
        if matches!(read, Ok(Ok(_))) {
            let reply = answer(&simulation, &line);
            let text = serde_json::to_string(&reply).unwrap_or_default() + "\n";
            let _ = tokio::time::timeout(PATIENCE, write.write_all(text.as_bytes())).await;
        }
    }
}

fn answer(simulation: &Simulation, line: &str) -> Reply {
    match serde_json::from_str(line) {
        Ok(Request::Inject(id)) => match find(&id) {
            Some(scenario) => {
                simulation.inject(scenario);
                Reply::Injected(scenario.id.clone())
            }
            None => Reply::Refused(format!("there is no drill {id:?}; crashcart drill --list names them")),
        },
        Ok(Request::Heal(Some(id))) if find(&id).is_none() => {
            Reply::Refused(format!("there is no drill {id:?}; crashcart drill --list names them"))
        }
        Ok(Request::Heal(id)) => Reply::Healed(simulation.heal(id.as_deref())),
        Ok(Request::Status) => Reply::Status(simulation.status()),
        Err(error) => Reply::Refused(format!("not understood: {error}")),
    }
}

/// Asks the running simulation that a kubeconfig belongs to.
///
/// # Errors
/// When the kubeconfig is no running simulation's, or it does not answer.
pub fn ask(kubeconfig: &Path, request: &Request) -> anyhow::Result<Reply> {
    let socket = socket_of(kubeconfig)?;
    let gone = || format!("no simulation answers at {}: start one with `crashcart simulate`", socket.display());
    let mut stream = UnixStream::connect(&socket).with_context(gone)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all((serde_json::to_string(request)? + "\n").as_bytes()).with_context(gone)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).with_context(gone)?;
    serde_json::from_str(&line).context("the simulation answered something else")
}

/// The socket in the extension of a kubeconfig's current context.
fn socket_of(kubeconfig: &Path) -> anyhow::Result<PathBuf> {
    let text = std::fs::read_to_string(kubeconfig)
        .with_context(|| format!("could not read the kubeconfig {}", kubeconfig.display()))?;
    let config: Value = serde_saphyr::from_str(&text)
        .with_context(|| format!("the kubeconfig {} is not YAML", kubeconfig.display()))?;
    let list = |value: &Value, field: &str| value[field].as_array().cloned().unwrap_or_default();
    let context = list(&config, "contexts").into_iter().find(|c| c["name"] == config["current-context"]);
    let extensions = context.map(|c| list(&c["context"], "extensions")).unwrap_or_default();
    let ours = extensions.iter().find(|e| e["name"] == "crashcart");
    let socket = ours.and_then(|e| e["extension"]["socket"].as_str());
    socket.map(PathBuf::from).with_context(|| {
        format!("{} is not the kubeconfig of a simulation: name it with --kubeconfig", kubeconfig.display())
    })
}
