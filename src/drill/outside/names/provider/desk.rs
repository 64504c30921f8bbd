//! What is being done with machines, and how much may be asked.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::drill::world::{Power, PowerAction, World, mix};

/// How many requests an hour are allowed.
pub(super) const HOURLY: u32 = 3600;
/// How many actions are remembered; the oldest is forgotten first.
const REMEMBERED: usize = 1000;
/// The number before that of the first action.
const FIRST: u64 = 580_112_040;

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Reboot,
    Reset,
    On,
    Off,
    Shutdown,
}

impl Order {
    /// By the last part of its path.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "reboot" => Self::Reboot,
            "reset" => Self::Reset,
            "poweron" => Self::On,
            "poweroff" => Self::Off,
            "shutdown" => Self::Shutdown,
            _ => return None,
        })
    }

    /// As an action calls it.
    const fn command(self) -> &'static str {
        match self {
            Self::Reboot => "reboot_server",
            Self::Reset => "reset_server",
            Self::On => "start_server",
            Self::Off => "stop_server",
            Self::Shutdown => "shutdown_server",
        }
    }

    /// At least and at most how many seconds it takes.
    const fn seconds(self) -> (u64, u64) {
        match self {
            // The system is only asked to do it.
            Self::Reboot | Self::Shutdown => (1, 3),
            Self::Reset | Self::On | Self::Off => (3, 9),
        }
    }
}

/// Something that was ordered.
#[derive(Debug)]
pub(super) struct Action {
    id: u64,
    order: Order,
    server: u64,
    started: Timestamp,
    finishes: Timestamp,
}

impl Action {
    /// Whether it is still under way.
    fn runs(&self, now: Timestamp) -> bool {
        now < self.finishes
    }

    /// As the API shows it.
    pub fn describe(&self, now: Timestamp) -> Value {
        let runs = self.runs(now);
        let whole = self.finishes.duration_since(self.started).as_millis().max(1);
        let progress = now.duration_since(self.started).as_millis() * 100 / whole;
        json!({
            "id": self.id, "command": self.order.command(), "status": if runs { "running" } else { "success" },
            "progress": if runs { progress.clamp(0, 99) as u64 } else { 100 }, "started": stamp(self.started),
            "finished": (!runs).then(|| stamp(self.finishes)), "resources": [{ "id": self.server, "type": "server" }],
            "error": null,
        })
    }
}

/// The provider's own record: it is no part of the world's story.
#[derive(Debug, Default)]
pub(super) struct Desk {
    actions: Vec<Action>,
    ordered: u64,
    /// How many requests were made that no time has paid for yet, and when that was reckoned.
    spent: Option<(f64, Timestamp)>,
}

impl Desk {
    /// Counts one request; whether it is within the limit.
    pub fn spend(&mut self, now: Timestamp) -> bool {
        let owed = self.owed(now);
        let allowed = owed + 1.0 <= f64::from(HOURLY);
        self.spent = Some((if allowed { owed + 1.0 } else { owed }, now));
        allowed
    }

    /// How many requests are left, and when all of them are again, in seconds of Unix time.
    pub fn allowance(&self, now: Timestamp) -> (i64, i64) {
        let owed = self.owed(now).ceil() as i64;
        (i64::from(HOURLY) - owed, now.as_second() + owed)
    }

    /// One request is paid for each second.
    fn owed(&self, now: Timestamp) -> f64 {
        self.spent.map_or(0.0, |(owed, at)| (owed - now.duration_since(at).as_secs_f64()).max(0.0))
    }

    /// The actions of a server, latest first.
    pub fn of(&self, server: u64) -> impl Iterator<Item = &Action> {
        self.actions.iter().rev().filter(move |action| action.server == server)
    }

    /// One action.
    pub fn find(&self, id: u64) -> Option<&Action> {
        self.actions.iter().find(|action| action.id == id)
    }

    /// What is being done with a server.
    pub fn under_way(&self, server: u64, now: Timestamp) -> Option<Order> {
        self.of(server).find(|action| action.runs(now)).map(|action| action.order)
    }

