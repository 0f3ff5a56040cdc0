//! Cells, their ranges, and the table they are shown in.

use std::fmt::Write;

/// How far a simulated value may be from the recorded range.
#[derive(Clone, Copy)]
pub(crate) enum Tolerance {
    /// A fraction: 5 points. A recorded zero is exact.
    Points,
    /// A share of the clients: 5 points, of a recorded zero too, where neighbouring rows recorded a few.
    Share,
    /// The part of so many trials: the 95 % interval of the recorded range, by Wilson.
    Binomial(u32),
    /// A mean that was recorded with one decimal.
    Mean,
    /// Milliseconds: 5 % or 50 ms, whichever is more.
    Time,
    /// Memory in MB: 10 %.
    Heap,
    /// What a processor gives or takes: 10 %.
    Tenth,
    /// A count: none.
    Exact,
}

/// One recorded figure and what was simulated for it.
#[derive(Clone)]
pub(crate) struct Cell {
    row: String,
    figure: &'static str,
    recorded: (f64, f64),
    simulated: Vec<f64>,
    tolerance: Tolerance,
    /// Why the cell is shown but not judged.
    outside: Option<&'static str>,
}

impl Cell {
    pub(crate) fn new(
        row: impl Into<String>,
        figure: &'static str,
        tolerance: Tolerance,
        recorded: (f64, f64),
        simulated: impl IntoIterator<Item = f64>,
    ) -> Self {
        let simulated = simulated.into_iter().collect();
        Self { row: row.into(), figure, recorded, simulated, tolerance, outside: None }
    }

    /// The row it is of.
    pub(crate) fn row(&self) -> &str {
        &self.row
    }

    /// Shown, not judged.
    pub(crate) fn outside(mut self, why: &'static str) -> Self {
        self.outside = Some(why);
        self
    }

    /// Shown, not judged, if it is this figure.
    pub(crate) fn outside_if(self, figure: &str, why: &'static str) -> Self {
        if self.figure == figure { self.outside(why) } else { self }
    }

    /// Shown, not judged, if it is of this row.
    pub(crate) fn outside_if_of(self, row: &str, why: &'static str) -> Self {
        if self.row == row { self.outside(why) } else { self }
    }

    fn bounds(&self) -> (f64, f64) {
        let (low, high) = self.recorded;
        match self.tolerance {
            Tolerance::Points if low == 0.0 && high == 0.0 => (0.0, 0.0),
            Tolerance::Points | Tolerance::Share | Tolerance::Mean => (low - 0.05, high + 0.05),
            Tolerance::Binomial(trials) => (wilson(low, trials, -1.0), wilson(high, trials, 1.0)),
            Tolerance::Heap | Tolerance::Tenth => (low * 0.9, high * 1.1),
            Tolerance::Time => (low - (low * 0.05).max(50.0), high + (high * 0.05).max(50.0)),
            Tolerance::Exact => (low, high),
        }
    }

    /// The median over the seeds is inside; of a recorded zero, and of a count, every seed is.
    fn holds(&self) -> bool {
        let (low, high) = self.bounds();
        let inside = |value: &f64| (low..=high).contains(value);
        let mut sorted = self.simulated.clone();
        sorted.sort_by(f64::total_cmp);
        match self.tolerance {
            _ if sorted.is_empty() => false,
            Tolerance::Exact => sorted.iter().all(inside),
            _ if low == 0.0 && high == 0.0 => sorted.iter().all(inside),
            _ => sorted.get((sorted.len() - 1) / 2).is_some_and(inside),
        }
    }

    fn result(&self) -> &'static str {
        match (self.holds(), self.outside) {
            (true, _) => "within",
            (false, None) => "**outside**",
            (false, Some(why)) => why,
        }
    }

    fn show(&self, values: &[f64]) -> String {
        let one = |value: f64| match self.tolerance {
            Tolerance::Points | Tolerance::Share | Tolerance::Binomial(_) => format!("{value:.3}"),
            Tolerance::Time => format!("{value:.0} ms"),
            Tolerance::Mean => format!("{value:.2}"),
            Tolerance::Heap => format!("{value:.1}"),
            Tolerance::Exact | Tolerance::Tenth => format!("{value:.0}"),
        };
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if one(low) == one(high) { one(low) } else { format!("{}..{}", one(low), one(high)) }
    }
}

