//! The data of a Redis: keys with texts, hashes, lists, sets and sorted sets, some of which expire.
//!
//! The operations go by the names of Redis' commands and do as those do; on a key of another type they do nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

/// What a key holds.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Datum {
    Text(Vec<u8>),
    Hash(BTreeMap<String, Vec<u8>>),
    List(VecDeque<Vec<u8>>),
    Set(BTreeSet<String>),
    /// Members with their scores.
    Sorted(BTreeMap<String, f64>),
}

#[derive(Debug, Clone)]
struct Entry {
    datum: Datum,
    expires: Option<Timestamp>,
}

/// Keys and what they hold.
#[derive(Debug, Clone, Default)]
pub struct Keyspace {
    entries: BTreeMap<String, Entry>,
}

impl Datum {
    /// The name that `TYPE` gives it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Hash(_) => "hash",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Sorted(_) => "zset",
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Hash(hash) => hash.is_empty(),
            Self::List(list) => list.is_empty(),
            Self::Set(set) => set.is_empty(),
            Self::Sorted(sorted) => sorted.is_empty(),
        }
    }

    /// About how many bytes it takes.
    fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Hash(hash) => hash.iter().map(|(field, value)| field.len() + value.len() + 16).sum(),
            Self::List(list) => list.iter().map(|item| item.len() + 8).sum(),
            Self::Set(set) => set.iter().map(|item| item.len() + 24).sum(),
            Self::Sorted(sorted) => sorted.keys().map(|member| member.len() + 48).sum(),
        }
    }
}

/// Members by score, then by name, as Redis orders them.
pub fn in_order(sorted: &BTreeMap<String, f64>) -> Vec<(&str, f64)> {
    let mut members: Vec<_> = sorted.iter().map(|(member, score)| (member.as_str(), *score)).collect();
    members.sort_by(|a, b| a.1.total_cmp(&b.1));
    members
}

impl Keyspace {
    /// What a key holds now.
    pub fn get(&self, key: &str, now: Timestamp) -> Option<&Datum> {
        self.entries.get(key).filter(|entry| entry.expires.is_none_or(|end| end > now)).map(|entry| &entry.datum)
    }

    /// When a key expires, if ever.
    pub fn expiry(&self, key: &str) -> Option<Timestamp> {
        self.entries.get(key)?.expires
    }

    /// All keys that are there now, in order.
    pub fn keys(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let alive = move |entry: &Entry| entry.expires.is_none_or(|end| end > now);
        self.entries.iter().filter(move |(_, entry)| alive(entry)).map(|(key, _)| key.as_str())
    }

    /// How many keys there are, and how many of them expire.
    pub fn count(&self, now: Timestamp) -> (usize, usize) {
        let expire = self.keys(now).filter(|key| self.expiry(key).is_some()).count();
        (self.keys(now).count(), expire)
    }

    /// About how many bytes all of it takes.
    pub fn size(&self) -> usize {
        self.entries.iter().map(|(key, entry)| key.len() + 64 + entry.datum.size()).sum()
    }

    /// Forgets what has expired.
    pub fn sweep(&mut self, now: Timestamp) {
        self.entries.retain(|_, entry| entry.expires.is_none_or(|end| end > now));
    }

    /// `SET`, with an end.
    pub fn set(&mut self, key: &str, text: impl Into<Vec<u8>>, expires: Option<Timestamp>) {
        self.entries.insert(key.to_owned(), Entry { datum: Datum::Text(text.into()), expires });
    }

    /// `DEL`
    pub fn del(&mut self, key: &str) {
        self.entries.remove(key);
    }

