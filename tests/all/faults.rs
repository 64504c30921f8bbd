//! Each fault on each kind of request: the feed names it, recovers by itself, and knows afterwards what the server knows.

use std::sync::Arc;
use std::time::Duration;

use crashcart::config::Profile;
use crashcart::situation::time::{Clocks, ManualClock};
use crashcart::situation::{Key, Kind, Situation, Source, SourceState};
use crashcart::watch::{LogPiece, LogQuery, Pace, Target};
use jiff::SignedDuration;
use tokio::sync::mpsc;

use crate::cluster::{Cluster, Look, all_live, hurried, objects};
use crate::proxy::{Fault, Proxy, What};

fn profile() -> Profile {
    Profile { namespaces: vec!["honeydue".into()], ..Profile::default() }
}

/// A look through a proxy, with a log that is followed.
struct Case {
    what: What,
    proxy: Proxy,
    look: Look,
    log: Option<Log>,
}

/// A log that is followed, and what came of it.
struct Log {
    pieces: mpsc::Receiver<LogPiece>,
    lines: Vec<String>,
}

impl Log {
    fn open(look: &Look, pod: Key, follow: bool) -> Self {
        let query = LogQuery { pod, container: "api".into(), previous: false, follow, tail: 100_000 };
        Self { pieces: look.feed.reader.logs(query), lines: Vec::new() }
    }

    fn take(&mut self) {
        while let Ok(piece) = self.pieces.try_recv() {
            self.add(piece);
        }
    }

    fn add(&mut self, piece: LogPiece) {
        match piece {
            LogPiece::Lines(lines) => self.lines.extend(lines.iter().map(|l| format!("{:?} {}", l.at, l.text))),
            LogPiece::Dropped(n) => panic!("{n} lines dropped"),
            LogPiece::Interrupted(_) => {}
            LogPiece::End(why) => panic!("the log ended: {why}"),
        }
    }

    /// The whole log, read once.
    async fn whole(look: &Look, pod: Key) -> Vec<String> {
        let mut log = Self::open(look, pod, false);
        loop {
            match log.pieces.recv().await.expect("the log") {
                LogPiece::End(why) if why.is_empty() => return log.lines,
                piece => log.add(piece),
            }
        }
    }
}

fn an_api_pod(s: &Situation) -> Key {
    let named = s.pods.keys().find(|k| k.namespace == "honeydue" && k.name.starts_with("api-"));
    named.expect("an api pod").clone()
}

impl Case {
    async fn open(cluster: &Cluster, what: What, fault: Fault) -> Self {
        let proxy = Proxy::start(cluster).await;
        // Lists happen at the start; the rest is broken when it runs.
        if what == What::List {
            proxy.break_(what, fault);
        }
        let file = cluster.write(&format!("{what:?}.yaml"), &proxy.kubeconfig("any"));
        let look = Look::open(Target { kubeconfig: Some(file), context: None }, &profile());
        Self { what, proxy, look, log: None }
    }

    /// Brings the fault about and waits until it was met.
    async fn meet(&mut self, fault: Fault) {
        if self.what != What::List {
            self.look.until_live().await;
            self.log = Some(Log::open(&self.look, an_api_pod(&self.look.situation), true));
            self.proxy.break_(self.what, fault);
        }
        // Of a log that stalls nothing is noticed until it is asked for again.
        let met = self.proxy.failed(self.what) + if (self.what, fault) == (What::Log, Fault::Stall) { 0 } else { 2 };
        let (proxy, what) = (&self.proxy, self.what);
        self.look.when(&format!("{what:?} fails"), |_| proxy.failed(what) >= met).await;
        let source = match what {
            What::List => Some(Source::Watch(Kind::Node)),
            What::Metrics => Some(Source::NodeMetrics),
            What::Health => Some(Source::Api),
            // A watch that is only interrupted may say nothing; a log says it in its own stream.
            What::Watch | What::Log => None,
        };
        // Half of a health page and a refusal are answers too.
        let answers = what == What::Health
            && (fault == Fault::Truncate || matches!(fault, Fault::Status(code, _) if code != 401));
        if let Some(source) = source.filter(|_| !answers) {
            self.look.when(&format!("{source} says so"), |s| named(&s.source(&source).state)).await;
        }
    }

