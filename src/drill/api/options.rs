//! What a list or a watch is asked for, checked as a real server checks it.

use std::time::Duration;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, Engine as _};
use serde_json::{Value, json};

use super::call::Query;
use super::failure::{Cause, Failure};
use super::look::Look;
use super::selector::Selector;
use crate::drill::store::ResourceDef;

/// What a list or a watch is asked for.
#[derive(Debug)]
pub(super) struct ListOptions {
    pub selector: Selector,
    /// How many objects at most; none or zero: all.
    pub limit: Option<usize>,
    pub page: Option<Page>,
    pub revision: Option<u64>,
    /// The list as it was at exactly that revision.
    pub exact: bool,
    pub initial_events: Option<bool>,
    pub bookmarks: bool,
    pub timeout: Option<Duration>,
}

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// As the list was then; `None`: as it is now, because then is forgotten.
    pub revision: Option<u64>,
    /// The last object that was given.
    pub after: (String, String),
}

impl ListOptions {
    pub(super) fn parse(def: &ResourceDef, query: &Query, watch: bool) -> Result<Self, Failure> {
        let selector = Selector::parse(def, query.text("labelSelector"), query.text("fieldSelector"));
        let limit = integer(query, "limit")?.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        let initial_events = query.get("sendInitialEvents").map(|_| query.flag("sendInitialEvents"));
        let matching = query.text("resourceVersionMatch");
        let causes = check(query, matching, initial_events, watch);
        if !causes.is_empty() {
            return Err(Failure::invalid("meta.k8s.io", "ListOptions", "", &causes));
        }
        if !watch && !query.text("continue").is_empty() && !matches!(query.text("resourceVersion"), "" | "0") {
            return Err(Failure::bad_request("specifying resource version is not allowed when using continue"));
        }
        let seconds = integer(query, "timeoutSeconds")?.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
        Ok(Self {
            selector: selector.map_err(Failure::bad_request)?,
            limit,
            page: query.get("continue").filter(|t| !t.is_empty()).map(Page::parse).transpose()?,
            revision: revision(query, watch)?,
            exact: matching == "Exact",
            initial_events,
            bookmarks: query.flag("allowWatchBookmarks"),
            timeout: seconds.map(Duration::from_secs),
        })
    }
}

impl Page {
    /// The token that leads there.
    pub(super) fn token(&self) -> String {
        let (namespace, name) = &self.after;
        let revision = self.revision.map_or(-1, |r| r as i64);
        let token = json!({"v": "meta.k8s.io/v1", "rv": revision, "start": format!("{namespace}/{name}\0")});
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    fn parse(token: &str) -> Result<Self, Failure> {
        let refuse =
            |what: String| Failure::bad_request(format!("invalid continue token: continue key is not valid: {what}"));
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|e| {
            let at = match e {
                DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol(at, _) => at,
                _ => token.len().saturating_sub(1),
            };
            refuse(format!("illegal base64 data at input byte {at}"))
        })?;
        let token: Value = serde_json::from_slice(&bytes).map_err(|e| refuse(e.to_string()))?;
        let start = token.text("start").strip_suffix('\0').and_then(|s| s.split_once('/'));
        let Some((namespace, name)) = start.filter(|_| token.text("v") == "meta.k8s.io/v1") else {
            return Err(refuse("server does not recognize this encoded version".to_owned()));
        };
        Ok(Self { revision: token.at("rv").as_u64(), after: (namespace.to_owned(), name.to_owned()) })
    }
}

fn integer(query: &Query, name: &str) -> Result<Option<i64>, Failure> {
    let Some(text) = query.get(name).filter(|t| !t.is_empty()) else { return Ok(None) };
    let refuse = |_| Failure::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"));
    text.parse().map(Some).map_err(refuse)
}

fn revision(query: &Query, watch: bool) -> Result<Option<u64>, Failure> {
    let Some(text) = query.get("resourceVersion").filter(|t| !t.is_empty()) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let message =
            format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax");
        if watch {
            Failure::internal(message)
        } else {
            Failure::bad_request(format!("invalid resource version: {message}"))
        }
    })
}

/// What contradicts what.
fn check(query: &Query, matching: &str, initial_events: Option<bool>, watch: bool) -> Vec<Cause> {
    const FIELD: &str = "resourceVersionMatch";
    let mut causes = Vec::new();
    let mut forbid = |field, message: &str| causes.push(Cause::forbidden(field, message));
    if watch {
        if initial_events.is_some() && matching != "NotOlderThan" {
            forbid(FIELD, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        }
        if !matching.is_empty() && initial_events.is_none() {
            forbid(FIELD, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
        }
        return causes;
    }
    if initial_events.is_some() {
        forbid("sendInitialEvents", "sendInitialEvents is forbidden for list");
    }
    let revision = query.text("resourceVersion");
    match matching {
        "" => {}
        _ if revision.is_empty() => {
            forbid(FIELD, "resourceVersionMatch is forbidden unless resourceVersion is provided");
        }
        _ if !query.text("continue").is_empty() => {
            forbid(FIELD, "resourceVersionMatch is forbidden when continue is provided");
        }
        "Exact" if revision == "0" => {
            forbid(FIELD, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
        }
        "Exact" | "NotOlderThan" => {}
        other => causes.push(Cause::unsupported(FIELD, other, &["Exact", "NotOlderThan", ""])),
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_comes_back_from_its_token() {
        for revision in [Some(4711), None] {
            let page = Page { revision, after: ("x".to_owned(), "web-1".to_owned()) };
            assert_eq!(Page::parse(&page.token()), Ok(page));
        }
        let Err(Failure::Status { body, .. }) = Page::parse("bogus") else { panic!("a token that is none was taken") };
        let want = "invalid continue token: continue key is not valid: illegal base64 data at input byte 4";
        assert_eq!(body["message"], want);
    }
}
