//! The Kubernetes API as clients use it, over real TLS.
