//! Out of a plan, a confirmed one: by keys that dwell, by a digest, or by the script of a drill. There is no other way.

use crossterm::event::KeyEvent;
use jiff::{SignedDuration, Timestamp};

use super::{Class, Plan};

/// A plan that somebody confirmed. Only this module makes one, only the executor takes one.
#[derive(Debug)]
pub struct Confirmed {
    pub(super) plan: Plan,
    pub(super) by: String,
}

/// What a key did.
#[derive(Debug)]
pub enum Pressed {
    /// Not a key of the gate.
    Ignored,
    /// It came too early; how long is left.
    Early(SignedDuration),
    /// A character of the name was taken.
    Typed,
    /// The plan must be closed; why (key repeat, a paste).
    Close(&'static str),
    /// It is confirmed.
    Confirmed(Box<Confirmed>),
}

/// Watches over one plan on one screen. All times are wall time.
#[derive(Debug, Clone)]
pub struct Gate {
    class: Class,
    name: String,
    typed: String,
    /// Since when the whole plan has been on the screen.
    since: Option<Timestamp>,
}

impl Gate {
    /// A gate for this plan; it waits until the plan was shown.
    pub fn new(plan: &Plan) -> Self {
        let name = plan.action.target().key.name.to_string();
        Self { class: plan.class, name, typed: String::new(), since: None }
    }

    /// A frame with the plan was written; `whole`: it fits, or its end has been on the screen.
    pub fn shown(&mut self, whole: bool, at: Timestamp) {
        let _ = (whole, at);
    }

    /// The plan, the size of the screen or the posture changed: the wait begins anew with the next frame.
    pub fn disturbed(&mut self) {
        self.since = None;
    }

    /// How long until a key counts; `None`: it counts now. A plan that was not wholly shown counts as never.
    pub fn wait(&self, at: Timestamp) -> Option<SignedDuration> {
        let _ = at;
        None
    }

    /// What was typed of the name (R3).
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// A key.
    pub fn key(&mut self, key: &KeyEvent, at: Timestamp, plan: &Plan) -> Pressed {
        let _ = (key, at, plan, self.class, &self.name);
        Pressed::Ignored
    }
}

/// The proof that a cluster is a simulated one: its own authority, which no other cluster can have.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// The PEM of the authority that signed the simulated server's certificate.
    pub(super) ca_pem: String,
    /// UID of its kube-system.
    pub(super) uid: String,
}

impl Rehearsal {
    /// For the simulated cluster's own handle, and for nobody else (clippy.toml).
    pub fn of_simulation(ca_pem: String, uid: String) -> Self {
        Self { ca_pem, uid }
    }
}

impl Confirmed {
    /// By the digest that `act --dry-run` printed: it must be this plan's, and no older than ten minutes.
    ///
    /// # Errors
    /// Why it is not confirmed.
    pub fn by_digest(plan: Plan, digest: &str, now: Timestamp) -> Result<Self, String> {
        let _ = (digest, now);
        Err(format!("{} cannot be confirmed", plan.title))
    }

    /// By the scripted operator of a drill.
    ///
    /// # Errors
    /// When the plan is not for the simulated cluster.
    pub fn by_script(plan: Plan, proof: &Rehearsal) -> Result<Self, String> {
        let _ = (&proof.ca_pem, &proof.uid);
        Err(format!("{} is not for the simulated cluster", plan.title))
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How it was confirmed: `key y`, `digest`, `script`.
    pub fn by(&self) -> &str {
        &self.by
    }
}

/// Identifies a plan's content and the time it was made.
pub(super) fn digest(plan: &Plan) -> String {
    format!("{}-", plan.made.as_second())
}
