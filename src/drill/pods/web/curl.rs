//! `curl`, with the options by which one probes.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};

use super::super::{Io, Process};
use super::fetch::{Trouble, Wanted, fetch, url};
use super::wget::header;

/// What was asked for.
#[derive(Debug, Default)]
struct Options<'a> {
    url: Option<&'a str>,
    silent: bool,
    show_error: bool,
    /// An error of HTTP is an error of its own.
    fail: bool,
    insecure: bool,
    /// The headers with the page.
    include: bool,
    /// The headers instead of the page.
    head: bool,
    to: Option<&'a str>,
    write_out: Option<&'a str>,
    seconds: Option<f64>,
    headers: Vec<&'a str>,
}

/// Fetches a page.
pub(in super::super) async fn run(process: &Process, args: &[String], io: &Io) -> u8 {
    let (options, wanted) = match Options::parse(args).and_then(|o| o.wanted().map(|w| (o, w))) {
        Ok(parsed) => parsed,
        Err(why) => {
            io.err(format!("curl: (2) {why}\n")).await;
            return 2;
        }
    };
    match fetch(process, &wanted).await {
        Ok(answer) => options.show(&answer, io).await,
        Err(trouble) => {
            let (code, why) = told(&trouble, &wanted);
            options.complain(code, &why, io).await;
            options.write_out("000", io).await;
            code
        }
    }
}

impl<'a> Options<'a> {
    fn parse(args: &'a [String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut args = args.iter().map(String::as_str);
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("option {arg}: requires parameter"));
            match arg {
                "-m" | "--max-time" | "--connect-timeout" => options.seconds = Some(seconds(value()?)?),
                "-o" | "--output" => options.to = Some(value()?),
                "-w" | "--write-out" => options.write_out = Some(value()?),
                "-H" | "--header" => options.headers.push(value()?),
                "--silent" => options.silent = true,
                "--show-error" => options.show_error = true,
                "--fail" => options.fail = true,
                "--insecure" => options.insecure = true,
                "--include" => options.include = true,
                "--head" => options.head = true,
                _ if arg.starts_with('-') => options.letters(arg)?,
                url => options.url = Some(url),
            }
        }
        Ok(options)
    }

    /// Options of one letter, several in a word: `-sSf`.
    fn letters(&mut self, word: &str) -> Result<(), String> {
        for letter in word.chars().skip(1) {
            match letter {
                's' => self.silent = true,
                'S' => self.show_error = true,
                'f' => self.fail = true,
                'k' => self.insecure = true,
                'i' => self.include = true,
                'I' => self.head = true,
                '4' => {}
                _ => return Err(format!("option {word}: is unknown here")),
            }
        }
        Ok(())
    }

    fn wanted(&self) -> Result<Wanted, String> {
        let text = self.url.ok_or("no URL specified")?;
        let url = url(text).ok_or_else(|| format!("URL {text} rejected: malformed or of an unknown scheme"))?;
        let headers = self.headers.iter().map(|line| header(line).ok_or_else(|| format!("bad header {line:?}")));
        Ok(Wanted {
            url,
            method: if self.head { Method::HEAD } else { Method::GET },
            headers: headers.collect::<Result<_, _>>()?,
            agent: "curl/8.14.1",
            insecure: self.insecure,
            patience: self.seconds.and_then(|s| Duration::try_from_secs_f64(s).ok()),
        })
    }

    async fn show(&self, answer: &Response<Bytes>, io: &Io) -> u8 {
        let status = answer.status();
        let failed = self.fail && status.as_u16() >= 400;
        if self.head || self.include {
            io.out(head(answer)).await;
        }
        if !failed && !self.head && self.to.is_none_or(|to| to == "-") {
            io.out(answer.body()).await;
        }
        if failed {
            self.complain(22, &format!("The requested URL returned error: {}", status.as_u16()), io).await;
        }
        self.write_out(status.as_str(), io).await;
        if failed { 22 } else { 0 }
    }

    async fn write_out(&self, code: &str, io: &Io) {
        if let Some(format) = self.write_out {
            let told = format.replace("%{http_code}", code).replace("%{response_code}", code);
            io.out(told.replace("\\n", "\n")).await;
        }
    }

    async fn complain(&self, code: u8, why: &str, io: &Io) {
        if !self.silent || self.show_error {
            io.err(format!("curl: ({code}) {why}\n")).await;
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("expected a proper numerical parameter, not {text:?}"))
}

fn head(answer: &Response<Bytes>) -> String {
    let status = answer.status();
    let mut head = format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or_default());
    for (name, value) in answer.headers() {
        let _ = write!(head, "{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes()));
    }
    head + "\r\n"
}

fn told(trouble: &Trouble, wanted: &Wanted) -> (u8, String) {
    let (host, port) = wanted.place();
    match trouble {
        Trouble::Unknown => (6, format!("Could not resolve host: {host}")),
        Trouble::Refused(_) => {
            (7, format!("Failed to connect to {host} port {port} after 1 ms: Could not connect to server"))
        }
        Trouble::Late => (28, "Connection timed out".to_owned()),
        Trouble::Certificate(why) => (60, format!("SSL certificate problem: {why}")),
        Trouble::Broken => (52, "Empty reply from server".to_owned()),
    }
}
