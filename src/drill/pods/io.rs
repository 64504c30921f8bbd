//! The streams of a process, through a terminal or not.

use bytes::Bytes;
use tokio::sync::mpsc;

/// How long a line may be.
const LONGEST: usize = 64 * 1024;

/// Input, output and errors of a process.
#[derive(Debug)]
pub struct Io {
    input: mpsc::Receiver<Bytes>,
    /// Pieces with whether they are errors.
    output: mpsc::Sender<(bool, Bytes)>,
    tty: bool,
    /// What has come and is not read.
    typed: Vec<u8>,
}

impl Io {
    /// Streams over channels; a terminal echoes and edits what is typed and ends its lines as terminals do.
    pub const fn new(input: mpsc::Receiver<Bytes>, output: mpsc::Sender<(bool, Bytes)>, tty: bool) -> Self {
        Self { input, output, tty, typed: Vec::new() }
    }

    /// Whether it is a terminal.
    pub(super) const fn tty(&self) -> bool {
        self.tty
    }

    /// Writes output. Nobody may be there to read it.
    pub(super) async fn out(&self, text: impl AsRef<[u8]>) {
        self.write(false, text.as_ref()).await;
    }

    /// Writes errors.
    pub(super) async fn err(&self, text: impl AsRef<[u8]>) {
        self.write(true, text.as_ref()).await;
    }

    async fn write(&self, error: bool, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let piece = if self.tty { with_returns(bytes) } else { Bytes::copy_from_slice(bytes) };
        let _ = self.output.send((error && !self.tty, piece)).await;
    }

    /// The next line without its end; nothing once the input has ended. An interrupted line is empty.
    pub(super) async fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        loop {
            if self.typed.is_empty() {
                match self.input.recv().await {
                    Some(piece) => self.typed.extend(piece),
                    None if line.is_empty() => return None,
                    None => break,
                }
                continue;
            }
            let byte = self.typed.remove(0);
            match byte {
                b'\n' => break,
                b'\r' if self.tty => break,
                // End of transmission, interrupt, erase.
                4 if self.tty && line.is_empty() => return None,
                3 if self.tty => {
                    self.out("^C").await;
                    line.clear();
                    break;
                }
                8 | 127 if self.tty && line.pop().is_some() => self.out("\u{8} \u{8}").await,
                0..=31 | 127 if self.tty => {}
                byte if line.len() < LONGEST => {
                    line.push(byte);
                    if self.tty {
                        self.out([byte]).await;
                    }
                }
                _ => {}
            }
        }
        if self.tty {
            self.out("\n").await;
        }
        Some(String::from_utf8_lossy(&line).into_owned())
    }
}

fn with_returns(bytes: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for byte in bytes {
        if *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out.into()
}
