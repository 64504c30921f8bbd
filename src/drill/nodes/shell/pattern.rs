//! The patterns that `grep` and `journalctl -g` are given: alternatives, groups, classes and repetition.

/// How many attempts a match may take, so that no pattern can hold the world up.
const FUEL: u32 = 20_000;

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    any: Vec<Sequence>,
    /// Whether upper and lower case are the same.
    caseless: bool,
}

type Sequence = Vec<Part>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    what: What,
    /// At least, at most.
    times: (u32, u32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    One(char),
    Any,
    /// One of these, or none of these.
    Class(bool, Vec<(char, char)>),
    Group(Vec<Sequence>),
    Start,
    End,
}

impl Pattern {
    /// A pattern as `grep -E` reads it; `basic` as `grep` does without it. Nothing if it is not understood.
    pub fn read(text: &str, basic: bool, caseless: bool) -> Option<Self> {
        // In the basic syntax it is the backslash that makes these signs special.
        let text = if basic { swap_backslashes(text) } else { text.to_owned() };
        let mut chars = text.chars().collect::<Vec<_>>().into_iter().peekable();
        let any = alternatives(&mut chars, 0)?;
        chars.next().is_none().then_some(Self { any, caseless })
    }

    /// Whether a line holds it.
    pub fn found_in(&self, line: &str) -> bool {
        let line = if self.caseless { line.to_lowercase() } else { line.to_owned() };
        let line: Vec<char> = line.chars().collect();
        let mut search = Search { line: &line, caseless: self.caseless, fuel: FUEL };
        (0..=line.len()).any(|from| self.any.iter().any(|sequence| search.matches(sequence, from, &mut |_, _| true)))
    }
}

fn swap_backslashes(text: &str) -> String {
    let mut swapped = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(next) if "|()+?".contains(next) => swapped.push(next),
                Some(next) => swapped.extend(['\\', next]),
                None => {}
            },
            c if "|()+?".contains(c) => swapped.extend(['\\', c]),
            c => swapped.push(c),
        }
    }
    swapped
}

type Chars = std::iter::Peekable<std::vec::IntoIter<char>>;

fn alternatives(chars: &mut Chars, depth: u32) -> Option<Vec<Sequence>> {
    if depth > 8 {
        return None;
    }
    let mut found = vec![Sequence::new()];
    while let Some(c) = chars.next_if(|c| *c != ')') {
        let what = match c {
            '|' => {
                found.push(Sequence::new());
                continue;
            }
            '(' => {
                let group = alternatives(chars, depth + 1)?;
                chars.next_if_eq(&')')?;
                What::Group(group)
            }
            '[' => class(chars)?,
            '.' => What::Any,
            '^' => What::Start,
            '$' => What::End,
            '\\' => What::One(chars.next()?),
            c => What::One(c),
        };
        let times = match chars.next_if(|c| "*+?".contains(*c)) {
            Some('*') => (0, u32::MAX),
            Some('+') => (1, u32::MAX),
            Some(_) => (0, 1),
            None => (1, 1),
        };
        found.last_mut()?.push(Part { what, times });
    }
    Some(found)
}

fn class(chars: &mut Chars) -> Option<What> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        let from = chars.next()?;
        if from == ']' && !ranges.is_empty() {
            return Some(What::Class(!negated, ranges));
        }
        let to = if chars.next_if_eq(&'-').is_some() { chars.next()? } else { from };
        if to == ']' && from != ']' {
            ranges.extend([(from, from), ('-', '-')]);
            return Some(What::Class(!negated, ranges));
        }
        ranges.push((from, to));
    }
}

struct Search<'a> {
    line: &'a [char],
    caseless: bool,
    fuel: u32,
}

/// What must match behind a place.
type Rest<'r> = &'r mut dyn FnMut(&mut Search<'_>, usize) -> bool;

impl Search<'_> {
    fn matches(&mut self, sequence: &[Part], at: usize, rest: Rest<'_>) -> bool {
        match sequence.split_first() {
            None => rest(self, at),
            Some((part, behind)) => self.repeat(part, 0, at, &mut |search, at| search.matches(behind, at, &mut *rest)),
        }
    }

    /// As often as the part may be there, then the rest.
    fn repeat(&mut self, part: &Part, times: u32, at: usize, rest: Rest<'_>) -> bool {
        if self.fuel == 0 {
            return false;
        }
        self.fuel -= 1;
        let more = times < part.times.1
            && self.once(&part.what, at, &mut |search, next| {
                // What matches nothing is not repeated for ever.
                (next > at || times == 0) && search.repeat(part, times + 1, next, &mut *rest)
            });
        more || times >= part.times.0 && rest(self, at)
    }

    fn once(&mut self, what: &What, at: usize, rest: Rest<'_>) -> bool {
        let here = self.line.get(at).copied();
        let holds = match what {
            What::Start => return at == 0 && rest(self, at),
            What::End => return at == self.line.len() && rest(self, at),
            What::Group(any) => return any.iter().any(|sequence| self.matches(sequence, at, &mut *rest)),
            What::Any => here.is_some(),
            What::One(c) => here == Some(self.fold(*c)),
            What::Class(wanted, ranges) => here.is_some_and(|c| {
                ranges.iter().any(|(from, to)| (self.fold(*from)..=self.fold(*to)).contains(&c)) == *wanted
            }),
        };
        holds && rest(self, at + 1)
    }

    fn fold(&self, c: char) -> char {
        if self.caseless { c.to_lowercase().next().unwrap_or(c) } else { c }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, line: &str) -> bool {
        Pattern::read(pattern, false, false).expect("a pattern").found_in(line)
    }

    #[test]
    fn the_patterns_of_the_catalogue() {
        let metrics = "etcd_server_(has_leader|is_leader|is_learner|leader_changes)|wal_fsync|db_total_size";
        assert!(found(metrics, "etcd_server_has_leader 1"));
        assert!(found(metrics, "etcd_mvcc_db_total_size_in_bytes 1"));
        assert!(!found(metrics, "etcd_server_version 1"));
        assert!(found("KUBE-(SVC|SEP)", "-A KUBE-SEP-X"));
        assert!(found("^a.*c$", "abbc") && !found("^a.*c$", "abbcd"));
        assert!(found("[0-9]+x?y", "12y") && !found("[^a-z]", "abc"));
        assert!(Pattern::read("oom", false, true).expect("read").found_in("OOM-killer"));
        assert!(Pattern::read("a\\|b", true, false).expect("read").found_in("b"));
        assert!(Pattern::read("a|b", true, false).expect("read").found_in("a|b"));
    }

    #[test]
    fn a_hostile_pattern_ends() {
        let line = "a".repeat(200);
        assert!(!found("(a*)*b", &line));
        assert!(!found("(a|a)*(a|a)*(a|a)*c", &line));
        assert!(Pattern::read(&"(".repeat(1000), false, false).is_none());
        assert!(Pattern::read("[", false, false).is_none());
        assert!(found("()*x", "x") && found("(|b)*x", "x"));
    }
}
