//! The table of `docs/COMPATIBILITY.md`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// What came of one cell.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// As it should be.
    Works,
    /// As it is between genuine peers, which is only a part of what one would wish; why.
    Partly(&'static str),
    /// As it is between genuine peers, which is not what one would wish; why.
    No(&'static str),
    /// The test of it said.
    Failed(String),
}

/// One peer over one transport.
pub(super) struct Line {
    pub(super) peer: String,
    /// Our side of it.
    pub(super) ours: String,
    pub(super) transport: &'static str,
    pub(super) outcomes: Vec<Outcome>,
}

/// A transport that a peer does not have, and why.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Missing {
    pub(super) peer: String,
    pub(super) transport: &'static str,
    pub(super) why: &'static str,
}

/// The lines as Markdown, reasons numbered below, and then what could not be tried.
pub(super) fn render(columns: &[&str], lines: &[Line], missing: &BTreeSet<Missing>) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    let mut out = String::new();
    let _ = writeln!(out, "| peer | ours | transport | {} |", columns.join(" | "));
    let _ = writeln!(out, "|---|---|---|{}", "---|".repeat(columns.len()));
    for line in lines {
        let _ = write!(out, "| {} | {} | {} |", line.peer, line.ours, line.transport);
        for outcome in &line.outcomes {
            let _ = match outcome {
                Outcome::Works => write!(out, " yes |"),
                Outcome::Partly(why) => write!(out, " partly ({}) |", number(&mut reasons, why)),
                Outcome::No(why) => write!(out, " no ({}) |", number(&mut reasons, why)),
                Outcome::Failed(_) => write!(out, " **failed** |"),
            };
        }
        out.push('\n');
    }
    out.push('\n');
    for (place, reason) in reasons.iter().enumerate() {
        let _ = writeln!(out, "{}. {reason}", place + 1);
    }
    let _ = writeln!(out, "\nWhat these peers do not have, so that there is nothing to try:\n");
    let _ = writeln!(out, "| peer | transport | why |\n|---|---|---|");
    for Missing { peer, transport, why } in missing {
        let _ = writeln!(out, "| {peer} | {transport} | {why} |");
    }
    out
}

fn number<'a>(reasons: &mut Vec<&'a str>, why: &'a str) -> usize {
    reasons.iter().position(|known| *known == why).unwrap_or_else(|| {
        reasons.push(why);
        reasons.len() - 1
    }) + 1
}

/// Compares with the document, or writes it there if `SIO08_BLESS` is set.
pub(super) fn check(text: &str) {
    const BEGIN: &str = "<!-- table matrix -->\n";
    const END: &str = "<!-- end matrix -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/COMPATIBILITY.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(BEGIN).expect("docs/COMPATIBILITY.md has the table's begin");
    let (_, after) = rest.split_once(END).expect("docs/COMPATIBILITY.md has the table's end");
    let blessed = format!("{before}{BEGIN}\n{text}\n{END}{after}");
    if std::env::var_os("SIO08_BLESS").is_some() {
        std::fs::write(&path, &blessed).unwrap();
    } else {
        assert!(
            document == blessed,
            "the table of docs/COMPATIBILITY.md is not what was run: SIO08_BLESS=1 writes it"
        );
    }
}
