//! When to do what: how often findings are derived, frames drawn and ages ticked.

use std::time::{Duration, Instant};

/// At most thirty frames a second; a key press does not wait for its turn.
const FRAME: Duration = Duration::from_millis(33);
/// Findings follow the situation within this, as long as deriving them is cheap.
const DERIVE: Duration = Duration::from_millis(50);
/// Deriving takes at most one part in so many of the time while the situation changes…
const SHARE_BUSY: u32 = 30;
/// … and while only time passes.
const SHARE_IDLE: u32 = 400;
/// However dear it is, it is done this often.
const DERIVE_AT_LEAST: Duration = Duration::from_secs(3);
/// How often ages tick.
const TICK: Duration = Duration::from_secs(1);
/// Bytes a second that ticking ages may cost on a slow line.
const TICK_BYTES: u32 = 45;

/// Keeps the loop's appointments. All times are handed in.
#[derive(Debug)]
pub struct Pace {
    derive_at: Option<Instant>,
    /// Whether more than the time has changed since the last derivation.
    changed: bool,
    derive_from: Instant,
    frame_at: Option<Instant>,
    frame_from: Instant,
    tick_at: Instant,
    /// When the next tick may derive, and when it may draw.
    tick_derive_from: Instant,
    tick_draw_from: Instant,
}

impl Pace {
    /// Begins at `now`; the first frame is due at once.
    pub fn new(now: Instant) -> Self {
        Self {
            derive_at: None,
            changed: false,
            derive_from: now,
            frame_at: Some(now),
            frame_from: now,
            tick_at: now + TICK,
            tick_derive_from: now,
            tick_draw_from: now,
        }
    }

    /// The situation changed: derive as soon as the share of time allows.
    pub fn situation_changed(&mut self, now: Instant) {
        self.changed = true;
        self.derive_at.get_or_insert_with(|| self.derive_from.max(now));
    }

    /// Something visible changed: draw as soon as the frame rate allows.
    pub fn visible_changed(&mut self, now: Instant) {
        self.frame_at.get_or_insert_with(|| self.frame_from.max(now));
    }

    /// A key was pressed: draw at once.
    pub fn draw_now(&mut self, now: Instant) {
        self.frame_at = Some(now);
    }

    /// The next appointment.
    pub fn next(&self) -> Instant {
        [self.derive_at, self.frame_at].into_iter().flatten().fold(self.tick_at, Instant::min)
    }

    /// Whether to derive now.
    pub fn derive_due(&self, now: Instant) -> bool {
        self.derive_at.is_some_and(|at| at <= now)
    }

    /// Whether to draw now.
    pub fn frame_due(&self, now: Instant) -> bool {
        self.frame_at.is_some_and(|at| at <= now)
    }

    /// Whether the clock is to be read; the next tick is then a second away.
    pub fn tick_due(&mut self, now: Instant) -> bool {
        let due = self.tick_at <= now;
        if due {
            self.tick_at = now + TICK;
            if self.tick_derive_from <= now {
                self.derive_at.get_or_insert_with(|| self.derive_from.max(now));
            }
        }
        due
    }

    /// Whether a tick may draw: what the last ones wrote is paid for.
    pub fn tick_may_draw(&self, now: Instant) -> bool {
        self.tick_draw_from <= now
    }

    /// Deriving began at `began` and is done. What became known is drawn soon; what only grew older waits for a tick
    /// that may draw.
    pub fn derived(&mut self, began: Instant, now: Instant) {
        if std::mem::take(&mut self.changed) {
            self.visible_changed(now);
        }
        let cost = now.saturating_duration_since(began);
        self.derive_at = None;
        self.derive_from = now + (cost * SHARE_BUSY).clamp(DERIVE, DERIVE_AT_LEAST);
        self.tick_derive_from = now + (cost * SHARE_IDLE).min(DERIVE_AT_LEAST * 4);
    }

    /// A frame was drawn.
    pub fn drawn(&mut self, now: Instant) {
        self.frame_at = None;
        self.frame_from = now + FRAME;
    }

    /// A frame that only a tick asked for was drawn and took so many bytes.
    pub fn drawn_by_tick(&mut self, now: Instant, bytes: usize) {
        self.drawn(now);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        // A frame that pays for more than a quarter of a minute was no tick of ages but something that happened.
        let seconds = f64::from(bytes / TICK_BYTES).min(15.0);
        self.tick_draw_from = now + Duration::from_secs_f64(seconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_change_is_derived_at_once_and_a_flood_is_gathered() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.situation_changed(start);
        assert!(pace.derive_due(start));
        pace.derived(start, start + MS);
        pace.situation_changed(start + 2 * MS);
        assert!(!pace.derive_due(start + 40 * MS));
        assert!(pace.derive_due(start + 51 * MS));
    }

    #[test]
    fn what_is_dear_is_done_less_often() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.derived(start, start + 20 * MS);
        pace.situation_changed(start + 30 * MS);
        assert!(!pace.derive_due(start + 600 * MS));
        assert!(pace.derive_due(start + 620 * MS));
    }

    #[test]
    fn a_key_is_drawn_at_once_whatever_the_frame_rate() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.drawn(start);
        pace.visible_changed(start + MS);
        assert!(!pace.frame_due(start + 2 * MS));
        pace.draw_now(start + 3 * MS);
        assert!(pace.frame_due(start + 3 * MS));
    }

    #[test]
    fn ticking_ages_stay_within_their_bytes() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let (mut sent, mut now) = (0, start);
        for _ in 0..60 {
            now += TICK;
            assert!(pace.tick_due(now));
            if pace.tick_may_draw(now) {
                sent += 180;
                pace.drawn_by_tick(now, 180);
            }
        }
        assert!(sent <= 50 * 60, "{sent} bytes in a minute");
    }
}
