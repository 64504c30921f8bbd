//! `crashcart incidents`: what there is a record of.

use anyhow::Context as _;
use unicode_width::UnicodeWidthStr;

use crate::cli::{IncidentsArgs, Options, Output, exit};
use crate::config::paths::Folders;
use crate::incident::{self, Listed};

/// Runs the command; the exit code of the program.
pub fn run(_options: &Options, args: IncidentsArgs) -> anyhow::Result<u8> {
    let state = Folders::of_process().state;
    let state = state.context("there is no home folder, so there is no record; set XDG_STATE_HOME")?;
    let incidents = incident::list(&state).with_context(|| format!("cannot read {}/incidents", state.display()))?;
    match args.output {
        Output::Json => super::say(serde_json::to_string_pretty(&incidents)?)?,
        Output::Text if incidents.is_empty() => super::say(format!("no incidents in {}", state.display()))?,
        Output::Text => super::say(table(&incidents))?,
    }
    Ok(exit::DONE)
}

fn table(incidents: &[Listed]) -> String {
    let head = ["ID", "STATE", "BEGAN", "LAST", "CLUSTER", "REMARKS"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(incidents.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row.get(column).map_or(0, |cell| cell.width())).max();
    let widths: Vec<usize> = (0..6).filter_map(width).collect();
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(&widths);
        let padded = cells.map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(incident: &Listed) -> [String; 6] {
    let stamp = |at: Option<jiff::Timestamp>| {
        at.map_or_else(|| "?".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
    };
    let context = incident.cluster.as_ref().map_or("?", |cluster| cluster.context.as_str());
    let mut remarks = Vec::new();
    remarks.extend(incident.drill.as_ref().map(|drill| format!("drill {drill}")));
    remarks.extend(incident.running.then(|| "a running console writes to it".to_owned()));
    remarks.extend((incident.outcome_unknown > 0).then(|| format!("{} outcome unknown", incident.outcome_unknown)));
    remarks.extend(incident.problem.as_ref().map(|problem| format!("cannot be read: {problem}")));
    let state = incident.state.unwrap_or("?").to_owned();
    // A journal is a file like any other: what it says may hold anything.
    let cells = [
        incident.id.clone(),
        state,
        stamp(incident.began),
        stamp(incident.last),
        context.to_owned(),
        remarks.join(", "),
    ];
    cells.map(|cell| crate::situation::clean(&cell).into_owned())
}
