//! Chance that repeats: a small generator for the story, and hashes for what must be the same whenever it is asked for.

use jiff::SignedDuration;

/// `SplitMix64`: the same seed, the same story.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A generator.
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x5851_f42d_4c95_7f2d)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        finish(self.0)
    }

    /// A number below `limit`, zero for none.
    pub const fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.next() % limit }
    }

    /// A span between two numbers of milliseconds.
    pub const fn millis(&mut self, (from, to): (u64, u64)) -> SignedDuration {
        SignedDuration::from_millis((from + self.below(to - from + 1)) as i64)
    }

    /// So many hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.below(16) as usize])).collect()
    }
}

const fn finish(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number that belongs to a text and a number, always the same.
pub fn mix(text: &str, number: u64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    finish(hash ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// A share between 0 and 1 that belongs to a text and a number.
pub fn share(text: &str, number: u64) -> f64 {
    (mix(text, number) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Hexadecimal digits that belong to a text, as long as a SHA-256.
pub fn digest(text: &str) -> String {
    (0..4).map(|n| format!("{:016x}", mix(text, n))).collect()
}

/// What Kubernetes puts behind the name of a ReplicaSet: 32 bits of FNV, written with letters that make no words.
pub fn template_hash(template: &str) -> String {
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut hash = 0x811c_9dc5_u32;
    for byte in template.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    hash.to_string().bytes().map(|b| char::from(LETTERS[b as usize % LETTERS.len()])).collect()
}

/// A UUID that belongs to a text.
pub fn uid_for(text: &str) -> String {
    let (a, b) = (mix(text, 11), mix(text, 12));
    let (first, second, third) = (a >> 32, (a >> 16) & 0xffff, a & 0xfff);
    format!("{first:08x}-{second:04x}-4{third:03x}-{:04x}-{:012x}", 0x8000 | (b >> 48) & 0x3fff, b & 0xffff_ffff_ffff)
}
