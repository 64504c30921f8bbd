//! Paths of lists and watches.

use std::fmt::Write;
use std::time::Duration;

use crate::situation::Kind;
use crate::watch::decode::Form;

/// How many objects a page holds.
const PAGE: usize = 100;

/// The path of a kind, in one namespace or in all.
pub(in crate::watch) fn path(kind: Kind, namespace: Option<&str>) -> String {
    let resource = kind.resource();
    let root = if resource.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", resource.group) };
    let inside = namespace.map_or_else(String::new, |n| format!("/namespaces/{}", segment(n)));
    format!("{root}/{}{inside}/{}", resource.version, resource.plural)
}

/// One page of a list.
pub(super) fn list(kind: Kind, namespace: Option<&str>, next: Option<&str>) -> String {
    let mut path = path(kind, namespace);
    let _ = write!(path, "?limit={PAGE}");
    if let Some(token) = next {
        let _ = write!(path, "&continue={}", segment(token));
    }
    path
}

/// A watch from a version on.
pub(super) fn watch(kind: Kind, namespace: Option<&str>, version: &str, lasting: Duration) -> String {
    let mut path = path(kind, namespace);
    let seconds = lasting.as_secs().max(1);
    let version = segment(version);
    let _ = write!(path, "?watch=true&allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds={seconds}");
    path
}

/// What a list is asked to be.
pub(in crate::watch) fn list_form(form: Form) -> &'static str {
    match form {
        Form::Whole => "application/json",
        // No plain JSON as a second choice: rather no answer than one with values in it.
        Form::Metadata => "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    }
}

/// What the events of a watch are asked to be.
pub(super) fn watch_form(form: Form) -> &'static str {
    match form {
        Form::Whole => "application/json",
        Form::Metadata => "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    }
}

/// One segment of a path or one value of a query, with everything escaped that could be taken for more.
pub(in crate::watch) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_the_api_wants_them() {
        assert_eq!(list(Kind::Pod, None, None), "/api/v1/pods?limit=100");
        assert_eq!(
            list(Kind::Deployment, Some("shop"), Some("a+b=")),
            "/apis/apps/v1/namespaces/shop/deployments?limit=100&continue=a%2Bb%3D"
        );
        assert_eq!(
            watch(Kind::HorizontalPodAutoscaler, None, "42", Duration::from_millis(2500)),
            "/apis/autoscaling/v2/horizontalpodautoscalers\
             ?watch=true&allowWatchBookmarks=true&resourceVersion=42&timeoutSeconds=2"
        );
        assert_eq!(list(Kind::Pod, Some("../x?y"), None), "/api/v1/namespaces/..%2Fx%3Fy/pods?limit=100");
    }
}
