//! What happens, one line each, for people.

use std::io::Write;

use socketio08::Instant;

/// Longest part of a peer's text that is shown; the rest does not help anybody.
const SHOWN_CHARS_MAX: usize = 64;

/// Writes to standard error; if that is closed, nobody wants to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    quiet: bool,
}

impl Log {
    pub(super) fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// One event, with seconds since the start.
    pub(super) fn event(self, now: Instant, text: impl FnOnce() -> String) {
        if !self.quiet {
            let millis = now.as_millis();
            self.line(&format!("{:>8}.{:03}  {}", millis / 1_000, millis % 1_000, text()));
        }
    }

    #[expect(clippy::unused_self, reason = "only who has the log writes to it")]
    pub(super) fn line(self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }
}

/// A peer's text, made safe for a terminal: control characters escaped, cut to a length.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_a_peer_do_not_reach_the_terminal() {
        assert_eq!(shown("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(shown(&"x".repeat(1_000)).chars().count(), SHOWN_CHARS_MAX + 1);
    }
}
