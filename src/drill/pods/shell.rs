//! `sh`: single commands, one after the other. There are no pipes, files to write or jobs.

use std::iter::Peekable;
use std::str::Chars;

use super::{Io, Process, Program};

/// The exit code of a line that makes no sense.
const SYNTAX: u8 = 2;
/// The exit code of a program that is not there.
const NOT_FOUND: u8 = 127;

/// Runs the line after `-c`, or the lines of its input.
pub(super) async fn run(process: &Process, args: &[String], io: &mut Io) -> u8 {
    let mut words = args.iter().skip_while(|a| matches!(a.as_str(), "-l" | "-i" | "-e"));
    match words.next().map(String::as_str) {
        Some("-c") => match words.next() {
            Some(line) => self::line(process, line, 0, io).await.code,
            None => {
                io.err("sh: -c requires an argument\n").await;
                SYNTAX
            }
        },
        Some(script) => {
            io.err(format!("sh: can't open '{script}': No such file or directory\n")).await;
            SYNTAX
        }
        None => converse(process, io).await,
    }
}

async fn converse(process: &Process, io: &mut Io) -> u8 {
    let mut code = 0;
    loop {
        if io.tty() {
            io.out("/ # ").await;
        }
        let Some(typed) = io.line().await else { return code };
        let done = line(process, &typed, code, io).await;
        code = done.code;
        if done.exits {
            return code;
        }
    }
}

/// How a line ended.
struct Done {
    code: u8,
    exits: bool,
}

/// Runs one line; `code` is that of the line before.
async fn line(process: &Process, line: &str, mut code: u8, io: &mut Io) -> Done {
    let commands = match parse(line) {
        Ok(commands) => commands,
        Err(why) => {
            io.err(format!("sh: syntax error: {why}\n")).await;
            return Done { code: SYNTAX, exits: false };
        }
    };
    for command in commands {
        let wanted = match command.after {
            After::Any => true,
            After::Success => code == 0,
            After::Failure => code != 0,
        };
        let words: Vec<String> = command.words.iter().map(|word| told(process, word, code)).collect();
        let Some((name, args)) = words.split_first().filter(|_| wanted) else { continue };
        if name == "exit" {
            let code = args.first().and_then(|c| c.parse().ok()).unwrap_or(code);
            return Done { code, exits: true };
        }
        code = match Program::find(process.around.image, name) {
            Some(program) => process.work(program, args, io).await,
            None => {
                io.err(format!("sh: {name}: not found\n")).await;
                NOT_FOUND
            }
        };
    }
    Done { code, exits: false }
}

/// A word with its variables filled in.
fn told(process: &Process, word: &[Piece], code: u8) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Variable(name) if name == "?" => code.to_string(),
        Piece::Variable(name) => process.around.variable(name).to_owned(),
    };
    word.iter().map(piece).collect()
}

/// When a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Any,
    Success,
    Failure,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(String),
}

type Word = Vec<Piece>;

/// A command of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Command {
    after: After,
    words: Vec<Word>,
}

/// Takes a line apart.
fn parse(line: &str) -> Result<Vec<Command>, String> {
    let mut commands = Vec::new();
    let mut command = Command { after: After::Any, words: Vec::new() };
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.peek().copied() {
        match letter {
            ' ' | '\t' => {
                letters.next();
            }
            '#' => break,
            ';' | '&' | '|' => {
                letters.next();
                let twice = letter != ';' && letters.next_if_eq(&letter).is_some();
                let after = match (letter, twice) {
                    (';', _) => After::Any,
                    ('&', true) => After::Success,
                    ('|', true) => After::Failure,
                    _ => return Err(unexpected(letter)),
                };
                if command.words.is_empty() {
                    return Err(unexpected(letter));
                }
                commands.push(std::mem::replace(&mut command, Command { after, words: Vec::new() }));
            }
            _ => command.words.push(word(&mut letters)?),
        }
    }
    commands.push(command);
    Ok(commands)
}

fn unexpected(letter: char) -> String {
    format!("unexpected {letter:?}: this shell knows single commands, \";\", \"&&\" and \"||\"")
}

/// The next word, whose letters may be quoted.
fn word(letters: &mut Peekable<Chars<'_>>) -> Result<Word, String> {
    let mut pieces = Vec::new();
    let mut quote = None;
    while let Some(letter) = letters.peek().copied() {
        match (quote, letter) {
            (None, ' ' | '\t' | ';' | '&' | '|') => break,
            (None, '<' | '>' | '`' | '(' | ')') | (Some('"'), '`') => return Err(unexpected(letter)),
            (None, '\'' | '"') => quote = Some(letter),
            (Some(begun), letter) if begun == letter => quote = None,
            (None | Some('"'), '$') => {
                letters.next();
                pieces.push(variable(letters)?);
                continue;
            }
            (None | Some('"'), '\\') => {
                letters.next();
                push(&mut pieces, letters.peek().copied().unwrap_or('\\'));
            }
            (_, letter) => push(&mut pieces, letter),
        }
        letters.next();
    }
    if quote.is_some() { Err("unterminated quoted string".to_owned()) } else { Ok(pieces) }
}

fn push(pieces: &mut Word, letter: char) {
    if let Some(Piece::Text(text)) = pieces.last_mut() {
        text.push(letter);
    } else {
        pieces.push(Piece::Text(letter.to_string()));
    }
}

/// What stands behind a dollar sign.
fn variable(letters: &mut Peekable<Chars<'_>>) -> Result<Piece, String> {
    if letters.next_if_eq(&'?').is_some() {
        return Ok(Piece::Variable("?".to_owned()));
    }
    if letters.peek() == Some(&'(') {
        return Err(unexpected('('));
    }
    let braced = letters.next_if_eq(&'{').is_some();
    let mut name = String::new();
    while let Some(letter) = letters.next_if(|l| l.is_ascii_alphanumeric() || *l == '_') {
        name.push(letter);
    }
    if braced && letters.next_if_eq(&'}').is_none() {
        return Err("bad substitution".to_owned());
    }
    Ok(if name.is_empty() { Piece::Text("$".to_owned()) } else { Piece::Variable(name) })
}
