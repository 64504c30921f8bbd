//! What may be written into a record.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value, json};

use super::super::super::Site;
use super::envelope::Fault;
use crate::drill::world::{Kind, Record, Zone};

/// The longest name, as DNS has it, and the longest content.
const LONGEST_NAME: usize = 253;
const LONGEST_CONTENT: usize = 2048;

/// A record as a body describes it; what it leaves out is as in `before`.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn record(zone: &Zone, body: &Map<String, Value>, before: Option<&Record>) -> Result<Record, Fault> {
    let kind = match body.get("type") {
        None => before.map(|record| record.kind),
        Some(kind) => kind.as_str().and_then(|kind| Kind::named(&kind.to_ascii_uppercase())),
    };
    let kind = kind.ok_or_else(|| invalid(9004, "DNS record type is invalid."))?;
    let name = match body.get("name") {
        None => before.map(|record| record.name.clone()),
        Some(name) => name.as_str().and_then(|name| whole_name(zone, name)),
    };
    let name = name.ok_or_else(|| invalid(9000, "DNS name is invalid."))?;
    let content = match body.get("content") {
        None => before.map(|record| record.content.clone()),
        Some(content) => content.as_str().map(|content| content.trim().to_owned()),
    };
    let content = checked(kind, content.ok_or_else(|| invalid(9002, "DNS content is missing."))?)?;
    let proxied = match body.get("proxied") {
        None => before.is_some_and(|record| record.proxied) && kind.can_be_proxied(),
        Some(proxied) => {
            proxied.as_bool().ok_or_else(|| invalid(9003, "Invalid 'proxied' value, must be a boolean"))?
        }
    };
    let ttl = match body.get("ttl") {
        None => before.map_or(1, |record| record.ttl),
        Some(ttl) => ttl.as_u64().and_then(|ttl| u32::try_from(ttl).ok()).unwrap_or(0),
    };
    if ttl != 1 && !(60..=86_400).contains(&ttl) {
        return Err(invalid(9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic."));
    }
    if proxied {
        proxiable(kind, &content)?;
    }
    let id = before.map(|record| record.id.clone()).unwrap_or_default();
    Ok(Record { id, name, kind, content, proxied, ttl: if proxied { 1 } else { ttl } })
}

/// Whether a record can stand beside the others.
///
/// # Errors
/// What it clashes with.
pub fn beside(zone: &Zone, record: &Record) -> Result<(), Fault> {
    let mut others = zone.records.iter().filter(|other| other.id != record.id && other.name == record.name);
    if others.clone().any(|other| other.kind == record.kind && other.content == record.content) {
        return Err(Fault::new(400, 81058, "An identical record already exists."));
    }
    if record.kind == Kind::Cname && others.clone().any(|other| other.kind == Kind::Cname) {
        return Err(Fault::new(400, 81057, "The record already exists."));
    }
    if record.kind == Kind::Cname && others.any(|other| other.kind.can_be_proxied()) {
        return Err(Fault::new(400, 81053, "An A, AAAA, or CNAME record with that host already exists."));
    }
    let alias = zone.records.iter().find(|o| o.id != record.id && o.name == record.name && o.kind == Kind::Cname);
    if record.kind.can_be_proxied() && alias.is_some() {
        return Err(Fault::new(400, 81054, "A CNAME record with that host already exists."));
    }
    Ok(())
}

/// A name with the zone's behind it, written small; nothing if it is none.
fn whole_name(zone: &Zone, name: &str) -> Option<String> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let name = match name.as_str() {
        "@" => zone.name.to_owned(),
        name if zone.holds(name) => name.to_owned(),
        name => format!("{name}.{}", zone.name),
    };
    is_name(&name).then_some(name)
}

fn is_name(name: &str) -> bool {
    let is_label = |(place, label): (usize, &str)| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (place == 0 && label == "*") || (!label.is_empty() && label.len() <= 63 && label.bytes().all(plain))
    };
    name.len() <= LONGEST_NAME && name.split('.').enumerate().all(is_label)
}

