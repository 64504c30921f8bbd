//! HorizontalPodAutoscalers: as many replicas as the usage asks for, between two bounds.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::garbage::leaving;
use super::informer::Work;
use super::json::{Id, bytes, int, is, list, millicores, put, set_condition, text};
use super::label;
use super::pods::finished;
use super::recorder::{Note, Reporter};
use super::{Due, World};
use crate::drill::store::{ResourceId, stamp};

const REPORTER: Reporter<'_> = Reporter::Controller("horizontal-pod-autoscaler");
/// How often usage is looked at.
const PERIOD: SignedDuration = SignedDuration::from_secs(15);
/// A usage so near to the target changes nothing.
const TOLERANCE: f64 = 0.1;
/// How long a smaller size must have been right where the autoscaler does not say.
const STABLE: i64 = 300;

/// What an autoscaler remembers from one look to the next.
#[derive(Debug, Default)]
pub struct Memory {
    /// When it looks next.
    next: Option<Timestamp>,
    /// The sizes that were right lately.
    sizes: VecDeque<(Timestamp, i64)>,
}

/// What an autoscaler scales.
struct Target {
    resource: ResourceId,
    object: Arc<Value>,
    pods: Vec<Arc<Value>>,
}

/// What the usage says.
struct Measured {
    /// The metric as a status tells it.
    told: Value,
    /// What is measured, in words.
    what: String,
    /// The size that it asks for.
    size: i64,
}

