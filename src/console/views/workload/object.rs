//! A workload of any kind, as its detail keeps it.

use crate::console::screen::Context;
use crate::console::views::workloads::facts::{Facts, facts};
use crate::situation::object::{Labels, Meta};
use crate::situation::{Kind, Ref};

/// A workload of any kind.
#[derive(Debug, Clone)]
pub struct Object {
    /// What all kinds have in common.
    pub facts: Facts,
    /// What every object has.
    pub meta: Meta,
    /// Which pods it means; empty for what makes Jobs.
    pub selector: Labels,
}

impl Object {
    /// The workload that bears the reference's name.
    pub fn named(target: &Ref, cx: &Context<'_>) -> Option<Self> {
        let (s, key) = (cx.situation, &target.key);
        let none = Labels::default();
        let (meta, selector) = match target.kind {
            Kind::Deployment => s.deployments.get(key).map(|o| (&o.meta, &o.selector))?,
            Kind::DaemonSet => s.daemon_sets.get(key).map(|o| (&o.meta, &o.selector))?,
            Kind::StatefulSet => s.stateful_sets.get(key).map(|o| (&o.meta, &o.selector))?,
            Kind::Job => s.jobs.get(key).map(|o| (&o.meta, &none))?,
            Kind::CronJob => s.cron_jobs.get(key).map(|o| (&o.meta, &none))?,
            _ => return None,
        };
        let (meta, selector) = (meta.clone(), selector.clone());
        Some(Self { facts: facts(target.kind, key, cx)?, meta, selector })
    }
}
