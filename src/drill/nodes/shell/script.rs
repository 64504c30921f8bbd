//! What is typed, taken apart: words, pipes, sequences and the few redirections that the node commands use. Nothing is
//! expanded but the present second (`$(date +%s)`).

/// How deep one shell may be within another.
const LONGEST_PIPE: usize = 8;

/// A line for the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    steps: Result<Vec<(Joint, Pipeline)>, String>,
}

/// When a pipeline is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joint {
    /// Always.
    Then,
    /// If the one before went well.
    And,
    /// If the one before did not.
    Or,
}

/// Commands, each reading what the one before writes.
pub type Pipeline = Vec<Simple>;

/// One command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Simple {
    /// Its words.
    pub words: Vec<String>,
    /// What it reads instead of its input.
    pub from: Option<String>,
    /// Whether its output is thrown away.
    pub no_output: bool,
    /// Whether its complaints are thrown away.
    pub no_errors: bool,
    /// Whether its complaints go where its output goes.
    pub merged: bool,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `;` `&&` `||` `|` or the beginning of a redirection.
    Sign(&'static str),
}

/// Longer signs first.
const SIGNS: [&str; 12] =
    ["2>&1", "2>/dev/null", "&>/dev/null", ">/dev/null", "&&", "||", ";;", ";", "|", "<", ">", "&"];

impl Script {
    /// Takes a line apart.
    pub fn parse(line: &str) -> Self {
        Self { steps: tokens(line).and_then(|tokens| steps(&tokens)) }
    }

    /// The pipelines in order, or what bash says to a line that it does not understand.
    pub fn steps(&self) -> Result<&[(Joint, Pipeline)], &str> {
        self.steps.as_deref().map_err(String::as_str)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.as_ref().is_ok_and(Vec::is_empty)
    }

    /// The status with which a shell ends here, if the line says so; `last` is that of the command before.
    pub fn exit(&self, last: u32) -> Option<u32> {
        let [(_, pipeline)] = self.steps.as_deref().ok()? else { return None };
        let [Simple { words, .. }] = pipeline.as_slice() else { return None };
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["exit" | "logout"] => Some(last),
            ["exit", code] => code.parse::<u8>().ok().map(u32::from),
            _ => None,
        }
    }

    /// Whether a command of it wants what is sent along.
    pub fn reads_input(&self) -> bool {
        let wants = |simple: &Simple| {
            let has = |word: &str| simple.words.iter().any(|w| w == word);
            simple.from.is_none() && (has("/dev/stdin") || has("import") && has("-"))
        };
        let first = |(_, pipeline): &(Joint, Pipeline)| pipeline.first().is_some_and(wants);
        self.steps.as_ref().is_ok_and(|steps| steps.iter().any(first))
    }
}

fn steps(tokens: &[Token]) -> Result<Vec<(Joint, Pipeline)>, String> {
    let mut steps = Vec::new();
    let mut joint = Joint::Then;
    let mut pipeline = Pipeline::new();
    let mut simple = Simple::default();
    let mut rest = tokens.iter();
    while let Some(token) = rest.next() {
        match token {
            Token::Word(word) => simple.words.push(word.clone()),
            Token::Sign("2>&1") => simple.merged = true,
            Token::Sign("2>/dev/null") => simple.no_errors = true,
            Token::Sign(">/dev/null") => simple.no_output = true,
            Token::Sign("&>/dev/null") => (simple.no_output, simple.no_errors) = (true, true),
            Token::Sign("<") => match rest.next() {
                Some(Token::Word(path)) => simple.from = Some(path.clone()),
                other => return Err(unexpected(other)),
            },
            Token::Sign(sign @ ("|" | ";" | "&&" | "||")) => {
                if simple == Simple::default() {
                    return Err(unexpected(Some(token)));
                }
                pipeline.push(std::mem::take(&mut simple));
                if *sign != "|" {
                    steps.push((joint, std::mem::take(&mut pipeline)));
                    joint = match *sign {
                        "&&" => Joint::And,
                        "||" => Joint::Or,
                        _ => Joint::Then,
                    };
                }
            }
            Token::Sign(_) => return Err(unexpected(Some(token))),
        }
    }
    if simple != Simple::default() {
        pipeline.push(simple);
    } else if !pipeline.is_empty() || joint != Joint::Then {
        return Err("bash: -c: line 2: syntax error: unexpected end of file".to_owned());
    }
    if pipeline.len() > LONGEST_PIPE {
        return Err("bash: fork: retry: Resource temporarily unavailable".to_owned());
    }
    if !pipeline.is_empty() {
        steps.push((joint, pipeline));
    }
    Ok(steps)
}

