//! Secrets that are known by their shape alone: JSON web tokens, keys of providers, long random text.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Beginnings of well-known tokens, and how long such a token is at least.
const BEGINNINGS: [(&str, usize); 26] = [
    ("AIza", 35),
    ("AKIA", 20),
    ("ASIA", 20),
    ("K000", 31),
    ("K001", 31),
    ("K002", 31),
    ("K003", 31),
    ("K004", 31),
    ("K005", 31),
    ("dop_v1_", 40),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghu_", 30),
    ("ghs_", 30),
    ("ghr_", 30),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("hvs.", 24),
    ("npm_", 36),
    ("rk_live_", 20),
    ("sk_live_", 20),
    ("sk-proj-", 20),
    ("xoxa-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xoxs-", 20),
];
/// How long random text has to be to be taken for a key.
const RANDOM: usize = 40;

/// Where secrets stand in a text, by their shape.
pub(super) fn places(text: &str) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    for (from, run) in runs(text, |b| b.is_ascii_alphanumeric() || b"_.+/=~-".contains(&b)) {
        let end = from + run.len();
        places.extend(beginning(run).map(|at| from + at..end));
        if bootstrap(run) {
            places.push(from..end);
        }
        for (at, piece) in runs(run, |b| b.is_ascii_alphanumeric() || b"+/".contains(&b)) {
            if random(piece) {
                places.push(from + at..from + at + piece.len());
            }
        }
    }
    places
}

/// The longest pieces of a text whose bytes are all such, and where they begin.
fn runs(text: &str, is: impl Fn(u8) -> bool + Copy) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.as_bytes().get(from..)?;
        let start = from + rest.iter().position(|b| is(*b))?;
        let length = text.as_bytes()[start..].iter().take_while(|b| is(**b)).count();
        from = start + length;
        Some((start, text.get(start..from)?))
    })
}

/// Where a token begins that goes on to the end of the run.
fn beginning(run: &str) -> Option<usize> {
    let alone = |at: usize| at == 0 || run.as_bytes().get(at - 1).is_some_and(|b| !b.is_ascii_alphanumeric());
    let known = BEGINNINGS.iter().filter_map(|(beginning, length)| {
        run.match_indices(beginning).map(|(at, _)| at).find(|at| alone(*at) && run.len() - at >= *length)
    });
    let encoded = run.match_indices("eyJ").map(|(at, _)| at).filter(|at| alone(*at)).find(|at| {
        let object = run.get(*at..).unwrap_or_default();
        object.len() >= 20
    });
    known.chain(encoded).chain(private_key(run)).min()
}

/// A private key as Secrets and kubeconfigs hold it: PEM in base64.
fn private_key(run: &str) -> Option<usize> {
    let at = run.find("LS0tLS1CRUdJTi")?;
    let rest = run.get(at..)?;
    let length = rest.len().min(64) / 4 * 4;
    let head = STANDARD_NO_PAD.decode(rest.get(..length)?.trim_end_matches('=')).ok()?;
    String::from_utf8_lossy(&head).contains("PRIVATE KEY").then_some(at)
}

/// A bootstrap token: `abcdef.0123456789abcdef`.
fn bootstrap(run: &str) -> bool {
    let small = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let digits = |part: &str| part.bytes().any(|b| b.is_ascii_digit());
    run.split_once('.')
        .is_some_and(|(id, secret)| id.len() == 6 && secret.len() == 16 && small(id) && small(secret) && digits(secret))
}

/// Random text in base64 or the like. Digests and UIDs are of one case; paths have many slashes.
fn random(piece: &str) -> bool {
    let count = |is: fn(&u8) -> bool| piece.bytes().filter(is).count();
    let digits = count(u8::is_ascii_digit);
    let capitals = count(u8::is_ascii_uppercase);
    // The secret keys of AWS are exactly so long, and may have few digits.
    let mixed = (digits >= 3 && capitals >= 3) || (piece.len() == RANDOM && digits >= 1 && capitals >= 8);
    let path = count(|b| *b == b'/') * 10 > piece.len();
    piece.len() >= RANDOM && mixed && count(u8::is_ascii_lowercase) >= 3 && !path
}
