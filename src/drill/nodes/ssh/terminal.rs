//! A prompt: lines are typed, seen, run one after the other.

use russh::server::Msg;
use russh::{Channel, ChannelMsg};

use super::super::shell::{Script, Shell};
use super::channel::{end, tell, write};

/// The longest line that can be typed.
const LONGEST: usize = 4096;

const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const BACKSPACE: [u8; 2] = [0x08, 0x7f];
const KILL_LINE: u8 = 0x15;
const ESCAPE: u8 = 0x1b;

/// A prompt until its user leaves.
pub(super) async fn converse(shell: Shell, mut channel: Channel<Msg>) {
    let prompt = format!("{}@{}:~$ ", "deploy", shell.node());
    let greeting = shell.greeting().replace('\n', "\r\n");
    let mut typing = Typing::default();
    let mut code = 0;
    if write(&channel, format!("{greeting}{prompt}").as_bytes()).await.is_err() {
        return;
    }
    while let Some(message) = channel.wait().await {
        let data = match message {
            ChannelMsg::Data { data } => data,
            ChannelMsg::Eof | ChannelMsg::Close => break,
            _ => continue,
        };
        for byte in data.iter().copied() {
            let (echo, typed) = typing.take(byte);
            if write(&channel, &echo).await.is_err() {
                return;
            }
            let line = match typed {
                Typed::More => continue,
                Typed::Leave => {
                    let _ = write(&channel, b"logout\r\n").await;
                    let _ = end(&channel, code).await;
                    return;
                }
                Typed::Line(line) => line,
            };
            let script = Script::parse(&line);
            if let Some(code) = script.exit(code) {
                let _ = write(&channel, b"logout\r\n").await;
                let _ = end(&channel, code).await;
                return;
            }
            let outcome = shell.run(&script, "").await;
            code = if script.is_empty() { code } else { outcome.code };
            if tell(&channel, &outcome, true).await.is_err() || write(&channel, prompt.as_bytes()).await.is_err() {
                return;
            }
        }
    }
    let _ = end(&channel, code).await;
}

/// A line that is being typed.
#[derive(Debug, Default)]
struct Typing {
    line: Vec<u8>,
    /// Inside an escape sequence, such as that of an arrow key.
    escape: Option<u8>,
    /// A carriage return has ended the line: a newline after it is part of it.
    returned: bool,
}

/// What a key meant.
#[derive(Debug, PartialEq, Eq)]
enum Typed {
    More,
    Line(String),
    Leave,
}

impl Typing {
    /// Takes one byte; what to show for it, and what it meant.
    fn take(&mut self, byte: u8) -> (Vec<u8>, Typed) {
        if self.in_escape(byte) {
            return (Vec::new(), Typed::More);
        }
        let after_return = std::mem::replace(&mut self.returned, byte == b'\r');
        match byte {
            b'\n' if after_return => (Vec::new(), Typed::More),
            b'\r' | b'\n' => (b"\r\n".to_vec(), Typed::Line(self.rest())),
            INTERRUPT => {
                self.line.clear();
                (b"^C\r\n".to_vec(), Typed::Line(String::new()))
            }
            END if self.line.is_empty() => (Vec::new(), Typed::Leave),
            KILL_LINE => {
                let shown = String::from_utf8_lossy(&self.line).chars().count();
                self.line.clear();
                (b"\x08 \x08".repeat(shown), Typed::More)
            }
            byte if BACKSPACE.contains(&byte) => {
                let mut text = String::from_utf8_lossy(&self.line).into_owned();
                let echo = if text.pop().is_some() { b"\x08 \x08".to_vec() } else { Vec::new() };
                self.line = text.into_bytes();
                (echo, Typed::More)
            }
            ESCAPE => {
                self.escape = Some(ESCAPE);
                (Vec::new(), Typed::More)
            }
            byte if byte < b' ' || self.line.len() >= LONGEST => (Vec::new(), Typed::More),
            byte => {
                self.line.push(byte);
                (vec![byte], Typed::More)
            }
        }
    }

    /// Whether a byte belongs to an escape sequence: those do nothing here.
    fn in_escape(&mut self, byte: u8) -> bool {
        let Some(before) = self.escape else { return false };
        let ends = before != ESCAPE && (0x40..=0x7e).contains(&byte) || before == ESCAPE && !b"[O".contains(&byte);
        self.escape = if ends { None } else { Some(byte) };
        true
    }

    fn rest(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Vec<Typed> {
        let mut typing = Typing::default();
        keys.iter().map(|key| typing.take(*key).1).filter(|typed| *typed != Typed::More).collect()
    }

    #[test]
    fn lines_are_edited_before_they_are_run() {
        assert_eq!(typed(b"dg\x7ff -P\r\n"), [Typed::Line("df -P".into())]);
        assert_eq!(typed(b"rm -rf /\x15date\r"), [Typed::Line("date".into())]);
        assert_eq!(typed(b"sl\x03ls\r"), [Typed::Line(String::new()), Typed::Line("ls".into())]);
        assert_eq!(typed(b"\x1b[A\x1bOBuptime\r"), [Typed::Line("uptime".into())]);
        assert_eq!(typed(b"\x04"), [Typed::Leave]);
        assert_eq!(typed(b"a\x04\n"), [Typed::Line("a".into())]);
    }
}
