//! What looks like a secret inside a text: where it stands.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::names::{is_password, telling};

type Places = Vec<Range<usize>>;

/// Where secrets stand in a text, by what they look like.
pub(super) fn places(text: &str) -> Places {
    let mut places = private_keys(text);
    places.extend(schemes(text));
    places.extend(assignments(text));
    places.extend(flags(text));
    places.extend(user_infos(text));
    places.extend(k3s_tokens(text));
    places.extend(super::shape::places(text));
    places
}

/// PEM blocks of private keys, also when their end is missing.
fn private_keys(text: &str) -> Places {
    let block = |(begin, _)| {
        let rest: &str = text.get(begin..)?;
        let head = rest.get(11..)?.split("-----").next()?;
        let end = rest.find("-----END").map_or(rest.len(), |end| {
            let tail = rest.get(end + 8..).unwrap_or_default();
            tail.find("-----").map_or(rest.len(), |close| end + 8 + close + 5)
        });
        head.contains("PRIVATE KEY").then_some(begin..begin + end)
    };
    text.match_indices("-----BEGIN ").filter_map(block).collect()
}

/// What follows `Bearer` and `Basic`, where it is no ordinary word.
fn schemes(text: &str) -> Places {
    let lower = text.to_ascii_lowercase();
    let behind = |scheme: &str, good: fn(&str) -> bool| -> Places {
        let token = |(at, _): (usize, &str)| {
            let from = at + scheme.len();
            let token = run(text.get(from..)?, |c| c.is_ascii_alphanumeric() || "._~+/=-".contains(c));
            good(token).then_some(from..from + token.len())
        };
        lower.match_indices(scheme).filter_map(token).collect()
    };
    let mut places = behind("bearer ", |t| t.len() >= 20 || (t.len() >= 8 && t.contains(|c: char| c.is_ascii_digit())));
    places.extend(behind("basic ", |t| {
        let pair = STANDARD.decode(t).or_else(|_| STANDARD_NO_PAD.decode(t.trim_end_matches(['=', '.'])));
        pair.is_ok_and(|bytes| bytes.contains(&b':'))
    }));
    places
}

/// Values behind telling names: `password=…`, `"token": "…"`, `Authorization: …`.
fn assignments(text: &str) -> Places {
    let value = |(at, sign): (usize, &str)| {
        let name = name_before(text.get(..at)?);
        if !telling(name) {
            return None;
        }
        let from = at + 1;
        let rest = text.get(from..)?;
        let skipped = rest.len() - rest.trim_start_matches([' ', '\\', '"', '\'']).len();
        let quoted = rest.get(..skipped)?.contains(['"', '\'']);
        let rest = rest.get(skipped..)?;
        let whole_line = name.to_ascii_lowercase().ends_with("authorization");
        let value = run(rest, |c| match c {
            '"' | '\'' | '\\' | '\n' => false,
            ' ' | '\t' => quoted || whole_line,
            '&' | ';' => quoted,
            _ => true,
        });
        let certain = sign == "=" || quoted || whole_line || is_password(name);
        let secret = !refers(value) && (certain || looks_secret(value));
        secret.then_some(from + skipped..from + skipped + value.len())
    };
    text.match_indices(['=', ':']).filter_map(value).collect()
}

/// The name that ends a text, without the quote behind it.
fn name_before(text: &str) -> &str {
    let text = text.trim_end_matches([' ', '"', '\'', '\\']);
    let from = text.rfind(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)));
    let from = from.map_or(0, |at| at + text.get(at..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8));
    text.get(from..).unwrap_or_default()
}

/// The word behind a telling flag: `--token abc`, and behind those of Redis' settings.
fn flags(text: &str) -> Places {
    let mut places = Places::new();
    let mut behind = false;
    let mut from = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        if behind && !bare.is_empty() && !bare.starts_with('-') {
            places.push(from..from + bare.len());
        }
        if !bare.is_empty() {
            behind = asks(bare);
        }
        from += word.len();
    }
    places
}

/// Whether the next argument is a secret.
pub(super) fn asks(argument: &str) -> bool {
    let flag = argument.starts_with('-') && !argument.contains(['=', ':']) && telling(argument);
    flag || matches!(argument, "requirepass" | "masterauth")
}

/// User and password in addresses: `postgres://user:password@host`.
fn user_infos(text: &str) -> Places {
    let info = |(at, _): (usize, &str)| {
        let from = at + 3;
        let rest = run(text.get(from..)?, |c| !c.is_whitespace() && !"\"'<>\\".contains(c));
        let authority = rest.split(['/', '?', '#']).next()?;
        let end = match authority.rfind('@') {
            Some(end) => end,
            // A password with a slash in it that should have been escaped; a port is no password.
            None => {
                let (_, password) = authority.split_once(':')?;
                let port = password.bytes().all(|b| b.is_ascii_digit());
                rest.rfind('@').filter(|_| !port)?
            }
        };
        let login = text.get(..at)?.ends_with("ssh") && !rest.get(..end)?.contains(':');
        (!login).then_some(from..from + end)
    };
    text.match_indices("://").filter_map(info).collect()
}

/// `K10<hash>::server:<password>`
fn k3s_tokens(text: &str) -> Places {
    let token = |(at, _): (usize, &str)| {
        let rest = run(text.get(at..)?, |c| !c.is_whitespace() && !"\"'\\,".contains(c));
        let hash = rest.get(3..)?.split("::").next()?;
        let good = hash.len() >= 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) && rest.contains("::");
        good.then_some(at..at + rest.len())
    };
    text.match_indices("K10").filter_map(token).collect()
}

/// A value that only names where the secret is.
fn refers(value: &str) -> bool {
    value.is_empty() || value.starts_with('$') || matches!(value, "null" | "nil" | "<nil>" | "true" | "false")
}

/// In prose (`token: expired`) only what looks like no word is taken for a secret.
fn looks_secret(value: &str) -> bool {
    value.len() >= 8 && value.contains(|c: char| c.is_ascii_digit())
}

/// The beginning of a text as far as its characters are such.
fn run(text: &str, is: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !is(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}
