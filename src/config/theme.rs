//! Themes: what each tone looks like on this terminal, and the glyphs it can show.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use toml::Spanned;

use super::colour;
pub use super::colour::Depth;
use super::paths::Folders;
use super::source::{SourceFile, suggest};
use super::{Problem, embedded};

macro_rules! tones {
    ($($(#[$doc:meta])* $tone:ident $name:literal),* $(,)?) => {
        /// What a piece of text is, never what colour it has.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Tone { $($(#[$doc])* $tone),* }

        impl Tone {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$tone),*];

            /// What it is called in a theme file.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$tone => $name),* }
            }
        }
    };
}

tones! {
    /// Plain text.
    Text "text",
    /// Less important text.
    Dim "dim",
    /// Headings inside panes.
    Title "title",
    /// The product's own accent: keys in hints, links, the focused thing.
    Accent "accent",
    Good "good",
    Warning "warning",
    Bad "bad",
    /// Unknown: grey, never green.
    Unknown "unknown",
    Border "border",
    BorderFocus "border-focus",
    /// The selected row (reverse video where there is no colour).
    Selected "selected",
    /// A match of a search or filter.
    Match "match",
    /// The badge READ-ONLY.
    BadgeReadOnly "badge-read-only",
    /// The badge of a drill.
    BadgeDrill "badge-drill",
    /// The badge of an alert (stale data, lost API).
    BadgeAlert "badge-alert",
    /// Bars and sparklines.
    Gauge "gauge",
}

/// Marks that stand beside colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Glyphs {
    pub good: &'static str,
    pub warning: &'static str,
    pub bad: &'static str,
    pub unknown: &'static str,
    pub live: &'static str,
    pub arrow: &'static str,
    pub branch: &'static str,
    pub ellipsis: &'static str,
    pub selected: &'static str,
    /// Eight steps from low to high.
    pub spark: [&'static str; 8],
    /// Whether borders may use line-drawing characters.
    pub lines: bool,
}

impl Glyphs {
    /// For terminals with Unicode.
    pub const UNICODE: Self = Self {
        good: "✔",
        warning: "▲",
        bad: "✖",
        unknown: "?",
        live: "●",
        arrow: "→",
        branch: "└",
        ellipsis: "…",
        selected: "▌",
        spark: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        lines: true,
    };
    /// For every terminal.
    pub const ASCII: Self = Self {
        good: "+",
        warning: "!",
        bad: "X",
        unknown: "?",
        live: "*",
        arrow: "->",
        branch: "`",
        ellipsis: "~",
        selected: ">",
        spark: ["_", "_", ".", ".", "-", "-", "=", "#"],
        lines: false,
    };
}

/// The theme in force, already reduced to the terminal's depth.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    styles: BTreeMap<Tone, Style>,
    /// The glyphs in force.
    pub glyphs: Glyphs,
}

impl Default for Theme {
    /// The shipped dark one in full colour.
    fn default() -> Self {
        Self::load("dark", Depth::True, Glyphs::UNICODE, &Folders::default()).0
    }
}

impl Theme {
    /// Loads a theme by name or file and reduces it to what the terminal can show. Where there are problems the theme is
    /// still usable: what is wrong falls back to the shipped one.
    pub fn load(name_or_file: &str, depth: Depth, glyphs: Glyphs, folders: &Folders) -> (Self, Vec<Problem>) {
        let (tones, problems) = match SourceFile::find(name_or_file, "themes", "toml", embedded::THEMES, folders) {
            Ok(file) => resolve(&file),
            Err(problem) => (resolve(&shipped("dark")).0, vec![problem]),
        };
        let styles = tones.tones.into_iter().map(|(tone, style)| (tone, colour::reduce(tone, style, depth))).collect();
        (Self { styles, glyphs }, problems)
    }

    /// The style of a tone.
    pub fn style(&self, tone: Tone) -> Style {
        self.styles.get(&tone).copied().unwrap_or_default()
    }
}

/// What is wrong with a theme file.
pub fn check(file: &SourceFile) -> Vec<Problem> {
    resolve(file).1
}

