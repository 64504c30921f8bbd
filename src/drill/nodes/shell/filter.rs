//! The programs behind a pipe.

use super::Outcome;
use super::pattern::Pattern;

/// A program that only works on text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// `grep`
    Grep {
        /// What is looked for.
        pattern: Pattern,
        /// Only the number of lines.
        count: bool,
        /// Those that do not hold it.
        inverted: bool,
        /// Only whether there is one.
        quiet: bool,
    },
    /// `head -n`
    Head(usize),
    /// `tail -n`
    Tail(usize),
    /// `wc -l`
    Count,
    /// `sort`, by size with `-h`.
    Sort(bool),
    /// `cat`
    Pass,
}

impl Filter {
    /// The program that these words name.
    pub fn parse(words: &[&str]) -> Option<Self> {
        match words {
            ["grep", rest @ ..] => grep(rest),
            ["egrep", rest @ ..] => grep(&[&["-E"], rest].concat()),
            ["head", rest @ ..] => lines(rest).map(Self::Head),
            ["tail", rest @ ..] => lines(rest).map(Self::Tail),
            ["wc", "-l"] => Some(Self::Count),
            ["sort"] => Some(Self::Sort(false)),
            ["sort", "-h" | "-n"] => Some(Self::Sort(true)),
            ["cat"] => Some(Self::Pass),
            _ => None,
        }
    }

    /// What it makes of its input.
    pub fn run(&self, input: &str) -> Outcome {
        let all: Vec<&str> = input.lines().collect();
        let kept: Vec<&str> = match self {
            Self::Count => return Outcome::said(format!("{}\n", all.len())),
            Self::Pass => return Outcome::said(input),
            Self::Head(n) => all.iter().take(*n).copied().collect(),
            Self::Tail(n) => all.iter().skip(all.len().saturating_sub(*n)).copied().collect(),
            Self::Sort(by_size) => {
                let mut all = all;
                if *by_size {
                    all.sort_by_key(|line| size(line));
                } else {
                    all.sort_unstable();
                }
                all
            }
            Self::Grep { pattern, count, inverted, quiet } => {
                let found: Vec<&str> = all.into_iter().filter(|line| pattern.found_in(line) != *inverted).collect();
                let code = u32::from(found.is_empty());
                if *quiet {
                    return Outcome { code, ..Outcome::default() };
                }
                let out = if *count { format!("{}\n", found.len()) } else { joined(&found) };
                return Outcome { out, code, ..Outcome::default() };
            }
        };
        Outcome::said(joined(&kept))
    }
}

fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn grep(words: &[&str]) -> Option<Filter> {
    let (mut extended, mut fixed, mut caseless) = (false, false, false);
    let (mut count, mut inverted, mut quiet) = (false, false, false);
    let mut pattern = None;
    for word in words {
        match word.strip_prefix('-').filter(|flags| !flags.is_empty() && pattern.is_none()) {
            None if pattern.is_none() => pattern = Some(*word),
            // No file is read.
            None => return None,
            Some(flags) => {
                for flag in flags.chars() {
                    match flag {
                        'E' | 'P' => extended = true,
                        'F' => fixed = true,
                        'i' => caseless = true,
                        'c' => count = true,
                        'v' => inverted = true,
                        'q' => quiet = true,
                        _ => return None,
                    }
                }
            }
        }
    }
    let text = pattern?;
    let text = if fixed { text.chars().flat_map(|c| ['\\', c]).collect() } else { text.to_owned() };
    let pattern = Pattern::read(&text, !extended && !fixed, caseless)?;
    Some(Filter::Grep { pattern, count, inverted, quiet })
}

fn lines(words: &[&str]) -> Option<usize> {
    match words {
        [] => Some(10),
        ["-n", number] => number.parse().ok(),
        [number] => number.strip_prefix("-n").or_else(|| number.strip_prefix('-'))?.parse().ok(),
        _ => None,
    }
}

/// The number at the beginning of a line, with its unit.
fn size(line: &str) -> u64 {
    let first = line.split_whitespace().next().unwrap_or_default();
    let digits = first.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match first.get(digits.len()..) {
        Some("K") => 1_024.0,
        Some("M") => 1_048_576.0,
        Some("G") => 1_073_741_824.0,
        _ => 1.0,
    };
    (digits.parse::<f64>().unwrap_or_default() * unit) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str], input: &str) -> (String, u32) {
        let outcome = Filter::parse(words).expect("a filter").run(input);
        (outcome.out, outcome.code)
    }

    #[test]
    fn they_do_as_their_models_do() {
        let input = "one\ntwo\nthree\n";
        assert_eq!(run(&["grep", "-c", "t"], input), ("2\n".into(), 0));
        assert_eq!(run(&["grep", "-cE", "x|y"], input), ("0\n".into(), 1));
        assert_eq!(run(&["grep", "-v", "t"], input), ("one\n".into(), 0));
        assert_eq!(run(&["grep", "-qi", "TWO"], input), (String::new(), 0));
        assert_eq!(run(&["tail", "-n", "1"], input), ("three\n".into(), 0));
        assert_eq!(run(&["head", "-2"], input), ("one\ntwo\n".into(), 0));
        assert_eq!(run(&["wc", "-l"], input), ("3\n".into(), 0));
        assert_eq!(run(&["sort", "-h"], "2.1G\tb\n300M\ta\n"), ("300M\ta\n2.1G\tb\n".into(), 0));
        assert!(Filter::parse(&["grep", "x", "/etc/shadow"]).is_none());
    }
}
