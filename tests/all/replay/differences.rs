//! Where the simulated server answers otherwise than the recorded one, and why.

/// What that build of the server leaves out of its own checks: there `/readyz/etcd` is no page, here (and in k3s) it is.
pub const OF_THAT_BUILD: &[u64] = &[16];

/// Exchanges whose answers are not the same to the last field.
const DIFFERENT: &[(&[u64], &str)] = &[
    (&[1], "another version"),
    (&[2], "the address at which the server is"),
    (&[14, 15, 16, 18], "that build has no checks of etcd, and some of another version"),
    (&[55], "the words of another reader of JSON"),
    (&[89], "that server has a history without end"),
    (&[97, 98, 99, 100, 101], "here controllers have seen a new node before the next request comes"),
    (&[107, 108, 175], "that server does not mount the service account's token"),
    (&[111, 134, 136, 137], "here is a kubelet, and a token is mounted"),
    (&[120], "the difference between the two specs is not told"),
    (&[152, 153], "here controllers have seen everything before the next request comes"),
    (&[167], "here are three nodes more"),
    (&[173, 174, 178], "claims and volumes made by hand are not bound here"),
    (&[181], "that server puts two ConfigMaps of its own into each namespace"),
];

/// Why an exchange is answered otherwise; nothing if it is not to be.
pub fn reason(seq: u64) -> Option<&'static str> {
    DIFFERENT.iter().find(|(seqs, _)| seqs.contains(&seq)).map(|(_, why)| *why)
}
