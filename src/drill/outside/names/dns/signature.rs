//! Signatures that look like those of a signed zone. They verify with no key: whoever checks them finds them bogus.

use hickory_proto::rr::rdata::NULL;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinEncodable as _, BinEncoder};
use jiff::Timestamp;

use super::rdata::{name, type_of};
use crate::drill::world::{Line, Type, digest, key_tag, signing_keys};

/// ECDSA on P-256 with SHA-256.
const ALGORITHM: u8 = 13;
/// How long a signature holds before and after the day on which it is made, in seconds.
const MARGIN: i64 = 86_400;

/// One signature for each set of records.
pub(super) fn signatures(lines: &[Line], zone: &str, now: Timestamp) -> Vec<Record> {
    let mut signed: Vec<(&str, Type)> = Vec::new();
    let mut records = Vec::new();
    for line in lines {
        let set = (line.name.as_str(), line.kind);
        if !signed.contains(&set) {
            signed.push(set);
            records.extend(signature(line, zone, now));
        }
    }
    records
}

fn signature(line: &Line, zone: &str, now: Timestamp) -> Option<Record> {
    let [keys_key, zone_key] = signing_keys(zone);
    let owner = name(&line.name)?;
    let day = now.as_second() - now.as_second().rem_euclid(MARGIN);
    let mut data = u16::from(type_of(line.kind)).to_be_bytes().to_vec();
    data.extend([ALGORITHM, owner.num_labels()]);
    data.extend(line.whole_ttl.to_be_bytes());
    for at in [day + 2 * MARGIN, day - MARGIN] {
        data.extend((at as u32).to_be_bytes());
    }
    data.extend(key_tag(if line.kind == Type::Dnskey { &keys_key } else { &zone_key })?.to_be_bytes());
    data.extend(wire(&name(zone)?)?);
    let seed = format!("{}/{:?}/{day}", line.name, line.kind);
    data.extend(digest(&seed).into_bytes());
    Some(Record::from_rdata(owner, line.ttl, RData::Unknown { code: RecordType::RRSIG, rdata: NULL::with(data) }))
}

/// A name as it is on the wire, uncompressed.
fn wire(name: &Name) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    name.emit(&mut BinEncoder::new(&mut bytes)).ok()?;
    Some(bytes)
}