fn shipped(name: &str) -> SourceFile {
    let found = embedded::THEMES.iter().find(|(n, _)| *n == name).unwrap_or(&embedded::THEMES[0]);
    SourceFile { path: format!("themes/{}.toml", found.0).into(), text: found.1.to_owned() }
}

/// A theme with its palette applied, in full colour.
struct Resolved {
    palette: BTreeMap<String, Color>,
    file: File,
    tones: BTreeMap<Tone, Style>,
}

fn resolve(file: &SourceFile) -> (Resolved, Vec<Problem>) {
    let mut problems = Vec::new();
    let parsed: File = match toml::from_str(&file.text) {
        Ok(parsed) => parsed,
        Err(error) => {
            problems.push(file.unreadable(&error));
            File { inherits: None, palette: BTreeMap::new(), tones: BTreeMap::new() }
        }
    };
    let base = base_of(file, &parsed, &mut problems);
    let (mut palette, mut lines) = base.map_or_else(Default::default, |b| (b.palette, b.file.tones));
    for (name, value) in &parsed.palette {
        match colour::parse(value.get_ref()) {
            Some(colour) => {
                palette.insert(name.get_ref().clone(), colour);
            }
            None => problems.push(unknown_colour(file, value, &BTreeMap::new())),
        }
    }
    // An inherited line takes its colours from this file's palette: a light theme is a dark one with another palette.
    let mut tones = BTreeMap::new();
    for (name, line) in lines.iter().chain(&parsed.tones) {
        let Some(tone) = Tone::ALL.iter().copied().find(|t| t.name() == name.get_ref()) else {
            let fix = suggest(name.get_ref(), Tone::ALL.iter().map(|t| t.name()));
            problems.push(file.problem(&name.span(), format!("unknown tone {:?}", name.get_ref()), fix));
            continue;
        };
        tones.insert(tone, line.style(file, &palette, &mut problems));
    }
    lines.extend(parsed.tones.clone());
    (Resolved { palette, file: File { tones: lines, ..parsed }, tones }, problems)
}

/// The theme that a file builds upon; the shipped ones build upon nothing.
fn base_of(file: &SourceFile, parsed: &File, problems: &mut Vec<Problem>) -> Option<Resolved> {
    let Some(name) = &parsed.inherits else {
        let whole = Tone::ALL.iter().all(|t| parsed.tones.keys().any(|k| k.get_ref() == t.name()));
        return (!whole).then(|| resolve(&shipped("dark")).0);
    };
    if !embedded::THEMES.iter().any(|(n, _)| n == name.get_ref()) || file.path == shipped(name.get_ref()).path {
        let known = suggest(name.get_ref(), embedded::THEMES.iter().map(|(n, _)| *n));
        problems.push(file.problem(&name.span(), format!("unknown theme {:?}", name.get_ref()), known));
        return Some(resolve(&shipped("dark")).0);
    }
    Some(resolve(&shipped(name.get_ref())).0)
}

fn unknown_colour(file: &SourceFile, value: &Spanned<String>, palette: &BTreeMap<String, Color>) -> Problem {
    let names = palette.keys().map(String::as_str).chain(colour::NAMES.iter().map(|(name, _)| *name));
    let fix = format!("write #rrggbb or a name; {}", suggest(value.get_ref(), names));
    file.problem(&value.span(), format!("unknown colour {:?}", value.get_ref()), fix)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    inherits: Option<Spanned<String>>,
    #[serde(default)]
    palette: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    tones: BTreeMap<Spanned<String>, Line>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as { fg = \"teal\" }")]
struct Line {
    fg: Option<Spanned<String>>,
    bg: Option<Spanned<String>>,
    #[serde(default)]
    mods: Vec<Spanned<String>>,
}

