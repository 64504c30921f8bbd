//! Names as a container resolves them: with its `/etc/hosts` and `/etc/resolv.conf`, at its name server.

use std::net::Ipv4Addr;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Io, Process};

/// How long a name server may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    /// The addresses, with the name that has them.
    Addresses(String, Vec<Ipv4Addr>),
    /// There is no such name or it has no address.
    Nothing,
    /// The server cannot tell.
    Failed,
    /// No server answers.
    Silence,
}

/// An address for a host, as the C library finds it.
pub(super) async fn address(process: &Process, host: &str) -> Option<Ipv4Addr> {
    if let Ok(ip) = host.parse() {
        return Some(ip);
    }
    if let Some(ip) = in_hosts(process, host) {
        return Some(ip);
    }
    let config = Config::of(process);
    for name in config.candidates(host) {
        match ask(process, config.server?, &name).await {
            Told::Addresses(_, found) => return found.first().copied(),
            Told::Nothing => {}
            Told::Failed | Told::Silence => return None,
        }
    }
    None
}

/// `nslookup`, which knows no search list.
pub(super) async fn nslookup(process: &Process, args: &[String], io: &Io) -> u8 {
    let mut words = args.iter().filter(|a| !a.starts_with('-'));
    let Some(name) = words.next() else {
        io.err("Usage: nslookup [-type=QUERY_TYPE] HOST [DNS_SERVER]\n").await;
        return 1;
    };
    let other = words.next();
    let server = match other {
        Some(host) => address(process, host).await,
        None => Config::of(process).server,
    };
    let Some(server) = server else {
        io.err(format!("nslookup: bad address '{}'\n", other.map_or("", String::as_str))).await;
        return 1;
    };
    let told = ask(process, server, name).await;
    if told != Told::Silence {
        io.out(format!("Server:\t\t{server}\nAddress:\t{server}:53\n\n")).await;
    }
    let (text, code) = match told {
        Told::Addresses(name, found) => {
            (found.iter().map(|ip| format!("Name:\t{name}\nAddress: {ip}\n")).collect::<String>() + "\n", 0)
        }
        Told::Nothing => (format!("** server can't find {name}: NXDOMAIN\n\n"), 1),
        Told::Failed => (format!("** server can't find {name}: SERVFAIL\n\n"), 1),
        Told::Silence => (";; connection timed out; no servers could be reached\n\n".to_owned(), 1),
    };
    io.out(text).await;
    code
}

fn in_hosts(process: &Process, host: &str) -> Option<Ipv4Addr> {
    let hosts = process.around.files.get("/etc/hosts")?;
    let mut lines = hosts.lines().filter(|l| !l.starts_with('#')).map(str::split_whitespace);
    lines.find_map(|mut words| {
        let ip = words.next()?.parse().ok()?;
        words.any(|name| name == host).then_some(ip)
    })
}

/// What `/etc/resolv.conf` says.
struct Config<'a> {
    server: Option<Ipv4Addr>,
    search: Vec<&'a str>,
    dots: usize,
}

impl<'a> Config<'a> {
    fn of(process: &'a Process) -> Self {
        let mut config = Self { server: None, search: Vec::new(), dots: 1 };
        for line in process.around.files.get("/etc/resolv.conf").map_or("", String::as_str).lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => config.server = words.next().and_then(|ip| ip.parse().ok()),
                Some("search") => config.search = words.collect(),
                Some("options") => {
                    let dots = words.find_map(|w| w.strip_prefix("ndots:")?.parse().ok());
                    config.dots = dots.unwrap_or(config.dots);
                }
                _ => {}
            }
        }
        config
    }

    /// The names to ask for, in order.
    fn candidates(&self, host: &str) -> Vec<String> {
        if host.ends_with('.') {
            return vec![host.to_owned()];
        }
        let searched = self.search.iter().map(|domain| format!("{host}.{domain}"));
        if host.matches('.').count() >= self.dots {
            std::iter::once(host.to_owned()).chain(searched).collect()
        } else {
            searched.chain(std::iter::once(host.to_owned())).collect()
        }
    }
}

/// Asks a name server for the addresses of a name.
async fn ask(process: &Process, server: Ipv4Addr, name: &str) -> Told {
    match tokio::time::timeout(PATIENCE, exchange(process, server, name)).await {
        Ok(Some(answer)) => read(name, &answer),
        Ok(None) | Err(_) => Told::Silence,
    }
}

/// One question over TCP, which every name server here takes.
async fn exchange(process: &Process, server: Ipv4Addr, name: &str) -> Option<Message> {
    let mut question = Message::new(1, MessageType::Query, OpCode::Query);
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(Name::from_ascii(name).ok()?, RecordType::A));
    let bytes = question.to_vec().ok()?;
    let mut stream = process.dial(server, 53).await.ok()?;
    stream.write_u16(u16::try_from(bytes.len()).ok()?).await.ok()?;
    stream.write_all(&bytes).await.ok()?;
    let length = stream.read_u16().await.ok()?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await.ok()?;
    Message::from_vec(&answer).ok()
}

fn read(name: &str, answer: &Message) -> Told {
    let found: Vec<_> = answer
        .answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::A(address) => Some((record.name.to_ascii(), address.0)),
            _ => None,
        })
        .collect();
    match (answer.metadata.response_code, found.first()) {
        (ResponseCode::NoError, Some((owner, _))) => {
            let owner = owner.trim_end_matches('.').to_owned();
            Told::Addresses(owner, found.into_iter().map(|(_, ip)| ip).collect())
        }
        (ResponseCode::NoError | ResponseCode::NXDomain, _) => Told::Nothing,
        _ => {
            tracing::debug!(name, code = %answer.metadata.response_code, "the name server cannot tell");
            Told::Failed
        }
    }
}
