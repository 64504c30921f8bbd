use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::session::Session;
use super::*;

fn redis() -> Redis {
    Redis {
        volume: "v".to_owned(),
        since: Timestamp::UNIX_EPOCH,
        run: "r".to_owned(),
        node: "n".to_owned(),
        stuck: false,
        loading: false,
        writes: true,
        config: BTreeMap::from([("maxmemory".to_owned(), "200mb".to_owned())]),
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1000).expect("a time")
}

fn queue() -> Keyspace {
    let mut data = Keyspace::default();
    data.sadd("asynq:queues", "default");
    for (score, id) in [(10, "a"), (20, "b"), (30, "c")] {
        data.zadd("asynq:{default}:retry", score, id);
        data.hset(&format!("asynq:{{default}}:t:{id}"), "state", "retry");
    }
    data.set("n", "1", Timestamp::from_second(1090).ok());
    data
}

/// A conversation: each line's words, and the last answer as it is written.
fn told_by(redis: &Redis, data: &mut Keyspace, lines: &[&[&str]]) -> String {
    let mut session = Session::new(1);
    let mut bytes = Vec::new();
    for line in lines {
        let words: Vec<Vec<u8>> = line.iter().map(|word| word.as_bytes().to_vec()).collect();
        bytes.clear();
        session.obey(&words, redis, data, now()).write(session.third, &mut bytes);
    }
    String::from_utf8_lossy(&bytes).replace("\r\n", " ").trim_end().to_owned()
}

fn told(line: &[&str]) -> String {
    told_by(&redis(), &mut queue(), &[line])
}

#[test]
fn the_questions_of_the_catalogue_are_answered() {
    assert_eq!(told(&["SMEMBERS", "asynq:queues"]), "*1 $7 default");
    assert_eq!(told(&["ZCARD", "asynq:{default}:retry"]), ":3");
    assert_eq!(told(&["ZCOUNT", "asynq:{default}:retry", "-inf", "20"]), ":2");
    assert_eq!(told(&["ZCOUNT", "asynq:{default}:retry", "(10", "+inf"]), ":2");
    assert_eq!(
        told(&["ZRANGEBYSCORE", "asynq:{default}:retry", "20", "+inf", "WITHSCORES", "LIMIT", "0", "1"]),
        "*2 $1 b $2 20"
    );
    assert_eq!(told(&["HGET", "asynq:{default}:t:a", "state"]), "$5 retry");
    assert_eq!(told(&["LLEN", "asynq:{default}:pending"]), ":0");
    assert_eq!(told(&["EXISTS", "asynq:{default}:paused"]), ":0");
    assert_eq!(told(&["GET", "asynq:{default}:processed"]), "$-1");
    assert_eq!(told(&["TTL", "n"]), ":90");
    assert_eq!(told(&["TTL", "asynq:queues"]), ":-1");
    assert_eq!(
        told(&["CONFIG", "GET", "maxmemory*"]),
        "*4 $9 maxmemory $9 209715200 $16 maxmemory-policy $10 noeviction"
    );
}

#[test]
fn info_tells_a_section_or_all() {
    let memory = told(&["INFO", "memory"]);
    assert!(memory.contains("# Memory used_memory:") && !memory.contains("# Server"), "{memory}");
    let all = told(&["INFO"]);
    for field in ["rdb_last_bgsave_status:ok", "loading:0", "evicted_keys:0", "db0:keys=6,expires=1", "role:master"] {
        assert!(all.contains(field), "{field} in {all}");
    }
}

#[test]
fn only_asynqs_own_script_runs() {
    let script = "\nlocal ids = redis.call(\"ZRANGE\", KEYS[1], 0, -1)\nfor _, id in ipairs(ids) do\n\tredis.call(\"LPUSH\", \
        KEYS[2], id)\n\tredis.call(\"HSET\", ARGV[1] .. id, \"state\", \"pending\")\nend\nredis.call(\"DEL\", KEYS[1])\n\
        return table.getn(ids)";
    let mut data = queue();
    let run = ["EVAL", script, "2", "asynq:{default}:retry", "asynq:{default}:pending", "asynq:{default}:t:"];
    assert_eq!(told_by(&redis(), &mut data, &[&run]), ":3");
    assert_eq!(told_by(&redis(), &mut data, &[&["LRANGE", "asynq:{default}:pending", "-1", "-1"]]), "*1 $1 a");
    assert_eq!(told_by(&redis(), &mut data, &[&["HGET", "asynq:{default}:t:c", "state"]]), "$7 pending");
    assert!(told(&["EVAL", "return redis.call('FLUSHALL')", "0"]).starts_with("-ERR"));
    assert!(told(&["EVALSHA", "abc", "0"]).starts_with("-NOSCRIPT"));
    assert!(told(&["FLUSHALL"]).starts_with("-ERR unknown command 'FLUSHALL'"));
}

