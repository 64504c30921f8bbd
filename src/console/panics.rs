//! Faults of ours: the terminal comes back before a word is printed.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use super::terminal;

thread_local! {
    /// Whether a panic on this thread is caught and told on the screen.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Faults of other threads and of guarded parts, as sentences for the screen.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<String>>>);

/// How many faults are kept; one that repeats for ever says nothing new.
const LIMIT: usize = 16;

impl Faults {
    /// Watches for panics from now on: one on the calling thread gives the terminal back and prints one line; one on any
    /// other thread is kept for the screen, which goes on with what still works.
    pub fn watch() -> Self {
        let faults = Self::default();
        let kept = faults.clone();
        let console = std::thread::current().id();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().id() == console && !CAUGHT.get() {
                terminal::restore();
                eprintln!("crashcart: a fault of ours, please report it: {}", describe(info));
            } else {
                kept.add(describe(info));
            }
        }));
        faults
    }

    fn add(&self, fault: String) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.len() < LIMIT && !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    /// The faults that came since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs something whose failure must not end the program; `None` when it panicked.
pub fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    CAUGHT.set(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    CAUGHT.set(false);
    result.ok()
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("no message").lines().next().unwrap_or_default();
    let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
    let message = crate::situation::clean(message);
    format!("{message}{place}")
}
