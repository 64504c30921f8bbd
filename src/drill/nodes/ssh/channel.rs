//! One command on a channel: its input, its output, its exit status.

use russh::server::Msg;
use russh::{Channel, ChannelMsg};

use super::super::shell::{Outcome, Script, Shell};

/// How much input is kept; what a command reads is never longer.
const KEPT: usize = 1 << 20;
/// How much is written at once.
const PIECE: usize = 16 * 1024;

/// Runs a command and says how it ended. It is given up when the channel is closed.
pub(super) async fn run(shell: Shell, line: String, terminal: bool, mut channel: Channel<Msg>) {
    let script = Script::parse(&line);
    let input = if script.reads_input() { read_all(&mut channel).await } else { Some(Vec::new()) };
    let Some(input) = input else { return };
    let input = String::from_utf8_lossy(&input).into_owned();
    let Some(outcome) = unless_closed(&mut channel, shell.run(&script, &input)).await else { return };
    if tell(&channel, &outcome, terminal).await.is_ok() {
        let _ = end(&channel, outcome.code).await;
    }
}

/// Runs what comes on the input, line by line, as `bash` does without a terminal.
pub(super) async fn read_script(shell: Shell, mut channel: Channel<Msg>) {
    let Some(input) = read_all(&mut channel).await else { return };
    let mut code = 0;
    for line in String::from_utf8_lossy(&input).lines() {
        let script = Script::parse(line);
        if let Some(wanted) = script.exit(code) {
            code = wanted;
            break;
        }
        let Some(outcome) = unless_closed(&mut channel, shell.run(&script, "")).await else { return };
        code = outcome.code;
        if tell(&channel, &outcome, false).await.is_err() {
            return;
        }
    }
    let _ = end(&channel, code).await;
}

/// All input up to its end; nothing if the channel is closed first.
async fn read_all(channel: &mut Channel<Msg>) -> Option<Vec<u8>> {
    let mut input = Vec::new();
    loop {
        match channel.wait().await? {
            ChannelMsg::Data { data } => {
                let room = KEPT.saturating_sub(input.len()).min(data.len());
                input.extend_from_slice(data.get(..room).unwrap_or_default());
            }
            ChannelMsg::Eof => return Some(input),
            ChannelMsg::Close => return None,
            _ => {}
        }
    }
}

/// Waits for something unless the channel is closed first; what else comes meanwhile is dropped, so that nothing jams.
async fn unless_closed<T>(channel: &mut Channel<Msg>, work: impl Future<Output = T>) -> Option<T> {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            message = channel.wait() => if matches!(message, None | Some(ChannelMsg::Close)) { return None },
        }
    }
}

/// Writes what a command said.
pub(super) async fn tell(channel: &Channel<Msg>, outcome: &Outcome, terminal: bool) -> Result<(), russh::Error> {
    if terminal {
        let text = format!("{}{}", outcome.out, outcome.err).replace('\n', "\r\n");
        return write(channel, text.as_bytes()).await;
    }
    write(channel, outcome.out.as_bytes()).await?;
    for piece in outcome.err.as_bytes().chunks(PIECE) {
        channel.extended_data(1, piece).await?;
    }
    Ok(())
}

/// Writes bytes.
pub(super) async fn write(channel: &Channel<Msg>, bytes: &[u8]) -> Result<(), russh::Error> {
    for piece in bytes.chunks(PIECE) {
        channel.data(piece).await?;
    }
    Ok(())
}

/// Says how it ended and closes the channel.
pub(super) async fn end(channel: &Channel<Msg>, code: u32) -> Result<(), russh::Error> {
    channel.exit_status(code).await?;
    channel.eof().await?;
    channel.close().await
}
