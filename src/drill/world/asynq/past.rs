//! The queue's past, which nobody played: counts of the days before, and what such a queue always holds.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::redis::Keyspace;
use super::kinds::{Kind, by_minute};
use super::{Asynq, KEPT, QUEUE, RETRIES, key, new_task, schedule, task_key};

/// For how many days there are counts.
const DAYS: i64 = 60;
/// How many mails wait for their time.
const SCHEDULED: u64 = 24;
/// How many tasks were given up.
const GIVEN_UP: u64 = 3;
/// How many people are logged in.
const SESSIONS: u64 = 120;

impl Asynq {
    /// Puts into a new Redis what had gathered in the old one.
    pub(super) fn furnish(&mut self, data: &mut Keyspace, now: Timestamp) {
        data.sadd("asynq:queues", QUEUE);
        self.counts(data, now);
        for _ in 0..SCHEDULED {
            let at = now + self.random.millis((300_000, 14_400_000));
            schedule(&new_task(&Kind::named("email:reminder"), &mut self.random), at, data);
        }
        for _ in 0..GIVEN_UP {
            self.give_up_one(data, now);
        }
        for _ in 0..SESSIONS {
            let (token, end) = (self.random.hex(32), now + self.random.millis((3_600_000, 604_800_000)));
            data.set(&format!("session:{token}"), self.random.below(4200).to_string(), Some(end));
        }
    }

    fn counts(&mut self, data: &mut Keyspace, now: Timestamp) {
        let zoned = now.to_zoned(TimeZone::UTC);
        let today = i64::from(zoned.hour()) * 60 + i64::from(zoned.minute());
        for days in 0..DAYS {
            let day = now - SignedDuration::from_hours(24 * days);
            let done = by_minute(if days == 0 { today } else { 1440 });
            let done = done - done * self.random.below(90) as i64 / 1000;
            let failed = done / (400 + self.random.below(500) as i64);
            for (what, many) in [("processed", done), ("failed", failed)] {
                let of_day = key(&format!("{what}:{}", day.strftime("%Y-%m-%d")));
                data.set(&of_day, many.to_string(), Some(day + KEPT));
                data.incr(&key(what), many);
            }
        }
    }

    /// A task whose tries were used up some day.
    fn give_up_one(&mut self, data: &mut Keyspace, now: Timestamp) {
        let at = now - self.random.millis((86_400_000, 2_000_000_000));
        let mut task = new_task(&Kind::named("push:task_due"), &mut self.random);
        (task.retried, task.failed) = (RETRIES, at.as_second());
        "push: 410 Unregistered".clone_into(&mut task.error);
        data.hset(&task_key(&task.id), "msg", task.encode(QUEUE));
        data.hset(&task_key(&task.id), "state", "archived");
        data.zadd(&key("archived"), at.as_second(), &task.id);
    }
}
