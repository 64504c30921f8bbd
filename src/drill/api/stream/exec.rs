//! `pods/exec`: a command's input, output and end on numbered channels.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt as _, Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::super::answer::Answer;
use super::super::call::{Call, Place, Query};
use super::super::face::Face;
use super::super::failure::Failure;
use super::super::logs;
use super::super::look::Look;
use super::upgrade::{Handshake, Socket};
use super::{content, enter, farewell, message, names, pod_of};
use crate::drill::pods::{Io, Process};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
/// Since version 5: the channel that the message names is closed.
const CLOSE: u8 = 255;

const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
/// How long the client may take to end the connection after the command's end.
const LINGER: Duration = Duration::from_secs(2);
/// How many pieces of input or output wait.
const WAITING: usize = 8;

/// Answers a request to run a command.
pub(in super::super) fn answer(face: &Arc<Face>, place: &Place, call: &Call) -> Result<Answer, Failure> {
    let (_, name) = names(place);
    let pod = pod_of(face, place)?;
    let container = logs::container(&pod, name, call.query.text("container"))?;
    let wanted = Wanted::parse(&call.query)?;
    let handshake = Handshake::with(call, &PROTOCOLS)?;
    let process = enter(face, &pod).and_then(|(network, sandbox)| {
        let running = logs::status_of(&pod, &container).is_some_and(|s| s.has("state.running"));
        let surroundings = network.with(|world| world.surroundings(&pod, &container, sandbox));
        let refuse = || format!("unable to upgrade connection: container not found ({container:?})");
        let surroundings = surroundings.filter(|_| running).ok_or_else(refuse)?;
        Ok(Process::new(network, surroundings))
    });
    Ok(handshake.begin(move |socket| session(socket, wanted, process)))
}

/// What is to be run, and which of its streams the client wants.
#[derive(Debug)]
struct Wanted {
    command: Vec<String>,
    stdin: bool,
    stdout: bool,
    stderr: bool,
    tty: bool,
}

impl Wanted {
    fn parse(query: &Query) -> Result<Self, Failure> {
        let command: Vec<String> = query.all("command").map(str::to_owned).collect();
        let tty = query.flag("tty");
        let wanted = Self {
            command,
            tty,
            stdin: query.flag("stdin"),
            stdout: query.flag("stdout"),
            // A terminal has one output.
            stderr: query.flag("stderr") && !tty,
        };
        if wanted.command.is_empty() {
            return Err(Failure::bad_request("you must specify at least one command for the container"));
        }
        if !(wanted.stdin || wanted.stdout || wanted.stderr) {
            return Err(Failure::bad_request("you must specify at least 1 of stdin, stdout, stderr"));
        }
        Ok(wanted)
    }

    const fn wants(&self, channel: u8) -> bool {
        match channel {
            STDOUT => self.stdout,
            STDERR => self.stderr,
            _ => false,
        }
    }

    /// The lowest channel that the client reads: an empty message there says that the connection stands.
    const fn greeting(&self) -> u8 {
        match (self.stdout, self.stderr) {
            (true, _) => STDOUT,
            (false, true) => STDERR,
            (false, false) => STATUS,
        }
    }
}

/// Runs the command until it or the client ends.
async fn session(socket: Socket, wanted: Wanted, process: Result<Process, String>) {
    let (mut sink, source) = socket.split();
    let (input, stdin) = mpsc::channel(WAITING);
    let (output, mut pieces) = mpsc::channel(WAITING);
    let reading = read(source, wanted.stdin.then_some(input));
    let io = Io::new(stdin, output, wanted.tty);
    let running = async {
        match process {
            Ok(process) => process.run(&wanted.command, io).await,
            Err(why) => Err(why),
        }
    };
    let writing = async {
        sink.send(message(wanted.greeting(), &[])).await?;
        while let Some((error, piece)) = pieces.recv().await {
            let channel = if error { STDERR } else { STDOUT };
            if wanted.wants(channel) {
                sink.send(message(channel, &piece)).await?;
            }
        }
        Ok::<_, Error>(sink)
    };
    let whole = async {
        let (end, written) = tokio::join!(running, writing);
        let Ok(mut sink) = written else { return };
        let status = status(end).to_string();
        if sink.send(message(STATUS, status.as_bytes())).await.is_ok() {
            // The client may be gone already.
            let _ = sink.send(farewell()).await;
        }
    };
    tokio::pin!(reading);
    tokio::select! {
        () = &mut reading => {}
        () = whole => {
            let _ = tokio::time::timeout(LINGER, reading).await;
        }
    }
}

/// Passes on what the client types, until it ends the connection.
async fn read(mut source: impl Stream<Item = Result<Message, Error>> + Unpin, mut input: Option<mpsc::Sender<Bytes>>) {
    while let Some(Ok(message)) = source.next().await {
        match content(message) {
            Some((STDIN, typed)) => {
                if let Some(input) = &input {
                    // A command that reads nothing loses it.
                    let _ = input.send(typed).await;
                }
            }
            Some((CLOSE, channel)) if channel.first() == Some(&STDIN) => input = None,
            _ => {}
        }
    }
}

/// How a command ended, as the last message says it.
fn status(end: Result<u8, String>) -> Value {
    match end {
        Ok(0) => json!({"metadata": {}, "status": "Success"}),
        Ok(code) => json!({
            "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
            "message": format!("command terminated with non-zero exit code: command terminated with exit code {code}"),
            "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
        }),
        Err(why) => json!({
            "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
            "message": format!("Internal error occurred: {why}"), "details": {"causes": [{"message": why}]},
        }),
    }
}