#[test]
fn a_queue_is_paused_once() {
    let mut data = queue();
    let pause: &[&str] = &["SET", "asynq:{default}:paused", "1000", "NX"];
    assert_eq!(told_by(&redis(), &mut data, &[pause]), "+OK");
    assert_eq!(told_by(&redis(), &mut data, &[pause]), "$-1");
    assert_eq!(told_by(&redis(), &mut data, &[&["DEL", "asynq:{default}:paused", "other"]]), ":1");
}

#[test]
fn scanning_comes_to_an_end_and_finds_each_key_once() {
    let (mut data, mut cursor, mut found) = (queue(), "0".to_owned(), Vec::new());
    loop {
        let page = told_by(&redis(), &mut data, &[&["SCAN", &cursor, "MATCH", "asynq:*", "COUNT", "2"]]);
        let words: Vec<&str> = page.split_whitespace().collect();
        found.extend(words.iter().filter(|word| word.starts_with("asynq:")).map(|word| (*word).to_owned()));
        // What goes meanwhile does not hide what stays.
        data.del("n");
        words[2].clone_into(&mut cursor);
        if cursor == "0" {
            break;
        }
    }
    found.sort();
    let keys: Vec<&str> = data.keys(now()).collect();
    assert_eq!(found, keys);
}

#[test]
fn a_password_comes_before_everything() {
    let mut locked = redis();
    locked.config.insert("requirepass".to_owned(), "secret".to_owned());
    let told = |lines: &[&[&str]]| told_by(&locked, &mut queue(), lines);
    assert!(told(&[&["PING"]]).starts_with("-NOAUTH"));
    assert!(told(&[&["HELLO", "3"]]).starts_with("-NOAUTH"));
    assert!(told(&[&["AUTH", "wrong"], &["PING"]]).starts_with("-NOAUTH"));
    assert_eq!(told(&[&["AUTH", "secret"], &["PING"]]), "+PONG");
    assert!(told(&[&["HELLO", "3", "AUTH", "default", "secret", "SETNAME", "x"]]).starts_with("%7"));
}

#[test]
fn a_full_disk_refuses_writes_and_a_start_refuses_reads() {
    let full = Redis { writes: false, ..redis() };
    assert!(told_by(&full, &mut queue(), &[&["SET", "a", "b"]]).starts_with("-MISCONF"));
    assert_eq!(told_by(&full, &mut queue(), &[&["PING"]]), "+PONG");
    let loading = Redis { loading: true, ..redis() };
    assert!(told_by(&loading, &mut queue(), &[&["PING"]]).starts_with("-LOADING"));
    assert!(told_by(&loading, &mut queue(), &[&["INFO", "persistence"]]).contains("loading:1"));
}

#[test]
fn misuse_is_told_as_redis_tells_it() {
    assert!(told(&["GET", "asynq:queues"]).starts_with("-WRONGTYPE"));
    assert!(told(&["GET"]).starts_with("-ERR wrong number of arguments for 'get' command"));
    assert!(told(&["ZCOUNT", "asynq:{default}:retry", "x", "1"]).starts_with("-ERR min or max is not a float"));
    assert!(told(&["LRANGE", "x", "a", "1"]).starts_with("-ERR value is not an integer"));
}

proptest! {
    #[test]
    fn any_numbers_and_words_are_borne(
        name in prop::sample::select(vec![
            "ZRANGE", "LRANGE", "SCAN", "ZRANGEBYSCORE", "ZCOUNT", "LINDEX", "SET", "HELLO", "CLIENT", "EVAL", "CONFIG",
        ]),
        words in prop::collection::vec("(asynq:queues|asynq:\\{default\\}:retry|-?[0-9]{1,19}|LIMIT|COUNT|NX|\\PC{0,6})", 0..6),
    ) {
        let line: Vec<&str> = std::iter::once(name).chain(words.iter().map(String::as_str)).collect();
        told(&line);
    }
}
