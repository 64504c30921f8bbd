//! `config.toml`: what the user prefers where the command line says nothing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Problem;
use super::paths::Folders;
use super::source::SourceFile;

/// The user's preferences. What is absent is left to the command line and its defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Settings {
    /// Keymap, by name or file.
    pub keymap: Option<String>,
    /// Theme, by name or file.
    pub theme: Option<String>,
    /// Only ASCII on the screen.
    pub ascii: bool,
    /// Never offer to change anything.
    pub read_only: bool,
    /// Profiles, by name or file, by the UID of the cluster's namespace `kube-system`.
    pub profiles: BTreeMap<String, String>,
}

impl Settings {
    /// Reads `config.toml` of the user's folder; a missing one is no mistake. An unreadable one leaves the defaults, but
    /// then nothing is offered that `readOnly` might have forbidden.
    pub fn load(folders: &Folders) -> (Self, Vec<Problem>) {
        let Some(path) = folders.configured("config.toml").filter(|path| path.exists()) else {
            return (Self::default(), Vec::new());
        };
        match SourceFile::read(&path).and_then(|file| Self::read(&file)) {
            Ok(settings) => (settings, Vec::new()),
            Err(problem) => (Self { read_only: true, ..Self::default() }, vec![problem]),
        }
    }

    /// Reads settings from a file's text.
    ///
    /// # Errors
    /// The first mistake.
    pub fn read(file: &SourceFile) -> Result<Self, Problem> {
        toml::from_str(&file.text).map_err(|error| file.unreadable(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_a_broken_file_forbids_changes() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders { config: Some(home.path().into()), state: None };
        assert_eq!(Settings::load(&folders), (Settings::default(), vec![]));
        std::fs::write(home.path().join("config.toml"), "theme = \"light\"\n[profiles]\nabc = \"own\"\n").unwrap();
        let (settings, problems) = Settings::load(&folders);
        assert_eq!((settings.theme.as_deref(), problems.len()), (Some("light"), 0));
        assert_eq!(settings.profiles["abc"], "own");
        std::fs::write(home.path().join("config.toml"), "readonly = true\n").unwrap();
        let (settings, problems) = Settings::load(&folders);
        assert!(settings.read_only);
        assert!(
            problems[0].to_string().ends_with("config.toml:1: unknown field \"readonly\"; did you mean \"readOnly\"?")
        );
    }
}
