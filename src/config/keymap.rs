//! Keymaps: which key means which command, in which mode.

use std::collections::HashMap;

use crossterm::event::KeyEvent;
use serde::Deserialize;
use toml::Spanned;

use super::key::Key;
use super::paths::Folders;
use super::source::{SourceFile, suggest};
use super::{Problem, embedded};

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the names say it; the keymap's descriptions explain them")]
        pub enum $name { $($variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What it is called in a keymap file.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
    };
}

names! {
    /// A part of the keymap; `global` holds everywhere unless the mode itself binds the key.
    Mode {
        Global "global", Dashboard "dashboard", List "list", Detail "detail", Logs "logs", Tree "tree", Plan "plan",
    }
}

names! {
    /// What a key can mean. No command changes anything outside the console: what does is a plan, confirmed with keys
    /// that are in no keymap.
    Command {
        Open "open", Back "back", Quit "quit", Up "up", Down "down", Left "left", Right "right", PageUp "page-up",
        PageDown "page-down", Top "top", Bottom "bottom", NextPane "next-pane", PreviousPane "previous-pane",
        Dashboard "dashboard", Findings "findings", Pods "pods", Nodes "nodes", Workloads "workloads", Events "events",
        Changes "changes", Sources "sources", Logs "logs", Help "help", CommandLine "command-line", Filter "filter",
        ClearFilter "clear-filter", NextSort "next-sort", ReverseSort "reverse-sort", Warnings "warnings",
        Follow "follow", Previous "previous", NextContainer "next-container", Wrap "wrap", Timestamps "timestamps",
        Search "search", NextMatch "next-match", PreviousMatch "previous-match", Copy "copy", Redraw "redraw",
        Trees "trees", Arm "arm", Act "act", Incident "incident", Way1 "way-1", Way2 "way-2", Way3 "way-3",
        Way4 "way-4", Way5 "way-5", Way6 "way-6", Way7 "way-7", Way8 "way-8", Way9 "way-9",
        StepBack "step-back", Why "why", CloseTree "close-tree", Diff "diff", Cancel "cancel", Undo "undo", LookedAt "looked-at",
    }
}

/// A binding, for the help screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The keys as people write them: `ctrl-d`, `enter`, `?`.
    pub keys: Vec<String>,
    /// What they mean.
    pub command: Command,
    /// Said in a few words.
    pub description: String,
}

/// The keymap in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<(Mode, Binding)>,
    keys: HashMap<(Mode, Key), Command>,
}

impl Default for Keymap {
    /// The shipped one.
    fn default() -> Self {
        Self::load("default", &Folders::default()).0
    }
}

impl Keymap {
    /// Loads a keymap by name or file. Where there are problems the keymap is still usable: what is wrong is left out,
    /// and a file that cannot be read at all leaves the shipped one.
    pub fn load(name_or_file: &str, folders: &Folders) -> (Self, Vec<Problem>) {
        match SourceFile::find(name_or_file, "keymaps", "toml", embedded::KEYMAPS, folders) {
            Ok(file) => Self::read(&file),
            Err(problem) => (Self::shipped(), vec![problem]),
        }
    }

    /// Reads a keymap from a file's text; usable also where there are problems.
    pub fn read(file: &SourceFile) -> (Self, Vec<Problem>) {
        let parsed: File = match toml::from_str(&file.text) {
            Ok(parsed) => parsed,
            Err(error) => return (Self::shipped(), vec![file.unreadable(&error)]),
        };
        let mut problems = Vec::new();
        let mut keymap = match &parsed.inherits {
            None => Self { bindings: Vec::new(), keys: HashMap::new() },
            Some(name) if embedded::KEYMAPS.iter().any(|(n, _)| n == name.get_ref()) => Self::shipped(),
            Some(name) => {
                let known = suggest(name.get_ref(), embedded::KEYMAPS.iter().map(|(n, _)| *n));
                problems.push(file.problem(&name.span(), format!("unknown keymap {:?}", name.get_ref()), known));
                Self::shipped()
            }
        };
        for (mode, section) in parsed.sections() {
            let mut taken = HashMap::new();
            for entry in &section.bindings {
                keymap.bind(mode, entry, file, &mut taken, &mut problems);
            }
        }
        keymap.require_a_way_out(file, &mut problems);
        (keymap, problems)
    }

