//! Themes: what each tone looks like on this terminal, and the glyphs it can show.

use ratatui::style::Style;

/// What a piece of text is, never what colour it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Tone {
    /// Plain text.
    Text,
    /// Less important text.
    Dim,
    /// Headings inside panes.
    Title,
    /// The product's own accent: keys in hints, links, the focused thing.
    Accent,
    Good,
    Warning,
    Bad,
    /// Unknown: grey, never green.
    Unknown,
    Border,
    BorderFocus,
    /// The selected row (reverse video where there is no colour).
    Selected,
    /// A match of a search or filter.
    Match,
    /// The badge READ-ONLY.
    BadgeReadOnly,
    /// The badge of a drill.
    BadgeDrill,
    /// The badge of an alert (stale data, lost API).
    BadgeAlert,
    /// Bars and sparklines.
    Gauge,
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

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Depth {
    None,
    Sixteen,
    TwoFiftySix,
    True,
}

/// The theme in force, already reduced to the terminal's depth.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    styles: std::collections::BTreeMap<Tone, Style>,
    /// The glyphs in force.
    pub glyphs: Glyphs,
}

impl Theme {
    /// The style of a tone.
    pub fn style(&self, tone: Tone) -> Style {
        self.styles.get(&tone).copied().unwrap_or_default()
    }
}

impl Default for Theme {
    fn default() -> Self {
        use ratatui::style::{Color, Modifier};
        let plain = Style::new();
        let on = |bg: Color| plain.fg(Color::Black).bg(bg).add_modifier(Modifier::BOLD);
        let styles = [
            (Tone::Text, plain),
            (Tone::Dim, plain.fg(Color::Gray)),
            (Tone::Title, plain.add_modifier(Modifier::BOLD)),
            (Tone::Accent, plain.fg(Color::Cyan)),
            (Tone::Good, plain.fg(Color::Green)),
            (Tone::Warning, plain.fg(Color::Yellow)),
            (Tone::Bad, plain.fg(Color::LightRed)),
            (Tone::Unknown, plain.fg(Color::Gray)),
            (Tone::Border, plain.fg(Color::DarkGray)),
            (Tone::BorderFocus, plain.fg(Color::Cyan)),
            (Tone::Selected, plain.bg(Color::DarkGray)),
            (Tone::Match, plain.add_modifier(Modifier::UNDERLINED)),
            (Tone::BadgeReadOnly, on(Color::LightBlue)),
            (Tone::BadgeDrill, on(Color::Yellow)),
            (Tone::BadgeAlert, on(Color::LightRed)),
            (Tone::Gauge, plain.fg(Color::Green)),
        ];
        Self { styles: styles.into_iter().collect(), glyphs: Glyphs::UNICODE }
    }
}
