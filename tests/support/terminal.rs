//! A real pseudo-terminal with a program in it: type keys, wait for what the screen shows, look at its cells. Shared by
//! the tests, the figures and the pictures.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long a wait goes on before it fails. Only a failing test waits that long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Signals that end a program, as the C library describes them.
const ENDINGS: &[(&str, u32)] = &[("Hangup", 1), ("Interrupt", 2), ("Killed", 9), ("Terminated", 15)];

/// What the program has written so far.
pub struct Seen {
    parser: vt100::Parser,
    /// Bytes in all.
    pub bytes: usize,
    /// Everything as it came, for what the parser swallows.
    pub raw: Vec<u8>,
    /// When the newest byte came.
    pub last: Option<Instant>,
    /// When the first byte came.
    pub first: Option<Instant>,
    closed: bool,
}

/// A program in a pseudo-terminal. It is killed when this is dropped.
pub struct Terminal {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    /// When it was started.
    pub started: Instant,
    /// The user's folders, for this program alone.
    _home: tempfile::TempDir,
}

impl Terminal {
    /// Starts `program` with `args` on a terminal of `columns` by `rows`. The environment is the tests' own plus `env`,
    /// without what would change the screen's look.
    pub fn start(program: &Path, args: &[&str], env: &[(&str, &str)], (columns, rows): (u16, u16)) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        for gone in ["NO_COLOR", "KUBECONFIG", "CRASHCART_PROFILE", "TMUX"] {
            command.env_remove(gone);
        }
        for (key, value) in [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8")] {
            command.env(key, value);
        }
        let home = tempfile::tempdir().expect("a folder");
        for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env(name, home.path().join(name));
        }
        for (key, value) in env {
            command.env(key, value);
        }
        let reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let seen = Arc::new((
            Mutex::new(Seen {
                parser: vt100::Parser::new(rows, columns, 0),
                bytes: 0,
                raw: Vec::new(),
                last: None,
                first: None,
                closed: false,
            }),
            Condvar::new(),
        ));
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let sink = Arc::clone(&seen);
        std::thread::spawn(move || pump(reader, &sink));
        Self { seen, master: pair.master, writer, child, started, _home: home }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().expect("the reader lives")
    }

    /// Waits until `done` says so of what was seen; the screen is printed when it never does.
    pub fn until<T>(&self, what: &str, mut done: impl FnMut(&Seen) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.lock();
        loop {
            if let Some(value) = done(&seen) {
                return value;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let screen = || seen.parser.screen().contents();
            assert!(!left.is_zero(), "waited in vain for {what}; the screen:\n{}", screen());
            assert!(!seen.closed, "the program ended before {what}; the screen:\n{}", screen());
            seen = self.seen.1.wait_timeout(seen, left).expect("the reader lives").0;
        }
    }

    /// Waits until `text` is on the screen.
    pub fn wait(&self, text: &str) {
        self.until(text, |seen| seen.text().contains(text).then_some(()));
    }

    /// Waits until `text` is no longer on the screen.
    pub fn gone(&self, text: &str) {
        self.until(&format!("the end of {text}"), |seen| (!seen.text().contains(text)).then_some(()));
    }

    /// Waits until nothing has been written for `quiet`, counted from now.
    pub fn settle(&self, quiet: Duration) {
        let now = Instant::now();
        loop {
            let last = self.lock().last.map_or(now, |last| last.max(now));
            let left = quiet.saturating_sub(last.elapsed());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left);
        }
    }

    /// The screen as text, one line a row.
    pub fn text(&self) -> String {
        self.lock().text()
    }

    /// Looks at the screen's cells.
    pub fn screen<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.lock().parser.screen())
    }

    /// Looks at everything that was seen.
    pub fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.lock())
    }

    /// Types `keys` as they stand; `\r` is Enter, `\x1b` Escape.
    pub fn type_keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).and_then(|()| self.writer.flush()).expect("the terminal takes keys");
    }

    /// Changes the window's size.
    pub fn resize(&self, (columns, rows): (u16, u16)) {
        self.lock().parser.screen_mut().set_size(rows, columns);
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("a new size");
    }

    /// The program's process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Sends a signal by its name (`TERM`).
    #[expect(clippy::disallowed_types, reason = "a test sends a signal as a shell would")]
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let status = std::process::Command::new("kill").args(["-s", name, &pid]).status().expect("kill runs");
        assert!(status.success(), "kill -s {name} {pid}");
    }

    /// Waits for the program's end; its exit code, 128 + n for a signal's.
    pub fn end(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                self.drain();
                return match status.signal() {
                    None => status.exit_code(),
                    Some(name) => 128 + ENDINGS.iter().find(|(n, _)| *n == name).map_or(0, |(_, number)| *number),
                };
            }
            assert!(Instant::now() < deadline, "it does not end; the screen:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn drain(&self) {
        let mut seen = self.lock();
        let deadline = Instant::now() + Duration::from_secs(2);
        while !seen.closed && Instant::now() < deadline {
            seen = self.seen.1.wait_timeout(seen, Duration::from_millis(50)).expect("the reader lives").0;
        }
    }

    /// What is wrong with the terminal after the program ended; empty: it is as it was.
    pub fn damage(&self) -> Vec<&'static str> {
        let modes = self.master.get_termios().expect("terminal modes");
        let modes = format!("{:?}", modes.local_flags);
        let left_on = self.screen(|s| {
            [
                ("alternate screen", s.alternate_screen()),
                ("hidden cursor", s.hide_cursor()),
                ("bracketed paste", s.bracketed_paste()),
                ("application cursor", s.application_cursor()),
                ("mouse", s.mouse_protocol_mode() != vt100::MouseProtocolMode::None),
                // Canonical input and echo, as a shell left them.
                ("raw mode", !(modes.contains("ICANON") && modes.contains("ECHO"))),
            ]
        });
        left_on.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect()
    }
}

impl Seen {
    /// The screen as text, one line a row.
    pub fn text(&self) -> String {
        self.parser.screen().contents()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pump(mut reader: Box<dyn Read + Send>, sink: &(Mutex<Seen>, Condvar)) {
    let mut buffer = [0; 16_384];
    loop {
        let read = reader.read(&mut buffer).unwrap_or(0);
        let now = Instant::now();
        let Ok(mut seen) = sink.0.lock() else { return };
        if read == 0 {
            seen.closed = true;
        } else {
            seen.parser.process(&buffer[..read]);
            seen.raw.extend_from_slice(&buffer[..read]);
            seen.bytes += read;
            seen.first.get_or_insert(now);
            seen.last = Some(now);
        }
        sink.1.notify_all();
        if read == 0 {
            return;
        }
    }
}
