//! The commands, one file each. A command wires the modules together; it has no logic of its own. Each returns the exit
//! code of the program; an error is printed by `main` and becomes exit code 1.

pub mod act;
pub mod check;
pub mod console;
pub mod drill;
pub mod explain;
pub mod incidents;
pub mod journal;
pub mod lint;
mod paper;
pub mod schema;
pub mod simulate;
mod wiring;

/// Prints one line on standard output. A reader that has gone (`| head`) is an error like any other, not a panic.
fn say(line: impl std::fmt::Display) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout(), "{line}")
}
