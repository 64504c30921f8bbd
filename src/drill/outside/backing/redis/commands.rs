//! The commands on data.

use jiff::Timestamp;

use super::keys::fits;
use super::resp::Reply;
use super::scripts;
use super::session::{arity, error};
use crate::drill::world::{Datum, Keyspace, Redis, in_order};

/// The longest key and value that a client may set.
const LONGEST: usize = 64 * 1024;
/// How many keys there may be before a client may not add one.
const MOST: usize = 50_000;

/// A command with what it is about.
#[derive(Debug)]
pub struct Call<'a> {
    /// Its name, in capitals.
    pub name: &'a str,
    /// What follows, as text.
    pub rest: &'a [&'a str],
    /// All of it, as it came.
    pub words: &'a [Vec<u8>],
    /// Who is asked.
    pub redis: &'a Redis,
    /// When.
    pub now: Timestamp,
}

/// What is wrong with a command, as an answer.
type Wrong = Reply;

fn wrong_type() -> Wrong {
    error("WRONGTYPE Operation against a key holding the wrong kind of value")
}

fn no_integer() -> Wrong {
    error("ERR value is not an integer or out of range")
}

/// Carries out a command.
pub fn obey(call: &Call<'_>, data: &mut Keyspace) -> Reply {
    if matches!(call.name, "SET" | "DEL" | "EVAL") && !call.redis.writes {
        return error(
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands \
             that may modify the data set are disabled, because this instance is configured to report errors during \
             writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for \
             details about the RDB error.",
        );
    }
    match (call.name, call.rest) {
        ("SET", [key, _, options @ ..]) => set(key, options, call, data),
        ("DEL", [_, ..]) => delete(call, data),
        ("EVAL", [_, _, ..]) => scripts::eval(call, data),
        ("EVALSHA", [_, _, ..]) => error("NOSCRIPT No matching script. Please use EVAL."),
        _ => look(call, data).unwrap_or_else(|wrong| wrong),
    }
}

fn set(key: &str, options: &[&str], call: &Call<'_>, data: &mut Keyspace) -> Reply {
    let value = call.words.get(2).cloned().unwrap_or_default();
    let only_new = match options {
        [] => false,
        [option] if option.eq_ignore_ascii_case("NX") => true,
        _ => return error("ERR syntax error"),
    };
    let there = data.get(key, call.now).is_some();
    if only_new && there {
        return Reply::Nil;
    }
    if key.len() > LONGEST || value.len() > LONGEST || (!there && data.count(call.now).0 >= MOST) {
        return error("OOM command not allowed when used memory > 'maxmemory'.");
    }
    data.set(key, value, None);
    Reply::Simple("OK")
}

fn delete(call: &Call<'_>, data: &mut Keyspace) -> Reply {
    let mut deleted = 0;
    for key in call.rest {
        deleted += i64::from(data.get(key, call.now).is_some());
        data.del(key);
    }
    Reply::Int(deleted)
}

/// A command that only reads.
fn look(call: &Call<'_>, data: &Keyspace) -> Result<Reply, Wrong> {
    let now = call.now;
    Ok(match (call.name, call.rest) {
        ("DBSIZE", []) => Reply::count(data.count(now).0),
        ("EXISTS", keys @ [_, ..]) => Reply::count(keys.iter().filter(|key| data.get(key, now).is_some()).count()),
        ("TYPE", [key]) => Reply::Simple(data.get(key, now).map_or("none", Datum::kind)),
        ("TTL", [key]) => Reply::Int(remaining(data, key, now).map_or_else(|missing| missing, |ms| (ms + 500) / 1000)),
        ("PTTL", [key]) => Reply::Int(remaining(data, key, now).unwrap_or_else(|missing| missing)),
        ("GET", [key]) => match data.get(key, now) {
            None => Reply::Nil,
            Some(Datum::Text(text)) => Reply::Bulk(text.clone()),
            Some(_) => return Err(wrong_type()),
        },
        ("KEYS", [pattern]) => Reply::texts(data.keys(now).filter(|key| fits(pattern, key))),
        ("SCAN", [cursor, options @ ..]) => scan(cursor, options, call, data)?,
        ("SMEMBERS" | "SCARD" | "SISMEMBER", [key, ..]) => set_command(call, data.get(key, now))?,
        ("LLEN" | "LRANGE" | "LINDEX", [key, ..]) => list_command(call, data.get(key, now))?,
        ("HGET" | "HGETALL" | "HLEN" | "HMGET" | "HEXISTS" | "HKEYS", [key, ..]) => {
            hash_command(call, data.get(key, now))?
        }
        ("ZCARD" | "ZCOUNT" | "ZSCORE" | "ZRANGE" | "ZRANGEBYSCORE" | "ZREVRANGE", [key, ..]) => {
            sorted_command(call, data.get(key, now))?
        }
        (name, _) if known(name) => return Err(arity(name)),
        _ => return Err(unknown(call)),
    })
}

