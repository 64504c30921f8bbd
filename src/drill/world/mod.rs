//! The world behind the API: controllers, kubelets, workloads and their faults, as events on a queue.
