//! The simulated pods from within: what can be run in their containers.
//!
//! A closed table of programs that look at the world and reach out through its network. Nothing here starts a process or
//! opens a file of this machine.

mod files;
mod io;
mod names;
mod redis;
mod shell;
mod web;

use std::future::Future;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

pub use io::Io;

use super::net::{Network, Stream};
use super::world::{Image, Surroundings};

/// A program's work, to its exit code.
type Working<'a> = Pin<Box<dyn Future<Output = u8> + Send + 'a>>;

/// A place in a container where a command can be run.
#[derive(Debug)]
pub struct Process {
    network: Arc<Network>,
    around: Surroundings,
}

/// What there is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    Cat,
    Curl,
    Date,
    Echo,
    Env,
    False,
    Hostname,
    List,
    Nslookup,
    RedisCli,
    Shell,
    True,
    Wget,
}

impl Program {
    /// The program that an image has under a name, bare or with its folder.
    fn find(image: Image, name: &str) -> Option<Self> {
        let folders = ["/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"];
        let name = folders.iter().find_map(|folder| name.strip_prefix(folder)).unwrap_or(name);
        let program = match name {
            "cat" => Self::Cat,
            "curl" => Self::Curl,
            "date" => Self::Date,
            "echo" => Self::Echo,
            "env" | "printenv" => Self::Env,
            "false" => Self::False,
            "hostname" => Self::Hostname,
            "ls" => Self::List,
            "nslookup" => Self::Nslookup,
            "redis-cli" => Self::RedisCli,
            "sh" | "ash" => Self::Shell,
            "true" => Self::True,
            "wget" => Self::Wget,
            _ => return None,
        };
        let has = match (image, program) {
            (Image::Bare, _) => false,
            (image, Self::Curl) => image == Image::WithCurl,
            (image, Self::RedisCli) => image == Image::WithRedis,
            _ => true,
        };
        has.then_some(program)
    }
}

impl Process {
    /// A place in a container.
    pub const fn new(network: Arc<Network>, around: Surroundings) -> Self {
        Self { network, around }
    }

    /// Runs a command; its exit code.
    ///
    /// # Errors
    /// When there is no such program, in the words of the container runtime.
    pub async fn run(&self, command: &[String], mut io: Io) -> Result<u8, String> {
        let (name, args) = command.split_first().map_or(("", [].as_slice()), |(name, args)| (name.as_str(), args));
        match Program::find(self.around.image, name) {
            Some(program) => Ok(self.work(program, args, &mut io).await),
            None => Err(not_started(name)),
        }
    }

    fn work<'a>(&'a self, program: Program, args: &'a [String], io: &'a mut Io) -> Working<'a> {
        Box::pin(async move {
            match program {
                Program::Cat => files::cat(self, args, io).await,
                Program::Curl => web::curl(self, args, io).await,
                Program::Date => self.date(args, io).await,
                Program::Echo => {
                    let (end, words) = match args.split_first() {
                        Some((flag, words)) if flag == "-n" => ("", words),
                        _ => ("\n", args),
                    };
                    io.out(words.join(" ") + end).await;
                    0
                }
                Program::Env => self.env(args, io).await,
                Program::False => 1,
                Program::Hostname => {
                    io.out(self.around.files.get("/etc/hostname").map_or("", String::as_str)).await;
                    0
                }
                Program::List => files::list(self, args, io).await,
                Program::Nslookup => names::nslookup(self, args, io).await,
                Program::RedisCli => redis::cli(self, args, io).await,
                Program::Shell => shell::run(self, args, io).await,
                Program::True => 0,
                Program::Wget => web::wget(self, args, io).await,
            }
        })
    }

    async fn env(&self, args: &[String], io: &Io) -> u8 {
        match args {
            [] => {
                let lines = self.around.env.iter().map(|(name, value)| format!("{name}={value}\n"));
                io.out(lines.collect::<String>()).await;
                0
            }
            [name] if self.around.env.iter().any(|(known, _)| known == name) => {
                io.out(format!("{}\n", self.around.variable(name))).await;
                0
            }
            _ => 1,
        }
    }

    async fn date(&self, args: &[String], io: &Io) -> u8 {
        let format = args.iter().find_map(|a| a.strip_prefix('+')).unwrap_or("%a %b %e %H:%M:%S UTC %Y");
        match strtime::format(format, &self.around.now.to_zoned(TimeZone::UTC)) {
            Ok(text) => {
                io.out(format!("{text}\n")).await;
                0
            }
            Err(_) => {
                io.err(format!("date: invalid date format '{format}'\n")).await;
                1
            }
        }
    }

    /// Connects to an address as a process of this pod does: the loopback is the pod's own.
    async fn dial(&self, ip: Ipv4Addr, port: u16) -> std::io::Result<Stream> {
        let sandbox = &self.around.sandbox;
        let own = ip.is_loopback() && !sandbox.on_host;
        let host = if own { sandbox.ip.clone() } else { ip.to_string() };
        self.network.connect(sandbox.vantage(), &host, port).await
    }
}

/// What the container runtime says of a program that is not there.
fn not_started(name: &str) -> String {
    let id: String = Sha256::digest(name.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    let why = if name.contains('/') {
        format!("stat {name}: no such file or directory")
    } else {
        "executable file not found in $PATH".to_owned()
    };
    format!(
        "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec \
         {id:?}: OCI runtime exec failed: exec failed: unable to start container process: exec: {name:?}: {why}: unknown"
    )
}

#[cfg(test)]
mod tests;
