//! `curl` and bash's own connections: made by the node, through the simulated network.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;

use super::super::super::net::{Network, Stream, Vantage, anybody};
use super::super::super::outside;
use super::super::super::world::Kept;
use super::Outcome;

/// How long Linux tries to connect to a host that says nothing.
const PATIENCE: Duration = Duration::from_secs(127);
/// The largest body that is read.
const LARGEST: usize = 4 * 1024 * 1024;
/// Where the installer of k3s comes from, and where the actions put it.
const INSTALLER: (&str, &str) = ("get.k3s.io", "/tmp/k3s.sh");

/// A request with `curl`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Curl {
    secure: bool,
    host: String,
    port: u16,
    path: String,
    silent: bool,
    show_errors: bool,
    fail: bool,
    insecure: bool,
    include: bool,
    output: Option<String>,
    write_out: String,
    limit: Option<Duration>,
    headers: BTreeMap<String, String>,
}

impl Curl {
    /// The request that these words make.
    pub fn parse(words: &[&str]) -> Option<Self> {
        let ["curl", rest @ ..] = words else { return None };
        let mut curl = Self::default();
        let mut rest = rest.iter();
        while let Some(word) = rest.next() {
            match *word {
                "-o" | "--output" => curl.output = Some((*rest.next()?).to_owned()),
                "-w" | "--write-out" => curl.write_out = (*rest.next()?).replace("\\n", "\n"),
                "-m" | "--max-time" | "--connect-timeout" => {
                    curl.limit = Duration::try_from_secs_f64(rest.next()?.parse().ok()?).ok();
                }
                "-H" | "--header" => {
                    let (name, value) = rest.next()?.split_once(':')?;
                    curl.headers.insert(name.to_lowercase(), value.trim().to_owned());
                }
                "--silent" => curl.silent = true,
                "--fail" => curl.fail = true,
                "--insecure" => curl.insecure = true,
                word if word.starts_with('-') => curl.flags(word)?,
                url if curl.host.is_empty() => curl.address(url)?,
                _ => return None,
            }
        }
        (!curl.host.is_empty()).then_some(curl)
    }

    fn flags(&mut self, word: &str) -> Option<()> {
        for flag in word.strip_prefix('-')?.chars() {
            match flag {
                's' => self.silent = true,
                'S' => self.show_errors = true,
                'f' => self.fail = true,
                'k' => self.insecure = true,
                'i' => self.include = true,
                // Nothing here redirects.
                'L' | '4' => {}
                _ => return None,
            }
        }
        Some(())
    }

    fn address(&mut self, url: &str) -> Option<()> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        self.secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
        self.path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let usual = if self.secure { 443 } else { 80 };
        let (host, port) = authority.rsplit_once(':').map_or((authority, Some(usual)), |(h, p)| (h, p.parse().ok()));
        (self.host, self.port) = (host.to_owned(), port?);
        Some(())
    }

    /// Makes the request from a node.
    pub async fn run(&self, network: &Arc<Network>, node: &str) -> Outcome {
        if self.host == INSTALLER.0 {
            return self.fetch_installer(network, node);
        }
        let limit = self.limit.unwrap_or(PATIENCE);
        match tokio::time::timeout(limit, self.ask(network, node)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err((code, message))) => self.complain(code, &message),
            Err(_) => {
                let message = format!("Connection timed out after {} milliseconds", limit.as_millis() + 1);
                self.complain(28, &message)
            }
        }
    }

    fn complain(&self, code: u32, message: &str) -> Outcome {
        let shown = !self.silent || self.show_errors;
        let err = if shown { format!("curl: ({code}) {message}\n") } else { String::new() };
        Outcome { out: self.write_out.replace("%{http_code}", "000"), ..Outcome::failed(code, err) }
    }

    async fn ask(&self, network: &Arc<Network>, node: &str) -> Result<Outcome, (u32, String)> {
        let stream = connect(network, node, &self.host, self.port).await.map_err(|kind| match kind {
            ErrorKind::NotFound => (6, format!("Could not resolve host: {}", self.host)),
            _ => {
                let place = format!("{} port {}", self.host, self.port);
                (7, format!("Failed to connect to {place} after 0 ms: Couldn't connect to server"))
            }
        })?;
        if !self.secure {
            return self.converse(stream).await;
        }
        if !self.insecure {
            return Err((60, "SSL certificate problem: unable to get local issuer certificate".to_owned()));
        }
        let broken = |error: String| (35, format!("TLS connect error: {error}"));
        let name = ServerName::try_from(self.host.clone()).map_err(|e| broken(e.to_string()))?;
        let config = anybody().map_err(|e| broken(e.to_string()))?;
        let secured = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        self.converse(Box::new(secured.map_err(|e| broken(e.to_string()))?)).await
    }

    async fn converse(&self, stream: Stream) -> Result<Outcome, (u32, String)> {
        let broken = |error: hyper::Error| (52, format!("Empty reply from server: {error}"));
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let carrying = tokio::spawn(connection);
        let host = self.headers.get("host").cloned().unwrap_or_else(|| format!("{}:{}", self.host, self.port));
        let mut request = Request::get(&self.path).header(header::HOST, host).header(header::USER_AGENT, "curl/8.5.0");
        for (name, value) in self.headers.iter().filter(|(name, _)| *name != "host") {
            request = request.header(name, value);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|e| (3, format!("URL rejected: {e}")))?;
        let answer = sender.send_request(request).await.map_err(broken)?;
        let (head, body) = answer.into_parts();
        let read = Limited::new(body, LARGEST).collect().await;
        carrying.abort();
        let body = read.map_err(|_| (18, "transfer closed with outstanding read data remaining".to_owned()))?;
        Ok(self.show(&head, &String::from_utf8_lossy(&body.to_bytes())))
    }

    fn show(&self, head: &http::response::Parts, body: &str) -> Outcome {
        let status = head.status.as_u16();
        let tail = self.write_out.replace("%{http_code}", &status.to_string());
        if self.fail && status >= 400 {
            let failed = self.complain(22, &format!("The requested URL returned error: {status}"));
            return Outcome { out: tail, ..failed };
        }
        let mut out = String::new();
        if self.include {
            out = format!("{:?} {}\r\n", head.version, head.status);
            for (name, value) in &head.headers {
                let _ = writeln!(out, "{name}: {}\r", value.to_str().unwrap_or_default());
            }
            out.push_str("\r\n");
        }
        if self.output.as_deref() != Some("/dev/null") {
            out.push_str(body);
        }
        out.push_str(&tail);
        Outcome::said(out)
    }

    fn fetch_installer(&self, network: &Network, node: &str) -> Outcome {
        let reached = network.with(|world| world.can_leave(&Vantage::Node(node.to_owned()), false));
        if !reached {
            return self.complain(6, &format!("Could not resolve host: {}", self.host));
        }
        if self.output.as_deref() != Some(INSTALLER.1) {
            return self.complain(23, "Failure writing output to destination");
        }
        network.with(|world| {
            world.change_inside(node, |inside| {
                inside.copies.insert(INSTALLER.1.to_owned(), Kept::Installer);
            });
        });
        Outcome::silent()
    }
}

