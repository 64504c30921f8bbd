//! The server's side of SCRAM-SHA-256, RFC 7677, without channel binding.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use super::super::hmac::{hmac, stretch, xor};

/// The name of the mechanism.
pub const MECHANISM: &str = "SCRAM-SHA-256";
const ROUNDS: u32 = 4096;

/// A conversation in which the server has challenged the client.
#[derive(Debug)]
pub struct Challenge {
    /// What the client said of channel binding, which it has to repeat.
    header: String,
    client_first: String,
    nonce: String,
    salt: Vec<u8>,
    /// What is sent.
    pub server_first: String,
}

impl Challenge {
    /// Answers the client's first message; nothing for one that is none. The salt belongs to the user, `nonce` is fresh.
    pub fn to(client_first: &str, user: &str, nonce: &str) -> Option<Self> {
        let second = client_first.match_indices(',').nth(1)?.0;
        let (header, bare) = client_first.split_at(second + 1);
        if !matches!(header.split(',').next(), Some("n" | "y")) {
            return None;
        }
        let theirs = bare.split(',').find_map(|part| part.strip_prefix("r=")).filter(|nonce| !nonce.is_empty())?;
        let nonce = format!("{theirs}{nonce}");
        let salt = Sha256::digest(user)[..16].to_vec();
        let server_first = format!("r={nonce},s={},i={ROUNDS}", BASE64.encode(&salt));
        Some(Self { header: header.to_owned(), client_first: bare.to_owned(), nonce, salt, server_first })
    }

    /// Checks the client's proof that it knows the password; the server's own proof, or nothing.
    pub fn verify(&self, client_final: &str, password: &str) -> Option<String> {
        let (message, proof) = client_final.rsplit_once(",p=")?;
        let said = |name: &str| message.split(',').find_map(|part| part.strip_prefix(name));
        if said("r=")? != self.nonce || BASE64.decode(said("c=")?).ok()? != self.header.as_bytes() {
            return None;
        }
        let proof: [u8; 32] = BASE64.decode(proof).ok()?.try_into().ok()?;
        let salted = stretch(password.as_bytes(), &self.salt, ROUNDS);
        let exchange = format!("{},{},{message}", self.client_first, self.server_first);
        let stored: [u8; 32] = Sha256::digest(hmac(&salted, b"Client Key")).into();
        let key = xor(proof, hmac(&stored, exchange.as_bytes()));
        let server = hmac(&hmac(&salted, b"Server Key"), exchange.as_bytes());
        (Sha256::digest(key)[..] == stored).then(|| format!("v={}", BASE64.encode(server)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an honest client that knows this password would say last.
    fn proof(challenge: &Challenge, password: &str) -> String {
        let salted = stretch(password.as_bytes(), &challenge.salt, ROUNDS);
        let message = format!("c={},r={}", BASE64.encode(&challenge.header), challenge.nonce);
        let exchange = format!("{},{},{message}", challenge.client_first, challenge.server_first);
        let key = hmac(&salted, b"Client Key");
        let signature = hmac(&Sha256::digest(key), exchange.as_bytes());
        format!("{message},p={}", BASE64.encode(xor(key, signature)))
    }

    #[test]
    fn only_the_password_passes() {
        let challenge = Challenge::to("y,,n=,r=abc", "app", "xyz").unwrap();
        assert!(challenge.server_first.starts_with("r=abcxyz,s="));
        assert!(challenge.verify(&proof(&challenge, "right"), "right").unwrap().starts_with("v="));
        assert_eq!(challenge.verify(&proof(&challenge, "wrong"), "right"), None);
        let replayed = proof(&challenge, "right").replace("r=abcxyz", "r=abcxyy");
        assert_eq!(challenge.verify(&replayed, "right"), None);
    }

    #[test]
    fn what_is_no_first_message_gets_no_challenge() {
        for wrong in ["", "n,,", "n,,n=app", "n,,n=app,r=", "p=tls-server-end-point,,n=app,r=abc", ",,,"] {
            assert!(Challenge::to(wrong, "app", "xyz").is_none(), "{wrong}");
        }
        assert_eq!(Challenge::to("n,,n=,r=abc", "app", "x").unwrap().verify("c=,p=", "p"), None);
    }
}
