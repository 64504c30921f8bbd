//! The machines as Node objects, as k3s and its kubelet write them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::drill::store::stamp;
use crate::drill::world::backend::VERSION;
use crate::drill::world::random::{digest, mix};

/// A server of the deployment: control plane, etcd and workloads.
pub fn server(number: u32, now: Timestamp) -> Value {
    let mut node = agent(number, now);
    let name = format!("nbg1-{number}");
    let meta = &mut node["metadata"];
    for role in ["control-plane", "etcd"] {
        meta["labels"][format!("node-role.kubernetes.io/{role}")] = "true".into();
    }
    meta["finalizers"] = json!(["wrangler.cattle.io/node", "wrangler.cattle.io/managed-etcd-controller"]);
    let annotations = &mut meta["annotations"];
    annotations["etcd.k3s.cattle.io/node-address"] = inside(number).into();
    annotations["etcd.k3s.cattle.io/node-name"] = format!("{name}-{}", &digest(&name)[..8]).into();
    annotations["etcd.k3s.cattle.io/local-snapshots-timestamp"] = stamp(now).into();
    let own = if number == 1 { vec!["--cluster-init"] } else { vec!["--server", "https://10.0.0.11:6443"] };
    let (inside, public) = (inside(number), public(number));
    let mut args = vec!["server"];
    args.extend(own);
    args.extend([
        "--node-ip",
        &inside,
        "--node-external-ip",
        &public,
        "--flannel-iface",
        "enp7s0",
        "--disable",
        "servicelb",
    ]);
    annotations["k3s.io/node-args"] = json!(args).to_string().into();
    if let Some(conditions) = node["status"]["conditions"].as_array_mut() {
        let message = "Node is a voting member of the etcd cluster";
        conditions.insert(0, condition("EtcdIsVoter", "True", "MemberNotLearner", message, now));
    }
    node
}

/// A machine that only runs pods.
pub fn agent(number: u32, now: Timestamp) -> Value {
    let name = format!("nbg1-{number}");
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": name,
            "labels": labels(&name),
            "annotations": annotations(number, &name),
            "finalizers": ["wrangler.cattle.io/node"],
        },
        "spec": {
            "podCIDR": format!("10.42.{}.0/24", number - 1), "podCIDRs": [format!("10.42.{}.0/24", number - 1)],
            "providerID": format!("k3s://{name}"),
        },
        "status": {
            "addresses": [
                { "type": "InternalIP", "address": inside(number) }, { "type": "ExternalIP", "address": public(number) },
                { "type": "Hostname", "address": name },
            ],
            "capacity": capacity("78614Mi"), "allocatable": capacity("78310Mi"),
            "conditions": conditions(now),
            "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
            "nodeInfo": info(&name),
        },
    })
}

/// The address inside: 10.0.0.11 for the first machine.
pub fn inside(number: u32) -> String {
    format!("10.0.{}.{}", (number + 10) / 250, (number + 10) % 250)
}

/// The public address; those beyond the documentation range's end begin again.
fn public(number: u32) -> String {
    format!("203.0.113.{}", 10 + number % 240)
}

fn labels(name: &str) -> Value {
    json!({
        "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/instance-type": "k3s", "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "k3s",
    })
}

fn annotations(number: u32, name: &str) -> Value {
    let hash = digest(name);
    json!({
        "alpha.kubernetes.io/provided-node-ip": inside(number),
        "flannel.alpha.coreos.com/backend-data": format!("{{\"VNI\":1,\"VtepMAC\":\"{}\"}}", mac(name)),
        "flannel.alpha.coreos.com/backend-type": "vxlan",
        "flannel.alpha.coreos.com/kube-subnet-manager": "true",
        "flannel.alpha.coreos.com/public-ip": inside(number),
        "k3s.io/hostname": name, "k3s.io/internal-ip": inside(number), "k3s.io/external-ip": public(number),
        "k3s.io/node-args": "[\"agent\",\"--server\",\"https://10.0.0.11:6443\"]",
        "k3s.io/node-config-hash": hash.to_uppercase(), "k3s.io/node-env": "{}",
        "node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true",
    })
}

fn mac(name: &str) -> String {
    let bytes = mix(name, 5).to_be_bytes();
    format!("02:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4])
}

fn capacity(storage: &str) -> Value {
    json!({ "cpu": "4", "memory": "7937024Ki", "ephemeral-storage": storage, "pods": "110", "hugepages-1Gi": "0",
        "hugepages-2Mi": "0" })
}

fn conditions(now: Timestamp) -> Value {
    json!([
        condition(
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
            now
        ),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now),
        condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", now),
        condition("Ready", "True", "KubeletReady", "kubelet is posting ready status", now),
    ])
}

/// A condition of a node.
pub fn condition(kind: &str, status: &str, reason: &str, message: &str, now: Timestamp) -> Value {
    json!({ "type": kind, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": stamp(now),
        "lastTransitionTime": stamp(now) })
}

fn info(name: &str) -> Value {
    let id = digest(name);
    json!({
        "architecture": "amd64", "bootID": boot_id(name, 0), "containerRuntimeVersion": "containerd://2.1.5-k3s1",
        "kernelVersion": "6.8.0-101-generic", "kubeProxyVersion": "", "kubeletVersion": VERSION, "machineID": &id[..32],
        "operatingSystem": "linux", "osImage": "Ubuntu 24.04.4 LTS", "systemUUID": uuid(&id),
        "swap": { "capacity": 0 },
    })
}

/// The id of a machine's run, after so many boots.
pub fn boot_id(name: &str, boots: u32) -> String {
    let id = digest(name);
    uuid(&digest(&if boots == 0 { id } else { format!("{id}/{boots}") }))
}

/// Digits in the groups of a UUID.
fn uuid(hex: &str) -> String {
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}
