//! One conversation with a client that wants to send mail.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::{AsyncBufRead, AsyncWrite, AsyncWriteExt as _};

use super::super::super::http::hesitate;
use super::super::super::{Mood, Site};
use super::super::{fresh, hex};
use super::lines::{self, Line};

/// Whom it knows: the sender of the deployment and its `SMTP_PASSWORD`.
const USER: &str = "noreply@example.com";
const PASSWORD: &str = "example";
/// The largest mail.
const LARGEST: usize = 4 * 1024 * 1024;
/// How many bad commands are borne.
const BORNE: u32 = 20;

/// What comes after commands were served.
#[derive(Debug, PartialEq, Eq)]
pub enum After {
    /// A TLS handshake.
    Secure,
    /// Nothing.
    End,
}

/// What came of a command.
enum Outcome {
    Say(String),
    /// Say it and go on with this.
    Then(&'static str, After),
    /// Read a mail.
    Mail,
    /// Ask for the two halves of a login, of which the first may be there.
    Login(Option<String>),
    /// Ask for a plain login.
    Plain,
}

/// One conversation.
#[derive(Debug)]
pub struct Session {
    mood: Mood,
    secure: bool,
    greeted: bool,
    known: bool,
    sender: bool,
    recipients: u32,
    bad: u32,
}

impl Session {
    /// A conversation that begins.
    pub fn new(mood: Mood, secure: bool) -> Self {
        Self { mood, secure, greeted: false, known: false, sender: false, recipients: 0, bad: 0 }
    }

    /// Whether the mood answers with this code, and what it then says.
    fn says(&self, code: &str) -> bool {
        matches!(&self.mood, Mood::Says(said) if said == code)
    }

    /// The banner.
    pub async fn greet(&self, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let banner = if self.says("421") {
            format!("421 4.3.2 {} Service temporarily unavailable, closing transmission channel", host())
        } else {
            format!("220 {} ESMTP ready", host())
        };
        self.say(stream, &banner).await
    }

    async fn say(&self, stream: &mut (impl AsyncWrite + Unpin), text: &str) -> io::Result<()> {
        hesitate(&self.mood).await;
        stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        stream.flush().await
    }

    /// Serves commands until TLS is wanted or all is said.
    pub async fn serve(&mut self, stream: &mut (impl AsyncBufRead + AsyncWrite + Unpin)) -> io::Result<After> {
        if self.says("421") {
            return Ok(After::End);
        }
        while let Some(command) = self.hear(stream).await? {
            let answer = match self.obey(&command) {
                Outcome::Say(answer) => answer,
                Outcome::Then(answer, after) => {
                    self.say(stream, answer).await?;
                    return Ok(after);
                }
                Outcome::Mail => self.take_mail(stream).await?,
                Outcome::Plain => {
                    let said = self.ask(stream, "").await?;
                    self.log_in_plainly(&said)
                }
                Outcome::Login(user) => self.log_in_by_halves(stream, user).await?,
            };
            self.bad += u32::from(answer.starts_with("50"));
            self.say(stream, &answer).await?;
            if self.bad > BORNE {
                self.say(stream, "421 4.7.0 Error: too many errors").await?;
                break;
            }
        }
        Ok(After::End)
    }

    /// The next command; nothing when there will be none.
    async fn hear(&self, stream: &mut (impl AsyncBufRead + AsyncWrite + Unpin)) -> io::Result<Option<String>> {
        loop {
            match lines::command(stream).await? {
                Line::Whole(line) => return Ok(Some(String::from_utf8_lossy(&line).into_owned())),
                Line::TooLong => self.say(stream, "500 5.5.2 Error: line too long").await?,
                Line::Bare => {
                    self.say(stream, "521 5.5.2 Error: bare <LF> received").await?;
                    return Ok(None);
                }
                Line::End => return Ok(None),
            }
        }
    }

