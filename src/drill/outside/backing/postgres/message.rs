//! The messages of Postgres' protocol that come and go before and just after authentication.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The longest packet that opens a connection, as Postgres has it.
const LONGEST_STARTUP: usize = 10_000;
/// The longest message that is read afterwards.
const LONGEST: usize = 64 * 1024;

/// What a connection begins with.
#[derive(Debug, PartialEq, Eq)]
pub enum Opening {
    /// A wish for TLS.
    Ssl,
    /// A wish for encryption by Kerberos.
    Gss,
    /// A wish that some other connection's query end.
    Cancel,
    /// The beginning of a TLS handshake, without a wish before.
    Hello,
    /// Names and values: `user`, `database`, `options`.
    Startup(Vec<(String, String)>),
    /// A version that is not spoken.
    Version(u16, u16),
}

/// Length and code, which every opening begins with.
pub type Head = [u8; 8];

/// Reads an opening of which the head is there.
pub async fn opening(head: Head, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Opening> {
    let [a, b, c, d, code @ ..] = head;
    if a == 0x16 {
        return Ok(Opening::Hello);
    }
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if !(8..=LONGEST_STARTUP).contains(&length) {
        return Err(malformed("invalid length of startup packet"));
    }
    let mut rest = vec![0; length - 8];
    stream.read_exact(&mut rest).await?;
    Ok(match u32::from_be_bytes(code) {
        80_877_102 => Opening::Cancel,
        80_877_103 => Opening::Ssl,
        80_877_104 => Opening::Gss,
        version if version >> 16 == 3 => Opening::Startup(pairs(&rest)),
        version => Opening::Version((version >> 16) as u16, version as u16),
    })
}

fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    let mut words = bytes.split(|b| *b == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    let mut pairs = Vec::new();
    while let (Some(name), Some(value)) = (words.next().filter(|name| !name.is_empty()), words.next()) {
        pairs.push((name, value));
    }
    pairs
}

/// Reads a message: its type and what is in it.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(u8, Vec<u8>)> {
    let kind = stream.read_u8().await?;
    let length = stream.read_u32().await? as usize;
    if !(4..=LONGEST).contains(&length) {
        return Err(malformed("invalid message length"));
    }
    let mut body = vec![0; length - 4];
    stream.read_exact(&mut body).await?;
    Ok((kind, body))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A message to send.
pub fn message(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = 4 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = vec![kind];
    bytes.extend((length as u32).to_be_bytes());
    for part in parts {
        bytes.extend(*part);
    }
    bytes
}

/// A message about authentication: its number and what belongs to it.
pub fn authentication(number: u32, data: &[u8]) -> Vec<u8> {
    message(b'R', &[&number.to_be_bytes(), data])
}

/// A setting of the server.
pub fn parameter(name: &str, value: &str) -> Vec<u8> {
    message(b'S', &[name.as_bytes(), &[0], value.as_bytes(), &[0]])
}

/// An error as the server sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// `ERROR` from the proxy, `FATAL` from Postgres itself.
    pub severity: &'static str,
    /// The SQL state.
    pub state: String,
    /// The text.
    pub text: String,
}

impl Complaint {
    /// One of the proxy.
    pub fn error(state: &str, text: impl Into<String>) -> Self {
        Self { severity: "ERROR", state: state.to_owned(), text: text.into() }
    }

    /// One of Postgres itself.
    pub fn fatal(state: &str, text: impl Into<String>) -> Self {
        Self { severity: "FATAL", ..Self::error(state, text) }
    }

    /// The message.
    pub fn message(&self) -> Vec<u8> {
        let fields =
            [('S', self.severity), ('V', self.severity), ('C', self.state.as_str()), ('M', self.text.as_str())];
        let mut body = Vec::new();
        for (name, value) in fields {
            body.push(name as u8);
            body.extend(value.bytes().filter(|b| *b != 0));
            body.push(0);
        }
        message(b'E', &[&body, &[0]])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8]) -> io::Result<Opening> {
        let (head, mut rest) = bytes.split_first_chunk::<8>().expect("a head");
        futures::executor::block_on(opening(*head, &mut rest))
    }

    #[test]
    fn openings_are_told_apart() {
        let wish = |code: u32| [8_u32.to_be_bytes(), code.to_be_bytes()].concat();
        assert_eq!(parse(&wish(80_877_103)).unwrap(), Opening::Ssl);
        assert_eq!(parse(&wish(80_877_104)).unwrap(), Opening::Gss);
        assert_eq!(parse(&wish(2 << 16)).unwrap(), Opening::Version(2, 0));
        assert_eq!(parse(b"\x16\x03\x01\x02\x00\x01\x00\x01").unwrap(), Opening::Hello);
        let startup = [&[0, 0, 0, 18], &(3_u32 << 16).to_be_bytes()[..], b"user\0app\0\0"].concat();
        assert_eq!(parse(&startup).unwrap(), Opening::Startup(vec![("user".into(), "app".into())]));
    }

    #[test]
    fn an_opening_that_claims_to_be_huge_is_refused() {
        let huge = [u32::MAX.to_be_bytes(), (3_u32 << 16).to_be_bytes()].concat();
        assert_eq!(parse(&huge).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    proptest! {
        #[test]
        fn garbage_is_borne(bytes in proptest::collection::vec(any::<u8>(), 8..200)) {
            let _ = parse(&bytes);
            let _ = futures::executor::block_on(read(&mut &bytes[..]));
        }
    }
}