/// Content that fits the type.
fn checked(kind: Kind, content: String) -> Result<String, Fault> {
    if content.len() > LONGEST_CONTENT || content.chars().any(char::is_control) {
        return Err(invalid(9009, "Content is too long or has characters that are not allowed."));
    }
    match kind {
        Kind::A if content.parse::<Ipv4Addr>().is_err() => {
            Err(invalid(9005, "Content for A record must be a valid IPv4 address."))
        }
        Kind::Aaaa if content.parse::<Ipv6Addr>().is_err() => {
            Err(invalid(9006, "Content for AAAA record must be a valid IPv6 address."))
        }
        Kind::Cname if !is_name(content.trim_end_matches('.')) => {
            Err(invalid(9007, "Content for CNAME record is invalid."))
        }
        Kind::Cname => Ok(content.trim_end_matches('.').to_ascii_lowercase()),
        Kind::Mx if !is_name(content.trim_end_matches('.')) => Err(invalid(9009, "Content for MX record is invalid.")),
        _ if content.is_empty() => Err(invalid(9002, "DNS content is missing.")),
        _ => Ok(content),
    }
}

/// Whether the edge would stand before it.
fn proxiable(kind: Kind, content: &str) -> Result<(), Fault> {
    if !kind.can_be_proxied() {
        return Err(invalid(9004, "This record type cannot be proxied."));
    }
    let private = match content.parse() {
        Ok(IpAddr::V4(ip)) => ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Err(_) => false,
    };
    if private || Site::Edge.addresses().contains(&content) {
        return Err(invalid(9003, &format!("Target {content} is not allowed for a proxied record.")));
    }
    Ok(())
}

fn invalid(code: u32, message: &str) -> Fault {
    Fault::new(400, 1004, "DNS Validation Error").because(json!({ "code": code, "message": message }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(body: Value) -> Result<Record, u64> {
        let zone = Zone::default();
        let made = record(&zone, body.as_object().unwrap(), None).map_err(|fault| fault.code())?;
        beside(&zone, &made).map_err(|fault| fault.code())?;
        Ok(made)
    }

    #[test]
    fn names_belong_to_the_zone() {
        let name = |name: &str| made(json!({ "type": "A", "name": name, "content": "203.0.113.9" })).map(|r| r.name);
        assert_eq!(name("www"), Ok("www.example.com".into()));
        assert_eq!(name("@"), Ok("example.com".into()));
        assert_eq!(name("WWW.Example.com."), Ok("www.example.com".into()));
        assert_eq!(name("*.example.com"), Ok("*.example.com".into()));
        for wrong in ["a..b", "", "a b", "a.*.b", "\u{1b}[2J", &"a".repeat(64), &"a.".repeat(130)] {
            assert_eq!(name(wrong), Err(9000), "{wrong:?}");
        }
    }

    #[test]
    fn contents_fit_their_type() {
        let with = |kind: &str, content: Value| made(json!({ "type": kind, "name": "x", "content": content })).err();
        assert_eq!(with("A", json!("203.0.113.300")), Some(9005));
        assert_eq!(with("AAAA", json!("203.0.113.1")), Some(9006));
        assert_eq!(with("CNAME", json!("not a name")), Some(9007));
        assert_eq!(with("TXT", json!("")), Some(9002));
        assert_eq!(with("TXT", json!("a\u{7}b")), Some(9009));
        assert_eq!(with("A", json!(7)), Some(9002));
        assert_eq!(with("NAPTR", json!("x")), Some(9004));
        assert_eq!(with("TXT", json!("v=spf1 -all")), None);
    }

    #[test]
    fn what_is_proxied_has_no_ttl_of_its_own_and_leads_outside() {
        let with = |content: &str, ttl: u64| {
            made(json!({ "type": "A", "name": "x", "content": content, "proxied": true, "ttl": ttl }))
        };
        assert_eq!(with("203.0.113.14", 120).map(|r| (r.ttl, r.proxied)), Ok((1, true)));
        assert_eq!(with("10.0.0.11", 1), Err(9003));
        assert_eq!(with(Site::Edge.addresses()[0], 1), Err(9003));
        assert_eq!(with("203.0.113.14", 59), Err(9021));
        assert_eq!(made(json!({ "type": "TXT", "name": "x", "content": "y", "proxied": true })), Err(9004));
        assert_eq!(made(json!({ "type": "A", "name": "x", "content": "203.0.113.9", "proxied": "yes" })), Err(9003));
    }

    #[test]
    fn records_clash() {
        let of_api = |kind: &str, content: &str| made(json!({ "type": kind, "name": "api", "content": content })).err();
        assert_eq!(of_api("A", "203.0.113.11"), Some(81058));
        assert_eq!(of_api("CNAME", "elsewhere.example.org"), Some(81053));
        assert_eq!(of_api("A", "203.0.113.14"), None);
        assert_eq!(of_api("TXT", "beside"), None);
    }
}
