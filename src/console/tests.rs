//! Every screen of this folder at three sizes, and what keys do to it.

use super::testing::{
    Console, SIZES, api_down, api_lost, contact, forbidden, healthy, hostile, panicking, profile, theme,
};
use crate::situation::Observation;

/// Snapshots of a world's screen after some keys, at every size.
fn look(name: &str, world: &[Observation], keys: &str) {
    for (columns, rows) in SIZES {
        let mut console = Console::with(profile(), theme(), world.iter().cloned());
        console.sized(columns, rows).keys(keys);
        insta::assert_snapshot!(format!("{name}-{columns}x{rows}"), console.screen());
    }
}

#[test]
fn before_the_first_answer() {
    look("waiting", &[], "");
    look("connected", &contact(), "");
}

#[test]
fn nothing_wrong() {
    look("healthy", &healthy(), "");
}

#[test]
fn a_revision_that_panics() {
    look("panicking", &panicking(), "");
    look("finding", &panicking(), "<enter>");
    look("changes", &panicking(), "c");
}

#[test]
fn the_api_is_lost() {
    look("lost", &api_lost(), "");
    look("lost-sources", &api_lost(), ":sources<enter>");
}

#[test]
fn the_api_never_answered() {
    look("down", &api_down(), "");
}

#[test]
fn what_is_forbidden_is_named() {
    look("forbidden", &forbidden(), "");
    look("forbidden-sources", &forbidden(), ":sources<enter>");
}

#[test]
fn hostile_texts_leave_the_screen_whole() {
    look("hostile", &hostile(), "");
    look("hostile-finding", &hostile(), "<enter>");
}

#[test]
fn help_and_command_line() {
    look("help", &healthy(), "?");
    look("command-line", &healthy(), ":po");
    look("command-line-pod", &healthy(), ":pod api");
}
