//! `cat` and `ls` on the few files that a container has.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::{Io, Process};

/// The folders of a small system.
const FOLDERS: [&str; 17] = [
    "bin", "dev", "etc", "home", "lib", "media", "mnt", "opt", "proc", "root", "run", "sbin", "srv", "sys", "tmp",
    "usr", "var",
];

/// Writes files, or its input.
pub(super) async fn cat(process: &Process, args: &[String], io: &mut Io) -> u8 {
    let mut code = 0;
    if args.is_empty() {
        while let Some(line) = io.line().await {
            io.out(line + "\n").await;
        }
    }
    for path in args {
        let whole = absolute(path);
        if let Some(content) = process.around.files.get(&whole) {
            io.out(content).await;
        } else if entries(process, &whole).is_some() {
            io.err("cat: read error: Is a directory\n").await;
            code = 1;
        } else {
            io.err(format!("cat: can't open '{path}': No such file or directory\n")).await;
            code = 1;
        }
    }
    code
}

/// Lists folders.
pub(super) async fn list(process: &Process, args: &[String], io: &Io) -> u8 {
    let (flags, mut paths): (Vec<_>, Vec<_>) = args.iter().map(String::as_str).partition(|a| a.starts_with('-'));
    let long = flags.iter().any(|f| f.contains('l'));
    if paths.is_empty() {
        paths.push("/");
    }
    let (mut code, several) = (0, paths.len() > 1);
    for path in paths {
        let whole = absolute(path);
        let Some(names) = entries(process, &whole) else {
            io.err(format!("ls: {path}: No such file or directory\n")).await;
            code = 1;
            continue;
        };
        if several {
            io.out(format!("{path}:\n")).await;
        }
        let mut told = String::new();
        for name in names {
            if long {
                told.push_str(&details(process, &whole, &name));
            }
            told.push_str(&name);
            told.push('\n');
        }
        io.out(told).await;
    }
    code
}

/// A path from the root, without an end or doubled slashes.
fn absolute(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    format!("/{}", parts.join("/"))
}

/// What is in a folder, or the file itself; nothing if there is neither.
fn entries(process: &Process, path: &str) -> Option<BTreeSet<String>> {
    if process.around.files.contains_key(path) {
        return Some(BTreeSet::from([path.to_owned()]));
    }
    let folder = if path == "/" { path.to_owned() } else { format!("{path}/") };
    let within = process.around.files.keys().filter_map(|file| file.strip_prefix(&folder));
    let mut names: BTreeSet<String> = within.filter_map(|rest| rest.split('/').next()).map(str::to_owned).collect();
    if path == "/" {
        names.extend(FOLDERS.map(str::to_owned));
    }
    let known = !names.is_empty() || path.strip_prefix('/').is_some_and(|name| FOLDERS.contains(&name));
    known.then_some(names)
}

/// What `ls -l` says before a name.
fn details(process: &Process, folder: &str, name: &str) -> String {
    let path = absolute(&if name.starts_with('/') { name.to_owned() } else { format!("{folder}/{name}") });
    let (mode, size) = process.around.files.get(&path).map_or(("drwxr-xr-x", 4096), |file| ("-rw-r--r--", file.len()));
    let mut told = String::new();
    let at = process.around.now.to_zoned(TimeZone::UTC).strftime("%b %e %H:%M").to_string();
    let _ = write!(told, "{mode}    1 root     root     {size:>9} {at} ");
    told
}