    fn obey(&mut self, command: &str) -> Outcome {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        let rest = rest.trim();
        let say = |text: &str| Outcome::Say(text.to_owned());
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" if rest.is_empty() => say("501 5.5.4 Syntax: EHLO hostname"),
            "EHLO" => {
                self.begin();
                Outcome::Say(self.extensions())
            }
            "HELO" => {
                self.begin();
                Outcome::Say(format!("250 {}", host()))
            }
            "STARTTLS" => self.start_tls(rest),
            "AUTH" => self.authenticate(rest),
            "MAIL" => Outcome::Say(self.mail(rest)),
            "RCPT" => Outcome::Say(self.recipient(rest)),
            "DATA" if self.recipients == 0 => say("503 5.5.1 Error: need RCPT command"),
            "DATA" => Outcome::Mail,
            "RSET" => {
                self.forget();
                say("250 2.0.0 Ok")
            }
            "NOOP" => say("250 2.0.0 Ok"),
            "VRFY" => say("252 2.0.0 Cannot VRFY user, but will accept message"),
            "QUIT" => Outcome::Then("221 2.0.0 Bye", After::End),
            _ => say("500 5.5.1 Command not recognized"),
        }
    }

    fn begin(&mut self) {
        self.greeted = true;
        self.forget();
    }

    const fn forget(&mut self) {
        self.sender = false;
        self.recipients = 0;
    }

    fn extensions(&self) -> String {
        let size = format!("SIZE {LARGEST}");
        let mut lines = vec![host(), "PIPELINING", &size, "ENHANCEDSTATUSCODES", "8BITMIME"];
        lines.push(if self.secure { "AUTH PLAIN LOGIN" } else { "STARTTLS" });
        let last = lines.len() - 1;
        let line = |(n, text): (usize, &&str)| format!("250{}{text}", if n == last { ' ' } else { '-' });
        lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\r\n")
    }

    fn start_tls(&mut self, rest: &str) -> Outcome {
        if self.secure {
            Outcome::Say("503 5.5.1 Error: TLS already active".to_owned())
        } else if !rest.is_empty() {
            Outcome::Say("501 5.5.4 Syntax: STARTTLS".to_owned())
        } else if self.says("454") {
            Outcome::Say("454 4.7.0 TLS not available due to local problem".to_owned())
        } else {
            // What was said in the clear does not count.
            *self = Self::new(self.mood.clone(), true);
            Outcome::Then("220 2.0.0 Ready to start TLS", After::Secure)
        }
    }

