//! The shipped trees, walked to every end on small worlds, and by their suggestions on played ones.

mod f15;
mod f26;
mod played;
mod random;
mod ranked;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;

use super::check::Logs;
use super::{ActResult, Book, FILES, Library, View, Walk, WayVerdict, What, read};
use crate::config::source::SourceFile;
use crate::detect::Scene;
use crate::detect::testing::*;
use crate::situation::Ref;
use crate::watch::LogLine;

const PANIC: &str =
    "started\npanic: boom\n\ngoroutine 1 [running]:\nexample.com/shop/cart.Add(0x1)\n /src/cart.go:7 +0x1";

fn shipped(id: &str) -> Arc<Book> {
    let (_, text) = FILES.iter().find(|(name, _)| *name == id).unwrap();
    let file = SourceFile { path: format!("runbooks/{id}.yaml").into(), text: (*text).to_owned() };
    Arc::new(read(&file).unwrap_or_else(|all| panic!("{}", all.iter().map(|p| format!("{p}\n")).collect::<String>())))
}

fn library() -> Library {
    Library { books: FILES.iter().map(|(id, _)| shipped(id)).collect(), problems: Vec::new() }
}

fn log(text: &str) -> Vec<LogLine> {
    text.lines().map(|l| LogLine { at: None, text: l.into() }).collect()
}

/// Every way of every step that some trip has taken, by step and place.
type Ways = BTreeSet<(String, usize)>;

/// A walk through a shipped tree with its world.
struct Trip<'a> {
    world: World,
    logs: Logs,
    walk: Walk,
    taken: &'a mut Ways,
}

impl<'a> Trip<'a> {
    fn open(id: &str, subject: Option<Ref>, world: World, taken: &'a mut Ways) -> Self {
        Self { world, logs: Logs::default(), walk: Walk::open(shipped(id), subject, now()), taken }
    }

    fn view(&self) -> View {
        let scene = Scene { situation: &self.world.situation, profile: &self.world.profile };
        self.walk.view(scene, &self.world.assess().findings, &self.logs)
    }

    /// All logs that are wanted say this.
    fn says(&mut self, text: &str) -> &mut Self {
        let reads = self.view().reads;
        for query in reads {
            self.logs.put(query, Ok(log(text)));
        }
        self
    }

    /// Follows the suggestion, which leads there.
    fn follow(&mut self, to: &str) -> &mut Self {
        let view = self.view();
        let way = view.ways.iter().position(|w| w.verdict == WayVerdict::Suggested);
        let way = way.unwrap_or_else(|| panic!("nothing is suggested: {view:#?}"));
        assert_eq!(view.ways[way].to.0, to, "{view:#?}");
        assert!(!view.ways[way].say.contains('?'), "{}", view.ways[way].say);
        self.take(way, &view)
    }

    /// Gives the answer at that place.
    fn answer(&mut self, way: usize) -> &mut Self {
        let view = self.view();
        assert!(matches!(self.walk.book.steps[&view.step].what, What::Ask { .. }), "{}", view.step);
        self.take(way, &view)
    }

    fn take(&mut self, way: usize, view: &View) -> &mut Self {
        for text in [&view.title, &view.why, &view.note] {
            assert!(!text.contains("{{"), "{text}");
        }
        self.taken.insert((view.step.clone(), way));
        let at = self.world.situation.now;
        assert!(!matches!(self.walk.take(way, view, at), super::Taken::Refused(_)));
        self
    }

    /// The step's one action was done, with this result, and here is what the world looks like then.
    fn acted(&mut self, result: ActResult, after: impl FnOnce(&mut World)) -> &mut Self {
        let act = self.view().act.unwrap();
        assert!(!act.choices.is_empty(), "{act:?}");
        let at = self.world.situation.now;
        self.walk.acted(result, at);
        after(&mut self.world);
        self
    }

    fn worked(&mut self, after: impl FnOnce(&mut World)) -> &mut Self {
        self.acted(ActResult::Worked("done".to_owned()), after)
    }

    fn failed(&mut self) -> &mut Self {
        self.acted(ActResult::Failed("it was refused".to_owned()), |_| ())
    }

    fn declined(&mut self) -> &mut Self {
        self.acted(ActResult::Declined, |_| ())
    }

    /// Time passes, looked at each half minute; nodes are heard all along.
    fn pass(&mut self, minutes: i64) -> &mut Self {
        for _ in 0..minutes * 2 {
            self.world.situation.now += SignedDuration::from_secs(30);
            let (view, at) = (self.view(), self.world.situation.now);
            self.walk.observe(&view, at);
        }
        self
    }

    fn change(&mut self, change: impl FnOnce(&mut World)) -> &mut Self {
        change(&mut self.world);
        self
    }

    /// We are at an end.
    fn ends(&self, step: &str) {
        let view = self.view();
        assert_eq!(view.step, step);
        assert!(view.end.is_some(), "{view:#?}");
        assert!(!view.note.contains('?'), "{}", view.note);
    }
}

/// Every way of every step was taken by some trip, and with it every end reached.
fn all_taken(id: &str, taken: &Ways) {
    let book = shipped(id);
    for (step, it) in &book.steps {
        let ways = match &it.what {
            What::Check { branches, .. } => branches.len(),
            What::Ask { answers, .. } => answers.len(),
            What::Act { .. } => 3,
            What::Until { .. } => 2,
            What::Note { .. } => 1,
            What::End { .. } => 0,
        };
        for way in 0..ways {
            assert!(taken.contains(&(step.clone(), way)), "{id}: way {} of {step} was never taken", way + 1);
        }
    }
}
