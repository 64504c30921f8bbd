//! In which shape a client wants its answer, read from its `Accept` header.

use super::failure::Failure;

/// The shape of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The objects themselves.
    Plain,
    /// Rows for people.
    Table,
    /// Metadata alone.
    Metadata,
}

/// Whether a client prefers discovery in one document over one a group.
pub(super) fn wants_aggregated(accept: &str) -> bool {
    let first = ranges(accept).find(Range::is_json);
    first.is_some_and(|r| {
        r.get("as") == "APIGroupDiscoveryList" && r.get("g") == "apidiscovery.k8s.io" && r.get("v") == "v2"
    })
}

/// The first shape in the client's list that the server has.
pub(super) fn negotiate(accept: &str) -> Result<Shape, Failure> {
    if accept.is_empty() {
        return Ok(Shape::Plain);
    }
    let shape = |r: &Range<'_>| match (r.get("as"), r.get("g"), r.get("v")) {
        _ if !r.is_json() => None,
        ("", ..) => Some(Shape::Plain),
        ("Table", "meta.k8s.io", "v1") => Some(Shape::Table),
        ("PartialObjectMetadata" | "PartialObjectMetadataList", "meta.k8s.io", "v1") => Some(Shape::Metadata),
        _ => None,
    };
    ranges(accept).find_map(|r| shape(&r)).ok_or_else(Failure::not_acceptable)
}

/// One media range: its type and its parameters.
struct Range<'a> {
    kind: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl Range<'_> {
    fn is_json(&self) -> bool {
        matches!(self.kind, "application/json" | "application/*" | "*/*")
    }

    fn get(&self, name: &str) -> &str {
        self.parameters.iter().find(|(k, _)| *k == name).map_or("", |(_, v)| v)
    }
}

fn ranges(accept: &str) -> impl Iterator<Item = Range<'_>> {
    accept.split(',').map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        Range { kind, parameters: parts.filter_map(|p| p.split_once('=')).collect() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_shape_that_the_server_has_wins() {
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        for (accept, want) in [
            ("", Shape::Plain),
            ("application/vnd.kubernetes.protobuf, */*", Shape::Plain),
            (kubectl, Shape::Table),
            ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Shape::Metadata),
        ] {
            assert_eq!(negotiate(accept), Ok(want), "{accept}");
        }
        assert_eq!(negotiate("text/html"), Err(Failure::not_acceptable()));
        assert!(wants_aggregated(
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
        ));
        assert!(!wants_aggregated("application/json"));
    }
}
