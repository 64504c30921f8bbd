//! The binary: parses the command line and hands over.

use std::process::ExitCode;

use clap::Parser;
use crashcart::cli::{Cli, Command, exit};
use crashcart::command;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::DONE });
        }
    };
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("crashcart: {error:#}");
            ExitCode::from(exit::FAILED)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<u8> {
    let options = &cli.options;
    match cli.command {
        None => command::console::run(options),
        Some(Command::Check(args)) => command::check::run(options, args),
        Some(Command::Drill(args)) => command::drill::run(options, args),
        Some(Command::Simulate(args)) => command::simulate::run(options, args),
        Some(Command::Explain(args)) => command::explain::run(options, args),
        Some(Command::Lint(args)) => command::lint::run(options, args),
        Some(Command::Schema(args)) => command::schema::run(options, args),
        Some(Command::Completions { shell }) => command::schema::completions(shell),
        Some(Command::Man) => command::schema::man(),
    }
}
