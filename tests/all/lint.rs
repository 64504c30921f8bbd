//! What `crashcart lint` says of each kind of mistake, and that nothing that is shipped has one.

use std::path::Path;

use crashcart::config::embedded;
use crashcart::{drill, runbook};

/// Runs the program; its exit code and what it prints.
#[expect(clippy::disallowed_types, reason = "the program itself is what is tested")]
fn crashcart(arguments: &[&str], home: &Path) -> (Option<i32>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_crashcart"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("XDG_CONFIG_HOME", home)
        .output()
        .expect("the program runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn every_mistake_has_its_line_and_its_fix() {
    let home = tempfile::tempdir().expect("a folder");
    let (code, said) = crashcart(&["lint", "tests/invalid"], home.path());
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(said);
    let silent: Vec<_> = walk(Path::new(env!("CARGO_MANIFEST_DIR")), "tests/invalid")
        .into_iter()
        .filter(|file| !said.contains(file.as_str()))
        .collect();
    assert_eq!(silent, Vec::<String>::new(), "each file is there for a mistake");
}

#[test]
fn what_is_shipped_is_sound_and_so_is_the_users_folder_checked() {
    let home = tempfile::tempdir().expect("a folder");
    let (code, shipped) = crashcart(&["lint"], home.path());
    assert_eq!(code, Some(0), "{shipped}");
    let own = home.path().join("crashcart/themes");
    std::fs::create_dir_all(&own).expect("a folder");
    std::fs::write(own.join("mine.toml"), "[tones]\nbda = {}\n").expect("a file");
    let (code, said) = crashcart(&["lint"], home.path());
    assert_eq!(code, Some(1));
    assert!(said.contains("crashcart/themes/mine.toml:2: unknown tone \"bda\"; did you mean \"bad\"?"), "{said}");
    assert_eq!(crashcart(&["lint", "/does/not/exist"], home.path()).0, Some(1));
}

#[test]
fn every_data_file_is_part_of_the_binary() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known: Vec<String> = Vec::new();
    for (folder, ending, shipped) in [
        ("drills", "yaml", drill::FILES),
        ("keymaps", "toml", embedded::KEYMAPS),
        ("profiles", "yaml", embedded::PROFILES),
        ("profiles", "yaml", drill::PROFILES),
        ("runbooks", "yaml", runbook::FILES),
        ("themes", "toml", embedded::THEMES),
    ] {
        known.extend(shipped.iter().map(|(name, _)| format!("{folder}/{name}.{ending}")));
    }
    let folders = ["drills", "keymaps", "profiles", "runbooks", "themes"];
    let there: Vec<String> = folders.iter().flat_map(|folder| walk(root, folder)).collect();
    known.sort();
    assert_eq!(known, there);
}

#[test]
fn the_runbook_that_the_documentation_shows_is_sound_wherever_it_lies() {
    let home = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/files.md")).expect("a file");
    let section = text.split("\n## Runbooks").nth(1).expect("a section about runbooks");
    let shown = section.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let folder = home.path().join("anywhere");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("checkout-slow.yaml"), shown).expect("a file");
    let folder = folder.to_string_lossy().into_owned();
    let (code, said) = crashcart(&["lint", &folder], home.path());
    assert_eq!((code, said.as_str()), (Some(0), "1 file, 0 problems\n"));
    std::fs::write(Path::new(&folder).join("broken.yaml"), "id: broken\n").expect("a file");
    let (code, said) = crashcart(&["lint", "--runbooks", &folder], home.path());
    assert_eq!(code, Some(1));
    assert!(said.contains("broken.yaml:1: the runbook has no kind"), "{said}");
}

/// The files in a folder and below it, by their paths from `root`.
fn walk(root: &Path, folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() { files.extend(walk(root, &path)) } else { files.push(path) }
    }
    files.sort();
    files
}