fn unexpected(token: Option<&Token>) -> String {
    let what = match token {
        Some(Token::Word(word)) => word.as_str(),
        Some(Token::Sign(sign)) => sign,
        None => "newline",
    };
    format!("bash: -c: line 1: syntax error near unexpected token `{what}'")
}

fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("$(date +%s)") {
            word.get_or_insert_default().push_str(super::PRESENT);
            rest = after;
            continue;
        }
        // `2>` is a redirection only where a word begins.
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign) && (!sign.starts_with('2') || word.is_none()));
        if let Some(sign) = sign {
            found.extend(word.take().map(Token::Word));
            found.push(Token::Sign(sign));
            rest = rest.get(sign.len()..).unwrap_or_default();
            continue;
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '\n' => {
                found.extend(word.take().map(Token::Word));
                if matches!(found.last(), Some(Token::Word(_))) {
                    found.push(Token::Sign(";"));
                }
            }
            '\'' | '"' => {
                let (text, after) = quoted(rest, c)?;
                word.get_or_insert_default().push_str(&text);
                rest = after;
            }
            '\\' => {
                let Some(next) = rest.chars().next() else { continue };
                word.get_or_insert_default().push(next);
                rest = rest.get(next.len_utf8()..).unwrap_or_default();
            }
            '$' | '`' | '(' | ')' => {
                return Err(format!("bash: -c: line 1: syntax error near unexpected token `{c}'"));
            }
            '#' if word.is_none() => rest = rest.find('\n').and_then(|end| rest.get(end..)).unwrap_or_default(),
            c if c.is_whitespace() => found.extend(word.take().map(Token::Word)),
            c => word.get_or_insert_default().push(c),
        }
    }
    found.extend(word.take().map(Token::Word));
    // A sequence may end with its sign.
    if matches!(found.last(), Some(Token::Sign(";"))) {
        found.pop();
    }
    Ok(found)
}

/// What stands between quotes, and what comes behind them.
fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let mut inside = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Ok((inside, text.get(at + c.len_utf8()..).unwrap_or_default())),
            '\\' if quote == '"' => match chars.next() {
                Some((_, next @ ('"' | '\\' | '$' | '`'))) => inside.push(next),
                Some((_, next)) => inside.extend(['\\', next]),
                None => break,
            },
            c => inside.push(c),
        }
    }
    Err(format!("bash: -c: line 1: unexpected EOF while looking for matching `{quote}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<Vec<Vec<String>>> {
        let script = Script::parse(line);
        let steps = script.steps().expect("a line that can be read");
        steps.iter().map(|(_, p)| p.iter().map(|s| s.words.clone()).collect()).collect()
    }

    #[test]
    fn words_pipes_and_sequences() {
        assert_eq!(words("df -P; free -m"), [[["df", "-P"]], [["free", "-m"]]]);
        assert_eq!(
            words("sudo iptables-save -t nat | grep -cE 'KUBE-(SVC|SEP)'"),
            [[vec!["sudo", "iptables-save", "-t", "nat"], vec!["grep", "-cE", "KUBE-(SVC|SEP)"]]]
        );
        assert_eq!(words(r#"sh -c "apt-get update && apt-get -y upgrade""#).len(), 1);
        assert_eq!(words("a\\ b 'c d'\"e\""), [[["a b", "c de"]]]);
        assert_eq!(words("date;\n# a comment\nuptime;"), [[["date"]], [["uptime"]]]);
        assert!(Script::parse("  # nothing").is_empty());
    }

    #[test]
    fn redirections_belong_to_their_command() {
        let script = Script::parse("</dev/tcp/10.0.0.12/2380 2>&1 || curl -s http://x 2>/dev/null");
        let steps = script.steps().expect("read");
        assert_eq!(steps[0].1[0].from.as_deref(), Some("/dev/tcp/10.0.0.12/2380"));
        assert!(steps[0].1[0].merged);
        assert_eq!(steps[1].0, Joint::Or);
        assert!(steps[1].1[0].no_errors);
    }

    #[test]
    fn what_it_does_not_understand_is_refused() {
        for line in
            ["echo $HOME", "echo `id`", "(date)", "a > /etc/passwd", "a | | b", "&& a", "a &&", "echo 'x", "a &"]
        {
            assert!(Script::parse(line).steps().is_err(), "{line}");
        }
        assert!(Script::parse(&"a|".repeat(400)).steps().is_err());
    }

    #[test]
    fn only_what_reads_is_waited_for() {
        assert!(Script::parse("sudo install -m 600 /dev/stdin /etc/rancher/k3s/config.yaml").reads_input());
        assert!(Script::parse("sudo k3s ctr -n k8s.io images import -").reads_input());
        assert!(!Script::parse("date").reads_input());
        assert_eq!(Script::parse("exit 3").exit(0), Some(3));
        assert_eq!(Script::parse("exit").exit(7), Some(7));
    }
}
