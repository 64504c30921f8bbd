//! A cluster that does nothing by itself: a store, a clock that stands still, and answers as the test sets them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crashcart::drill::api::{Backend, CHECKS, LogLine, LogRefusal, Server, Unavailable, serve};
use crashcart::drill::store::{ResourceId, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The small cluster behind an API server.
pub struct Small {
    pub store: Store,
    pub now: Timestamp,
    pub lines: Vec<LogLine>,
    pub previous: Vec<LogLine>,
    pub unreachable: Option<String>,
    pub broken_checks: Vec<&'static str>,
}

impl Backend for Small {
    fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn logs(&self, _: &str, _: &str, _: &str, previous: bool) -> Result<Vec<LogLine>, LogRefusal> {
        if let Some(error) = &self.unreachable {
            return Err(LogRefusal::Unreachable(error.clone()));
        }
        Ok(if previous { &self.previous } else { &self.lines }.clone())
    }

    fn node_metrics(&self) -> Result<Vec<Value>, Unavailable> {
        let usage = json!({"cpu": "250m", "memory": "2Gi"});
        Ok(vec![json!({
            "kind": "NodeMetrics", "apiVersion": "metrics.k8s.io/v1beta1", "usage": usage, "window": "10s",
            "metadata": {"name": "node-1", "creationTimestamp": "2026-03-01T12:00:00Z"}, "timestamp": "2026-03-01T12:00:00Z",
        })])
    }

    fn pod_metrics(&self, _: Option<&str>) -> Result<Vec<Value>, Unavailable> {
        let containers = json!([{"name": "web", "usage": {"cpu": "120m", "memory": "64Mi"}}]);
        Ok(vec![json!({
            "kind": "PodMetrics", "apiVersion": "metrics.k8s.io/v1beta1", "containers": containers, "window": "10s",
            "metadata": {"name": "web-1", "namespace": "shop", "creationTimestamp": "2026-03-01T12:00:00Z"},
            "timestamp": "2026-03-01T12:00:00Z",
        })])
    }

    fn readyz(&self) -> Vec<(&'static str, bool)> {
        CHECKS.iter().map(|c| (*c, !self.broken_checks.contains(c))).collect()
    }

    fn version(&self) -> Value {
        json!({
            "major": "1", "minor": "34", "gitVersion": "v1.34.6+k3s1", "gitCommit": "0", "gitTreeState": "clean",
            "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.24.6", "compiler": "gc", "platform": "linux/amd64",
        })
    }
}

impl Small {
    /// Nothing is in it.
    pub fn empty() -> Self {
        Self {
            store: Store::new(1),
            now: "2026-03-01T12:00:00Z".parse().expect("a time"),
            lines: Vec::new(),
            previous: Vec::new(),
            unreachable: None,
            broken_checks: Vec::new(),
        }
    }

    /// A node, a Deployment with a pod that was killed once, what belongs to them, and a metrics API.
    pub fn shop() -> Self {
        let mut small = Self::empty();
        for namespace in ["default", "kube-system", "shop"] {
            small.put("", "namespaces", json!({"metadata": {"name": namespace}, "status": {"phase": "Active"}}));
        }
        small.put("", "nodes", node());
        small.put("apps", "deployments", deployment());
        small.put("", "pods", pod("web-1"));
        small.put("", "events", event());
        small.put("", "services", service());
        let metrics = json!({
            "metadata": {"name": "v1beta1.metrics.k8s.io"},
            "spec": {"group": "metrics.k8s.io", "version": "v1beta1",
                     "service": {"namespace": "kube-system", "name": "metrics-server"}},
            "status": {"conditions": [{"type": "Available", "status": "True", "reason": "Passed"}]},
        });
        small.put("apiregistration.k8s.io", "apiservices", metrics);
        for n in 0..250 {
            let labels = json!({"third": (n % 3).to_string()});
            let config = json!({"metadata": {"name": format!("cm-{n:03}"), "namespace": "shop", "labels": labels}});
            small.put("", "configmaps", config);
        }
        small.lines = (0..5).map(|n| small.line(n, &format!("line {n}"))).collect();
        small.previous = vec![small.line(0, "panic: out of cheese")];
        small
    }

    /// A line written so many seconds after the beginning, 100 seconds ago.
    pub fn line(&self, seconds: i64, text: &str) -> LogLine {
        let at = self.now.checked_add(SignedDuration::from_secs(seconds - 100)).expect("a time");
        LogLine { at, text: text.to_owned() }
    }

    pub fn put(&mut self, group: &str, plural: &str, object: Value) {
        let made = self.now.checked_sub(SignedDuration::from_mins(5)).expect("a time");
        self.store.create(resource(group, plural), object, made).expect("a new object");
    }
}

pub fn resource(group: &str, plural: &str) -> ResourceId {
    Store::resource(group, plural).expect("a known resource")
}

/// A small cluster and the server before it.
pub struct Running {
    pub small: Arc<Mutex<Small>>,
    pub server: Server,
}

impl Running {
    pub async fn start(small: Small) -> Self {
        let small = Arc::new(Mutex::new(small));
        let server = serve(small.clone(), 2).await.expect("a server");
        Self { small, server }
    }

    pub fn small(&self) -> MutexGuard<'_, Small> {
        self.small.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something of an object's status, so that watches have something to tell.
    pub fn touch(&self, group: &str, plural: &str, name: &str, text: &str) {
        let changed = |o: &mut Value| o["status"]["message"] = text.into();
        self.small().store.modify(resource(group, plural), "shop", name, changed).expect("an object");
    }
}

pub fn pod(name: &str) -> Value {
    let killed = json!({"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-03-01T11:58:00Z"});
    json!({
        "metadata": {"name": name, "namespace": "shop", "uid": format!("uid-of-{name}"), "labels": {"app": "web"}},
        "spec": {"nodeName": "node-1", "containers": [{"name": "web", "image": "registry.example.com/web:1"}]},
        "status": {
            "phase": "Running", "hostIP": "203.0.113.11", "podIP": "10.42.0.5",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{
                "name": "web", "ready": true, "restartCount": 1, "image": "registry.example.com/web:1", "imageID": "",
                "state": {"running": {"startedAt": "2026-03-01T11:58:01Z"}}, "lastState": {"terminated": killed},
            }],
        },
    })
}