const MODIFIERS: &[(&str, Modifier)] = &[
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

impl Line {
    fn style(&self, file: &SourceFile, palette: &BTreeMap<String, Color>, problems: &mut Vec<Problem>) -> Style {
        let mut style = Style::new();
        let mut colour = |written: &Option<Spanned<String>>| {
            let written = written.as_ref()?;
            let found = palette.get(written.get_ref()).copied().or_else(|| colour::parse(written.get_ref()));
            if found.is_none() {
                problems.push(unknown_colour(file, written, palette));
            }
            found
        };
        style.fg = colour(&self.fg);
        style.bg = colour(&self.bg);
        for written in &self.mods {
            if let Some((_, modifier)) = MODIFIERS.iter().find(|(name, _)| name == written.get_ref()) {
                style = style.add_modifier(*modifier);
                continue;
            }
            let fix = suggest(written.get_ref(), MODIFIERS.iter().map(|(name, _)| *name));
            let message = format!("unknown modifier {:?}", written.get_ref());
            problems.push(file.problem(&written.span(), message, fix));
        }
        style
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let file = SourceFile { path: "mine.toml".into(), text: text.to_owned() };
        check(&file).iter().map(ToString::to_string).collect()
    }

    fn luminance(colour: Color) -> f64 {
        let Color::Rgb(r, g, b) = colour else { panic!("{colour:?}") };
        let part = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.03928 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
    }

    #[test]
    fn shipped_themes_are_sound_and_readable() {
        for (name, _) in embedded::THEMES {
            let (theme, problems) = resolve(&shipped(name));
            assert_eq!(problems, [], "{name}");
            let background = theme.palette["background"];
            for tone in Tone::ALL {
                let style = theme.tones[tone];
                let (fg, bg) = (style.fg.unwrap_or_else(|| theme.palette["text"]), style.bg.unwrap_or(background));
                let (light, dark) = (luminance(fg).max(luminance(bg)), luminance(fg).min(luminance(bg)));
                let contrast = (light + 0.05) / (dark + 0.05);
                let enough = if *tone == Tone::Border { 2.5 } else { 4.5 };
                assert!(contrast >= enough, "{name}: {} has contrast {contrast:.2}", tone.name());
            }
        }
    }

    #[test]
    fn the_light_theme_is_the_dark_one_with_another_palette() {
        let light = Theme::load("light", Depth::True, Glyphs::UNICODE, &Folders::default()).0;
        assert_eq!(light.style(Tone::Text).fg, Some(Color::Rgb(0x1f, 0x23, 0x28)));
    }

    #[test]
    fn mistakes_name_line_and_fix() {
        assert_eq!(
            problems(
                "inherits = \"dark\"\n[palette]\nred = \"#12345\"\n[tones]\nbda = { fg = \"red\" }\ngood = { fg = \"gren\", mods = [\"blod\"] }\n"
            ),
            [
                "mine.toml:3: unknown colour \"#12345\"; write #rrggbb or a name; known are: black, red, green, yellow, blue, magenta, cyan, white, bright-black, bright-red, bright-green, bright-yellow, bright-blue, bright-magenta, bright-cyan, bright-white",
                "mine.toml:5: unknown tone \"bda\"; did you mean \"bad\"?",
                "mine.toml:6: unknown colour \"gren\"; write #rrggbb or a name; did you mean \"green\"?",
                "mine.toml:6: unknown modifier \"blod\"; did you mean \"bold\"?",
            ]
        );
        assert!(problems("[tonse]\n")[0].starts_with("mine.toml:1: unknown field \"tonse\"; did you mean \"tones\"?"));
        assert_eq!(problems("inherits = \"night\"\n").len(), 1);
    }

    #[test]
    fn without_colour_what_matters_still_differs() {
        let plain = Theme::load("dark", Depth::None, Glyphs::ASCII, &Folders::default()).0;
        for tone in Tone::ALL {
            let style = plain.style(*tone);
            assert_eq!((style.fg, style.bg), (None, None), "{}", tone.name());
        }
        assert!(plain.style(Tone::Selected).add_modifier.contains(Modifier::REVERSED));
        assert!(plain.style(Tone::BadgeReadOnly).add_modifier.contains(Modifier::REVERSED));
    }
}
