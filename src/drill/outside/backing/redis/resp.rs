//! The protocol of Redis: commands as arrays or as plain lines, answers in both versions.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// The longest line.
const LONGEST_LINE: usize = 64 * 1024;
/// The most words of a command, and the longest of them.
const MOST_WORDS: usize = 1024;
const LONGEST_WORD: usize = 1024 * 1024;
/// All words together.
const LARGEST: usize = 4 * 1024 * 1024;

/// The words of a command.
pub type Command = Vec<Vec<u8>>;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    Command(Command),
    /// It is no command: what is wrong. The connection ends.
    Wrong(&'static str),
    /// There is no more.
    End,
}

/// Reads a command; one without words is skipped by the caller.
pub async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Read> {
    let Some(line) = line(stream).await? else { return Ok(Read::End) };
    let Ok(line) = line else { return Ok(Read::Wrong("too big inline request")) };
    let Some(count) = line.strip_prefix(b"*") else {
        return Ok(words(&line).map_or(Read::Wrong("unbalanced quotes in request"), Read::Command));
    };
    let count = match number(count) {
        None => return Ok(Read::Wrong("invalid multibulk length")),
        Some(count) if count > MOST_WORDS as i64 => return Ok(Read::Wrong("invalid multibulk length")),
        Some(count) => usize::try_from(count).unwrap_or_default(),
    };
    let (mut command, mut size) = (Vec::new(), 0);
    while command.len() < count {
        let head = match self::line(stream).await? {
            None => return Ok(Read::End),
            Some(Err(TooLong)) => return Ok(Read::Wrong("too big bulk count string")),
            Some(Ok(head)) => head,
        };
        let Some(length) = head.strip_prefix(b"$") else { return Ok(Read::Wrong("expected '$'")) };
        let length = number(length).and_then(|length| usize::try_from(length).ok());
        let Some(length) = length.filter(|length| *length <= LONGEST_WORD) else {
            return Ok(Read::Wrong("invalid bulk length"));
        };
        size += length;
        if size > LARGEST {
            return Ok(Read::Wrong("invalid bulk length"));
        }
        let mut word = vec![0; length + 2];
        stream.read_exact(&mut word).await?;
        word.truncate(length);
        command.push(word);
    }
    Ok(Read::Command(command))
}

struct TooLong;

/// A line without its end; nothing at the end of all.
async fn line(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Result<Vec<u8>, TooLong>>> {
    let mut line = Vec::new();
    if (&mut *stream).take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Ok(if line.len() >= LONGEST_LINE { Some(Err(TooLong)) } else { None });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(Ok(line)))
}

fn number(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The words of a plain line, some perhaps in quotes; nothing if a quote is not closed.
fn words(line: &[u8]) -> Option<Command> {
    let mut words = Vec::new();
    let mut rest = line.iter().copied().peekable();
    loop {
        while rest.next_if(u8::is_ascii_whitespace).is_some() {}
        let Some(first) = rest.peek().copied() else { return Some(words) };
        let mut word = Vec::new();
        if first == b'"' || first == b'\'' {
            rest.next();
            loop {
                match rest.next()? {
                    b'\\' => word.push(rest.next()?),
                    byte if byte == first => break,
                    byte => word.push(byte),
                }
            }
        } else {
            while let Some(byte) = rest.next_if(|byte| !byte.is_ascii_whitespace()) {
                word.push(byte);
            }
        }
        words.push(word);
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Simple(&'static str),
    Error(String),
    Int(i64),
    Bulk(Vec<u8>),
    Nil,
    Array(Vec<Self>),
    Map(Vec<(Self, Self)>),
    Set(Vec<Self>),
}

impl Reply {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Bulk(text.into().into_bytes())
    }

    /// Texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::Array(texts.into_iter().map(Self::text).collect())
    }

    /// A count.
    pub fn count(count: usize) -> Self {
        Self::Int(count as i64)
    }

    /// As it is sent in a version of the protocol.
    pub fn write(&self, third: bool, to: &mut Vec<u8>) {
        let head = |to: &mut Vec<u8>, sign: char, what: &str| to.extend(format!("{sign}{what}\r\n").into_bytes());
        match self {
            Self::Simple(text) => head(to, '+', text),
            Self::Error(text) => head(to, '-', &text.replace(['\r', '\n'], " ")),
            Self::Int(number) => head(to, ':', &number.to_string()),
            Self::Bulk(bytes) => {
                head(to, '$', &bytes.len().to_string());
                to.extend(bytes);
                to.extend(b"\r\n");
            }
            Self::Nil if third => to.extend(b"_\r\n"),
            Self::Nil => to.extend(b"$-1\r\n"),
            Self::Array(items) | Self::Set(items) => {
                let sign = if third && matches!(self, Self::Set(_)) { '~' } else { '*' };
                head(to, sign, &items.len().to_string());
                for item in items {
                    item.write(third, to);
                }
            }
            Self::Map(pairs) => {
                let (sign, many) = if third { ('%', pairs.len()) } else { ('*', 2 * pairs.len()) };
                head(to, sign, &many.to_string());
                for (key, value) in pairs {
                    key.write(third, to);
                    value.write(third, to);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(mut bytes: &[u8]) -> io::Result<Read> {
        futures::executor::block_on(read(&mut bytes))
    }

    fn command(words: &[&str]) -> Read {
        Read::Command(words.iter().map(|word| word.as_bytes().to_vec()).collect())
    }

    #[test]
    fn arrays_and_lines_are_commands() {
        assert_eq!(parse(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n").unwrap(), command(&["GET", "a"]));
        assert_eq!(parse(b"get  \"a b\" 'c'\r\n").unwrap(), command(&["get", "a b", "c"]));
        assert_eq!(parse(b"\r\n").unwrap(), command(&[]));
        assert_eq!(parse(b"*-1\r\n").unwrap(), command(&[]));
    }

    #[test]
    fn what_is_too_large_is_told_before_it_is_read() {
        for wrong in [&b"*9999999\r\n"[..], b"*1\r\n$99999999999\r\n", b"*1\r\nGET\r\n", b"*x\r\n", b"get \"a\r\n"] {
            assert!(matches!(parse(wrong).unwrap(), Read::Wrong(_)), "{}", String::from_utf8_lossy(wrong));
        }
        assert!(matches!(parse(&vec![b'a'; 2 * LONGEST_LINE]).unwrap(), Read::Wrong(_)));
        assert_eq!(parse(b"PIN").unwrap(), Read::End);
    }

    #[test]
    fn maps_are_flat_in_the_older_version() {
        let map = Reply::Map(vec![(Reply::text("a"), Reply::Nil)]);
        let written = |third| {
            let mut bytes = Vec::new();
            map.write(third, &mut bytes);
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(written(false), "*2\r\n$1\r\na\r\n$-1\r\n");
        assert_eq!(written(true), "%1\r\n$1\r\na\r\n_\r\n");
    }

    proptest! {
        #[test]
        fn garbage_is_borne(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }
    }
}
