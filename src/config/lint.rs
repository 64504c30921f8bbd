//! Checks data files, the shipped and the user's.

use std::path::{Path, PathBuf};

use super::keymap::Keymap;
use super::paths::Folders;
use super::settings::Settings;
use super::source::SourceFile;
use super::{Problem, Profile, embedded, theme};

/// The formats that can be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Keymap,
    Theme,
    Profile,
    Settings,
}

/// What came of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many files were checked.
    pub files: usize,
    /// What is wrong, in the files' order.
    pub problems: Vec<Problem>,
}

impl Report {
    fn check(&mut self, format: Format, file: &SourceFile) {
        self.files += 1;
        self.problems.extend(match format {
            Format::Keymap => Keymap::read(file).1,
            Format::Theme => theme::check(file),
            Format::Profile => Profile::read(file).err().unwrap_or_default(),
            Format::Settings => Settings::read(file).err().into_iter().collect(),
        });
    }
}

/// Checks everything that is shipped and everything in the user's folder.
pub fn all(folders: &Folders) -> Report {
    let mut report = Report::default();
    let shipped = [
        (Format::Keymap, "keymaps", "toml", embedded::KEYMAPS),
        (Format::Theme, "themes", "toml", embedded::THEMES),
        (Format::Profile, "profiles", "yaml", embedded::PROFILES),
    ];
    for (format, folder, ending, files) in shipped {
        for (name, text) in files {
            let path = PathBuf::from(folder).join(format!("{name}.{ending}"));
            report.check(format, &SourceFile { path, text: (*text).to_owned() });
        }
    }
    if let Some(own) = folders.config.as_deref().filter(|path| path.is_dir()) {
        walk(own, &mut report);
    }
    report
}

/// Checks the files named, and those in the folders named.
pub fn paths(paths: &[PathBuf]) -> Report {
    let mut report = Report::default();
    for path in paths {
        if path.is_dir() {
            walk(path, &mut report);
        } else {
            check_path(path, &mut report);
        }
    }
    report
}

fn walk(folder: &Path, report: &mut Report) {
    let entries = std::fs::read_dir(folder).map(|e| e.filter_map(|entry| Some(entry.ok()?.path())).collect());
    let mut entries: Vec<PathBuf> = entries.unwrap_or_default();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, report);
        } else if format_of(&path, "").is_some() {
            check_path(&path, report);
        }
    }
}

fn check_path(path: &Path, report: &mut Report) {
    let file = match SourceFile::read(path) {
        Ok(file) => file,
        Err(problem) => {
            report.files += 1;
            report.problems.push(problem);
            return;
        }
    };
    match format_of(path, &file.text) {
        Some(format) => report.check(format, &file),
        None => {
            report.files += 1;
            let message = "neither a keymap, a theme nor a profile";
            report.problems.push(file.problem(&(0..0), message, "put it into keymaps/, themes/ or profiles/"));
        }
    }
}

/// A file's format by the folder it is in, else by what is in it.
fn format_of(path: &Path, text: &str) -> Option<Format> {
    let ending = path.extension()?.to_str()?;
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let has = |section: &str| text.lines().any(|line| line.trim_start().starts_with(section));
    match (ending, folder) {
        ("toml", "keymaps") => Some(Format::Keymap),
        ("toml", "themes") => Some(Format::Theme),
        ("yaml" | "yml", "profiles") => Some(Format::Profile),
        ("toml", _) if path.file_name().is_some_and(|name| name == "config.toml") => Some(Format::Settings),
        ("toml", _) if has("[palette]") || has("[tones]") => Some(Format::Theme),
        ("toml", _) if has("bindings") => Some(Format::Keymap),
        ("yaml" | "yml", _) if has("roles:") || has("namespaces:") => Some(Format::Profile),
        _ => None,
    }
}
