//! What only a shell on a machine tells: kernel, packages, configuration of k3s.

/// What only a shell on a machine tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// `/etc/rancher/k3s/config.yaml`
    pub k3s_config: String,
}

impl Inside {
    /// Of a healthy server, the first being number 1.
    pub fn new(number: u32) -> Self {
        let joins = if number == 1 { "cluster-init: true" } else { "server: https://10.0.0.11:6443" };
        Self { k3s_config: format!("{joins}\nnode-ip: 10.0.0.{}\nflannel-iface: enp7s0\n", 10 + number) }
    }
}
