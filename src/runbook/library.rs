//! The runbooks that there are: the shipped ones, and the team's own, which take the place of those of the same id.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Book, lint};
use crate::config::Problem;
use crate::config::embedded::Shipped;
use crate::config::paths::Folders;
use crate::config::source::SourceFile;

/// The shipped files, in the order of their ids.
pub const FILES: &[Shipped] =
    &[("F15", include_str!("../../runbooks/F15.yaml")), ("F26", include_str!("../../runbooks/F26.yaml"))];

/// All runbooks, by id.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// The runbooks, by id.
    pub books: Vec<Arc<Book>>,
    /// What is wrong with files that are left out.
    pub problems: Vec<Problem>,
}

impl Library {
    /// The shipped runbooks, those in the user's folder, and those in the folder that `--runbooks` names. One of the same
    /// id takes the place of a former one; one with a mistake is left out and the former one stays.
    pub fn load(folders: &Folders, named: Option<&Path>) -> Self {
        let mut library = Self::shipped();
        let own = folders.configured("runbooks").filter(|folder| folder.is_dir());
        for folder in own.as_deref().into_iter().chain(named) {
            library.add_folder(folder);
        }
        library
    }

    /// Only the shipped ones. They are not linted again each time: a test does that.
    pub fn shipped() -> Self {
        let mut library = Self::default();
        for (name, text) in FILES {
            let file = SourceFile { path: format!("runbooks/{name}.yaml").into(), text: (*text).to_owned() };
            library.add(lint::read_trusted(&file));
        }
        library
    }

    /// The runbook of that id, in any case.
    pub fn find(&self, id: &str) -> Option<&Arc<Book>> {
        self.books.iter().find(|book| book.id.eq_ignore_ascii_case(id))
    }

    /// The runbook that a finding leads to: the one of its id if that says so, else the first that says so.
    pub fn for_finding(&self, finding: &str) -> Option<&Arc<Book>> {
        let leads = |book: &&Arc<Book>| book.findings.iter().any(|id| id == finding);
        self.find(finding).filter(leads).or_else(|| self.books.iter().find(leads))
    }

    fn add_folder(&mut self, folder: &Path) {
        match files(folder) {
            Ok(paths) => {
                for path in paths {
                    self.add(
                        SourceFile::read(&path).map_err(|problem| vec![problem]).and_then(|file| lint::read(&file)),
                    );
                }
            }
            Err(problem) => self.problems.push(problem),
        }
    }

    fn add(&mut self, book: Result<Book, Vec<Problem>>) {
        match book {
            Ok(book) => match self.books.binary_search_by(|known| known.id.cmp(&book.id)) {
                Ok(place) => {
                    if let Some(former) = self.books.get_mut(place) {
                        *former = Arc::new(book);
                    }
                }
                Err(place) => self.books.insert(place, Arc::new(book)),
            },
            Err(problems) => self.problems.extend(problems),
        }
    }
}

/// The YAML files in a folder, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let entries = std::fs::read_dir(folder).map_err(|error| Problem {
        file: folder.into(),
        line: 0,
        message: error.to_string(),
        fix: "name a folder with runbooks".to_owned(),
    })?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml"));
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: &str = "title: One\nkind: failure\nlayer: workload\nfindings: [F15]\nstart: done\n\
        steps:\n  done: { title: Done, end: resolved, say: It works. }\n";

    fn write(folder: &Path, id: &str, title: &str) {
        std::fs::create_dir_all(folder).unwrap();
        let text = format!("id: {id}\n{BOOK}").replace("One", title);
        std::fs::write(folder.join(format!("{id}.yaml")), text).unwrap();
    }

    fn titles(library: &Library) -> Vec<(&str, &str)> {
        let books = library.books.iter().filter(|book| ["F15", "ours"].contains(&book.id.as_str()));
        books.map(|book| (book.id.as_str(), book.title.as_str())).collect()
    }

    #[test]
    fn later_folders_take_the_place_and_broken_files_are_left_out() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders { config: Some(home.path().join("config")), state: None };
        let own = home.path().join("config/runbooks");
        write(&own, "F15", "Mine");
        write(&own, "ours", "Ours");
        assert_eq!(titles(&Library::load(&folders, None)), [("F15", "Mine"), ("ours", "Ours")]);

        let named = home.path().join("named");
        write(&named, "ours", "Named");
        std::fs::write(named.join("F15.yaml"), "id: F15\ntitle: Broken\n").unwrap();
        let library = Library::load(&folders, Some(&named));
        assert_eq!(titles(&library), [("F15", "Mine"), ("ours", "Named")]);
        assert!(library.problems.iter().all(|problem| problem.file == named.join("F15.yaml")));
        assert!(!library.problems.is_empty());

        let library = Library::load(&folders, Some(Path::new("/does/not/exist")));
        assert_eq!((titles(&library).len(), library.problems.len()), (2, 1));
    }

    #[test]
    fn runbooks_are_found_by_id_and_by_finding() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::default();
        write(home.path(), "ours", "Ours");
        write(home.path(), "F15", "Mine");
        let library = Library::load(&folders, Some(home.path()));
        assert_eq!(library.find("f15").map(|book| book.id.as_str()), Some("F15"));
        assert_eq!(library.find("F99"), None);
        assert_eq!(library.for_finding("F15").map(|book| book.id.as_str()), Some("F15"));
        assert_eq!(library.for_finding("no-such-finding"), None);
    }

    #[test]
    fn every_shipped_runbook_is_sound() {
        let library = Library::shipped();
        assert_eq!(library.problems, Vec::<Problem>::new());
        assert_eq!(library.books.len(), FILES.len());
        for (name, text) in FILES {
            let file = SourceFile { path: format!("runbooks/{name}.yaml").into(), text: (*text).to_owned() };
            let said = lint::read(&file).err().unwrap_or_default();
            assert!(said.is_empty(), "{}", said.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        }
    }
}
