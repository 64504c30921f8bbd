//! Patterns of keys.

/// Whether a text fits a pattern of `*`, `?`, `[abc]`, `[a-z]`, `[^a]` and `\`.
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    // Where to go on if what follows the last star does not fit.
    let mut star: Option<(usize, usize)> = None;
    let (mut at, mut of) = (0, 0);
    loop {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at + 1, of));
            at += 1;
            continue;
        }
        match text.get(of) {
            None if at >= pattern.len() => return true,
            None => return false,
            Some(byte) => {
                if let Some(length) = one(pattern.get(at..).unwrap_or_default(), *byte) {
                    (at, of) = (at + length, of + 1);
                    continue;
                }
            }
        }
        let Some((after, from)) = star else { return false };
        star = Some((after, from + 1));
        (at, of) = (after, from + 1);
    }
}

/// How long the part of the pattern is that fits this byte.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'\\', literal, ..] => (*literal == byte).then_some(2),
        [b'[', rest @ ..] => {
            let end = rest.iter().position(|b| *b == b']')?;
            let class = rest.get(..end)?;
            let (not, class) = class.strip_prefix(b"^").map_or((false, class), |class| (true, class));
            let mut fits = false;
            let mut rest = class;
            while let [first, after @ ..] = rest {
                if let [b'-', last, after @ ..] = after {
                    fits |= (*first..=*last).contains(&byte);
                    rest = after;
                } else {
                    fits |= *first == byte;
                    rest = after;
                }
            }
            (fits != not).then_some(end + 2)
        }
        [literal, ..] => (*literal == byte).then_some(1),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_fit_as_in_redis() {
        for (pattern, text) in [
            ("*", ""),
            ("a*c", "abbc"),
            ("a*b*c", "axbybzc"),
            ("h?llo", "hello"),
            ("h[a-e]llo", "hello"),
            ("h[^x]llo", "hello"),
            ("\\*", "*"),
            ("asynq:{*}:t:*", "asynq:{default}:t:1"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", ""), ("a*b", "abc"), ("h[^e]llo", "hello"), ("[", "["), ("\\*", "a")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn any_pattern_is_borne(pattern in "[ab*?\\[\\]^\\\\-]{0,12}", text in "[ab]{0,12}") {
            fits(&pattern, &text);
        }
    }
}
