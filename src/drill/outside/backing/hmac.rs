//! Keyed hashes, for SCRAM, for signed requests and for tokens.

use sha2::{Digest as _, Sha256};

const BLOCK: usize = 64;

/// HMAC-SHA-256.
pub fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let digest = Sha256::digest(key);
    let key = if key.len() > BLOCK { &digest[..] } else { key };
    let mut block = [0; BLOCK];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize().into()
}

/// PBKDF2 with HMAC-SHA-256, one block long: the `Hi` of SCRAM.
pub fn stretch(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    let mut last = hmac(password, &[salt, &[0, 0, 0, 1]].concat());
    let mut key = last;
    for _ in 1..rounds {
        last = hmac(password, &last);
        key = xor(key, last);
    }
    key
}

/// One or the other, bit by bit.
pub fn xor(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    std::array::from_fn(|n| left[n] ^ right[n])
}

#[cfg(test)]
mod tests {
    use super::super::hex;
    use super::*;

    #[test]
    fn as_the_standards_have_it() {
        let long = hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
        let short = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&short), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let key = stretch(b"password", b"salt", 2);
        assert_eq!(hex(&key), "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43");
    }
}
