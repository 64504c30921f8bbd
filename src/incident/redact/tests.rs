use proptest::prelude::*;
use serde_json::json;

use super::*;

fn redacted(text: &str) -> String {
    let mut value = Value::from(text);
    redact(&mut value);
    value.as_str().expect("still a text").to_owned()
}

#[test]
fn what_looks_like_a_secret_goes() {
    for (text, left) in [
        ("Authorization: Bearer abc.def-123456", "Authorization: ‹redacted›"),
        (
            "curl -H 'authorization: Basic dXNlcjpwYXNz' https://example.com",
            "curl -H 'authorization: ‹redacted›' https://example.com",
        ),
        ("sent bearer 0123456789abcdef today", "sent bearer ‹redacted› today"),
        ("Basic dXNlcjpwYXNz", "Basic ‹redacted›"),
        ("got eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!", "got ‹redacted›!"),
        ("x -----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY----- y", "x ‹redacted› y"),
        ("-----BEGIN PRIVATE KEY----- MHc", "‹redacted›"),
        ("dial: postgres://app:hunter2@db.example.com:5432/x", "dial: postgres://‹redacted›@db.example.com:5432/x"),
        ("redis://:p/w@cache:6379", "redis://‹redacted›@cache:6379"),
        ("https://ghost@example.com", "https://‹redacted›@example.com"),
        ("host=db user=app password=hunter2 sslmode=require", "host=db user=app password=‹redacted› sslmode=require"),
        ("?a=1&X-Amz-Signature=f00&b=2", "?a=1&X-Amz-Signature=‹redacted›&b=2"),
        ("password: correcthorse", "password: ‹redacted›"),
        (r#"{"token":"two words"}"#, r#"{"token":"‹redacted›"}"#),
        (r#"{\"db_password\": \"a b\"}"#, r#"{\"db_password\": \"‹redacted›\"}"#),
        ("k3s agent --token K10abcdef0123456789abcdef::server:pw --v 2", "k3s agent --token ‹redacted› --v 2"),
        ("node said K10abcdef0123456789abcdef::node:pw", "node said ‹redacted›"),
        ("join abcdef.0123456789abcdef", "join ‹redacted›"),
        ("requirepass hunter2", "requirepass ‹redacted›"),
        ("AKIAIOSFODNN7EXAMPLE", "‹redacted›"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "‹redacted›"),
        ("key K001abcdefghijklmnopqrstuvwxyz1 end", "key ‹redacted› end"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "‹redacted›"),
        ("LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1IYwo=", "‹redacted›"),
        ("token: 8f14e45fceea", "token: ‹redacted›"),
    ] {
        assert_eq!(redacted(text), left);
        assert_eq!(redacted(left), left, "twice is once");
    }
}

#[test]
fn ordinary_words_digests_uids_and_images_stay() {
    for text in [
        "registry.example.com/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "3b241101-e2bb-4255-8caf-4136c566a962",
        "api-7d4b9c5f6-xk2lp on node-2: CrashLoopBackOff, exit code 137 (OOMKilled)",
        "1795322629-4f1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e",
        "kubectl -n shop rollout undo deployment/api --to-revision=41",
        "https://203.0.113.11:6443/apis/apps/v1/namespaces/shop/deployments/api?fieldManager=crashcart",
        "/spec/template/spec/containers/0/livenessProbe/httpGet/initialDelaySeconds/path/of/many/words",
        "invalid token: signature expired",
        "MountVolume.SetUp failed for volume \"x\" : secret \"api-env\" not found",
        "couldn't find key DB_PASSWORD in Secret shop/api",
        "Basic checks passed; bearer of bad news",
        "User \"ann\" cannot patch resource \"roles\" in API group \"rbac.authorization.k8s.io\": forbidden",
        "password=$(DB_PASSWORD)",
        "ssh://deploy@node-1.example.com and ssh deploy@203.0.113.11",
        "commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
        "panic: runtime error: invalid memory address",
        "traefik:v3.3.6 lists 12 keys; Größe ½ ✔ ok",
        "2026-11-22T04:12:09Z 0.5",
    ] {
        assert_eq!(redacted(text), text);
    }
}

#[test]
fn values_behind_telling_names_go_and_where_they_are_kept_stays() {
    let mut body = json!({
        "spec": {
            "automountServiceAccountToken": true,
            "imagePullSecrets": [{"name": "registry"}],
            "containers": [{
                "args": ["--db-password", "planted-1", "--port", "80", "--api-key=planted-2"],
                "env": [
                    {"name": "SESSION_SECRET", "value": "planted-3"},
                    {"name": "LOG_LEVEL", "value": "debug"},
                    {"name": "DB", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password", "optional": false}}},
                ],
            }],
            "volumes": [{"name": "v", "secret": {"secretName": "api-env", "items": [{"key": "a", "path": "b"}]}}],
        },
        "credentials": {"user": "planted-4", "pin": 12_345_678},
        "token": "planted-5",
    });
    let spec = body["spec"].clone();
    redact(&mut body);
    assert!(!body.to_string().contains("planted"), "{body:#}");
    assert!(!body.to_string().contains("12345678"), "{body:#}");
    for path in
        ["/volumes", "/imagePullSecrets", "/automountServiceAccountToken", "/containers/0/env/1", "/containers/0/env/2"]
    {
        assert_eq!(body["spec"].pointer(path), spec.pointer(path));
    }
    assert_eq!(
        body["spec"]["containers"][0]["args"],
        json!(["--db-password", BLOT, "--port", "80", format!("--api-key={BLOT}")])
    );
}

#[test]
fn patches_differences_and_secrets_are_known() {
    let mut value = json!([
        {"op": "replace", "path": "/spec/template/spec/containers/0/env/3/value", "value": "planted"},
        {"op": "add", "path": "/metadata/annotations/example.com~1token", "value": "planted"},
        {"what": "env DB_PASSWORD of api", "before": "planted", "after": "planted"},
        {"kind": "Secret", "metadata": {"name": "s"}, "data": {"name": "planted", "k": "planted"}},
        {"kind": "Secret", "stringData": {"a": ["planted"]}},
    ]);
    redact(&mut value);
    assert!(!value.to_string().contains("planted"), "{value:#}");
    let mut kept = json!([
        {"op": "replace", "path": "/spec/replicas", "value": 3},
        {"what": "image of api", "before": "api:41", "after": "api:42"},
        {"kind": "Deployment", "namespace": "shop", "name": "api", "uid": "3b241101-e2bb-4255-8caf-4136c566a962"},
    ]);
    let before = kept.clone();
    redact(&mut kept);
    assert_eq!(kept, before);
}

#[test]
fn a_secret_that_was_read_goes_from_keys_too() {
    secrets::remember("planted-in-a-key");
    let mut value = json!({"a planted-in-a-key b": {"c": "xplanted-in-a-keyx"}});
    redact(&mut value);
    assert_eq!(value, json!({"a ‹redacted› b": {"c": "x‹redacted›x"}}));
}

/// What texts with secrets are made of, and what is apt to confuse.
const PIECES: [&str; 28] = [
    "password",
    "=",
    ":",
    " ",
    "Bearer ",
    "basic ",
    "eyJ",
    ".",
    "K10",
    "::",
    "0123456789abcdef",
    "://",
    "@",
    "/",
    "\"",
    "'",
    "\\",
    "--token",
    "-----BEGIN ",
    "PRIVATE KEY-----",
    "-----END",
    "-----",
    "ü",
    "‹redacted›",
    "\n",
    "AKIA",
    "LS0tLS1CRUdJTi",
    "a",
];

proptest! {
    #[test]
    fn no_text_is_too_strange(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..20)) {
        redacted(&redacted(&pieces.concat()));
    }

    #[test]
    fn a_token_behind_a_telling_name_never_stays(before in ".{0,12}", token in "[a-zA-Z0-9]{10,40}", after in "[ \"&].{0,12}") {
        let text = format!("{before} api_token={token}{after}");
        let clean = redacted(&text);
        prop_assert!(!clean.contains(&token), "{} → {}", text, clean);
    }
}
