//! Kubernetes quantities: `250m`, `128Mi`, `1e3`, `1.5`.

/// Thousandths, rounded up as the scheduler does; `None` when it is no quantity or below zero.
pub(in crate::watch) fn milli(text: &str) -> Option<u64> {
    scaled(text, 1_000)
}

/// Whole units, rounded up.
pub(in crate::watch) fn whole(text: &str) -> Option<u64> {
    scaled(text, 1)
}

/// Nothing that a cluster counts is finer than this.
const NANO: i128 = 1_000_000_000;

fn scaled(text: &str, per_unit: i128) -> Option<u64> {
    let nano = nano(text.trim())?;
    u64::try_from((nano.checked_mul(per_unit)?.checked_add(NANO - 1)?).div_euclid(NANO)).ok()
}

fn nano(text: &str) -> Option<i128> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-'))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    if whole < 0 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let value = whole.checked_mul(NANO)?.checked_add(digits.parse().ok()?)?;
    let (times, divided) = factor(suffix)?;
    Some(value.checked_mul(times)? / divided)
}

/// What a suffix multiplies and divides by.
fn factor(suffix: &str) -> Option<(i128, i128)> {
    Some(match suffix {
        "" => (1, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        exponent => {
            let power: i32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
            let ten = 10_i128.checked_pow(power.unsigned_abs())?;
            if power < 0 { (1, ten) } else { (ten, 1) }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_the_api_writes() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1", Some(1000)),
            ("250m", Some(250)),
            ("1.5", Some(1500)),
            (".5", Some(500)),
            ("0.1m", Some(1)),
            ("123456789n", Some(124)),
            ("1500u", Some(2)),
            ("2k", Some(2_000_000)),
            ("1e3", Some(1_000_000)),
            ("5e-1", Some(500)),
            ("", None),
            ("m", None),
            ("-1", None),
            ("1.2.3", None),
            ("1x", None),
            ("1e99", None),
        ] {
            assert_eq!(milli(text), expected, "{text}");
        }
        for (text, expected) in [
            ("128Mi", 128 << 20),
            ("1Gi", 1 << 30),
            ("1.5Gi", 3 << 29),
            ("16384Ki", 16 << 20),
            ("1E", 1_000_000_000_000_000_000),
            ("7Ei", 7 << 60),
            ("1000m", 1),
            ("129e6", 129_000_000),
        ] {
            assert_eq!(whole(text), Some(expected), "{text}");
        }
        assert_eq!(whole("99999999999999999999Ei"), None, "too large is no quantity, not an overflow");
    }
}