fn known(name: &str) -> bool {
    const KNOWN: [&str; 26] = [
        "DBSIZE",
        "EXISTS",
        "TYPE",
        "TTL",
        "PTTL",
        "GET",
        "SET",
        "DEL",
        "KEYS",
        "SCAN",
        "SMEMBERS",
        "SCARD",
        "SISMEMBER",
        "LLEN",
        "LRANGE",
        "LINDEX",
        "HGET",
        "HGETALL",
        "HLEN",
        "ZCARD",
        "ZCOUNT",
        "ZRANGE",
        "EVAL",
        "PING",
        "CONFIG",
        "SELECT",
    ];
    KNOWN.contains(&name)
}

fn unknown(call: &Call<'_>) -> Reply {
    let name = call.words.first().map(|word| String::from_utf8_lossy(word)).unwrap_or_default();
    let name: String = name.chars().take(128).collect();
    let began: String =
        call.rest.iter().take(8).map(|word| format!("'{}' ", word.chars().take(128).collect::<String>())).collect();
    error(format!("ERR unknown command '{name}', with args beginning with: {began}"))
}

/// Milliseconds until a key expires; -1 if never, -2 if it is not there.
fn remaining(data: &Keyspace, key: &str, now: Timestamp) -> Result<i64, i64> {
    data.get(key, now).ok_or(-2)?;
    data.expiry(key).map(|end| end.duration_since(now).as_millis() as i64).ok_or(-1)
}

/// Goes through the keys in the order of numbers that belong to them, so that keys which come and go meanwhile leave the
/// way of the others as it is. The cursor is the number with which to go on.
fn scan(cursor: &str, options: &[&str], call: &Call<'_>, data: &Keyspace) -> Result<Reply, Wrong> {
    let cursor: u64 = cursor.parse().map_err(|_| error("ERR invalid cursor"))?;
    let (mut pattern, mut kind, mut count) = ("*", None, 10_usize);
    for option in options.chunks(2) {
        match (option.first().map(|name| name.to_uppercase()).as_deref(), option.get(1)) {
            (Some("MATCH"), Some(value)) => pattern = value,
            (Some("TYPE"), Some(value)) => kind = Some(*value),
            (Some("COUNT"), Some(value)) => count = value.parse().ok().filter(|n| *n > 0).ok_or_else(no_integer)?,
            _ => return Err(error("ERR syntax error")),
        }
    }
    let mut ahead: Vec<(u64, &str)> =
        data.keys(call.now).map(|key| (place(key), key)).filter(|(place, _)| *place >= cursor).collect();
    ahead.sort_unstable();
    let next = ahead.get(count).map_or(0, |(place, _)| *place);
    let wanted = |key: &&str| {
        fits(pattern, key) && kind.is_none_or(|kind| data.get(key, call.now).is_some_and(|datum| datum.kind() == kind))
    };
    let page = ahead.iter().take(count).map(|(_, key)| *key).filter(wanted);
    Ok(Reply::Array(vec![Reply::text(next.to_string()), Reply::texts(page)]))
}

/// The number that belongs to a key; never zero, with which a scan begins and ends.
fn place(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)).max(1)
}

fn set_command(call: &Call<'_>, datum: Option<&Datum>) -> Result<Reply, Wrong> {
    let empty = std::collections::BTreeSet::new();
    let set = match datum {
        None => &empty,
        Some(Datum::Set(set)) => set,
        Some(_) => return Err(wrong_type()),
    };
    match (call.name, call.rest) {
        ("SMEMBERS", [_]) => Ok(Reply::Set(set.iter().map(Reply::text).collect())),
        ("SCARD", [_]) => Ok(Reply::count(set.len())),
        ("SISMEMBER", [_, member]) => Ok(Reply::Int(i64::from(set.contains(*member)))),
        _ => Err(arity(call.name)),
    }
}

fn list_command(call: &Call<'_>, datum: Option<&Datum>) -> Result<Reply, Wrong> {
    let empty = std::collections::VecDeque::new();
    let list = match datum {
        None => &empty,
        Some(Datum::List(list)) => list,
        Some(_) => return Err(wrong_type()),
    };
    match (call.name, call.rest) {
        ("LLEN", [_]) => Ok(Reply::count(list.len())),
        ("LRANGE", [_, from, to]) => {
            let (skip, take) = span(from, to, list.len())?;
            Ok(Reply::Array(list.iter().skip(skip).take(take).cloned().map(Reply::Bulk).collect()))
        }
        ("LINDEX", [_, at]) => {
            let (skip, take) = span(at, at, list.len())?;
            Ok(list.iter().skip(skip).take(take).next().cloned().map_or(Reply::Nil, Reply::Bulk))
        }
        _ => Err(arity(call.name)),
    }
}

/// What to skip and what to take for two places, counted from the end if they are negative.
fn span(from: &str, to: &str, length: usize) -> Result<(usize, usize), Wrong> {
    let length = length as i64;
    let place = |text: &str| -> Result<i64, Wrong> {
        let at: i64 = text.parse().map_err(|_| no_integer())?;
        Ok(if at < 0 { at.saturating_add(length) } else { at })
    };
    let (from, to) = (place(from)?.max(0), place(to)?.min(length - 1));
    let many = to.saturating_sub(from).saturating_add(1).max(0);
    Ok((usize::try_from(from).unwrap_or_default(), usize::try_from(many).unwrap_or_default()))
}

