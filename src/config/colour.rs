//! Colours: as files write them, and reduced to what a terminal can show.

use std::ffi::OsString;

use ratatui::style::{Color, Modifier, Style};

use super::theme::Tone;

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Depth {
    None,
    Sixteen,
    TwoFiftySix,
    True,
}

impl Depth {
    /// What the environment says of the terminal: `NO_COLOR`, `COLORTERM`, `TERM`.
    pub fn from_env(get: impl Fn(&str) -> Option<OsString>) -> Self {
        let value = |name: &str| get(name).map(|v| v.to_string_lossy().to_lowercase()).unwrap_or_default();
        let term = value("TERM");
        if !value("NO_COLOR").is_empty() || term == "dumb" || term.ends_with("-m") || term.starts_with("vt") {
            return Self::None;
        }
        if matches!(value("COLORTERM").as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
            return Self::True;
        }
        if term.contains("256color") { Self::TwoFiftySix } else { Self::Sixteen }
    }
}

/// Whether the locale can show more than ASCII: `LC_ALL`, else `LC_CTYPE`, else `LANG` names UTF-8.
pub fn speaks_unicode(get: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = |name: &str| get(name).map(|v| v.to_string_lossy().to_lowercase()).filter(|v| !v.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// The sixteen colours by name.
pub const NAMES: &[(&str, Color)] = &[
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// A colour as a file writes it: `#rrggbb` or a name.
pub fn parse(text: &str) -> Option<Color> {
    if let Some(digits) = text.strip_prefix('#') {
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6 && !digits.starts_with('+'))?;
        return Some(Color::Rgb((value >> 16) as u8, (value >> 8) as u8, value as u8));
    }
    NAMES.iter().find(|(name, _)| *name == text).map(|(_, colour)| *colour)
}

/// A style as this terminal can show it. Without colours badges and the selection are shown in reverse video, and what is
/// bad in bold.
pub fn reduce(tone: Tone, style: Style, depth: Depth) -> Style {
    if depth == Depth::None {
        let reversed = style.bg.is_some();
        let plain = Style { fg: None, bg: None, ..style };
        return if reversed { plain.add_modifier(Modifier::REVERSED) } else { plain };
    }
    if depth == Depth::Sixteen && tone == Tone::Selected {
        // No dark shade is left to lay under a row.
        return Style { fg: None, bg: None, ..style }.add_modifier(Modifier::REVERSED);
    }
    let nearest = |colour: Color| match (depth, colour) {
        (Depth::TwoFiftySix, Color::Rgb(r, g, b)) => Color::Indexed(nearest_256(r, g, b)),
        (Depth::Sixteen, Color::Rgb(r, g, b)) => nearest_16(r, g, b),
        (_, other) => other,
    };
    Style { fg: style.fg.map(nearest), bg: style.bg.map(nearest), ..style }
}

fn nearest_256(r: u8, g: u8, b: u8) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let level = |v: u8| (0..6u8).min_by_key(|i| LEVELS[usize::from(*i)].abs_diff(v)).unwrap_or(0);
    let cube = [level(r), level(g), level(b)];
    let cube_colour = cube.map(|i| LEVELS[usize::from(i)]);
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let grey_index = (mean.saturating_sub(3) / 10).min(23) as u8;
    let grey = 8 + 10 * grey_index;
    if distance([r, g, b], [grey; 3]) < distance([r, g, b], cube_colour) {
        232 + grey_index
    } else {
        16 + 36 * cube[0] + 6 * cube[1] + cube[2]
    }
}

fn nearest_16(r: u8, g: u8, b: u8) -> Color {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    if most - least < 40 {
        return match most {
            0..64 => Color::Black,
            64..160 => Color::DarkGray,
            160..220 => Color::Gray,
            _ => Color::White,
        };
    }
    // A channel counts as lit when it is nearer to the brightest one than to the darkest.
    let middle = u16::midpoint(u16::from(most), u16::from(least));
    let lit = |v: u8| u16::from(v) > middle;
    let (dull, bright) = match (lit(r), lit(g), lit(b)) {
        (true, false, false) => (Color::Red, Color::LightRed),
        (false, true, false) => (Color::Green, Color::LightGreen),
        (true, true, false) => (Color::Yellow, Color::LightYellow),
        (false, false, true) => (Color::Blue, Color::LightBlue),
        (true, false, true) => (Color::Magenta, Color::LightMagenta),
        (false, true, true) => (Color::Cyan, Color::LightCyan),
        _ => (Color::Gray, Color::White),
    };
    if most > 240 { bright } else { dull }
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(x, y)| u32::from(x.abs_diff(y)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(pairs: &[(&str, &str)]) -> Depth {
        Depth::from_env(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into()))
    }

    #[test]
    fn the_depth_is_what_the_environment_says() {
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(&[("TERM", "tmux-256color")]), Depth::TwoFiftySix);
        assert_eq!(depth(&[("TERM", "linux")]), Depth::Sixteen);
        assert_eq!(depth(&[("TERM", "vt100")]), Depth::None);
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), Depth::None);
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]), Depth::TwoFiftySix);
    }

    #[test]
    fn colours_keep_their_character_when_reduced() {
        assert_eq!(nearest_16(0xf0, 0x74, 0x7c), Color::Red);
        assert_eq!(nearest_16(0x7f, 0xb0, 0x69), Color::Green);
        assert_eq!(nearest_16(0xe6, 0xa2, 0x3c), Color::Yellow);
        assert_eq!(nearest_16(0x4f, 0xb8, 0xc4), Color::Cyan);
        assert_eq!(nearest_16(0x8b, 0x94, 0x9e), Color::DarkGray);
        assert_eq!(nearest_256(255, 0, 0), 196);
        assert_eq!(nearest_256(0x10, 0x14, 0x18), 233);
    }

    #[test]
    fn only_whole_colours_are_read() {
        assert_eq!(parse("#0a0b0c"), Some(Color::Rgb(10, 11, 12)));
        assert_eq!(parse("bright-red"), Some(Color::LightRed));
        for wrong in ["#fff", "#12345g", "", "reddish", "#+12345"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
