//! Every secret that is read on the way in, remembered so that no writer lets it out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use kube::config::AuthInfo;
use serde_json::Value;

use super::plugin::Credential;
use crate::secrets::remember;

/// Fields of a kubeconfig's user that are secrets, and files that hold one.
const VALUES: [&str; 3] = ["token", "password", "client-key-data"];
const FILES: [&str; 2] = ["tokenFile", "client-key"];
/// As much of such a file is read.
const LIMIT: u64 = 1 << 16;
/// A line of a key that is shorter could stand anywhere.
const LINE: usize = 40;

/// What a kubeconfig's user holds.
pub(super) fn of_user(user: &AuthInfo) {
    // As a value, because its secrets can be taken out in no other way.
    let Ok(Value::Object(fields)) = serde_json::to_value(user) else { return };
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    VALUES.iter().filter_map(|name| text(name)).for_each(keep);
    FILES.iter().filter_map(|name| text(name)).filter_map(read).for_each(|held| keep(&held));
    let provider = fields.get("auth-provider").and_then(|p| p.get("config")).and_then(Value::as_object);
    let held = |name: &str| name.contains("token") || name.contains("secret");
    provider.into_iter().flatten().filter(|(name, _)| held(name)).filter_map(|(_, v)| v.as_str()).for_each(keep);
}

/// What a credential plugin printed.
pub(super) fn of_plugin(credential: &Credential) {
    credential.token.iter().chain(&credential.client_key_data).for_each(|held| keep(held));
}

/// A proxy's login.
pub(super) fn of_proxy(proxy: &Uri) {
    let login = proxy.authority().and_then(|authority| authority.as_str().rsplit_once('@'));
    if let Some((login, _)) = login {
        remember(login);
        login.split_once(':').into_iter().for_each(|(_, password)| remember(password));
    }
}

/// A secret, and when it is a key also what it says, in whatever form that is written somewhere.
fn keep(held: &str) {
    remember(held);
    let plain = STANDARD.decode(held.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    for text in plain.iter().map(String::as_str).chain([held]).filter(|text| text.contains("-----BEGIN")) {
        remember(text);
        text.lines().filter(|line| line.len() >= LINE && !line.starts_with('-')).for_each(remember);
    }
}

fn read(file: &str) -> Option<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(file).ok()?.take(LIMIT).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{BLOT, blot};

    #[test]
    fn nothing_that_proves_who_we_are_passes_the_redactor_in_any_form() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        std::fs::write(&file, "token-from-a-file\n").expect("a file");
        let line = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----\n");
        let user = serde_json::json!({
            "token": "token-in-the-file", "password": "correct-horse", "client-key-data": STANDARD.encode(&pem),
            "tokenFile": file, "auth-provider": {"name": "oidc", "config": {
                "id-token": "oidc-id-token", "refresh-token": "oidc-refresh-token", "client-secret": "oidc-client-secret",
                "client-id": "oidc-client-id",
            }},
        });
        of_user(&serde_json::from_value(user).expect("a user"));
        of_proxy(&"http://ann:proxy-password@proxy.example.com:3128".parse().expect("a proxy"));
        of_plugin(&Credential {
            token: Some("token-of-a-plugin".into()),
            client_certificate_data: None,
            client_key_data: None,
            expiration_timestamp: None,
        });
        let encoded = STANDARD.encode(&pem);
        for secret in [
            "token-in-the-file",
            "correct-horse",
            "token-from-a-file",
            "oidc-id-token",
            "oidc-refresh-token",
            "oidc-client-secret",
            "proxy-password",
            "token-of-a-plugin",
            &encoded,
            &pem,
            line,
        ] {
            assert!(!blot(&format!("it is {secret}.")).contains(secret), "{secret}");
        }
        assert_eq!(blot("oidc-client-id"), "oidc-client-id", "a name is no secret");
        assert_eq!(blot("Bearer token-in-the-file"), format!("Bearer {BLOT}"));
    }
}
