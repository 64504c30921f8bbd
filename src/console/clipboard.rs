//! The clipboard of the terminal that a person sits at, reached with OSC 52 through whatever lies between.

use std::env;

use base64::Engine as _;

/// The most that is asked for at once, in bytes: what terminals take in one OSC 52 of 100,000 bytes.
const LIMIT: usize = 74_994;
/// How much GNU screen passes through at once, in bytes.
const SCREEN_PIECE: usize = 240;

/// What lies between this program and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clipboard {
    /// Nothing that is known to be in the way.
    Straight,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
    /// A terminal that has no clipboard, and may show what it does not understand.
    Missing,
}

impl Clipboard {
    /// As the environment tells.
    pub fn here() -> Self {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        Self::told(set("TMUX"), set("STY"), &env::var("TERM").unwrap_or_default())
    }

    fn told(tmux: bool, screen: bool, term: &str) -> Self {
        match term {
            _ if tmux => Self::Tmux,
            _ if screen => Self::Screen,
            "linux" | "vt52" | "vt100" | "vt102" | "vt220" => Self::Missing,
            _ => Self::Straight,
        }
    }

    /// What to write to the terminal so that `text` is on its clipboard.
    ///
    /// # Errors
    /// Why it cannot be, as a sentence with what to do instead.
    pub fn sequence(self, text: &str) -> Result<String, String> {
        let text = pasteable(text);
        if self == Self::Missing {
            return Err(format!("this terminal has no clipboard; select it by hand: {}", first_line(&text)));
        }
        if text.len() > LIMIT {
            let size = text.len().div_ceil(1024);
            return Err(format!("{size} KiB is more than terminals take at once (73 KiB); nothing was copied"));
        }
        let osc = format!("\x1b]52;c;{}\x07", base64::engine::general_purpose::STANDARD.encode(&text));
        Ok(match self {
            Self::Straight | Self::Missing => osc,
            // Which of the two tmux lets through depends on its options: the first needs set-clipboard, the other
            // allow-passthrough.
            Self::Tmux => format!("{osc}\x1bPtmux;{}\x1b\\", osc.replace('\x1b', "\x1b\x1b")),
            Self::Screen => through_screen(&osc),
        })
    }

    /// What to say once it was written. No terminal answers, so the text is shown too, to be selected by hand.
    pub fn said(self, text: &str) -> String {
        let text = pasteable(text);
        let needs = match self {
            Self::Straight | Self::Missing => "if this terminal allows it",
            Self::Tmux => "if tmux has set-clipboard on",
            Self::Screen => "if the terminal around screen allows it",
        };
        let (line, lines) = (first_line(&text), text.lines().count());
        let more = if lines > 1 { format!(" (and {} more lines)", lines - 1) } else { String::new() };
        format!("copied, {needs}: {line}{more}")
    }
}

/// Text that does nothing by itself when it is pasted into a shell: no line end at its end, no control characters.
fn pasteable(text: &str) -> String {
    let kept = text.trim_end().chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    kept.collect()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// In pieces, each in a device control string of its own; screen puts them together again.
fn through_screen(osc: &str) -> String {
    let mut out = String::new();
    let mut rest = osc;
    while !rest.is_empty() {
        // All of it is ASCII, so every place is one between characters.
        let (piece, after) = rest.split_at(rest.len().min(SCREEN_PIECE));
        out.push_str("\x1bP");
        out.push_str(piece);
        out.push_str("\x1b\\");
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Clipboard; 4] = [Clipboard::Straight, Clipboard::Tmux, Clipboard::Screen, Clipboard::Missing];

    fn decoded(encoded: &str) -> String {
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(encoded).unwrap()).unwrap()
    }

    #[test]
    fn a_command_travels_whole() {
        let sequence = Clipboard::Straight.sequence("kubectl get pods -A").unwrap();
        let encoded = sequence.strip_prefix("\x1b]52;c;").and_then(|s| s.strip_suffix('\x07')).unwrap();
        assert_eq!(decoded(encoded), "kubectl get pods -A");
    }

    #[test]
    fn tmux_gets_both_ways_with_escapes_doubled() {
        let straight = Clipboard::Straight.sequence("ls").unwrap();
        let through = Clipboard::Tmux.sequence("ls").unwrap();
        assert_eq!(through, format!("{straight}\x1bPtmux;\x1b{straight}\x1b\\"));
    }

    #[test]
    fn screen_gets_pieces_that_are_the_whole() {
        let text = "x".repeat(1000);
        let through = Clipboard::Screen.sequence(&text).unwrap();
        let pieces: Vec<&str> = through.split("\x1b\\").filter(|p| !p.is_empty()).collect();
        assert!(pieces.len() > 1 && pieces.iter().all(|p| p.len() <= SCREEN_PIECE + 2));
        let whole: String = pieces.iter().map(|p| p.strip_prefix("\x1bP").unwrap()).collect();
        assert_eq!(whole, Clipboard::Straight.sequence(&text).unwrap());
    }

    #[test]
    fn what_cannot_be_copied_is_said_with_what_to_do() {
        let why = Clipboard::Missing.sequence("kubectl get pods").unwrap_err();
        assert!(why.ends_with("select it by hand: kubectl get pods"), "{why}");
        assert!(Clipboard::Straight.sequence(&"x".repeat(LIMIT)).is_ok_and(|s| s.len() <= 100_003));
        assert!(Clipboard::Straight.sequence(&"x".repeat(LIMIT + 1)).unwrap_err().contains("nothing was copied"));
    }

    #[test]
    fn nothing_runs_by_itself_when_it_is_pasted() {
        for clipboard in ALL {
            assert_eq!(clipboard.sequence("rm -r x\n\r\x1b[201~"), clipboard.sequence("rm -r x\n[201~"));
            assert_eq!(clipboard.sequence("rm -r x\n"), clipboard.sequence("rm -r x"));
        }
        assert!(Clipboard::Straight.said("one\ntwo\nthree").ends_with("one (and 2 more lines)"));
    }

    #[test]
    fn the_environment_tells_what_lies_between() {
        assert_eq!(Clipboard::told(true, true, "screen"), Clipboard::Tmux);
        assert_eq!(Clipboard::told(false, true, "screen"), Clipboard::Screen);
        assert_eq!(Clipboard::told(false, false, "linux"), Clipboard::Missing);
        assert_eq!(Clipboard::told(false, false, "xterm-256color"), Clipboard::Straight);
    }
}
