//! Tokens that only this registry can issue.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::json;

use super::super::hmac::hmac;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// A token for a user, or for nobody.
pub fn issue(secret: &[u8; 32], user: Option<&str>) -> String {
    let id = if user.is_some() { 2 } else { -1 };
    let claims = json!({ "UserID": id, "Scope": "", "name": user }).to_string();
    let said = format!("{}.{}", BASE64.encode(HEADER), BASE64.encode(claims));
    format!("{said}.{}", BASE64.encode(hmac(secret, said.as_bytes())))
}

/// Whether a token is one of ours.
pub fn holds(secret: &[u8; 32], token: &str) -> bool {
    token.rsplit_once('.').is_some_and(|(said, signature)| {
        BASE64.decode(signature).is_ok_and(|signature| signature == hmac(secret, said.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_issued_holds() {
        let token = issue(&[1; 32], Some("deploy"));
        assert!(holds(&[1; 32], &token));
        assert!(!holds(&[2; 32], &token) && !holds(&[1; 32], &token.replace('.', "x")) && !holds(&[1; 32], ""));
    }
}
