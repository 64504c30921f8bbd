//! Lines of SMTP: ended by CR LF and by nothing else, so that nobody can hide one mail in another.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// The longest line of a command.
const LONGEST_COMMAND: usize = 2048;
/// The longest line of a mail, as RFC 5321 has it, and some.
const LONGEST_TEXT: usize = 4096;

/// A line as it came.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A whole line, without its end.
    Whole(Vec<u8>),
    /// One that is longer than any may be; it was read to its end.
    TooLong,
    /// One whose end is half an end.
    Bare,
    /// There is no more.
    End,
}

/// Reads the line of a command.
pub async fn command(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Line> {
    line(stream, LONGEST_COMMAND).await
}

/// Reads a line of a mail.
pub async fn text(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Line> {
    line(stream, LONGEST_TEXT).await
}

async fn line(stream: &mut (impl AsyncBufRead + Unpin), longest: usize) -> io::Result<Line> {
    let mut bytes = Vec::new();
    let mut long = false;
    loop {
        let room = (longest + 1 - bytes.len()) as u64;
        if (&mut *stream).take(room).read_until(b'\n', &mut bytes).await? == 0 {
            return Ok(Line::End);
        }
        if bytes.last() == Some(&b'\n') {
            break;
        }
        if bytes.len() > longest {
            long = true;
            // A CR at the cut may belong to the end.
            let last = bytes.pop().filter(|byte| *byte == b'\r');
            bytes.clear();
            bytes.extend(last);
        }
    }
    Ok(match bytes.strip_suffix(b"\r\n") {
        Some(_) if long => Line::TooLong,
        Some(line) if !line.contains(&b'\r') => Line::Whole(line.to_vec()),
        _ => Line::Bare,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        loop {
            match futures::executor::block_on(command(&mut bytes)).unwrap() {
                Line::End => return lines,
                line => lines.push(line),
            }
        }
    }

    #[test]
    fn only_cr_lf_ends_a_line() {
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        assert_eq!(lines(b"EHLO a\r\nQUIT\r\n"), [whole("EHLO a"), whole("QUIT")]);
        assert_eq!(lines(b"NOOP\nQUIT\r\n"), [Line::Bare, whole("QUIT")]);
        assert_eq!(lines(b"NO\rOP\r\n"), [Line::Bare]);
        assert_eq!(lines(b"no end"), []);
    }

    #[test]
    fn a_long_line_is_read_to_its_end() {
        let long = [vec![b'a'; 3 * LONGEST_COMMAND], b"\r\nNOOP\r\n".to_vec()].concat();
        assert_eq!(lines(&long), [Line::TooLong, Line::Whole(b"NOOP".to_vec())]);
        let cut = [vec![b'a'; LONGEST_COMMAND], b"\r\n".to_vec()].concat();
        assert_eq!(lines(&cut), [Line::TooLong]);
    }
}
