//! Every secret that the process has read, by value, so that no writer of ours lets one out: as it was read, and in the
//! forms in which it travels inside other texts.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Shorter values would blot out ordinary words.
const SHORTEST: usize = 8;
/// Lines of a longer secret that are looked for on their own, because cleaned text has no line ends.
const SHORTEST_LINE: usize = 16;
/// What stands where a secret stood.
pub const BLOT: &str = "‹redacted›";

/// Longest first, so that a secret which is part of another leaves nothing of it.
static KNOWN: RwLock<Vec<Needle>> = RwLock::new(Vec::new());

/// Something to look for.
#[derive(Debug, PartialEq, Eq)]
struct Needle {
    text: String,
    /// It is the middle of a base64 text, whose ends go too.
    encoded: bool,
}

/// Remembers a secret that was read (a token, a password, a private key), for as long as the process runs.
pub fn remember(value: &str) {
    let value = value.trim();
    if value.len() < SHORTEST {
        return;
    }
    let needles = needles(value);
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    for needle in needles {
        if !known.contains(&needle) {
            let place = known.partition_point(|k| k.text.len() >= needle.text.len());
            known.insert(place, needle);
        }
    }
}

/// The text without any of the secrets that were read.
pub fn blot(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut out = Cow::Borrowed(text);
    for needle in known.iter().filter(|n| n.text.len() <= text.len()) {
        let places: Vec<Range<usize>> =
            out.match_indices(&needle.text).map(|(at, found)| needle.extent(&out, at..at + found.len())).collect();
        if !places.is_empty() {
            out = Cow::Owned(cover(&out, places));
        }
    }
    out
}

/// The text with a blot on each of these places, which may overlap.
pub(crate) fn cover(text: &str, mut places: Vec<Range<usize>>) -> String {
    places.sort_by_key(|place| (place.start, place.end));
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for place in places.into_iter().filter(|place| !place.is_empty()) {
        if place.start >= end {
            out.push_str(text.get(end..place.start).unwrap_or_default());
            out.push_str(BLOT);
        }
        end = end.max(place.end);
    }
    out.push_str(text.get(end..).unwrap_or_default());
    out
}

impl Needle {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), encoded: false }
    }

    /// What goes when the needle stands at this place.
    fn extent(&self, text: &str, place: Range<usize>) -> Range<usize> {
        if !self.encoded {
            return place;
        }
        let bytes = text.as_bytes();
        let code = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_' | b'=');
        let before = bytes[..place.start].iter().rev().take_while(|b| code(b)).count();
        let after = bytes[place.end..].iter().take_while(|b| code(b)).count();
        place.start - before..place.end + after
    }
}

/// The forms in which a secret is found.
fn needles(value: &str) -> Vec<Needle> {
    let mut all = vec![Needle::plain(value)];
    all.extend(encoded(value.as_bytes()));
    let quoted = serde_json::Value::from(value).to_string();
    let forms = [quoted.trim_matches('"').to_owned(), percent_encoded(value)];
    all.extend(forms.into_iter().filter(|form| form != value).map(Needle::plain));
    if value.contains('\n') {
        let lines = value.lines().map(str::trim).filter(|l| l.len() >= SHORTEST_LINE && !l.starts_with("-----"));
        all.extend(lines.map(Needle::plain));
    }
    // Kubeconfigs hold keys as base64 of PEM; what is used is the PEM.
    let inside = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some(inside) = inside.filter(|text| text.trim().len() >= SHORTEST && text.is_ascii()) {
        all.extend(needles(inside.trim()));
    }
    all
}

/// What base64 of any text makes of a value inside it: it depends on where in a group of three bytes the value begins.
/// Characters at its ends that neighbours have a part in are left out.
fn encoded(value: &[u8]) -> Vec<Needle> {
    let mut all = Vec::new();
    for offset in 0..3_usize {
        let mut padded = vec![0; offset];
        padded.extend_from_slice(value);
        let from = (offset * 8).div_ceil(6);
        let to = padded.len() * 8 / 6;
        for engine in [STANDARD, URL_SAFE] {
            let text = engine.encode(&padded).get(from..to).unwrap_or_default().to_owned();
            let needle = Needle { text, encoded: true };
            if !all.contains(&needle) {
                all.push(needle);
            }
        }
    }
    all
}

/// As it stands in a URL.
fn percent_encoded(value: &str) -> String {
    use std::fmt::Write;
    value.bytes().fold(String::with_capacity(value.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_in_every_form_it_travels_in() {
        const SECRET: &str = "correct horse/battery+staple\"9";
        remember(SECRET);
        let basic = |user: &str| STANDARD.encode(format!("{user}:{SECRET}!"));
        for text in [
            SECRET.to_owned(),
            format!("x{SECRET}y"),
            STANDARD.encode(SECRET),
            URL_SAFE.encode(SECRET),
            basic("a"),
            basic("bo"),
            basic("eve"),
            format!("{{\"p\":{}}}", serde_json::Value::from(SECRET)),
            "https://example.com/?p=correct%20horse%2Fbattery%2Bstaple%229".to_owned(),
        ] {
            let clean = blot(&text);
            assert!(clean.contains(BLOT), "{text}");
            assert!(!clean.contains("battery") && !clean.contains("staple"), "{text} → {clean}");
        }
        for user in ["a", "bo", "eve"] {
            assert_eq!(blot(&format!("Basic {}, please", basic(user))), format!("Basic {BLOT}, please"));
        }
    }

    #[test]
    fn a_longer_secret_leaves_nothing_for_a_shorter_one_in_it() {
        remember("tango-romeo-1");
        remember("tango-romeo-1-and-more");
        assert_eq!(blot("a tango-romeo-1-and-more b tango-romeo-1"), format!("a {BLOT} b {BLOT}"));
    }

    #[test]
    fn a_key_that_is_kept_as_base64_is_known_as_pem_and_line_by_line() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIPlantedPlantedPlanted\nq1w2e3r4t5y6u7i8o9p0==\n-----END PRIVATE KEY-----\n";
        remember(&STANDARD.encode(pem));
        let cleaned = pem.replace('\n', " ");
        for text in [pem, &cleaned, "{\"key\":\"MC4CAQAwBQYDK2VwBCIEIPlantedPlantedPlanted\"}"] {
            assert!(!blot(text).contains("Planted") && !blot(text).contains("e3r4t5"), "{}", blot(text));
        }
    }

    #[test]
    fn ordinary_text_is_not_even_copied() {
        remember("short");
        assert!(matches!(blot("a short word stays"), Cow::Borrowed(_)));
    }

    #[test]
    fn places_may_touch_and_overlap() {
        assert_eq!(cover("abcdefgh", vec![4..6, 1..3, 2..4]), format!("a{BLOT}{BLOT}gh"));
        assert_eq!(cover("ab", std::iter::once(0..0).collect()), "ab");
        assert_eq!(cover("ab", vec![0..2, 0..1]), BLOT);
    }
}
