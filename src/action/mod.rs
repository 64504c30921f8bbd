//! What can be done to a cluster, and the one way to do it: plan, guards, confirmation, execution, verification.
//!
//! An [`Action`] becomes a [`Plan`] (the [`Executor`] reads what it rests on from the server, asks for rights and for a dry
//! run); a [`Gate`] turns the plan into a [`Confirmed`] one; only the executor takes that and sends it. Whether it
//! worked is told by [`Plan::verify`], from the situation.
//!
//! Three kinds of write, and no fourth: dry runs and access reviews (made by the planner), book-keeping and the change
//! itself (made by the executor, [`Write`]).

mod arming;
mod catalogue;
mod confirm;
mod deeds;
mod draft;
mod execute;
mod gate;
mod guard;
mod plan;
mod planner;
mod record;
mod run;
#[cfg(test)]
mod testing;
mod verify;
mod wire;

pub use arming::{Arming, HOLDS, Posture};
pub use catalogue::{ACTIONS, Action, Argument, Arguments, ParamKind, ParamSpec, Spec, by_name};
pub use confirm::{Confirmed, DIGEST_HOLDS, Rehearsal, made};
pub use execute::{Cancel, Executor, Progress, Refused};
pub use gate::{GROWS_OLD, Gate, Pressed};
pub use plan::{
    Class, Difference, DryRun, Fact, Guard, Plan, Proof, Request, Right, Standing, Undo, Verdict, Verification, Write,
};
pub use record::{Event, Outcome, Recorder};

pub(crate) use deeds::words::{kubectl, quoted};

pub use crate::situation::object::LEFT_BEHIND;
