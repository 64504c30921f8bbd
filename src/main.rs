//! The binary: parses the command line and hands over.

use std::process::ExitCode;

use clap::Parser;
use crashcart::cli::{Cli, Command, exit};
use crashcart::command;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|fault| {
        eprintln!("crashcart: a fault of ours: {fault}");
        std::process::exit(i32::from(exit::FAULT));
    }));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::DONE });
        }
    };
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) if reader_has_gone(&error) => ExitCode::from(exit::DONE),
        Err(error) => {
            eprintln!("crashcart: {error:#}");
            ExitCode::from(exit::FAILED)
        }
    }
}

/// Whether standard output was closed before everything was written (`crashcart check | head`): no fault of ours.
fn reader_has_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

fn run(cli: Cli) -> anyhow::Result<u8> {
    let options = &cli.options;
    if let Some(file) = &options.log {
        crashcart::logging::to_file(file)?;
    }
    match cli.command {
        None => command::console::run(options),
        Some(Command::Check(args)) => command::check::run(options, args),
        Some(Command::Act(args)) => command::act::run(options, args),
        Some(Command::Drill(args)) => command::drill::run(options, args),
        Some(Command::Simulate(args)) => command::simulate::run(options, args),
        Some(Command::Explain(args)) => command::explain::run(options, args),
        Some(Command::Lint(args)) => command::lint::run(options, args),
        Some(Command::Incidents(args)) => command::incidents::run(options, args),
        Some(Command::Journal(args)) => command::journal::run(options, args),
        Some(Command::Schema(args)) => command::schema::run(options, args),
        Some(Command::Completions { shell }) => command::schema::completions(shell),
        Some(Command::Man) => command::schema::man(),
    }
}
