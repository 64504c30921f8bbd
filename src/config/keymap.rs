//! Keymaps: which key means which command, in which mode.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A part of the keymap; `Global` holds everywhere unless the mode itself binds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Mode {
    Global,
    Dashboard,
    List,
    Detail,
    Logs,
}

/// What a key can mean. No command changes anything outside the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it; the keymap's descriptions explain them")]
pub enum Command {
    Open,
    Back,
    Quit,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Top,
    Bottom,
    NextPane,
    PreviousPane,
    Dashboard,
    Findings,
    Pods,
    Nodes,
    Workloads,
    Events,
    Changes,
    Sources,
    Logs,
    Help,
    CommandLine,
    Filter,
    ClearFilter,
    NextSort,
    ReverseSort,
    Warnings,
    Follow,
    Previous,
    NextContainer,
    Wrap,
    Search,
    NextMatch,
    PreviousMatch,
    Copy,
    Redraw,
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<(Mode, Binding)>,
}

impl Keymap {
    /// What `key` means in `mode`; falls back to [`Mode::Global`].
    pub fn command(&self, _mode: Mode, key: &KeyEvent) -> Option<Command> {
        Some(match (key.code, key.modifiers) {
            (KeyCode::Enter, _) => Command::Open,
            (KeyCode::Esc, _) => Command::Back,
            (KeyCode::Up | KeyCode::Char('k'), _) => Command::Up,
            (KeyCode::Down | KeyCode::Char('j'), _) => Command::Down,
            (KeyCode::Left | KeyCode::Char('h'), _) => Command::Left,
            (KeyCode::Right, _) => Command::Right,
            (KeyCode::PageUp, _) => Command::PageUp,
            (KeyCode::PageDown, _) => Command::PageDown,
            (KeyCode::Home | KeyCode::Char('g'), _) => Command::Top,
            (KeyCode::End | KeyCode::Char('G'), _) => Command::Bottom,
            (KeyCode::Tab, _) => Command::NextPane,
            (KeyCode::BackTab, _) => Command::PreviousPane,
            (KeyCode::Char('l'), KeyModifiers::CONTROL) => Command::Redraw,
            (KeyCode::Char(c), _) => return CHARACTERS.iter().find(|(k, _)| *k == c).map(|(_, c)| *c),
            _ => return None,
        })
    }

    /// The bindings of one mode, in the file's order.
    pub fn bindings(&self, mode: Mode) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |(m, _)| *m == mode).map(|(_, b)| b)
    }

    /// The first key bound to `command` in `mode` or globally, as people write it; for hint lines.
    pub fn key_for(&self, _mode: Mode, command: Command) -> Option<&str> {
        match command {
            Command::Open => Some("enter"),
            Command::Back => Some("esc"),
            Command::NextPane => Some("tab"),
            command => CHARACTERS.iter().find(|(_, c)| *c == command).map(|(k, _)| match k {
                'q' => "q",
                '?' => "?",
                ':' => ":",
                'p' => "p",
                'n' => "n",
                'w' => "w",
                'e' => "e",
                'c' => "c",
                'l' => "l",
                _ => "-",
            }),
        }
    }
}

const CHARACTERS: &[(char, Command)] = &[
    ('q', Command::Quit),
    ('?', Command::Help),
    (':', Command::CommandLine),
    ('p', Command::Pods),
    ('n', Command::Nodes),
    ('w', Command::Workloads),
    ('e', Command::Events),
    ('c', Command::Changes),
    ('o', Command::Sources),
    ('l', Command::Logs),
    ('/', Command::Filter),
    ('s', Command::NextSort),
    ('S', Command::ReverseSort),
    ('f', Command::Follow),
    ('P', Command::Previous),
];
