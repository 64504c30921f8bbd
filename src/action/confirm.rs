//! Out of a plan, a confirmed one: by a key at its [`Gate`](super::Gate), by a digest, or by the script of a drill. There
//! is no other way.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Class, Plan};
use crate::situation::Text;
use crate::watch;

/// How old a plan may be that is confirmed by its digest (cluster time).
pub const DIGEST_HOLDS: SignedDuration = SignedDuration::from_mins(10);
/// As much of the hash is written: nobody finds another plan with the same.
const HASH: usize = 32;

/// A plan that somebody confirmed. Only this module and the gate make one, only the executor takes one, once: it cannot be
/// copied.
#[derive(Debug)]
pub struct Confirmed {
    plan: Plan,
    by: By,
}

/// How a plan was confirmed.
#[derive(Debug)]
pub(super) enum By {
    /// At the gate, with this key.
    Key(&'static str),
    /// By its digest.
    Digest,
    /// By the script of a drill; the authority of the simulated cluster, which must be the one that was pinned.
    Script(Text),
}

/// The proof that a cluster is a simulated one: its own authority, which no other cluster can have.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// The fingerprint of the authority that signed the simulated server's certificate.
    authority: Text,
    /// UID of its kube-system.
    uid: String,
}

impl Rehearsal {
    /// For the simulated cluster's own handle, and for nobody else (clippy.toml). `ca_pem`: the authority's certificate.
    #[expect(clippy::needless_pass_by_value, reason = "whoever hands it over has no more use for it")]
    pub fn of_simulation(ca_pem: String, uid: String) -> Self {
        Self { authority: watch::authority_of_pem(ca_pem.as_bytes()), uid }
    }
}

impl Confirmed {
    /// By a key at the gate.
    pub(super) fn by_key(plan: Plan, key: &'static str) -> Result<Self, String> {
        Self::unless_refused(plan, By::Key(key))
    }

    /// By the digest that `act --dry-run` printed: it must be this plan's, and no older than ten minutes. A plan that
    /// cannot be undone needs its object's `name` too. `now` is cluster time.
    ///
    /// # Errors
    /// Why it is not confirmed.
    pub fn by_digest(plan: Plan, digest: &str, name: Option<&str>, now: Timestamp) -> Result<Self, String> {
        let age = now.duration_since(plan.made);
        if plan.digest() != digest {
            return Err(
                "the digest is not that of the plan as it would be made now: what it rests on has changed, or it \
                        was made for something else"
                    .into(),
            );
        }
        if age > DIGEST_HOLDS || age < -DIGEST_HOLDS {
            return Err(format!("the plan is {} old; ten minutes is the most", crate::situation::time::age(age.abs())));
        }
        let target = &plan.action.target().key.name;
        if plan.class == Class::R3 && name != Some(target.as_str()) {
            return Err(format!("it cannot be undone: confirm it with --name {target} too"));
        }
        Self::unless_refused(plan, By::Digest)
    }

    /// By the scripted operator of a drill.
    ///
    /// # Errors
    /// When the plan is not for the simulated cluster, or must not be executed.
    pub fn by_script(plan: Plan, proof: &Rehearsal) -> Result<Self, String> {
        let simulated = !proof.uid.is_empty() && plan.cluster.uid == *proof.uid && !proof.authority.is_empty();
        if !simulated || !watch::is_loopback(&plan.endpoint) {
            return Err(format!("{} is not for the simulated cluster", plan.title));
        }
        Self::unless_refused(plan, By::Script(proof.authority.clone()))
    }

    fn unless_refused(plan: Plan, by: By) -> Result<Self, String> {
        plan.refusal().map_or(Ok(Self { plan, by }), Err)
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How it was confirmed: `key y`, `digest`, `script`.
    pub fn by(&self) -> &'static str {
        match self.by {
            By::Key(key) => key,
            By::Digest => "digest",
            By::Script(_) => "script",
        }
    }

    /// The authority that the pinned cluster must have, if it was confirmed by a script.
    pub(super) fn wants_authority(&self) -> Option<&Text> {
        match &self.by {
            By::Script(authority) => Some(authority),
            By::Key(_) | By::Digest => None,
        }
    }
}

/// Identifies a plan's content and the time it was made: everything that decides what would happen, and to what.
pub(super) fn digest(plan: &Plan) -> String {
    let verdicts: Vec<_> = plan.guards.iter().map(|g| (g.id, g.verdict)).collect();
    // The maps of a JSON value are sorted by key, so that equal content is equal text.
    let content = json!({
        "made": plan.made.as_second(),
        "cluster": [&plan.cluster.context, &plan.cluster.server, &plan.cluster.uid],
        "action": plan.action,
        "class": plan.class,
        "objects": plan.objects,
        "requests": plan.requests,
        "guards": verdicts,
        "basis": plan.basis,
    });
    let hash: String = Sha256::digest(content.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}", plan.made.as_second(), hash.get(..HASH).unwrap_or(&hash))
}

/// When the plan of this digest was made.
pub fn made(digest: &str) -> Option<Timestamp> {
    let (seconds, hash) = digest.split_once('-')?;
    let whole = hash.len() == HASH && hash.bytes().all(|b| b.is_ascii_hexdigit());
    Timestamp::from_second(seconds.parse().ok().filter(|_| whole)?).ok()
}
