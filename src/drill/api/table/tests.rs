use serde_json::{Value, json};

use super::*;
use crate::drill::store::{ResourceId, Store};

/// The cells of an object that was made five minutes ago, on one line.
fn cells(group: &str, plural: &str, mut object: Value) -> String {
    let now = "2026-01-01T00:10:00Z".parse().expect("a time");
    object["metadata"] = json!({"name": "a", "creationTimestamp": "2026-01-01T00:05:00Z"});
    let table = Table::new(Store::resource(group, plural).expect("known").def(), IncludeObject::None);
    let row = table.row(&object, now);
    let text = |cell: &Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
    row["cells"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(" | ")
}

#[test]
fn every_kind_fills_its_columns_even_from_an_object_that_says_nothing() {
    for id in ResourceId::all() {
        let table = Table::new(id.def(), IncludeObject::Metadata);
        for object in [json!({}), json!({"metadata": {"name": "a"}, "spec": null, "status": []})] {
            let row = table.row(&object, jiff::Timestamp::UNIX_EPOCH);
            let (cells, columns) = (row["cells"].as_array().map(Vec::len), table.columns().as_array().map(Vec::len));
            assert_eq!(cells, columns, "{}", id.def().plural);
        }
    }
}

#[test]
fn workloads() {
    let template = json!({"spec": {"containers": [{"name": "x", "image": "i:1"}, {"name": "y", "image": "j:2"}]}});
    let set = json!({
        "spec": {"replicas": 3, "template": template, "selector": {"matchLabels": {"app": "web"}, "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]}, {"key": "old", "operator": "DoesNotExist"}]}},
        "status": {"replicas": 3, "readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 2},
    });
    let tail = "x,y | i:1,j:2 | app=web,tier in (a,b),!old";
    assert_eq!(cells("apps", "deployments", set.clone()), format!("a | 2/3 | 3 | 2 | 5m | {tail}"));
    assert_eq!(cells("apps", "replicasets", set.clone()), format!("a | 3 | 3 | 2 | 5m | {tail}"));
    assert_eq!(cells("apps", "statefulsets", set), "a | 2/3 | 5m | x,y | i:1,j:2");

    let job = json!({
        "spec": {"completions": 1, "template": template},
        "status": {"succeeded": 1, "startTime": "2026-01-01T00:06:00Z", "completionTime": "2026-01-01T00:06:42Z",
                   "conditions": [{"type": "Complete", "status": "True"}]},
    });
    assert_eq!(cells("batch", "jobs", job), "a | Complete | 1/1 | 42s | 5m | x,y | i:1,j:2 | <none>");
    let cron = json!({
        "spec": {"schedule": "17 3 * * *", "suspend": true, "jobTemplate": {"spec": {"template": template}}},
        "status": {"lastScheduleTime": "2026-01-01T00:09:00Z"},
    });
    let want = "a | 17 3 * * * | <none> | True | 0 | 60s | 5m | x,y | i:1,j:2 | <none>";
    assert_eq!(cells("batch", "cronjobs", cron), want);
}

#[test]
fn network() {
    let ports = json!([{"port": 80, "nodePort": 30080}, {"port": 53, "protocol": "UDP"}]);
    let service = json!({"spec": {"type": "LoadBalancer", "clusterIP": "10.43.0.1", "ports": ports}});
    let want = "a | LoadBalancer | 10.43.0.1 | <pending> | 80:30080/TCP,53/UDP | 5m | <none>";
    assert_eq!(cells("", "services", service), want);
    let endpoints: Vec<_> = (1..=5).map(|n| json!({"addresses": [format!("10.0.0.{n}")]})).collect();
    let slice = json!({"addressType": "IPv4", "ports": [{"port": 8080}], "endpoints": endpoints});
    let want = "a | IPv4 | 8080 | 10.0.0.1,10.0.0.2,10.0.0.3 + 2 more... | 5m";
    assert_eq!(cells("discovery.k8s.io", "endpointslices", slice), want);
    let ingress = json!({"spec": {"ingressClassName": "traefik", "rules": [{"host": "app.example.com"}], "tls": [{}]}});
    assert_eq!(cells("networking.k8s.io", "ingresses", ingress), "a | traefik | app.example.com |  | 80, 443 | 5m");
}

#[test]
fn storage_and_policy() {
    let claim = json!({
        "spec": {"volumeName": "v", "storageClassName": "local-path", "volumeMode": "Filesystem"},
        "status": {"phase": "Bound", "capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce", "ReadOnlyMany"]},
    });
    let want = "a | Bound | v | 5Gi | RWO,ROX | local-path | <unset> | 5m | Filesystem";
    assert_eq!(cells("", "persistentvolumeclaims", claim), want);
    let budget = json!({"spec": {"maxUnavailable": "50%"}, "status": {"disruptionsAllowed": 1}});
    assert_eq!(cells("policy", "poddisruptionbudgets", budget), "a | N/A | 50% | 1 | 5m");
    let metric = |current: Value, target: Value| {
        (
            json!({"type": "Resource", "resource": {"name": "cpu", "target": target}}),
            json!({"type": "Resource", "resource": {"name": "cpu", "current": current}}),
        )
    };
    let (wanted, current) = metric(json!({"averageUtilization": 42}), json!({"averageUtilization": 80}));
    let autoscaler = json!({
        "spec": {"minReplicas": 2, "maxReplicas": 5, "metrics": [wanted], "scaleTargetRef": {"kind": "Deployment", "name": "api"}},
        "status": {"currentReplicas": 3, "currentMetrics": [current]},
    });
    let hpa = |o| cells("autoscaling", "horizontalpodautoscalers", o);
    assert_eq!(hpa(autoscaler.clone()), "a | Deployment/api | cpu: 42%/80% | 2 | 5 | 3 | 5m");
    let mut blind = autoscaler;
    blind["status"]["currentMetrics"] = Value::Null;
    assert_eq!(hpa(blind), "a | Deployment/api | cpu: <unknown>/80% | 2 | 5 | 3 | 5m");
}

#[test]
fn the_clusters_own_affairs() {
    let event = json!({
        "type": "Warning", "reason": "BackOff", "message": "no luck\n", "reportingComponent": "kubelet",
        "eventTime": "2026-01-01T00:01:00Z", "series": {"count": 7, "lastObservedTime": "2026-01-01T00:09:30Z"},
        "involvedObject": {"kind": "Pod", "name": "p", "fieldPath": "spec.containers{x}"},
    });
    let want = "30s | Warning | BackOff | pod/p | spec.containers{x} | kubelet | no luck | 9m | 7 | a";
    assert_eq!(cells("", "events", event), want);
    let down = json!({
        "spec": {"service": {"namespace": "kube-system", "name": "metrics-server"}},
        "status": {"conditions": [{"type": "Available", "status": "False", "reason": "MissingEndpoints"}]},
    });
    let want = "a | kube-system/metrics-server | False (MissingEndpoints) | 5m";
    assert_eq!(cells("apiregistration.k8s.io", "apiservices", down), want);
    let snapshot = json!({
        "spec": {"snapshotName": "s", "nodeName": "n", "location": "file:///s"},
        "status": {"size": "12", "creationTime": "2026-01-01T00:00:00Z"},
    });
    assert_eq!(cells("k3s.cattle.io", "etcdsnapshotfiles", snapshot), "a | s | n | file:///s | 12 | 10m");
}
