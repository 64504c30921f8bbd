//! Credential plugins: programs that a kubeconfig names and that print a token or a client certificate.
//!
//! They are run here and not by kube, which would let them use the terminal, wait for them without a deadline and run
//! them again for each client. Here they get no terminal, their error output is kept for the screen, and time is limited.

use std::io::Read;
#[cfg(unix)]
use std::os::unix::process::CommandExt;
#[expect(clippy::disallowed_types, reason = "credential plugins are the one kind of process that is started here")]
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kube::config::{ExecAuthCluster, ExecConfig};
use serde::Deserialize;
use tokio::sync::oneshot;

use super::trouble;
use crate::situation::{Trouble, clean};

/// What a plugin gave.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Credential {
    pub(super) token: Option<String>,
    pub(super) client_certificate_data: Option<String>,
    pub(super) client_key_data: Option<String>,
    /// When it has to be asked again (wall time).
    pub(super) expiration_timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Printed {
    status: Option<Credential>,
}

/// How much is kept of what a plugin prints.
const LIMIT: u64 = 1 << 20;
/// How often it is looked whether it is done.
const TICK: Duration = Duration::from_millis(10);

/// Runs the plugin on a thread of its own, which nobody waits for at exit; when this future is dropped it is killed.
///
/// # Errors
/// When it cannot be started, fails, takes longer than `patience` or prints no credential.
pub(super) async fn run(
    plugin: &ExecConfig,
    cluster: Option<&ExecAuthCluster>,
    patience: Duration,
) -> Result<Credential, Trouble> {
    let name = plugin.command.clone().unwrap_or_default();
    if name.is_empty() {
        return Err(trouble("the kubeconfig's exec section names no command", "add `command:` to it"));
    }
    let command = prepare(plugin, cluster, &name)?;
    let hint = plugin.install_hint.clone().unwrap_or_default();
    let (answer, answered) = oneshot::channel();
    let abandoned = Abandon::default();
    let flag = abandoned.0.clone();
    std::thread::spawn(move || {
        // Nobody listens any more when the program ends.
        let _ = answer.send(supervise(command, patience, &flag));
    });
    let printed = answered.await.unwrap_or_else(|_| Err(Ended::Failed("it was interrupted".to_owned())));
    match printed {
        Ok(printed) => parse(&name, &printed),
        Err(ended) => Err(ended.trouble(&name, &hint, patience)),
    }
}

/// Tells the supervising thread that nobody waits any more.
#[derive(Default)]
struct Abandon(Arc<AtomicBool>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

enum Ended {
    NotFound,
    Failed(String),
    TimedOut(String),
}

impl Ended {
    fn trouble(self, name: &str, hint: &str, patience: Duration) -> Trouble {
        match self {
            Self::NotFound => {
                let remedy = if hint.is_empty() { "install it, or correct `command:` in the kubeconfig" } else { hint };
                trouble(&format!("the credential plugin {name} was not found"), remedy)
            }
            Self::Failed(why) => trouble(
                &format!("the credential plugin {name} failed: {why}"),
                "log in with kubectl or the provider's own tool in another terminal; it is tried again",
            ),
            Self::TimedOut(said) => trouble(
                &format!("the credential plugin {name} gave no answer within {} s{said}", patience.as_secs()),
                "it may wait for a login: log in with kubectl in another terminal; it is tried again",
            ),
        }
    }
}

#[expect(clippy::disallowed_types, reason = "see above")]
fn prepare(plugin: &ExecConfig, cluster: Option<&ExecAuthCluster>, name: &str) -> Result<Command, Trouble> {
    let info = serde_json::json!({
        "apiVersion": plugin.api_version,
        "kind": "ExecCredential",
        "spec": { "interactive": false, "cluster": cluster },
    });
    let info =
        serde_json::to_string(&info).map_err(|_| trouble("the cluster's data cannot be handed to the plugin", ""))?;
    let mut command = Command::new(name);
    command.args(plugin.args.iter().flatten()).env("KUBERNETES_EXEC_INFO", info);
    for entry in plugin.env.iter().flatten() {
        if let (Some(name), Some(value)) = (entry.get("name"), entry.get("value")) {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own: it cannot read the terminal, and Ctrl-C is not for it.
    #[cfg(unix)]
    command.process_group(0);
    Ok(command)
}

#[expect(clippy::disallowed_types, reason = "see above")]
fn supervise(mut command: Command, patience: Duration, abandoned: &AtomicBool) -> Result<Vec<u8>, Ended> {
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ended::NotFound,
        _ => Ended::Failed(error.to_string()),
    })?;
    let output = collect(child.stdout.take());
    let errors = collect(child.stderr.take());
    let said = |wait: Duration| {
        let bytes = errors.recv_timeout(wait).unwrap_or_default();
        let said: String = clean(String::from_utf8_lossy(&bytes).trim()).chars().take(300).collect();
        if said.is_empty() { said } else { format!(": {said}") }
    };
    let Some(status) = wait(&mut child, patience, abandoned) else {
        return Err(Ended::TimedOut(said(TICK)));
    };
    if !status.success() {
        return Err(Ended::Failed(format!("{status}{}", said(patience))));
    }
    output.recv_timeout(patience).map_err(|_| Ended::TimedOut(String::new()))
}

/// Waits for the end; kills and gives `None` when that takes too long or is not wanted any more.
fn wait(child: &mut Child, patience: Duration, abandoned: &AtomicBool) -> Option<std::process::ExitStatus> {
    let begun = Instant::now();
    while begun.elapsed() < patience && !abandoned.load(Ordering::Relaxed) {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        std::thread::sleep(TICK);
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// Reads to the end on a thread of its own; a grandchild that keeps the pipe open blocks only that thread.
fn collect(pipe: Option<impl Read + Send + 'static>) -> std::sync::mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    if let Some(pipe) = pipe {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.take(LIMIT).read_to_end(&mut bytes);
            let _ = sender.send(bytes);
        });
    }
    receiver
}

fn parse(name: &str, printed: &[u8]) -> Result<Credential, Trouble> {
    // Some plugins print YAML, of which JSON is a part. What cannot be read may hold a token and is not shown.
    let printed: Option<Printed> = std::str::from_utf8(printed).ok().and_then(|text| serde_saphyr::from_str(text).ok());
    printed
        .and_then(|p| p.status)
        .filter(|s| s.token.is_some() || (s.client_certificate_data.is_some() && s.client_key_data.is_some()))
        .ok_or_else(|| {
            trouble(
                &format!("the credential plugin {name} printed no credential"),
                "run it in a shell to see what it says",
            )
        })
}