    fn authenticate(&mut self, rest: &str) -> Outcome {
        let say = |text: &str| Outcome::Say(text.to_owned());
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        if !self.secure {
            return say("530 5.7.0 Must issue a STARTTLS command first");
        }
        if !self.greeted {
            return say("503 5.5.1 Error: send EHLO first");
        }
        if self.known {
            return say("503 5.5.1 Error: already authenticated");
        }
        if self.says("454") {
            return say("454 4.7.0 Temporary authentication failure");
        }
        match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" if initial.is_empty() => Outcome::Plain,
            "PLAIN" => Outcome::Say(self.log_in_plainly(initial)),
            "LOGIN" => Outcome::Login(Some(initial.to_owned()).filter(|user| !user.is_empty())),
            _ => say("504 5.5.4 Unrecognized authentication type"),
        }
    }

    /// Asks for a line of a login; what is no line is no answer.
    async fn ask(&self, stream: &mut (impl AsyncBufRead + AsyncWrite + Unpin), prompt: &str) -> io::Result<String> {
        self.say(stream, &format!("334 {prompt}")).await?;
        Ok(match lines::command(stream).await? {
            Line::Whole(line) => String::from_utf8_lossy(&line).into_owned(),
            Line::TooLong | Line::Bare => String::new(),
            Line::End => return Err(io::ErrorKind::UnexpectedEof.into()),
        })
    }

    async fn log_in_by_halves(
        &mut self,
        stream: &mut (impl AsyncBufRead + AsyncWrite + Unpin),
        user: Option<String>,
    ) -> io::Result<String> {
        let user = match user {
            Some(user) => user,
            None => self.ask(stream, "VXNlcm5hbWU6").await?,
        };
        let password = self.ask(stream, "UGFzc3dvcmQ6").await?;
        let decoded = (BASE64.decode(user), BASE64.decode(password));
        let (Ok(user), Ok(password)) = decoded else { return Ok(cannot_decode()) };
        Ok(self.log_in(&user, &password))
    }

    fn log_in_plainly(&mut self, said: &str) -> String {
        let Ok(decoded) = BASE64.decode(said) else { return cannot_decode() };
        let mut parts = decoded.split(|b| *b == 0).skip(1);
        match (parts.next(), parts.next()) {
            (Some(user), Some(password)) => self.log_in(user, password),
            _ => cannot_decode(),
        }
    }

    fn log_in(&mut self, user: &[u8], password: &[u8]) -> String {
        self.known = user == USER.as_bytes() && password == PASSWORD.as_bytes() && !self.says("535");
        let answer =
            if self.known { "235 2.0.0 Authentication successful" } else { "535 5.7.8 Incorrect username or password" };
        answer.to_owned()
    }

    fn mail(&mut self, rest: &str) -> String {
        let answer = if !self.secure {
            "530 5.7.0 Must issue a STARTTLS command first"
        } else if !self.known {
            "530 5.7.0 Authentication required"
        } else if self.sender {
            "503 5.5.1 Error: nested MAIL command"
        } else if path(rest, "FROM:").is_none() {
            "501 5.5.4 Syntax: MAIL FROM:<address>"
        } else {
            self.sender = true;
            "250 2.1.0 Ok"
        };
        answer.to_owned()
    }

    fn recipient(&mut self, rest: &str) -> String {
        let refused = match &self.mood {
            Mood::Says(code) => refusal(code),
            _ => None,
        };
        let answer = if !self.sender {
            "503 5.5.1 Error: need MAIL command"
        } else if path(rest, "TO:").is_none_or(str::is_empty) {
            "501 5.5.4 Syntax: RCPT TO:<address>"
        } else if let Some(refused) = refused {
            refused
        } else if self.recipients >= 100 {
            "452 4.5.3 Error: too many recipients"
        } else {
            self.recipients += 1;
            "250 2.1.5 Ok"
        };
        answer.to_owned()
    }

    /// Reads a mail and drops it.
    async fn take_mail(&mut self, stream: &mut (impl AsyncBufRead + AsyncWrite + Unpin)) -> io::Result<String> {
        self.say(stream, "354 End data with <CR><LF>.<CR><LF>").await?;
        let (mut size, mut sound) = (0_usize, true);
        loop {
            match lines::text(stream).await? {
                Line::Whole(line) if line == b"." => break,
                Line::Whole(line) => size = size.saturating_add(line.len() + 2),
                Line::TooLong | Line::Bare => sound = false,
                Line::End => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        self.forget();
        Ok(if !sound {
            "550 5.5.2 Message contains a bare line end or a line that is too long".to_owned()
        } else if size > LARGEST {
            "552 5.3.4 Message size exceeds fixed limit".to_owned()
        } else {
            format!("250 2.0.0 Ok: queued as {}", hex(&fresh::<6>()))
        })
    }
}

fn host() -> &'static str {
    Site::Smtp.hosts().first().copied().unwrap_or_default()
}

fn cannot_decode() -> String {
    "501 5.5.2 Cannot decode response".to_owned()
}

/// The address of a path, if there is one.
fn path<'a>(rest: &'a str, keyword: &str) -> Option<&'a str> {
    let start = rest.get(..keyword.len()).filter(|start| start.eq_ignore_ascii_case(keyword))?;
    let path = rest.get(start.len()..)?.trim_start().strip_prefix('<')?;
    path.split_once('>').map(|(address, _)| address)
}

/// What a recipient is refused with.
fn refusal(code: &str) -> Option<&'static str> {
    Some(match code {
        "450" => "450 4.7.1 Error: too much mail, try again later",
        "451" => "451 4.7.1 Rate limit exceeded, try again later",
        "452" => "452 4.2.2 Mailbox full",
        "550" => "550 5.1.1 Recipient address rejected: user unknown",
        "554" => "554 5.7.1 Message rejected by policy",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
