//! Images: whether a container's is there, how it is pulled, and what comes of that when the registry does not answer as it
//! should (F23).

use jiff::SignedDuration;
use serde_json::Value;

use super::{Move, State};
use crate::drill::net::Vantage;
use crate::drill::outside::{Mood, Site};
use crate::drill::world::World;
use crate::drill::world::json::{Id, text};
use crate::drill::world::recorder::Note;

const FIRST_BACK_OFF: SignedDuration = SignedDuration::from_secs(10);
const LONGEST_BACK_OFF: SignedDuration = SignedDuration::from_secs(300);
/// What nobody answers is given up after so long.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(30);
/// Images with such a tag are in no registry.
const UNKNOWN_TAGS: [&str; 3] = ["missing", "notfound", "does-not-exist"];

impl World {
    /// Sees to a container's image, then starts it.
    pub(super) fn begin(&mut self, id: &Id, pod: &Value, n: usize) {
        let Some((node, image)) = self.image_of(id, n) else { return };
        if !is_reference(&image) {
            let why = format!(
                "Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": invalid reference format"
            );
            self.say(id, pod, n, Note::warning("InspectFailed", &why));
            self.say(id, pod, n, Note::warning("Failed", "Error: InvalidImageName"));
            self.cannot_begin(id, n, "InvalidImageName", why);
            return;
        }
        let present = self.pulled.contains(&(node, image.clone()));
        match (pull_policy(pod, self.name_of(id, n)), present) {
            ("Never", false) => {
                let why = format!("Container image \"{image}\" is not present with pull policy of Never");
                self.say(id, pod, n, Note::warning("ErrImageNeverPull", &why));
                self.say(id, pod, n, Note::warning("Failed", "Error: ErrImageNeverPull"));
                self.cannot_begin(id, n, "ErrImageNeverPull", why);
            }
            ("Always", _) | (_, false) => self.pull(id, pod, n, &image),
            _ => self.start(id, pod, n, None),
        }
    }

    fn image_of(&self, id: &Id, n: usize) -> Option<(String, String)> {
        let run = self.runs.get(id)?;
        Some((run.node.clone(), run.at(n)?.image.clone()))
    }

    fn name_of(&self, id: &Id, n: usize) -> &str {
        self.runs.get(id).and_then(|run| run.at(n)).map_or("", |c| &c.name)
    }

    fn pull(&mut self, id: &Id, pod: &Value, n: usize, image: &str) {
        self.say(id, pod, n, Note::normal("Pulling", &format!("Pulling image \"{image}\"")));
        let pull = self.random.millis((700, 1900));
        let longer = match self.registry_mood(id, image) {
            Mood::Silent | Mood::Stalls => TIMEOUT,
            // A pull is a handful of requests.
            Mood::Slow(millis) => SignedDuration::from_millis(i64::from(millis) * 6),
            _ => SignedDuration::ZERO,
        };
        self.then(id, n, pull + longer, Move::Pulled(pull + longer));
    }

    /// A pull has ended.
    pub(super) fn pulled(&mut self, id: &Id, pod: &Value, n: usize, took: SignedDuration) {
        let Some((_, image)) = self.image_of(id, n) else { return };
        match self.refusal(id, &image) {
            None => self.start(id, pod, n, Some(took)),
            Some(why) => self.pull_failed(id, pod, n, &image, &why),
        }
    }

    fn pull_failed(&mut self, id: &Id, pod: &Value, n: usize, image: &str, why: &str) {
        self.say(id, pod, n, Note::warning("Failed", &format!("Failed to pull image \"{image}\": {why}")));
        self.say(id, pod, n, Note::warning("Failed", "Error: ErrImagePull"));
        self.wait_as(id, n, "ErrImagePull", why.to_owned());
        let Some(container) = self.runs.get_mut(id).and_then(|run| run.at_mut(n)) else { return };
        let wait = (container.pull_back_off * 2).clamp(FIRST_BACK_OFF, LONGEST_BACK_OFF);
        container.pull_back_off = wait;
        self.then(id, n, SignedDuration::from_secs(2), Move::PullBackOff);
        self.then(id, n, wait, Move::Begin);
    }