/// One end of Wilson's 95 % interval for a part of so many trials.
fn wilson(part: f64, trials: u32, side: f64) -> f64 {
    const Z: f64 = 1.96;
    let n = f64::from(trials);
    let middle = part + Z * Z / (2.0 * n);
    let reach = Z * (part * (1.0 - part) / n + Z * Z / (4.0 * n * n)).sqrt();
    (middle + side * reach) / (1.0 + Z * Z / n)
}

/// The cells of one recorded table.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) cells: Vec<Cell>,
}

impl Group {
    /// The cells that are judged and outside.
    pub(crate) fn failures(&self) -> Vec<String> {
        let failed = |cell: &&Cell| !cell.holds() && cell.outside.is_none();
        let line = |cell: &Cell| {
            format!(
                "{}: {}: {} (recorded {}, simulated {})",
                self.title,
                cell.row,
                cell.figure,
                cell.show(&[cell.recorded.0, cell.recorded.1]),
                cell.show(&cell.simulated)
            )
        };
        self.cells.iter().filter(failed).map(line).collect()
    }
}

/// The table as Markdown.
pub(crate) fn render(groups: &[Group]) -> String {
    let mut out = String::new();
    let cells = || groups.iter().flat_map(|group| &group.cells);
    let within = cells().filter(|cell| cell.holds()).count();
    let _ = writeln!(out, "{within} of {} cells within.\n", cells().count());
    for group in groups {
        let _ = writeln!(out, "### {}\n", group.title);
        let _ = writeln!(out, "| row | figure | recorded | simulated | |\n|---|---|---|---|---|");
        for cell in &group.cells {
            let recorded = cell.show(&[cell.recorded.0, cell.recorded.1]);
            let simulated = cell.show(&cell.simulated);
            let _ = writeln!(
                out,
                "| {} | {} | {recorded} | {simulated} | {} |",
                cell.row,
                cell.figure,
                cell.result()
            );
        }
        out.push('\n');
    }
    out
}

/// Whether what one engine gives is as near to the other as a recorded range is demanded to be.
fn agree(direct: &Cell, turmoil: &Cell) -> bool {
    let range = direct
        .simulated
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    Cell { recorded: range, simulated: turmoil.simulated.clone(), ..direct.clone() }.holds()
}

/// The cells that both engines have, side by side.
fn both((direct, turmoil): &(Group, Group)) -> impl Iterator<Item = (&Cell, &Cell)> {
    direct.cells.iter().zip(&turmoil.cells).filter(|(_, turmoil)| !turmoil.simulated.is_empty())
}

/// Cells in which the engines differ although neither is set aside.
pub(crate) fn unexplained(pair: &(Group, Group)) -> Vec<String> {
    let differ = both(pair).filter(|(direct, turmoil)| direct.outside.is_none() && !agree(direct, turmoil));
    let line = |(direct, turmoil): (&Cell, &Cell)| {
        let (one, other) = (direct.show(&direct.simulated), turmoil.show(&turmoil.simulated));
        format!("{}: {}: {}: direct {one}, turmoil {other}", pair.0.title, direct.row, direct.figure)
    };
    differ.map(line).collect()
}

/// Both engines' cells as Markdown.
pub(crate) fn compare(pairs: &[(Group, Group)]) -> String {
    let mut out = String::new();
    let cells = || pairs.iter().flat_map(both);
    let agreed = cells().filter(|(direct, turmoil)| agree(direct, turmoil)).count();
    let within = cells().filter(|(_, turmoil)| turmoil.holds()).count();
    let _ = writeln!(
        out,
        "The engines agree in {agreed} of {} cells; the turmoil engine is within what was recorded in {within}.\n",
        cells().count()
    );
    for pair in pairs.iter().filter(|pair| both(pair).next().is_some()) {
        let _ = writeln!(out, "### {}\n", pair.0.title);
        let _ = writeln!(
            out,
            "| row | figure | recorded | direct | turmoil | engines |\n|---|---|---|---|---|---|"
        );
        for (direct, turmoil) in both(pair) {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} |",
                direct.row,
                direct.figure,
                direct.show(&[direct.recorded.0, direct.recorded.1]),
                direct.show(&direct.simulated),
                turmoil.show(&turmoil.simulated),
                if agree(direct, turmoil) { "agree" } else { "**differ**" }
            );
        }
        out.push('\n');
    }
    out
}

/// `document` with `text` between the markers of `name`; `None` if it has none.
pub(crate) fn splice(document: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- table {name} -->\n"), format!("<!-- end {name} -->"));
    let start = document.find(&begin)? + begin.len();
    let stop = start + document.get(start..)?.find(&end)?;
    Some(format!("{}\n{text}{}", &document[..start], &document[stop..]))
}
