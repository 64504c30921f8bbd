//! Signatures of requests, AWS's version 4: whose they are and whether they hold.

use std::fmt::Write as _;

use bytes::Bytes;
use http::Request;
use sha2::{Digest as _, Sha256};

use super::super::hex;
use super::super::hmac::hmac;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What is wrong with a request's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// There is none.
    Absent,
    /// It cannot be read.
    Malformed,
    /// Nobody has that key.
    UnknownKey,
    /// It is not what the key makes of the request.
    Mismatch,
}

/// Whether a request is signed with this key.
pub fn check(request: &Request<Bytes>, key_id: &str, secret: &str) -> Result<(), Flaw> {
    let authorization = header(request, "authorization").ok_or(Flaw::Absent)?;
    let rest = authorization.strip_prefix(ALGORITHM).ok_or(Flaw::Malformed)?;
    let field = |name: &str| rest.split(',').find_map(|part| part.trim().strip_prefix(name)).ok_or(Flaw::Malformed);
    let (id, scope) = field("Credential=")?.split_once('/').ok_or(Flaw::Malformed)?;
    let (signed, signature) = (field("SignedHeaders=")?, field("Signature=")?);
    let [day, region, service, "aws4_request"] = scope.split('/').collect::<Vec<_>>()[..] else {
        return Err(Flaw::Malformed);
    };
    if id != key_id {
        return Err(Flaw::UnknownKey);
    }
    let at = header(request, "x-amz-date").ok_or(Flaw::Malformed)?;
    let digest = hex(&Sha256::digest(canonical(request, signed)));
    let text = format!("{ALGORITHM}\n{at}\n{scope}\n{digest}");
    let mut key = hmac(format!("AWS4{secret}").as_bytes(), day.as_bytes());
    for part in [region, service, "aws4_request"] {
        key = hmac(&key, part.as_bytes());
    }
    if hex(&hmac(&key, text.as_bytes())) == signature { Ok(()) } else { Err(Flaw::Mismatch) }
}

fn header<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The request in the form that is signed.
fn canonical(request: &Request<Bytes>, signed: &str) -> String {
    let mut query: Vec<&str> = request.uri().query().unwrap_or_default().split('&').filter(|p| !p.is_empty()).collect();
    query.sort_unstable();
    let query: Vec<String> =
        query.iter().map(|p| if p.contains('=') { (*p).to_owned() } else { format!("{p}=") }).collect();
    let mut text = format!("{}\n{}\n{}\n", request.method(), request.uri().path(), query.join("&"));
    for name in signed.split(';') {
        let host = request.uri().host().filter(|_| name == "host");
        let value = header(request, name).or(host).unwrap_or_default();
        let value: Vec<&str> = value.split_whitespace().collect();
        let _ = writeln!(text, "{name}:{}", value.join(" "));
    }
    let payload =
        header(request, "x-amz-content-sha256").map_or_else(|| hex(&Sha256::digest(request.body())), str::to_owned);
    let _ = write!(text, "\n{signed}\n{payload}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example `GET Bucket Lifecycle` of AWS's documentation.
    fn example(signature: &str) -> Request<Bytes> {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature={signature}"
        );
        Request::get("/?lifecycle")
            .header("host", "examplebucket.s3.amazonaws.com")
            .header("x-amz-date", "20130524T000000Z")
            .header("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
            .header("authorization", authorization)
            .body(Bytes::new())
            .expect("a request")
    }

    #[test]
    fn as_the_documentation_has_it() {
        let (id, secret) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let sound = example("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
        assert_eq!(check(&sound, id, secret), Ok(()));
        assert_eq!(check(&sound, id, "another"), Err(Flaw::Mismatch));
        assert_eq!(check(&sound, "another", secret), Err(Flaw::UnknownKey));
        assert_eq!(check(&example(""), id, secret), Err(Flaw::Mismatch));
        assert_eq!(check(&Request::new(Bytes::new()), id, secret), Err(Flaw::Absent));
    }
}
