//! The little of Kubernetes' protobuf that clients insist on sending: the bodies of access reviews.

use serde_json::{Map, Value, json};

/// What every protobuf body of Kubernetes begins with.
const MAGIC: &[u8] = b"k8s\0";

/// The field numbers of `ResourceAttributes` that count here.
const RESOURCE: &[(u64, &str)] =
    &[(1, "namespace"), (2, "verb"), (3, "group"), (4, "version"), (5, "resource"), (6, "subresource"), (7, "name")];
const PATH: &[(u64, &str)] = &[(1, "path"), (2, "verb")];

/// The spec of a review as JSON; `None` if the body is no such thing.
pub(super) fn review_spec(body: &[u8]) -> Option<Value> {
    let envelope = fields(body.strip_prefix(MAGIC)?)?;
    let review = fields(find(&envelope, 2).unwrap_or_default())?;
    let spec = fields(find(&review, 2).unwrap_or_default())?;
    let part = |number, names| find(&spec, number).map_or(Some(Value::Null), |bytes| texts(bytes, names));
    // The spec of a review of rules is a namespace where that of a review of access is an object; nothing rests on it.
    Some(json!({
        "resourceAttributes": part(1, RESOURCE).unwrap_or_default(),
        "nonResourceAttributes": part(2, PATH).unwrap_or_default(),
    }))
}

type Field<'a> = (u64, &'a [u8]);

fn find<'a>(fields: &[Field<'a>], number: u64) -> Option<&'a [u8]> {
    fields.iter().find(|(n, _)| *n == number).map(|(_, bytes)| *bytes)
}

/// The texts among the fields that have a name.
fn texts(bytes: &[u8], names: &[(u64, &str)]) -> Option<Value> {
    let fields = fields(bytes)?;
    let of_field = |(number, text): &Field<'_>| {
        let (_, name) = names.iter().find(|(n, _)| n == number)?;
        Some(((*name).to_owned(), Value::from(String::from_utf8_lossy(text))))
    };
    Some(Value::Object(fields.iter().filter_map(of_field).collect::<Map<_, _>>()))
}

/// The fields of a message that are texts, bytes or messages; numbers are skipped. `None` if it is no message.
fn fields(mut bytes: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        match tag & 7 {
            0 => {
                varint(&mut bytes)?;
            }
            1 => bytes = bytes.get(8..)?,
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let (field, rest) = bytes.split_at_checked(length)?;
                found.push((tag >> 3, field));
                bytes = rest;
            }
            5 => bytes = bytes.get(4..)?,
            _ => return None,
        }
    }
    Some(found)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_is_read_and_rubbish_is_not() {
        let message = |number: u8, body: &[u8]| [&[number << 3 | 2, body.len() as u8], body].concat();
        let attributes = [message(1, b"x"), message(2, b"delete"), message(5, b"pods"), message(3, b"")].concat();
        let review = message(2, &message(1, &attributes));
        let body = [MAGIC, &message(1, b""), &message(2, &review)].concat();
        let spec = review_spec(&body).expect("a review");
        let want = json!({"namespace": "x", "verb": "delete", "resource": "pods", "group": ""});
        assert_eq!(spec["resourceAttributes"], want);
        assert_eq!(review_spec(b"k8s\0\x12\xff\xff"), None);
        assert_eq!(review_spec(b"{}"), None);
    }
}