    /// The kubelet waits before it pulls again.
    pub(super) fn pull_back_off(&mut self, id: &Id, pod: &Value, n: usize) {
        let Some(container) = self.runs.get(id).and_then(|run| run.at(n)) else { return };
        let State::Waiting(_, why) = &container.state else { return };
        let message = format!("Back-off pulling image \"{}\"", container.image);
        let why = format!("{message}: ErrImagePull: {why}");
        self.say(id, pod, n, Note::normal("BackOff", &message));
        self.say(id, pod, n, Note::warning("Failed", "Error: ImagePullBackOff"));
        self.wait_as(id, n, "ImagePullBackOff", why);
    }

    /// A container waits, and its pod says why.
    pub(super) fn wait_as(&mut self, id: &Id, n: usize, reason: &'static str, message: String) {
        let Some(container) = self.runs.get_mut(id).and_then(|run| run.at_mut(n)) else { return };
        container.state = State::Waiting(reason, message);
        self.write_pod_status(id);
    }

    /// Something about its pod keeps a container from its start; it is tried again now and then.
    pub(super) fn cannot_begin(&mut self, id: &Id, n: usize, reason: &'static str, why: String) {
        self.wait_as(id, n, reason, why);
        let again = self.random.millis((11_000, 15_000));
        self.then(id, n, again, Move::Begin);
    }

    /// How the registry of an image behaves towards a pod's node.
    fn registry_mood(&self, id: &Id, image: &str) -> Mood {
        let node = self.runs.get(id).map(|run| run.node.clone()).unwrap_or_default();
        if self.machines.contains_key(&node) && !self.can_leave(&Vantage::Node(node), false) {
            return Mood::Silent;
        }
        let (host, _) = image.split_once('/').unwrap_or_default();
        if Site::Registry.hosts().contains(&host) { self.outside.mood(Site::Registry) } else { Mood::Well }
    }

    /// What containerd says of an image that cannot be had.
    fn refusal(&self, id: &Id, image: &str) -> Option<String> {
        let (host, path) = image.split_once('/').unwrap_or(("docker.io", image));
        let (name, tag) = path.rsplit_once(':').unwrap_or((path, "latest"));
        let url = format!("https://{host}/v2/{name}/manifests/{tag}");
        let address = Site::Registry.addresses().first().copied().unwrap_or_default();
        let dial = |why: &str| format!("failed to do request: Head \"{url}\": dial tcp {address}:443: {why}");
        let why = match self.registry_mood(id, image) {
            Mood::Well | Mood::Slow(_) if UNKNOWN_TAGS.contains(&tag) => return Some(not_found(image)),
            Mood::Well | Mood::Slow(_) => return None,
            Mood::Refuses => dial("connect: connection refused"),
            Mood::Silent => dial("i/o timeout"),
            Mood::Stalls => format!("failed to do request: Head \"{url}\": net/http: TLS handshake timeout"),
            Mood::Says(code) => match code.as_str() {
                "404" => return Some(not_found(image)),
                "401" => format!(
                    "failed to authorize: failed to fetch oauth token: unexpected status from GET request to \
                     https://{host}/v2/token?scope=repository%3A{}%3Apull&service=container_registry: 401 Unauthorized",
                    name.replace('/', "%2F")
                ),
                code => format!("unexpected status from HEAD request to {url}: {code} {}", phrase(code)),
            },
        };
        Some(format!("failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {why}"))
    }
}

fn not_found(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \
         \"{image}\": {image}: not found"
    )
}

fn phrase(code: &str) -> &'static str {
    let status = code.parse().ok().and_then(|code: u16| http::StatusCode::from_u16(code).ok());
    status.and_then(|s| s.canonical_reason()).unwrap_or_default()
}

fn is_reference(image: &str) -> bool {
    let name = image.rsplit_once(':').map_or(image, |(name, _)| name);
    !image.is_empty() && !image.contains(char::is_whitespace) && !name.contains(char::is_uppercase)
}

fn pull_policy<'a>(pod: &'a Value, container: &str) -> &'a str {
    super::config::spec_of(pod, container).map(|c| text(c, "/imagePullPolicy")).unwrap_or_default()
}