/// Connects from a node; what nobody is called is not found.
async fn connect(network: &Arc<Network>, node: &str, host: &str, port: u16) -> Result<Stream, ErrorKind> {
    let known = host == "localhost"
        || host.parse::<IpAddr>().is_ok()
        || outside::at(host).is_some()
        || network.with(|world| world.machine_at(host)).is_some();
    if !known {
        return Err(ErrorKind::NotFound);
    }
    network.connect(Vantage::Node(node.to_owned()), host, port).await.map_err(|error| error.kind())
}

/// Bash's `<`: a connection for `/dev/tcp/HOST/PORT`; no file is ever opened.
pub async fn open(network: &Arc<Network>, node: &str, path: &str) -> Outcome {
    if path == "/dev/null" {
        return Outcome::silent();
    }
    let target = path.strip_prefix("/dev/tcp/").and_then(|rest| rest.split_once('/'));
    let Some((host, Ok(port))) = target.map(|(host, port)| (host, port.parse::<u16>())) else {
        return Outcome::failed(1, format!("bash: line 1: {path}: No such file or directory\n"));
    };
    let failed = |why: &str| Outcome::failed(1, format!("bash: connect: {why}\nbash: line 1: {path}: {why}\n"));
    match tokio::time::timeout(PATIENCE, connect(network, node, host, port)).await {
        Ok(Ok(_)) => Outcome::silent(),
        Ok(Err(ErrorKind::NotFound)) => Outcome::failed(
            1,
            format!("bash: {host}: Name or service not known\nbash: line 1: {path}: Invalid argument\n"),
        ),
        Ok(Err(ErrorKind::ConnectionRefused)) => failed("Connection refused"),
        Ok(Err(_)) => failed("No route to host"),
        Err(_) => failed("Connection timed out"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requests_of_the_catalogue() {
        let curl = Curl::parse(&["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:8080/ping"]);
        let curl = curl.expect("a request");
        assert_eq!((curl.host.as_str(), curl.port, curl.path.as_str()), ("127.0.0.1", 8080, "/ping"));
        let curl = Curl::parse(&["curl", "-sk", "--max-time", "3", "https://127.0.0.1:6443/ping"]).expect("a request");
        assert!(curl.secure && curl.insecure && curl.silent);
        let curl = Curl::parse(&["curl", "-s", "127.0.0.1:10256/healthz"]).expect("a request");
        assert_eq!((curl.secure, curl.port), (false, 10256));
        for wrong in [&["curl"][..], &["curl", "-d", "@/etc/passwd", "http://a"], &["curl", "file:///etc/passwd"]] {
            assert!(Curl::parse(wrong).is_none(), "{wrong:?}");
        }
    }
}