    async fn recover(&mut self, truth: &Look, log: &[String]) {
        let wanted = objects(&truth.situation);
        let what = self.what;
        self.look.when(&format!("after {what:?} everything is live"), |s| all_live(s) && objects(s) == wanted).await;
        let Some(followed) = &mut self.log else { return };
        let reached = tokio::time::timeout(Duration::from_secs(20), async {
            while followed.lines.last() != log.last() {
                followed.take();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let reached = reached.await.is_ok();
        assert!(reached, "after {what:?} the last line did not come");
        // The server keeps only the newest lines; what was followed reaches further back.
        assert!(followed.lines.ends_with(log), "{what:?}: a line was lost");
        let distinct: std::collections::BTreeSet<&String> = followed.lines.iter().collect();
        assert_eq!(distinct.len(), followed.lines.len(), "{what:?}: a line was repeated");
    }
}

fn named(state: &SourceState) -> bool {
    matches!(state, SourceState::Lost(_) | SourceState::Failed(_) | SourceState::Forbidden(_) | SourceState::Missing)
}

/// One fault on each kind of request, all at the same time.
async fn suffer(fault: Fault) {
    let cluster = Cluster::start(1).await;
    let mut cases = Vec::new();
    for what in What::ALL {
        // For logs these two are an end: the pod is gone, or may not be read. And only lists and watches expire.
        let end = what == What::Log && matches!(fault, Fault::Status(403 | 404, _));
        let expires = matches!(what, What::List | What::Watch);
        if !(end || fault == Fault::Status(410, None) && !expires) {
            cases.push(Case::open(&cluster, what, fault).await);
        }
    }
    futures::future::join_all(cases.iter_mut().map(|case| case.meet(fault))).await;
    let lists: Vec<usize> = cases.iter().map(|c| c.proxy.asked(What::List)).collect();
    cluster.advance(SignedDuration::from_secs(40));
    for case in &cases {
        case.proxy.heal();
    }
    cluster.advance(SignedDuration::from_secs(5));
    let mut truth = Look::open(Target { kubeconfig: Some(cluster.kubeconfig()), context: None }, &profile());
    truth.until_live().await;
    let log = Log::whole(&truth, an_api_pod(&truth.situation)).await;
    assert!(log.len() > 10, "an api pod writes a log");
    futures::future::join_all(cases.iter_mut().map(|case| case.recover(&truth, &log))).await;
    for (case, before) in cases.iter().zip(lists) {
        let expired = fault == Fault::Status(410, None) || matches!(fault, Fault::Status(403 | 404, _));
        if case.what != What::List && !expired {
            assert_eq!(
                case.proxy.asked(What::List),
                before,
                "{:?}: listed again though nobody asked for it",
                case.what
            );
        }
    }
}

macro_rules! faults {
    ($($name:ident => $fault:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            suffer($fault).await;
        }
    )*};
}

faults! {
    connections_are_cut => Fault::Reset;
    answers_stall => Fault::Stall;
    answers_are_truncated => Fault::Truncate;
    a_web_page_answers => Fault::Page;
    credentials_are_refused => Fault::Status(401, None);
    everything_is_forbidden => Fault::Status(403, None);
    nothing_is_found => Fault::Status(404, None);
    versions_expire => Fault::Status(410, None);
    the_server_asks_to_wait => Fault::Status(429, Some(1));
    the_server_fails => Fault::Status(500, None);
    the_server_is_not_there => Fault::Status(503, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_port_is_closed_and_opens_again() {
    let cluster = Cluster::start(1).await;
    let proxy = Proxy::start(&cluster).await;
    proxy.refuse(true);
    let file = cluster.write("config", &proxy.kubeconfig("any"));
    let mut look = Look::open(Target { kubeconfig: Some(file), context: None }, &profile());
    let refused = |s: &Situation| {
        matches!(&s.source(&Source::Api).state,
        SourceState::Failed(t) if t.what.contains("refuses the connection") && !t.remedy.is_empty())
    };
    look.when("the API refuses at the start", refused).await;
    proxy.refuse(false);
    look.until_live().await;
    let lists = proxy.asked(What::List);
    proxy.refuse(true);
    look.when("the API is lost", |s| matches!(s.source(&Source::Api).state, SourceState::Lost(_))).await;
    assert!(!look.situation.pods.is_empty(), "what was known stays");
    cluster.advance(SignedDuration::from_secs(30));
    proxy.refuse(false);
    let mut truth = Look::open(Target { kubeconfig: Some(cluster.kubeconfig()), context: None }, &profile());
    truth.until_live().await;
    let wanted = objects(&truth.situation);
    look.when("everything is known again", |s| all_live(s) && objects(s) == wanted).await;
    assert_eq!(proxy.asked(What::List), lists, "watches went on from where they were");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_is_read_again() {
    let cluster = Cluster::start(1).await;
    let proxy = Proxy::start(&cluster).await;
    proxy.demand("old");
    let file = cluster.write("config", &proxy.kubeconfig("old"));
    let mut look = Look::open(Target { kubeconfig: Some(file), context: None }, &profile());
    look.until_live().await;
    proxy.demand("new");
    let refused = |s: &Situation| {
        matches!(&s.source(&Source::Api).state,
        SourceState::Lost(t) if t.what.contains("does not accept the credentials") && !t.remedy.is_empty())
    };
    look.when("the token is refused", refused).await;
    cluster.write("config", &proxy.kubeconfig("new"));
    look.until_live().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_see_only_some_namespaces_sees_those_and_later_all() {
    let cluster = Cluster::start(1).await;
    let proxy = Proxy::start(&cluster).await;
    proxy.deny(Some("/api/v1/pods"));
    let file = cluster.write("config", &proxy.kubeconfig("any"));
    let mut look = Look::open(Target { kubeconfig: Some(file), context: None }, &profile());
    look.until_live().await;
    let pods = Source::Watch(Kind::Pod);
    let limited = look.situation.source(&pods).limited;
    assert_eq!(limited, "only in honeydue, default; elsewhere forbidden, needs list pods");
    assert!(look.situation.pods.keys().all(|k| k.namespace == "honeydue"));
    let known = look.situation.pods.len();
    assert!(known > 0);
    proxy.deny(None);
    look.until("all pods may be seen", |s| s.source(&pods).limited.is_empty() && s.pods.len() > known).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_go_on_at_another_endpoint() {
    let cluster = Cluster::start(2).await;
    let profile = Profile { endpoints: vec![cluster.server.endpoints[1].url()], ..profile() };
    let mut look = Look::open(Target { kubeconfig: Some(cluster.kubeconfig()), context: None }, &profile);
    look.until_live().await;
    let health = |s: &Situation, at: usize| s.endpoints.get(cluster.server.endpoints[at].url().as_str()).cloned();
    look.until("both are healthy", |s| [0, 1].iter().all(|i| health(s, *i).is_some_and(|h| h.ready()))).await;
    cluster.server.endpoints[0].refuse(true);
    look.until("the first is down", |s| health(s, 0).is_some_and(|h| !h.answered)).await;
    cluster.advance(SignedDuration::from_secs(60));
    let mut truth = Look::open(Target { kubeconfig: Some(cluster.kubeconfig()), context: None }, &profile);
    truth.until_live().await;
    let wanted = objects(&truth.situation);
    look.when("everything comes from the second", |s| all_live(s) && objects(s) == wanted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_slept_asks_at_once() {
    let cluster = Cluster::start(1).await;
    let proxy = Proxy::start(&cluster).await;
    let file = cluster.write("config", &proxy.kubeconfig("any"));
    let wall = ManualClock::new(crate::cluster::start());
    let clocks = Clocks { cluster: Arc::new(wall.clone()), wall: Arc::new(wall.clone()) };
    // Watches last for ever here: only the jump of the clock can renew them.
    let pace = Pace { watch: Duration::from_secs(600), ..hurried() };
    let mut look = Look::open_at(pace, Target { kubeconfig: Some(file), context: None }, &profile(), clocks);
    look.until_live().await;
    proxy.break_(What::Watch, Fault::Stall);
    proxy.heal();
    let (lists, watches) = (proxy.asked(What::List), proxy.asked(What::Watch));
    wall.advance(SignedDuration::from_hours(8));
    look.when("every watch is renewed", |_| proxy.asked(What::Watch) >= watches + Kind::ALL.len()).await;
    assert_eq!(proxy.asked(What::List), lists);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_waited_for_at_the_end() {
    let cluster = Cluster::start(1).await;
    let proxy = Proxy::start(&cluster).await;
    let file = cluster.write("config", &proxy.kubeconfig("any"));
    for what in What::ALL {
        proxy.break_(what, Fault::Stall);
    }
    let pace = Pace { patience: Duration::from_secs(60), health_patience: Duration::from_secs(60), ..hurried() };
    let mut look = Look::open_at(pace, Target { kubeconfig: Some(file), context: None }, &profile(), Clocks::system());
    look.when("requests hang", |_| proxy.failed(What::List) >= 4 && proxy.failed(What::Health) >= 1).await;
    let mut log = look.feed.reader.logs(LogQuery {
        pod: Key::new("honeydue", "any"),
        container: "api".into(),
        previous: false,
        follow: true,
        tail: 1,
    });
    let begun = std::time::Instant::now();
    drop(look);
    while log.recv().await.is_some() {}
    assert!(begun.elapsed() < Duration::from_millis(200), "{:?}", begun.elapsed());
}
