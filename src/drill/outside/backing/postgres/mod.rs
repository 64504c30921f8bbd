//! Postgres behind a proxy as Neon's: TLS, who is meant, SCRAM, and the errors that are its own.
//!
//! The proxy authenticates without the database; what only the database can say comes after that.

mod message;
mod scram;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use self::message::{Complaint, Opening, authentication, message, opening, parameter, read};
use self::scram::{Challenge, MECHANISM};
use super::super::http::hesitate;
use super::super::{Mood, Site, Trust};
use super::{fresh, hex, mood_at_first};
use crate::drill::net::{Caller, Service, Serving, Stream};

/// How long a client may take to log in.
const PATIENCE: Duration = Duration::from_mins(1);
/// Whom it knows: the user and database of the deployment's `DATABASE_URL`.
const USER: &str = "app";
const PASSWORD: &str = "example";
const DATABASE: &str = "app";

/// The database.
#[derive(Debug)]
pub struct Postgres {
    tls: Arc<ServerConfig>,
}

impl Postgres {
    /// A database with a certificate from there.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn new(trust: &Trust) -> anyhow::Result<Self> {
        Ok(Self { tls: trust.server(&Site::Postgres.names(), &["postgresql"])? })
    }

    /// Goes through all that comes before the startup message: the client and what it says of itself.
    async fn open(&self, stream: Stream) -> io::Result<Option<(Client, Vec<(String, String)>)>> {
        let mut client = Client { stream, secure: false, server_name: None };
        loop {
            let mut head = [0; 8];
            client.stream.read_exact(&mut head).await?;
            match opening(head, &mut client.stream).await? {
                Opening::Ssl if !client.secure => {
                    client.send(b"S").await?;
                    client = self.secure(client.stream).await?;
                }
                Opening::Hello if !client.secure => client = self.secure(replay(head, client.stream)).await?,
                Opening::Gss => client.send(b"N").await?,
                Opening::Startup(said) => return Ok(Some((client, said))),
                Opening::Version(major, minor) => {
                    let text = format!("unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.0");
                    client.send(&Complaint::fatal("0A000", text).message()).await?;
                    return Ok(None);
                }
                Opening::Cancel | Opening::Ssl | Opening::Hello => return Ok(None),
            }
        }
    }

    async fn secure(&self, stream: Stream) -> io::Result<Client> {
        let stream = TlsAcceptor::from(self.tls.clone()).accept(stream).await?;
        let server_name = stream.get_ref().1.server_name().map(str::to_owned);
        Ok(Client { stream: Box::new(stream), secure: true, server_name })
    }

    /// A client that has logged in.
    async fn log_in(&self, stream: Stream, mood: &Mood) -> io::Result<Option<Client>> {
        let Some((mut client, said)) = self.open(stream).await? else { return Ok(None) };
        match client.authenticate(&said, mood).await {
            Ok(()) => Ok(Some(client)),
            Err(Refusal::Complaint(complaint)) => {
                client.send(&complaint.message()).await?;
                client.stream.shutdown().await?;
                Ok(None)
            }
            Err(Refusal::Broken(error)) => Err(error),
        }
    }

    async fn converse(&self, stream: Stream, mood: &Mood) -> io::Result<()> {
        match tokio::time::timeout(PATIENCE, self.log_in(stream, mood)).await {
            Ok(Ok(Some(mut client))) => client.answer_queries(mood).await,
            Ok(other) => other.map(|_| ()),
            Err(late) => Err(late.into()),
        }
    }
}

impl Service for Postgres {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        Box::pin(async move {
            let mood = mood_at_first(&caller, Site::Postgres).await;
            // A connection that ends badly is the client's to notice.
            let _ = self.converse(stream, &mood).await;
        })
    }
}

/// What was read already, and the rest.
fn replay(head: [u8; 8], stream: Stream) -> Stream {
    let (reader, writer) = tokio::io::split(stream);
    Box::new(tokio::io::join(io::Cursor::new(head).chain(reader), writer))
}

/// One connection.
struct Client {
    stream: Stream,
    secure: bool,
    /// The host that the client named in its TLS handshake.
    server_name: Option<String>,
}

