//! `redis-cli`: speaks RESP to whatever answers on the port.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use super::{Io, Process, names};
use crate::drill::net::Stream;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a text in an answer may be.
const LONGEST: usize = 16 * 1024 * 1024;
/// How many answers an answer may hold.
const MOST: usize = 1024 * 1024;
/// How deep answers may hold answers.
const DEEPEST: usize = 8;

/// What a server answers.
#[derive(Debug, Clone, PartialEq)]
enum Reply {
    Text(String),
    Number(i64),
    Error(String),
    Nothing,
    Many(Vec<Self>),
}

/// What was asked for.
#[derive(Debug)]
struct Options<'a> {
    host: &'a str,
    port: u16,
    /// Commands to begin with: who one is, which database.
    opening: Vec<Vec<String>>,
    /// Whether answers are shown as they are; otherwise with their types.
    raw: bool,
    command: &'a [String],
}

/// Sends the command, or those of its input.
pub(super) async fn cli(process: &Process, args: &[String], io: &mut Io) -> u8 {
    let options = match Options::parse(args, !io.tty()) {
        Ok(options) => options,
        Err(why) => {
            io.err(format!("{why}\n")).await;
            return 1;
        }
    };
    let Some(mut server) = connect(process, &options, io).await else { return 1 };
    for command in &options.opening {
        match converse(&mut server, command).await {
            Ok(Reply::Error(why)) => io.err(format!("{} failed: {why}\n", command.first().map_or("", |c| c))).await,
            Ok(_) => {}
            Err(_) => return lost(io).await,
        }
    }
    if !options.command.is_empty() {
        return match converse(&mut server, options.command).await {
            Ok(reply) => {
                io.out(show(&reply, options.raw)).await;
                0
            }
            Err(_) => lost(io).await,
        };
    }
    loop {
        if io.tty() {
            io.out(format!("{}:{}> ", options.host, options.port)).await;
        }
        let Some(line) = io.line().await else { return 0 };
        let command: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match command.first().map(String::as_str) {
            None => {}
            Some("quit" | "exit") => return 0,
            Some(_) => match converse(&mut server, &command).await {
                Ok(reply) => io.out(show(&reply, options.raw)).await,
                Err(_) => return lost(io).await,
            },
        }
    }
}

impl<'a> Options<'a> {
    fn parse(args: &'a [String], raw: bool) -> Result<Self, String> {
        let mut options = Self { host: "127.0.0.1", port: 6379, opening: Vec::new(), raw, command: &[] };
        let mut rest = args;
        while let [flag, after @ ..] = rest {
            let value = after.first().map(String::as_str);
            let needed = || value.ok_or_else(|| format!("Option {flag} needs an argument"));
            let mut takes = true;
            match flag.as_str() {
                "-h" => options.host = needed()?,
                "-p" => options.port = needed()?.parse().map_err(|_| "Invalid server port.".to_owned())?,
                "-a" => options.opening.push(vec!["AUTH".to_owned(), needed()?.to_owned()]),
                "-n" => options.opening.push(vec!["SELECT".to_owned(), needed()?.to_owned()]),
                "-t" => drop(needed()?),
                _ => takes = false,
            }
            match flag.as_str() {
                _ if takes => {}
                "--raw" => options.raw = true,
                "--no-raw" => options.raw = false,
                "--no-auth-warning" => {}
                flag if flag.starts_with('-') => {
                    return Err(format!("Unrecognized option or bad number of args for: '{flag}'"));
                }
                _ => {
                    options.command = rest;
                    break;
                }
            }
            rest = if takes { after.get(1..).unwrap_or_default() } else { after };
        }
        Ok(options)
    }
}

async fn connect(process: &Process, options: &Options<'_>, io: &Io) -> Option<BufReader<Stream>> {
    let (host, port) = (options.host, options.port);
    let ip = if host == "localhost" { Some(Ipv4Addr::LOCALHOST) } else { names::address(process, host).await };
    let Some(ip) = ip else {
        io.err(format!("Could not connect to Redis at {host}:{port}: Name does not resolve\n")).await;
        return None;
    };
    match tokio::time::timeout(PATIENCE, process.dial(ip, port)).await {
        Ok(Ok(stream)) => Some(BufReader::new(stream)),
        outcome => {
            let why = if outcome.is_ok() { "Connection refused" } else { "Operation timed out" };
            io.err(format!("Could not connect to Redis at {host}:{port}: {why}\n")).await;
            None
        }
    }
}

