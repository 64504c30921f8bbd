//! The keys of the zone as records. They are numbers that look like keys: nothing is signed with them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::super::random::digest;

/// The algorithm of the keys: ECDSA on P-256 with SHA-256.
const ALGORITHM: u8 = 13;

/// The key that signs keys, which the edge uses for all its zones.
const KEYS_KEY: &str = "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==";

/// The `DNSKEY` records of a zone: the one that signs keys, then the one that signs the rest.
pub fn signing_keys(zone: &str) -> [String; 2] {
    let digits = digest(zone) + &digest(&format!("{zone}/y"));
    let key = |flags: u16, key: &str| format!("{flags} 3 {ALGORITHM} {key}");
    [key(257, KEYS_KEY), key(256, &STANDARD.encode(bytes(&digits)))]
}

/// The `DS` record that vouches for a key; nothing if the key cannot be read.
pub fn delegation_signer(zone: &str, key: &str) -> Option<String> {
    let data = wire(key)?;
    let mut hash = Sha256::new();
    for label in zone.split('.') {
        hash.update([u8::try_from(label.len()).ok()?]);
        hash.update(label.to_ascii_lowercase());
    }
    hash.update([0]);
    hash.update(&data);
    let hex: String = hash.finalize().iter().map(|b| format!("{b:02X}")).collect();
    Some(format!("{} {} 2 {hex}", key_tag(key)?, data.get(3)?))
}

/// The number by which signatures refer to a key (RFC 4034, appendix B).
pub fn key_tag(key: &str) -> Option<u16> {
    let sum = wire(key)?
        .iter()
        .enumerate()
        .fold(0_u32, |sum, (i, b)| sum + if i % 2 == 0 { u32::from(*b) << 8 } else { u32::from(*b) });
    u16::try_from((sum + (sum >> 16)) & 0xffff).ok()
}

/// A `DNSKEY` as it is on the wire.
fn wire(key: &str) -> Option<Vec<u8>> {
    let mut words = key.split_whitespace();
    let flags: u16 = words.next()?.parse().ok()?;
    let protocol: u8 = words.next()?.parse().ok()?;
    let algorithm: u8 = words.next()?.parse().ok()?;
    let mut data = flags.to_be_bytes().to_vec();
    data.extend([protocol, algorithm]);
    data.extend(STANDARD.decode(words.collect::<String>()).ok()?);
    // More would not fit a record, and keeps sums small.
    (data.len() <= 4096).then_some(data)
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
