//! `crashcart lint`: checks data files, the shipped ones, those in the user's folder and those in `--runbooks`.

use std::path::{Path, PathBuf};

use crate::cli::{LintArgs, Options, exit};
use crate::config::embedded::{self, Shipped};
use crate::config::keymap::Keymap;
use crate::config::paths::Folders;
use crate::config::settings::Settings;
use crate::config::source::SourceFile;
use crate::config::{Problem, Profile, theme};
use crate::{drill, runbook};

/// A format that can be checked.
struct Format {
    /// The folder that its files are in, here and in the user's configuration.
    folder: &'static str,
    endings: &'static [&'static str],
    /// What lines of a file in another folder begin with.
    marks: &'static [&'static str],
    shipped: &'static [&'static [Shipped]],
    check: fn(&SourceFile) -> Vec<Problem>,
}

const TOML: &[&str] = &["toml"];
const YAML: &[&str] = &["yaml", "yml"];

/// The formats. A file outside their folders is of the first whose mark is in it.
const FORMATS: &[Format] = &[
    Format {
        folder: "keymaps",
        endings: TOML,
        marks: &["bindings"],
        shipped: &[embedded::KEYMAPS],
        check: |file| Keymap::read(file).1,
    },
    Format {
        folder: "themes",
        endings: TOML,
        marks: &["[palette]", "[tones]"],
        shipped: &[embedded::THEMES],
        check: theme::check,
    },
    RUNBOOKS,
    Format {
        folder: "drills",
        endings: YAML,
        marks: &["faults:"],
        shipped: &[drill::FILES],
        check: |file| drill::read(file).err().unwrap_or_default(),
    },
    Format {
        folder: "profiles",
        endings: YAML,
        marks: &["roles:", "namespaces:"],
        shipped: &[embedded::PROFILES, drill::PROFILES],
        check: |file| Profile::read(file).err().unwrap_or_default(),
    },
];

const RUNBOOKS: Format = Format {
    folder: "runbooks",
    endings: YAML,
    marks: &["steps:"],
    shipped: &[runbook::FILES],
    check: |file| runbook::read(file).err().unwrap_or_default(),
};

/// Runs the command; the exit code of the program.
pub fn run(options: &Options, args: LintArgs) -> anyhow::Result<u8> {
    let mut report = if args.paths.is_empty() { everything(&Folders::of_process()) } else { named(&args.paths) };
    if let Some(folder) = options.runbooks.as_deref().filter(|_| args.paths.is_empty()) {
        walk(folder, &mut report, &|path| check_as(path, &RUNBOOKS));
    }
    for problem in &report.problems {
        super::say(problem)?;
    }
    super::say(report.summary())?;
    Ok(if report.problems.is_empty() { exit::DONE } else { exit::FAILED })
}

/// What came of a check.
#[derive(Debug, Default)]
struct Report {
    files: usize,
    problems: Vec<Problem>,
}

impl Report {
    fn add(&mut self, problems: Vec<Problem>) {
        self.files += 1;
        self.problems.extend(problems);
    }

    fn summary(&self) -> String {
        let count = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
        format!("{}, {}", count(self.files, "file"), count(self.problems.len(), "problem"))
    }
}

/// Everything that is shipped and everything in the user's folder.
fn everything(folders: &Folders) -> Report {
    let mut report = Report::default();
    for format in FORMATS {
        for (name, text) in format.shipped.iter().copied().flatten() {
            let path = Path::new(format.folder).join(format!("{name}.{}", format.endings[0]));
            report.add((format.check)(&SourceFile { path, text: (*text).to_owned() }));
        }
    }
    if let Some(own) = folders.config.as_deref().filter(|path| path.is_dir()) {
        walk(own, &mut report, &check);
    }
    report
}

/// The files named, and those in the folders named.
fn named(paths: &[PathBuf]) -> Report {
    let mut report = Report::default();
    for path in paths {
        if path.is_dir() {
            walk(path, &mut report, &check);
        } else {
            report.add(check(path));
        }
    }
    report
}

/// Checks what is in a folder and below it. Links to folders are not followed, so that it ends.
fn walk(folder: &Path, report: &mut Report, check: &dyn Fn(&Path) -> Vec<Problem>) {
    let mut entries: Vec<_> = match std::fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(Result::ok).collect(),
        Err(error) => {
            let fix = "name a folder that can be read".to_owned();
            return report.add(vec![Problem { file: folder.into(), line: 0, message: error.to_string(), fix }]);
        }
    };
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&path, report, check);
        } else if has_ending(&path, TOML) || has_ending(&path, YAML) {
            report.add(check(&path));
        }
    }
}

fn check(path: &Path) -> Vec<Problem> {
    let file = match SourceFile::read(path) {
        Ok(file) => file,
        Err(problem) => return vec![problem],
    };
    if path.file_name().is_some_and(|name| name == "config.toml") {
        return Settings::read(&file).err().into_iter().collect();
    }
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let of_folder = FORMATS.iter().find(|f| f.folder == folder && has_ending(path, f.endings));
    let by_content = || FORMATS.iter().find(|f| has_ending(path, f.endings) && has_mark(&file.text, f.marks));
    if let Some(format) = of_folder.or_else(by_content) {
        return (format.check)(&file);
    }
    let message = "this is no runbook, drill, profile, keymap, theme or config.toml".to_owned();
    let fix = "put it into runbooks/, drills/, profiles/, keymaps/ or themes/".to_owned();
    vec![Problem { file: file.path, line: 0, message, fix }]
}

/// Checks a file of which it is known what it should be.
fn check_as(path: &Path, format: &Format) -> Vec<Problem> {
    match SourceFile::read(path) {
        Ok(file) => (format.check)(&file),
        Err(problem) => vec![problem],
    }
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().and_then(|e| e.to_str()).is_some_and(|e| endings.contains(&e))
}

fn has_mark(text: &str, marks: &[&str]) -> bool {
    text.lines().any(|line| marks.iter().any(|mark| line.starts_with(mark)))
}