/// A condition: whether it holds, why in a word, why in a sentence.
type Verdict = (bool, &'static str, String);

impl World {
    pub(super) fn reconcile_autoscaler(&mut self, id: &Id) {
        let Some(autoscaler) = self.store.get(self.res.autoscalers, &id.namespace, &id.name) else {
            self.autoscalers.remove(id);
            return;
        };
        let memory = self.autoscalers.entry(id.clone()).or_default();
        if leaving(&autoscaler) || memory.next.is_some_and(|next| next > self.now) {
            return;
        }
        memory.next = self.now.checked_add(PERIOD).ok();
        self.plan(PERIOD, Due::Work(Work::Autoscaler(id.clone())));
        let Some(target) = self.target(&autoscaler) else {
            let (kind, name) =
                (text(&autoscaler, "/spec/scaleTargetRef/kind"), text(&autoscaler, "/spec/scaleTargetRef/name"));
            let why = format!("{}.apps \"{name}\" not found", plural(kind));
            self.record(&autoscaler, REPORTER, Note::warning("FailedGetScale", &why));
            let why = format!("the HPA controller was unable to get the target's current scale: {why}");
            self.write_autoscaler(id, |_| {}, &[("AbleToScale", (false, "FailedGetScale", why))]);
            return;
        };
        self.weigh(id, &autoscaler, &target);
    }

    fn target(&self, autoscaler: &Value) -> Option<Target> {
        let reference = &autoscaler["spec"]["scaleTargetRef"];
        let resource = match text(reference, "/kind") {
            "Deployment" => self.res.deployments,
            "ReplicaSet" => self.res.replica_sets,
            "StatefulSet" => self.res.stateful_sets,
            _ => return None,
        };
        let namespace = text(autoscaler, "/metadata/namespace");
        let object = self.store.get(resource, namespace, text(reference, "/name"))?;
        let mut pods = self.store.list(self.res.pods, Some(namespace));
        pods.retain(|pod| {
            label::matches(&object["spec"]["selector"], super::json::map(pod, "/metadata/labels"))
                && !finished(pod)
                && !leaving(pod)
        });
        Some(Target { resource, object, pods })
    }

    fn weigh(&mut self, id: &Id, autoscaler: &Value, target: &Target) {
        let current = int(&target.object, "/spec/replicas");
        let able =
            (true, "SucceededGetScale", "the HPA controller was able to get the target's current scale".to_owned());
        if current == 0 {
            let why = "scaling is disabled since the replica count of the target is zero".to_owned();
            let told = [("AbleToScale", able), ("ScalingActive", (false, "ScalingDisabled", why))];
            self.write_autoscaler(id, |status| put(status, &["currentReplicas"], 0.into()), &told);
            return;
        }
        let measured: Result<Vec<_>, String> =
            list(autoscaler, "/spec/metrics").iter().map(|metric| self.measure(metric, target, current)).collect();
        let measured = match measured {
            Ok(measured) => measured,
            Err(why) => return self.tell_of_blindness(id, autoscaler, current, able, &why),
        };
        let Some(most) = measured.iter().max_by_key(|m| m.size) else { return };
        let (size, mut able, limited) = self.decide(id, autoscaler, current, most.size);
        if size != current {
            let message = format!("the HPA controller was able to update the target scale to {size}");
            able = (true, "SucceededRescale", message);
            self.rescale(autoscaler, target, size, most, current);
        }
        let active = (
            true,
            "ValidMetricFound",
            format!("the HPA was able to successfully calculate a replica count from {}", most.what),
        );
        let (now, moved) = (stamp(self.now), size != current);
        let told: Vec<Value> = measured.iter().map(|m| m.told.clone()).collect();
        let write = |status: &mut Value| {
            status["currentMetrics"] = told.into();
            status["currentReplicas"] = current.into();
            status["desiredReplicas"] = size.into();
            if moved {
                status["lastScaleTime"] = now.into();
            }
        };
        self.write_autoscaler(
            id,
            write,
            &[("AbleToScale", able), ("ScalingActive", active), ("ScalingLimited", limited)],
        );
    }

    /// The usage cannot be told: nothing is scaled.
    fn tell_of_blindness(&mut self, id: &Id, autoscaler: &Value, current: i64, able: Verdict, why: &str) {
        self.record(autoscaler, REPORTER, Note::warning("FailedGetResourceMetric", why));
        let message = format!("invalid metrics (1 invalid out of 1), first error is: {why}");
        self.record(autoscaler, REPORTER, Note::warning("FailedComputeMetricsReplicas", &message));
        let active =
            (false, "FailedGetResourceMetric", format!("the HPA was unable to compute the replica count: {why}"));
        let write = |status: &mut Value| {
            status["currentReplicas"] = current.into();
            put(status, &["currentMetrics"], Value::Null);
        };
        self.write_autoscaler(id, write, &[("AbleToScale", able), ("ScalingActive", active)]);
    }

    /// Usage of the target's pods against the target value.
    fn measure(&self, metric: &Value, target: &Target, current: i64) -> Result<Measured, String> {
        let name = text(metric, "/resource/name");
        if text(metric, "/type") != "Resource" {
            return Err(format!("unable to get external metric: no matches for kind \"{}\"", text(metric, "/type")));
        }
        let failed = |why: &str| {
            format!(
                "failed to get {name} {} metric value: {why}",
                if metric.pointer("/resource/target/averageUtilization").is_some() { "resource" } else { "usage" }
            )
        };
        let at = self.metrics_answer().map_err(|_| {
            failed(&format!(
                "failed to get {name} utilization: unable to get metrics for resource {name}: unable to fetch metrics \
                 from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)"
            ))
        })?;
        let mut sums = (0.0, 0.0, 0.0);
        for pod in target.pods.iter().filter(|pod| is(pod, "Ready")) {
            let Some(usage) = self.usage(pod, at) else { continue };
            let by_request = metric.pointer("/resource/target/averageUtilization").is_some();
            let asked = if by_request { requested(pod, name) } else { Some(1.0) };
            let asked = asked.ok_or_else(|| {
                failed(&format!(
                    "failed to get {name} utilization: missing request for {name} in container {} of Pod {}",
                    text(pod, "/spec/containers/0/name"),
                    text(pod, "/metadata/name")
                ))
            })?;
            let used = if name == "cpu" { usage.0 } else { usage.1 };
            sums = (sums.0 + used, sums.1 + asked, sums.2 + 1.0);
        }
        let (used, asked, count) = sums;
        if count < 1.0 {
            return Err(failed(&format!(
                "failed to get {name} utilization: unable to get metrics for resource {name}: no metrics returned from \
                 resource metrics API"
            )));
        }
        Ok(judge(metric, name, used / count, asked / count, (count, current)))
    }

    /// The size after stabilisation and bounds, and what is to be said of it.
    fn decide(&mut self, id: &Id, autoscaler: &Value, current: i64, wanted: i64) -> (i64, Verdict, Verdict) {
        let window = autoscaler.pointer("/spec/behavior/scaleDown/stabilizationWindowSeconds").and_then(Value::as_i64);
        let begin = self.now - SignedDuration::from_secs(window.unwrap_or(STABLE));
        let memory = self.autoscalers.entry(id.clone()).or_default();
        memory.sizes.push_back((self.now, wanted));
        memory.sizes.retain(|(at, _)| *at >= begin);
        // What is remembered no longer stood as it is now.
        let known = if memory.sizes.len() > 1 { None } else { Some(current) };
        let highest = memory.sizes.iter().map(|(_, size)| *size).chain(known).max().unwrap_or(wanted);
        let stable = if wanted < current { highest.min(current).max(wanted) } else { wanted };
        let able = if stable == wanted {
            (true, "ReadyForNewScale", "recommended size matches current size".to_owned())
        } else {
            let message =
                "recent recommendations were higher than current one, applying the highest recent recommendation";
            (true, "ScaleDownStabilized", message.to_owned())
        };
        let least = autoscaler.pointer("/spec/minReplicas").and_then(Value::as_i64).unwrap_or(1);
        let most = int(autoscaler, "/spec/maxReplicas").max(least);
        // Within one look a target at most doubles, or grows to four.
        let quick = (2 * current).max(4);
        let (size, limited) = if stable > most {
            (most, (true, "TooManyReplicas", "the desired replica count is more than the maximum replica count"))
        } else if stable < least {
            (least, (true, "TooFewReplicas", "the desired replica count is less than the minimum replica count"))
        } else if stable > quick {
            (
                quick,
                (true, "ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate"),
            )
        } else {
            (stable, (false, "DesiredWithinRange", "the desired count is within the acceptable range"))
        };
        (size.min(quick.max(least)), able, (limited.0, limited.1, limited.2.to_owned()))
    }

    fn rescale(&mut self, autoscaler: &Value, target: &Target, size: i64, by: &Measured, current: i64) {
        let of = Id::of(&target.object);
        self.store.modify(target.resource, &of.namespace, &of.name, |object| object["spec"]["replicas"] = size.into());
        let reason =
            if size > current { format!("{} above target", by.what) } else { "All metrics below target".to_owned() };
        let message = format!("New size: {size}; reason: {reason}");
        self.record(autoscaler, REPORTER, Note::normal("SuccessfulRescale", &message));
    }

    fn write_autoscaler(&mut self, id: &Id, write: impl FnOnce(&mut Value), told: &[(&str, Verdict)]) {
        let now = self.now;
        self.store.modify(self.res.autoscalers, &id.namespace, &id.name, |autoscaler| {
            let mut conditions = list(autoscaler, "/status/conditions").to_vec();
            for (kind, (holds, reason, message)) in told {
                let status = if *holds { "True" } else { "False" };
                let new = json!({ "type": kind, "status": status, "reason": reason, "message": message });
                set_condition(&mut conditions, new, now);
            }
            if !autoscaler["status"].is_object() {
                autoscaler["status"] = json!({ "currentReplicas": 0, "desiredReplicas": 0 });
            }
            autoscaler["status"]["conditions"] = conditions.into();
            write(&mut autoscaler["status"]);
        });
    }
}

/// What one metric asks for, from the averages of `count` pods.
fn judge(metric: &Value, name: &str, used: f64, asked: f64, (count, current): (f64, i64)) -> Measured {
    let value = if name == "cpu" { format!("{}m", used.round() as i64) } else { format!("{}", used.round() as i64) };
    let mut told = json!({ "averageValue": value });
    let utilization = metric.pointer("/resource/target/averageUtilization").and_then(Value::as_f64);
    let (ratio, how) = if let Some(target) = utilization {
        let percent = (used * 100.0 / asked).floor();
        told["averageUtilization"] = (percent as i64).into();
        (percent / target.max(1.0), " utilization (percentage of request)")
    } else {
        let target = text(metric, "/resource/target/averageValue");
        let target = if name == "cpu" { millicores(target) } else { bytes(target) as f64 };
        (used / target.max(1.0), "")
    };
    let near = (ratio - 1.0).abs() <= TOLERANCE;
    let size = if near { current } else { (ratio * count).ceil() as i64 };
    Measured {
        told: json!({ "type": "Resource", "resource": { "name": name, "current": told } }),
        what: format!("{name} resource{how}"),
        size,
    }
}

/// What the containers of a pod ask for together; nothing if one of them does not say.
fn requested(pod: &Value, name: &str) -> Option<f64> {
    let of = |container: &Value| {
        let quantity = container["resources"]["requests"][name].as_str()?;
        Some(if name == "cpu" { millicores(quantity) } else { bytes(quantity) as f64 })
    };
    list(pod, "/spec/containers").iter().map(of).sum()
}

fn plural(kind: &str) -> String {
    format!("{}s", kind.to_lowercase())
}
