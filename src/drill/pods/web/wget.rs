//! `wget` as BusyBox has it.

use std::fmt::Write as _;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::super::{Io, Process};
use super::fetch::{Trouble, Wanted, fetch, url};

/// What was asked for.
#[derive(Debug, Default)]
struct Options<'a> {
    url: Option<&'a str>,
    /// Where the page goes: `-` for the output.
    to: Option<&'a str>,
    quiet: bool,
    /// Only whether it is there.
    spider: bool,
    insecure: bool,
    show_headers: bool,
    seconds: Option<u64>,
    headers: Vec<&'a str>,
}

/// Fetches a page.
pub(in super::super) async fn run(process: &Process, args: &[String], io: &Io) -> u8 {
    let (options, wanted) = match Options::parse(args).and_then(|o| o.wanted().map(|w| (o, w))) {
        Ok(parsed) => parsed,
        Err(why) => return fail(io, &why).await,
    };
    if !options.spider && !matches!(options.to, Some("-" | "/dev/null")) {
        let file = options.to.unwrap_or("index.html");
        return fail(io, &format!("can't open '{file}': Read-only file system")).await;
    }
    let (host, port) = wanted.place();
    match fetch(process, &wanted).await {
        Err(trouble) => fail(io, &told(trouble, &host)).await,
        Ok(answer) => {
            let (head, body) = answer.into_parts();
            if options.show_headers {
                let mut lines = format!("  {}\n", status_line(head.status));
                for (name, value) in &head.headers {
                    let _ = writeln!(lines, "  {name}: {}", String::from_utf8_lossy(value.as_bytes()));
                }
                io.err(lines).await;
            }
            if !head.status.is_success() {
                return fail(io, &format!("server returned error: {}", status_line(head.status))).await;
            }
            if !options.quiet {
                io.err(format!("Connecting to {host}:{port}\n")).await;
            }
            if options.to == Some("-") && !options.spider {
                io.out(&body).await;
            }
            0
        }
    }
}

impl<'a> Options<'a> {
    fn parse(args: &'a [String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut args = args.iter().map(String::as_str);
        while let Some(arg) = args.next() {
            let mut value = |flag: &str| args.next().ok_or_else(|| format!("option requires an argument: {flag}"));
            match arg {
                "--spider" => options.spider = true,
                "--no-check-certificate" => options.insecure = true,
                "--header" => options.headers.push(value(arg)?),
                "-T" | "--timeout" => options.seconds = Some(seconds(value(arg)?)?),
                "-O" => options.to = Some(value(arg)?),
                "-q" | "--quiet" => options.quiet = true,
                "-S" => options.show_headers = true,
                "-Y" | "-t" => drop(value(arg)?),
                _ if arg.starts_with("-qO") => {
                    options.quiet = true;
                    options.to = Some(match arg.strip_prefix("-qO") {
                        Some("") | None => value(arg)?,
                        Some(to) => to,
                    });
                }
                _ if arg.starts_with("-O") => options.to = arg.strip_prefix("-O"),
                _ if arg.starts_with("--timeout=") => {
                    options.seconds = Some(seconds(arg.trim_start_matches("--timeout="))?);
                }
                _ if arg.starts_with("--header=") => options.headers.push(arg.trim_start_matches("--header=")),
                _ if arg.starts_with('-') => return Err(format!("unrecognized option: {arg}")),
                url => options.url = Some(url),
            }
        }
        Ok(options)
    }

    fn wanted(&self) -> Result<Wanted, String> {
        let text = self.url.ok_or("no URL was given")?;
        let url = url(text).ok_or_else(|| format!("not an http or ftp url: {text}"))?;
        let headers = self.headers.iter().map(|line| header(line).ok_or_else(|| format!("bad header '{line}'")));
        Ok(Wanted {
            url,
            method: Method::GET,
            headers: headers.collect::<Result<_, _>>()?,
            agent: "Wget",
            insecure: self.insecure,
            patience: self.seconds.map(Duration::from_secs),
        })
    }
}

fn seconds(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("invalid number '{text}'"))
}

/// `Name: value`
pub(super) fn header(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(':')?;
    Some((name.trim().parse().ok()?, value.trim().parse().ok()?))
}

fn status_line(status: StatusCode) -> String {
    format!("HTTP/1.1 {} {}", status.as_u16(), status.canonical_reason().unwrap_or_default())
}

fn told(trouble: Trouble, host: &str) -> String {
    match trouble {
        Trouble::Unknown => format!("bad address '{host}'"),
        Trouble::Refused(ip) => format!("can't connect to remote host ({ip}): Connection refused"),
        Trouble::Late => "download timed out".to_owned(),
        Trouble::Certificate(why) => format!("TLS error from peer: {why}"),
        Trouble::Broken => "error getting response".to_owned(),
    }
}

async fn fail(io: &Io, why: &str) -> u8 {
    io.err(format!("wget: {why}\n")).await;
    1
}