    /// `EXPIREAT`
    pub fn expire_at(&mut self, key: &str, end: Timestamp) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.expires = Some(end);
        }
    }

    /// `INCRBY`: the new number.
    pub fn incr(&mut self, key: &str, by: i64) -> i64 {
        let Datum::Text(text) = self.slot(key, Datum::Text(b"0".to_vec())) else { return 0 };
        let number: i64 = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or_default();
        let number = number.saturating_add(by);
        *text = number.to_string().into_bytes();
        number
    }

    /// `HSET`
    pub fn hset(&mut self, key: &str, field: &str, value: impl Into<Vec<u8>>) {
        if let Datum::Hash(hash) = self.slot(key, Datum::Hash(BTreeMap::new())) {
            hash.insert(field.to_owned(), value.into());
        }
    }

    /// `HGET`
    pub fn hget(&self, key: &str, field: &str) -> Option<&[u8]> {
        match &self.entries.get(key)?.datum {
            Datum::Hash(hash) => hash.get(field).map(Vec::as_slice),
            _ => None,
        }
    }

    /// `HDEL`
    pub fn hdel(&mut self, key: &str, field: &str) {
        self.change(key, |datum| match datum {
            Datum::Hash(hash) => hash.remove(field).is_some(),
            _ => false,
        });
    }

    /// `LPUSH`
    pub fn lpush(&mut self, key: &str, item: impl Into<Vec<u8>>) {
        if let Datum::List(list) = self.slot(key, Datum::List(VecDeque::new())) {
            list.push_front(item.into());
        }
    }

    /// `RPUSH`
    pub fn rpush(&mut self, key: &str, item: impl Into<Vec<u8>>) {
        if let Datum::List(list) = self.slot(key, Datum::List(VecDeque::new())) {
            list.push_back(item.into());
        }
    }

    /// `RPOPLPUSH`; of lists of texts.
    pub fn rpoplpush(&mut self, from: &str, to: &str) -> Option<String> {
        let mut popped = None;
        self.change(from, |datum| {
            if let Datum::List(list) = datum {
                popped = list.pop_back();
            }
            popped.is_some()
        });
        let item = popped?;
        let text = String::from_utf8_lossy(&item).into_owned();
        self.lpush(to, item);
        Some(text)
    }

    /// `LREM`: whether it was there.
    pub fn lrem(&mut self, key: &str, item: &str) -> bool {
        self.change(key, |datum| match datum {
            Datum::List(list) => {
                let before = list.len();
                list.retain(|other| other != item.as_bytes());
                list.len() < before
            }
            _ => false,
        })
    }

    /// `LLEN`
    pub fn llen(&self, key: &str) -> usize {
        match self.entries.get(key).map(|entry| &entry.datum) {
            Some(Datum::List(list)) => list.len(),
            _ => 0,
        }
    }

    /// `SADD`
    pub fn sadd(&mut self, key: &str, member: &str) {
        if let Datum::Set(set) = self.slot(key, Datum::Set(BTreeSet::new())) {
            set.insert(member.to_owned());
        }
    }

    /// `ZADD`
    pub fn zadd(&mut self, key: &str, score: i64, member: &str) {
        if let Datum::Sorted(sorted) = self.slot(key, Datum::Sorted(BTreeMap::new())) {
            sorted.insert(member.to_owned(), score as f64);
        }
    }

    /// `ZREM`: whether it was there.
    pub fn zrem(&mut self, key: &str, member: &str) -> bool {
        self.change(key, |datum| match datum {
            Datum::Sorted(sorted) => sorted.remove(member).is_some(),
            _ => false,
        })
    }

    /// `ZRANGEBYSCORE -inf <most>`
    pub fn up_to(&self, key: &str, most: i64) -> Vec<String> {
        match self.entries.get(key).map(|entry| &entry.datum) {
            Some(Datum::Sorted(sorted)) => {
                let due = in_order(sorted).into_iter().take_while(|(_, score)| *score <= most as f64);
                due.map(|(member, _)| member.to_owned()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn slot(&mut self, key: &str, fresh: Datum) -> &mut Datum {
        let entry = || Entry { datum: fresh, expires: None };
        &mut self.entries.entry(key.to_owned()).or_insert_with(entry).datum
    }

    /// Changes what is there; what is empty afterwards is gone. Returns what the change returns.
    fn change(&mut self, key: &str, change: impl FnOnce(&mut Datum) -> bool) -> bool {
        let Some(entry) = self.entries.get_mut(key) else { return false };
        let changed = change(&mut entry.datum);
        if entry.datum.is_empty() {
            self.entries.remove(key);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_goes_from_the_end_of_one_list_to_the_head_of_another() {
        let mut keys = Keyspace::default();
        keys.lpush("a", "1");
        keys.lpush("a", "2");
        assert_eq!(keys.rpoplpush("a", "b").as_deref(), Some("1"));
        assert_eq!(keys.rpoplpush("a", "b").as_deref(), Some("2"));
        assert_eq!(keys.rpoplpush("a", "b"), None);
        assert_eq!(keys.get("a", Timestamp::UNIX_EPOCH), None, "an empty list is no key");
        assert_eq!(keys.llen("b"), 2);
    }

    #[test]
    fn what_has_expired_is_not_there() {
        let now = Timestamp::UNIX_EPOCH;
        let mut keys = Keyspace::default();
        keys.set("a", "x", Some(now));
        keys.sadd("b", "x");
        assert_eq!(keys.count(now), (1, 0));
    }

    #[test]
    fn scores_come_in_their_order() {
        let mut keys = Keyspace::default();
        for (score, member) in [(30, "c"), (10, "b"), (10, "a"), (50, "d")] {
            keys.zadd("z", score, member);
        }
        assert_eq!(keys.up_to("z", 30), ["a", "b", "c"]);
        assert_eq!(keys.incr("n", 2) + keys.incr("n", 3), 7);
        keys.lpush("z", "no list");
        assert_eq!(keys.llen("z"), 0);
    }
}
