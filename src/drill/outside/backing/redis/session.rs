//! One client of Redis: who it is, and what it may do before its commands are carried out.

use jiff::Timestamp;

use super::commands::{self, Call};
use super::info;
use super::keys::fits;
use super::resp::Reply;
use crate::drill::world::{Keyspace, Redis};

/// One connection.
#[derive(Debug)]
pub struct Session {
    number: i64,
    known: bool,
    name: String,
    /// Whether answers are in the third version of the protocol.
    pub third: bool,
    /// Whether the connection ends now.
    pub over: bool,
    last: String,
}

/// An error in the server's words.
pub fn error(text: impl Into<String>) -> Reply {
    Reply::Error(text.into())
}

/// The error for a command with too few words or too many.
pub fn arity(name: &str) -> Reply {
    error(format!("ERR wrong number of arguments for '{}' command", name.to_lowercase()))
}

const OK: Reply = Reply::Simple("OK");

impl Session {
    /// A connection that begins.
    pub const fn new(number: i64) -> Self {
        Self { number, known: false, name: String::new(), third: false, over: false, last: String::new() }
    }

    /// Carries out a command.
    pub fn obey(&mut self, command: &[Vec<u8>], redis: &Redis, data: &mut Keyspace, now: Timestamp) -> Reply {
        let words: Vec<String> = command.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        let [name, rest @ ..] = words.as_slice() else { return error("ERR unknown command ''") };
        let name = name.to_uppercase();
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        self.last = name.to_lowercase();
        match (name.as_str(), rest.as_slice()) {
            ("QUIT", _) => {
                self.over = true;
                return OK;
            }
            ("AUTH", rest) => return self.authenticate(rest, redis),
            ("HELLO", rest) => return self.greet(rest, redis),
            _ => {}
        }
        if let Some(refused) = self.refuse(&name, redis) {
            return refused;
        }
        match (name.as_str(), rest.as_slice()) {
            ("PING", []) => Reply::Simple("PONG"),
            ("PING" | "ECHO", [text]) => Reply::text(*text),
            ("SELECT", ["0"]) => OK,
            ("SELECT", [_]) => error("ERR DB index is out of range"),
            ("TIME", []) => Reply::texts([now.as_second().to_string(), (now.as_microsecond() % 1_000_000).to_string()]),
            ("INFO", sections) => Reply::text(info::tell(sections, redis, data, now)),
            ("CONFIG", [get, patterns @ ..]) if get.eq_ignore_ascii_case("GET") && !patterns.is_empty() => {
                configuration(patterns, redis)
            }
            ("CLIENT", rest) => self.client(rest),
            ("COMMAND", _) => Reply::Array(Vec::new()),
            _ => commands::obey(&Call { name: &name, rest: &rest, words: command, redis, now }, data),
        }
    }

    /// Why a command is not carried out at the moment.
    fn refuse(&self, name: &str, redis: &Redis) -> Option<Reply> {
        if password(redis).is_some() && !self.known {
            return Some(error("NOAUTH Authentication required."));
        }
        let answers = matches!(name, "INFO" | "CONFIG" | "CLIENT" | "COMMAND" | "SELECT");
        (redis.loading && !answers).then(|| error("LOADING Redis is loading the dataset in memory"))
    }

    fn authenticate(&mut self, rest: &[&str], redis: &Redis) -> Reply {
        let said = match rest {
            [password] | ["default", password] => *password,
            [_, _] => "",
            _ => return arity("auth"),
        };
        let Some(password) = password(redis) else {
            return error(
                "ERR AUTH <password> called without any password configured for the default user. Are you sure your \
                 configuration is correct?",
            );
        };
        self.known = said == password;
        if self.known { OK } else { error("WRONGPASS invalid username-password pair or user is disabled.") }
    }

    fn greet(&mut self, rest: &[&str], redis: &Redis) -> Reply {
        let mut third = self.third;
        let mut rest = rest.iter();
        match rest.next().copied() {
            None => {}
            Some("2") => third = false,
            Some("3") => third = true,
            Some(_) => return error("NOPROTO unsupported protocol version"),
        }
        while let Some(word) = rest.next() {
            match (word.to_uppercase().as_str(), rest.next(), rest.clone().next()) {
                ("SETNAME", Some(name), _) => (*name).clone_into(&mut self.name),
                ("AUTH", Some(user), Some(password)) => {
                    rest.next();
                    if let refused @ Reply::Error(_) = self.authenticate(&[*user, *password], redis) {
                        return refused;
                    }
                }
                _ => return error("ERR Syntax error in HELLO"),
            }
        }
        if password(redis).is_some() && !self.known {
            return error(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH \
                 <user> <pass> option can be used to authenticate the client and select the RESP protocol version at \
                 the same time",
            );
        }
        self.third = third;
        let pair = |name: &str, value: Reply| (Reply::text(name), value);
        Reply::Map(vec![
            pair("server", Reply::text("redis")),
            pair("version", Reply::text(info::VERSION)),
            pair("proto", Reply::Int(if third { 3 } else { 2 })),
            pair("id", Reply::Int(self.number)),
            pair("mode", Reply::text("standalone")),
            pair("role", Reply::text("master")),
            pair("modules", Reply::Array(Vec::new())),
        ])
    }

    fn client(&mut self, rest: &[&str]) -> Reply {
        let words: Vec<String> = rest.iter().map(|word| word.to_uppercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["SETNAME", _] => {
                rest.get(1).copied().unwrap_or_default().clone_into(&mut self.name);
                OK
            }
            ["GETNAME"] => Reply::text(self.name.clone()),
            ["ID"] => Reply::Int(self.number),
            ["SETINFO", _, _] => OK,
            ["INFO" | "LIST", ..] => Reply::text(format!(
                "id={} addr=10.42.0.1:0 laddr=0.0.0.0:6379 fd=8 name={} db=0 flags=N cmd={} user=default resp={}\n",
                self.number,
                self.name,
                self.last,
                if self.third { 3 } else { 2 },
            )),
            _ => error("ERR unknown subcommand or wrong number of arguments for 'client' command"),
        }
    }
}

fn password(redis: &Redis) -> Option<&str> {
    let password = redis.config.get("requirepass")?.trim_matches('"');
    Some(password).filter(|password| !password.is_empty())
}

/// Settings by their patterns: those of the file, and the defaults of those that matter.
fn configuration(patterns: &[&str], redis: &Redis) -> Reply {
    let mut settings: std::collections::BTreeMap<String, String> = [
        ("appendfsync", "everysec"),
        ("appendonly", "no"),
        ("databases", "16"),
        ("dir", "/data"),
        ("maxclients", "10000"),
        ("maxmemory-policy", "noeviction"),
        ("save", "3600 1 300 100 60 10000"),
        ("stop-writes-on-bgsave-error", "yes"),
        ("timeout", "0"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    settings.extend(redis.config.clone());
    settings.insert("maxmemory".to_owned(), info::most_memory(redis).to_string());
    let wanted = |name: &str| patterns.iter().any(|pattern| fits(&pattern.to_lowercase(), name));
    let found = settings.into_iter().filter(|(name, _)| wanted(name));
    Reply::Map(found.map(|(name, value)| (Reply::text(name), Reply::text(value))).collect())
}
