//! Where the user's files are.

use std::path::{Path, PathBuf};

/// The user's folders, from the environment that is handed in; `None` where there is no home either.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders {
    /// `$XDG_CONFIG_HOME/crashcart`, else `~/.config/crashcart`.
    pub config: Option<PathBuf>,
    /// `$XDG_STATE_HOME/crashcart`, else `~/.local/state/crashcart`.
    pub state: Option<PathBuf>,
}

impl Folders {
    /// The folders that an environment means. Relative values are ignored, as the XDG specification asks.
    pub fn from_env(get: impl Fn(&str) -> Option<std::ffi::OsString>) -> Self {
        let absolute = |name: &str| get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("HOME");
        let folder = |name: &str, fallback: &str| {
            let base = absolute(name).or_else(|| home.as_ref().map(|h| h.join(fallback)))?;
            Some(base.join("crashcart"))
        };
        Self { config: folder("XDG_CONFIG_HOME", ".config"), state: folder("XDG_STATE_HOME", ".local/state") }
    }

    /// The process's own folders.
    pub fn of_process() -> Self {
        Self::from_env(|name| std::env::var_os(name))
    }

    /// A folder below the configuration folder.
    pub fn configured(&self, name: &str) -> Option<PathBuf> {
        self.config.as_deref().map(|folder| folder.join(name))
    }
}

/// Whether an argument `NAME|FILE` means a file.
pub fn means_file(argument: &str) -> bool {
    argument.contains('/') || Path::new(argument).extension().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_values_and_missing_ones_fall_back_to_the_home() {
        let env = |name: &str| match name {
            "HOME" => Some("/home/ann".into()),
            "XDG_CONFIG_HOME" => Some("relative".into()),
            "XDG_STATE_HOME" => Some("/var/state".into()),
            _ => None,
        };
        let folders = Folders::from_env(env);
        assert_eq!(folders.config, Some("/home/ann/.config/crashcart".into()));
        assert_eq!(folders.state, Some("/var/state/crashcart".into()));
        assert_eq!(Folders::from_env(|_| None), Folders::default());
    }
}
