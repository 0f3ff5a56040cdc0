//! Several runs side by side.

use super::figures::{Figures, Spread, per_cent};
use super::text::thousands;
use super::verdict::{Verdict, seconds};

/// The figures of several runs side by side, one column for each name, one line for each figure.
pub fn compare(columns: &[(&str, &Figures, &Verdict)]) -> String {
    let mut rows = vec![vec![String::new()]];
    rows[0].extend(columns.iter().map(|(name, ..)| (*name).to_owned()));
    for (name, value) in lines() {
        let mut row = vec![name.to_owned()];
        row.extend(columns.iter().map(|(_, figures, verdict)| value(figures, verdict)));
        rows.push(row);
    }
    layout(&rows, 1)
}

/// The same run on two engines, with what differs.
pub fn engines(direct: (&Figures, &Verdict), turmoil: (&Figures, &Verdict)) -> String {
    let mut rows = vec![["", "direct", "turmoil", "difference"].map(str::to_owned).to_vec()];
    for (name, value) in lines() {
        let (one, other) = (value(direct.0, direct.1), value(turmoil.0, turmoil.1));
        let difference = if one == other { "=".to_owned() } else { difference(name, direct.0, turmoil.0) };
        rows.push(vec![name.to_owned(), one, other, difference]);
    }
    layout(&rows, 1)
}

type Value = fn(&Figures, &Verdict) -> String;

fn lines() -> [(&'static str, Value); 20] {
    [
        ("verdict", |_, verdict| verdict.verdict.name().to_owned()),
        (OPENS, |figures, _| per_cent(figures.opens.rejected, figures.opens.total)),
        (FIRST, |figures, _| per_cent(figures.first_opens.rejected, figures.first_opens.total)),
        ("opens", |figures, _| thousands(figures.opens.total)),
        ("handshakes", |figures, _| thousands(figures.handshakes.total)),
        ("handshakes per client", |figures, _| {
            figures.handshakes.per_client.map_or_else(dash, |spread| spread.median.to_string())
        }),
        ("ever connected", |figures, _| figures.clients.ever_connected.to_string()),
        ("connected at the end", |figures, _| figures.clients.connected_at_end.to_string()),
        ("  for 5 s or longer", |figures, _| figures.clients.stable_5s.to_string()),
        ("first connection, median", |figures, _| median(figures.first_connect_ms)),
        ("outage per client, median", |figures, _| median(figures.outage_ms)),
        ("outage per client, max", |figures, _| {
            figures.outage_ms.map_or_else(dash, |spread| seconds(spread.max))
        }),
        ("up: lost of sent", |figures, _| {
            format!("{} of {}", thousands(figures.up.lost), thousands(figures.up.sent))
        }),
        ("down: lost / twice", |figures, _| {
            format!("{} / {}", thousands(figures.down.lost), thousands(figures.down.duplicated))
        }),
        ("up: delay, median", |figures, _| micros(figures.life.up_delay_us)),
        ("down: delay, median", |figures, _| micros(figures.life.down_delay_us)),
        (REQUESTS, |figures, _| each(figures.life.traffic.and_then(|traffic| traffic.requests_per_message))),
        (BYTES, |figures, _| each(figures.life.traffic.and_then(|traffic| traffic.bytes_per_message))),
        ("live sessions, max", |figures, _| figures.live_sessions_per_client_max.to_string()),
        ("clients per server", |figures, _| {
            figures.servers.iter().map(|server| server.clients.to_string()).collect::<Vec<_>>().join(" ")
        }),
    ]
}

const OPENS: &str = "opens rejected";
const FIRST: &str = "first open rejected";
const REQUESTS: &str = "requests per message";
const BYTES: &str = "bytes per message";

fn micros(spread: Option<Spread>) -> String {
    spread.map_or_else(dash, |spread| match spread.median {
        0..10_000 => format!("{}.{} ms", spread.median / 1_000, spread.median % 1_000 / 100),
        more => seconds(more / 1_000),
    })
}

fn each(amount: Option<f64>) -> String {
    amount.map_or_else(
        dash,
        |amount| if amount < 10.0 { format!("{amount:.2}") } else { format!("{amount:.0}") },
    )
}

fn dash() -> String {
    "-".to_owned()
}

fn median(spread: Option<Spread>) -> String {
    spread.map_or_else(dash, |spread| seconds(spread.median))
}

/// Fractions differ by points; what one engine does not count is not compared; of the rest it is said that they differ.
fn difference(name: &str, one: &Figures, other: &Figures) -> String {
    let points = |one: f64, other: f64| format!("{:+.1} points", (other - one) * 100.0);
    match name {
        OPENS => points(one.opens.fraction(), other.opens.fraction()),
        FIRST => points(one.first_opens.fraction(), other.first_opens.fraction()),
        REQUESTS | BYTES if one.life.traffic.is_none() || other.life.traffic.is_none() => {
            "not compared".to_owned()
        }
        _ => "differs".to_owned(),
    }
}

/// The first `left` columns to the left, the others to the right.
pub(super) fn layout(rows: &[Vec<String>], left: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::from(" ");
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let pad = " ".repeat(width - cell.chars().count());
            let gap = if column == 0 { " " } else { "   " };
            let parts = if column < left { [gap, cell, &pad] } else { [gap, &pad, cell] };
            line.extend(parts);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
