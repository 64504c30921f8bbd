//! The one script that is known: with it Asynq makes all tasks of a state pending.

use super::commands::Call;
use super::resp::Reply;
use super::session::error;
use crate::drill::world::{Datum, Keyspace, in_order};

/// `runAllCmd` of hibiken/asynq.
const RUN_ALL: &str = r#"
local ids = redis.call("ZRANGE", KEYS[1], 0, -1)
for _, id in ipairs(ids) do
	redis.call("LPUSH", KEYS[2], id)
	redis.call("HSET", ARGV[1] .. id, "state", "pending")
end
redis.call("DEL", KEYS[1])
return table.getn(ids)"#;

/// Carries out `EVAL`.
pub fn eval(call: &Call<'_>, data: &mut Keyspace) -> Reply {
    let [script, "2", set, pending, prefix] = call.rest else {
        return error("ERR this server knows one script, which takes two keys and one argument");
    };
    if script.trim() != RUN_ALL.trim() {
        return error("ERR this server knows no script but the one with which asynq runs all tasks of a state");
    }
    let ids: Vec<String> = match data.get(set, call.now) {
        None => Vec::new(),
        Some(Datum::Sorted(sorted)) => in_order(sorted).into_iter().map(|(id, _)| id.to_owned()).collect(),
        Some(_) => return error("WRONGTYPE Operation against a key holding the wrong kind of value"),
    };
    for id in &ids {
        data.lpush(pending, id.as_str());
        data.hset(&format!("{prefix}{id}"), "state", "pending");
    }
    data.del(set);
    Reply::count(ids.len())
}
