//! Makes a picture of each screen, from the real program in a real pseudo-terminal:
//!
//! ```text
//! cargo run --example pictures            # docs/pictures/*.svg at 120x36
//! cargo run --example pictures -- DIR     # every screen at 80x24, 120x36 and 200x60, into DIR
//! ```

#[path = "../../tests/support/terminal.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod terminal;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use terminal::Terminal;

/// A picture: its name, the keys that lead to it from the dashboard, and a text that is on it.
const SCREENS: &[(&str, &str, &str)] = &[
    ("dashboard", "", "READ-ONLY"),
    ("finding", "\r", "Evidence"),
    ("changes", "c", "revision"),
    ("pods", "p", "honeydue"),
    ("pod", "p\r", "Containers"),
    ("nodes", "n", "nbg1-2"),
    ("node", "n\r", "Conditions"),
    ("workloads", "w", "traefik"),
    ("workload", "w\r", "Revisions"),
    ("revision", "w\rjjjj\r", "REMINDER_PLANNER"),
    ("sources", "o", "etcdsnapshotfiles"),
    ("logs", "pl", "goroutine 34"),
    ("events", "e", "BackOff"),
    ("trees", ":trees\r", "panic"),
    ("tree", "t\r\r", "suggested: Yes, with revision"),
    ("plan", "t\r\r\r\r\rA", "the server would accept it"),
    ("actions", "w\ra", "restart"),
    ("incident", "ti", "F15"),
    ("help", "?", "quit"),
    ("command-line", ":po", "pods"),
];

fn main() {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let sizes: &[(u16, u16)] = if folder.is_some() { &[(80, 24), (120, 36), (200, 60)] } else { &[(120, 36)] };
    let out = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures"));
    std::fs::create_dir_all(&out).expect("a folder for the pictures");
    for &size in sizes {
        for (name, keys, text) in SCREENS {
            let file =
                if sizes.len() > 1 { format!("{name}-{}x{}.svg", size.0, size.1) } else { format!("{name}.svg") };
            std::fs::write(out.join(&file), picture(size, keys, text)).expect("the picture is written");
            println!("{}", out.join(file).display());
        }
    }
}

fn picture(size: (u16, u16), keys: &str, text: &str) -> String {
    let program = program();
    let mut terminal = Terminal::start(&program, &["drill", "F15"], &[], size);
    terminal.wait("panics in a crash loop");
    terminal.settle(Duration::from_millis(500));
    for key in keys.chars() {
        terminal.type_keys(key.encode_utf8(&mut [0; 4]));
        terminal.settle(Duration::from_millis(400));
    }
    terminal.wait(text);
    terminal.settle(Duration::from_millis(400));
    terminal.screen(svg)
}

/// The program beside this one in the target folder.
fn program() -> PathBuf {
    let here = std::env::current_exe().expect("a path");
    let folder = here.ancestors().nth(2).expect("target/PROFILE/examples/pictures");
    folder.join("crashcart")
}

const CELL: (f32, f32) = (8.4, 18.0);

/// The screen as SVG: a rectangle a run of one background, a text a run of one style.
fn svg(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (f32::from(columns) * CELL.0 + 16.0, f32::from(rows) * CELL.1 + 16.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\" xml:space=\"preserve\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#101418\"/>\n"
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            column = run(screen, row, column, columns, &mut out);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Draws the run of equal style that begins at `column`; where the next one begins.
fn run(screen: &vt100::Screen, row: u16, column: u16, columns: u16, out: &mut String) -> u16 {
    let style = |c: u16| {
        screen.cell(row, c).map(|cell| {
            let (fg, bg) = (colour(cell.fgcolor(), "#d0d7de"), colour(cell.bgcolor(), "#101418"));
            let (fg, bg) = if cell.inverse() { (bg, fg) } else { (fg, bg) };
            (fg, bg, cell.bold(), cell.dim(), cell.underline())
        })
    };
    let first = style(column);
    let mut end = column + 1;
    while end < columns && style(end) == first {
        end += 1;
    }
    let Some((fg, bg, bold, dim, underline)) = first else { return end };
    let (x, y) = (f32::from(column) * CELL.0 + 8.0, f32::from(row) * CELL.1 + 8.0);
    let width = f32::from(end - column) * CELL.0;
    if bg != "#101418" {
        let _ = writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{bg}\"/>", CELL.1);
    }
    let text: String = (column..end)
        .filter_map(|c| screen.cell(row, c))
        .filter(|cell| !cell.is_wide_continuation())
        .map(|cell| if cell.has_contents() { cell.contents() } else { " " })
        .collect();
    if !text.trim().is_empty() {
        let weight = if bold { " font-weight=\"bold\"" } else { "" };
        let opacity = if dim { " opacity=\"0.6\"" } else { "" };
        let line = if underline { " text-decoration=\"underline\"" } else { "" };
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(' ', "\u{a0}");
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"{}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{fg}\"{weight}{opacity}{line}>{text}</text>",
            y + 14.0
        );
    }
    end
}

fn colour(colour: vt100::Color, default: &str) -> String {
    const ANSI: [&str; 16] = [
        "#1c2128", "#f47067", "#57ab5a", "#c69026", "#539bf5", "#b083f0", "#39c5cf", "#adbac7", "#636e7b", "#ff938a",
        "#6bc46d", "#daaa3f", "#6cb6ff", "#dcbdfb", "#56d4dd", "#ffffff",
    ];
    match colour {
        vt100::Color::Default => default.to_owned(),
        vt100::Color::Idx(index @ 0..16) => ANSI[usize::from(index)].to_owned(),
        vt100::Color::Idx(index @ 16..232) => {
            let step = |v: u8| if v == 0 { 0 } else { 55 + 40 * v };
            let cube = index - 16;
            format!("#{:02x}{:02x}{:02x}", step(cube / 36), step(cube / 6 % 6), step(cube % 6))
        }
        vt100::Color::Idx(index) => format!("#{0:02x}{0:02x}{0:02x}", 8 + 10 * (index - 232)),
        vt100::Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}
