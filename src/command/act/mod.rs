//! `crashcart act`: one action, headless.

mod live;
mod target;
#[cfg(test)]
mod tests;
mod text;

use std::io::{IsTerminal as _, Write as _};
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;

use self::live::Live;
use super::paper::Ink;
use super::wiring;
use crate::action::{
    Action, Arming, Cancel, Confirmed, Event, Executor, Outcome, Plan, Progress, Recorder, Refused, Standing, made,
};
use crate::cli::{ActArgs, Options, Output, exit};
use crate::config::Profile;
use crate::config::paths::Folders;
use crate::config::settings::Settings;
use crate::incident::Journal;
use crate::situation::time::Clocks;
use crate::situation::{Source, Trouble};
use crate::watch::{self, Pace};

/// What to do, and how it is to be confirmed.
struct Order {
    action: Action,
    /// The digest, to carry it out; `None`: only the plan is wanted.
    digest: Option<String>,
    name: Option<String>,
    output: Output,
    timeout: std::time::Duration,
}

/// How an action ended.
struct End {
    /// `worked`, `failed`, `unknown`, `refused`
    result: &'static str,
    says: String,
    remedy: String,
}

/// Runs the command; the exit code of the program.
pub fn run(options: &Options, args: ActArgs) -> anyhow::Result<u8> {
    let order = match order(options, args) {
        Ok(order) => order,
        Err(why) => {
            eprintln!("crashcart: {why}");
            return Ok(exit::USAGE);
        }
    };
    let (settings, mut problems) = Settings::load(&Folders::of_process());
    let (profile, found) = wiring::profile(options);
    problems.extend(found);
    for problem in problems {
        eprintln!("crashcart: {problem}");
    }
    let forbidden = if options.read_only {
        Some("--read-only is set")
    } else {
        settings.read_only.then_some("config.toml says read-only")
    };
    let runtime = wiring::runtime()?;
    let ended = runtime.block_on(act(options, &order, &profile, forbidden));
    // Whatever still hangs must not keep the program from ending.
    runtime.shutdown_background();
    match ended {
        Ok(Ok(code)) => Ok(code),
        Ok(Err(Refused { what, remedy })) => {
            finish(&order, &End { result: "refused", says: what, remedy })?;
            Ok(exit::FAILED)
        }
        Err(error) => Err(error),
    }
}

/// What the command line asks for.
///
/// # Errors
/// What is wrong with it.
fn order(options: &Options, args: ActArgs) -> Result<Order, String> {
    let action = target::action(&args)?;
    if options.context.is_none() {
        return Err("act needs --context NAME: which cluster is meant must not depend on a file".into());
    }
    match &args.yes {
        None if !args.dry_run => {
            return Err("say --dry-run to see the plan and its digest, then --yes DIGEST to carry it out".into());
        }
        Some(digest) if made(digest).is_none() => {
            return Err(format!("{digest} is no digest: --dry-run prints it"));
        }
        _ => {}
    }
    Ok(Order { action, digest: args.yes, name: args.name, output: args.output, timeout: args.timeout })
}

/// Looks at the cluster, makes the plan and, if it is confirmed, carries it out.
async fn act(
    options: &Options,
    order: &Order,
    profile: &Arc<Profile>,
    forbidden: Option<&str>,
) -> anyhow::Result<Result<u8, Refused>> {
    let clocks = Clocks::system();
    let arming = Arming::new(forbidden);
    if order.digest.is_some()
        && let Err(what) = arming.arm(clocks.wall.now())
    {
        return Ok(Err(Refused { what, remedy: "leave it away, or use another machine".into() }));
    }
    let pace = Pace { health: super::check::ROUND, ..Pace::default() };
    let feed = watch::open_at(pace, wiring::target(options), profile, clocks.clone());
    let mut live = Live::begin(feed, profile, &clocks, order.timeout).await;
    if let Some(trouble) = no_way_in(&live) {
        return Ok(Err(trouble.into()));
    }
    let standing = live.standing(profile);
    let Some(digest) = &order.digest else {
        let executor = live.executor(profile, arming, Arc::new(Unrecorded));
        let plan = live.during(executor.plan(order.action.clone(), standing)).await;
        return match plan {
            Ok(plan) => print(options, order, &plan).map(Ok),
            Err(refused) => Ok(Err(refused)),
        };
    };
    let journal = match open_journal(&live).await {
        Ok(journal) => journal,
        Err(refused) => return Ok(Err(refused)),
    };
    let executor = live.executor(profile, arming, journal.clone());
    let confirmed = match confirm(&mut live, &executor, order, digest, standing.clone()).await {
        Ok(confirmed) => confirmed,
        Err(refused) => return Ok(Err(refused)),
    };
    let end = carry_out(&mut live, &executor, confirmed, standing, journal.as_ref()).await;
    journal.finish();
    finish(order, &end)?;
    Ok(Ok(if end.result == "worked" { exit::DONE } else { exit::FAILED }))
}

fn no_way_in(live: &Live) -> Option<Trouble> {
    let api = live.situation.source(&Source::Api);
    match api.state {
        crate::situation::SourceState::Failed(trouble) | crate::situation::SourceState::Lost(trouble) => Some(trouble),
        _ => None,
    }
}

