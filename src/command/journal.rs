//! `crashcart journal verify`: whether a journal is whole.

use anyhow::Context as _;

use crate::cli::{JournalArgs, JournalCommand, Options, exit};
use crate::incident;
use crate::situation::clean;

/// Runs the command; the exit code of the program.
pub fn run(_options: &Options, args: JournalArgs) -> anyhow::Result<u8> {
    let JournalCommand::Verify { file } = args.command;
    let name = file.display();
    let told = incident::verify(&file).with_context(|| format!("cannot read {name}; name a journal.jsonl"))?;
    for problem in &told.problems {
        super::say(format!("{name}:{}: {}", problem.line, clean(&problem.what)))?;
    }
    for line in &told.torn {
        super::say(format!("{name}:{line}: torn when the program was killed; nothing that was relied on is lost"))?;
    }
    let whose = told
        .header
        .as_ref()
        .map_or_else(String::new, |header| format!(", {} on {}", clean(&header.incident), clean(&header.context)));
    let verdict = match told.problems.len() {
        0 => "whole".to_owned(),
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    };
    super::say(format!("{name}: {} lines{whose}: {verdict}", told.lines))?;
    Ok(if told.problems.is_empty() { exit::DONE } else { exit::FAILED })
}
