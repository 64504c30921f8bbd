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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::testing::plan;
    use crate::action::{Guard, Verdict};

    fn minutes(n: i64) -> Timestamp {
        plan(Class::R1).made + SignedDuration::from_mins(n)
    }

    #[test]
    fn a_digest_means_one_plan_and_the_second_it_was_made() {
        let first = plan(Class::R1);
        let digest = first.digest();
        assert_eq!(made(&digest), Some(first.made));
        assert_eq!(plan(Class::R1).digest(), digest, "equal plans have one digest");
        let changes: [fn(&mut Plan); 8] = [
            |p| p.requests[0].body["spec"] = serde_json::json!({}),
            |p| p.objects[0].uid = Text::new("another"),
            |p| p.cluster.uid = Text::new("another"),
            |p| p.cluster.server = Text::new("another"),
            |p| p.class = Class::R2,
            |p| p.basis[0].value = "2 of 3".into(),
            |p| p.made += SignedDuration::from_secs(1),
            |p| p.guards.push(Guard { id: "G7", verdict: Verdict::Raised, says: String::new() }),
        ];
        for (n, change) in changes.iter().enumerate() {
            let mut other = plan(Class::R1);
            change(&mut other);
            assert_ne!(other.digest(), digest, "change {n}");
        }
        let mut told = plan(Class::R1);
        told.warnings.push("status noise".into());
        assert_eq!(told.digest(), digest, "what nothing rests on does not matter");
        for wrong in
            ["", "-", "12", "x-00000000000000000000000000000000", "1-0000", "1-0000000000000000000000000000000g"]
        {
            assert_eq!(made(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_digest_confirms_its_own_plan_for_ten_minutes() {
        let digest = plan(Class::R1).digest();
        let by = |digest: &str, at| Confirmed::by_digest(plan(Class::R1), digest, None, at).map(|c| c.by());
        assert_eq!(by(&digest, minutes(10)), Ok("digest"));
        assert!(by(&digest, minutes(11)).is_err_and(|why| why.contains("ten minutes")));
        assert!(by(&digest, minutes(-11)).is_err(), "nor from the future");
        let other = plan(Class::R2).digest();
        assert!(by(&other, minutes(1)).is_err_and(|why| why.contains("digest")));
    }

    #[test]
    fn what_cannot_be_undone_wants_its_name_beside_the_digest() {
        let digest = plan(Class::R3).digest();
        let by = |name| Confirmed::by_digest(plan(Class::R3), &digest, name, minutes(1)).is_ok();
        assert_eq!([None, Some("web"), Some("api")].map(by), [false, false, true]);
    }

    #[test]
    fn a_script_confirms_only_on_the_simulated_cluster() {
        let proof = |uid: &str| Rehearsal { authority: Text::new("sha256:00"), uid: uid.into() };
        assert!(Confirmed::by_script(plan(Class::R2), &proof("u-cluster")).is_ok());
        assert!(Confirmed::by_script(plan(Class::R2), &proof("another")).is_err());
        assert!(Confirmed::by_script(plan(Class::R2), &proof("")).is_err());
        let nobody = Rehearsal { authority: Text::default(), uid: "u-cluster".into() };
        assert!(Confirmed::by_script(plan(Class::R2), &nobody).is_err());
        for endpoint in ["https://203.0.113.1:6443", "https://localhost:6443", "https://127.0.0.1.example.com"] {
            let mut far = plan(Class::R2);
            far.endpoint = Text::new(endpoint);
            assert!(Confirmed::by_script(far, &proof("u-cluster")).is_err(), "{endpoint}");
        }
    }

    #[test]
    fn no_way_leads_past_a_refusal() {
        let mut refused = plan(Class::R1);
        refused.guards.push(Guard { id: "G7", verdict: Verdict::Refused, says: "no".into() });
        let digest = refused.digest();
        let proof = Rehearsal { authority: Text::new("sha256:00"), uid: "u-cluster".into() };
        assert!(Confirmed::by_digest(refused.clone(), &digest, None, minutes(1)).is_err());
        assert!(Confirmed::by_script(refused.clone(), &proof).is_err());
        assert!(Confirmed::by_key(refused, "key y").is_err());
    }
}
