//! `config.toml`: what the user would otherwise type as flags each time.

use serde::Deserialize;

use super::Problem;
use super::paths::Folders;
use super::source::SourceFile;

/// Defaults for flags. A flag on the command line goes before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// `--keymap`
    pub keymap: Option<String>,
    /// `--theme`
    pub theme: Option<String>,
    /// `--ascii`
    pub ascii: bool,
    /// `--read-only`
    pub read_only: bool,
}

impl Settings {
    /// Reads `config.toml` of the configuration folder; without one everything is as shipped. One that cannot be
    /// read may have forbidden changes, so it does.
    pub fn load(folders: &Folders) -> (Self, Vec<Problem>) {
        let Some(path) = folders.configured("config.toml").filter(|path| path.is_file()) else {
            return Default::default();
        };
        match SourceFile::read(&path).and_then(|file| Self::read(&file)) {
            Ok(settings) => (settings, Vec::new()),
            Err(problem) => (Self { read_only: true, ..Self::default() }, vec![problem]),
        }
    }

    /// Reads the settings from a file's text.
    pub fn read(file: &SourceFile) -> Result<Self, Problem> {
        toml::from_str(&file.text).map_err(|error| file.unreadable(&error))
    }
}
