//! When a CronJob is due: minute, hour, day of the month, month, day of the week.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// How far back a time is looked for: beyond it a schedule is one that never comes.
const FARTHEST: i32 = 5 * 366;

/// A schedule of five fields, as sets of bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
}

/// The values of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    bits: u64,
    /// Whether it was written as a star: then it says nothing.
    star: bool,
}

impl Field {
    const fn has(self, value: i8) -> bool {
        value >= 0 && self.bits >> value & 1 == 1
    }
}

impl Schedule {
    /// Reads a schedule; why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let fields: Vec<&str> = written.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err(format!("expected exactly 5 fields, found {}: [{written}]", fields.len()));
        };
        Ok(Self {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, &MONTHS)?,
            weekdays: field(weekdays, 0, 6, &DAYS)?,
        })
    }

    /// The last time up to `until` that is later than `after`.
    pub fn latest(&self, after: Timestamp, until: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let until = zone.to_datetime(until);
        let mut date = until.date();
        for back in 0..FARTHEST {
            if self.on(date) {
                let last = if back == 0 { (until.hour(), until.minute()) } else { (23, 59) };
                if let Some(found) = self.last_on(date, last) {
                    return zone.to_timestamp(found).ok().filter(|found| *found > after);
                }
            }
            date = date.checked_sub(1.day()).ok()?;
            if zone.to_timestamp(date.at(23, 59, 59, 0)).is_ok_and(|end| end < after) {
                return None;
            }
        }
        None
    }

    fn last_on(&self, date: Date, (hour, minute): (i8, i8)) -> Option<DateTime> {
        let of_hour = |h: i8| {
            let last = if h == hour { minute } else { 59 };
            (0..=last).rev().find(|m| self.minutes.has(*m)).map(|m| date.at(h, m, 0, 0))
        };
        (0..=hour).rev().filter(|h| self.hours.has(*h)).find_map(of_hour)
    }

    /// Days of the month and of the week: either suffices where both are said.
    fn on(&self, date: Date) -> bool {
        let day = self.days.has(date.day());
        let weekday = self.weekdays.has(date.weekday().to_sunday_zero_offset());
        let fits = if self.days.star || self.weekdays.star { day && weekday } else { day || weekday };
        self.months.has(date.month()) && fits
    }
}

fn field(text: &str, least: u8, most: u8, names: &[&str]) -> Result<Field, String> {
    let mut bits = 0;
    for part in text.split(',') {
        let (span, step) = match part.split_once('/') {
            Some((span, step)) => (span, Some(step.parse::<u8>().map_err(|_| wrong(part))?)),
            None => (part, None),
        };
        let (from, to) = match span.split_once('-') {
            _ if matches!(span, "*" | "?") => (least, most),
            Some((from, to)) => (value(from, least, names)?, value(to, least, names)?),
            None => {
                let from = value(span, least, names)?;
                (from, if step.is_some() { most } else { from })
            }
        };
        if step == Some(0) {
            return Err(format!("step of range should be a positive number: {part}"));
        }
        if from < least || to > most || from > to {
            return Err(format!("range ({from}-{to}) outside of {least}-{most}: {part}"));
        }
        (from..=to).step_by(step.unwrap_or(1).into()).for_each(|value| bits |= 1_u64 << value);
    }
    Ok(Field { bits, star: text.starts_with(['*', '?']) })
}

fn value(text: &str, least: u8, names: &[&str]) -> Result<u8, String> {
    let lower = text.to_lowercase();
    let at = names.iter().position(|name| *name == lower).and_then(|at| u8::try_from(at).ok());
    at.map(|at| at + least).or_else(|| text.parse().ok()).ok_or_else(|| wrong(text))
}

fn wrong(text: &str) -> String {
    format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    /// The last time before Sunday, 22 November 2026, 08:30:30, in this year.
    fn last(schedule: &str) -> Option<String> {
        let schedule = Schedule::parse(schedule).expect(schedule);
        let found = schedule.latest(at("2026-01-01T00:00:00Z"), at("2026-11-22T08:30:30Z"), &TimeZone::UTC);
        found.map(|found| found.to_string())
    }

    #[test]
    fn the_last_time_of_a_schedule_is_found() {
        for (schedule, time) in [
            ("* * * * *", "2026-11-22T08:30:00Z"),
            ("17 * * * *", "2026-11-22T08:17:00Z"),
            ("*/20 * * * *", "2026-11-22T08:20:00Z"),
            ("45 12,20 * * *", "2026-11-21T20:45:00Z"),
            ("0 9-17/4 * * mon-fri", "2026-11-20T17:00:00Z"),
            ("5/25 8 * * *", "2026-11-22T08:30:00Z"),
            ("0 0 1 * *", "2026-11-01T00:00:00Z"),
            ("0 0 13 * FRI", "2026-11-20T00:00:00Z"),
            ("0 0 */2 * 1", "2026-11-09T00:00:00Z"),
            ("30 6 1 JAN ?", "2026-01-01T06:30:00Z"),
            ("@hourly", "2026-11-22T08:00:00Z"),
            ("@weekly", "2026-11-22T00:00:00Z"),
        ] {
            assert_eq!(last(schedule).as_deref(), Some(time), "{schedule}");
        }
        assert_eq!(last("0 0 30 2 *"), None, "never");
        assert_eq!(last("0 0 1 1 *"), None, "not after the beginning");
    }

    #[test]
    fn a_schedule_is_in_its_time_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let schedule = Schedule::parse("0 9 * * *").expect("a schedule");
        let found = schedule.latest(at("2026-11-21T00:00:00Z"), at("2026-11-22T08:00:00Z"), &zone);
        assert_eq!(found, Some(at("2026-11-22T07:00:00Z")));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in ["", "* * * *", "60 * * * *", "* * 0 * *", "5-1 * * * *", "*/0 * * * *", "x * * * *", "* * * * 7"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
