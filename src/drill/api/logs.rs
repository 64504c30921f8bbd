//! What containers write: checked as the API server and the kubelet check it, cut as asked, followed while they run.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::answer::Answer;
use super::backend::{Backend, LogLine, LogRefusal};
use super::call::{Call, Query};
use super::face::Face;
use super::failure::{Cause, Failure};
use super::look::Look;
use crate::drill::store::{ResourceId, Store};

/// How often a followed log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What of a log is wanted.
#[derive(Debug, Default)]
struct Wanted {
    container: String,
    previous: bool,
    follow: bool,
    stamps: bool,
    tail: Option<usize>,
    since: Option<Timestamp>,
    bytes: Option<usize>,
}

/// Answers a request for a log.
pub(super) fn answer(face: &Arc<Face>, namespace: &str, pod: &str, call: &Call) -> Result<Answer, Failure> {
    let now = face.with(|b| b.now());
    let mut wanted = Wanted::parse(pod, &call.query, now)?;
    let (object, lines) = face.with(|backend| {
        let object = find(backend, namespace, pod)?;
        wanted.container = container(&object, pod, &wanted.container)?;
        if object.text("spec.nodeName").is_empty() {
            return Ok((object, None));
        }
        reachable(backend, object.text("spec.nodeName"))?;
        started(&object, pod, &wanted)?;
        let lines = backend.logs(namespace, pod, &wanted.container, wanted.previous);
        let lines = lines.map_err(|r| refuse(&object, &wanted.container, r))?;
        Ok::<_, Failure>((object, Some(lines)))
    })?;
    let Some(lines) = lines else { return Ok(Answer::Nothing) };
    let tail = Tail { last: None, left: wanted.bytes.unwrap_or(usize::MAX), stamps: wanted.stamps };
    let run = run_of(&object, &wanted.container);
    if wanted.follow && !wanted.previous && run.is_some() {
        let place = [namespace, pod, &wanted.container].map(str::to_owned);
        let follow = Follow { face: face.clone(), place, run, tail, first: Some(wanted.first(lines)), over: false };
        return Ok(Answer::stream("text/plain", follow.pieces()));
    }
    let mut tail = tail;
    let text = tail.write(&wanted.first(lines));
    Ok(Answer::stream("text/plain", futures::stream::iter([Bytes::from(text)])))
}

impl Wanted {
    fn parse(pod: &str, query: &Query, now: Timestamp) -> Result<Self, Failure> {
        let mut causes = Vec::new();
        let mut number = |field: &'static str, least: i64, words: &str| {
            let text = query.get(field).filter(|t| !t.is_empty())?;
            let number = text.parse::<i64>().ok().filter(|n| *n >= least);
            if number.is_none() {
                causes.push(Cause::invalid(field, text, words));
            }
            number
        };
        let tail = number("tailLines", 0, "must be greater than or equal to 0");
        let seconds = number("sinceSeconds", 1, "must be greater than 0");
        let bytes = number("limitBytes", 1, "must be greater than 0");
        if query.get("sinceSeconds").is_some() && query.get("sinceTime").is_some() {
            causes.push(Cause::forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
        }
        if !causes.is_empty() {
            return Err(Failure::invalid("", "PodLogOptions", pod, &causes));
        }
        let ago = seconds.and_then(|s| now.checked_sub(SignedDuration::from_secs(s)).ok());
        Ok(Self {
            container: query.text("container").to_owned(),
            previous: query.flag("previous"),
            follow: query.flag("follow"),
            stamps: query.flag("timestamps"),
            tail: tail.and_then(|n| usize::try_from(n).ok()),
            since: ago.or_else(|| query.text("sinceTime").parse().ok()),
            bytes: bytes.and_then(|n| usize::try_from(n).ok()),
        })
    }

    /// The lines to begin with.
    fn first(&self, mut lines: Vec<LogLine>) -> Vec<LogLine> {
        lines.retain(|l| self.since.is_none_or(|since| l.at >= since));
        let skip = self.tail.map_or(0, |tail| lines.len().saturating_sub(tail));
        lines.split_off(skip)
    }
}

pub(super) fn find(backend: &mut dyn Backend, namespace: &str, pod: &str) -> Result<Arc<Value>, Failure> {
    let pods = pods().ok_or_else(Failure::no_resource)?;
    backend.store().get(pods, namespace, pod).ok_or_else(|| Failure::not_found(pods.def(), pod))
}

/// A kubelet that has not said where it is cannot be asked.
fn reachable(backend: &mut dyn Backend, node: &str) -> Result<(), Failure> {
    let nodes = Store::resource("", "nodes").ok_or_else(Failure::no_resource)?;
    let node = backend.store().get(nodes, "", node);
    if node.is_some_and(|node| node.items("status.addresses").is_empty()) {
        return Err(Failure::internal("no preferred addresses found; known addresses: []"));
    }
    Ok(())
}

fn pods() -> Option<ResourceId> {
    Store::resource("", "pods")
}

/// The container that is meant: the one named, or the only one.
pub(super) fn container(object: &Value, pod: &str, asked: &str) -> Result<String, Failure> {
    let names = |field: &str| object.at("spec").items(field).iter().map(|c| c.text("name")).collect::<Vec<_>>();
    let (own, init) = (names("containers"), names("initContainers"));
    if asked.is_empty() {
        return match (own.as_slice(), init.as_slice()) {
            ([one], _) => Ok((*one).to_owned()),
            (several, init) => {
                let listed = several.join(" ");
                let mut message =
                    format!("a container name must be specified for pod {pod}, choose one of: [{listed}]");
                if !init.is_empty() {
                    let _ = write!(message, " or one of the init containers: [{}]", init.join(" "));
                }
                Err(Failure::bad_request(message))
            }
        };
    }
    let known = own.contains(&asked) || init.contains(&asked) || names("ephemeralContainers").contains(&asked);
    let refuse = || Failure::bad_request(format!("container {asked} is not valid for pod {pod}"));
    known.then(|| asked.to_owned()).ok_or_else(refuse)
}

