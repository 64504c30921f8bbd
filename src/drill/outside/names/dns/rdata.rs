//! Records between the words of a zone file and the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, NS, NULL, SOA, SRV, TXT};
use hickory_proto::rr::{Name, RData, RecordType};

use crate::drill::world::{Line, Type};

/// The most bytes that one string of a text record holds.
const STRING: usize = 255;

/// The type that a question asks for; `None` for those that nobody has.
pub(super) const fn kind_of(asked: RecordType) -> Option<Type> {
    Some(match asked {
        RecordType::A => Type::A,
        RecordType::AAAA => Type::Aaaa,
        RecordType::CNAME => Type::Cname,
        RecordType::NS => Type::Ns,
        RecordType::SOA => Type::Soa,
        RecordType::MX => Type::Mx,
        RecordType::TXT => Type::Txt,
        RecordType::CAA => Type::Caa,
        RecordType::SRV => Type::Srv,
        RecordType::DS => Type::Ds,
        RecordType::DNSKEY => Type::Dnskey,
        _ => return None,
    })
}

/// The same, the other way.
pub(super) const fn type_of(kind: Type) -> RecordType {
    match kind {
        Type::A => RecordType::A,
        Type::Aaaa => RecordType::AAAA,
        Type::Cname => RecordType::CNAME,
        Type::Ns => RecordType::NS,
        Type::Soa => RecordType::SOA,
        Type::Mx => RecordType::MX,
        Type::Txt => RecordType::TXT,
        Type::Caa => RecordType::CAA,
        Type::Srv => RecordType::SRV,
        Type::Ds => RecordType::DS,
        Type::Dnskey => RecordType::DNSKEY,
    }
}

/// What a record says, for the wire; `None` if it cannot be said.
pub(super) fn data_of(line: &Line) -> Option<RData> {
    let mut words = line.text.split_whitespace();
    Some(match line.kind {
        Type::A => RData::A(A(line.text.parse().ok()?)),
        Type::Aaaa => RData::AAAA(AAAA(line.text.parse().ok()?)),
        Type::Cname => RData::CNAME(CNAME(name(&line.text)?)),
        Type::Ns => RData::NS(NS(name(&line.text)?)),
        Type::Mx => {
            let last = words.next_back()?;
            // A priority that the zone does not give is ten.
            RData::MX(MX::new(words.next().map_or(Some(10), |word| word.parse().ok())?, name(last)?))
        }
        Type::Soa => {
            let (server, mailbox) = (name(words.next()?)?, name(words.next()?)?);
            let mut number = || words.next()?.parse::<u32>().ok();
            let serial = number()?;
            let mut span = || i32::try_from(number()?).ok();
            let (refresh, retry, expire) = (span()?, span()?, span()?);
            RData::SOA(SOA::new(server, mailbox, serial, refresh, retry, expire, number()?))
        }
        Type::Srv => {
            let mut number = || words.next()?.parse().ok();
            let (priority, weight, port) = (number()?, number()?, number()?);
            RData::SRV(SRV::new(priority, weight, port, name(words.next()?)?))
        }
        Type::Txt => {
            let text = line.text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(&line.text);
            RData::TXT(TXT::from_bytes(text.as_bytes().chunks(STRING).collect()))
        }
        Type::Caa | Type::Ds | Type::Dnskey => raw(line.kind, raw_bytes(line)?),
    })
}

/// A record of which only the bytes are known.
pub(super) fn raw(kind: Type, bytes: Vec<u8>) -> RData {
    RData::Unknown { code: type_of(kind), rdata: NULL::with(bytes) }
}

fn raw_bytes(line: &Line) -> Option<Vec<u8>> {
    let mut words = line.text.split_whitespace();
    if line.kind == Type::Caa {
        let (flags, tag) = (words.next()?.parse::<u8>().ok()?, words.next()?);
        let value = line.text.split_once(tag)?.1.trim().trim_matches('"');
        return Some([&[flags, u8::try_from(tag.len()).ok()?], tag.as_bytes(), value.as_bytes()].concat());
    }
    let mut bytes = words.next()?.parse::<u16>().ok()?.to_be_bytes().to_vec();
    bytes.extend([words.next()?.parse::<u8>().ok()?, words.next()?.parse::<u8>().ok()?]);
    let rest: String = words.collect();
    bytes.extend(if line.kind == Type::Ds { hex(&rest)? } else { STANDARD.decode(rest).ok()? });
    Some(bytes)
}

/// A name whose last dot may be missing.
pub(super) fn name(text: &str) -> Option<Name> {
    let mut name = Name::from_ascii(text).ok()?;
    name.set_fqdn(true);
    Some(name)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text.as_bytes().chunks(2).map(pair).collect()
}