/// The incident's journal, open for writing.
async fn open_journal(live: &Live) -> Result<Arc<Journal>, Refused> {
    let journal = Arc::new(Journal::new(Folders::of_process().state.as_deref(), live.clocks.clone(), None));
    journal.correct(live.situation.skew);
    let (cluster, opening) = (live.situation.cluster.clone(), journal.clone());
    let opened = tokio::task::spawn_blocking(move || opening.open(&cluster)).await;
    match opened {
        Ok(Ok(_)) => Ok(journal),
        Ok(Err(error)) => Err(Refused {
            what: format!("the record of the incident cannot be written: {error}"),
            remedy: "nothing is changed without a record: correct the state folder, or set XDG_STATE_HOME".into(),
        }),
        Err(_) => Err(Refused { what: "the record of the incident cannot be opened".into(), remedy: String::new() }),
    }
}

/// The plan as it would be made now, confirmed if it is the one of the digest.
async fn confirm(
    live: &mut Live,
    executor: &Executor,
    order: &Order,
    digest: &str,
    standing: Standing,
) -> Result<Confirmed, Refused> {
    let again = "run it with --dry-run to see the plan as it is now";
    let made = made(digest).unwrap_or(live.situation.now);
    let plan = live.during(executor.plan_at(order.action.clone(), standing, made)).await?;
    live.tick();
    Confirmed::by_digest(plan, digest, order.name.as_deref(), live.situation.now)
        .map_err(|what| Refused { what, remedy: again.into() })
}

/// Executes and verifies, telling how it goes on.
async fn carry_out(
    live: &mut Live,
    executor: &Executor,
    confirmed: Confirmed,
    standing: Standing,
    journal: &Journal,
) -> End {
    let plan = confirmed.plan().clone();
    let cancel = Cancel::default();
    let interrupted = tokio::spawn({
        let cancel = cancel.clone();
        async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                cancel.cancel();
                eprintln!("stopping before the next request");
            }
        }
    });
    let (tell, mut told) = mpsc::channel(16);
    let listen = async {
        let mut last = Progress::Rereading;
        while let Some(progress) = told.recv().await {
            eprintln!("{}", text::progress(&progress, &plan));
            last = progress;
        }
        last
    };
    let run = executor.execute(confirmed, standing, cancel.clone(), tell);
    let ((), last) = live.during(async { tokio::join!(run, listen) }).await;
    let end = match last {
        Progress::Executed(outcome) => proof(live, &plan, &outcome, &cancel, journal).await,
        other => text::end(other),
    };
    interrupted.abort();
    end
}

/// Whether it worked, by the plan's own proof.
async fn proof(live: &mut Live, plan: &Plan, outcome: &Outcome, cancel: &Cancel, journal: &Journal) -> End {
    let verdict = live.verify(plan, outcome, cancel, |waiting| eprintln!("waiting: {waiting}")).await;
    let (result, word, says) = match verdict {
        live::Verdict::Worked(says) => ("worked", "worked", says),
        live::Verdict::Failed(says) => ("failed", "failed", says),
        live::Verdict::TimedOut(says) => ("failed", "timed out", says),
    };
    let event = Event::Verified { execution: plan.digest(), verdict: word.into(), says: says.clone() };
    // The change is made; that its proof cannot be written down takes nothing back.
    let _ = journal.record_synced(event).await;
    let remedy = if result == "worked" { String::new() } else { format!("to undo it: {}", plan.undo.says) };
    End { result, says, remedy }
}

/// Prints the plan; a plan that must not be executed is a failure.
fn print(options: &Options, order: &Order, plan: &Plan) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    match order.output {
        Output::Json => writeln!(out, "{}", serde_json::to_string_pretty(&Printed::of(plan))?)?,
        Output::Text => {
            let ink = Ink { colour: out.is_terminal() && std::env::var_os("NO_COLOR").is_none(), ascii: options.ascii };
            write!(out, "{}", text::plan(plan, ink))?;
        }
    }
    Ok(if plan.refusal().is_none() { exit::DONE } else { exit::FAILED })
}

/// What `act --dry-run -o json` prints. Field names are a contract.
#[derive(Debug, Serialize)]
struct Printed<'a> {
    digest: String,
    id: &'static str,
    /// Why it must not be executed.
    refusal: Option<String>,
    #[serde(flatten)]
    plan: &'a Plan,
}

impl<'a> Printed<'a> {
    fn of(plan: &'a Plan) -> Self {
        Self { digest: plan.digest(), id: plan.action.spec().id, refusal: plan.refusal(), plan }
    }
}

fn finish(order: &Order, end: &End) -> std::io::Result<()> {
    if order.output == Output::Json && order.digest.is_some() {
        return super::say(json!({
            "digest": order.digest, "result": end.result, "says": end.says, "remedy": end.remedy,
        }));
    }
    let remedy = if end.remedy.is_empty() { String::new() } else { format!("\n  {}", end.remedy) };
    if end.result == "worked" {
        return super::say(format!("worked: {}", end.says));
    }
    eprintln!("crashcart: {}: {}{remedy}", end.result, end.says);
    Ok(())
}

/// For plans that are only looked at: writes nothing down, and so lets nothing be executed.
#[derive(Debug)]
struct Unrecorded;

impl Recorder for Unrecorded {
    fn record(&self, _: Event) {}

    fn record_synced(&self, _: Event) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + Send + '_>> {
        Box::pin(std::future::ready(Err(std::io::Error::other("a dry run keeps no record"))))
    }
}