fn hash_command(call: &Call<'_>, datum: Option<&Datum>) -> Result<Reply, Wrong> {
    let empty = std::collections::BTreeMap::new();
    let hash = match datum {
        None => &empty,
        Some(Datum::Hash(hash)) => hash,
        Some(_) => return Err(wrong_type()),
    };
    let value = |field: &&str| hash.get(*field).cloned().map_or(Reply::Nil, Reply::Bulk);
    match (call.name, call.rest) {
        ("HGET", [_, field]) => Ok(value(field)),
        ("HMGET", [_, fields @ ..]) if !fields.is_empty() => Ok(Reply::Array(fields.iter().map(value).collect())),
        ("HGETALL", [_]) => {
            Ok(Reply::Map(hash.iter().map(|(field, value)| (Reply::text(field), Reply::Bulk(value.clone()))).collect()))
        }
        ("HKEYS", [_]) => Ok(Reply::texts(hash.keys())),
        ("HLEN", [_]) => Ok(Reply::count(hash.len())),
        ("HEXISTS", [_, field]) => Ok(Reply::Int(i64::from(hash.contains_key(*field)))),
        _ => Err(arity(call.name)),
    }
}

fn sorted_command(call: &Call<'_>, datum: Option<&Datum>) -> Result<Reply, Wrong> {
    let members = match datum {
        None => Vec::new(),
        Some(Datum::Sorted(sorted)) => in_order(sorted),
        Some(_) => return Err(wrong_type()),
    };
    let options = |from: usize| {
        call.rest.get(from..).unwrap_or_default().iter().map(|word| word.to_uppercase()).collect::<Vec<_>>()
    };
    match (call.name, call.rest) {
        ("ZCARD", [_]) => Ok(Reply::count(members.len())),
        ("ZSCORE", [_, member]) => {
            Ok(members.iter().find(|(name, _)| name == member).map_or(Reply::Nil, |(_, score)| score_text(*score)))
        }
        ("ZCOUNT", [_, least, most]) => Ok(Reply::count(between(&members, least, most)?.len())),
        ("ZRANGEBYSCORE", [_, least, most, ..]) => page(&between(&members, least, most)?, &options(3)),
        ("ZRANGE", [_, least, most, ..]) if options(3).iter().any(|word| word == "BYSCORE") => {
            let options: Vec<String> = options(3).into_iter().filter(|word| word != "BYSCORE").collect();
            page(&between(&members, least, most)?, &options)
        }
        ("ZRANGE", [_, from, to, ..]) => {
            let (skip, take) = span(from, to, members.len())?;
            page(&members.into_iter().skip(skip).take(take).collect::<Vec<_>>(), &options(3))
        }
        ("ZREVRANGE", [_, from, to, ..]) => {
            let (skip, take) = span(from, to, members.len())?;
            page(&members.into_iter().rev().skip(skip).take(take).collect::<Vec<_>>(), &options(3))
        }
        _ => Err(arity(call.name)),
    }
}

type Members<'a> = Vec<(&'a str, f64)>;

/// The members with scores between two bounds, each perhaps excluded by a `(`.
fn between<'a>(members: &[(&'a str, f64)], least: &str, most: &str) -> Result<Members<'a>, Wrong> {
    let bound = |text: &str| -> Result<(f64, bool), Wrong> {
        let (number, open) = text.strip_prefix('(').map_or((text, false), |number| (number, true));
        let number: f64 =
            number.parse().ok().filter(|n: &f64| !n.is_nan()).ok_or_else(|| error("ERR min or max is not a float"))?;
        Ok((number, open))
    };
    let ((least, open_least), (most, open_most)) = (bound(least)?, bound(most)?);
    let inside = |score: f64| {
        (if open_least { score > least } else { score >= least })
            && (if open_most { score < most } else { score <= most })
    };
    Ok(members.iter().copied().filter(|(_, score)| inside(*score)).collect())
}

/// Members as they are answered: with their scores, or only some of them, if the options say so.
fn page(members: &[(&str, f64)], options: &[String]) -> Result<Reply, Wrong> {
    let (mut scores, mut skip, mut take) = (false, 0_usize, usize::MAX);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match option.as_str() {
            "WITHSCORES" => scores = true,
            "LIMIT" => {
                let mut number = || options.next().and_then(|n| n.parse::<i64>().ok()).ok_or_else(no_integer);
                let (offset, many) = (number()?, number()?);
                skip = usize::try_from(offset).unwrap_or(usize::MAX);
                take = usize::try_from(many).unwrap_or(usize::MAX);
            }
            _ => return Err(error("ERR syntax error")),
        }
    }
    let mut items = Vec::new();
    for (member, score) in members.iter().skip(skip).take(take) {
        items.push(Reply::text(*member));
        if scores {
            items.push(score_text(*score));
        }
    }
    Ok(Reply::Array(items))
}

fn score_text(score: f64) -> Reply {
    Reply::text(score.to_string())
}

#[cfg(test)]
mod tests;
