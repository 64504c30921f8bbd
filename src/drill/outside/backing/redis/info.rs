//! What `INFO` tells.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::drill::world::{Keyspace, Redis};

/// The version that it says it is.
pub const VERSION: &str = "7.4.2";
/// What an empty one takes, in bytes.
const EMPTY: usize = 1_180_000;

/// The sections that are asked for; all if none is.
pub fn tell(wanted: &[&str], redis: &Redis, data: &Keyspace, now: Timestamp) -> String {
    let wanted: Vec<String> = wanted.iter().map(|section| section.to_lowercase()).collect();
    let all = wanted.is_empty() || wanted.iter().any(|w| matches!(w.as_str(), "all" | "default" | "everything"));
    let sections: [(&str, Lines); 8] = [
        ("Server", server(redis, now)),
        (
            "Clients",
            vec![("connected_clients", "5".into()), ("maxclients", "10000".into()), ("blocked_clients", "0".into())],
        ),
        ("Memory", memory(redis, data)),
        ("Persistence", persistence(redis, now)),
        ("Stats", stats(redis, now)),
        ("Replication", replication(redis)),
        ("Cluster", vec![("cluster_enabled", "0".into())]),
        ("Keyspace", keyspace(data, now)),
    ];
    let mut told = String::new();
    for (name, lines) in sections {
        if !all && !wanted.contains(&name.to_lowercase()) {
            continue;
        }
        if !told.is_empty() {
            told.push_str("\r\n");
        }
        let _ = write!(told, "# {name}\r\n");
        for (field, value) in lines {
            let _ = write!(told, "{field}:{value}\r\n");
        }
    }
    told
}

type Lines = Vec<(&'static str, String)>;

fn uptime(redis: &Redis, now: Timestamp) -> i64 {
    now.duration_since(redis.since).as_secs().max(0)
}

fn server(redis: &Redis, now: Timestamp) -> Lines {
    let uptime = uptime(redis, now);
    vec![
        ("redis_version", VERSION.into()),
        ("redis_mode", "standalone".into()),
        ("os", "Linux 6.8.0-101-generic x86_64".into()),
        ("arch_bits", "64".into()),
        ("process_id", "1".into()),
        ("run_id", redis.run.clone()),
        ("tcp_port", "6379".into()),
        ("server_time_usec", now.as_microsecond().to_string()),
        ("uptime_in_seconds", uptime.to_string()),
        ("uptime_in_days", (uptime / 86_400).to_string()),
        ("config_file", "/etc/redis/redis.conf".into()),
    ]
}

fn memory(redis: &Redis, data: &Keyspace) -> Lines {
    let used = EMPTY + data.size();
    let most = most_memory(redis);
    let policy = redis.config.get("maxmemory-policy").cloned().unwrap_or_else(|| "noeviction".into());
    vec![
        ("used_memory", used.to_string()),
        ("used_memory_human", human(used)),
        ("used_memory_rss", (used + 9_400_000).to_string()),
        ("used_memory_rss_human", human(used + 9_400_000)),
        ("used_memory_peak", (used + used / 8).to_string()),
        ("maxmemory", most.to_string()),
        ("maxmemory_human", human(most)),
        ("maxmemory_policy", policy),
        ("mem_fragmentation_ratio", format!("{:.2}", (used + 9_400_000) as f64 / used as f64)),
    ]
}

fn persistence(redis: &Redis, now: Timestamp) -> Lines {
    let status = if redis.writes { "ok" } else { "err" };
    let appends = redis.config.get("appendonly").is_some_and(|value| value == "yes");
    let saved = if redis.writes { now.as_second() - now.as_second().rem_euclid(300) } else { redis.since.as_second() };
    vec![
        ("loading", u8::from(redis.loading).to_string()),
        ("async_loading", "0".into()),
        ("rdb_changes_since_last_save", (now.as_second().rem_euclid(300) * 3).to_string()),
        ("rdb_bgsave_in_progress", "0".into()),
        ("rdb_last_save_time", saved.to_string()),
        ("rdb_last_bgsave_status", status.into()),
        ("rdb_last_bgsave_time_sec", "0".into()),
        ("aof_enabled", u8::from(appends).to_string()),
        ("aof_rewrite_in_progress", "0".into()),
        ("aof_last_bgrewrite_status", status.into()),
        ("aof_last_write_status", status.into()),
    ]
}

fn stats(redis: &Redis, now: Timestamp) -> Lines {
    let uptime = uptime(redis, now);
    vec![
        ("total_connections_received", (uptime / 11 + 6).to_string()),
        ("total_commands_processed", (uptime * 9 + 40).to_string()),
        ("instantaneous_ops_per_sec", (7 + uptime % 5).to_string()),
        ("rejected_connections", "0".into()),
        ("expired_keys", (uptime / 7).to_string()),
        ("evicted_keys", "0".into()),
        ("keyspace_hits", (uptime * 4).to_string()),
        ("keyspace_misses", (uptime / 3).to_string()),
        ("latest_fork_usec", "412".into()),
    ]
}

fn replication(redis: &Redis) -> Lines {
    vec![
        ("role", "master".into()),
        ("connected_slaves", "0".into()),
        ("master_failover_state", "no-failover".into()),
        ("master_replid", redis.run.clone()),
        ("master_repl_offset", "0".into()),
    ]
}

fn keyspace(data: &Keyspace, now: Timestamp) -> Lines {
    match data.count(now) {
        (0, _) => Vec::new(),
        (keys, expires) => vec![("db0", format!("keys={keys},expires={expires},avg_ttl=0,subexpiry=0"))],
    }
}

/// The limit of its memory, in bytes.
pub fn most_memory(redis: &Redis) -> usize {
    let said = redis.config.get("maxmemory").map(|said| said.to_lowercase()).unwrap_or_default();
    let digits = said.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match said.get(digits.len()..).unwrap_or_default() {
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => 1,
    };
    digits.parse::<usize>().unwrap_or_default().saturating_mul(unit)
}

fn human(bytes: usize) -> String {
    let bytes = bytes as f64;
    match bytes {
        b if b >= f64::from(1 << 30) => format!("{:.2}G", b / f64::from(1 << 30)),
        b if b >= f64::from(1 << 20) => format!("{:.2}M", b / f64::from(1 << 20)),
        b if b >= 1024.0 => format!("{:.2}K", b / 1024.0),
        b => format!("{b}B"),
    }
}
