//! Signals: told to the loop, and obeyed without it when it does not answer.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::{Handle, Signals};
use tokio::sync::mpsc;

use super::terminal;

/// How long the loop may take to end itself before the program ends without it.
const PATIENCE: Duration = Duration::from_millis(120);

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To end, with this exit code.
    End(u8),
    /// To stop until continued.
    Suspend,
    /// The program was stopped and goes on.
    Continued,
}

/// Listens for signals while it lives.
#[derive(Debug)]
pub struct Listener {
    /// What was asked for.
    pub asked: mpsc::UnboundedReceiver<Asked>,
    handle: Handle,
    done: Arc<AtomicBool>,
}

impl Listener {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn start() -> io::Result<Self> {
        after_us()?;
        let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])?;
        let handle = signals.handle();
        let done = Arc::new(AtomicBool::new(false));
        let (sender, asked) = mpsc::unbounded_channel();
        let ended = Arc::clone(&done);
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                match signal {
                    SIGTSTP => drop(sender.send(Asked::Suspend)),
                    SIGCONT => drop(sender.send(Asked::Continued)),
                    number => {
                        let code = u8::try_from(128 + number).unwrap_or(u8::MAX);
                        let _ = sender.send(Asked::End(code));
                        std::thread::sleep(PATIENCE);
                        if !ended.load(Ordering::SeqCst) {
                            end_without_the_loop(code);
                        }
                    }
                }
            }
        })?;
        Ok(Self { asked, handle, done })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
        self.handle.close();
    }
}

/// The loop hangs, most likely in a write to a terminal that takes no more: give the terminal back as far as it lets us.
fn end_without_the_loop(code: u8) -> ! {
    let restoring = std::thread::spawn(terminal::restore);
    let pause = Duration::from_millis(5);
    for _ in 0..10 {
        if restoring.is_finished() {
            break;
        }
        std::thread::sleep(pause);
    }
    std::process::exit(i32::from(code))
}

/// Our handlers stay for the program's life; once the terminal is given back a signal ends the program as it would have
/// without them.
fn after_us() -> io::Result<()> {
    static ONCE: Once = Once::new();
    let mut result = Ok(());
    ONCE.call_once(|| {
        for signal in [SIGTERM, SIGHUP, SIGINT] {
            let registered =
                signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, terminal::given_back());
            if let Err(error) = registered {
                result = Err(error);
            }
        }
    });
    result
}