/// Why a client is not let in.
enum Refusal {
    Complaint(Complaint),
    Broken(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<Complaint> for Refusal {
    fn from(complaint: Complaint) -> Self {
        Self::Complaint(complaint)
    }
}

impl Client {
    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    async fn authenticate(&mut self, said: &[(String, String)], mood: &Mood) -> Result<(), Refusal> {
        let value = |name: &str| said.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let user = value("user").unwrap_or_default();
        self.admit(value("options").unwrap_or_default())?;
        if user.is_empty() {
            return Err(Complaint::error("08P01", "missing user in startup packet").into());
        }
        hesitate(mood).await;
        if let Mood::Says(state) = mood
            && !after_login(state)
        {
            return Err(complaint(state).into());
        }
        self.challenge(user, mood).await?;
        let database = value("database").unwrap_or(user);
        if database != DATABASE {
            return Err(Complaint::fatal("3D000", format!("database \"{database}\" does not exist")).into());
        }
        if let Mood::Says(state) = mood {
            return Err(complaint(state).into());
        }
        hesitate(mood).await;
        self.welcome().await.map_err(Refusal::from)
    }

    /// The proxy serves many databases: it wants TLS, and to know which one is meant.
    fn admit(&self, options: &str) -> Result<(), Complaint> {
        if !self.secure {
            return Err(Complaint::error("28000", "connection is insecure (try using `sslmode=require`)"));
        }
        let named = self.server_name.as_deref().is_some_and(|name| Site::Postgres.hosts().contains(&name));
        if named || options.contains("endpoint=") || options.contains("project=") {
            return Ok(());
        }
        Err(Complaint::error(
            "XX000",
            "Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support \
             or pass the endpoint ID (first part of the domain name) as a parameter: '?options=endpoint%3D<endpoint-id>'. \
             See more at https://neon.tech/sni",
        ))
    }

    /// SCRAM; it takes the same way for users that there are not.
    async fn challenge(&mut self, user: &str, mood: &Mood) -> Result<(), Refusal> {
        let malformed = || Refusal::from(Complaint::fatal("08P01", "malformed SASL message"));
        let denied = || Complaint::error("28P01", format!("password authentication failed for user '{user}'"));
        self.send(&authentication(10, &[MECHANISM.as_bytes(), &[0, 0]].concat())).await?;
        let first = self.response().await?;
        let first = first.strip_prefix(MECHANISM.as_bytes()).and_then(|rest| rest.get(5..)).ok_or_else(malformed)?;
        let first = String::from_utf8_lossy(first).into_owned();
        let challenge = Challenge::to(&first, user, &hex(&fresh::<9>())).ok_or_else(malformed)?;
        self.send(&authentication(11, challenge.server_first.as_bytes())).await?;
        let last = String::from_utf8_lossy(&self.response().await?).into_owned();
        let rotated = *mood == Mood::Says("28P01".to_owned());
        let proof = challenge.verify(&last, PASSWORD).filter(|_| user == USER && !rotated).ok_or_else(denied)?;
        self.send(&authentication(12, proof.as_bytes())).await?;
        Ok(())
    }

    /// A message with the client's part of the authentication.
    async fn response(&mut self) -> Result<Vec<u8>, Refusal> {
        match read(&mut self.stream).await? {
            (b'p', body) => Ok(body),
            (kind, _) => {
                let text = format!("expected SASL response, got message type {kind}");
                Err(Complaint::fatal("08P01", text).into())
            }
        }
    }

    async fn welcome(&mut self) -> io::Result<()> {
        let mut bytes = authentication(0, &[]);
        for (name, value) in [
            ("server_version", "17.5"),
            ("server_encoding", "UTF8"),
            ("client_encoding", "UTF8"),
            ("DateStyle", "ISO, MDY"),
            ("TimeZone", "GMT"),
            ("integer_datetimes", "on"),
            ("standard_conforming_strings", "on"),
        ] {
            bytes.extend(parameter(name, value));
        }
        bytes.extend(message(b'K', &[&fresh::<8>()]));
        bytes.extend(message(b'Z', &[b"I"]));
        self.send(&bytes).await
    }

    /// Answers `select 1` and says of everything else that there is nothing behind.
    async fn answer_queries(&mut self, mood: &Mood) -> io::Result<()> {
        loop {
            let (kind, body) = read(&mut self.stream).await?;
            if kind == b'X' {
                return Ok(());
            }
            hesitate(mood).await;
            let text = String::from_utf8_lossy(&body).trim_matches(['\0', ';', ' ', '\n']).to_ascii_lowercase();
            let mut bytes = if kind == b'Q' && text == "select 1" {
                one()
            } else {
                Complaint::error("0A000", "this database answers SELECT 1 and nothing else").message()
            };
            bytes.extend(message(b'Z', &[b"I"]));
            self.send(&bytes).await?;
        }
    }
}

/// The answer to `select 1`.
fn one() -> Vec<u8> {
    let column = [&b"?column?\0"[..], &[0; 6], &[0, 0, 0, 23], &[0, 4], &[0xff; 4], &[0, 0]].concat();
    let row = [&[0, 1][..], &[0, 0, 0, 1], b"1"].concat();
    [message(b'T', &[&[0, 1], &column]), message(b'D', &[&row]), message(b'C', &[b"SELECT 1\0"])].concat()
}

/// Whether a state is the database's own, so that it comes only to those who have logged in.
fn after_login(state: &str) -> bool {
    matches!(state, "28P01" | "3D000" | "53300" | "57P01")
}

/// What is said with a state.
fn complaint(state: &str) -> Complaint {
    let fatal = |text: &str| Complaint::fatal(state, text);
    match state {
        "53300" => fatal("remaining connection slots are reserved for roles with the SUPERUSER attribute"),
        "53400" => Complaint::error(
            "XX000",
            "Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits.",
        ),
        "57P01" => fatal("terminating connection due to administrator command"),
        "57P03" => fatal("the database system is starting up"),
        "3D000" => fatal("database \"app\" does not exist"),
        "XX000" => Complaint::error(state, "Couldn't connect to compute node"),
        "08006" => Complaint::error(state, "Control plane request failed"),
        _ => Complaint::error(state, "internal error"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::crypto::ring::default_provider;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::TlsConnector;

    use super::*;

    /// What a client that says all this at once, without TLS, is told.
    fn told(postgres: &Postgres, said: &[u8]) -> Vec<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let (mut near, far) = tokio::io::duplex(1 << 16);
            near.write_all(said).await.unwrap();
            near.shutdown().await.unwrap();
            let _ = postgres.converse(Box::new(far), &Mood::Well).await;
            let mut told = Vec::new();
            near.read_to_end(&mut told).await.unwrap();
            told
        })
    }

    fn postgres() -> Postgres {
        Postgres::new(&Trust::establish().expect("an authority")).expect("a database")
    }

    const SSL: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";
    const GSS: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x30";
    const STARTUP: &[u8] = b"\0\0\0\x12\0\x03\0\0user\0app\0\0";

    #[test]
    fn it_offers_tls_and_wants_it() {
        let postgres = postgres();
        assert_eq!(told(&postgres, SSL)[0], b'S');
        let clear = told(&postgres, &[GSS, STARTUP].concat());
        assert_eq!(clear[..2], *b"NE");
        assert!(String::from_utf8_lossy(&clear).contains("C28000\0Mconnection is insecure"));
        // What is sent in the clear behind the wish for TLS is no startup message.
        assert!(!String::from_utf8_lossy(&told(&postgres, &[SSL, STARTUP].concat())).contains("insecure"));
    }

    /// What the server asks for after TLS with these protocols, which begins with `first`.
    fn asked(first: &'static [u8], protocols: &[&[u8]]) -> (u8, Vec<u8>) {
        let trust = Trust::establish().expect("an authority");
        let postgres = Postgres::new(&trust).expect("a database");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(trust.pem().as_bytes()).expect("a certificate")).expect("a root");
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions().expect("versions");
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async move {
            let (mut near, far) = tokio::io::duplex(1 << 16);
            let serving = tokio::spawn(async move { postgres.converse(Box::new(far), &Mood::Well).await });
            if !first.is_empty() {
                near.write_all(first).await.unwrap();
                assert_eq!(near.read_u8().await.unwrap(), b'S');
            }
            let name = ServerName::try_from("db.example.com").expect("a name");
            let mut near = TlsConnector::from(Arc::new(config)).connect(name, near).await.expect("TLS");
            near.write_all(STARTUP).await.unwrap();
            let asked = read(&mut near).await.unwrap();
            serving.abort();
            asked
        })
    }

    #[test]
    fn a_probe_gets_as_far_as_the_question_for_a_password() {
        let wanted = (b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0".to_vec());
        assert_eq!(asked(SSL, &[]), wanted);
        assert_eq!(asked(b"", &[b"postgresql"]), wanted, "TLS without a wish for it, as newer clients begin");
    }

    #[test]
    fn what_the_database_says_itself_comes_after_the_proxy_has_authenticated() {
        assert!(after_login("53300") && !after_login("57P03") && !after_login("XX000"));
        assert_eq!(complaint("53400").state, "XX000");
        assert_eq!(complaint("57P03").severity, "FATAL");
    }

    #[test]
    fn garbage_is_borne() {
        let postgres = postgres();
        proptest!(ProptestConfig::with_cases(64), |(bytes in proptest::collection::vec(any::<u8>(), 0..300))| {
            told(&postgres, &bytes);
            told(&postgres, &[SSL, &bytes].concat());
        });
    }
}