fn node() -> Value {
    let resources = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
    json!({
        "metadata": {"name": "node-1", "labels": {"node-role.kubernetes.io/control-plane": "true"}},
        "spec": {"podCIDR": "10.42.0.0/24"},
        "status": {
            "capacity": resources, "allocatable": resources,
            "nodeInfo": {"kubeletVersion": "v1.34.6+k3s1", "osImage": "Ubuntu 24.04", "kernelVersion": "6.8.0",
                         "containerRuntimeVersion": "containerd://2.1"},
            "addresses": [{"type": "InternalIP", "address": "203.0.113.11"}],
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
        },
    })
}

fn deployment() -> Value {
    let template = json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "registry.example.com/web:1"}]},
    });
    json!({
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        "status": {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1},
    })
}

fn event() -> Value {
    json!({
        "metadata": {"name": "web-1.18", "namespace": "shop"}, "type": "Warning", "reason": "BackOff", "count": 3,
        "message": "Back-off restarting failed container", "source": {"component": "kubelet", "host": "node-1"},
        "firstTimestamp": "2026-03-01T11:50:00Z", "lastTimestamp": "2026-03-01T11:59:00Z",
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1", "uid": "uid-of-web-1", "apiVersion": "v1"},
    })
}

fn service() -> Value {
    json!({
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"type": "ClusterIP", "clusterIP": "10.43.0.10", "clusterIPs": ["10.43.0.10"],
                 "selector": {"app": "web"}, "ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}]},
    })
}
