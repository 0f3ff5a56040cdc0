//! What happens, one line each, for people.

use std::io::Write;

use socketio08::Instant;

/// Longest part of a peer's text that is shown; the rest does not help anybody.
const SHOWN_CHARS_MAX: usize = 64;

/// Most lines a second: what a person can make anything of, and what keeps a client that polls in a tight loop from filling
/// a disk.
const LINES_A_SECOND_MAX: u32 = 100;

/// Writes events to standard error.
#[derive(Debug)]
pub(super) struct Log {
    quiet: bool,
    /// The second the counts below are about.
    second: u64,
    lines: u32,
    left_out: u64,
}

impl Log {
    pub(super) fn new(quiet: bool) -> Self {
        Self { quiet, second: 0, lines: 0, left_out: 0 }
    }

    /// One event, with seconds since the start.
    pub(super) fn event(&mut self, now: Instant, text: impl FnOnce() -> String) {
        if let Some(left_out) = self.admits(now) {
            if left_out > 0 {
                line(&format!("{:>12}  ({left_out} more lines left out)", ""));
            }
            let millis = now.as_millis();
            line(&format!("{:>8}.{:03}  {}", millis / 1_000, millis % 1_000, text()));
        }
    }

    /// `None`: the line is left out. Otherwise, how many were since the last line of an earlier second.
    fn admits(&mut self, now: Instant) -> Option<u64> {
        if self.quiet {
            return None;
        }
        let second = now.as_millis() / 1_000;
        if second != self.second {
            (self.second, self.lines) = (second, 0);
        }
        if self.lines == LINES_A_SECOND_MAX {
            self.left_out += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

/// Writes one line to standard error; if that is closed, nobody wants to know.
pub(super) fn line(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
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
    fn a_flood_of_events_is_cut_to_a_hundred_lines_a_second_and_counted() {
        let mut log = Log::new(false);
        let now = Instant::from_millis(5_500);
        let admitted = (0..1_000).filter(|_| log.admits(now).is_some()).count();
        assert_eq!(admitted, 100);
        assert_eq!(log.admits(Instant::from_millis(6_000)), Some(900));
        assert_eq!(log.admits(Instant::from_millis(6_000)), Some(0));
    }

    #[test]
    fn control_characters_of_a_peer_do_not_reach_the_terminal() {
        assert_eq!(shown("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(shown(&"x".repeat(1_000)).chars().count(), SHOWN_CHARS_MAX + 1);
    }
}