async fn lost(io: &Io) -> u8 {
    io.err("Error: Server closed the connection\n").await;
    1
}

/// Sends a command and reads its answer.
async fn converse(server: &mut BufReader<Stream>, command: &[String]) -> std::io::Result<Reply> {
    let mut bytes = format!("*{}\r\n", command.len());
    for word in command {
        let _ = write!(bytes, "${}\r\n{word}\r\n", word.len());
    }
    let talking = async {
        server.write_all(bytes.as_bytes()).await?;
        read(server, 0).await
    };
    tokio::time::timeout(PATIENCE, talking).await.map_err(|_| std::io::ErrorKind::TimedOut)?
}

/// Reads one answer.
async fn read(server: &mut BufReader<Stream>, depth: usize) -> std::io::Result<Reply> {
    let strange = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let mut line = String::new();
    (&mut *server).take(LONGEST as u64).read_line(&mut line).await?;
    let line = line.strip_suffix("\r\n").ok_or_else(strange)?;
    let mut letters = line.chars();
    let (kind, rest) = (letters.next(), letters.as_str());
    let number = || rest.parse::<i64>().map_err(|_| strange());
    match kind {
        Some('+') => Ok(Reply::Text(rest.to_owned())),
        Some('-') => Ok(Reply::Error(rest.to_owned())),
        Some(':') => Ok(Reply::Number(number()?)),
        Some('_') => Ok(Reply::Nothing),
        Some('$') => match usize::try_from(number()?) {
            Err(_) => Ok(Reply::Nothing),
            Ok(length) if length <= LONGEST => {
                let mut text = vec![0; length + 2];
                server.read_exact(&mut text).await?;
                text.truncate(length);
                Ok(Reply::Text(String::from_utf8_lossy(&text).into_owned()))
            }
            Ok(_) => Err(strange()),
        },
        Some('*') => match usize::try_from(number()?) {
            Err(_) => Ok(Reply::Nothing),
            Ok(many) if many <= MOST && depth < DEEPEST => {
                let mut replies = Vec::new();
                for _ in 0..many {
                    replies.push(Box::pin(read(server, depth + 1)).await?);
                }
                Ok(Reply::Many(replies))
            }
            Ok(_) => Err(strange()),
        },
        _ => Err(strange()),
    }
}

/// An answer as it is shown, with the end of its line.
fn show(reply: &Reply, raw: bool) -> String {
    if raw { plain(reply) + "\n" } else { typed(reply, 0) }
}

fn plain(reply: &Reply) -> String {
    match reply {
        Reply::Text(text) => text.trim_end_matches("\r\n").to_owned(),
        Reply::Number(number) => number.to_string(),
        Reply::Error(why) => format!("{why}\n"),
        Reply::Nothing => String::new(),
        Reply::Many(replies) => replies.iter().map(plain).collect::<Vec<_>>().join("\n"),
    }
}

fn typed(reply: &Reply, indent: usize) -> String {
    match reply {
        Reply::Text(text) => format!("{text:?}\n"),
        Reply::Number(number) => format!("(integer) {number}\n"),
        Reply::Error(why) => format!("(error) {why}\n"),
        Reply::Nothing => "(nil)\n".to_owned(),
        Reply::Many(replies) if replies.is_empty() => "(empty array)\n".to_owned(),
        Reply::Many(replies) => {
            let width = replies.len().to_string().len();
            let line = |(number, reply): (usize, &Reply)| {
                let lead = if number == 0 { 0 } else { indent };
                let below = indent + width + 2;
                format!("{:lead$}{:>width$}) {}", "", number + 1, typed(reply, below))
            };
            replies.iter().enumerate().map(line).collect()
        }
    }
}