    fn shipped() -> Self {
        let text = embedded::KEYMAPS[0].1.to_owned();
        Self::read(&SourceFile { path: "keymaps/default.toml".into(), text }).0
    }

    /// Adds one line of a file; a key that was inherited is taken over.
    fn bind(
        &mut self,
        mode: Mode,
        entry: &Entry,
        file: &SourceFile,
        taken: &mut HashMap<Key, usize>,
        problems: &mut Vec<Problem>,
    ) {
        let Some(command) = Command::ALL.iter().copied().find(|c| c.name() == entry.run.get_ref()) else {
            let fix = suggest(entry.run.get_ref(), Command::ALL.iter().map(|c| c.name()));
            problems.push(file.problem(&entry.run.span(), format!("unknown command {:?}", entry.run.get_ref()), fix));
            return;
        };
        let mut keys = Vec::new();
        for written in &entry.on {
            match self.take(mode, command, written, file, taken) {
                Ok(key) => keys.push(key),
                Err(problem) => problems.push(problem),
            }
        }
        let inherited = self.bindings.iter().find(|(_, b)| b.command == command).map(|(_, b)| b.description.clone());
        let description = entry.desc.clone().or(inherited).unwrap_or_else(|| command.name().replace('-', " "));
        if !keys.is_empty() {
            self.bindings.push((mode, Binding { keys, command, description }));
        }
    }

    fn take(
        &mut self,
        mode: Mode,
        command: Command,
        written: &Spanned<String>,
        file: &SourceFile,
        taken: &mut HashMap<Key, usize>,
    ) -> Result<String, Problem> {
        let problem = |message: String, fix: &str| file.problem(&written.span(), message, fix);
        let text = written.get_ref();
        let key = Key::parse(text).ok_or_else(|| {
            problem(format!("unknown key {text:?}"), "write it like q, G, enter, ctrl-d, s-tab or f1")
        })?;
        if key.confirms() {
            return Err(problem(format!("{text:?} is kept for confirmations"), "bind another key"));
        }
        if key == Key::INTERRUPT {
            return Err(problem("ctrl-c always quits".to_owned(), "bind another key"));
        }
        let line = file.line_of(&written.span());
        if let Some(first) = taken.insert(key, line) {
            let message = format!("{text:?} is bound twice in [{}], first on line {first}", mode.name());
            return Err(problem(message, "remove one of them"));
        }
        self.release(mode, key);
        self.keys.insert((mode, key), command);
        Ok(key.to_string())
    }

    fn release(&mut self, mode: Mode, key: Key) {
        if self.keys.remove(&(mode, key)).is_none() {
            return;
        }
        let name = key.to_string();
        for (_, binding) in self.bindings.iter_mut().filter(|(m, _)| *m == mode) {
            binding.keys.retain(|k| *k != name);
        }
        self.bindings.retain(|(_, binding)| !binding.keys.is_empty());
    }

    fn require_a_way_out(&self, file: &SourceFile, problems: &mut Vec<Problem>) {
        for command in [Command::Quit, Command::Back, Command::Help] {
            if !self.bindings.iter().any(|(mode, b)| *mode == Mode::Global && b.command == command) {
                let message = format!("no key in [global] means {:?}", command.name());
                let fix = "bind one, or write inherits = \"default\" at the top";
                problems.push(file.problem(&(0..0), message, fix));
            }
        }
    }

    /// What `key` means in `mode`; falls back to [`Mode::Global`].
    pub fn command(&self, mode: Mode, key: &KeyEvent) -> Option<Command> {
        let key = Key::from(key);
        if key == Key::INTERRUPT {
            return Some(Command::Quit);
        }
        self.keys.get(&(mode, key)).or_else(|| self.keys.get(&(Mode::Global, key))).copied()
    }

    /// The bindings of one mode, in the file's order.
    pub fn bindings(&self, mode: Mode) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |(m, _)| *m == mode).map(|(_, b)| b)
    }

    /// The first key that means `command` in `mode`, as people write it; for hint lines.
    pub fn key_for(&self, mode: Mode, command: Command) -> Option<&str> {
        let own = self.bindings(mode).find(|b| b.command == command).and_then(|b| b.keys.first());
        let global = || {
            let keys = self.bindings(Mode::Global).filter(|b| b.command == command).flat_map(|b| &b.keys);
            // A global key that the mode uses for something else does not lead there.
            keys.into_iter().find(|k| Key::parse(k).is_some_and(|key| !self.keys.contains_key(&(mode, key))))
        };
        own.or_else(global).map(String::as_str)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    inherits: Option<Spanned<String>>,
    global: Option<Section>,
    dashboard: Option<Section>,
    list: Option<Section>,
    detail: Option<Section>,
    logs: Option<Section>,
    tree: Option<Section>,
    plan: Option<Section>,
}

