//! `crashcart explain`: what a finding means, how it is found, what it is told from, what to do first.

use std::io::{self, Write};

use crate::cli::{ExplainArgs, Options, exit};
use crate::detect::{DETECTORS, Detector};

/// The catalogue's entries, all of them, so that an id from a document is never "unknown".
const CATALOGUE: [(&str, &str); 30] = [
    ("F01", "the edge network's nearest site is out"),
    ("F02", "the edge network is out everywhere"),
    ("F03", "DNS answers are forged"),
    ("F04", "one node's network fails"),
    ("F05", "two nodes fail at once"),
    ("F06", "all nodes fail"),
    ("F07", "a node's disk fills up"),
    ("F08", "etcd is corrupt on one node"),
    ("F09", "the cluster's DNS is down"),
    ("F10", "the metrics API does not answer"),
    ("F11", "a firewall rule blocks what is needed"),
    ("F12", "the overlay network is broken on one node"),
    ("F13", "service addresses are broken on one node"),
    ("F14", "pods run out of memory"),
    ("F15", "pods panic and crash loop"),
    ("F16", "pods hang without ending"),
    ("F17", "a workload of one replica is down"),
    ("F18", "the worker stops to process jobs"),
    ("F19", "the cache is down, its volume is elsewhere"),
    ("F20", "the database is out"),
    ("F21", "the object storage is out"),
    ("F22", "mail cannot be sent"),
    ("F23", "the image registry is out"),
    ("F24", "the edge network's DNS fails"),
    ("F25", "everything is slow"),
    ("F26", "some users see errors, others do not"),
    ("F27", "it worked five minutes ago"),
    ("F28", "planned: upgrade of a node"),
    ("F29", "planned: upgrade of k3s"),
    ("F30", "recovery from the loss of the whole cluster"),
];

/// Runs the command; the exit code of the program.
pub fn run(_options: &Options, args: ExplainArgs) -> anyhow::Result<u8> {
    let mut out = io::stdout().lock();
    let Some(id) = args.id else {
        write!(out, "{}", table())?;
        return Ok(exit::DONE);
    };
    if let Some(detector) = DETECTORS.iter().find(|d| d.id.eq_ignore_ascii_case(&id)) {
        write!(out, "{}", explanation(detector))?;
        return Ok(exit::DONE);
    }
    if let Some((id, title)) = CATALOGUE.iter().find(|(known, _)| known.eq_ignore_ascii_case(&id)) {
        writeln!(out, "{id}  {title}\n\nThis version has no detector for it: it is never reported.")?;
        return Ok(exit::DONE);
    }
    eprintln!("crashcart: no finding is called {id:?}; `crashcart explain` lists them all");
    Ok(exit::USAGE)
}

fn table() -> String {
    let mut lines: Vec<String> = CATALOGUE.iter().map(|(id, title)| line(id, title)).collect();
    let own = DETECTORS.iter().filter(|d| !CATALOGUE.iter().any(|(id, _)| *id == d.id));
    lines.extend(own.map(|d| line(d.id, d.title)));
    lines.push(String::new());
    lines.push("`crashcart explain ID` says more.".to_owned());
    lines.join("\n") + "\n"
}

fn line(id: &str, title: &str) -> String {
    let found = DETECTORS.iter().any(|d| d.id == id);
    let aside = if found { "" } else { "  (not detected)" };
    format!("{id:<18}{title}{aside}")
}

fn explanation(detector: &Detector) -> String {
    let head = format!("{}  {}\n\n", detector.id, detector.title);
    head + &super::paper::fill(detector.explanation, "", 80) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_detector_is_listed_once_and_explained_within_80_columns() {
        let table = table();
        for detector in DETECTORS {
            assert_eq!(table.lines().filter(|l| l.starts_with(detector.id)).count(), 1, "{}", detector.id);
            let text = explanation(detector);
            assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
            for part in ["Found by", "Told from", "First"] {
                assert!(text.contains(part), "{} does not say {part}", detector.id);
            }
        }
        assert!(table.lines().all(|l| l.chars().count() <= 80), "{table}");
    }

    #[test]
    fn an_entry_without_a_detector_says_so() {
        let table = table();
        let line = table.lines().find(|l| l.starts_with("F20")).unwrap();
        assert!(line.ends_with("(not detected)"), "{line}");
    }
}
