//! The little of Kubernetes' protobuf that clients insist on sending: access reviews, evictions, options of deletions, and
//! what `kubectl create` makes.

mod object;

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

/// The options of a deletion, an eviction that holds them, or an object of a kind that is known, as JSON; `None` if the
/// body is none of them.
pub(super) fn object(body: &[u8]) -> Option<Value> {
    let envelope = fields(body.strip_prefix(MAGIC)?)?;
    let meta = texts(find(&envelope, 1).unwrap_or_default(), &[(1, "apiVersion"), (2, "kind")])?;
    let raw = fields(find(&envelope, 2).unwrap_or_default())?;
    let mut object = match meta["kind"].as_str()? {
        "DeleteOptions" => delete_options(&raw)?,
        "Eviction" => json!({
            "metadata": texts(find(&raw, 1).unwrap_or_default(), &[(1, "name"), (3, "namespace")])?,
            "deleteOptions": delete_options(&fields(find(&raw, 2).unwrap_or_default())?)?,
        }),
        kind => object::of_kind(kind, &raw)?,
    };
    object["kind"] = meta["kind"].clone();
    object["apiVersion"] = meta["apiVersion"].clone();
    Some(object)
}

fn delete_options(fields: &[Field<'_>]) -> Option<Value> {
    let mut options = json!({});
    for (number, content) in fields {
        match (number, content) {
            (1, Content::Number(seconds)) => options["gracePeriodSeconds"] = (*seconds as i64).into(),
            (2, Content::Bytes(bytes)) => {
                options["preconditions"] = texts(bytes, &[(1, "uid"), (2, "resourceVersion")])?;
            }
            (4, Content::Bytes(bytes)) => options["propagationPolicy"] = String::from_utf8_lossy(bytes).into(),
            (5, Content::Bytes(bytes)) => options["dryRun"] = json!([String::from_utf8_lossy(bytes)]),
            _ => {}
        }
    }
    Some(options)
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
enum Content<'a> {
    /// A text, bytes or a message.
    Bytes(&'a [u8]),
    Number(u64),
}

type Field<'a> = (u64, Content<'a>);

fn find<'a>(fields: &[Field<'a>], number: u64) -> Option<&'a [u8]> {
    fields.iter().find_map(|(n, content)| match content {
        Content::Bytes(bytes) if *n == number => Some(*bytes),
        _ => None,
    })
}

/// The texts among the fields that have a name.
fn texts(bytes: &[u8], names: &[(u64, &str)]) -> Option<Value> {
    let fields = fields(bytes)?;
    let of_field = |(number, content): &Field<'_>| {
        let Content::Bytes(text) = content else { return None };
        let (_, name) = names.iter().find(|(n, _)| n == number)?;
        Some(((*name).to_owned(), Value::from(String::from_utf8_lossy(text))))
    };
    Some(Value::Object(fields.iter().filter_map(of_field).collect::<Map<_, _>>()))
}

/// The fields of a message; numbers of fixed length are skipped. `None` if it is no message.
fn fields(mut bytes: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        match tag & 7 {
            0 => found.push((tag >> 3, Content::Number(varint(&mut bytes)?))),
            1 => bytes = bytes.get(8..)?,
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let (field, rest) = bytes.split_at_checked(length)?;
                found.push((tag >> 3, Content::Bytes(field)));
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

    fn message(number: u8, body: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, body.len() as u8], body].concat()
    }

    #[test]
    fn an_eviction_and_its_options_are_read() {
        let meta = [message(1, b"policy/v1"), message(2, b"Eviction")].concat();
        let options = [&[1 << 3, 30][..], &message(2, &message(1, b"u-1")), &message(5, b"All")].concat();
        let raw = [message(1, &[message(1, b"web-1"), message(3, b"x")].concat()), message(2, &options)].concat();
        let body = [MAGIC, &message(1, &meta), &message(2, &raw)].concat();
        let want = json!({"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "web-1", "namespace": "x"},
            "deleteOptions": {"gracePeriodSeconds": 30, "preconditions": {"uid": "u-1"}, "dryRun": ["All"]}});
        assert_eq!(super::object(&body), Some(want));
        assert_eq!(super::object(b"k8s\0\x0a\x00"), None);
    }

    #[test]
    fn an_object_is_read_whole_or_not_at_all() {
        let about = [message(1, b"v1"), message(2, b"ConfigMap")].concat();
        let entry = message(2, &[message(1, b"a"), message(2, b"b")].concat());
        let with = |more: &[u8]| {
            let meta = message(1, &[message(1, b"x"), message(3, b""), message(8, b""), more.to_vec()].concat());
            [MAGIC, &message(1, &about), &message(2, &[meta, entry.clone()].concat())].concat()
        };
        let want = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "b"}});
        assert_eq!(super::object(&with(b"")), Some(want));
        assert_eq!(super::object(&with(&message(17, b"managed"))), None, "a field that is not known");
    }

    #[test]
    fn a_review_is_read_and_rubbish_is_not() {
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
