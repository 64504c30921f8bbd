//! Names behind which a secret stands.

/// Words that tell, wherever they stand in a name.
const WORDS: [&str; 16] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pass",
    "pwd",
    "secret",
    "secrets",
    "token",
    "tokens",
    "credential",
    "credentials",
    "apikey",
    "auth",
    "dsn",
    "signature",
];
/// Words that tell even when they are glued to others: `dbpassword`.
const GLUED: [&str; 9] =
    ["password", "passwd", "passphrase", "secretkey", "accesstoken", "authtoken", "apikey", "privatekey", "accesskey"];
/// Whole names that tell.
const WHOLE: [&str; 6] = ["authorization", "proxy-authorization", "cookie", "set-cookie", "requirepass", "masterauth"];
/// What makes a key a secret one; a topology key is none.
const KEYS: [&str; 22] = [
    "access",
    "account",
    "aes",
    "api",
    "app",
    "application",
    "auth",
    "client",
    "encryption",
    "hmac",
    "jwt",
    "license",
    "master",
    "private",
    "rsa",
    "secret",
    "service",
    "session",
    "signing",
    "ssh",
    "storage",
    "webhook",
];
/// A name that ends so is about a secret and not the secret itself: `secretName`, `PASSWORD_FILE`.
const ABOUT: [&str; 16] = [
    "name", "names", "ref", "refs", "path", "file", "seconds", "mode", "count", "ttl", "type", "url", "uri", "version",
    "kind", "method",
];

/// Whether what stands behind this name (of a field, a variable, a flag, a parameter) is a secret.
pub(super) fn telling(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    if WHOLE.contains(&lower.as_str()) {
        return true;
    }
    let words = words(name);
    let Some((last, rest)) = words.split_last() else { return false };
    if ABOUT.contains(&last.as_str()) {
        return false;
    }
    let shouted = !name.chars().any(|c| c.is_ascii_lowercase());
    let key = matches!(last.as_str(), "key" | "keys")
        && rest.last().is_some_and(|before| shouted || KEYS.contains(&before.as_str()));
    key || words.iter().any(|w| WORDS.contains(&w.as_str())) || GLUED.iter().any(|w| lower.contains(w))
}

/// Whether it is a word for a password: what follows it in prose is one, whatever it looks like.
pub(super) fn is_password(name: &str) -> bool {
    words(name).iter().any(|w| w.starts_with("passw") || w == "passphrase" || w == "pwd") || name.contains("password")
}

/// The words of `DB_PASSWORD`, `db-password`, `dbPassword`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        let hump = c.is_ascii_uppercase() && small;
        if !c.is_alphanumeric() || hump {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.push(c.to_ascii_lowercase());
        }
        small = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_about_secrets() {
        for name in [
            "DB_PASSWORD",
            "API_TOKEN",
            "JWT_SIGNING_KEY",
            "STRIPE_KEY",
            "clientSecret",
            "dbpassword",
            "x-api-key",
            "b2ApplicationKey",
            "SENTRY_DSN",
            "REDIS_AUTH",
            "client-key-data-token",
            "password2",
            "Authorization",
            "aws_secret_access_key",
            "X-Amz-Signature",
            "requirepass",
        ] {
            assert!(telling(name), "{name}");
        }
        for name in [
            "secretName",
            "PASSWORD_FILE",
            "topologyKey",
            "key",
            "keys",
            "name",
            "tokenExpirationSeconds",
            "author",
            "compass",
            "TOKEN_URL",
            "matchLabelKeys",
            "image",
            "authorization.k8s.io",
            "bypass",
            "configMapKeyRef",
            "",
            "secretKeyRef",
            "publicKey",
            "execution",
        ] {
            assert!(!telling(name), "{name}");
        }
    }
}
