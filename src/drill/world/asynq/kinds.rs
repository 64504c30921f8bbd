//! The tasks of the application: which there are, what they need, how long they take, and how many there are at which hour.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What a task needs beside Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Nothing,
    Database,
    Mail,
    Storage,
}

/// A kind of task.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub need: Need,
    /// How many of a hundred tasks of users are of this kind.
    pub share: u64,
    /// How long it takes, in milliseconds.
    pub takes: (u64, u64),
    /// How long it is kept when it is done, in seconds.
    pub retention: i64,
}

const fn kind(name: &'static str, need: Need, share: u64, takes: (u64, u64)) -> Kind {
    Kind { name, need, share, takes, retention: 0 }
}

const KINDS: [Kind; 9] = [
    kind("email:reminder", Need::Mail, 34, (180, 900)),
    kind("push:task_due", Need::Nothing, 29, (60, 400)),
    kind("task:recur", Need::Database, 18, (30, 220)),
    kind("session:expire", Need::Database, 14, (20, 120)),
    Kind { retention: 3600, ..kind("export:pdf", Need::Storage, 5, (2500, 9000)) },
    kind("reminder:scan", Need::Database, 0, (150, 900)),
    kind("stats:rollup", Need::Database, 0, (400, 2400)),
    kind("export:sweep", Need::Storage, 0, (1500, 6000)),
    kind("digest:build", Need::Database, 0, (9000, 21_000)),
];

impl Kind {
    /// The kind with a name; one that nobody knows needs nothing.
    pub fn named(name: &str) -> Self {
        KINDS.into_iter().find(|kind| kind.name == name).unwrap_or(kind("", Need::Nothing, 0, (20, 60)))
    }

    /// The kind of a user's task, by a number below a hundred.
    pub fn chosen(mut number: u64) -> Self {
        for kind in KINDS {
            if number < kind.share {
                return kind;
            }
            number -= kind.share;
        }
        Self::named("push:task_due")
    }
}

/// When a scheduler enqueues.
#[derive(Debug, Clone, Copy)]
pub enum Rhythm {
    /// Every so many minutes.
    Every(i64),
    /// Once a day at this minute.
    Daily(i64),
}

/// What a scheduler enqueues again and again.
#[derive(Debug, Clone, Copy)]
pub struct Periodic {
    pub spec: &'static str,
    pub kind: &'static str,
    pub rhythm: Rhythm,
}

const fn periodic(spec: &'static str, kind: &'static str, rhythm: Rhythm) -> Periodic {
    Periodic { spec, kind, rhythm }
}

/// What the worker registers when it starts.
pub const PERIODIC: [Periodic; 6] = [
    periodic("* * * * *", "reminder:scan", Rhythm::Every(1)),
    periodic("*/5 * * * *", "session:expire", Rhythm::Every(5)),
    periodic("*/10 * * * *", "stats:rollup", Rhythm::Every(10)),
    periodic("*/15 * * * *", "task:recur", Rhythm::Every(15)),
    periodic("30 3 * * *", "export:sweep", Rhythm::Daily(210)),
    periodic("0 7 * * *", "digest:build", Rhythm::Daily(420)),
];

impl Periodic {
    /// Whether it is due in a minute since 1970.
    pub const fn due(self, minute: i64) -> bool {
        match self.rhythm {
            Rhythm::Every(minutes) => minute.rem_euclid(minutes) == 0,
            Rhythm::Daily(at) => minute.rem_euclid(1440) == at,
        }
    }

    /// The last minute not after this one in which it was due, and the next after it.
    pub const fn around(self, minute: i64) -> (i64, i64) {
        let (every, at) = match self.rhythm {
            Rhythm::Every(minutes) => (minutes, 0),
            Rhythm::Daily(at) => (1440, at),
        };
        let last = minute - (minute - at).rem_euclid(every);
        (last, last + every)
    }
}

/// Tasks that users cause in a minute, by the hour of the day in UTC.
const DAY: [u32; 24] = [2, 1, 1, 1, 1, 2, 5, 10, 14, 16, 17, 18, 19, 18, 17, 17, 18, 20, 22, 20, 15, 10, 6, 3];

/// How many tasks users cause in a second at that time.
pub fn flow(at: Timestamp) -> f64 {
    let at = at.to_zoned(TimeZone::UTC);
    let of = |hour: usize| f64::from(DAY.get(hour % 24).copied().unwrap_or_default());
    let (hour, part) = (at.hour() as usize, f64::from(at.minute()) / 60.0);
    (of(hour + 1) - of(hour)).mul_add(part, of(hour)) / 60.0
}

/// How many tasks of all sorts are done between midnight and so many minutes after.
pub fn by_minute(minutes: i64) -> i64 {
    let hour = usize::try_from(minutes / 60).unwrap_or_default().min(24);
    let users: u32 = DAY.iter().take(hour).sum::<u32>() * 60;
    let begun = DAY.get(hour).map_or(0, |rate| i64::from(*rate) * (minutes % 60));
    i64::from(users) + begun + minutes + minutes / 5 + minutes / 10 + minutes / 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_make_up_a_hundred() {
        assert_eq!(KINDS.iter().map(|kind| kind.share).sum::<u64>(), 100);
        assert_eq!(Kind::chosen(0).name, "email:reminder");
        assert_eq!(Kind::chosen(99).name, "export:pdf");
    }

    #[test]
    fn a_rhythm_knows_its_last_and_next_minute() {
        let daily = PERIODIC[4];
        assert!(daily.due(1440 + 210) && !daily.due(1440));
        assert_eq!(daily.around(1440 + 209), (210, 1650));
        assert_eq!(PERIODIC[1].around(14), (10, 15));
    }
}
