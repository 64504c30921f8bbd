//! Open trees: moves in them, and their steps on what is known now.

use std::sync::Arc;

use super::Place;
use crate::console::app::App;
use crate::console::desk::OpenTree;
use crate::console::errand::Errand;
use crate::detect::Scene;
use crate::incident::Entry;
use crate::runbook::{ActResult, Book, Taken, View, Walk, WayVerdict};
use crate::situation::Ref;

impl App {
    pub(in crate::console) fn open_tree(&mut self, book: Arc<Book>, subject: Option<Ref>) {
        let same = |t: &&OpenTree| t.walk.book().id == book.id && t.walk.subject() == subject.as_ref();
        if let Some(id) = self.known.desk.trees.iter().find(same).map(|t| t.id) {
            return self.show(Place::Tree(id));
        }
        self.begin_incident();
        let tree = self.hand.number();
        let about = subject.as_ref().map(ToString::to_string).unwrap_or_default();
        let story = format!("opened the tree {}: {}", book.id, book.title);
        self.write(Entry::TreeOpened { tree, runbook: book.id.clone(), subject: about }, story);
        let walk = Walk::open(book, subject, self.known.situation.now);
        self.known.desk.trees.insert(0, OpenTree { id: tree, walk, view: View::default() });
        self.derive_desk();
        self.entered(tree);
        self.show(Place::Tree(tree));
    }

    pub(in crate::console) fn take_way(&mut self, tree: u64, way: usize) {
        let now = self.known.situation.now;
        let Some(open) = self.known.desk.trees.iter_mut().find(|t| t.id == tree) else { return };
        let (view, runbook) = (open.view.clone(), open.walk.book().id.clone());
        let taken = open.walk.take(way, &view, now);
        if let Taken::Refused(why) = taken {
            return self.say(why);
        }
        if let Some(way) = view.ways.get(way) {
            let suggested = way.verdict == WayVerdict::Suggested;
            let story = format!("{runbook}: {} → {}", way.say, way.to.1);
            let (say, (to, title)) = (way.say.clone(), way.to.clone());
            self.write(Entry::Took { tree, runbook, step: view.step, say, suggested, to, title }, story);
        }
        self.derive_desk();
        self.entered(tree);
        if let Taken::Again(at) = taken {
            self.say(format!("you were at this step before, at {}", at.strftime("%H:%M:%SZ")));
        }
    }

    /// Records that a step was entered, and the tree's end if it is one.
    pub(in crate::console) fn entered(&mut self, tree: u64) {
        let Some(open) = self.known.desk.tree(tree) else { return };
        let (runbook, view) = (open.walk.book().id.clone(), open.view.clone());
        let (step, title) = (view.step, view.title);
        let story = format!("{runbook}: {title}");
        self.write(
            Entry::Step { tree, runbook: runbook.clone(), step: step.clone(), title, result: view.result },
            story,
        );
        if let Some((end, say, _)) = view.end {
            let story = format!("{runbook} ends: {}", end.word());
            self.write(Entry::TreeEnded { tree, runbook, step, end: end.word().to_owned(), say }, story);
        }
    }

    pub(in crate::console) fn step_back(&mut self, tree: u64) {
        let now = self.known.situation.now;
        let moved = self.known.desk.trees.iter_mut().find(|t| t.id == tree).is_some_and(|t| t.walk.back(now));
        self.moved_back(tree, moved);
    }

    pub(in crate::console) fn jump(&mut self, tree: u64, to: usize) {
        let now = self.known.situation.now;
        let moved = self.known.desk.trees.iter_mut().find(|t| t.id == tree).is_some_and(|t| t.walk.jump(to, now));
        self.moved_back(tree, moved);
    }

    pub(in crate::console) fn moved_back(&mut self, tree: u64, moved: bool) {
        if !moved {
            return self.say("this is where the tree begins");
        }
        self.derive_desk();
        if let Some(open) = self.known.desk.tree(tree) {
            let (runbook, step) = (open.walk.book().id.clone(), open.view.step.clone());
            let story = format!("{runbook}: back to {}", open.view.title);
            self.write(Entry::Back { tree, runbook, step }, story);
        }
    }

    pub(in crate::console) fn close_tree(&mut self, tree: u64) {
        if let Some(open) = self.known.desk.tree(tree) {
            let runbook = open.walk.book().id.clone();
            let story = format!("closed the tree {runbook}");
            self.write(Entry::TreeClosed { tree, runbook }, story);
        }
        self.known.desk.trees.retain(|t| t.id != tree);
        self.close(Place::Tree(tree));
    }

    pub(in crate::console) fn acted(&mut self, id: u64, result: ActResult) {
        let now = self.known.situation.now;
        if let Some(tree) = self.known.desk.trees.iter_mut().find(|t| t.id == id) {
            tree.walk.acted(result, now);
        }
        self.derive_desk();
    }

    /// Works out anew which trees are likely.
    pub(in crate::console) fn rank_trees(&mut self) {
        let known = &mut self.known;
        if known.desk.library.books.is_empty() {
            return;
        }
        let scene = Scene { situation: &known.situation, profile: &known.profile };
        known.desk.candidates = crate::runbook::rank(&known.desk.library, scene, &known.assessment.findings);
    }

    /// Works out everything on the desk anew: steps of open trees, the likely ones where they are shown, logs to be read.
    pub(in crate::console) fn derive_desk(&mut self) {
        let known = &mut self.known;
        let scene = Scene { situation: &known.situation, profile: &known.profile };
        let findings = &known.assessment.findings;
        let desk = &mut known.desk;
        let mut wanted = Vec::new();
        for tree in &mut desk.trees {
            tree.view = tree.walk.look(scene, findings, &desk.logs, known.situation.now);
            wanted.extend(tree.view.reads.iter().cloned());
        }
        for query in desk.logs.due(wanted, known.situation.wall) {
            self.hand.ask(Errand::Log(query));
        }
        if self.top().ranks() {
            self.rank_trees();
        }
    }
}
