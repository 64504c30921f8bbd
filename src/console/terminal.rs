//! The terminal: taken once, given back on every way out.
//!
//! Nothing else writes to it. A frame is worked out in memory, compared with the one that is shown, and what differs goes
//! out in one write inside a synchronized update; when nothing differs nothing is written.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{cursor, queue};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::clipboard::Clipboard;

/// Whether the terminal is not ours at present. Shared with signal handlers, which may end the program at once while it
/// is set.
static GIVEN_BACK: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));

/// Updates of fewer bytes than this are written bare: a terminal takes them in one go anyway.
const SMALL: usize = 256;

/// Says why the console cannot run here, if it cannot.
///
/// # Errors
/// When input or output is not a terminal, or one that cannot place its cursor.
pub fn check() -> anyhow::Result<()> {
    anyhow::ensure!(
        io::stdin().is_terminal() && io::stdout().is_terminal(),
        "the console needs a terminal for its input and output; for scripts and pipes use `crashcart check`"
    );
    anyhow::ensure!(
        std::env::var("TERM").is_ok_and(|term| !matches!(&*term, "" | "dumb" | "unknown")),
        "this terminal cannot place its cursor (TERM is unset or dumb); use `crashcart check`, or set TERM (for example \
         TERM=xterm)"
    );
    Ok(())
}

/// Whether the terminal is not ours at present, for handlers that outlive the console.
pub fn given_back() -> Arc<AtomicBool> {
    Arc::clone(&GIVEN_BACK)
}

/// Gives the terminal back as it was. May be called from any thread, at any time, any number of times.
pub fn restore() {
    if GIVEN_BACK.swap(true, Ordering::SeqCst) {
        return;
    }
    // The line discipline first: it works even when the terminal has stopped taking output.
    let _ = disable_raw_mode();
    let _ = output().and_then(|mut tty| {
        let mut bytes = Vec::new();
        queue!(bytes, EndSynchronizedUpdate, ResetColor, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show)?;
        tty.write_all(&bytes)
    });
}

/// A handle of our own on the terminal, so that no lock of the standard library is ever waited for.
fn output() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// The terminal while it is ours. Dropping it gives it back.
#[derive(Debug)]
pub struct Terminal {
    tty: File,
    /// What waits to be written at once.
    bytes: Vec<u8>,
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
}

impl Terminal {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, no cursor.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn take() -> anyhow::Result<Self> {
        let mut terminal = Self {
            tty: output().context("cannot open the terminal")?,
            bytes: Vec::new(),
            shown: Buffer::empty(Rect::ZERO),
            next: Buffer::empty(Rect::ZERO),
            cursor: None,
        };
        terminal.enter().context("cannot set up the terminal")?;
        Ok(terminal)
    }

    fn enter(&mut self) -> io::Result<()> {
        GIVEN_BACK.store(false, Ordering::SeqCst);
        enable_raw_mode()?;
        let mut bytes = Vec::new();
        queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        self.tty.write_all(&bytes)?;
        self.forget()
    }

    /// Lets the shell have the terminal until the program is continued.
    ///
    /// # Errors
    /// When the terminal refuses to be taken again.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        self.enter()
    }

    /// Takes the terminal again after the program was stopped without our knowing.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn resume(&mut self) -> io::Result<()> {
        self.enter()
    }

    /// Clears the screen, so that the next frame is drawn whole.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn forget(&mut self) -> io::Result<()> {
        self.shown = Buffer::empty(area()?);
        self.cursor = None;
        let mut bytes = Vec::new();
        queue!(bytes, ResetColor, Clear(ClearType::All), cursor::Hide)?;
        self.tty.write_all(&bytes)
    }

    /// Draws a frame; only what differs from the shown one is written. Returns how many bytes went out.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn draw(&mut self, frame: impl FnOnce(&mut Buffer) -> Option<Position>) -> io::Result<usize> {
        let area = area()?;
        if area != self.shown.area {
            self.forget()?;
        }
        self.next.resize(area);
        self.next.reset();
        let cursor = frame(&mut self.next);
        self.bytes.clear();
        let changes = self.shown.diff(&self.next);
        let any = !changes.is_empty();
        if any {
            CrosstermBackend::new(&mut self.bytes).draw(changes.into_iter())?;
        }
        if any || cursor != self.cursor {
            self.place(cursor)?;
        }
        std::mem::swap(&mut self.shown, &mut self.next);
        self.flush()
    }

    fn place(&mut self, cursor: Option<Position>) -> io::Result<()> {
        let was_shown = self.cursor.is_some();
        self.cursor = cursor;
        match cursor {
            Some(at) => queue!(self.bytes, cursor::MoveTo(at.x, at.y), cursor::Show),
            None if was_shown => queue!(self.bytes, cursor::Hide),
            None => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<usize> {
        if self.bytes.len() > SMALL {
            let mut framed = Vec::with_capacity(self.bytes.len() + 32);
            queue!(framed, BeginSynchronizedUpdate)?;
            framed.append(&mut self.bytes);
            queue!(framed, EndSynchronizedUpdate)?;
            self.bytes = framed;
        }
        self.tty.write_all(&self.bytes)?;
        Ok(self.bytes.len())
    }

    /// Asks the terminal to put `text` on its clipboard. Returns what to say about it: no terminal tells whether it did.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn copy(&mut self, text: &str) -> io::Result<String> {
        let clipboard = Clipboard::here();
        match clipboard.sequence(text) {
            Ok(sequence) => self.tty.write_all(sequence.as_bytes()).map(|()| clipboard.said(text)),
            Err(why) => Ok(why),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

fn area() -> io::Result<Rect> {
    let (columns, rows) = size()?;
    // A terminal that does not know its size says 0x0; a frame must have at least one cell.
    Ok(Rect::new(0, 0, columns.max(1), rows.max(1)))
}