pub(super) fn status_of<'a>(object: &'a Value, container: &str) -> Option<&'a Value> {
    let fields = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let mut all = fields.iter().flat_map(|f| object.at("status").items(f));
    all.find(|s| s.text("name") == container)
}

/// Whether the run that is asked for has begun, in the kubelet's words if not.
fn started(object: &Value, pod: &str, wanted: &Wanted) -> Result<(), Failure> {
    let name = &wanted.container;
    let Some(status) = status_of(object, name) else {
        return Err(Failure::bad_request(format!("container {name:?} in pod {pod:?} is not available")));
    };
    let has = |path| status.has(path);
    let before = has("lastState.terminated");
    match () {
        () if wanted.previous && !before => Err(refuse(object, name, LogRefusal::NoPrevious)),
        () if wanted.previous || has("state.running") || has("state.terminated") || before => Ok(()),
        () => Err(refuse(object, name, LogRefusal::Waiting(status.text("state.waiting.reason").to_owned()))),
    }
}

fn refuse(object: &Value, container: &str, refusal: LogRefusal) -> Failure {
    let (namespace, pod) = (object.text("metadata.namespace"), object.text("metadata.name"));
    match refusal {
        LogRefusal::NoPrevious => {
            Failure::bad_request(format!("previous terminated container {container:?} in pod {pod:?} not found"))
        }
        LogRefusal::Waiting(reason) => {
            let why = match reason.as_str() {
                "" => " - no logs yet".to_owned(),
                "ErrImagePull" => ": image can't be pulled".to_owned(),
                "ImagePullBackOff" => ": trying and failing to pull image".to_owned(),
                reason => format!(": {reason}"),
            };
            Failure::bad_request(format!("container {container:?} in pod {pod:?} is waiting to start{why}"))
        }
        LogRefusal::Unreachable(error) => {
            let host = object.text("status.hostIP");
            let url = format!("https://{host}:10250/containerLogs/{namespace}/{pod}/{container}");
            Failure::internal(format!("Get {url:?}: {error}"))
        }
    }
}

/// Which run of a container goes on; `None` if none does.
fn run_of(object: &Value, container: &str) -> Option<(String, i64)> {
    let status = status_of(object, container).filter(|s| s.has("state.running"))?;
    Some((object.text("metadata.uid").to_owned(), status.int("restartCount")))
}

/// Writes lines once each, however often they are seen.
#[derive(Debug)]
struct Tail {
    /// The time of the last line written, and how many lines of that time are written.
    last: Option<(Timestamp, usize)>,
    /// How many bytes may still be written.
    left: usize,
    stamps: bool,
}

impl Tail {
    /// Remembers lines without writing them.
    fn skip(&mut self, lines: &[LogLine]) {
        for line in lines {
            self.last = match self.last {
                Some((at, n)) if at == line.at => Some((at, n + 1)),
                _ => Some((line.at, 1)),
            };
        }
    }

    /// Those of the lines that were not written yet.
    fn fresh(&self, mut lines: Vec<LogLine>) -> Vec<LogLine> {
        let Some((last, written)) = self.last else { return lines };
        let older = lines.partition_point(|l| l.at < last);
        let same = lines.partition_point(|l| l.at <= last) - older;
        lines.split_off(older + same.min(written))
    }

    fn write(&mut self, lines: &[LogLine]) -> String {
        let mut out = String::new();
        for line in lines {
            if self.stamps {
                let _ = write!(out, "{:.9} ", line.at);
            }
            out.push_str(&line.text);
            out.push('\n');
        }
        self.skip(lines);
        let mut end = out.len().min(self.left);
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
        self.left -= end;
        out
    }
}

/// A log that is followed until its container ends.
struct Follow {
    face: Arc<Face>,
    place: [String; 3],
    run: Option<(String, i64)>,
    tail: Tail,
    first: Option<Vec<LogLine>>,
    over: bool,
}

impl Follow {
    fn pieces(self) -> impl Stream<Item = Bytes> + Send {
        futures::stream::unfold(self, |mut follow| async move {
            let piece = follow.next().await?;
            Some((piece, follow))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take() {
            let text = self.tail.write(&first);
            // The lines before the first that was wanted are done with, too.
            let ([namespace, pod, container], tail) = (&self.place, &mut self.tail);
            if first.is_empty()
                && let Ok(lines) = self.face.with(|b| b.logs(namespace, pod, container, false))
            {
                tail.skip(&lines);
            }
            return Some(text.into());
        }
        while !self.over && self.tail.left > 0 {
            let fresh = self.look();
            if !fresh.is_empty() {
                return Some(self.tail.write(&fresh).into());
            }
            if !self.over {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        None
    }

    /// The lines that were written since; notices the end of the run.
    fn look(&mut self) -> Vec<LogLine> {
        let [namespace, pod, container] = &self.place;
        let (run, lines) = self.face.with(|backend| {
            let object = pods().and_then(|pods| backend.store().get(pods, namespace, pod));
            let run = object.and_then(|o| run_of(&o, container));
            // A run that has just ended is the last one; one that has been followed by another is the previous one.
            let replaced = run.is_some() && run != self.run;
            (run, backend.logs(namespace, pod, container, replaced).unwrap_or_default())
        });
        self.over = run != self.run;
        self.tail.fresh(lines)
    }
}
