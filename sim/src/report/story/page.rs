//! A story as text: one line for each event, repetitions said once.

use std::fmt::Write;

use super::{Line, Story, What};

/// A group of lines is told this often before the rest is only counted.
const TOLD: usize = 2;
/// A group that comes less often is told each time.
const REPEATED: usize = 6;
/// Groups up to this length are recognised as repetitions.
const GROUP_MAX: usize = 6;
/// The width of what a client asks, with its arrow.
const ARROW: usize = 34;

impl Story {
    /// The story from `from` to `until` (microseconds). `whole`: repetitions are told each time.
    pub fn render(&self, from: u64, until: u64, whole: bool) -> String {
        let mut lines: Vec<&Line> =
            self.lines.iter().filter(|line| (from..=until).contains(&line.at)).collect();
        // A client notes what it learnt after it has sent what follows from it: told the other way around.
        lines.sort_by_key(|line| (line.at, rank(line)));
        let shapes: Vec<String> = lines.iter().map(|line| shape(line)).collect();
        let mut out = String::new();
        let mut index = 0;
        while index < lines.len() {
            let (length, times) = if whole { (1, 1) } else { repetition(&shapes, index) };
            let told = if times >= REPEATED { TOLD * length } else { length };
            for line in lines.iter().skip(index).take(told) {
                write_line(&mut out, line);
            }
            let end = index + times * length;
            if times >= REPEATED {
                let last = lines.get(end - 1).map_or(0, |line| line.at);
                let what = if length == 1 { "line" } else { "lines" };
                let _ = writeln!(
                    out,
                    "  {:>9}  … the last {length} {what} {} times more, until {}",
                    "",
                    times - TOLD,
                    time(last).trim_start()
                );
            }
            index = end;
        }
        if out.is_empty() {
            out.push_str("  nothing happened to this client in that time\n");
        }
        out
    }
}

/// What is told first of one instant.
fn rank(line: &Line) -> u8 {
    match line.what {
        What::World(_) => 0,
        What::Tell { .. } => 1,
        What::Note(_) => 2,
        What::Ask { .. } => 3,
    }
}

/// The group of lines at `index` that is repeated most: its length, and how often it comes in a row.
fn repetition(shapes: &[String], index: usize) -> (usize, usize) {
    let mut best = (1, 1);
    for length in 1..=GROUP_MAX {
        let Some(group) = shapes.get(index..index + length) else { break };
        let rest = shapes.get(index..).unwrap_or_default();
        let times = rest.chunks_exact(length).take_while(|chunk| *chunk == group).count();
        if times >= REPEATED && times * length > best.0 * best.1 {
            best = (length, times);
        }
    }
    best
}

/// What makes two lines alike: the words, without numbers and servers.
fn shape(line: &Line) -> String {
    let words = |text: &str| -> String {
        let bare =
            |word: &str| word.chars().all(|c| c.is_ascii_digit()) || word.ends_with('…') || is_server(word);
        text.split_whitespace().map(|word| if bare(word) { "_" } else { word }).collect::<Vec<_>>().join(" ")
    };
    match &line.what {
        What::Ask { what, outcome, .. } => format!("ask {} {}", words(what), words(outcome)),
        What::Tell { what, .. } => format!("tell {}", words(what)),
        What::Note(text) => format!("note {}", words(text)),
        What::World(text) => format!("world {text}"),
    }
}

fn is_server(word: &str) -> bool {
    word.strip_prefix('s')
        .is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()))
}

fn write_line(out: &mut String, line: &Line) {
    let at = time(line.at);
    let _ = match &line.what {
        What::Ask { what, server, outcome } => {
            let whom = server.map_or_else(|| "–".to_owned(), |server| server.to_string());
            let shaft = "─".repeat(ARROW.saturating_sub(what.chars().count()).max(2));
            writeln!(out, "  {at}  client ── {what} {shaft}▶ {whom:<4} {outcome}")
        }
        What::Tell { what, server } => {
            let whom = server.map_or_else(|| "–".to_owned(), |server| server.to_string());
            let shaft = "─".repeat(ARROW.saturating_sub(what.chars().count() + 1).max(2));
            writeln!(out, "  {at}  client ◀─ {what} {shaft}── {whom}")
        }
        What::Note(text) => writeln!(out, "  {:>9}  {text}", ""),
        What::World(text) => writeln!(out, "  {at}  *** {text}"),
    };
}

/// Seconds with milliseconds: `   12.345`.
fn time(micros: u64) -> String {
    format!("{:>5}.{:03}", micros / 1_000_000, micros / 1_000 % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(text: &str) -> Vec<String> {
        text.chars().map(|c| c.to_string()).collect()
    }

    #[test]
    fn a_group_that_comes_six_times_in_a_row_is_a_repetition() {
        assert_eq!(repetition(&shapes("abababababab"), 0), (2, 6));
        assert_eq!(repetition(&shapes("aaaaaaab"), 0), (1, 7));
        assert_eq!(repetition(&shapes("ababababab"), 0), (1, 1));
        assert_eq!(repetition(&shapes("xabababababab"), 1), (2, 6));
    }

    #[test]
    fn lines_that_differ_only_in_numbers_servers_and_sessions_are_alike() {
        let ask = |what: &str, outcome: &str| Line {
            at: 0,
            what: What::Ask { what: what.to_owned(), server: None, outcome: outcome.to_owned() },
        };
        assert_eq!(shape(&ask("poll 51…", "7:::1+0 s2 knows")), shape(&ask("poll 99…", "7:::1+0 s3 knows")));
        assert_ne!(shape(&ask("poll 51…", "7:::1+0")), shape(&ask("poll 51…", "1::")));
    }
}