    /// Does something with a server, unless something is being done with it.
    pub fn carry_out(&mut self, world: &mut World, node: &str, order: Order) -> Result<Value, Refusal> {
        let now = world.now();
        let machine = world.machine(node).ok_or_else(|| Refusal::missing("server", node))?;
        let (server, power) = (machine.id, machine.power);
        if self.under_way(server, now).is_some() {
            return Err(Refusal::Locked);
        }
        if power == Power::Off && matches!(order, Order::Reboot) {
            return Err(Refusal::Invalid("server", "server is not running".to_owned()));
        }
        self.ordered += 1;
        let id = FIRST + self.ordered;
        let (least, most) = order.seconds();
        let takes = least * 1000 + mix(node, id) % ((most - least) * 1000);
        let finishes = now.checked_add(SignedDuration::from_millis(takes as i64)).unwrap_or(now);
        let action = Action { id, order, server, started: now, finishes };
        let answer = action.describe(now);
        self.actions.push(action);
        if self.actions.len() > REMEMBERED {
            self.actions.remove(0);
        }
        match order {
            Order::Reset => world.power(node, PowerAction::Reset),
            Order::On => world.power(node, PowerAction::On),
            Order::Off => world.power(node, PowerAction::Off),
            // A system that hangs does not hear that it is asked.
            Order::Reboot if power == Power::On => world.power(node, PowerAction::Reboot),
            Order::Shutdown if power == Power::On => world.power(node, PowerAction::Off),
            Order::Reboot | Order::Shutdown => {}
        }
        Ok(answer)
    }
}

/// A moment as the API writes it.
pub(super) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::new(1, "2026-03-01T04:00:00Z".parse().unwrap())
    }

    fn pass(world: &mut World, seconds: i64) {
        let to = world.now() + SignedDuration::from_secs(seconds);
        world.advance(to);
    }

    #[test]
    fn an_action_runs_and_ends_and_locks_its_server_meanwhile() {
        let (mut world, mut desk) = (world(), Desk::default());
        let begun = desk.carry_out(&mut world, "nbg1-2", Order::Off).unwrap();
        assert_eq!((&begun["command"], &begun["status"]), (&"stop_server".into(), &"running".into()));
        assert_eq!(desk.carry_out(&mut world, "nbg1-2", Order::On), Err(Refusal::Locked));
        assert!(desk.carry_out(&mut world, "nbg1-3", Order::Reset).is_ok(), "others are free");
        pass(&mut world, 10);
        let id = begun["id"].as_u64().unwrap();
        let ended = desk.find(id).unwrap().describe(world.now());
        assert_eq!((&ended["status"], &ended["progress"]), (&"success".into(), &100.into()));
        assert_eq!(world.machine("nbg1-2").unwrap().power, Power::Off);
        let refused = desk.carry_out(&mut world, "nbg1-2", Order::Reboot);
        assert!(matches!(refused, Err(Refusal::Invalid("server", _))));
    }

    #[test]
    fn a_system_that_hangs_hears_only_the_hard_ways() {
        let (mut world, mut desk) = (world(), Desk::default());
        world.change_machine("nbg1-1", |machine| machine.power = Power::Hung);
        for order in [Order::Reboot, Order::Shutdown] {
            desk.carry_out(&mut world, "nbg1-1", order).unwrap();
            assert_eq!(world.machine("nbg1-1").unwrap().power, Power::Hung);
            pass(&mut world, 10);
        }
        desk.carry_out(&mut world, "nbg1-1", Order::Reset).unwrap();
        assert_eq!(world.machine("nbg1-1").unwrap().power, Power::On);
    }

    #[test]
    fn requests_beyond_the_limit_wait_for_time_to_pass() {
        let now: Timestamp = "2026-03-01T04:00:00Z".parse().unwrap();
        let mut desk = Desk::default();
        assert!((0..HOURLY).all(|_| desk.spend(now)));
        assert!(!desk.spend(now));
        assert_eq!(desk.allowance(now), (0, now.as_second() + i64::from(HOURLY)));
        assert!(desk.spend(now + SignedDuration::from_secs(1)));
    }
}