impl File {
    fn sections(&self) -> impl Iterator<Item = (Mode, &Section)> {
        [
            (Mode::Global, &self.global),
            (Mode::Dashboard, &self.dashboard),
            (Mode::List, &self.list),
            (Mode::Detail, &self.detail),
            (Mode::Logs, &self.logs),
            (Mode::Tree, &self.tree),
            (Mode::Plan, &self.plan),
        ]
        .into_iter()
        .filter_map(|(mode, section)| Some((mode, section.as_ref()?)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    bindings: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    on: Vec<Spanned<String>>,
    run: Spanned<String>,
    desc: Option<String>,
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    fn read(text: &str) -> (Keymap, Vec<String>) {
        let (keymap, problems) = Keymap::read(&SourceFile { path: "mine.toml".into(), text: text.to_owned() });
        (keymap, problems.iter().map(ToString::to_string).collect())
    }

    fn press(keymap: &Keymap, mode: Mode, key: char) -> Option<Command> {
        keymap.command(mode, &KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE))
    }

    #[test]
    fn the_shipped_keymap_is_sound_and_describes_every_binding() {
        let (keymap, problems) = Keymap::load("default", &Folders::default());
        assert_eq!(problems, []);
        assert_eq!(press(&keymap, Mode::List, 'p'), Some(Command::Pods));
        assert_eq!(press(&keymap, Mode::Logs, 'n'), Some(Command::NextMatch));
        assert_eq!(press(&keymap, Mode::List, 'y'), None);
        assert_eq!(keymap.key_for(Mode::Logs, Command::Nodes), None, "n means another thing there");
        assert!(Mode::ALL.iter().flat_map(|m| keymap.bindings(*m)).all(|b| !b.description.is_empty()));
    }

    #[test]
    fn a_file_that_inherits_takes_over_keys_and_keeps_the_rest() {
        let (keymap, problems) =
            read("inherits = \"default\"\n[global]\nbindings = [\n  { on = [\"p\"], run = \"nodes\" },\n]\n");
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(press(&keymap, Mode::List, 'p'), Some(Command::Nodes));
        assert_eq!(press(&keymap, Mode::List, 'q'), Some(Command::Quit));
        assert!(keymap.bindings(Mode::Global).all(|b| b.command != Command::Pods), "it has no key any more");
    }

    #[test]
    fn mistakes_name_line_and_fix_and_leave_the_rest_usable() {
        let (keymap, problems) = read(
            "inherits = \"default\"\n[list]\nbindings = [\n  { on = [\"x\"], run = \"opne\" },\n  { on = [\"y\"], run = \"open\" },\n  \
             { on = [\"z\", \"hyper-z\"], run = \"open\" },\n  { on = [\"z\"], run = \"back\" },\n  { on = [\"ctrl-c\"], run = \"back\" },\n]\n",
        );
        assert_eq!(
            problems,
            [
                "mine.toml:4: unknown command \"opne\"; did you mean \"open\"?",
                "mine.toml:5: \"y\" is kept for confirmations; bind another key",
                "mine.toml:6: unknown key \"hyper-z\"; write it like q, G, enter, ctrl-d, s-tab or f1",
                "mine.toml:7: \"z\" is bound twice in [list], first on line 6; remove one of them",
                "mine.toml:8: ctrl-c always quits; bind another key",
            ]
        );
        assert_eq!(press(&keymap, Mode::List, 'z'), Some(Command::Open));
    }

    #[test]
    fn a_keymap_without_a_way_out_is_refused_and_a_broken_file_leaves_the_shipped_one() {
        let (_, problems) = read("[global]\nbindings = [{ on = [\"x\"], run = \"open\" }]\n");
        assert_eq!(problems.len(), 3);
        assert!(problems[0].starts_with("mine.toml:1: no key in [global] means \"quit\""), "{problems:?}");
        let (keymap, problems) = read("[golbal]\n");
        assert!(
            problems[0].starts_with("mine.toml:1: unknown field \"golbal\"; did you mean \"global\"?"),
            "{problems:?}"
        );
        assert_eq!(keymap, Keymap::default());
    }
}
