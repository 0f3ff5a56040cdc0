//! Many runs in one table: a row for each world, each cell with its spread over the seeds.

use super::figures::Figures;
use super::table::layout;
use super::verdict::seconds;

/// One row: its labels, and the figures of each seed.
#[derive(Clone, Debug)]
pub struct MatrixRow<'a> {
    /// The scenario or the varied values.
    pub labels: Vec<String>,
    /// Seed and figures of each run.
    pub runs: Vec<(u64, &'a Figures)>,
}

/// A figure of one run as a number, with how it is written; `None` where a run has none.
struct Column {
    name: &'static str,
    value: fn(&Figures) -> Option<f64>,
    write: fn(f64) -> String,
}

fn columns() -> [Column; 9] {
    #[expect(clippy::cast_precision_loss, reason = "counts and milliseconds are far below 2^52")]
    fn number(value: u64) -> f64 {
        value as f64
    }
    fn whole(value: f64) -> String {
        format!("{value:.0}")
    }
    fn share(value: f64) -> String {
        format!("{:.1} %", value * 100.0)
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of a run")]
    fn time(value: f64) -> String {
        seconds(value as u64)
    }
    let column = |name, value, write| Column { name, value, write };
    [
        column("opens rejected", |figures| Some(figures.opens.fraction()), share),
        column(
            "handshakes/client",
            |figures| {
                let clients = u64::from(figures.clients.total);
                (clients > 0).then(|| number(figures.handshakes.total) / number(clients))
            },
            |value| format!("{value:.2}"),
        ),
        column("outage p50", |figures| figures.outage_ms.map(|spread| number(spread.median)), time),
        column("outage p99", |figures| figures.outage_ms.map(|spread| number(spread.p99)), time),
        column("lost up", |figures| Some(number(figures.up.lost)), whole),
        column("lost down", |figures| Some(number(figures.down.lost)), whole),
        column("duplicated", |figures| Some(number(figures.up.duplicated + figures.down.duplicated)), whole),
        column("load skew", skew, |value| format!("{value:.2}")),
        column("memory/server", memory, |value| format!("{:.1} MB", value / 1e6)),
    ]
}

/// The heap of the fullest server at the end, as a genuine one that holds as much has it.
#[expect(clippy::cast_precision_loss, reason = "bytes of a heap are far below 2^52")]
fn memory(figures: &Figures) -> Option<f64> {
    let heaps = figures.servers.iter().filter_map(|server| server.holds.map(|holds| holds.heap_bytes));
    heaps.max().map(|bytes| bytes as f64)
}

/// The clients of the fullest server over the mean of all servers: 1 is even.
#[expect(clippy::cast_precision_loss, reason = "counts of clients are far below 2^52")]
fn skew(figures: &Figures) -> Option<f64> {
    let most = figures.servers.iter().map(|server| server.clients).max()?;
    let total: u32 = figures.servers.iter().map(|server| server.clients).sum();
    (total > 0).then(|| f64::from(most) * figures.servers.len() as f64 / f64::from(total))
}

/// The table: `median [min..max]` over the seeds of each row, and the median alone where all seeds agree.
pub fn matrix(labels: &[String], rows: &[MatrixRow<'_>]) -> String {
    let columns = columns();
    let mut head = labels.to_vec();
    head.extend(columns.iter().map(|column| column.name.to_owned()));
    let mut lines = vec![head];
    for row in rows {
        let mut line = row.labels.clone();
        line.extend(columns.iter().map(|column| cell(column, row)));
        lines.push(line);
    }
    layout(&lines, labels.len())
}

fn cell(column: &Column, row: &MatrixRow<'_>) -> String {
    let mut values: Vec<f64> = row.runs.iter().filter_map(|(_, figures)| (column.value)(figures)).collect();
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (values.first(), values.last()) else { return "-".to_owned() };
    let median = values.get((values.len() - 1) / 2).unwrap_or(least);
    let [least, median, most] = [*least, *median, *most].map(column.write);
    if least == most { median } else { format!("{median} [{least}..{most}]") }
}

/// The seed whose clients fared worst: the longest outage, then the most opens rejected.
pub fn worst_seed(row: &MatrixRow<'_>) -> Option<u64> {
    let badness = |figures: &Figures| {
        (figures.outage_ms.map_or(0, |spread| spread.max), figures.opens.rejected, figures.up.lost)
    };
    let worst = row.runs.iter().max_by_key(|(seed, figures)| (badness(figures), u64::MAX - seed))?;
    Some(worst.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Summary, spread};
    use crate::scenario::Scenario;

    fn figures(rejected: u64, outages: &[u64]) -> Figures {
        let text = "schema = 1\nname = \"x\"\nduration = \"13s\"";
        let scenario = Scenario::parse("x.toml", text, &[]).unwrap();
        let mut figures = Summary::new(&scenario).finish();
        figures.opens.total = 100;
        figures.opens.rejected = rejected;
        figures.outage_ms = spread(outages.to_vec());
        figures
    }

    #[test]
    fn a_cell_has_the_median_and_the_extremes_over_the_seeds() {
        let made = [figures(10, &[]), figures(30, &[]), figures(20, &[])];
        let runs = (1_u64..).zip(&made).collect();
        let text = matrix(&["world".to_owned()], &[MatrixRow { labels: vec!["one".to_owned()], runs }]);
        assert!(text.contains("20.0 % [10.0 %..30.0 %]"), "{text}");
    }

    #[test]
    fn a_cell_on_which_all_seeds_agree_has_no_extremes_and_one_without_a_value_a_dash() {
        let made = [figures(10, &[]), figures(10, &[])];
        let runs = (1_u64..).zip(&made).collect();
        let text = matrix(&["world".to_owned()], &[MatrixRow { labels: vec!["one".to_owned()], runs }]);
        assert!(text.contains("10.0 %") && !text.contains('['), "{text}");
        assert!(text.lines().nth(1).is_some_and(|line| line.contains(" - ")), "{text}");
    }

    #[test]
    fn the_worst_seed_has_the_longest_outage_and_the_lowest_number_among_equals() {
        let made = [figures(1, &[5]), figures(1, &[9]), figures(1, &[9])];
        let row = MatrixRow { labels: Vec::new(), runs: (1_u64..).zip(&made).collect() };
        assert_eq!(worst_seed(&row), Some(2));
    }
}
